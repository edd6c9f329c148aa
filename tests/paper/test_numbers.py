"""Numbers beside the paper's: where on a curve they are read, goals, and the paper's rows."""

import math

import numpy as np
import pytest

from potstill.distillation.curve import read_curve
from potstill.errors import PotstillError
from potstill.paper import numbers
from potstill.paper.numbers import Number, Point
from potstill.plots.read_arrays import read_evaluation
from potstill.report.read_results import STRUCTURES, Trained

COLUMNS = (
    "element,structure,atoms,potential,bond_length_A,energy_eV_per_atom,"
    "bond_error_A,energy_error_eV_per_atom,rank"
)


@pytest.fixture
def table(tmp_path):
    """Table 1 with the EAM and one network, whose HCP is below its FCC."""
    rows = [COLUMNS]
    for potential, errors, ranks in (
        ("EAM", [(0, 0)] * 4, "1322"),
        ("NNP 150 FCC frames", [(0.001, 0.0015), (-0.006, -0.0025), (0, 0.001), (0, 0)], "2311"),
    ):
        for structure, (bond, energy), rank in zip(STRUCTURES, errors, ranks, strict=True):
            rows.append(f"Ni,{structure},32,{potential},2.49,-4.8,{bond},{energy},{rank}")
    (tmp_path / "t.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "t.csv"


def test_verdict():
    assert Number("x", "meV/atom", None, 0.3, 0.3).verdict == "reached"
    assert Number("x", "meV/atom", None, 0.35, 0.3).verdict == "missed by 0.05 meV/atom"
    assert Number("x", "%", None, math.inf, 0.3).verdict == "not reached"
    assert Number("x", "meV/atom", 2.0, 0.35).verdict == ""


def test_a_curve_is_read_at_the_paper_s_share_or_below(results):
    points = read_curve(results / "curve.csv")  # 10, 12.5, 14.3, 15.8, 17 percent of the frames
    at = [numbers.at_share(points, "share_of_source_frames", x).frames for x in (16, 17, 50, 5)]
    assert at == [190, 204, 204, 120]
    share, plain, shifted = numbers.figure_2a(results / "curve.csv")
    assert (share.paper, share.ours) == (17.0, pytest.approx(17.0))
    assert plain.ours == pytest.approx(points[-1].mae_source)
    assert (plain.paper, plain.goal) == (None, 0.3)  # the paper prints the shifted one
    assert (shifted.paper, shifted.ours) == (2.0, points[-1].mae_source_shifted)


def test_the_first_to_reach_the_paper_s_error_is_the_smallest(results):
    points = read_curve(results / "curve.csv")
    reached = [100 * p.share_of_larger_atoms for p in points if p.mae_larger <= 1.0]
    assert reached and reached[0] < 100 * points[-1].share_of_larger_atoms
    *_, alone = numbers.figure_2b(results / "curve.csv", [])
    assert alone.ours == pytest.approx(min(reached))
    few = [Point("34", 34, 0.05, 1.2, 1.1), Point("135", 135, 0.15, 0.9, 0.8)]
    *_, first = numbers.figure_2b(results / "curve.csv", few)
    assert (first.ours, first.verdict) == (0.15, "reached")


def test_share_of_the_larger_set(results):
    models = {
        label: Trained(results / f"grid-{label}.json", results / f"grid-{label}-on-108.json")
        for label in ("16x16", "8x8")
    }
    points = numbers.larger_set_points(models)
    assert [p.label for p in points] == ["8x8", "16x16"]
    assert points[0].share == pytest.approx(100 * 41 / 600)
    assert points[1].mae == 0.8


def test_the_high_energy_region_on_its_own(results):
    exact, predicted = read_evaluation(results / "evaluation-Nb-54.h5")
    everything, shifted, high, rest = numbers.translated("Nb", results / "evaluation-Nb-54.h5")
    order = np.argsort(exact)
    error = 1000 * np.abs(predicted - exact)
    assert high.ours == pytest.approx(error[order[-30:]].mean())  # 5% of 600
    assert rest.ours == pytest.approx(error[order[:-30]].mean())
    assert everything.ours == pytest.approx(0.05 * high.ours + 0.95 * rest.ours)
    assert shifted.ours < everything.ours
    assert (everything.goal, high.goal) == (2.0, None)


def test_a_set_of_one_frame_has_no_other_frames(one_frame):
    exact, predicted = read_evaluation(one_frame / "evaluation-Al-108.h5")
    everything, shifted, high = numbers.translated("Al", one_frame / "evaluation-Al-108.h5")
    assert everything.ours == high.ours == 1000 * abs(predicted[0] - exact[0])
    assert shifted.ours == 0


def test_crystal_goals_take_the_worst_of_the_three(table):
    energy, bond, rank = numbers.crystal_goals(table, "FCC")
    assert energy.ours == pytest.approx(2.5) and energy.verdict == "missed by 0.5 meV/atom"
    assert bond.ours == pytest.approx(0.006) and bond.goal == 0.005
    assert rank.ours == 2  # FCC and HCP change places
    with pytest.raises(PotstillError, match="has no rows of distilled"):
        numbers.crystal_goals(table, "distilled")


def test_the_paper_s_rows_stand_beside_ours(table):
    header, cells = numbers.beside_printed(table, 1)
    rows = {(row[1], row[0]): dict(zip(enumerate(header), row, strict=True)) for row in cells}
    printed = rows["NNP 150 FCC frames", "BCC"]
    assert printed[3, "paper"] == "2.41" and printed[6, "paper"] == "-4.905"
    # the paper's network puts BCC lowest
    ranks = [rows["NNP 150 FCC frames", s][9, "paper"] for s in ("FCC", "BCC", STRUCTURES[3])]
    assert ranks == ["2", "1", "3"]
    # its HCP is ours at c/a = sqrt(3)
    assert rows["EAM", STRUCTURES[3]][6, "paper"] == "-4.847"
    assert rows["EAM", "HCP"][6, "paper"] == ""
    _, unknown = numbers.beside_printed(table, None)
    assert all(row[3] == row[6] == row[9] == "" for row in unknown)


def test_a_missing_table_names_itself(tmp_path):
    with pytest.raises(PotstillError, match="no such table"):
        numbers.read_table(tmp_path / "none.csv")
