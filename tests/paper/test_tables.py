"""The tables: columns, errors, ranks, labels, and what they refuse."""

import base64
import csv
import re

import pytest

from potstill.errors import PotstillError
from potstill.paper.tables import crystal_table, self_energy_table
from potstill.report.read_results import potential_label
from potstill.runtime.files import write_json

HEADER = (
    "element,structure,atoms,potential,bond_length_A,energy_eV_per_atom,"
    "bond_error_A,energy_error_eV_per_atom,rank"
)
# the EAM's nickel, then a model that puts BCC lowest and the printed HCP above the relaxed FCC
EAM = {
    "FCC": (32, 2.4864, -4.87631),
    "BCC": (54, 2.4088, -4.83335),
    "HCP": (48, 2.4789, -4.86285),
    "HCP c/a=sqrt(3)": (48, 2.4401, -4.84658),
}
NETWORK = {
    "FCC": (32, 2.5564, -4.87231),
    "BCC": (54, 2.4188, -4.90535),
    "HCP": (48, 2.4689, -4.88000),
    "HCP c/a=sqrt(3)": (48, 2.4501, -4.80000),
}


@pytest.fixture
def files(tmp_path):
    def relaxed(name, crystals, symbol="Ni", bad=()):
        write_json(
            tmp_path / f"{name}.json",
            {
                "model": name,
                "symbol": symbol,
                "crystals": [
                    {
                        "structure": structure,
                        "atoms": atoms,
                        "bond_length_A": bond,
                        "energy_eV_per_atom": energy,
                        "c_over_a": None,
                        "volume_A3_per_atom": 10.9,
                        "converged": structure not in bad,
                        "steps": 9,
                    }
                    for structure, (atoms, bond, energy) in crystals.items()
                ],
            },
        )
        return tmp_path / f"{name}.json"

    def summary(name, frames, symbol="Ni", self_energy=-4.4):
        path = tmp_path / f"{name}-summary.json"
        write_json(path, {"frames": frames, "symbol": symbol, "self_energy_eV": self_energy})
        return path

    return relaxed, summary


def outputs(tmp_path):
    return {
        "csv": tmp_path / "t.csv",
        "markdown": tmp_path / "t.md",
        "tex": tmp_path / "t.tex",
        "page": tmp_path / "t.html",
    }


def make(tmp_path, files, bad=(), **options):
    relaxed, summary = files
    crystal_table(
        relaxed("EAM", EAM),
        {"Ni-fcc": relaxed("Ni-fcc", NETWORK, bad=bad)},
        {"Ni-fcc": summary("Ni-fcc", 1873)},
        title="Table",
        **outputs(tmp_path),
        **options,
    )
    with (tmp_path / "t.csv").open() as handle:
        return list(csv.DictReader(handle))


def test_columns_order_and_labels(tmp_path, files):
    rows = make(tmp_path, files)
    assert (tmp_path / "t.csv").read_text().splitlines()[0] == HEADER
    assert [row["structure"] for row in rows] == list(EAM) * 2
    assert [row["potential"] for row in rows] == ["EAM"] * 4 + ["NNP 1873 FCC frames"] * 4
    assert [row["atoms"] for row in rows] == ["32", "54", "48", "48"] * 2
    assert {row["element"] for row in rows} == {"Ni"}


def test_errors_are_against_the_eam_in_the_same_structure(tmp_path, files):
    rows = make(tmp_path, files)
    assert {float(row["energy_error_eV_per_atom"]) for row in rows[:4]} == {0.0}
    assert {float(row["bond_error_A"]) for row in rows[:4]} == {0.0}
    energy = [float(row["energy_error_eV_per_atom"]) for row in rows[4:]]
    bond = [float(row["bond_error_A"]) for row in rows[4:]]
    assert energy == pytest.approx([0.004, -0.072, -0.01715, 0.04658], abs=1e-9)
    assert bond == pytest.approx([0.07, 0.01, -0.01, 0.01], abs=1e-9)
    assert [float(r["energy_eV_per_atom"]) for r in rows[:4]] == [v[2] for v in EAM.values()]


def test_each_hcp_convention_is_ranked_in_its_own_three(tmp_path, files):
    rows = make(tmp_path, files)
    # EAM: FCC < HCP < BCC, and the held HCP lies between FCC and BCC too
    assert [row["rank"] for row in rows[:4]] == ["1", "3", "2", "2"]
    # network: BCC < HCP < FCC; the held HCP is above both
    assert [row["rank"] for row in rows[4:]] == ["3", "1", "2", "3"]


def test_markdown_has_the_rows_and_the_printed_numbers_apart(tmp_path, files):
    make(tmp_path, files, printed=2)
    ours, printed = (tmp_path / "t.md").read_text().split("Printed in the paper (Table 2")
    assert (
        "| Ni | BCC | 54 | NNP 1873 FCC frames | 2.4188 | -4.90535 | 0.0100 | -0.07200 | 1 |"
        in (ours)
    )
    assert "| HCP | 48 | NNP distilled | 2.46 | -4.835 |" in printed
    assert "distilled" not in ours
    assert "distilled" not in (tmp_path / "t.csv").read_text()
    assert "Not converged" not in ours


def test_unconverged_crystals_are_told(tmp_path, files):
    make(tmp_path, files, bad=["BCC"])
    text = (tmp_path / "t.md").read_text()
    assert "Not converged, so no minimum: NNP 1873 FCC frames, BCC." in text
    assert "Printed" not in text


def test_the_page_holds_all_that_the_markdown_does(tmp_path, files):
    """As a report shows it: both tables with all their cells, the notes, and the CSV to save."""
    rows = make(tmp_path, files, printed=2, bad=["BCC"])
    page = (tmp_path / "t.html").read_text()
    ours, printed = page.split("Printed in the paper (Table 2")
    cells = re.findall("<td[^>]*>(.*?)</td>", ours)
    assert cells == [cell for row in rows for cell in row.values()]
    assert re.findall("<th(?: [^>]*)?>(.*?)</th>", ours) == HEADER.split(",")
    assert "<td>NNP distilled</td>" in printed
    assert "Not converged, so no minimum: NNP 1873 FCC frames, BCC." in ours
    kept = re.search(r'download="t.csv" href="data:text/csv;base64,([^"]+)"', page)[1]
    assert base64.b64decode(kept) == (tmp_path / "t.csv").read_bytes()


def test_tex_is_a_booktabs_tabular(tmp_path, files):
    make(tmp_path, files)
    text = (tmp_path / "t.tex").read_text()
    assert text.count("\\\\\n") == 9
    for line in text.splitlines():
        if line.endswith(r"\\"):
            assert line.count("&") == 8
    for part in (r"\toprule", r"\midrule", r"\addlinespace", r"\bottomrule", r"\end{tabular}"):
        assert text.count(part) == 1
    assert r"HCP c/a=$\sqrt{3}$" in text
    assert "$-4.87631$" in text
    assert r"energy\_eV\_per\_atom" in text


def test_the_same_files_give_the_same_bytes(tmp_path, files):
    make(tmp_path, files, printed=1)
    first = [path.read_bytes() for path in outputs(tmp_path).values()]
    make(tmp_path, files, printed=1)
    assert first == [path.read_bytes() for path in outputs(tmp_path).values()]


def test_labels():
    assert potential_label("Ni-momt", 2000) == "NNP 2000 MOMT frames"
    assert potential_label("Ni-liquid", 400) == "NNP 400 liquid frames"
    assert potential_label("Al-translated", 71) == "NNP 71 translated frames"
    assert potential_label("Ni-full", 400) == "NNP 400 undistilled frames"
    assert potential_label("Ni-grid-8x8", 60) == "NNP 60 grid-8x8 frames"


def test_crystals_of_another_element_or_missing_ones_are_refused(tmp_path, files):
    relaxed, summary = files
    reference, good = relaxed("EAM", EAM), summary("Ni-fcc", 10)
    options = outputs(tmp_path) | {"title": "Table"}
    with pytest.raises(PotstillError, match=r"Al\.json: holds crystals of Al"):
        crystal_table(reference, {"Al": relaxed("Al", EAM, "Al")}, {"Al": good}, **options)
    partial = {name: EAM[name] for name in ("FCC", "HCP")}
    with pytest.raises(PotstillError, match=r"lacks the crystal\(s\) BCC, HCP c/a=sqrt\(3\)"):
        crystal_table(relaxed("part", partial), {}, {}, **options)
    with pytest.raises(PotstillError, match="has no training summary"):
        crystal_table(reference, {"Ni-fcc": relaxed("Ni-fcc", EAM)}, {}, **options)


def test_self_energies(tmp_path, files):
    _, summary = files
    self_energy_table(
        {
            "Ni-fcc": summary("Ni-fcc", 2000, self_energy=-4.5123456789),
            "Al-translated": summary("Al", 3400, "Al", -3.3),
        },
        title="Self energies",
        **outputs(tmp_path),
    )
    assert (tmp_path / "t.csv").read_text() == (
        "element,model,frames,self_energy_eV\n"
        "Ni,Ni-fcc,2000,-4.512346\n"
        "Al,Al-translated,3400,-3.300000\n"
    )
    assert "| Al | Al-translated | 3400 | -3.300000 |" in (tmp_path / "t.md").read_text()
    assert r"Ni & Ni-fcc & $2000$ & $-4.512346$ \\" in (tmp_path / "t.tex").read_text()
