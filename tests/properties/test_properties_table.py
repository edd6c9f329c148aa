"""The table of properties: values, errors, compared curves, and what is missing."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from potstill.errors import PotstillError
from potstill.properties import NAMES
from potstill.properties.properties_table import properties_table
from potstill.runtime.files import write_json

Properties = dict[str, Any]


def value(name: str, unit: str, number: float, uncertainty: float | None = None) -> Properties:
    return {"name": name, "unit": unit, "value": number, "uncertainty": uncertainty}


def properties(c11: float, hcp: float, volume: float, energy: float) -> Properties:
    found: Properties = {name: {"values": [], "curves": {}} for name in NAMES}
    found["elastic_constants"]["values"] = [value("C11", "GPa", c11)]
    found["stacking_order"]["values"] = [
        value("HCP above FCC", "meV/atom", hcp),
        value("DHCP above FCC", "meV/atom", 0.5 * hcp),
    ]
    found["equation_of_state"]["curves"] = {"energy_above_minimum_eV_per_atom": [energy, 0.0]}
    found["liquid"]["values"] = [value("liquid, volume", "A^3", volume, 0.05)]
    return found


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Any]:
    """The arguments of a table of the EAM and of two models, one of which lacks a property."""
    broken = properties(250.0, -1.0, 12.5, 0.103)
    broken["elastic_constants"] = {"failed": "an atom left its place"}
    models = {
        "EAM": properties(240.0, 13.46, 12.9, 0.1),
        "Ni-full": properties(241.5, 12.0, 13.0, 0.1),
        "Ni-distilled": broken,
    }
    for name, found in models.items():
        content = {"model": name, "symbol": "Ni", "properties": found}
        write_json(tmp_path / f"{name}.json", content)
        write_json(tmp_path / f"{name}-summary.json", {"frames": 100})
    names = ("Ni-full", "Ni-distilled")
    return {
        "reference": tmp_path / "EAM.json",
        "models": {name: tmp_path / f"{name}.json" for name in names},
        "summaries": {name: tmp_path / f"{name}-summary.json" for name in names},
        "csv": tmp_path / "t.csv",
        "markdown": tmp_path / "t.md",
        "tex": tmp_path / "t.tex",
        "page": tmp_path / "t.html",
    }


def test_values_errors_and_curves(files: dict[str, Any]) -> None:
    properties_table(**files)
    full, distilled = "NNP 100 undistilled frames", "NNP 100 distilled frames"
    with files["csv"].open() as handle:
        rows = {row["property"]: row for row in csv.DictReader(handle)}
    assert list(rows) == [
        "E(V), rms difference", "C11", "HCP above FCC", "DHCP above FCC", "liquid, volume",
    ]  # fmt: skip
    c11 = rows["C11"]
    assert (c11["element"], c11["unit"], c11["EAM"]) == ("Ni", "GPa", "240.0")
    assert (c11[full], c11[f"{full}: error"]) == ("241.5", "1.5")
    assert (c11[distilled], c11[f"{distilled}: error"]) == ("-", "-")
    curve = rows["E(V), rms difference"]
    assert curve["EAM"] == curve[full] == "-"
    # half of the curve is 3 meV off
    assert curve[f"{full}: error"] == "0.00" and curve[f"{distilled}: error"] == "2.12"


def test_markdown_tells_order_noise_and_reasons(files: dict[str, Any]) -> None:
    properties_table(**files)
    table, *notes = files["markdown"].read_text().split("\n\n")
    assert "| Ni | C11 | GPa | 240.0 | 241.5 | 1.5 | - | - |" in table
    assert notes[0].startswith("EAM: FCC < DHCP < HCP.")
    assert "standard errors: liquid, volume ± 0.050 A^3" in notes[1]
    assert notes[2].startswith("NNP 100 distilled frames: HCP < DHCP < FCC.")
    assert notes[2].strip().endswith("no elastic_constants: an atom left its place.")


def test_the_page_has_the_rows_and_the_notes(files: dict[str, Any]) -> None:
    properties_table(**files)
    page = files["page"].read_text()
    with files["csv"].open() as handle:
        rows = list(csv.reader(handle))[1:]
    assert re.findall("<td[^>]*>(.*?)</td>", page) == [cell for row in rows for cell in row]
    assert "no elastic_constants: an atom left its place." in page


def test_tex_has_a_row_each_and_space_between_properties(files: dict[str, Any]) -> None:
    properties_table(**files)
    text = files["tex"].read_text()
    assert r"Ni & liquid, volume & A$^3$ & $12.900$ & $13.000$ & $0.100$" in text
    assert text.count(r"\addlinespace") == 3
    assert text.count("\\\\\n") == 6


def test_other_elements_are_refused(files: dict[str, Any], tmp_path: Path) -> None:
    other = {"model": "x", "symbol": "Al", "properties": properties(1, 1, 1, 1)}
    write_json(tmp_path / "Ni-full.json", other)
    with pytest.raises(PotstillError, match=r"Ni-full\.json: properties of Al, but .* of Ni"):
        properties_table(**files)
