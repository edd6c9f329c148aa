"""The benchmark of selection chooses what the command does, and tests models on what it drew."""

import importlib
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from potstill.data.formats import frames_to_extxyz
from potstill.data.frames import read_frames
from potstill.data.structures import Structures
from potstill.distillation.from_pool import pick_from_pool

ROOT = Path(__file__).parents[2]


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("selection")


def test_the_choice_is_the_command_s(program: ModuleType, frames: Path, tmp_path: Path) -> None:
    pool = read_frames(frames)
    frames_to_extxyz(tmp_path / "pool.xyz", pool)
    chosen, seconds = program.select(tmp_path / "pool.xyz", 7, 1)
    picked = pick_from_pool(
        pool, Structures.of_atoms([]), 7, strategy="d_optimal", committee=None, seed=20231109
    )
    np.testing.assert_array_equal(chosen, picked.rows)
    assert seconds["cpu_seconds"] > 0.5  # an import of numba takes that


def test_the_peer_s_choice_is_what_it_prints(
    program: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"chosen": [3, 1], "seconds": {"cpu_seconds": 2.0, "seconds": 4.0}}
    monkeypatch.setattr(program, "run_with", lambda *_: f"a warning\n{json.dumps(told)}\n")
    chosen, seconds = program.select_by_quests(Path("python"), Path("pool.xyz"), 2, 1)
    assert chosen.tolist() == [3, 1] and seconds == told["seconds"]


def test_errors_are_those_of_a_model_trained_on_the_choice(
    program: ModuleType, frames: Path
) -> None:
    pool = read_frames(frames)
    shifted = pool[1::2]
    shifted.energy[:] += 320.0  # 10 eV an atom, which no model of the others can know
    found = program.errors_of(pool[::2], shifted, steps=30)
    assert found["mae_meV_per_atom"] == pytest.approx(10_000, rel=0.05)
    assert found["largest_meV_per_atom"] >= found["mae_meV_per_atom"]
