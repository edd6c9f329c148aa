"""What the benchmark against MACE says of its runs."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("independent")


def runs(*seconds: float, reached: bool = True) -> list[dict[str, object]]:
    return [{"reached": reached, "seconds": value} for value in seconds]


def test_a_ratio_of_medians(program: ModuleType) -> None:
    found = program.compared(runs(4, 6, 5), runs(100, 400, 200))
    assert found["ratio"] == 40
    assert found["mace_seconds"] == {"min": 100, "median": 200, "max": 400}
    assert found["mace_reached"] and "ratio_at_least" not in found


def test_an_error_that_mace_did_not_reach_gives_a_lower_limit(program: ModuleType) -> None:
    peer = runs(100, 400) + runs(600, reached=False)
    found = program.compared(runs(4, 6, 5), peer)
    assert found["ratio_at_least"] == 80
    assert not found["mace_reached"] and "ratio" not in found
