"""From the melting temperatures of small periodic cells to that of the bulk."""

from pathlib import Path

import numpy as np

from potstill.errors import PotstillError
from potstill.runtime.files import read_json, write_json


def extrapolate(atoms: list[int], temperatures_K: list[float], power: float) -> float | None:
    """Return T at N -> infinity of the line T = T_bulk + c N^-power through the cells.

    A power of 2/3 is for what grows as a surface, 1 for what each cell has once, as the ways in
    which its crystal may lie. Returns None for less than two sizes.
    """
    if len(set(atoms)) < 2:
        return None
    scale = np.array(atoms, dtype=np.float64) ** -power
    return float(np.polyfit(scale, temperatures_K, 1)[1])


def melting(*, sets: list[Path], atoms: list[int], two_phase: Path, output: Path) -> None:
    """Write the melting temperatures of MOMT sets, their extrapolation and the two-phase run's.

    sets: summaries of MOMT sets of an element; atoms: their numbers of atoms; two_phase: the
    summary of `coexistence`. Raises PotstillError for a set without a melting temperature.
    """
    temperatures = []
    for summary in sets:
        temperature = read_json(summary)["melting_temperature_K"]
        if temperature is None:
            raise PotstillError(
                f"{summary}: the set has no melting temperature; raise its learning_steps and "
                "production_steps until it goes from solid to liquid and back"
            )
        temperatures.append(temperature)
    bulk = read_json(two_phase)
    limit = extrapolate(atoms, temperatures, 2 / 3)
    write_json(
        output,
        {
            "cells": [
                {"atoms": n, "melting_temperature_K": t}
                for n, t in zip(atoms, temperatures, strict=True)
            ],
            "extrapolated_K": limit,
            "extrapolated_with_1_over_N_K": extrapolate(atoms, temperatures, 1.0),
            "two_phase_K": bulk["melting_temperature_K"],
            "two_phase_error_K": bulk["standard_error_K"],
            "difference_percent": limit and 100 * (limit / bulk["melting_temperature_K"] - 1),
        },
    )
