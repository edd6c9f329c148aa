"""`potstill relax`: the minima of `relax_batch`, and a table of what became of each structure."""

import csv
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ase.build
import ase.io
import numpy as np
import pytest
from typer.testing import Result

from potstill.data.any_file import read_structures
from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.models.committee import Prediction
from potstill.models.ensemble import Ensemble
from potstill.models.model_file import load_ensemble, save_ensemble
from potstill.relaxation import batch, relax_batch
from potstill.relaxation.coordinates import Evaluate, Space
from potstill.runtime.restart import Restart


@pytest.fixture
def folder(tmp_path: Path, ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model of nickel, and structures as CIF, POSCAR and extended XYZ, the last of a slab."""
    monkeypatch.chdir(tmp_path)
    save_ensemble("model.pt", ensemble)
    displaced = ase.build.bulk("Ni", cubic=True) * (2, 1, 1)
    displaced.rattle(0.05, seed=1)
    slab = ase.build.fcc111("Ni", (1, 1, 3), vacuum=6)
    del slab.info["adsorbate_info"]
    ase.io.write("fcc.cif", ase.build.bulk("Ni", cubic=True))
    ase.io.write("POSCAR", displaced, format="vasp", vasp5=True)
    ase.io.write("some.xyz", [slab, displaced])
    return tmp_path


FILES = ("fcc.cif", "POSCAR", "some.xyz")


def test_structures_of_several_files(folder: Path, potstill: Callable[..., Result]) -> None:
    words = ["--cell", "--csv", "table.csv", "--steps", "20"]
    result = potstill("relax", "model.pt", *FILES, "-o", "relaxed.xyz", *words)
    images = read_structures(map(Path, FILES))
    model = load_ensemble("model.pt")
    expected = relax_batch(model, images, fmax=0.01, steps=20, relax_cell=True)
    relaxed = ase.io.read("relaxed.xyz", ":")
    with open("table.csv") as table:
        rows = list(csv.DictReader(table))
    assert len(relaxed) == len(rows) == 4
    for k, (row, atoms) in enumerate(zip(rows, relaxed, strict=True)):
        image = expected.image(k)
        np.testing.assert_allclose(atoms.positions, image.positions, atol=1e-9)
        np.testing.assert_allclose(atoms.cell.array, image.cell.array, atol=1e-9)
        assert (atoms.pbc == image.pbc).all()
        energy = expected.energy[k] / len(image)
        assert atoms.get_potential_energy() == pytest.approx(expected.energy[k])
        assert float(row["energy_eV_per_atom"]) == pytest.approx(energy)
        spread = model.predict(expected.structures([k]), forces=False).energy_std[0] / len(image)
        assert float(row["sigma_meV_per_atom"]) == pytest.approx(1e3 * spread)
        assert (row["converged"] == "True") == expected.converged[k] == (row["why_not"] == "")
        assert int(row["steps"]) == expected.steps[k] == atoms.info["steps"]
    assert [row["file"] for row in rows] == ["fcc.cif", "POSCAR", "some.xyz", "some.xyz"]
    assert [row["formula"] for row in rows] == ["Ni4", "Ni8", "Ni3", "Ni8"]
    assert [row["frame"] for row in rows] == ["0", "0", "0", "1"]
    # any model keeps the symmetry of a perfect crystal; a slab has no volume and no group
    assert rows[0]["space_group_before"] == rows[0]["space_group_after"] == "Fm-3m (225)"
    assert rows[2]["volume_A3_per_atom"] == rows[2]["space_group_before"] == ""
    assert f"{sum(expected.converged)} of 4 structures relaxed" in result.stdout
    for lost in np.flatnonzero(~expected.converged):
        assert f"frame {rows[lost]['frame']}: not relaxed: {rows[lost]['why_not']}" in result.stdout


def test_atoms_alone_move_without_cell(folder: Path, potstill: Callable[..., Result]) -> None:
    potstill("relax", "model.pt", "POSCAR", "-o", "relaxed.xyz", "--steps", "3")
    before, after = ase.io.read("POSCAR"), ase.io.read("relaxed.xyz")
    np.testing.assert_allclose(after.cell.array, before.cell.array, atol=1e-12)
    assert np.abs(after.positions - before.positions).max() > 1e-3


def test_bad_input_is_one_line(folder: Path, potstill: Callable[..., Result]) -> None:
    ase.io.write("copper.cif", ase.build.bulk("Cu"))
    (folder / "folder").mkdir()
    (folder / "broken.cif").write_text("no crystal\n")
    cases = {
        ("model.pt", "fcc.cif", "copper.cif"): "^copper.cif: frame 0: atom 0 is Cu, and this model",
        ("model.pt", "broken.cif"): "^broken.cif: .*",
        ("model.pt", "none.cif"): "^none.cif: no such file",
        ("none.pt", "fcc.cif"): "^none.pt: no such model file",
        ("model.pt", "fcc.cif", "-o", "fcc.cif"): "^fcc.cif: is an input as well",
        ("model.pt", "fcc.cif", "-o", "folder"): "^folder: a folder; name a file in it",
        ("model.pt", "fcc.cif", "-o", "a", "--csv", "a"): "^a: is to be the table and the struct",
        ("model.pt", "fcc.cif", "--csv", "model.pt"): "^model.pt: is an input as well",
    }
    for words, message in cases.items():
        with pytest.raises(PotstillError, match=message) as refused:
            potstill("relax", *words)
        assert "\n" not in str(refused.value)


@pytest.fixture
def sizes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of atoms of the groups that are relaxed: of 1, 4, 8, 12, 3 and again 8 atoms."""
    images = [ase.build.bulk("Ni", cubic=True) * (k, 1, 1) for k in (1, 2, 3)]
    images = [ase.build.bulk("Ni"), *images, ase.io.read("some.xyz", 0), images[1].copy()]
    for seed, image in enumerate(images):
        image.rattle(0.05, seed=seed)
    ase.io.write("many.xyz", images)
    relaxed: list[int] = []
    descend = batch._descend

    def counted(evaluate: Evaluate, space: Space, *others: Any) -> Any:
        relaxed.append(space.first.atoms)
        return descend(evaluate, space, *others)

    monkeypatch.setattr(batch, "_descend", counted)
    return relaxed


WORDS = ("relax", "model.pt", "many.xyz", "--cell", "--steps", "20", "--device", "cpu")


@pytest.mark.parametrize("how", ["SIGTERM", "Ctrl-C"])
def test_a_stopped_relaxation_goes_on(
    sizes: list[int], potstill: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """To the bytes of one that was not stopped, and no group is relaxed twice."""
    potstill(*WORDS, "-o", "whole.xyz", "--csv", "whole.csv")
    assert sizes == [1, 4, 8, 12, 3]
    sizes.clear()
    predict = Ensemble.predict

    def stopped(ensemble: Ensemble, structures: Structures, **options: Any) -> Prediction:
        if len(sizes) == 3:  # in the midst of a group
            if how == "Ctrl-C":  # the signal itself is ignored where tests run in the background
                raise KeyboardInterrupt
            os.kill(os.getpid(), signal.SIGTERM)
        return predict(ensemble, structures, **options)

    with monkeypatch.context() as patched:
        patched.setattr(Ensemble, "predict", stopped)
        assert potstill(*WORDS, "-o", "r.xyz").exit_code == {"SIGTERM": 143, "Ctrl-C": 130}[how]
    assert sizes == [1, 4, 8]
    assert Path("r.xyz.restart").exists() and not Path("r.xyz").exists()
    sizes.clear()
    result = potstill(*WORDS, "-o", "r.xyz", "--csv", "r.csv")
    # SIGTERM waits for the end of its group, Ctrl-C does not
    assert sizes == {"SIGTERM": [12, 3], "Ctrl-C": [8, 12, 3]}[how]
    assert "r.xyz.restart: going on from here" in result.stderr
    for name in ("xyz", "csv"):
        assert Path(f"r.{name}").read_bytes() == Path(f"whole.{name}").read_bytes()
    assert not Path("r.xyz.restart").exists()


def test_what_was_kept_of_another_relaxation_is_not_used(
    sizes: list[int], potstill: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(restart: Restart) -> bool:
        restart.stop = True
        return True

    with monkeypatch.context() as patched:
        patched.setattr(Restart, "due", stop)
        assert potstill(*WORDS, "-o", "r.xyz").exit_code == 143
    kept = Path("r.xyz.restart").read_bytes()
    ase.io.write("other.xyz", ase.io.read("many.xyz", ":")[::-1])
    ensemble = load_ensemble("model.pt")
    save_ensemble("other.pt", replace(ensemble, scale_eV=1.01 * ensemble.scale_eV))
    others = [
        [*WORDS, "--fmax", "0.02"],
        [*WORDS, "--steps", "19"],
        [word for word in WORDS if word != "--cell"],
        [word.replace("many", "other") for word in WORDS],
        [word.replace("model", "other") for word in WORDS],
    ]
    for words in others:
        Path("r.xyz.restart").write_bytes(kept)
        sizes.clear()
        result = potstill(*words, "-o", "r.xyz")
        assert sorted(sizes) == [1, 3, 4, 8, 12], words
        assert "r.xyz.restart: made with other settings or another version" in result.stderr
