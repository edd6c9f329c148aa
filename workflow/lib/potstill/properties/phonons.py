"""Phonons by finite displacements, with phonopy: at points of high symmetry and on a mesh."""

import ase
import ase.build
import numpy as np
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms

from potstill.properties import Conditions, Curves, Measured, Value
from potstill.properties.metal import Metal

DISPLACEMENT_A = 0.01
MESH = (8, 8, 8)
PRIMITIVE = {"fcc": "F", "bcc": "I", "hcp": "P"}
# Reduced coordinates of the primitive cell, and the branches to tell (1 is the lowest). They fit
# into the usual supercell, so that their frequencies are those of an infinite crystal.
POINTS: dict[str, dict[str, tuple[tuple[float, ...], tuple[int, ...]]]] = {
    "fcc": {"X": ((0.5, 0.0, 0.5), (1, 3)), "L": ((0.5, 0.5, 0.5), (1, 3))},
    "bcc": {
        "H": ((0.5, -0.5, 0.5), (1,)),
        "N": ((0.0, 0.0, 0.5), (1, 2, 3)),
        "P": ((0.25, 0.25, 0.25), (1,)),
    },
    "hcp": {"A": ((0.0, 0.0, 0.5), (1, 5)), "M": ((0.5, 0.0, 0.0), (1, 2, 3, 4, 5, 6))},
}


def measure(metal: Metal, conditions: Conditions) -> Measured:
    """Return the frequencies, THz; an imaginary one is given as a negative number."""
    phonon = _force_constants(metal, conditions.settings.phonon_cells)
    points = POINTS[metal.structure]
    found = phonon.run_qpoints([q for q, _ in points.values()]).frequencies
    values = [
        Value(f"phonon {point}, branch {branch}", "THz", float(frequencies[branch - 1]))
        for (point, (_, branches)), frequencies in zip(points.items(), found, strict=True)
        for branch in branches
    ]
    mesh = phonon.run_mesh(MESH, is_gamma_center=True)
    return Measured(
        values,
        {
            "mesh_frequency_THz": mesh.frequencies.ravel().tolist(),
            "mesh_weight": np.repeat(mesh.weights, mesh.frequencies.shape[1]).tolist(),
        },
    )


def compare(curves: Curves, reference: Curves) -> list[Value]:
    """Return the rms difference of all frequencies of the mesh."""
    difference = np.subtract(curves["mesh_frequency_THz"], reference["mesh_frequency_THz"])
    mean = np.average(difference**2, weights=reference["mesh_weight"])
    return [Value("phonons, rms difference", "THz", float(np.sqrt(mean)))]


def _force_constants(metal: Metal, cells: int) -> Phonopy:
    cell = metal.crystal()
    if metal.structure == "hcp":
        cell = ase.build.bulk(metal.symbol, "hcp", **metal.lattice)
    unit = PhonopyAtoms(
        symbols=list(cell.symbols),
        cell=cell.cell[:],
        scaled_positions=cell.get_scaled_positions(),
    )
    phonon = Phonopy(
        unit,
        supercell_matrix=[cells] * 3,
        primitive_matrix=PRIMITIVE[metal.structure],
        log_level=0,
    )
    phonon.generate_displacements(distance=DISPLACEMENT_A)
    phonon.forces = [
        metal.attached(
            ase.Atoms(
                moved.symbols,
                cell=moved.cell,
                scaled_positions=moved.scaled_positions,
                pbc=True,
            )
        ).get_forces()
        for moved in phonon.supercells_with_displacements
    ]
    phonon.produce_force_constants()
    return phonon
