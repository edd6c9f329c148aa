"""Alloys, slabs, wires and clusters of several sizes in one call find ASE's minima."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import ase
import ase.build
import ase.cluster
import numpy as np
import pytest
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.calculators.mixing import AverageCalculator
from ase.filters import FrechetCellFilter, UnitCellFilter
from ase.optimize import BFGS, FIRE
from numpy.typing import NDArray

from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.models.calculator_committee import CalculatorCommittee
from potstill.potentials.eam import EamPotential
from potstill.potentials.eam_calculator import EAM
from potstill.relaxation import BatchRelaxed, minimise, relax_batch
from potstill.relaxation.coordinates import periodic_planes
from potstill.relaxation.springs import inverse_hessians

Floats = NDArray[np.float64]
METALS = ("Al", "Ni", "Cu", "Pd", "Ag", "Pt", "Au")


def alloy() -> ase.Atoms:
    """Return eight atoms of copper and gold, displaced, in a sheared cell."""
    atoms = ase.build.bulk("Cu", cubic=True, a=3.75).repeat((2, 1, 1))
    atoms.symbols[[0, 3, 5]] = "Au"
    atoms.set_cell(atoms.cell @ [[1.02, 0.03, 0], [0, 0.99, 0.02], [0, 0, 1.01]], scale_atoms=True)
    return displaced(atoms, 0.1, seed=1)


def slab() -> ase.Atoms:
    """Return a displaced Ni(111) slab with an atom of palladium, open along z."""
    atoms = ase.build.fcc111("Ni", (2, 2, 3), a=3.6, vacuum=7.0)
    atoms.symbols[-1] = "Pd"
    return displaced(atoms, 0.08, seed=2)


def wire() -> ase.Atoms:
    """Return a displaced gold wire along z, with vectors that have no length across."""
    atoms = ase.build.bulk("Au", cubic=True, a=4.0).repeat((1, 1, 2))
    atoms.set_cell([0, 0, 8.3], scale_atoms=False)
    atoms.pbc = (False, False, True)
    return displaced(atoms, 0.05, seed=3)


def cluster() -> ase.Atoms:
    """Return a displaced icosahedron of 13 atoms, silver in nickel, without a cell."""
    atoms = ase.cluster.Icosahedron("Ag", 2)
    atoms.symbols[0] = "Ni"
    return displaced(ase.Atoms(atoms.symbols, atoms.positions), 0.1, seed=4)


def displaced(atoms: ase.Atoms, by: float, seed: int) -> ase.Atoms:
    atoms.rattle(by, seed=seed)
    return atoms


@pytest.fixture
def metals() -> CalculatorCommittee:
    return CalculatorCommittee([EMT()], METALS)


def with_ase(
    atoms: ase.Atoms, calculator: Calculator, fmax: float, made: Any = None
) -> tuple[ase.Atoms, int]:
    """Relax a copy with ASE, its cell too if `made` makes a filter of it; return it and steps."""
    atoms = atoms.copy()
    atoms.calc = calculator
    optimiser = BFGS(made(atoms) if made else atoms, logfile=None)
    assert optimiser.run(fmax=fmax, steps=400)
    return atoms, int(optimiser.nsteps)


def assert_same_minimum(relaxed: BatchRelaxed, k: int, atoms: ase.Atoms) -> None:
    """Equal energies and distances: structures may have turned or shifted."""
    assert relaxed.energy[k] == pytest.approx(atoms.get_potential_energy(), abs=1e-6)
    image = relaxed.image(k)
    np.testing.assert_array_equal(image.numbers, atoms.numbers)
    np.testing.assert_array_equal(image.pbc, atoms.pbc)
    periodic = atoms.pbc
    ours, theirs = (a.cell.array[periodic] for a in (image, atoms))
    np.testing.assert_allclose(ours @ ours.T, theirs @ theirs.T, atol=2e-3)
    np.testing.assert_allclose(
        image.get_all_distances(mic=True), atoms.get_all_distances(mic=True), atol=2e-3
    )


def test_any_structures_find_the_minima_of_ase(metals: CalculatorCommittee) -> None:
    """In one call, in the order given, with the geometries of ASE's BFGS."""
    images = [slab(), alloy(), cluster(), wire(), displaced(alloy(), 0.05, seed=5)]
    before = [image.positions.copy() for image in images]
    relaxed = relax_batch(metals, images, fmax=1e-4, steps=100)
    assert relaxed.converged.all()
    assert relaxed.sizes.tolist() == [12, 8, 13, 8, 8]
    for k, image in enumerate(images):
        np.testing.assert_array_equal(image.positions, before[k])
        np.testing.assert_array_equal(relaxed.cell[k], image.cell.array)
        atoms, steps = with_ase(image, EMT(), 1e-4)
        assert_same_minimum(relaxed, k, atoms)
        assert relaxed.steps[k] < 0.6 * steps
        alone = relax_batch(metals, [image], fmax=1e-4, steps=100)
        assert alone.steps[0] == relaxed.steps[k]
        np.testing.assert_allclose(
            alone.positions, relaxed.positions[relaxed.of_atoms_in(k)], atol=1e-9
        )
    # the same from structures, and what is reported is what the committee says of it
    again = relax_batch(metals, Structures.of_atoms(images), fmax=1e-4, steps=100)
    np.testing.assert_array_equal(again.positions, relaxed.positions)
    found = metals.predict(relaxed, forces=True)
    np.testing.assert_allclose(found.energy, relaxed.energy, atol=1e-10)
    force = np.linalg.norm(found.forces, axis=1)
    largest = [force[relaxed.of_atoms_in(k)].max() for k in range(5)]
    np.testing.assert_allclose(relaxed.largest_force, largest, atol=1e-9)


CELLS: list[tuple[Callable[[], ase.Atoms], Any]] = [
    (alloy, FrechetCellFilter),
    (slab, lambda atoms: UnitCellFilter(atoms, mask=[1, 1, 0, 0, 0, 1])),
]


def test_only_periodic_directions_strain(metals: CalculatorCommittee) -> None:
    """The cells of an alloy and a slab are ASE's; what is open keeps its vectors."""
    images = [made() for made, _ in CELLS]
    relaxed = relax_batch(
        metals, [*images, wire(), cluster()], fmax=1e-4, steps=200, relax_cell=True
    )
    assert relaxed.converged.all()
    for k, (image, (_, made)) in enumerate(zip(images, CELLS, strict=True)):
        atoms, _ = with_ase(image, EMT(), 1e-4, made)
        assert_same_minimum(relaxed, k, atoms)
        assert np.abs(atoms.cell.lengths() - image.cell.lengths()).max() > 0.03  # it did strain
    np.testing.assert_array_equal(relaxed.cell[1, 2], images[1].cell[2])
    assert np.abs(relaxed.cell[1, :2, 2]).max() == 0
    # the wire's length is that of least energy
    np.testing.assert_array_equal(relaxed.cell[2, :2], 0)
    lengths = relaxed.cell[2, 2, 2] + np.array([-0.05, 0, 0.05])
    energies = []
    for length in lengths:
        stretched = relaxed.image(2)
        # a wire has no vectors across to scale with
        stretched.positions[:, 2] *= length / lengths[1]
        stretched.cell[2] = [0, 0, length]
        energies.append(with_ase(stretched, EMT(), 1e-4)[0].get_potential_energy())
    assert energies[1] == min(energies) == pytest.approx(relaxed.energy[2], abs=1e-6)
    slope, curvature = (energies[2] - energies[0]) / 2, sum(energies) - 3 * energies[1]
    assert abs(slope / curvature) < 0.05  # of 0.05 A
    # a cluster has no cell to strain
    fixed = relax_batch(metals, [cluster()], fmax=1e-4, steps=200)
    np.testing.assert_array_equal(relaxed.cell[3], 0)
    np.testing.assert_allclose(relaxed.positions[relaxed.of_atoms_in(3)], fixed.positions, atol=0)


def test_eam_of_an_alloy(tables: dict[str, Path]) -> None:
    """Many at once, without ASE: a bulk alloy, and a slab that has no vector along z."""
    potential = EamPotential.from_file(tables["Ni-Nb"], ["Ni", "Nb"])

    def evaluate(structures: Structures) -> tuple[Floats, Floats, Floats]:
        labels = potential.evaluate(structures)
        return labels.energy, labels.forces, labels.stress

    bulk, sheet = ase.build.bulk("Ni", cubic=True, a=3.6).repeat((2, 1, 1)), slab()
    bulk.symbols[[1, 6]] = sheet.symbols[[2, 11]] = "Nb"
    images = [sheet, displaced(bulk, 0.1, seed=8)]
    made = Structures.of_atoms(images)
    made.cell[0, 2] = 0
    relaxed = minimise(evaluate, made, fmax=1e-4, steps=100, relax_cell=True)
    assert relaxed.converged.all()
    masks = ([1, 1, 0, 0, 0, 1], None)
    for k, (image, mask) in enumerate(zip(images, masks, strict=True)):
        atoms, steps = with_ase(image, EAM(potential), 1e-4, partial(UnitCellFilter, mask=mask))
        assert_same_minimum(relaxed, k, atoms)
        assert relaxed.steps[k] < 0.6 * steps


def test_vectors_of_open_directions_mean_nothing(metals: CalculatorCommittee) -> None:
    """A slab strains alike with a vector of any length or none, and however it lies in space."""
    upright = slab()
    flat, leaning, turned = (upright.copy() for _ in range(3))
    flat.cell[2] = 0
    leaning.cell[2] = [3.0, -2.0, 40.0]
    turned.rotate(50, (1, 2, 3), rotate_cell=True)
    images = [upright, flat, leaning, turned]
    relaxed = relax_batch(metals, images, fmax=1e-3, steps=100, relax_cell=True)
    assert relaxed.converged.all() and len(set(relaxed.steps)) == 1
    np.testing.assert_allclose(relaxed.energy, relaxed.energy[0], atol=1e-7)
    for k, image in enumerate(images):
        np.testing.assert_array_equal(relaxed.cell[k, 2], image.cell[2])
    metric = relaxed.cell[:, :2] @ relaxed.cell[:, :2].transpose(0, 2, 1)
    np.testing.assert_allclose(metric, np.tile(metric[0], (4, 1, 1)), atol=1e-5)
    x = relaxed.dense(relaxed.positions)
    np.testing.assert_allclose(x[1:3], x[[0, 0]], atol=1e-5)


def test_a_committee_relaxes_to_the_minimum_of_its_mean() -> None:
    def members() -> list[Calculator]:
        return [
            LennardJones(sigma=sigma, epsilon=epsilon, rc=7.0, smooth=True)
            for sigma, epsilon in ((2.3, 0.3), (2.5, 0.2))
        ]

    images = [cluster(), ase.build.bulk("Cu", cubic=True, a=3.9)]
    images[1].rattle(0.1, seed=6)
    committee = CalculatorCommittee(members(), ("Ni", "Cu", "Ag"))
    relaxed = relax_batch(committee, images, fmax=1e-4, steps=100)
    assert relaxed.converged.all()
    for k, image in enumerate(images):
        atoms = image.copy()
        atoms.calc = AverageCalculator(members())
        assert FIRE(atoms, logfile=None).run(fmax=1e-4, steps=2000)
        assert_same_minimum(relaxed, k, atoms)
    spread = committee.predict(relaxed, forces=False).energy_std
    assert (spread > 0.01).all()


class Fragile(Calculator):
    """Lennard-Jones that fails for frames of one size."""

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012

    def __init__(self, fails_at: int) -> None:
        super().__init__()
        self.fails_at, self.inner = fails_at, LennardJones(sigma=2.3, epsilon=0.3, rc=7.0)

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        if len(self.atoms) == self.fails_at:
            raise RuntimeError("no convergence")
        self.inner.calculate(atoms, properties, system_changes)
        self.results = self.inner.results


def test_what_breaks_down_does_not_stop_the_others() -> None:
    lost = displaced(alloy(), 0.02, seed=7)
    lost.positions[1] = lost.positions[2]  # no number comes of it
    images = [slab(), lost, alloy(), cluster()]
    committee = CalculatorCommittee([Fragile(fails_at=13)], METALS)
    with np.errstate(all="ignore"):
        relaxed = relax_batch(committee, images, fmax=0.01, steps=200)
    np.testing.assert_array_equal(relaxed.converged, [True, False, True, False])
    for k in (1, 3):
        assert np.isnan(relaxed.energy[k]) and relaxed.steps[k] == 0
        np.testing.assert_array_equal(relaxed.image(k).positions, images[k].positions)
    others = relax_batch(committee, [images[0], images[2]], fmax=0.01, steps=200)
    np.testing.assert_allclose(others.energy, relaxed.energy[[0, 2]], atol=1e-9)


def test_where_nothing_can_be_relaxed_the_reason_is_told() -> None:
    with pytest.raises(PotstillError, match=r"frame 0: member 0 .*Fragile.*no convergence"):
        relax_batch(CalculatorCommittee([Fragile(13)], METALS), [cluster()] * 2, fmax=0.01, steps=9)


class Unstressed(LennardJones):
    """Lennard-Jones without a stress."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        self.results.pop("stress", None)


def test_a_cell_needs_a_stress() -> None:
    committee = CalculatorCommittee([Unstressed(sigma=2.3, epsilon=0.3, rc=7.0)], METALS)
    assert relax_batch(committee, [alloy()], fmax=0.01, steps=100).converged.all()
    # a cluster has no cell that could relax
    both = {"fmax": 0.01, "steps": 100, "relax_cell": True}
    assert relax_batch(committee, [cluster()], **both).converged.all()
    with pytest.raises(PotstillError, match="or no stress, for any of them; relax them without"):
        relax_batch(committee, [alloy()], **both)


def test_another_element_is_named(metals: CalculatorCommittee) -> None:
    other = cluster()
    other.symbols[3] = "W"
    with pytest.raises(PotstillError, match="cell 1: atom 3 is W, and this model is for Al and Ni"):
        relax_batch(metals, [slab(), other], fmax=0.01, steps=5)


def test_model_hessians_know_boundaries_and_radii() -> None:
    """Springs of open cells see no image, and are as long as the atoms' covalent radii say."""
    open_cluster = Structures.of_atoms([cluster()])
    boxed = cluster()
    boxed.set_cell([4.0, 4.0, 4.0])
    np.testing.assert_allclose(
        inverse_hessians(Structures.of_atoms([boxed])), inverse_hessians(open_cluster), atol=1e-12
    )
    wide = wire()
    wide.cell[0, 0] = wide.cell[1, 1] = 60
    for made in (wide, slab()):
        structures = Structures.of_atoms([made])
        planes = periodic_planes(structures)
        inverse = inverse_hessians(structures, planes)
        assert np.linalg.eigvalsh(inverse).min() > 1e-5
        # forces and in-plane stress push neither the cell out of its plane nor turn it
        strain = np.kron(planes[0], planes[0])
        gradient = np.random.default_rng(1).normal(size=inverse.shape[1])
        gradient[-9:] = strain @ gradient[-9:]
        step = inverse[0] @ gradient
        np.testing.assert_allclose(strain @ step[-9:], step[-9:], atol=1e-12)
    # tin's radius is palladium's, and silver is larger
    pure, tin, silver = (alloy() for _ in range(3))
    for atoms, symbol in ((pure, "Pd"), (tin, "Sn"), (silver, "Ag")):
        atoms.symbols[:] = "Pd"
        atoms.symbols[1] = symbol
    of = [inverse_hessians(Structures.of_atoms([atoms]))[0] for atoms in (pure, tin, silver)]
    np.testing.assert_array_equal(of[0], of[1])
    assert np.abs(of[2] - of[0]).max() > 1e-3
    hard = [np.linalg.inv(h) for h in (of[0], of[2])]
    # bonds of the larger atom are stiffer than the others at the same distance
    assert np.trace(hard[1][3:6, 3:6]) > np.trace(hard[0][3:6, 3:6])
