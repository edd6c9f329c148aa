"""Labels of any ASE calculator: ASE's own EMT exactly, resumed, and what is refused."""

import math
from pathlib import Path
from typing import Any

import ase.build
import numpy as np
import pytest
from ase.calculators.calculator import all_changes
from ase.calculators.emt import EMT
from ase.calculators.espresso import Espresso, EspressoProfile

from potstill.errors import PotstillError
from potstill.frames import Frames, read_frames, write_frames
from potstill.relaxation import open_calculator
from potstill.relaxation.crystals import build_crystals
from potstill.relaxation.relax import relax
from potstill.sections import Labels
from potstill.translation import join_chunks, relabel_chunk
from potstill.translation.label_source import make_calculator, work_in

EMT_LABELS = Labels(calculator="ase.calculators.emt.EMT")


class Stubborn(EMT):
    """EMT that fails at its n-th frame, or spoils or lacks a label; calls are counted."""

    calls = 0

    def __init__(self, fails_at: int = 0, spoils: str = "", lacks: str = "") -> None:
        super().__init__()
        self.fails_at, self.spoils = fails_at, spoils
        self.implemented_properties = [p for p in EMT.implemented_properties if p != lacks]

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        Stubborn.calls += 1
        if self.fails_at == Stubborn.calls:
            raise RuntimeError("SCF did not\nconverge")
        super().calculate(atoms, properties or ["energy"], system_changes)
        if self.spoils:
            self.results[self.spoils] = self.results[self.spoils] * math.nan


def stubborn(**arguments: Any) -> Labels:
    Stubborn.calls = 0
    return Labels(calculator=f"{__name__}.Stubborn", arguments=arguments)


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Five disordered frames of eight atoms of aluminium, whose labels are all zero."""
    crystal = ase.build.bulk("Al", cubic=True, a=4.05).repeat((2, 1, 1))
    random = np.random.default_rng(5)
    positions = crystal.positions + random.normal(0, 0.1, (5, 8, 3))
    cell = crystal.cell @ (np.eye(3) + random.normal(0, 0.02, (5, 3, 3)))
    zero = np.zeros((5, 8, 3))
    empty = Frames(
        "Al", positions, cell, zero[:, 0, 0], zero[:, :, 0], zero, np.zeros((5, 3, 3)),
        columns={"source_index": np.arange(5) * 7}, attributes={"scale": 1.15},
    )  # fmt: skip
    write_frames(tmp_path / "frames.h5", empty)
    return tmp_path / "frames.h5"


def test_labels_are_those_of_the_calculator(frames: Path, tmp_path: Path) -> None:
    output = tmp_path / "relabelled/0.h5"
    relabel_chunk(frames, labels=EMT_LABELS, chunk=0, output=output)
    before, after = read_frames(frames), read_frames(output)
    np.testing.assert_array_equal(after.positions, before.positions)
    np.testing.assert_array_equal(after.columns["source_index"], before.columns["source_index"])
    for k in range(5):
        atoms = ase.Atoms("Al8", before.positions[k], cell=before.cell[k], pbc=True)
        atoms.calc = EMT()
        assert after.energy[k] == pytest.approx(atoms.get_potential_energy(), abs=1e-12)
        np.testing.assert_allclose(after.forces[k], atoms.get_forces(), atol=1e-12)
        stress = atoms.get_stress(voigt=False)
        np.testing.assert_allclose(after.stress[k], stress, atol=1e-12)
    np.testing.assert_allclose(after.atomic_energies.sum(axis=1), after.energy)
    assert after.attributes["labels_calculator"] == "ase.calculators.emt.EMT"
    assert after.attributes["scale"] == 1.15
    assert [path.name for path in output.parent.iterdir()] == ["0.h5"]


def test_chunks_are_the_whole(frames: Path, tmp_path: Path) -> None:
    relabel_chunk(frames, labels=EMT_LABELS, chunk=0, output=tmp_path / "whole.h5")
    parts = [tmp_path / f"{k}.h5" for k in range(3)]
    three = EMT_LABELS.model_copy(update={"chunks": 3})
    for k, part in enumerate(parts):
        relabel_chunk(frames, labels=three, chunk=k, output=part)
    assert [len(read_frames(part)) for part in parts] == [2, 2, 1]
    join_chunks(parts, tmp_path / "joined.h5")
    assert (tmp_path / "joined.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()


def test_a_failed_job_goes_on_where_it_stopped(frames: Path, tmp_path: Path) -> None:
    output = tmp_path / "0.h5"
    labels = stubborn(fails_at=4)
    with pytest.raises(PotstillError, match=r"^labels\.Al: frame 3 of the chunk: SCF did not conv"):
        relabel_chunk(frames, labels=labels, chunk=0, output=output)
    assert Path(f"{output}.restart").exists() and not output.exists()
    relabel_chunk(frames, labels=labels, chunk=0, output=output)
    # four calls before, the last of them in vain, and the two frames that were left
    assert Stubborn.calls == 4 + 2
    relabel_chunk(frames, labels=EMT_LABELS, chunk=0, output=tmp_path / "emt.h5")
    np.testing.assert_array_equal(
        read_frames(output).energy, read_frames(tmp_path / "emt.h5").energy
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"spoils": "forces"}, "forces is not finite; see whether it converged"),
        ({"spoils": "stress"}, "stress is not finite"),
        ({"lacks": "forces"}, "lacks a label .*use one with forces and stress"),
        ({"lacks": "stress"}, "lacks a label .*use one with forces and stress"),
    ],
)
def test_bad_labels_are_refused(
    frames: Path, tmp_path: Path, arguments: dict[str, str], message: str
) -> None:
    with pytest.raises(PotstillError, match=rf"^labels\.Al: frame 0 of the chunk: .*{message}"):
        relabel_chunk(frames, labels=stubborn(**arguments), chunk=0, output=tmp_path / "0.h5")


@pytest.mark.parametrize(
    ("path", "arguments", "message"),
    [
        ("gpaw_of_nobody.GPAW", {}, r"calculator: gpaw_of_nobody cannot be imported .*install it"),
        ("ase.calculators.emt.EMTT", {}, r"calculator: ase\.calculators\.emt has no EMTT"),
        ("ase.calculators.emt.EMT", {"kpts": 3}, r"arguments: .*EMT does not take them .*kpts"),
        ("pathlib.Path", {}, r"calculator: pathlib\.Path makes no ASE calculator"),
    ],
)
def test_what_is_no_calculator_is_an_error(
    path: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(PotstillError, match=rf"^labels\.Al\.{message}"):
        make_calculator("labels.Al", path, arguments)


def test_programs_run_in_folders_of_their_own(tmp_path: Path) -> None:
    profile = EspressoProfile("pw.x", str(tmp_path))
    own, chosen = Espresso(profile=profile), Espresso(profile=profile, directory="here")
    for calculator in (own, chosen):
        work_in(calculator, tmp_path / "0.work")
    assert (Path(own.directory), Path(chosen.directory)) == (tmp_path / "0.work", Path("here"))
    inside = EMT()
    work_in(inside, tmp_path / "0.work")
    assert Path(inside.directory) == Path(".")


def test_the_reference_of_relabelled_models_is_their_calculator(tables: dict[str, Path]) -> None:
    energy = {}
    for model in ("EAM", "EMT"):
        calculator = open_calculator(model, tables["Al"], "Al", labels=EMT_LABELS)
        fcc = build_crystals("Al", 4.04526**3 / 4)[0]
        energy[model] = relax(fcc, calculator).energy_eV_per_atom
    # EMT's energies are counted from its own FCC crystal
    assert energy["EAM"] == pytest.approx(-3.41066, abs=1e-4)
    assert energy["EMT"] == pytest.approx(0.0, abs=0.01)
