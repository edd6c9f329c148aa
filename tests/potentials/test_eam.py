"""EAM energies, forces and stress against LAMMPS, matscipy and finite differences."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ase.build
import numpy as np
import pytest
from ase.units import GPa
from lammps_engine import LammpsEam
from matscipy.calculators.eam import EAM as MatscipyEam

from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential, Labels, label_frames
from potstill.potentials.eam_calculator import EAM

ELEMENTS = {
    "Ni": ("Ni-Nb", "fcc", 3.516),
    "Al": ("Al", "fcc", 4.045),
    "Nb": ("Ni-Nb", "bcc", 3.302),
}
SETS = [("Ni", 32), ("Ni", 108), ("Al", 32), ("Al", 108), ("Nb", 54)]
SHEAR = np.array([[1.02, 0.0, 0.0], [0.21, 0.97, 0.0], [-0.13, 0.34, 1.05]])
STATES = ["solid", "liquid", "sheared", "rotated"]

Potential = Callable[[str], EamPotential]


@pytest.fixture(scope="module")
def potential(tables: dict[str, Path]) -> Potential:
    made = {
        symbol: EamPotential.from_file(tables[ELEMENTS[symbol][0]], symbol) for symbol in ELEMENTS
    }
    return made.__getitem__


def labels(potential: Potential, symbol: str, x: np.ndarray, cell: np.ndarray) -> Labels:
    return potential(symbol).evaluate(Structures.uniform(symbol, x, cell))


def crystal(symbol: str, atoms: int, strain: float = 0.0) -> ase.Atoms:
    _, structure, constant = ELEMENTS[symbol]
    cells = round((atoms / {"fcc": 4, "bcc": 2}[structure]) ** (1 / 3))
    made = ase.build.bulk(symbol, structure, a=constant * (1 + strain), cubic=True).repeat(cells)
    assert len(made) == atoms
    return made


def push_apart(atoms: ase.Atoms, closest: float) -> None:
    """Move atoms until no two are closer than `closest` (A), images included."""
    images = np.array([(a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)])
    shifts = images @ np.asarray(atoms.cell)
    for _ in range(500):
        atoms.wrap()
        x = atoms.positions
        d = x[None, :, None] - x[:, None, None] + shifts
        r = np.linalg.norm(d, axis=-1)
        r[np.arange(len(x)), np.arange(len(x)), 13] = np.inf
        if r.min() > closest:
            return
        overlap = np.maximum(0, closest * 1.05 - r) / r
        atoms.positions -= 0.5 * (overlap[..., None] * d).sum(axis=(1, 2))
    raise AssertionError("the liquid did not come apart")


def frame(symbol: str, count: int, state: str) -> ase.Atoms:
    """A disordered frame, with some atoms outside of the cell."""
    random = np.random.default_rng([count, STATES.index(state)])
    made = crystal(symbol, count, {"solid": 0.02, "liquid": -0.02}.get(state, 0.0))
    if state == "liquid":
        made.positions += random.normal(0, 1.0, (count, 3))
        push_apart(made, 0.72 * ELEMENTS[symbol][2] / 1.414)
    else:
        made.positions += random.normal(0, 0.15, (count, 3))
    if state in ("sheared", "rotated"):
        made.set_cell(np.asarray(made.cell) @ SHEAR, scale_atoms=True)
    if state == "rotated":
        made.rotate(73.0, (1, -2, 0.5), rotate_cell=True)
    made.positions[::3] += made.cell[1] - 2 * made.cell[2]
    return made


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("symbol", "count"), SETS)
def test_equal_to_lammps(
    tables: dict[str, Path], potential: Potential, symbol: str, count: int, state: str
) -> None:
    atoms = frame(symbol, count, state)
    found = potential(symbol).evaluate(Structures.of_atoms([atoms]))
    engine = LammpsEam(tables[ELEMENTS[symbol][0]], symbol)
    energy, atomic, forces, virial = engine.evaluate(atoms)
    assert np.abs(forces).max() > 0.5
    assert found.energy[0] == pytest.approx(energy, abs=1e-6)
    np.testing.assert_allclose(found.atomic_energies, atomic, rtol=0, atol=1e-7)
    np.testing.assert_allclose(found.forces, forces, rtol=0, atol=1e-5)
    np.testing.assert_allclose(
        found.stress[0], virial / atoms.get_volume(), rtol=0, atol=1e-4 * GPa
    )


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("symbol", "count"), [("Ni", 32), ("Al", 32), ("Nb", 54)])
def test_equal_to_matscipy(
    tables: dict[str, Path], potential: Potential, symbol: str, count: int, state: str
) -> None:
    """Through ASE; matscipy's splines differ from LAMMPS's where the tables have kinks."""
    ours, theirs = frame(symbol, count, state), frame(symbol, count, state)
    ours.calc = EAM(potential(symbol))
    theirs.calc = MatscipyEam(str(tables[ELEMENTS[symbol][0]]), kind="eam/fs")
    assert ours.get_potential_energy() == pytest.approx(theirs.get_potential_energy(), abs=1e-6)
    np.testing.assert_allclose(ours.get_forces(), theirs.get_forces(), rtol=0, atol=1e-3)
    np.testing.assert_allclose(ours.get_stress(), theirs.get_stress(), rtol=0, atol=1e-3 * GPa)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("symbol", "count"), SETS)
def test_forces_are_minus_the_gradient(
    potential: Potential, symbol: str, count: int, state: str
) -> None:
    atoms = frame(symbol, count, state)
    x, cell = atoms.positions, np.asarray(atoms.cell)
    chosen = np.random.default_rng(5).choice(3 * count, 24, replace=False)
    step = 1e-4
    moved = np.repeat(x[None], 48, axis=0).reshape(48, -1)
    moved[np.arange(24), chosen] += step
    moved[np.arange(24, 48), chosen] -= step
    moved = moved.reshape(48, count, 3)
    energy = labels(potential, symbol, moved, np.repeat([cell], 48, 0)).energy
    forces = labels(potential, symbol, x[None], cell[None]).forces.ravel()[chosen]
    np.testing.assert_allclose(forces, -(energy[:24] - energy[24:]) / (2 * step), atol=2e-5)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("symbol", "count"), SETS)
def test_stress_is_the_strain_derivative(
    potential: Potential, symbol: str, count: int, state: str
) -> None:
    atoms = frame(symbol, count, state)
    x, cell = atoms.positions, np.asarray(atoms.cell)
    step = 1e-5
    strains = np.zeros((2, 3, 3, 3, 3))
    for a in range(3):
        for b in range(3):
            strains[0, a, b] = np.eye(3)
            strains[1, a, b] = np.eye(3)
            strains[0, a, b, a, b] += step
            strains[1, a, b, a, b] -= step
    maps = strains.reshape(18, 3, 3)
    energy = labels(potential, symbol, x @ maps, cell @ maps).energy.reshape(2, 3, 3)
    derivative = (energy[0] - energy[1]) / (2 * step * atoms.get_volume())
    stress = labels(potential, symbol, x[None], cell[None]).stress[0]
    np.testing.assert_allclose(stress, stress.T, rtol=0, atol=1e-12)
    np.testing.assert_allclose(stress, derivative, rtol=0, atol=1e-3 * GPa)


@pytest.mark.parametrize(("symbol", "count"), SETS)
def test_images_are_complete(potential: Potential, symbol: str, count: int) -> None:
    """A supercell of a small, thin or skewed cell has the same labels, atom by atom."""
    one = frame(symbol, count, "sheared")
    two = one.repeat((2, 1, 3))
    small = potential(symbol).evaluate(Structures.of_atoms([one]))
    large = potential(symbol).evaluate(Structures.of_atoms([two]))
    assert large.energy[0] == pytest.approx(6 * small.energy[0], abs=1e-9)
    np.testing.assert_allclose(large.atomic_energies, np.tile(small.atomic_energies, 6))
    np.testing.assert_allclose(large.forces, np.tile(small.forces, (6, 1)), atol=1e-9)
    np.testing.assert_allclose(large.stress, small.stress, atol=1e-12)
    assert small.atomic_energies.sum() == pytest.approx(small.energy[0], abs=1e-9)


@pytest.mark.parametrize("symbol", sorted(ELEMENTS))
def test_single_atom_cell_is_the_crystal(potential: Potential, symbol: str) -> None:
    """One atom that sees only its own images."""
    _, structure, constant = ELEMENTS[symbol]
    atom = ase.build.bulk(symbol, structure, a=constant)
    many = crystal(symbol, 54 if structure == "bcc" else 32)
    found = potential(symbol).evaluate(Structures.of_atoms([atom, many]))
    assert found.energy[0] == pytest.approx(found.energy[1] / len(many), abs=1e-10)
    np.testing.assert_allclose(found.forces[0], 0, atol=1e-10)


def test_frames_are_labelled_alike_alone_and_together(potential: Potential) -> None:
    made = [frame("Ni", 32, state) for state in STATES]
    frames = label_frames(
        potential("Ni"),
        Structures.of_atoms(made),
        columns={"step": np.arange(4)},
        attributes={"a": 1},
        threads=2,
    )
    assert (frames.symbol, frames.atoms, len(frames)) == ("Ni", 32, 4)
    np.testing.assert_array_equal(frames.columns["step"], np.arange(4))
    for index, atoms in enumerate(made):
        atoms.calc = EAM(potential("Ni"))
        here = frames.of_atoms_in(index)
        assert frames.energy[index] == atoms.get_potential_energy()
        np.testing.assert_array_equal(frames.forces[here], atoms.get_forces())
        np.testing.assert_allclose(frames.stress[index], atoms.get_stress(voigt=False), rtol=1e-9)
        np.testing.assert_array_equal(frames.atomic_energies[here], atoms.get_potential_energies())


def test_what_cannot_be_labelled_is_named(tables: dict[str, Path], potential: Potential) -> None:
    with pytest.raises(PotstillError, match=r"no Cu, only Ni, Nb"):
        EamPotential.from_file(tables["Ni-Nb"], "Cu")
    x, cell = np.zeros((3, 4, 3)), np.repeat([np.eye(3) * 5], 3, 0)
    x[2, 1, 0] = np.nan
    x[:, :, 1] = np.arange(4) / 4
    with pytest.raises(PotstillError, match="frame 2: the position of atom 1 is not finite"):
        labels(potential, "Ni", x, cell)
    x[2, 1, 0] = 0.0
    x[1, 3] = x[1, 2] + [5.0, -5.0, 10.0]
    with pytest.raises(PotstillError, match="frame 1: atoms 2 and 3 are on one spot"):
        labels(potential, "Ni", x, cell)
    for edge, complaint in ((np.nan, "not finite"), (np.inf, "not finite"), (0.0, "no volume")):
        flat = np.repeat([np.diag([5.0, edge, 5.0])], 3, 0)
        with pytest.raises(PotstillError, match=f"frame 0: its cell .*{complaint}"):
            labels(potential, "Ni", x[:1], flat[:1])
    nothing = ase.Atoms(cell=[5, 5, 5], pbc=True)
    nothing.calc = EAM(potential("Ni"))
    with pytest.raises(PotstillError, match="no atoms"):
        nothing.get_potential_energy()
    alloy = ase.build.bulk("NiAl", "cesiumchloride", a=2.9)
    alloy.calc = EAM(potential("Ni"))
    with pytest.raises(PotstillError, match=r"frame 0: atom 1 is Al, and .* is of Ni; make"):
        alloy.get_potential_energy()


def test_each_element_has_the_range_of_its_own_functions(potential: Potential) -> None:
    """All of Ni ends at 6.0 A in a table that reaches 6.9 A for the sake of Nb."""
    assert potential("Ni").cutoff_A == pytest.approx(6.0, abs=0.003)
    assert potential("Nb").cutoff_A == pytest.approx(6.9)
    assert potential("Al").cutoff_A == pytest.approx(6.5, abs=0.003)
    far = np.array([[[0.0, 0.0, 0.0], [5.99, 0.0, 0.0]], [[0.0, 0.0, 0.0], [6.01, 0.0, 0.0]]])
    box = np.tile(40 * np.eye(3), (2, 1, 1))
    energy = labels(potential, "Ni", far, box).energy
    assert energy[0] != energy[1] == labels(potential, "Ni", 2 * far, 2 * box).energy[1]


FORK = """
import multiprocessing, sys
import numpy as np
from potstill.data.structures import Structures
from potstill.potentials.eam import EamPotential
potential = EamPotential.from_file(sys.argv[1], "Ni")
dimer = Structures.uniform("Ni", [[[0.0, 0, 0], [2.4, 0, 0]]], 20 * np.eye(3)[None])
def energy(_):
    return float(potential.evaluate(dimer).energy[0])
before = energy(0)
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(energy, range(4)) == [before] * 4
print("same")
"""


def run_python(text: str, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", text, *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        **more,
    )


def test_a_process_may_fork_after_an_evaluation(tables: dict[str, Path]) -> None:
    """numba's own threads would not be in the child, which waited for them for ever."""
    done = run_python(FORK, str(tables["Ni-Nb"]))
    assert done.stdout == "same\n", done.stderr


LOST = """
import multiprocessing
import numpy as np
from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.settings import Descriptor
from potstill.descriptors.symmetry_functions import describe
dimer = Structures.uniform("Ni", [[[0.0, 0, 0], [2.4, 0, 0]]], 20 * np.eye(3)[None])
def told(_):
    try:
        return float(describe(dimer, Descriptor(), ("Ni",)).sum())
    except PotstillError as error:
        return str(error)
if __name__ == "__main__":
    before = told(0)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        print(pool.map_async(told, [0]).get(timeout=60))
"""


def test_a_child_without_threads_says_so_instead_of_waiting() -> None:
    done = run_python(LOST)
    assert "forked" in done.stdout and "get_context('spawn')" in done.stdout, done.stderr


def test_more_threads_than_cores_are_no_error(tables: dict[str, Path]) -> None:
    """One usable core: numba alone raises for two threads."""
    text = """
import os, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import numpy as np
from potstill.data.structures import Structures
from potstill.potentials.eam import EamPotential
from potstill.runtime.compiled import use_threads
potential = EamPotential.from_file(sys.argv[1], "Ni")
dimer = Structures.uniform("Ni", [[[0.0, 0, 0], [2.4, 0, 0]]], 20 * np.eye(3)[None])
print(potential.evaluate(dimer, threads=2).energy[0] < 0, use_threads(2))
"""
    done = run_python(text, str(tables["Ni-Nb"]))
    assert done.stdout == "True 1\n", done.stderr


def test_compiling_is_told_once(tmp_path: Path) -> None:
    """And not at all where everything is compiled."""
    text = """
from potstill.runtime import compile_lock, compiled
compile_lock.TOLD_AFTER_S = 0.01
@compiled.njit(cache=True)
def one(x):
    return sum([x, 1.0, 2.0])
@compiled.njit(cache=True)
def two(x):
    return sorted([x, 1.0, 2.0])
one(1.0), two(1.0)
"""
    (tmp_path / "told.py").write_text(text)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    said = [
        run_python("import told", cwd=tmp_path, env=environment).stderr.count("compiling")
        for _ in range(2)
    ]
    assert said == [1, 0]
