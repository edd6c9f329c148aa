"""What tests of several stages share."""

import os
from pathlib import Path

# Before numpy loads its linear algebra: with more threads than idle cores, small matrices crawl.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from potstill.potentials.fetch import fetch_table
from potstill.potentials.setfl import numbers_sha256
from potstill.potentials.tables import KNOWN


@pytest.fixture(scope="session")
def tables(pytestconfig: pytest.Config) -> dict[str, Path]:
    """Verified EAM tables by name, fetched once into POTSTILL_TEST_TABLES or pytest's cache."""
    place = os.environ.get("POTSTILL_TEST_TABLES")
    folder = Path(place) if place else pytestconfig.cache.mkdir("tables")
    paths = {}
    for name, known in KNOWN.items():
        path = folder / f"{name}.eam.fs"
        if not path.exists() or numbers_sha256(path.read_text()) != known.sha256:
            fetch_table(name, path, file=None, sha256=None)
        paths[name] = path
    return paths
