"""The reproduction's page: what it shows, copies and counts."""

import csv
from dataclasses import replace

import pytest
from PIL import Image

from potstill.errors import PotstillError
from potstill.paper.reproduction import Making, Sources, write_reproduction
from potstill.paper.times import Job
from potstill.report.read_results import STRUCTURES, Trained
from potstill.runtime.files import read_json, write_json

LOGS = "results/x/logs"
COLUMNS = (
    "element,structure,atoms,potential,bond_length_A,energy_eV_per_atom,"
    "bond_error_A,energy_error_eV_per_atom,rank"
)


def crystal_table(path, element, *models):
    rows = [COLUMNS]
    for potential in ("EAM", *models):
        rows += [f"{element},{s},32,{potential},2.49,-4.8,0.001,0.001,1" for s in STRUCTURES]
    path.write_text("\n".join(rows) + "\n")
    path.with_suffix(".md").write_text("| a table |\n")
    return path


@pytest.fixture
def sources(results, tmp_path):
    tables = {
        number: crystal_table(tmp_path / f"table_{number}.csv", element, *models)
        for number, element, models in (
            ("1", "Ni", ["NNP 20 FCC frames", "NNP 20 liquid frames", "NNP 20 MOMT frames"]),
            ("2", "Ni", ["NNP 204 distilled frames", "NNP 1200 undistilled frames"]),
            ("3", "Al", ["NNP 204 translated frames"]),
            ("nb", "Nb", ["NNP 204 translated frames"]),
            ("s4", "Ni", []),
        )
    }
    Image.new("RGB", (90, 60), "white").save(tmp_path / "figure_1.png")
    reduction = tmp_path / "reduction.json"
    write_json(
        reduction,
        {"strategy": "outlying_atom", "kept": 204, "seen": 1200, "labelled": 204,
         "duplicates_kept": 0, "near_duplicates_dropped": 17,
         "iterations": [{"iteration": k, "added": a, "dropped": 120 - a}
                        for k, a in enumerate([120, 30, 22, 18, 14])]},
    )  # fmt: skip
    reduction.with_suffix(".md").write_text("kept\n")
    # 500 s by its own rate, where the job's record below says 600
    (tmp_path / "sets.csv").write_text(
        "set,steps,learning_steps,steps_per_second\nNi/32/momt,2000,3000,10\n"
    )
    study = crystal_table(tmp_path / "table.csv", "Ni")
    labels = ["FCC", "liquid", "MOMT"]
    models = ["Ni-fcc", "Ni-liquid", "Ni-momt"]
    return Sources(
        tables=tables,
        figures=[tmp_path / "figure_1.png"],
        curve=results / "curve.csv",
        reduction=reduction,
        choices={
            "as many at random": Trained(results / "Ni-random.json", results / "source-random.json")
        },
        grids={"8x8": Trained(results / "grid-8x8.json", results / "grid-8x8-on-108.json")},
        few={},
        compared={
            label: {tested: results / f"{model}-on-{k}.json" for k, tested in enumerate(labels)}
            for label, model in zip(labels, models, strict=True)
        },
        translated={"Al": results / "evaluation-Al-108.h5"},
        sets=tmp_path / "sets.csv",
        extra={"study Ni": study},
        rows={"study_Ni_models.csv": results / "curve.csv"},
    )


@pytest.fixture
def making():
    return Making(
        command="snakemake --cores 2 reproduction",
        provenance={
            "settings": {"run": "x"}, "seed": 11, "git": {"revision": "0123456789ab",
            "modified": True}, "machine": {"processor": "P", "cores": 2, "memory_GiB": 8.0},
        },
        jobs=[
            Job("sample", f"{LOGS}/sampling/Ni-32-momt.log", 0.0, 600.0),
            Job("train", f"{LOGS}/training/Ni-full.log", 300.0, 900.0),
            Job("train", f"{LOGS}/training/Ni-study-random-5-0.log", 900.0, 1500.0),
            Job("train", f"{LOGS}/training/Nb-bain-0.25.log", 1500.0, 1540.0),
            Job("describe", f"{LOGS}/training/features/scaled/sampling/Nb/54/momt.log", 0.0, 60.0),
            Job("describe", f"{LOGS}/training/features/scaled/translation/Nb/test.log", 900, 960),
            Job("study_table", f"{LOGS}/study/Ni-table.log", 1500.0, 1560.0),
            Job("measure_properties", f"{LOGS}/properties/EAM-Ni.log", 1560.0, 1600.0),
        ],
        logs=LOGS,
    )  # fmt: skip


def read(path):
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def test_page(sources, making, tmp_path):
    folder = tmp_path / "page"
    write_reproduction(sources, making, folder)
    page = (folder / "README.md").read_text()
    for line in (
        "Seed 11; code: revision 0123456789 with changes; first job 1970-01-01 00:00",
        "P, 2 cores, 8.0 GiB",
        "| 4 | 14 | 120 | 204 | 17.00 |",
        "kept 204 of 1200 frames with 204 labels: it needs no labels of what it drops",
        "| as many at random | 204 | 0.500 | 0.465 | 2.500 | 4.500 |",
        "| (H, O) grid 8x8 | 41 | 6.833 | 2.100 |",
        "| FCC frames | 0.60 (0.56) | 80.00 (74.40) | 40.00 (37.20) |",
        "## study Ni",
        "![figure_1](figures/figure_1.png)",
    ):
        assert line in page, line
    assert "printed nowhere" in page
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {"tables/study_Ni.csv", "tables/table_nb.md", "sampling/sets.csv"} < files
    assert {"tables/study_Ni_models.csv", "figures/figure_1.png"} < files


def test_numbers_and_times(sources, making, tmp_path):
    write_reproduction(sources, making, tmp_path / "page")
    found = {row["quantity"]: row for row in read(tmp_path / "page/numbers.csv")}
    assert found["share of the frames"]["paper"] == found["share of the frames"]["ours"] == "17"
    crystals = found["Ni, distilled: largest error of a crystal's energy"]
    assert (crystals["ours"], crystals["goal"], crystals["verdict"]) == ("1", "2", "reached")
    time = found["time with at least one job running"]
    assert (time["ours"], time["verdict"]) == ("15", "reached")
    times = {row["stage"]: row for row in read(tmp_path / "page/times.csv")}
    assert times["whole run"]["sum of jobs, min"] == "21.0"
    assert times["whole run"]["elapsed, min"] == "15.0"
    # the study, the properties and the compared translations are no part of the run
    assert times["asked for apart"]["jobs"] == "5"


def test_labels_of_dropped_frames_are_told(sources, making, tmp_path):
    report = read_json(sources.reduction) | {"strategy": "grid", "labelled": 1200}
    write_json(sources.reduction, report)
    write_reproduction(sources, making, tmp_path / "page")
    page = (tmp_path / "page/README.md").read_text()
    assert "1200 labels: it needs labels of frames that it drops" in page


def test_sampling_that_was_cut_off_counts(sources, making, tmp_path):
    table = sources.sets.read_text().replace(",10\n", ",5\n")  # 1000 s, 400 of them unrecorded
    sources.sets.write_text(table)
    write_reproduction(sources, making, tmp_path / "page")
    times = {row["stage"]: row for row in read(tmp_path / "page/times.csv")}
    assert times["sampling that was cut off"]["elapsed, min"] == "6.7"
    assert times["whole run"]["elapsed, min"] == "21.7"
    assert times["whole run"]["sum of jobs, min"] == "27.7"


def test_results_without_the_record_of_their_run(sources, making, tmp_path):
    apart = replace(making, jobs=[job for job in making.jobs if "study" in job.log])
    with pytest.raises(PotstillError, match=f"no record of the jobs .* in {LOGS}: make the page"):
        write_reproduction(sources, apart, tmp_path / "page")
    assert not (tmp_path / "page").exists()
