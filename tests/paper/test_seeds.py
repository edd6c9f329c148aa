"""Crystals over seeds: means, spread, worst errors, goals and ranks."""

import csv

import pytest

from potstill.paper.seeds import write_seeds
from potstill.report.read_results import STRUCTURES
from potstill.runtime.files import write_json

EAM = {"FCC": (2.4864, -4.8763), "BCC": (2.4088, -4.8333), "HCP": (2.4789, -4.8628),
       STRUCTURES[3]: (2.4401, -4.8466)}  # fmt: skip


@pytest.fixture
def relaxed(tmp_path):
    def write(name, shift=None, lost=()):
        shift = shift or {}
        crystals = []
        for structure, (bond, energy) in EAM.items():
            longer, higher = shift.get(structure, (0, 0))
            crystals.append(
                {"structure": structure, "atoms": 32, "bond_length_A": bond + longer,
                 "energy_eV_per_atom": energy + higher, "converged": structure not in lost}
            )  # fmt: skip
        write_json(tmp_path / f"{name}.json", {"model": name, "symbol": "Ni", "crystals": crystals})
        return tmp_path / f"{name}.json"

    return write


def table(tmp_path, reference, seeds):
    write_json(tmp_path / "summary.json", {"frames": 34})
    write_seeds(
        reference,
        {"Ni-distilled": seeds},
        {"Ni-distilled": tmp_path / "summary.json"},
        csv=tmp_path / "t.csv",
        markdown=tmp_path / "t.md",
    )
    with (tmp_path / "t.csv").open(newline="") as handle:
        return {row["structure"]: row for row in csv.DictReader(handle)}


def test_statistics(relaxed, tmp_path):
    seeds = [
        relaxed("0", {"FCC": (0.001, 0.001)}),
        relaxed("1", {"FCC": (-0.003, -0.003)}),
        relaxed("2", {"FCC": (0.008, 0.0)}),
    ]
    row = table(tmp_path, relaxed("EAM"), seeds)["FCC"]
    assert (row["frames"], row["seeds"]) == ("34", "3")
    assert float(row["bond_error_A"]) == pytest.approx(0.002, abs=1e-4)
    assert float(row["bond_std_A"]) == pytest.approx(0.00557, abs=1e-4)
    assert float(row["worst_bond_error_A"]) == pytest.approx(0.008)
    assert float(row["energy_error_meV_per_atom"]) == pytest.approx(-0.67, abs=0.01)
    assert float(row["worst_energy_error_meV_per_atom"]) == pytest.approx(3.0)
    # the second misses by its energy, the third by its bond
    assert (row["seeds_within_goal"], row["seeds_with_right_rank"]) == ("1", "3")


def test_a_wrong_order_counts_for_both_crystals(relaxed, tmp_path):
    seeds = [relaxed("0"), relaxed("1", {"HCP": (0, -0.02)})]  # below FCC
    rows = table(tmp_path, relaxed("EAM"), seeds)
    right = [rows[s]["seeds_with_right_rank"] for s in STRUCTURES]
    assert right == ["1", "2", "1", "2"]


def test_an_unconverged_crystal_makes_no_mean(relaxed, tmp_path):
    seeds = [relaxed("0"), relaxed("1", {"BCC": (1, 1)}, lost=["BCC"])]
    row = table(tmp_path, relaxed("EAM"), seeds)["BCC"]
    assert float(row["worst_energy_error_meV_per_atom"]) == 0
    assert (row["seeds"], row["seeds_within_goal"], row["seeds_with_right_rank"]) == ("2", "1", "1")
    assert (
        "Not converged, so in no mean: Ni-distilled, BCC: 1 seeds."
        in (tmp_path / "t.md").read_text()
    )
    row = table(tmp_path, relaxed("EAM"), [relaxed("2", lost=["BCC"])])["BCC"]
    assert (row["energy_eV_per_atom"], row["seeds_within_goal"]) == ("", "0")
