"""The last lines of a run, from small result files."""

from pathlib import Path

import pytest

from potstill.paper.tables import STRUCTURES
from potstill.report.run_summary import ENOUGH_ROUND_TRIPS, run_summary
from potstill.runtime.files import write_json

EAM = {"FCC": -4.876, "BCC": -4.833, "HCP": -4.863, STRUCTURES[3]: -4.847}
REPORT = "snakemake --report results/toy/report.html"


@pytest.fixture
def summary(tmp_path, monkeypatch):
    """Write result files by name, and return the lines of a run of these and of more names."""
    monkeypatch.chdir(tmp_path)

    def of(contents, *, targets=(), missing=()):
        results = Path("results/toy")
        for name, content in contents.items():
            write_json(results / name, content)
        files = {f"{results}/{name}" for name in (*contents, *missing)}
        return run_summary(
            results,
            files,
            tested=[("Ni-distilled", "Ni/32/momt"), ("Al-translated", "Al/108/momt")],
            targets={f"{results}/{name}" for name in targets},
            one_page=REPORT,
        )

    return of


def crystals(**energies):
    return {
        "symbol": "Ni",
        "crystals": [
            {"structure": name, "atoms": 32, "bond_length_A": 2.49, "converged": True,
             "energy_eV_per_atom": energies.get(name, energy)}
            for name, energy in EAM.items()
        ],
    }  # fmt: skip


def sampled(trips, method="momt"):
    return {"method": method, "round_trips": trips}


def test_errors_of_the_models_that_were_tested(summary):
    lines = summary(
        {
            "models/Ni-distilled/evaluation/Ni/32/momt.json": {
                "mae_meV_per_atom": 0.1384, "force_mae_meV_per_A": 4.27,
            },
            "models/Al-translated/evaluation/Al/108/momt.json": {
                "mae_meV_per_atom": 12.0, "force_mae_meV_per_A": 104.0,
            },
            # of an iteration, which nobody asks for
            "models/Ni-iteration-0/evaluation/Ni/32/momt.json": {
                "mae_meV_per_atom": 9.0, "force_mae_meV_per_A": 9.0,
            },
        }
    )  # fmt: skip
    assert lines == [
        "errors:",
        "  Ni-distilled  on Ni/32/momt     0.14 meV/atom    4.3 meV/A",
        "  Al-translated on Al/108/momt   12.00 meV/atom  104.0 meV/A",
    ]


def test_distilled_frames(summary):
    report = {"kept": 194, "source_frames": 1000}
    assert summary({"distillation/Ni/reduction.json": report}) == [
        "distilled: 194 of 1000 frames of Ni"
    ]


def test_order_of_crystals(summary):
    files = {
        "relaxation/EAM/Ni.json": crystals(),
        "relaxation/Ni-distilled/Ni.json": crystals(BCC=-4.84),
        "relaxation/Ni-full/Ni.json": crystals(FCC=-4.87),
    }
    said = "order of FCC, BCC and HCP: the EAM's with"
    assert summary(files) == [f"{said} 2 of 2 models"]
    files["relaxation/Ni-liquid/Ni.json"] = crystals(BCC=-4.87)
    assert summary(files) == [f"{said} 2 of 3 models; not with Ni-liquid (FCC < BCC < HCP)"]
    # without the reference there is nothing to compare with
    (alone,) = ({k: v} for k, v in files.items() if "Ni-full" in k)
    assert summary(alone) == []


def test_sets_that_fell_short_stand_last(summary):
    lines = summary(
        {
            "sampling/Al/108/momt.json": sampled(0),
            "sampling/Ni/32/momt.json": sampled(ENOUGH_ROUND_TRIPS),
            "sampling/Ni/108/momt.json": sampled(ENOUGH_ROUND_TRIPS - 1),
            "sampling/Ni/108/fcc.json": sampled(0, "npt"),  # keeps its phase
            "sampling/Ni/coexistence.json": {"anything": 1},
            "distillation/Ni/reduction.json": {"kept": 1, "source_frames": 2},
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
    lost = ["models/Ni-distilled/evaluation/Ni/32/momt.json", "sampling/Ni/32/momt.json", "a.csv"]
    assert summary({}, targets=lost, missing=lost) == []
