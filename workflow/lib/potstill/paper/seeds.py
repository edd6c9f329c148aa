"""Relaxed crystals of models that differ in the seed of their training alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from potstill.paper.numbers import GOAL_BOND_A, GOAL_CRYSTAL_MEV
from potstill.report.markup import markdown_table, write_csv, write_text
from potstill.report.read_results import STRUCTURES, Crystal, rank_of, read_crystals
from potstill.runtime.files import read_json

HEADER = [
    "model", "frames", "structure", "seeds", "bond_length_A", "bond_std_A", "bond_error_A",
    "worst_bond_error_A", "energy_eV_per_atom", "energy_std_meV_per_atom",
    "energy_error_meV_per_atom", "worst_energy_error_meV_per_atom", "seeds_within_goal",
    "seeds_with_right_rank",
]  # fmt: skip


def write_seeds(
    reference: Path,
    models: Mapping[str, Sequence[Path]],
    summaries: Mapping[str, Path],
    *,
    csv: Path,
    markdown: Path,
) -> None:
    """Write mean and standard deviation over the seeds of each crystal's bond and energy.

    reference: relaxed crystals of the EAM. models: those of each model, a file for each seed.
    summaries: a training summary of each model, for its number of frames. Errors are against the
    EAM in the same structure, worst ones absolute. A seed is within the goal for errors of at most
    2 meV/atom and 0.005 A, and its rank is right if the crystal has the EAM's among FCC, BCC and
    HCP; a crystal that did not converge is neither, and makes no mean.
    """
    exact = read_crystals(reference).by_structure
    cells, lost = [], []
    for model, files in models.items():
        seeds = [read_crystals(path).by_structure for path in files]
        frames = str(read_json(summaries[model])["frames"])
        for structure in STRUCTURES:
            found = [seed for seed in seeds if seed[structure].converged]
            if len(found) < len(seeds):
                lost.append(f"{model}, {structure}: {len(seeds) - len(found)} seeds")
            cells.append(
                [model, frames, structure, str(len(seeds)), *_statistics(structure, found, exact)]
            )
    write_csv(csv, HEADER, cells)
    text = markdown_table([name.replace("_", " ") for name in HEADER], cells)
    text += (
        "\n\nMeans and standard deviations over the seeds of the training. Errors: against the EAM "
        "in the same structure; goal: at most "
        f"{GOAL_CRYSTAL_MEV:g} meV/atom and {GOAL_BOND_A:g} A.\n"
    )
    if lost:
        text += f"\nNot converged, so in no mean: {'; '.join(lost)}.\n"
    write_text(markdown, text)


def _statistics(
    structure: str, seeds: Sequence[dict[str, Crystal]], exact: dict[str, Crystal]
) -> list[str]:
    """Return the cells of one crystal from the third on, empty where no seed converged."""
    if not seeds:
        return [""] * 8 + ["0", "0"]
    bond = np.array([seed[structure].bond for seed in seeds])
    energy = np.array([seed[structure].energy for seed in seeds])
    bond_error = bond - exact[structure].bond
    energy_error = 1000 * (energy - exact[structure].energy)
    good = (np.abs(energy_error) <= GOAL_CRYSTAL_MEV) & (np.abs(bond_error) <= GOAL_BOND_A)
    right = [rank_of(structure, seed) == rank_of(structure, exact) for seed in seeds]
    return [
        f"{bond.mean():.4f}",
        f"{_std(bond):.4f}",
        f"{bond_error.mean():.4f}",
        f"{np.abs(bond_error).max():.4f}",
        f"{energy.mean():.5f}",
        f"{_std(1000 * energy):.2f}",
        f"{energy_error.mean():.2f}",
        f"{np.abs(energy_error).max():.2f}",
        str(good.sum()),
        str(sum(right)),
    ]


def _std(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")
