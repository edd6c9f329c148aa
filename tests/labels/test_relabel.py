"""Labels of any ASE calculator: ASE's own EMT exactly, kept, resumed, and what is refused."""

import json
import math
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ase.build
import numpy as np
import pytest
import torch
from ase.calculators.calculator import all_changes
from ase.calculators.emt import EMT
from ase.calculators.espresso import Espresso, EspressoProfile

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.errors import PotstillError
from potstill.labels import join_chunks, relabel_chunk
from potstill.labels.label_source import make_calculator, work_in
from potstill.labels.label_store import FrameLabels, LabelStore
from potstill.relaxation import open_calculator
from potstill.relaxation.crystals import build_crystals
from potstill.relaxation.relax import relax
from potstill.settings import Labels, Training
from potstill.training.train_model import train_model

EMT_LABELS = Labels(calculator="ase.calculators.emt.EMT")


class Stubborn(EMT):
    """EMT that fails at some of its calls, is ended at one, or gives labels in a form of its own.

    Calls are counted. cores changes nothing.
    """

    calls = 0

    def __init__(
        self,
        fails_at: tuple[int, ...] = (),
        ended_at: int = 0,
        gives: str = "",
        lacks: str = "",
        cores: int = 1,
    ) -> None:
        super().__init__()
        self.fails_at, self.ended_at, self.gives = fails_at, ended_at, gives
        self.implemented_properties = [p for p in EMT.implemented_properties if p != lacks]

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        Stubborn.calls += 1
        if self.ended_at == Stubborn.calls:
            os.kill(os.getpid(), signal.SIGTERM)
        if Stubborn.calls in self.fails_at:
            raise RuntimeError("SCF did not\nconverge")
        super().calculate(atoms, properties or ["energy"], system_changes)
        if self.gives:
            self.results.update(FORMS[self.gives](self.results))


Results = dict[str, Any]
# What calculators give beside arrays of the right shape.
FORMS: dict[str, Callable[[Results], Results]] = {
    "forces that are not finite": lambda found: {"forces": found["forces"] * math.nan},
    "stress that is not finite": lambda found: {"stress": found["stress"] * math.nan},
    "no free energy": lambda found: {"free_energy": None},
    "energies in arrays": lambda found: {
        name: np.array([found[name]]) for name in ("energy", "free_energy")
    },
    "tensors": lambda found: {
        name: torch.tensor(found[name], requires_grad=True)
        for name in ("energy", "free_energy", "forces", "stress")
    },
    "lists": lambda found: {name: found[name].tolist() for name in ("forces", "stress")},
    "a whole stress": lambda found: {
        "stress": found["stress"][[0, 5, 4, 5, 1, 3, 4, 3, 2]].reshape(3, 3)
    },
    "an energy an atom": lambda found: {"free_energy": found["energies"]},
    "forces of two atoms": lambda found: {"forces": found["forces"][:2]},
    "columns of forces": lambda found: {"forces": found["forces"].T},
    "the virial's diagonal": lambda found: {"stress": found["stress"][:3]},
    "words": lambda found: {"forces": "none"},
    "forces that are None": lambda found: {"forces": None},
}


def stubborn(**arguments: Any) -> Labels:
    Stubborn.calls = 0
    settings = {k: arguments.pop(k) for k in ("chunks", "failed_share", "stress") if k in arguments}
    return Labels(calculator=f"{__name__}.Stubborn", arguments=arguments, **settings)


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Five disordered frames of eight atoms of aluminium, whose labels are all zero."""
    crystal = ase.build.bulk("Al", cubic=True, a=4.05).repeat((2, 1, 1))
    random = np.random.default_rng(5)
    positions = crystal.positions + random.normal(0, 0.1, (5, 8, 3))
    cell = crystal.cell @ (np.eye(3) + random.normal(0, 0.02, (5, 3, 3)))
    columns = {name: np.arange(5) * 7 for name in ("source_index", "order_parameter")}
    columns |= {name: np.linspace(0, 1, 5) for name in ("enthalpy", "bias")}
    empty = Frames.uniform(
        "Al", positions, cell, energy=np.zeros(5), atomic_energies=np.zeros(40),
        forces=np.zeros((40, 3)), stress=np.zeros((5, 3, 3)), columns=columns,
        attributes={"scale": 1.15},
    )  # fmt: skip
    write_frames(tmp_path / "frames.h5", empty)
    return tmp_path / "frames.h5"


def label(frames: Path, labels: Labels, folder: str = "run") -> Frames:
    """Label all chunks and join them, as the rules do; the store is one for all folders."""
    place, store = frames.parent / folder, frames.parent / "store"
    chunks = [place / f"relabelled/{k}.json" for k in range(labels.chunks)]
    for k, chunk in enumerate(chunks):
        relabel_chunk(frames, element="Al", labels=labels, chunk=k, store=store, output=chunk)
    output, summary = place / "relabelled.h5", place / "relabelled.json"
    join_chunks(
        frames, chunks, element="Al", labels=labels, store=store, output=output, summary=summary
    )
    return read_frames(output)


def test_labels_are_those_of_the_calculator(frames: Path, tmp_path: Path) -> None:
    before, after = read_frames(frames), label(frames, EMT_LABELS)
    np.testing.assert_array_equal(after.positions, before.positions)
    for k in range(5):
        here = before.of_atoms_in(k)
        atoms = ase.Atoms("Al8", before.positions[here], cell=before.cell[k], pbc=True)
        atoms.calc = EMT()
        assert after.energy[k] == pytest.approx(atoms.get_potential_energy(), abs=1e-12)
        np.testing.assert_allclose(after.forces[here], atoms.get_forces(), atol=1e-12)
        stress = atoms.get_stress(voigt=False)
        np.testing.assert_allclose(after.stress[k], stress, atol=1e-12)
    np.testing.assert_array_equal(after.dense(after.atomic_energies).T, [after.energy / 8] * 8)
    assert after.attributes["labels_calculator"] == "ase.calculators.emt.EMT"
    assert after.attributes["scale"] == 1.15 and "labels_failed" not in after.attributes
    # what was of the potential that sampled is said to be of the source
    assert set(after.columns) == {
        "source_index", "order_parameter", "source_enthalpy", "source_bias"
    }  # fmt: skip
    np.testing.assert_array_equal(after.columns["source_index"], before.columns["source_index"])
    np.testing.assert_array_equal(after.columns["source_bias"], before.columns["bias"])
    assert [path.name for path in (tmp_path / "run/relabelled").iterdir()] == ["0.json"]
    summary = json.loads((tmp_path / "run/relabelled.json").read_text())
    assert summary == {"frames": 5, "labelled": 5, "failed": {}}


def test_chunks_are_the_whole_and_nothing_is_labelled_twice(frames: Path, tmp_path: Path) -> None:
    label(frames, stubborn(), "whole")
    made = Stubborn.calls
    label(frames, stubborn(chunks=3, failed_share=0.5), "parts")
    assert (made, Stubborn.calls) == (5, 0)
    # part of the frames, in another order
    write_frames(tmp_path / "some.h5", read_frames(frames)[[4, 1]])
    label(tmp_path / "some.h5", stubborn(chunks=2), "some")
    assert Stubborn.calls == 0
    a, b = (tmp_path / name / "relabelled.h5" for name in ("whole", "parts"))
    assert a.read_bytes() == b.read_bytes()


def test_labels_are_kept_by_the_arguments_that_matter(frames: Path) -> None:
    label(frames, stubborn(cores=1))
    label(frames, stubborn(cores=2))
    assert Stubborn.calls == 5  # as any argument may matter
    Stubborn.calls = 0
    for cores in (3, 4):
        labels = Labels(
            calculator=f"{__name__}.Stubborn", arguments={"cores": cores}, unrelated=("cores",)
        )
        label(frames, labels)
    assert Stubborn.calls == 5
    with pytest.raises(ValueError, match="unrelated: 'core' is not a key of `arguments`"):
        Labels(calculator="a.B", arguments={"cores": 1}, unrelated=("core",))


def test_another_geometry_is_labelled_anew(frames: Path, tmp_path: Path) -> None:
    label(frames, stubborn())
    moved = read_frames(frames)
    moved.positions[moved.start[2], 0] += 1e-9
    moved.cell[3, 0, 0] += 1e-9
    write_frames(tmp_path / "moved.h5", moved)
    label(tmp_path / "moved.h5", stubborn())
    assert Stubborn.calls == 2


def test_labels_of_one_element_keep_their_names(tmp_path: Path) -> None:
    """So that those of earlier versions are found; a new name costs its calculation again."""
    x, cell = np.arange(24.0).reshape(2, 4, 3) / 7, np.stack([4 * np.eye(3), 5 * np.eye(3)])
    store = LabelStore(tmp_path, EMT_LABELS.essence)
    store.save(Frames.uniform("Al", x, cell), 1, FrameLabels(np.zeros(()), x[1], np.eye(3)))
    assert [path.name for path in tmp_path.iterdir()] == [
        "8a4848ded14b3138bed3eac7aa56f33795ac6603.npz"
    ]


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """An alloy, a crystal of aluminium, a slab whose third vector is not there, and a cluster."""
    images = [
        ase.build.bulk("Al", cubic=True, a=4.0) * (2, 1, 1),
        ase.build.bulk("Al", cubic=True, a=4.0),
        ase.build.bulk("Cu", cubic=True, a=3.7) * (1, 1, 2),
        ase.build.bulk("Cu", cubic=True, a=3.7),
    ]
    images[0].symbols[[1, 4, 6]] = "Cu"
    images[2].symbols[[0, 5]] = "Ni"
    images[2].pbc, images[2].cell[2] = (True, True, False), 0.0
    images[3].pbc, images[3].cell = False, None
    for image in images:
        image.rattle(0.1, seed=3)
    write_frames(tmp_path / "mixed.h5", Frames.of_atoms(images))
    return tmp_path / "mixed.h5"


def test_frames_of_any_elements_sizes_and_boundaries(mixed: Path) -> None:
    before, after = read_frames(mixed), label(mixed, EMT_LABELS)
    for k in range(4):
        here, atoms = after.of_atoms_in(k), before.image(k)
        atoms.calc = EMT()
        assert after.energy[k] == pytest.approx(atoms.get_potential_energy(), abs=1e-12)
        np.testing.assert_allclose(after.forces[here], atoms.get_forces(), atol=1e-12)
        np.testing.assert_array_equal(after.atomic_energies[here], after.energy[k] / len(atoms))
        if k < 2:
            np.testing.assert_allclose(after.stress[k], atoms.get_stress(voigt=False), atol=1e-12)
    np.testing.assert_array_equal(after.has("stress"), [True, True, False, False])
    for name in ("start", "species", "positions", "cell", "pbc"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))


def test_labels_are_of_species_and_boundaries(mixed: Path, tmp_path: Path) -> None:
    """And those of a frame of one element are found in whatever set it stands."""
    whole = read_frames(mixed)
    write_frames(tmp_path / "alone.h5", whole[[1]])
    label(tmp_path / "alone.h5", stubborn())
    label(mixed, stubborn())
    assert Stubborn.calls == 3
    species, pbc = whole.species.copy(), whole.pbc.copy()
    species[:2] = species[[1, 0]]
    pbc[3] = True
    other = replace(whole, species=species, pbc=pbc, cell=whole.cell + 20 * np.eye(3))
    write_frames(tmp_path / "one.h5", replace(other, pbc=whole.pbc, species=whole.species))
    write_frames(tmp_path / "other.h5", other)
    label(tmp_path / "one.h5", stubborn())
    label(tmp_path / "other.h5", stubborn())
    assert Stubborn.calls == 2


def test_stress_is_needed_where_a_frame_is_periodic(mixed: Path, tmp_path: Path) -> None:
    """A slab in a cell has the stress that the calculator gives, and none where it gives none."""
    slab = read_frames(mixed)[[2]]
    slab.cell[0, 2] = [0.0, 0.0, 20.0]
    write_frames(tmp_path / "slab.h5", slab)
    assert label(tmp_path / "slab.h5", EMT_LABELS).stress is not None
    assert label(tmp_path / "slab.h5", stubborn(lacks="stress")).stress is None
    with pytest.raises(PotstillError, match=r"^labels\.Al: frame 0 .*lacks a label \(stress\)"):
        label(mixed, stubborn(lacks="stress"))


def test_stress_is_left_out_where_it_is_not_asked_for(frames: Path) -> None:
    """Then a calculator may lack it, and labels with it and without are told apart."""
    without = EMT_LABELS.model_copy(update={"stress": False})
    found, whole = label(frames, without), label(frames, EMT_LABELS, "whole")
    assert found.stress is None and whole.stress is not None
    np.testing.assert_array_equal(found.forces, whole.forces)
    assert label(frames, stubborn(lacks="stress", stress=False), "lacking").stress is None


def test_a_job_that_is_ended_goes_on_where_it_stopped(frames: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        label(frames, stubborn(ended_at=4))
    assert ended.value.code == 143 and not (tmp_path / "run/relabelled/0.json").exists()
    before = Stubborn.calls
    labels = Labels(calculator=f"{__name__}.Stubborn", arguments={"ended_at": 4})
    label(frames, labels)
    # three frames and the one under way before, and the two that were left
    assert (before, Stubborn.calls) == (4, 4 + 2)
    np.testing.assert_array_equal(
        label(frames, labels).energy, label(frames, EMT_LABELS, "emt").energy
    )


def test_frames_that_fail_are_left_out_and_listed(frames: Path, tmp_path: Path) -> None:
    fails = Labels(
        calculator=f"{__name__}.Stubborn", arguments={"fails_at": (2,)}, chunks=5, failed_share=0.2
    )
    Stubborn.calls = 0
    found = label(frames, fails)
    whole = label(frames, EMT_LABELS, "emt")
    np.testing.assert_array_equal(found.energy, whole.energy[[0, 2, 3, 4]])
    np.testing.assert_array_equal(found.positions, whole[[0, 2, 3, 4]].positions)
    assert found.attributes["labels_failed"] == 1
    summary = json.loads((tmp_path / "run/relabelled.json").read_text())
    assert summary == {"frames": 5, "labelled": 4, "failed": {"1": "SCF did not converge"}}


def test_more_failures_than_allowed_end_the_job(frames: Path, tmp_path: Path) -> None:
    told = r"^labels\.Al: frames 0, [13] of .*frames\.h5 failed \(frame 0: SCF did not converge\); "
    with pytest.raises(PotstillError, match=told + "at most 1 of 5 may.*raise labels.Al.failed_sh"):
        label(frames, stubborn(fails_at=(1, 4), failed_share=0.39))
    assert Stubborn.calls == 4  # the job ends at once, and labels found by then are kept
    assert len(list((tmp_path / "store").iterdir())) == 2
    # over the whole set, where no chunk alone has too many
    with pytest.raises(PotstillError, match=told):
        label(frames, stubborn(fails_at=(1, 2), failed_share=0.39, chunks=5))


def test_a_model_takes_what_frames_there_are(frames: Path, tmp_path: Path) -> None:
    label(frames, stubborn(fails_at=(2,), failed_share=0.2))

    def train(count: int) -> int:
        train_model(
            tmp_path / "run/relabelled.h5", count=count,
            settings=Training(members=2, layers=(4,), steps=2, validation_interval=2), seed=1,
            device="cpu", threads=1, model=tmp_path / "m.pt", history=tmp_path / "m.csv",
            summary=tmp_path / "m.json",
        )  # fmt: skip
        return int(json.loads((tmp_path / "m.json").read_text())["frames"])

    assert (train(3), train(5)) == (3, 4)
    with pytest.raises(PotstillError, match="6 frames asked for, but there are only 4"):
        train(6)


@pytest.mark.parametrize(
    "form", ["no free energy", "energies in arrays", "tensors", "lists", "a whole stress"]
)
def test_labels_in_other_forms(frames: Path, form: str) -> None:
    found, expected = label(frames, stubborn(gives=form)), label(frames, EMT_LABELS, "emt")
    for name in ("energy", "forces", "stress"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-15)


BAD: dict[str, tuple[dict[str, str], str]] = {
    form: ({"gives": form}, told)
    for form, told in {
        "forces that are not finite": "forces is not finite; see whether it converged",
        "stress that is not finite": "stress is not finite; see whether it converged",
        "an energy an atom": r"energy has shape \(8,\); let it return one number",
        "forces of two atoms": r"forces has shape \(2, 3\); let it return \(8, 3\), a row an atom",
        "columns of forces": r"forces has shape \(3, 8\); let it return \(8, 3\), a row an atom",
        "the virial's diagonal": r"stress has shape \(3,\); let it return \(6,\), xx yy zz yz",
        "words": "forces is no array of numbers but str; let it return a NumPy array",
        "forces that are None": "gave no forces; see whether it converged",
    }.items()
} | {
    "without forces": ({"lacks": "forces"}, r"lacks a label \(forces\); use one that has it"),
    "without stress": ({"lacks": "stress"}, "use one that has it, or set its `stress` to false"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_labels_are_refused(frames: Path, case: str) -> None:
    arguments, message = BAD[case]
    with pytest.raises(PotstillError, match=rf"^labels\.Al: frame 0 [^\n]*{message}[^\n]*$"):
        label(frames, stubborn(**arguments))


@pytest.mark.parametrize(
    ("path", "arguments", "message"),
    [
        ("gpaw_of_nobody.GPAW", {}, r"calculator: gpaw_of_nobody cannot be imported .*install it"),
        ("ase.calculators.emt.EMTT", {}, r"calculator: ase\.calculators\.emt has no EMTT"),
        (f"{__name__}.Stubborn", {"kpts": 3}, r"arguments: .*Stubborn does not take them .*kpts"),
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
