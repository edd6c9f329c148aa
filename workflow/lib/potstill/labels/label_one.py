"""The labels that an ASE calculator gives a frame, whatever form it returns them in."""

from typing import Any

import ase
import numpy as np
from ase.calculators.calculator import PropertyNotImplementedError
from ase.stress import full_3x3_to_voigt_6_stress, voigt_6_to_full_3x3_stress

from potstill.data.geometry import SMALLEST_VOLUME_A3
from potstill.errors import PotstillError
from potstill.labels.label_store import Floats, FrameLabels


class FrameError(Exception):
    """This frame has no labels, for a reason that is its own."""


def label_one(atoms: ase.Atoms, calculator: Any, *, stress: bool = True) -> FrameLabels:
    """Return the calculator's energy (eV), forces (N, 3) eV/A and stress (3, 3) eV/A^3.

    stress: whether it is asked for.

    The energy is that whose derivative the forces are, where the calculator tells it apart. There
    is no stress where the cell has no volume, and none is needed where it is not periodic in all
    directions. Numbers may come as arrays, lists or torch tensors. Raises FrameError when one is
    not finite or missing for this frame alone, PotstillError when the calculator lacks a label for
    any frame or gives it in another shape.
    """
    energy = _found(calculator, "free_energy", atoms)
    if energy is None:
        energy = _needed(calculator, "energy", atoms)
    energy = _numbers("energy", energy)
    if energy.size != 1:
        raise _wrong_shape("energy", energy, "one number")
    forces = _numbers("forces", _needed(calculator, "forces", atoms))
    if forces.shape != (len(atoms), 3):
        raise _wrong_shape("forces", forces, f"({len(atoms)}, 3), a row an atom")
    found = _stress(calculator, atoms) if stress else None
    labels = FrameLabels(energy.reshape(()), forces, found)
    for name, values in labels.found.items():
        if not np.isfinite(values).all():
            raise FrameError(f"the calculator's {name} is not finite; see whether it converged")
    return labels


def _stress(calculator: Any, atoms: ase.Atoms) -> Floats | None:
    """Return the stress (3, 3); None where there is none, see `label_one`."""
    if abs(np.linalg.det(atoms.cell.array)) < SMALLEST_VOLUME_A3:
        return None
    ask = _needed if atoms.pbc.all() else _found
    value = ask(calculator, "stress", atoms)
    if value is None:
        return None
    stress = _numbers("stress", value)
    if stress.shape == (3, 3):
        stress = full_3x3_to_voigt_6_stress(stress)
    if stress.shape != (6,):
        raise _wrong_shape("stress", stress, "(6,), xx yy zz yz xz xy, or (3, 3)")
    return np.asarray(voigt_6_to_full_3x3_stress(stress))


def _found(calculator: Any, name: str, atoms: ase.Atoms) -> Any:
    """Return a property as the calculator gives it; None where it has none."""
    try:
        return calculator.get_property(name, atoms)
    except PropertyNotImplementedError:
        return None


def _needed(calculator: Any, name: str, atoms: ase.Atoms) -> Any:
    value = _found(calculator, name, atoms)
    if value is None and name in getattr(calculator, "implemented_properties", ()):
        raise FrameError(f"the calculator gave no {name}; see whether it converged")
    if value is None:
        without = ", or set its `stress` to false" if name == "stress" else ""
        raise PotstillError(f"the calculator lacks a label ({name}); use one that has it{without}")
    return value


def _numbers(name: str, value: Any) -> Floats:
    if hasattr(value, "detach"):  # a torch tensor, perhaps on a GPU or with a gradient
        value = value.detach().cpu()
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise PotstillError(
            f"the calculator's {name} is no array of numbers but {type(value).__name__}; let it "
            "return a NumPy array"
        ) from None


def _wrong_shape(name: str, values: Floats, expected: str) -> PotstillError:
    return PotstillError(
        f"the calculator's {name} has shape {values.shape}; let it return {expected}"
    )
