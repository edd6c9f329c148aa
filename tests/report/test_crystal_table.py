"""The crystal table of any metal, whatever labelled its frames."""

import csv

import pytest

from potstill.errors import PotstillError
from potstill.report.crystal_table import crystal_table
from potstill.report.read_results import STRUCTURES
from potstill.runtime.files import write_json

SUFFIXES = {"csv": "csv", "markdown": "md", "tex": "tex", "page": "html"}
# energies of FCC, BCC, HCP and the held HCP, eV/atom
DFT = (-3.72, -3.69, -3.71, -3.60)
MODEL = (-3.719, -3.70, -3.75, -3.71)


@pytest.fixture
def make(tmp_path):
    """Write the table of a reference and of models by name, each with its energies."""

    def relaxed(name, energies):
        crystals = [
            {"structure": structure, "atoms": 32, "bond_length_A": 2.5 + k / 100,
             "energy_eV_per_atom": energy, "converged": True}
            for k, (structure, energy) in enumerate(zip(STRUCTURES, energies, strict=True))
        ]  # fmt: skip
        write_json(tmp_path / f"{name}.json", {"model": name, "symbol": "Cu", "crystals": crystals})
        write_json(tmp_path / f"{name}-summary.json", {"frames": 64})
        return tmp_path / f"{name}.json"

    def of(**models):
        files = {name.replace("_", "-"): relaxed(name, e) for name, e in models.items()}
        crystal_table(
            relaxed("PBE", DFT),
            files,
            {name: tmp_path / f"{path.stem}-summary.json" for name, path in files.items()},
            title="Relaxed copper",
            **{name: tmp_path / f"t.{suffix}" for name, suffix in SUFFIXES.items()},
        )
        with (tmp_path / "t.csv").open() as handle:
            return list(csv.DictReader(handle))

    return of


def test_reference_and_models_by_name(make, tmp_path):
    rows = make(Cu_distilled=MODEL)
    assert [row["potential"] for row in rows] == ["PBE"] * 4 + ["NNP 64 distilled frames"] * 4
    assert {row["element"] for row in rows} == {"Cu"}
    errors = [float(row["energy_error_eV_per_atom"]) for row in rows[4:]]
    assert errors == pytest.approx([m - e for m, e in zip(MODEL, DFT, strict=True)], abs=1e-9)
    assert [row["rank"] for row in rows] == ["1", "3", "2", "3", "2", "3", "1", "2"]
    for suffix in ("md", "html"):
        text = (tmp_path / f"t.{suffix}").read_text()
        assert "Errors: against the PBE in the same structure." in text
        assert "the paper" not in text and "EAM" not in text
    assert "<h1>Relaxed copper</h1>" in text


def test_a_reference_alone_is_a_table_too(make):
    rows = make()
    assert [row["structure"] for row in rows] == list(STRUCTURES)
    assert {row["bond_error_A"] for row in rows} == {"0.0000"}


def test_a_file_of_no_crystals_is_refused(make, tmp_path):
    make()
    write_json(tmp_path / "PBE.json", {"model": "PBE", "symbol": "Cu", "crystals": []})
    with pytest.raises(PotstillError, match=r"PBE\.json: lacks the crystal\(s\) FCC, BCC, HCP"):
        crystal_table(
            tmp_path / "PBE.json", {}, {}, title="x",
            **{name: tmp_path / f"t.{suffix}" for name, suffix in SUFFIXES.items()},
        )  # fmt: skip
