"""What a run came to on one page, on which the report opens."""

from pathlib import Path

from potstill.report.read_results import Trained
from potstill.report.run_results import Relaxed, ResultFiles


def result_files(results, tested):
    """Return the files in the folder `results` that tell what a run came to.

    tested: (model, set) of the models whose errors count.
    """

    def of_model(name, kind, place):
        model = f"{results}/models/{name}"
        return kind(Path(f"{model}/summary.json"), Path(f"{results}/{place}.json"))

    return ResultFiles(
        tested={
            (model, name): of_model(model, Trained, f"models/{model}/evaluation/{name}")
            for model, name in tested
        },
        relaxed={
            (model, element): of_model(model, Relaxed, f"relaxation/{model}/{element}")
            for model, element in RELAXED
        },
        references={
            element: Path(f"{results}/relaxation/EAM/{element}.json")
            for _, element in RELAXED
        },
        reductions={
            element: Path(f"{results}/distillation/{element}/reduction.json")
            for element in settings.distillation
        },
        sampled={
            name: Path(f"{results}/sampling/{name}.json") for name in settings.sampling
        },
    )


# Models whose crystals are in the tables.
RELAXED = [
    *((model, "Ni") for model in [*COMPARED_MODELS, "Ni-distilled", "Ni-full"]),
    *((f"{target}-translated", target) for target in ("Al", "Nb")),
]
RESULT_FILES = result_files("<results>", tested_models())


localrules:
    results_page,


rule results_page:
    input:
        tested=[str(file) for files in RESULT_FILES.tested.values() for file in files],
        relaxed=[str(file) for files in RESULT_FILES.relaxed.values() for file in files],
        references=[str(file) for file in RESULT_FILES.references.values()],
        reductions=[str(file) for file in RESULT_FILES.reductions.values()],
        sampled=[str(file) for file in RESULT_FILES.sampled.values()],
        figures=[f"<results>/figures/{name}.png" for name in SHOWN_FIGURES],
    output:
        report(
            "<results>/results.html",
            caption="../report/results.rst",
            category="Results",
            labels={"page": "what the run came to"},
        ),
    log:
        "<logs>/paper/results.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        run=settings.run,
        tested=list(RESULT_FILES.tested),
        relaxed=list(RESULT_FILES.relaxed),
        references=list(RESULT_FILES.references),
        reductions=list(RESULT_FILES.reductions),
        sampled=list(RESULT_FILES.sampled),
        captions=list(SHOWN_FIGURES.values()),
        version=VERSION["paper"],
    message:
        "results_page: errors, crystals and sampling of the run"
    script:
        "../../scripts/results_page.py"
