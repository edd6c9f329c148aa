"""Translated frames: scaled exactly, labelled by the target's potential."""

from dataclasses import replace
from pathlib import Path

import ase.build
import numpy as np
import pytest

from potstill.data.frames import Frames, read_frames, write_frames
from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential, label_frames
from potstill.translation.scaling import translate

TABLES = {"Al": "Al", "Nb": "Ni-Nb"}


@pytest.fixture
def nickel(tables: dict[str, Path], tmp_path: Path) -> Path:
    """Six sheared, disordered frames of 32 atoms, some of them outside of the cell."""
    random = np.random.default_rng(3)
    crystal = ase.build.bulk("Ni", "fcc", a=3.6, cubic=True).repeat(2)
    strain = np.eye(3) + random.normal(0, 0.02, (6, 3, 3))
    cell = np.asarray(crystal.cell) @ strain
    positions = crystal.positions @ strain + random.normal(0, 0.2, (6, 32, 3))
    positions[:, 5] += cell[:, 0] - 2 * cell[:, 2]
    frames = label_frames(
        EamPotential.from_file(tables["Ni-Nb"], "Ni"),
        Structures.uniform("Ni", positions, cell),
        columns={
            "enthalpy": np.arange(6.0),
            "order_parameter": np.arange(6.0) + 10,
            "step": np.arange(6),
            "source_index": np.arange(6) * 7,
        },
        attributes={"temperature_K": 2000.0},
    )
    write_frames(tmp_path / "nickel.h5", frames)
    return tmp_path / "nickel.h5"


def translated(
    nickel: Path,
    tables: dict[str, Path],
    target: str,
    scale: float | list[float],
    name: str = "out",
) -> Frames:
    output = nickel.parent / f"{name}.h5"
    translate(
        nickel,
        target=target,
        scale=scale,
        potential=tables[TABLES[target]],
        threads=1,
        output=output,
    )
    return read_frames(output)


@pytest.mark.parametrize("target", ["Al", "Nb"])
@pytest.mark.parametrize("scale", [1.1505, 1.2])
def test_geometry_is_scaled_and_labels_are_the_targets(
    nickel: Path, tables: dict[str, Path], target: str, scale: float
) -> None:
    before, after = read_frames(nickel), translated(nickel, tables, target, scale)
    assert (after.symbol, len(after), after.atoms) == (target, 6, 32)
    np.testing.assert_array_equal(after.positions, before.positions * scale)
    np.testing.assert_array_equal(after.cell, before.cell * scale)
    np.testing.assert_allclose(
        after.dense(after.positions) @ np.linalg.inv(after.cell),
        before.dense(before.positions) @ np.linalg.inv(before.cell),
        atol=1e-12,
    )
    potential = EamPotential.from_file(tables[TABLES[target]], target)
    x = before.dense(before.positions) * scale
    labels = potential.evaluate(Structures.uniform(target, x, before.cell * scale))
    for name, values in labels._asdict().items():
        np.testing.assert_array_equal(getattr(after, name), values)
    assert np.abs(after.energy - before.energy).min() > 1


def test_frames_take_several_scales_in_turn(nickel: Path, tables: dict[str, Path]) -> None:
    scales = [1.13, 1.15, 1.17, 1.19]
    mixed = translated(nickel, tables, "Al", scales, "mixed")
    for k in range(6):
        alone = translated(nickel, tables, "Al", scales[k % 4], "alone")
        here = mixed.of_atoms_in(k)
        for name in ("cell", "energy", "stress"):
            np.testing.assert_array_equal(getattr(mixed, name)[k], getattr(alone, name)[k])
        for name in ("positions", "forces"):
            np.testing.assert_array_equal(getattr(mixed, name)[here], getattr(alone, name)[here])
    np.testing.assert_array_equal(mixed.attributes["scale"], scales)


def test_what_is_of_the_source_says_so(nickel: Path, tables: dict[str, Path]) -> None:
    before, after = read_frames(nickel), translated(nickel, tables, "Al", 1.15)
    assert sorted(after.columns) == [
        "source_enthalpy",
        "source_index",
        "source_order_parameter",
        "source_step",
    ]
    np.testing.assert_array_equal(after.columns["source_enthalpy"], before.columns["enthalpy"])
    np.testing.assert_array_equal(after.columns["source_index"], before.columns["source_index"])
    assert after.attributes["source_symbol"] == "Ni"
    assert after.attributes["source_temperature_K"] == 2000.0
    assert after.attributes["scale"] == 1.15
    assert "temperature_K" not in after.attributes


def test_same_frames_same_bytes(nickel: Path, tables: dict[str, Path]) -> None:
    for name in ("one", "two"):
        translated(nickel, tables, "Al", 1.15, name)
    one, two = (nickel.parent / f"{name}.h5" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_bain_path_turns_crystals_to_bcc(tables: dict[str, Path], tmp_path: Path) -> None:
    """Every second of the perfect crystals becomes BCC at the same volume; the liquid stays."""
    crystal = ase.build.bulk("Ni", "fcc", a=3.5, cubic=True).repeat(2)
    nickel = EamPotential.from_file(tables["Ni-Nb"], "Ni")
    order = np.array([0.9, 0.1, 0.8, 0.7, 0.6]) * 32
    frames = label_frames(
        nickel,
        Structures.of_atoms([crystal] * 5),
        columns={"order_parameter": order},
    )
    write_frames(tmp_path / "crystals.h5", frames)
    given = {"target": "Nb", "scale": 1.18, "potential": tables["Ni-Nb"], "threads": 1}
    after = {}
    for share in (0, 0.5, 1):
        file = tmp_path / f"{share}.h5"
        translate(tmp_path / "crystals.h5", bain_share=share, output=file, **given)
        after[share] = read_frames(file)
    np.testing.assert_allclose(np.linalg.det(after[1].cell), np.linalg.det(after[0].cell))
    niobium = EamPotential.from_file(tables["Ni-Nb"], "Nb")
    side = 1.18 * 3.5
    cells = Structures.of_atoms(
        [
            ase.build.bulk("Nb", "fcc", a=side, cubic=True),
            ase.build.bulk("Nb", "bcc", a=side / 2 ** (1 / 3), cubic=True),
        ]
    )
    fcc, bcc = niobium.evaluate(cells).energy / cells.sizes
    for share, stretched in ((0, []), (0.5, [2, 4]), (1, [0, 2, 3, 4])):
        expected = np.where(np.isin(np.arange(5), stretched), bcc, fcc)
        np.testing.assert_allclose(after[share].energy / 32, expected, atol=1e-9)
        assert after[share].attributes["bain_share"] == share


def test_bain_path_needs_the_order_parameter(
    nickel: Path, tables: dict[str, Path], tmp_path: Path
) -> None:
    frames = read_frames(nickel)
    write_frames(tmp_path / "bare.h5", replace(frames, columns={}))
    with pytest.raises(PotstillError, match=r"bare\.h5: no order parameter .* `bain_share`"):
        translate(
            tmp_path / "bare.h5",
            target="Nb",
            scale=1.18,
            bain_share=0.5,
            potential=tables["Ni-Nb"],
            threads=1,
            output=tmp_path / "out.h5",
        )
    assert not (tmp_path / "out.h5").exists()


def test_frames_without_labels_and_columns(nickel: Path, tables: dict[str, Path]) -> None:
    """As those of a file may be: positions and cells are all that a translation needs."""
    expected = translated(nickel, tables, "Al", 1.15)
    known = read_frames(nickel)
    write_frames(nickel, Frames.uniform("Ni", known.dense(known.positions), known.cell))
    found = translated(nickel, tables, "Al", 1.15, name="bare")
    for name, values in expected.labels.items():
        np.testing.assert_array_equal(found.labels[name], values)
    np.testing.assert_array_equal(found.positions, expected.positions)
    assert found.columns == {}


def test_frames_of_any_sizes_and_boundaries(
    nickel: Path, tables: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each as it would be alone; a cluster without a cell has no stress."""
    bulk, wire, cluster = (ase.build.bulk("Ni", cubic=True) * (1, 1, n) for n in (1, 2, 3))
    wire.pbc = (False, False, True)
    cluster.pbc, cluster.cell = False, None
    for image in (bulk, wire, cluster):
        image.rattle(0.1, seed=1)
    before = Frames.of_atoms([bulk, wire, cluster], columns={"order_parameter": np.zeros(3)})
    write_frames(nickel, before)
    after = translated(nickel, tables, "Al", [1.15, 1.17])
    assert "3 frames of 4 to 12 atoms, Ni to Al" in capsys.readouterr().err
    np.testing.assert_array_equal(after.start, before.start)
    np.testing.assert_array_equal(after.pbc, before.pbc)
    assert after.elements == ("Al",)
    potential = EamPotential.from_file(tables["Al"], "Al")
    for k, factor in enumerate((1.15, 1.17, 1.15)):
        here = after.of_atoms_in(k)
        np.testing.assert_array_equal(after.positions[here], before.positions[here] * factor)
        np.testing.assert_array_equal(after.cell[k], before.cell[k] * factor)
        alone = label_frames(potential, after.structures([k]))
        assert after.energy[k] == alone.energy[0]
        np.testing.assert_array_equal(after.forces[here], alone.forces)
    np.testing.assert_array_equal(after.has("stress"), [True, True, False])


def test_several_elements_are_refused(nickel: Path, tables: dict[str, Path]) -> None:
    write_frames(nickel, Frames.of_atoms([ase.build.bulk("NiAl", "cesiumchloride", a=2.9)]))
    with pytest.raises(PotstillError, match=r"nickel\.h5: frames of Al, Ni; .* one element"):
        translated(nickel, tables, "Nb", 1.18)
