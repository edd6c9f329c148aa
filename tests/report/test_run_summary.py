"""The last lines of a run, from small result files."""

from pathlib import Path

import pytest

from potstill.errors import PotstillError
from potstill.report.read_results import STRUCTURES
from potstill.report.run_results import ResultFiles, read_run
from potstill.report.run_summary import ENOUGH_ROUND_TRIPS, run_summary
from potstill.runtime.files import write_json

EAM = dict(zip(STRUCTURES, (-4.876, -4.833, -4.863, -4.847), strict=True))
REPORT = "snakemake --report results/toy/report.html"
RESULTS = Path("results/toy")


MODELS = ("Ni-distilled", "Ni-full", "Ni-liquid")

# what a run could have made; a summary is of the files among them that it has
FILES = ResultFiles(
    summaries={
        model: RESULTS / f"models/{model}/summary.json" for model in (*MODELS, "Al-translated")
    },
    evaluations={
        (model, name): RESULTS / f"models/{model}/evaluation/{name}.json"
        for model, name in (("Ni-distilled", "Ni/32/momt"), ("Al-translated", "Al/108/momt"))
    },
    crystals={(model, "Ni"): RESULTS / f"relaxation/{model}/Ni.json" for model in MODELS},
    references={"Ni": RESULTS / "relaxation/EAM/Ni.json"},
    reductions={"Ni": RESULTS / "distillation/Ni/reduction.json"},
    sampled={
        name: RESULTS / f"sampling/{name}.json"
        for name in ("Ni/32/momt", "Ni/108/momt", "Ni/108/fcc", "Al/108/momt")
    },
)


@pytest.fixture
def summary(tmp_path, monkeypatch):
    """Write result files by name, and return the lines of a run of these."""
    monkeypatch.chdir(tmp_path)

    def of(contents, *, targets=()):
        for name, content in contents.items():
            write_json(RESULTS / name, content)
        made = {RESULTS / name for name in contents}
        return run_summary(
            read_run(FILES.among(made)),
            RESULTS,
            made=made,
            targets={RESULTS / name for name in targets},
            one_page=REPORT,
        )

    return of


def trained(*models):
    return {
        f"models/{model}/summary.json": {"symbol": model[:2], "frames": 100} for model in models
    }


def evaluation(mae, force_mae):
    return {
        "frames": 60, "mae_meV_per_atom": mae, "worst_percent_meV_per_atom": 9 * mae,
        "force_mae_meV_per_A": force_mae,
    }  # fmt: skip


def test_errors_of_a_set_without_forces(summary):
    name = "Ni-distilled"
    made = trained(name) | {f"models/{name}/evaluation/Ni/32/momt.json": evaluation(0.12, None)}
    assert summary(made)[1].split() == [name, "on", "Ni/32/momt", "0.12", "meV/atom"]


def test_errors_by_composition(summary):
    """Frames of the same elements follow their set, but for those without energies."""
    parts = [
        {"elements": elements, "frames": 20, "mae_meV_per_atom": mae, "force_mae_meV_per_A": force}
        for elements, mae, force in (("Be", 0.5, 9.0), ("W", None, 80.0), ("BeW", 7.0, None))
    ]
    name = "Ni-distilled"
    told = evaluation(2.0, 40.0) | {"by_composition": parts}
    made = trained(name) | {f"models/{name}/evaluation/Ni/32/momt.json": told}
    assert summary(made) == [
        "errors:",
        "  Ni-distilled on Ni/32/momt         2.00 meV/atom   40.0 meV/A",
        "  Ni-distilled on Ni/32/momt: Be     0.50 meV/atom    9.0 meV/A",
        "  Ni-distilled on Ni/32/momt: BeW    7.00 meV/atom",
    ]


def crystals(model, **energies):
    rows = [
        {"structure": name, "atoms": 32, "bond_length_A": 2.49, "converged": True,
         "energy_eV_per_atom": energies.get(name, energy)}
        for name, energy in EAM.items()
    ]  # fmt: skip
    return {f"relaxation/{model}/Ni.json": {"model": model, "symbol": "Ni", "crystals": rows}}


def sampled(trips, method="momt"):
    return {"method": method, "frames": 60, "round_trips": trips, "order_flatness": 1.5}


def kept(frames, of):
    return {"strategy": "d_optimal", "kept": frames, "source_frames": of, "labelled": frames}


def test_errors_of_the_models_that_were_tested(summary):
    made = trained("Ni-distilled", "Al-translated") | {
        "models/Ni-distilled/evaluation/Ni/32/momt.json": evaluation(0.1384, 4.27),
        "models/Al-translated/evaluation/Al/108/momt.json": evaluation(12.0, 104.0),
        # of an iteration, which nobody asks for
        "models/Ni-iteration-0/evaluation/Ni/32/momt.json": evaluation(9.0, 9.0),
    }
    assert summary(made) == [
        "errors:",
        "  Ni-distilled  on Ni/32/momt     0.14 meV/atom    4.3 meV/A",
        "  Al-translated on Al/108/momt   12.00 meV/atom  104.0 meV/A",
    ]
    # a model whose training summary is not a file of this run
    del made["models/Ni-distilled/summary.json"]
    assert summary(made) == [
        "errors:",
        "  Al-translated on Al/108/momt   12.00 meV/atom  104.0 meV/A",
    ]


def test_distilled_frames(summary):
    assert summary({"distillation/Ni/reduction.json": kept(194, 1000)}) == [
        "distilled: 194 of 1000 frames of Ni"
    ]


def test_order_of_crystals(summary):
    files = {
        **trained("Ni-distilled", "Ni-full", "Ni-liquid"),
        **crystals("EAM"),
        **crystals("Ni-distilled", BCC=-4.84),
        **crystals("Ni-full", FCC=-4.87),
    }
    said = "order of FCC, BCC and HCP: the EAM's with"
    assert summary(files) == [f"{said} 2 of 2 models"]
    files |= crystals("Ni-liquid", BCC=-4.87)
    assert summary(files) == [f"{said} 2 of 3 models; not with Ni-liquid (FCC < BCC < HCP)"]
    # without the reference there is nothing to compare with
    del files["relaxation/EAM/Ni.json"]
    assert summary(files) == []


def test_sets_that_fell_short_stand_last(summary):
    lines = summary(
        {
            "sampling/Al/108/momt.json": sampled(0),
            "sampling/Ni/32/momt.json": sampled(ENOUGH_ROUND_TRIPS),
            "sampling/Ni/108/momt.json": sampled(ENOUGH_ROUND_TRIPS - 1),
            "sampling/Ni/108/fcc.json": sampled(0, "npt"),  # keeps its phase
            "sampling/Ni/coexistence.json": {"anything": 1},
            "distillation/Ni/reduction.json": kept(1, 2),
        }
    )
    assert [line[:43] for line in lines[-2:]] == [
        "sampled too little: Al/108/momt made 0 roun",
        "sampled too little: Ni/108/momt made 4 roun",
    ]
    assert all("raise its learning_steps and production_steps" in line for line in lines[-2:])
    assert len(lines) == 3


def test_where_results_are(summary):
    few = summary({"study/Ni/table.md": 1, "study/Ni/x.csv": 1}, targets=["study/Ni/table.md"])
    assert few == ["made: results/toy/study/Ni/table.md"]
    names = [f"tables/table_{n}.csv" for n in range(5)] + ["provenance.json", "figures/a/b.svg"]
    lines = summary(dict.fromkeys(names, 1), targets=names)
    assert lines == [
        "made: 7 files in results/toy/ (figures/a, tables)",
        f"as one page: {REPORT}",
    ]


def test_nothing_there_is_nothing_said(summary):
    assert summary({}) == []


def test_a_model_without_its_summary_is_refused(tmp_path):
    write_json(tmp_path / "e.json", evaluation(1.0, 1.0))
    with pytest.raises(PotstillError, match="model Cu-small has no training summary"):
        read_run(ResultFiles(evaluations={("Cu-small", "Cu/32/momt"): tmp_path / "e.json"}))
