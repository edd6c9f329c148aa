"""This run's numbers beside the paper's and beside the goals, out of the result files."""

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from potstill.distillation.curve import CurvePoint, read_curve
from potstill.errors import PotstillError
from potstill.paper.figures.parity import high_energy
from potstill.paper.printed import FIGURE_2A, FIGURE_2B, TABLES
from potstill.plots.read_arrays import read_evaluation
from potstill.report.read_results import HCP_HELD, STRUCTURES, Trained
from potstill.runtime.files import read_json

# What this project sets out to reach; errors in meV/atom, without any shift of the mean.
GOAL_2A, GOAL_2B = 0.3, 0.2
GOAL_REACH = (1.0, 0.2)  # error, by a model of at most this percentage of the larger set's atoms
GOAL_CRYSTAL_MEV, GOAL_BOND_A = 2.0, 0.005
GOAL_TRANSLATION = {"Al": 1.0, "Nb": 2.0}

# How models of several choices of frames from one set are compared.
CHOICE_ERRORS = {
    "MAE, meV/atom": "mae_meV_per_atom",
    "shifted": "mae_shifted_meV_per_atom",
    "worst 1%": "worst_percent_meV_per_atom",
    "forces, meV/A": "force_mae_meV_per_A",
}


class Number(NamedTuple):
    """One number: the paper's where it is printed, ours, and the goal, an upper limit."""

    quantity: str
    unit: str
    paper: float | None
    ours: float
    goal: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the goal is reached, and by how much it is missed."""
        if self.goal is None:
            return ""
        if self.ours <= self.goal:
            return "reached"
        if self.ours == float("inf"):
            return "not reached"
        return f"missed by {self.ours - self.goal:.3g} {self.unit}"


class Point(NamedTuple):
    """A model on the larger set: share of that set's atoms (%) in its frames, and its errors."""

    label: str
    frames: int
    share: float
    mae: float
    shifted: float


def at_share(points: Sequence[CurvePoint], share: str, limit: float) -> CurvePoint:
    """Return the last point of a curve whose `share` (a field of it) is at most `limit` percent.

    Without such a point the smallest, so that no error is taken from more data than is there.
    """
    ordered = sorted(points, key=lambda point: getattr(point, share))
    within = [point for point in ordered if 100 * getattr(point, share) <= limit]
    return within[-1] if within else ordered[0]


def figure_2a(curve: Path) -> list[Number]:
    """Return the errors on the distilled set at the paper's share of its frames."""
    percent, printed = FIGURE_2A
    point = at_share(read_curve(curve), "share_of_source_frames", percent)
    share = 100 * point.share_of_source_frames
    where = f"on all {point.atoms}-atom frames, trained on {point.frames} ({share:.1f}%)"
    return [
        Number("share of the frames", "%", percent, share),
        Number(f"MAE {where}", "meV/atom", None, point.mae_source, GOAL_2A),
        Number("the same, mean shifted as the paper's", "meV/atom", printed,
               point.mae_source_shifted),
    ]  # fmt: skip


def figure_2b(curve: Path, others: Sequence[Point]) -> list[Number]:
    """Return the errors on the larger set at the paper's share of its atoms.

    others: models of still fewer frames, which may be the first to reach the paper's error.
    """
    percent, printed = FIGURE_2B
    points = read_curve(curve)
    point = at_share(points, "share_of_larger_atoms", percent)
    share = 100 * point.share_of_larger_atoms
    error, most = GOAL_REACH
    reached = [(p.share, p.mae) for p in others]
    reached += [(100 * p.share_of_larger_atoms, p.mae_larger) for p in points]
    first = min((s for s, mae in reached if mae <= error), default=float("inf"))
    return [
        Number("share of the larger set's atoms", "%", percent, share),
        Number(f"MAE on the larger set, trained on {point.frames} frames ({share:.2f}%)",
               "meV/atom", None, point.mae_larger, GOAL_2B),
        Number("the same, mean shifted as the paper's", "meV/atom", printed,
               point.mae_larger_shifted),
        Number(f"smallest share of the larger set's atoms with an MAE of at most {error}",
               "%", percent, first, most),
    ]  # fmt: skip


def choices(models: Mapping[str, Trained]) -> tuple[list[str], list[list[str]]]:
    """Return the errors on one set of models of several choices of frames from it, by label."""
    cells = []
    for label, (summary, evaluation) in models.items():
        trained, tested = read_json(summary), read_json(evaluation)
        errors = (tested[key] for key in CHOICE_ERRORS.values())
        cells.append([label, str(trained["frames"]), *(f"{error:.3f}" for error in errors)])
    return ["frames", "number", *CHOICE_ERRORS], cells


def larger_set_points(models: Mapping[str, Trained]) -> list[Point]:
    """Return each model's point on the larger set, by its label, in the order of their shares."""
    points = []
    for label, model in models.items():
        trained, tested = read_json(model.summary), read_json(model.evaluation)
        share = trained["frames"] * trained["atoms"] / (tested["frames"] * tested["atoms"])
        errors = tested["mae_meV_per_atom"], tested["mae_shifted_meV_per_atom"]
        points.append(Point(label, trained["frames"], 100 * share, *errors))
    return sorted(points, key=lambda point: point.share)


def translated(target: str, evaluation: Path) -> list[Number]:
    """Return the errors of a model of translated frames on the target's own set."""
    exact, predicted = read_evaluation(evaluation)
    error = 1000 * (predicted - exact)
    high = high_energy(exact)
    found = [
        Number(f"{target}: MAE on its own {len(exact)} frames", "meV/atom", None,
               float(np.abs(error).mean()), GOAL_TRANSLATION.get(target)),
        Number(f"{target}: the same, mean shifted as the paper's", "meV/atom", None,
               float(np.abs(error - error.mean()).mean())),
        Number(f"{target}: MAE of the {high.sum()} frames highest in energy (red circle)",
               "meV/atom", None, float(np.abs(error[high]).mean())),
    ]  # fmt: skip
    if not high.all():  # a set of one frame has no others
        rest = float(np.abs(error[~high]).mean())
        found.append(Number(f"{target}: MAE of the other frames", "meV/atom", None, rest))
    return found


def read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV table by its columns; PotstillError for a missing file."""
    if not path.exists():
        raise PotstillError(f"{path}: no such table; run the rule that makes it")
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def crystal_goals(table: Path, model: str) -> list[Number]:
    """Return the worst errors of FCC, BCC and HCP in a crystal table, of a model's rows.

    model: what the model's name in the table contains, as `distilled`.
    """
    rows = [row for row in read_table(table) if row["structure"] in STRUCTURES[:3]]
    own = [row for row in rows if f" {model} " in f" {row['potential']} "]
    if not own:
        raise PotstillError(f"{table}: has no rows of {model}; make it again")
    exact = {row["structure"]: row["rank"] for row in rows if row["potential"] == "EAM"}
    element = own[0]["element"]
    energy = max(abs(float(row["energy_error_eV_per_atom"])) for row in own)
    bond = max(abs(float(row["bond_error_A"])) for row in own)
    wrong = sum(row["rank"] != exact[row["structure"]] for row in own)
    return [
        Number(f"{element}, {model}: largest error of a crystal's energy", "meV/atom", None,
               1000 * energy, GOAL_CRYSTAL_MEV),
        Number(f"{element}, {model}: largest error of a bond", "A", None, bond, GOAL_BOND_A),
        Number(f"{element}, {model}: crystals out of rank", "crystals", None, wrong, 0),
    ]  # fmt: skip


def beside_printed(table: Path, printed: int | None) -> tuple[list[str], list[list[str]]]:
    """Return a crystal table's rows with the paper's printed bond, energy and rank beside ours.

    printed: number of the paper's table, None for one whose numbers are not known. The paper's HCP
    stands beside ours at c/a = sqrt(3). Its rank is that of its own three printed energies.
    """
    known = {
        (_kind(p.potential), HCP_HELD if p.structure == "HCP" else p.structure): p
        for p in (TABLES[printed] if printed else ())
    }
    energies: dict[str, list[float]] = {}
    for (kind, _), crystal in known.items():
        energies.setdefault(kind, []).append(crystal.energy_eV_per_atom)
    header = ["structure", "potential", "bond, A", "paper", "error", "energy, eV/atom", "paper",
              "error, meV/atom", "rank", "paper"]  # fmt: skip
    cells = []
    for row in read_table(table):
        kind = _kind(row["potential"])
        twin = known.get((kind, row["structure"]))
        bond, energy, rank = "", "", ""
        if twin:
            bond, energy = f"{twin.bond_length_A:.2f}", f"{twin.energy_eV_per_atom:.3f}"
            rank = str(1 + sum(e < twin.energy_eV_per_atom for e in energies[kind]))
        cells.append(
            [row["structure"], row["potential"], row["bond_length_A"], bond, row["bond_error_A"],
             row["energy_eV_per_atom"], energy,
             f"{1000 * float(row['energy_error_eV_per_atom']):.2f}", row["rank"], rank]
        )  # fmt: skip
    return header, cells


def _kind(potential: str) -> str:
    """Return what a potential's name says without its number of frames: `NNP 2000 FCC frames`."""
    return " ".join(re.sub(r"\b\d+\b|\bframes\b", "", potential).split())
