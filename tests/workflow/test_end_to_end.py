"""The tiny configuration through every stage, twice."""

import base64
import csv
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import yaml

from potstill.data.frames import read_frames
from potstill.models import load_calculator
from potstill.potentials.known_tables import KNOWN
from potstill.provenance import describe, read_records
from potstill.settings import load_settings

ROOT = Path(__file__).parents[2]
FIGURES = [
    *(f"figure_{n}" for n in ("1", "2a", "2b", "3a", "3b", "n6", "s1", "s2", "s3")),
    "translation",
    "energy_volume",
]
CRYSTAL_TABLES = {
    "crystals_Ni": ("Ni", 6),
    "crystals_Al": ("Al", 2),
    "table_1": ("Ni", 4),
    "table_2": ("Ni", 3),
    "table_3": ("Al", 2),
    "table_nb": ("Nb", 2),
}
STRUCTURES = ["FCC", "BCC", "HCP", "HCP c/a=sqrt(3)"]
CRYSTAL_COLUMNS = [
    "element", "structure", "atoms", "potential", "bond_length_A", "energy_eV_per_atom",
    "bond_error_A", "energy_error_eV_per_atom", "rank",
]  # fmt: skip
CURVE_COLUMNS = [
    "iteration", "frames", "atoms", "share_of_32_atom_frames", "share_of_108_atom_set_atoms",
    "mae_32_meV_per_atom", "mae_32_shifted_meV_per_atom", "mae_108_meV_per_atom",
    "mae_108_shifted_meV_per_atom", "force_mae_meV_per_A",
]  # fmt: skip
SAMPLING_KEYS = {
    "steps", "frames", "round_trips", "order_flatness", "kinetic_temperature_K",
    "melting_temperature_K", "steps_per_second", "seed",
}  # fmt: skip
MAGIC = {"pdf": b"%PDF", "png": b"\x89PNG", "svg": b"<?xml"}


@pytest.fixture(scope="module")
def results(tiny_run: Path) -> Path:
    return tiny_run / "results/tiny"


@pytest.fixture(scope="module")
def settings(tiny_config: Path, results: Path) -> dict[str, Any]:
    """The settings as the run itself recorded them."""
    return json.loads((results / "provenance.json").read_text())["settings"]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def test_second_run_has_nothing_to_do(tiny_run, tiny_config, snakemake_in):
    again = snakemake_in(tiny_run, "--cores", "2", "--configfile", tiny_config)
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout


def test_run_ends_with_its_results(tiny_run):
    """In Snakemake's log of the run, which says what the terminal shows."""
    said = min((tiny_run / ".snakemake/log").iterdir()).read_text()
    assert max(map(len, said.splitlines())) < 400
    assert len(re.findall(r"steps \(\d+%\) done, about \d+ (?:s|min) left$", said, re.M)) > 50
    end = said.partition("(100%) done\n")[2].splitlines()
    assert end[0] == "errors:"
    assert [re.split(" +", line)[1:4] for line in end[1:5]] == [
        ["Ni-distilled", "on", "Ni/32/momt"],
        ["Ni-distilled", "on", "Ni/108/momt"],
        ["Al-translated", "on", "Al/108/momt"],
        ["Nb-translated", "on", "Nb/54/momt"],
    ]
    assert re.fullmatch(r"distilled: \d+ of 60 frames of Ni", end[5])
    assert re.match(r"order of FCC, BCC and HCP: the EAM's with \d of 7 models", end[6])
    assert re.match(r"made: \d+ files in results/tiny/ \(distillation/Ni, figures, ", end[7])
    assert end[8].startswith("as one page: snakemake --report results/tiny/report.html --config")
    # so few steps do not take a walker from solid to liquid and back
    short = [line for line in end[9:] if line.startswith("sampled too little: ")]
    assert [line.split()[3] for line in short] == [
        "Al/108/momt", "Nb/54/momt", "Ni/108/momt", "Ni/32/momt",
    ]  # fmt: skip
    assert [line.partition(": ")[0] for line in end[-3:]] == [
        "time", "Complete log(s)", "Elapsed time",
    ]  # fmt: skip


def test_changed_setting_reruns_only_what_it_touches(tiny_run, tiny_config, snakemake_in, tmp_path):
    config = yaml.safe_load(tiny_config.read_text())
    config["translation"] = {"Nb": {"scale": 1.2}}
    changed = tmp_path / "changed.yaml"
    changed.write_text(yaml.safe_dump(config))
    plan = snakemake_in(tiny_run, "-n", "--configfile", changed)
    assert plan.returncode == 0, plan.stdout
    jobs = plan.stdout.partition("Job stats:")[2].partition("total")[0]
    rules = {line.split()[0] for line in jobs.splitlines() if line.split()} - {"job", "-----"}
    rules = {rule for rule in rules if not set(rule) <= {"-"}}
    assert {"translate", "train", "evaluate", "relax", "table", "crystals", "figure"} <= rules
    assert not rules & {"potential", "sample", "select", "score", "distilled", "grid"}
    shown = r"^Job \d+: (?:table|figure|crystals): results/tiny/\w+/(\w+)\.\w+$"
    again = set(re.findall(shown, plan.stdout, re.MULTILINE))
    assert again >= {"table_nb", "crystals_Nb", "figure_n6", "translation", "energy_volume"}
    assert not again & {"table_3", "crystals_Ni", "figure_3a", "figure_3b"}


@pytest.mark.parametrize("suffix", ["pdf", "png", "svg"])
@pytest.mark.parametrize("name", FIGURES)
def test_figure(results, name, suffix):
    content = (results / f"figures/{name}.{suffix}").read_bytes()
    assert content.startswith(MAGIC[suffix])
    assert len(content) > 2000


@pytest.mark.parametrize("suffix", ["pdf", "png", "svg"])
def test_plot_of_each_sampled_set(results, settings, suffix):
    for name in settings["sampling"]:
        figure = results / f"plots/sampling/{name.replace('/', '-')}.{suffix}"
        assert figure.read_bytes().startswith(MAGIC[suffix])


@pytest.mark.parametrize("name", CRYSTAL_TABLES)
def test_crystal_table(results, name):
    element, potentials = CRYSTAL_TABLES[name]
    rows = read_csv(results / f"tables/{name}.csv")
    assert list(rows[0])[: len(CRYSTAL_COLUMNS)] == CRYSTAL_COLUMNS
    assert {row["element"] for row in rows} == {element}
    assert [row["structure"] for row in rows] == STRUCTURES * potentials
    atoms = {"FCC": "32", "BCC": "54"}
    assert all(row["atoms"] == atoms.get(row["structure"], "48") for row in rows)
    reference = rows[:4]
    assert all(row["potential"] == "EAM" for row in reference)
    assert all(float(row["energy_error_eV_per_atom"]) == 0 for row in reference)
    for row in rows[4:]:
        exact = reference[STRUCTURES.index(row["structure"])]
        error = float(row["energy_eV_per_atom"]) - float(exact["energy_eV_per_atom"])
        assert float(row["energy_error_eV_per_atom"]) == pytest.approx(error, abs=2e-5)
    for suffix in ("md", "tex", "html"):
        assert "FCC" in (results / f"tables/{name}.{suffix}").read_text()


def test_eam_rows_are_the_reference_crystals(results):
    """Energies of the relaxed crystals that two independent engines gave, eV/atom."""
    energies = {
        "table_1": {"FCC": -4.87631, "BCC": -4.83335, "HCP": -4.86285},
        "table_3": {"FCC": -3.41066, "BCC": -3.30883, "HCP": -3.38314},
        "table_nb": {"FCC": -7.15940, "BCC": -7.34687, "HCP": -7.20392},
    }
    for name, expected in energies.items():
        for row in read_csv(results / f"tables/{name}.csv")[:3]:
            energy = expected[row["structure"]]
            assert float(row["energy_eV_per_atom"]) == pytest.approx(energy, abs=1e-4)


def test_self_energy_table(results, settings):
    rows = read_csv(results / "tables/table_s4.csv")
    assert [row["model"] for row in rows] == list(settings["models"])
    for row in rows:
        summary = json.loads((results / f"models/{row['model']}/summary.json").read_text())
        assert float(row["self_energy_eV"]) == pytest.approx(summary["self_energy_eV"], abs=1e-6)


def test_curve(results, settings):
    rows = read_csv(results / "distillation/Ni/curve.csv")
    assert list(rows[0])[: len(CURVE_COLUMNS)] == CURVE_COLUMNS
    assert [int(row["iteration"]) for row in rows] == list(range(len(rows)))
    assert 2 <= len(rows) <= settings["distillation"]["Ni"]["blocks"]
    for k, row in enumerate(rows):
        frames = int(row["frames"])
        selection = read_frames(results / f"distillation/Ni/{k}/selection.h5")
        assert len(selection) == frames
        assert float(row["share_of_32_atom_frames"]) == pytest.approx(frames / 60, rel=1e-5)
        share = frames * 32 / (32 * 108)
        assert float(row["share_of_108_atom_set_atoms"]) == pytest.approx(share, rel=1e-5)
    assert int(rows[0]["frames"]) == 20


def test_reduction_report_agrees_with_the_selection(results):
    report = json.loads((results / "distillation/Ni/reduction.json").read_text())
    kept = read_csv(results / "distillation/Ni/kept.csv")
    distilled = read_frames(results / "distillation/Ni/distilled.h5")
    assert [int(row["source_index"]) for row in kept] == distilled.columns["source_index"].tolist()
    assert all(row["reason"] for row in kept)
    assert report["kept"] == sum(row["kept"] for row in report["regions"]) == len(distilled)
    assert report["dropped"] == sum(row["dropped"] for row in report["regions"])
    assert report["kept"] + report["dropped"] == report["seen"] <= 60
    assert report["duplicates_kept"] == 0


def test_study_on_request(tiny_run, tiny_config, results, snakemake_in):
    """Three strategies, two replicas: a table, and a second call with nothing to do."""
    call = ("study", "--cores", "2", "--configfile", tiny_config, "--show-failed-logs")
    made = snakemake_in(tiny_run, *call)
    assert made.returncode == 0, made.stdout[-8000:]
    assert "Nothing to be done" in snakemake_in(tiny_run, *call).stdout
    models = read_csv(results / "study/Ni/models.csv")
    assert len(models) == 6
    table = read_csv(results / "study/Ni/table.csv")
    assert [row["strategy"] for row in table] == ["random", "atom_sigma", "farthest_point"]
    counts = {(row["frames"], row["labelled"], row["replicas"]) for row in table}
    assert counts == {("12", "12", "2")}
    pool = read_frames(results / "study/Ni/pool.h5")
    test = read_frames(results / "study/Ni/32/momt.h5")
    both = [*pool.columns["source_index"], *test.columns["source_index"]]
    assert sorted(both) == list(range(60))
    for strategy in ("random", "atom_sigma", "farthest_point"):
        folder = results / f"study/Ni/{strategy}/20/0"
        chosen = read_frames(folder / "selection.h5")
        assert len(chosen) == len(set(chosen.columns["pool_index"].tolist())) == 12
        start = json.loads((folder / "summary.json").read_text())["start"]
        assert start == (6 if strategy == "atom_sigma" else 0)
    for row in table:
        own = [float(m["Ni-32-momt_mae_meV_per_atom"]) for m in models
               if m["strategy"] == row["strategy"]]  # fmt: skip
        mean = float(row["Ni-32-momt_mae_meV_per_atom"])
        assert mean == pytest.approx(sum(own) / 2, rel=1e-4)


def test_distilled_set_is_the_last_selection(results):
    last = len(read_csv(results / "distillation/Ni/curve.csv")) - 1
    distilled = read_frames(results / "distillation/Ni/distilled.h5")
    selection = read_frames(results / f"distillation/Ni/{last}/selection.h5")
    source = read_frames(results / "sampling/Ni/32/momt.h5")
    index = distilled.columns["source_index"]
    np.testing.assert_array_equal(index, selection.columns["source_index"])
    np.testing.assert_array_equal(distilled.positions, source[index].positions)
    np.testing.assert_array_equal(distilled.forces, source[index].forces)
    assert distilled.attributes["distillation_strategy"] == "outlying_atom"
    stopped = json.loads((results / f"distillation/Ni/{last}/summary.json").read_text())
    assert stopped["converged"] or last == 2


def test_page_of_results_tells_the_errors_in_the_files(results):
    page = (results / "results.html").read_text()
    for model, name in (
        ("Ni-distilled", "Ni/108/momt"),
        ("Nb-translated", "Nb/54/momt"),
        ("Ni-random", "Ni/32/momt"),
    ):
        evaluation = results / f"models/{model}/evaluation/{name}.json"
        error = json.loads(evaluation.read_text())["mae_meV_per_atom"]
        assert f'<td class="number">{error:.3f}</td>' in page
    assert page.count('<img src="data:image/png;base64,') == 4


def test_random_frames_are_as_many_and_others_than_the_distilled(results):
    distilled = read_frames(results / "distillation/Ni/distilled.h5")
    drawn = read_frames(results / "distillation/Ni/as-many-random.h5")
    source = read_frames(results / "sampling/Ni/32/momt.h5")
    index = drawn.columns["pool_index"]
    assert len(drawn) == len(set(index.tolist())) == len(distilled)
    assert set(index.tolist()) != set(distilled.columns["source_index"].tolist())
    np.testing.assert_array_equal(drawn.positions, source[index].positions)
    trained = json.loads((results / "models/Ni-random/summary.json").read_text())
    assert trained["frames"] == len(distilled)


def test_sampled_sets(results, settings):
    for name, sampled in settings["sampling"].items():
        summary = json.loads((results / f"sampling/{name}.json").read_text())
        assert set(summary) >= SAMPLING_KEYS
        frames = read_frames(results / f"sampling/{name}.h5")
        assert len(frames) == summary["frames"] == sampled["frames"]
        assert summary["steps"] >= sampled["production_steps"]
        assert np.all(np.diff(frames.columns["step"]) >= 0)  # blocks are blocks of time
        with h5py.File(results / f"sampling/{name}.h5") as store:
            (group,) = store.values()
            assert all("unit" in dataset.attrs for dataset in group.values())


def test_translated_frames_are_the_distilled_ones_scaled(results):
    """So no frame of a target's own set is trained on.

    Every second crystal of niobium is stretched to BCC beside.
    """
    distilled = read_frames(results / "distillation/Ni/distilled.h5")
    scales = {"Al": 4.04526 / 3.51623, "Nb": (3.30237**3 / 2 / (3.51623**3 / 4)) ** (1 / 3)}
    crystals = np.flatnonzero(distilled.columns["order_parameter"] > 0.5 * distilled.atoms)
    assert len(crystals) > 1
    for target, scale in scales.items():
        stretch = np.full((len(distilled), 1, 3), scale)
        if target == "Nb":
            stretch[crystals[1::2]] *= [2 ** (1 / 6), 2 ** (1 / 6), 2 ** (-1 / 3)]
        translated = read_frames(results / f"translation/Ni-{target}/frames.h5")
        assert translated.symbol == target
        moved = stretch * distilled.dense(distilled.positions)
        np.testing.assert_allclose(translated.dense(translated.positions), moved)
        np.testing.assert_allclose(translated.cell, stretch * distilled.cell)
        trained = json.loads((results / f"models/{target}-translated/summary.json").read_text())
        assert trained["symbol"] == target
        assert trained["frames"] == len(distilled)


def test_model_is_a_calculator(results):
    frames = read_frames(results / "sampling/Ni/32/momt.h5")
    atoms = frames.to_ase(0)
    atoms.calc = load_calculator(results / "models/Ni-distilled/ensemble.pt")
    assert np.isfinite(atoms.get_potential_energy())
    assert atoms.get_forces().shape == (32, 3)
    assert atoms.get_stress().shape == (6,)
    assert atoms.calc.results["energies_std"].shape == (32,)


def test_provenance(results):
    content = json.loads((results / "provenance.json").read_text())
    assert content["seed"] == content["settings"]["seed"] == 7
    assert load_settings(content["settings"]).run == "tiny"
    assert content["potentials"] == {name: known.sha256 for name, known in KNOWN.items()}
    listed = {Path(path).name for path in content["files"]}
    assert {"table_1.csv", "figure_2a.pdf", "distilled.h5", "ensemble.pt"} <= listed
    for path, digest in content["files"].items():
        assert hashlib.sha256((results.parents[1] / path).read_bytes()).hexdigest() == digest


def test_what_made_a_result_is_told_to_the_potential(results, settings):
    """Of a table: each file of its chain by hash, its settings and seed, and the potential."""
    lines = list(describe(results / "tables/table_2.md"))
    for name in ("Ni-Nb.eam.fs", "32/momt.h5", "0/selection.h5", "Ni-distilled/ensemble.pt"):
        assert any(line.endswith(name) and not line.startswith(" ") for line in lines)
    text = "\n".join(lines)
    assert f"sha256 of the potential's numbers: {KNOWN['Ni-Nb'].sha256}" in text
    assert f"settings: {json.dumps(settings['training'])}" in text
    assert "\n    seed: 7\n" in text
    # nothing is missing or was changed since, and code and packages were one for all
    assert "no record" not in text and "since" not in text
    assert lines[-1].startswith("made with code ")


def test_every_result_has_a_record(results):
    told = read_records(results)
    base = results.parents[1]
    made = {str(path.relative_to(base)) for path in results.rglob("*.*") if path.is_file()}
    assert {name for name in made if "/logs/" not in name} <= set(told)


def test_reproduction(tiny_run, tiny_config, results, snakemake_in):
    made = snakemake_in(tiny_run, "reproduction", "--cores", "2", "--configfile", tiny_config)
    assert made.returncode == 0, made.stdout[-8000:]
    folder = results / "reproduction"
    page = (folder / "README.md").read_text()
    ours = {row["quantity"]: row for row in read_csv(folder / "numbers.csv")}
    evaluation = json.loads(
        (results / "models/Al-translated/evaluation/Al/108/momt.json").read_text()
    )
    own = float(ours["Al: MAE on its own 32 frames"]["ours"])
    assert own == pytest.approx(evaluation["mae_meV_per_atom"], rel=5e-3)
    assert "| BCC | NNP 20 FCC frames |" in page
    assert "Seed 7;" in page
    assert str(tiny_run) not in page
    stages = {row["stage"]: row for row in read_csv(folder / "times.csv")}
    assert int(stages["sampling"]["jobs"]) == 6 + 1  # the table of the sets is one more
    # the models of `few_frames` are no part of the run
    assert int(stages["asked for apart"]["jobs"]) >= 2
    for name in FIGURES:
        figure = folder / f"figures/{name}.png"
        assert figure.read_bytes().startswith(MAGIC["png"])
        assert figure.stat().st_size <= 300_000
        assert f"(figures/{figure.name})" in page
    for table in ("table_1.csv", "table_nb.md", "curve.csv", "reduction.md"):
        assert (folder / "tables" / table).stat().st_size > 0


def test_seeds(tiny_run, tiny_config, results, snakemake_in):
    made = snakemake_in(
        tiny_run, "results/tiny/tables/seeds_Al.md", "--cores", "2", "--configfile", tiny_config
    )
    assert made.returncode == 0, made.stdout[-8000:]
    rows = read_csv(results / "tables/seeds_Al.csv")
    models = ["Al-translated", "Al-whole"]
    assert [row["model"] for row in rows] == [model for model in models for _ in STRUCTURES]
    assert {(row["model"], row["frames"]) for row in rows} >= {("Al-whole", "60")}
    seeds = [
        json.loads((results / f"models/{name}/summary.json").read_text())["seed"]
        for name in ("Al-translated", "Al-translated-seed-1", "Al-whole-seed-1")
    ]
    assert seeds == [7, 8, 8]


def test_translation_beside_native_frames(tiny_run, tiny_config, results, snakemake_in):
    target = "results/tiny/tables/translation_Al.md"
    made = snakemake_in(tiny_run, target, "--cores", "2", "--configfile", tiny_config)
    assert made.returncode == 0, made.stdout[-8000:]
    rows = {row["trained_on"]: row for row in read_csv(results / "tables/translation_Al.csv")}
    assert list(rows) == [
        "translated", "translated, x 0.98, 1.02", "native, random, as many frames",
        "native, random, as many atoms",
    ]  # fmt: skip
    distilled = len(read_frames(results / "distillation/Ni/distilled.h5"))
    pool = read_frames(results / "translation/Al/pool.h5")
    assert int(rows["translated, x 0.98, 1.02"]["frames"]) == distilled
    frames = rows["native, random, as many frames"]
    assert int(frames["frames"]) == min(distilled, len(pool))
    atoms = int(rows["native, random, as many atoms"]["atoms"])
    assert abs(atoms - 32 * distilled) <= 54
    own = read_frames(results / "sampling/Al/108/momt.h5")
    parts = [read_frames(results / f"translation/Al/{part}.h5") for part in ("test", "pool")]
    index = np.concatenate([part.columns["source_index"] for part in parts])
    assert sorted(index) == list(range(len(own)))  # no frame both tests and trains
    assert len(parts[0]) == round(0.25 * len(own))


def test_every_job_left_a_log(results):
    assert len(list((results / "logs/training").glob("*.log"))) >= 13
    assert "train" in (results / "logs/training/Ni-distilled.log").read_text().lower()


def test_report(tiny_run, tiny_config, settings, snakemake_in):
    metadata = ROOT / "workflow/report/metadata.yaml"
    made = snakemake_in(
        tiny_run, "--configfile", tiny_config, "--report", "report.html",
        "--report-metadata", metadata,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout
    report = (tiny_run / "report.html").read_text()
    found, description = (
        json.loads(re.search(rf"<script[^>]*>\s*var {name} = (.*);\n", report)[1])
        for name in ("results", "workflow_desc")
    )
    names = {Path(path).name for path in found}
    assert {f"{name}.svg" for name in FIGURES} < names
    assert {f"{name.replace('/', '-')}.svg" for name in settings["sampling"]} < names
    # tables are pages that it shows inside itself
    for name in (*CRYSTAL_TABLES, "table_s4"):
        table = found[f"results/tiny/tables/{name}.html"]
        assert table["mime_type"] == "text/html"
        page = base64.b64decode(table["data_uri"].partition("base64,")[2]).decode()
        rows = read_csv(tiny_run / f"results/tiny/tables/{name}.csv")
        assert f"<td>{rows[0]['element']}</td>" in page
        assert page.count("<tr>") > len(rows)
    assert "Results of the run tiny" in description
    assert "Ni/108/momt" in description
