"""Frames of one's own, as docs/your-frames.md shows them: planned in an empty folder, and run."""

import json
import re
from pathlib import Path

import pytest
import yaml
from emt_frames import emt_frames, write_xyz
from processes import jobs, snakemake_at

from potstill.data.frames import read_frames
from potstill.models import load_calculator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/your-frames.md").read_text()
PLANNED = {
    "read_set": 1, "select": 10, "distilled": 1, "reduction": 1, "train": 1, "describe": 1,
    "evaluate": 1, "plot_errors": 1, "results_page": 1, "provenance": 1, "default": 1,
}  # fmt: skip
TINY = {
    "sampling": {"Cu/32/dft": {"frames": 60}},
    "distillation": {"Cu": {"blocks": 3}},
    "training": {"members": 2, "steps": 50, "validation_interval": 25},
}


def configured(folder: Path) -> Path:
    """Write the page's settings into `my.yaml` of a folder."""
    (folder / "my.yaml").write_text(PAGE.partition("```yaml\n")[2].partition("```")[0])
    return folder / "my.yaml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The folder in which the page's settings have run on sixty frames."""
    folder = tmp_path_factory.mktemp("mine")
    configured(folder)
    (folder / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    write_xyz(folder / "frames.xyz", emt_frames())
    said = snakemake_at(folder, "--cores", "2", "--configfile", "my.yaml", "tiny.yaml")
    assert "(100%) done" in said, said[-6000:]
    return folder


def test_the_page_is_planned_in_an_empty_folder(tmp_path):
    settings = configured(tmp_path).read_text()
    assert len(settings.splitlines()) <= 12 and "potentials" not in settings
    (tmp_path / "frames.xyz").touch()
    plan = snakemake_at(tmp_path, "-n", "--configfile", "my.yaml")
    assert jobs(plan) == PLANNED, plan
    assert not re.search(r"left out|Traceback|[Ee]rror\b", plan), plan


def test_several_elements_and_sizes_are_planned(tmp_path):
    """The page's second configuration, whose numbers of frames are not given."""
    settings = PAGE.split("```yaml\n")[2].partition("```")[0]
    (tmp_path / "my.yaml").write_text(settings)
    for file in ("tungsten-beryllium.xyz", "beryllium.xyz"):
        (tmp_path / file).touch()
    plan = snakemake_at(tmp_path, "-n", "--configfile", "my.yaml")
    twice = ("read_set", "train", "describe", "evaluate", "plot_errors")
    assert jobs(plan) == PLANNED | dict.fromkeys(twice, 2), plan
    asked = "results/plasma/sampling/WBe/mixed/dft_trace.h5"
    plan = snakemake_at(tmp_path, "-n", asked, "--configfile", "my.yaml")
    assert "sampling.WBe/mixed/dft is from a file, and how it was sampled is not known" in plan


def test_a_file_that_is_not_there(tmp_path):
    configured(tmp_path)
    plan = snakemake_at(tmp_path, "-n", "--configfile", "my.yaml")
    assert re.search(r"sampling\.Cu/32/dft\.file: there is no file frames\.xyz; correct", plan)


@pytest.mark.parametrize(
    "file, said",
    [
        ("sampling/Cu/32/dft_validation.csv", "sampling.Cu/32/dft is from a file, and how it was"),
        ("plots/sampling/Cu-32-dft.png", "sampling.Cu/32/dft is from a file, and how it was"),
        ("relaxation/EAM/Cu.json", "elements.Cu.table is asked for and missing; name the EAM"),
        ("sampling/Cu/melting.json", "holds no MOMT set of Cu"),
    ],
)
def test_what_a_set_from_a_file_cannot_give(tmp_path, file, said):
    configured(tmp_path)
    (tmp_path / "frames.xyz").touch()
    plan = snakemake_at(tmp_path, "-n", f"results/mine/{file}", "--configfile", "my.yaml")
    assert said in plan, plan


def test_what_comes_out(folder):
    results = folder / "results/mine"
    summary = json.loads((results / "sampling/Cu/32/dft.json").read_text())
    assert (summary["method"], summary["frames"]) == ("file", 60)
    whole = read_frames(results / "sampling/Cu/32/dft.h5")
    kept = read_frames(results / "distillation/Cu/distilled.h5")
    assert len(whole) == 60 and 20 < len(kept) < 30
    assert set(kept.columns["file_frame"]) <= set(range(60))
    evaluation = json.loads((results / "models/Cu-distilled/evaluation/Cu/32/dft.json").read_text())
    assert evaluation["frames"] == 60 and evaluation["regions"] == []
    assert evaluation["force_mae_meV_per_A"] > 0
    assert not (results / "plots/sampling").exists()
    assert (results / "plots/errors/Cu-distilled-on-Cu-32-dft.png").stat().st_size > 10_000
    page = (results / "results.html").read_text()
    assert "Cu/32/dft" in page and "FILE" in page and "Relaxed crystals" not in page
    atoms = emt_frames(1)[0].atoms
    atoms.calc = load_calculator(results / "models/Cu-distilled/ensemble.pt")
    assert abs(atoms.get_potential_energy() / 32) < 5


def test_a_changed_file_is_read_again(folder):
    again = ("-n", "--configfile", "my.yaml", "tiny.yaml")
    assert "Nothing to be done" in snakemake_at(folder, *again)
    file = folder / "frames.xyz"
    content = file.read_text()
    try:
        file.rename(folder / "away.xyz")  # what was read once does without the file
        assert "Nothing to be done" in snakemake_at(folder, *again)
        file.write_text(content.replace("energy=", "energy=1", 1))
        assert jobs(snakemake_at(folder, *again))["read_set"] == 1
    finally:
        (folder / "away.xyz").rename(file)


def test_frames_without_labels_are_distilled_and_labelled(tmp_path):
    """Planned: the loop asks for no label, and models train on what a calculator labels."""
    settings = yaml.safe_load(configured(tmp_path).read_text())
    settings["labels"] = {"Cu": {"calculator": "ase.calculators.emt.EMT"}}
    settings["models"] = {"Cu-emt": {"frames": "distillation/Cu/relabelled"}}
    (tmp_path / "my.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "frames.xyz").touch()
    plan = jobs(snakemake_at(tmp_path, "-n", "--configfile", "my.yaml"))
    left_out = ("evaluate", "describe", "plot_errors")
    assert plan == {k: n for k, n in PLANNED.items() if k not in left_out} | {
        "relabel_chunk": 1, "relabel": 1
    }  # fmt: skip
