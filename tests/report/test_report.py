"""The page of results, and Snakemake's report: it opens on results, and shows tables inside it."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from potstill.report.markup import Table
from potstill.report.read_results import STRUCTURES
from potstill.report.results_page import results_page
from potstill.report.table_files import write_table
from potstill.runtime.files import write_json

ROOT = Path(__file__).parents[2]
SNAKEFILE = f"""
configfile: "config.yaml"
report: "{ROOT}/workflow/report/workflow.rst"
rule all:
    input:
        "results/toy/results.html",
        "results/toy/tables/table.html",
rule results_page:
    output: report("results/toy/results.html", category="Results", labels={{"page": "results"}})
    shell: "cp made/results.html {{output}}"
rule table:
    output: report("results/toy/tables/table.html", category="Tables", labels={{"table": "S"}})
    shell: "cp made/table.html {{output}}"
"""


@pytest.fixture
def page(tmp_path) -> Path:
    """The page of the small run."""
    for name, method, trips in (("momt", "momt", 3), ("fcc", "npt", 0)):
        flatness = 1.87 if method == "momt" else None
        write_json(
            tmp_path / f"{name}.json",
            {"method": method, "frames": 600, "round_trips": trips, "order_flatness": flatness},
        )
    for model, energies, error in (
        ("EAM", (-4.87, -4.83, -4.86), 0.0),
        ("Ni-distilled", (-4.871, -4.833, -4.862), -0.0015),
        ("Ni-full", (-4.87, -4.88, -4.86), -0.025),
    ):
        crystals = [
            {"structure": structure, "atoms": 32, "bond_length_A": 2.49 + error,
             "energy_eV_per_atom": energy, "converged": True}
            for structure, energy in zip(STRUCTURES, (*energies, -4.5), strict=True)
        ]  # fmt: skip
        write_json(
            tmp_path / f"{model}.json", {"model": model, "symbol": "Ni", "crystals": crystals}
        )
    write_json(
        tmp_path / "reduction.json",
        {"strategy": "outlying_atom", "kept": 204, "labelled": 204, "source_frames": 1200},
    )
    Image.new("RGB", (60, 40), "white").save(tmp_path / "curve.png")
    part = {"elements": "AlNi", "frames": 20, "mae_meV_per_atom": 0.1, "force_mae_meV_per_A": None}
    for model, frames, tested, mae, parts in (
        ("Ni-distilled", 204, 600, 0.6, {}),
        ("Ni-full", 1200, 1200, 0.3, {"by_composition": [part]}),
    ):
        write_json(tmp_path / f"{model}-summary.json", {"symbol": "Ni", "frames": frames})
        write_json(
            tmp_path / f"{model}-evaluation.json",
            {"frames": tested, "mae_meV_per_atom": mae, "worst_percent_meV_per_atom": 5 * mae,
             "force_mae_meV_per_A": 9 * mae, **parts},
        )  # fmt: skip
    models = ("Ni-distilled", "Ni-full")
    results_page(
        "toy",
        tmp_path / "results.html",
        summaries={name: tmp_path / f"{name}-summary.json" for name in models},
        evaluations={
            (model, name): tmp_path / f"{model}-evaluation.json"
            for model, name in zip(models, ("Ni/108/momt", "Ni/32/momt"), strict=True)
        },
        crystals={(name, "Ni"): tmp_path / f"{name}.json" for name in models},
        references={"Ni": tmp_path / "EAM.json"},
        reductions={"Ni": tmp_path / "reduction.json"},
        sampled={"Ni/108/momt": tmp_path / "momt.json", "Ni/108/fcc": tmp_path / "fcc.json"},
        images={"error & share": tmp_path / "curve.png"},
    )
    return tmp_path / "results.html"


def rows_of(html):
    """Return the cells of all rows of a page's tables."""
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_page_of_results(page):
    text = page.read_text()
    assert "kept <strong>204</strong> (17.0%), with labels of 204" in text
    rows = rows_of(text)
    for row in (
        ["Ni", "NNP 204 distilled frames", "Ni/108/momt", "600", "0.600", "3.00", "5.4"],
        ["Ni", "NNP 1200 undistilled frames", "Ni/32/momt", "1200", "0.300", "1.50", "2.7"],
        ["Ni", "NNP 1200 undistilled frames", "Ni/32/momt: AlNi", "20", "0.100", "-", "-"],
        ["Ni", "NNP 204 distilled frames", "3.00", "0.0015", "FCC &lt; HCP &lt; BCC", "yes"],
        ["Ni", "NNP 1200 undistilled frames", "50.00", "0.0250", "BCC &lt; FCC &lt; HCP",
         "no: FCC &lt; HCP &lt; BCC"],
        ["Ni/108/momt", "MOMT", "600", "3", "1.87"],
        ["Ni/108/fcc", "NPT", "600", "-", "-"],
    ):  # fmt: skip
        assert row in rows, row
    assert 'alt="error &amp; share"' in text
    shown = re.search(r'src="data:image/png;base64,([^"]+)"', text)[1]
    assert base64.b64decode(shown).startswith(b"\x89PNG")


def test_page_leaves_out_what_a_run_has_none_of(tmp_path):
    """As of a run of sampling alone, and of one whose targets made nothing that a page tells."""
    write_json(
        tmp_path / "momt.json",
        {"method": "momt", "frames": 600, "round_trips": 3, "order_flatness": None},
    )
    for sampled, headings in (({"Cu/32/momt": tmp_path / "momt.json"}, ["Sampling"]), ({}, [])):
        results_page("copper", tmp_path / "results.html", sampled=sampled)
        text = (tmp_path / "results.html").read_text()
        assert "<h1>Results of the run copper</h1>" in text
        assert re.findall("<h2>(.*?)</h2>", text) == headings
        assert "<img" not in text and text.count("<table>") == len(headings)


@pytest.fixture
def report(page, tmp_path) -> str:
    """The report, as `make report` makes it, of a toy run of the page and a table."""
    folder = tmp_path / "toy"
    (folder / "made").mkdir(parents=True)
    page.rename(folder / "made/results.html")
    write_table(
        "Self energies",
        Table(["element", "self_energy_eV"], [["Ni", "-4.500000"]]),
        groups=["Ni"],
        **{kind: folder / f"made/table.{suffix}" for kind, suffix in
           (("csv", "csv"), ("markdown", "md"), ("tex", "tex"), ("page", "html"))},
    )  # fmt: skip
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "config.yaml").write_text("run: toy\n")
    metadata = re.search(r"--report-metadata (\S+)", (ROOT / "Makefile").read_text())[1]
    for arguments in (
        ("--cores", "1"),
        ("--report", "report.html", "--report-metadata", ROOT / metadata),
    ):
        made = subprocess.run(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=folder, capture_output=True, text=True,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout + made.stderr
    return (folder / "report.html").read_text()


def variable(report, name):
    """Return what a report's script is given under a name."""
    return json.loads(re.search(rf"<script[^>]*>\s*var {name} = (.*);\n", report)[1])


def test_report_shows_tables_and_opens_on_results(report):
    # Snakemake shows what is HTML in the page, and anything but images and PDF as a download
    shown = variable(report, "results")
    assert {result["mime_type"] for result in shown.values()} == {"text/html"}
    table = shown["results/toy/tables/table.html"]
    page = base64.b64decode(table["data_uri"].partition("base64,")[2]).decode()
    assert ["Ni", "-4.500000"] in rows_of(page)
    # with metadata it opens on them below the description, without on the graph of rules beside it
    assert variable(report, "metadata")
    description = variable(report, "workflow_desc")
    assert ["Ni/108/momt", "MOMT", "600", "3", "1.87"] in rows_of(description)
    assert "app.showCategory('Tables')" in description
    assert "system-message" not in description
