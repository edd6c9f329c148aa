"""The command line as a person types it."""

from collections.abc import Callable

import pytest
from ensembles import ensemble, labelled, liquid, make_ensemble, one_thread, thermal
from typer.testing import CliRunner, Result

from potstill.command.main import app

__all__ = ["ensemble", "labelled", "liquid", "make_ensemble", "one_thread", "thermal"]


@pytest.fixture
def potstill() -> Callable[..., Result]:
    """Return a function that runs `potstill` with these words, and lets its errors through."""

    def run(*words: object) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)

    return run
