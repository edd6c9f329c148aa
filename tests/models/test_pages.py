"""The Python of README.md and docs/using-a-model.md runs as it is printed."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import units

from potstill.data.frames import Frames
from potstill.models.model_file import save_ensemble
from potstill.runtime.restart import Restart
from potstill.settings import Training
from potstill.training.loop import train

ROOT = Path(__file__).parents[2]
MODEL = "results/default/models/Ni-distilled/ensemble.pt"
LATTICE_CONSTANT_A = 3.516  # of this EAM


def blocks(page: str, needed: str) -> list[str]:
    """Return the Python blocks of a page that hold a text."""
    found = re.findall(
        r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL
    )
    chosen = [block for block in found if needed in block]
    assert chosen, f"{page} has no Python with {needed}"
    return chosen


@pytest.fixture(scope="module")
def names(labelled: Frames, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the first lines of the page leave: a calculator and relaxed atoms."""
    folder = tmp_path_factory.mktemp("clone")
    settings = Training(members=2, layers=(32, 24), steps=800)
    restart = Restart(folder / "unused", "", 1e9)
    ensemble, _ = train(labelled, settings, 1, restart=restart)
    (folder / MODEL).parent.mkdir(parents=True)
    save_ensemble(folder / MODEL, ensemble)
    made: dict[str, Any] = {"folder": folder}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for needed in ("load_calculator", "FrechetCellFilter"):
            for block in blocks("docs/using-a-model.md", needed):
                exec(block, made)
    return made


def test_relaxation(names: dict[str, Any]) -> None:
    atoms = names["atoms"]
    assert np.abs(atoms.get_forces()).max() < 1e-4
    lengths = atoms.cell.cellpar()
    np.testing.assert_allclose(lengths[:3], LATTICE_CONSTANT_A, rtol=0.01)
    np.testing.assert_allclose(lengths[3:], 90, atol=0.01)
    assert atoms.calc.results["energies_std"].shape == (4,)


def test_relaxation_of_many_cells(names: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(names["folder"])
    (block,) = blocks("docs/using-a-model.md", "relax_batch")
    made = dict(names)
    exec(block, made)
    relaxed = made["relaxed"]
    assert relaxed.converged.all()
    edges = np.abs(np.linalg.det(relaxed.cell)) ** (1 / 3)
    np.testing.assert_allclose(edges, 2 * names["atoms"].cell.lengths()[0], rtol=1e-3)
    np.testing.assert_array_equal(made["first"].cell, relaxed.cell[0])
    energy = names["atoms"].get_potential_energy()
    np.testing.assert_allclose(relaxed.energy, 8 * energy, atol=1e-2)


def test_a_committee_of_calculators(names: dict[str, Any]) -> None:
    (block,) = blocks("docs/using-a-model.md", "CalculatorCommittee")
    cells = [names["atoms"].repeat(2), names["atoms"]]
    made: dict[str, Any] = {"cells": cells}
    exec(block, made)
    prediction = made["prediction"]
    np.testing.assert_allclose(prediction.energy[0], 8 * prediction.energy[1])
    assert (prediction.energy_std > 0.01).all()


def test_elastic_constants(names: dict[str, Any]) -> None:
    pytest.importorskip("matcalc")
    (block,) = blocks("docs/using-a-model.md", "ElasticityCalc")
    made = dict(names)
    exec(block, made)
    voigt = np.array(made["found"]["elastic_tensor"].voigt) / units.GPa
    assert voigt[0, 0] > voigt[0, 1] > 50 and voigt[3, 3] > 50
    assert voigt[0, 0] == pytest.approx(voigt[1, 1], rel=0.01)


def test_phonons(names: dict[str, Any]) -> None:
    pytest.importorskip("phonopy")
    (block,) = blocks("docs/using-a-model.md", "Phonopy(")
    made = dict(names)
    exec(block, made)
    frequencies = made["phonon"].run_qpoints([[0.5, 0.5, 0.0]]).frequencies[0]
    assert frequencies.shape == (3,)
    assert 3 < frequencies[0] == pytest.approx(frequencies[1], rel=1e-3)  # both transverse
    assert frequencies[1] < frequencies[2] < 12


def test_readme(
    names: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(names["folder"])
    for block in blocks("README.md", "potstill.models"):
        exec(block, {})  # each stands alone
    assert float(capsys.readouterr().out) < 0
