"""Sets from files: what is read, and planted faults, each found with its frames and a cure."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import units
from emt_frames import Labelled, alloys, emt_frames, write_xyz

from potstill.data.frames import Frames, read_frames
from potstill.errors import PotstillError
from potstill.sampling.from_file import read_set
from potstill.settings import FileSet, load_settings

EMT = emt_frames()


def fresh() -> list[Labelled]:
    return [Labelled(f.atoms.copy(), {k: np.copy(v) for k, v in f.labels.items()}) for f in EMT]


def configuration(**changes: Any) -> Any:
    settings = {"method": "file", "file": "frames.xyz", "frames": 60} | changes
    return load_settings({"run": "x", "elements": {"Cu": {}}, "sampling": {"Cu/32/emt": settings}})


def read(path: Path, seed: int = 1, **changes: Any) -> tuple[Frames, dict[str, Any]]:
    """Return a set and its summary as the job writes them."""
    made = configuration(**changes)
    sampled = made.sampling["Cu/32/emt"]
    assert isinstance(sampled, FileSet)
    out = path.with_suffix(".h5"), path.with_suffix(".json")
    read_set(
        path, name="Cu/32/emt", settings=sampled, seed=seed, configuration=made,
        frames=out[0], summary=out[1],
    )  # fmt: skip
    return read_frames(out[0]), json.loads(out[1].read_text())


def test_a_set_in_the_order_of_its_file(tmp_path, capsys):
    frames, summary = read(write_xyz(tmp_path / "frames.xyz", fresh()), shuffle=False)
    said = capsys.readouterr().err.splitlines()
    assert said[0].endswith("energy from `energy`, forces from `forces`, stress from `stress`")
    assert not [line for line in said if "data check" in line]  # no false alarm
    assert (frames.symbol, len(frames), frames.atoms) == ("Cu", 60, 32)
    assert frames.columns["file_frame"].tolist() == list(range(60))
    energy = np.array([f.labels["energy"] for f in EMT])
    np.testing.assert_array_equal(frames.energy, energy)  # ASE writes values with all digits
    forces = np.concatenate([f.labels["forces"] for f in EMT])
    np.testing.assert_allclose(frames.forces, forces, atol=1e-8)
    assert frames.atomic_energies is None
    assert summary["frames"] == 60 and summary["method"] == "file"
    assert summary["energy_eV_per_atom"] == [energy.min() / 32, energy.max() / 32]
    assert summary["frames_by_atoms"] == {"32": 60}
    assert summary["keys"] == {"energy": "energy", "forces": "forces", "stress": "stress"}


def test_shuffled_by_the_seed_and_thinned(tmp_path):
    path = write_xyz(tmp_path / "frames.xyz", fresh())
    ordered, _ = read(path, shuffle=False, every=3, frames=20)
    assert ordered.columns["file_frame"].tolist() == list(range(0, 60, 3))
    one, again, other = (
        read(path, seed, every=3, frames=20)[0].columns["file_frame"] for seed in (1, 1, 2)
    )
    assert (
        one.tolist() == again.tolist() != other.tolist() != ordered.columns["file_frame"].tolist()
    )
    assert sorted(one) == sorted(other) == list(range(0, 60, 3))
    shuffled, _ = read(path, 1, every=3, frames=20)
    row = one.tolist().index(27)
    np.testing.assert_array_equal(
        shuffled.positions[shuffled.of_atoms_in(row)], ordered.positions[ordered.of_atoms_in(9)]
    )
    assert shuffled.energy[row] == ordered.energy[9]


@pytest.mark.parametrize("unit, factor", [("kB", -10 / units.GPa), ("virial", None)])
def test_a_stress_is_converted_when_told(tmp_path, unit, factor):
    frames = fresh()
    for f in frames:
        stress = f.labels["stress"]
        if unit == "virial":
            xx, yy, zz, yz, xz, xy = -stress * f.atoms.get_volume()
            f.atoms.info["dft_virial"] = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
            del f.labels["stress"]
        else:
            f.labels["stress"] = factor * stress
    found, _ = read(write_xyz(tmp_path / "frames.xyz", frames), stress_unit=unit, shuffle=False)
    six = found.stress[:, [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
    np.testing.assert_allclose(six, [f.labels["stress"] for f in EMT], atol=1e-12)


def test_a_stress_is_left_out_when_told(tmp_path):
    frames = fresh()
    scaled("stress", 1e-3)(frames)
    path = write_xyz(tmp_path / "frames.xyz", frames)
    with pytest.raises(PotstillError, match=r"multiplied by about 1e\+03.* \(none leaves it out\)"):
        read(path)
    assert read(path, stress_unit="none")[0].stress is None


def test_labels_that_are_not_there_are_none(tmp_path, capsys):
    frames = fresh()
    for f in frames:
        f.labels.clear()
    found, summary = read(write_xyz(tmp_path / "frames.xyz", frames))
    assert found.energy is found.forces is found.stress is None
    assert "no energy and no forces and no stress" in capsys.readouterr().err
    assert list(summary["keys"]) == [] and "energy_eV_per_atom" not in summary


@dataclass
class Fault:
    """What is done to a good file, and what must be said of it: an error, or a warning."""

    spoil: Callable[[list[Labelled]], Any]
    said: str
    warning: bool = False
    settings: dict[str, Any] = field(default_factory=dict)


def scaled(name: str, factor: float, which: slice = slice(None)) -> Callable[..., None]:
    def spoil(frames: list[Labelled]) -> None:
        for f in frames[which]:
            f.labels[name] = factor * f.labels[name]

    return spoil


def each(change: Callable[[Labelled], Any], *which: int) -> Callable[..., None]:
    def spoil(frames: list[Labelled]) -> None:
        for number in which or range(len(frames)):
            change(frames[number])

    return spoil


def put(name: str, row: int, value: float) -> Callable[[Labelled], None]:
    """Return a change of one number of a label, or of the positions, of a frame."""

    def change(f: Labelled) -> None:
        array = f.atoms.positions if name == "positions" else f.labels[name]
        array[row] = value

    return change


def virial(f: Labelled, sign: float = -1.0) -> None:
    xx, yy, zz, yz, xz, xy = sign * f.labels.pop("stress") * f.atoms.get_volume()
    f.atoms.info["virial"] = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])


def same_as_fourth(frames: list[Labelled]) -> None:
    for number in (20, 41):
        frames[number].atoms, frames[number].labels = frames[4].atoms.copy(), frames[4].labels


def renamed(f: Labelled) -> None:
    f.atoms.info["REF_energy"] = float(f.labels.pop("energy"))


def one_energy_in_hartree(frames: list[Labelled]) -> None:
    for f in frames:
        f.labels["energy"] = f.labels["energy"] - 3000.0  # as energies of most codes are
    frames[17].labels["energy"] /= units.Hartree


FAULTS = {
    "two energies": Fault(
        each(lambda f: f.atoms.info.update(REF_energy=float(f.labels["energy"]) - 3)),
        r"frame 0 .* two energy labels that differ, `energy` and `REF_energy`; .*Cu/32/emt\.energy",
    ),
    "two forces in one frame": Fault(
        each(lambda f: f.atoms.set_array("dft_forces", 2 * f.labels["forces"]), 6),
        r"frame 6 .* two forces labels that differ, `forces` and `dft_forces`; .*forces_key",
    ),
    "energies of some frames": Fault(
        each(lambda f: f.labels.pop("energy"), 3, 7),
        r"check: .*energy .* missing in frames 3 and 7 \(counted from 0\) of 60; energies are tr",
        warning=True,
    ),
    "forces of some frames": Fault(
        each(lambda f: f.labels.pop("forces"), 0, *range(10, 20)),
        r"data check: .*forces .* missing in frames 0, 10, 11 and 8 more .* of 60; forces are tra",
        warning=True,
    ),
    "stress of some frames": Fault(
        each(lambda f: f.labels.pop("stress"), 59),
        r"data check: .*stress .* missing, or zero, in frame 59 .* trained on where it is",
        warning=True,
    ),
    "another name from a frame on": Fault(
        each(renamed, *range(30, 60)),
        r"frame 30 .* its energy under `REF_energy`, those before it under `energy`; write all",
    ),
    "a name that is not there": Fault(
        lambda frames: None,
        r"no frame has forces under `dft_forces` .*forces_key.*; there are: \w+, \w+, \w+$",
        settings={"forces_key": "dft_forces"},
    ),
    "a name of something else": Fault(
        lambda frames: None,
        r"frame 0 .*`forces` has shape \(32, 3\), which is no energy; correct .*energy_key",
        settings={"energy_key": "forces"},
    ),
    "energies in Hartree": Fault(
        scaled("energy", 1 / units.Hartree), "energies are multiplied by about .*Hartree.*convert"
    ),
    "energies in kcal/mol": Fault(
        scaled("energy", units.mol / units.kcal), "energies in kcal/mol.*convert the labels"
    ),
    "energies of an atom": Fault(scaled("energy", 1 / 32), "energies of one atom.*convert"),
    "forces in Ry/bohr": Fault(
        scaled("forces", units.Bohr / units.Ry), "forces in Rydberg/bohr.*convert the labels"
    ),
    "forces of the wrong sign": Fault(scaled("forces", -1), "forces of the wrong sign.*convert"),
    "one energy in Hartree": Fault(
        one_energy_in_hartree,
        r"frame 17 \(counted from 0\): energies far from all others; remove",
        warning=True,
    ),
    "stress in kB": Fault(
        scaled("stress", -10 / units.GPa), "another unit, or a virial; .*`stress_unit`"
    ),
    "a pressure for a stress": Fault(
        scaled("stress", -1), "stresses are multiplied by about -.*pressure.*`stress_unit`"
    ),
    "a virial of the wrong sign": Fault(
        each(lambda f: virial(f, 1.0)),
        "a flipped virial",
        settings={"stress_unit": "virial"},
    ),
    "a virial that was not told": Fault(
        each(virial), r"no stress, `virial` not used \(stress_unit: virial would", warning=True
    ),
    "a stress that is zero": Fault(
        scaled("stress", 0), "forces from `forces`, no stress", warning=True
    ),
    "a stress that is zero in some": Fault(
        scaled("stress", 0, slice(3, 5)), "or zero, in frames 3 and 4 .*where it is", warning=True
    ),
    "frames that repeat others": Fault(
        same_as_fourth,
        r"frames 20 and 41 .*: positions and cells of earlier frames again; remove what",
        warning=True,
    ),
    "a force that is NaN": Fault(
        each(put("forces", 5, np.nan), 9), r"frame 9 .*its forces .*NaN.*remove the frame"
    ),
    "an energy that is infinite": Fault(
        each(lambda f: f.labels.update(energy=np.inf), 12), r"frame 12 .*its energy .*infinity"
    ),
    "a position that is NaN": Fault(
        each(put("positions", 8, np.nan), 2), r"frame 2 .*position of atom 8 is NaN.*remove"
    ),
    "atoms on one spot": Fault(
        each(lambda f: f.atoms.positions.__setitem__(7, f.atoms.positions[3] + f.atoms.cell[1]), 8),
        r"frame 8 .*atoms 3 and 7 are on one spot; move or remove",
    ),
    "a flat cell": Fault(
        each(lambda f: f.atoms.set_cell([7, 7, 0]) or f.labels.clear(), 1, 2),
        r"frames 1 and 2 .*\(frame 1 has pbc T T T and no volume\): .*pbc to false",
    ),
    "another element": Fault(
        each(lambda f: f.atoms.symbols.__setitem__(0, "Zr"), 11),
        r"frame 11 .*\(frame 11 has ZrCu31\): the set's name lists Cu; name a set of all",
    ),
    "another number of atoms": Fault(
        each(lambda f: setattr(f, "atoms", f.atoms[:31]) or f.labels.clear(), 40, 50),
        r"frames 40 and 50 .*\(frame 40 has 31\): the set's name says 32 atoms; name it mixed",
    ),
    "lengths in bohr": Fault(
        each(lambda f: f.atoms.set_cell(f.atoms.cell / units.Bohr, scale_atoms=True)),
        r"nearest neighbours are at 1\.6\d times .*must be in A",
    ),
    "another number of frames": Fault(
        lambda frames: frames.pop(), r"gives 59 frames, and .*frames is 60; set it to 59"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(tmp_path, capsys, name):
    fault, frames = FAULTS[name], fresh()
    fault.spoil(frames)
    path = write_xyz(tmp_path / "frames.xyz", frames)
    if fault.warning:
        read(path, **fault.settings)
        said = capsys.readouterr().err
    else:
        with pytest.raises(PotstillError, match=r"^[^\n]*$") as caught:
            read(path, **fault.settings)
        said = str(caught.value)
        assert said.startswith(f"{path}: ")
    assert re.search(fault.said, said), said


def test_without_its_number_a_set_has_all_frames(tmp_path):
    path = write_xyz(tmp_path / "frames.xyz", fresh()[:7])
    frames, summary = read(path, frames=None)
    assert len(frames) == summary["frames"] == 7


def test_a_set_of_several_elements_sizes_and_boundaries(tmp_path, capsys):
    """Copper, gold and both; bulk, slabs, clusters; labels of some frames only."""
    frames = alloys(60)
    for number in (3, 11):
        del frames[number].labels["forces"]
    write_xyz(tmp_path / "frames.xyz", frames)
    made = load_settings(
        {
            "run": "x",
            "elements": {"Cu": {}, "Au": {}},
            "sampling": {"CuAu/mixed/emt": {"method": "file", "file": "frames.xyz"}},
        }
    )
    out = tmp_path / "set.h5", tmp_path / "set.json"
    read_set(
        tmp_path / "frames.xyz", name="CuAu/mixed/emt", settings=made.sampling["CuAu/mixed/emt"],
        seed=1, configuration=made, frames=out[0], summary=out[1],
    )  # fmt: skip
    said = [line for line in capsys.readouterr().err.splitlines() if "data check" in line]
    assert ["forces (`forces`) missing in frames 3 and 11" in line for line in said] == [
        True,
        False,
    ]
    assert "stress (`stress`) missing, or zero, in frames 2, 6, 10 and 12 more" in said[1]
    found, summary = read_frames(out[0]), json.loads(out[1].read_text())
    assert found.elements == ("Cu", "Au") and len(found) == 60
    for row, number in enumerate(found.columns["file_frame"]):
        atoms, here = frames[number].atoms, found.of_atoms_in(row)
        assert found.species[here].tolist() == atoms.numbers.tolist()
        assert found.pbc[row].tolist() == atoms.pbc.tolist()
        assert found.energy[row] == frames[number].labels["energy"]
        assert found.has("forces")[row] == ("forces" in frames[number].labels)
    assert summary["frames_by_atoms"] == {"4": 20, "8": 20, "16": 20}
    assert set(summary["frames_by_elements"]) == {"Au", "Cu", "CuAu"}
    assert summary["frames_by_periodic_directions"] == {"0": 15, "2": 15, "3": 30}
    assert summary["frames_by_label"] == {"energy": 60, "forces": 58, "stress": 45}


@pytest.mark.parametrize(
    "content, said",
    [
        ("", "an empty file; name a file of frames"),
        ("words of a letter\n", "ASE does not know this format; write the frames as extended XYZ"),
        ("\x89PNG\r\n\x1a\n", "cannot be read|ASE does not know"),
    ],
)
def test_files_that_hold_no_frames(tmp_path, content, said):
    path = tmp_path / "frames.xyz" if not content else tmp_path / "frames.txt"
    path.write_text(content)
    with pytest.raises(PotstillError, match=said):
        read(path)


def test_a_file_that_ends_too_early(tmp_path):
    path = write_xyz(tmp_path / "frames.xyz", fresh())
    path.write_text(path.read_text()[:-300])
    with pytest.raises(
        PotstillError, match=r"frame \d+ .* cannot be read \(.*\); correct the file"
    ):
        read(path)


def test_an_old_trajectory_is_not_run(tmp_path):
    path = tmp_path / "frames.trj"
    path.write_bytes(b"PickleTrajectory")
    with pytest.raises(PotstillError, match="may run code when it is read"):
        read(path)
