"""The tiny run through Slurm; where there is none, its tests are skipped and say how to get it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cluster
import pytest

# So that every rule that goes to Slurm does so here, most of them not as often as in the whole run,
# which POTSTILL_WHOLE_SLURM_RUN asks for.
TARGETS = [
    "figures/figure_2a.pdf",
    "plots/errors/Nb-translated-on-Nb-54-momt.pdf",
    "tables/table_nb.md",
    "distillation/Ni/reduction.md",
]


@dataclass
class SlurmRun:
    """A finished run: its folder, what Snakemake printed, and `scontrol show job` of each job."""

    folder: Path
    output: str
    jobs: list[dict[str, str]]


@pytest.fixture(scope="session")
def slurm() -> Iterator[Path]:
    """The folder of a Slurm of one node.

    Where none can be started the test is skipped; with POTSTILL_REQUIRE_SLURM set it fails.
    """
    reason = cluster.obstacle()
    if reason and os.environ.get("POTSTILL_REQUIRE_SLURM"):
        pytest.fail(f"POTSTILL_REQUIRE_SLURM is set: {reason}")
    if reason:
        pytest.skip(reason)
    with cluster.cluster() as folder:
        yield folder


@pytest.fixture(scope="session")
def slurm_run(slurm, tmp_path_factory, tiny_config, snakemake_in) -> SlurmRun:
    """The tiny run by `snakemake --profile slurm`, as a user of a cluster starts it."""
    folder = tmp_path_factory.mktemp("slurm")
    whole = os.environ.get("POTSTILL_WHOLE_SLURM_RUN")
    targets = [] if whole else [f"results/tiny/{name}" for name in TARGETS]
    made = snakemake_in(folder, *cluster.PROFILES, "--configfile", tiny_config, "--", *targets)
    logs = "".join(path.read_text()[-2000:] for path in folder.rglob("slurm_logs/**/*.log"))
    assert made.returncode == 0, made.stdout[-8000:] + logs
    return SlurmRun(folder, made.stdout, cluster.jobs_of(folder))
