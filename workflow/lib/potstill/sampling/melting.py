"""From the melting temperatures of small periodic cells to that of the bulk."""

from pathlib import Path

import numpy as np

from potstill.errors import PotstillError
from potstill.runtime.files import read_json, write_json


def extrapolate(atoms: list[int], temperatures_K: list[float]) -> float | None:
    """Return T at N -> infinity of the line T = T_bulk + c N^(-2/3) through the cells.

    A periodic cell that melts as a whole has no interface until it has; what it is short of grows
    as a surface. Returns None for less than two sizes.
    """
    if len(set(atoms)) < 2:
        return None
    scale = np.array(atoms, dtype=np.float64) ** (-2 / 3)
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
    limit = extrapolate(atoms, temperatures)
    write_json(
        output,
        {
            "cells": [
                {"atoms": n, "melting_temperature_K": t}
                for n, t in zip(atoms, temperatures, strict=True)
            ],
            "extrapolated_K": limit,
            "two_phase_K": bulk["melting_temperature_K"],
            "two_phase_error_K": bulk["standard_error_K"],
            "difference_percent": limit and 100 * (limit / bulk["melting_temperature_K"] - 1),
        },
    )
