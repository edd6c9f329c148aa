"""What a run came to on one page, on which the report opens."""

from potstill.report.run_results import ResultFiles


def result_files(results, tested):
    """Return the files in the folder `results` that tell what a run came to.

    tested: (model, set) of the models whose errors count.
    """
    return ResultFiles(
        summaries={
            model: f"{results}/models/{model}/summary.json"
            for model, _ in [*tested, *RELAXED]
        },
        evaluations={
            (model, name): f"{results}/models/{model}/evaluation/{name}.json"
            for model, name in tested
        },
        crystals={
            (model, element): f"{results}/relaxation/{model}/{element}.json"
            for model, element in RELAXED
        },
        references={
            element: f"{results}/relaxation/EAM/{element}.json"
            for _, element in RELAXED
        },
        reductions={
            element: f"{results}/distillation/{element}/reduction.json"
            for element in settings.distillation
        },
        sampled={name: f"{results}/sampling/{name}.json" for name in settings.sampling},
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
        summaries=list(RESULT_FILES.summaries.values()),
        evaluations=list(RESULT_FILES.evaluations.values()),
        crystals=list(RESULT_FILES.crystals.values()),
        references=list(RESULT_FILES.references.values()),
        reductions=list(RESULT_FILES.reductions.values()),
        sampled=list(RESULT_FILES.sampled.values()),
        images=[f"<results>/figures/{name}.png" for name in SHOWN_FIGURES],
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
        summaries=list(RESULT_FILES.summaries),
        evaluations=list(RESULT_FILES.evaluations),
        crystals=list(RESULT_FILES.crystals),
        references=list(RESULT_FILES.references),
        reductions=list(RESULT_FILES.reductions),
        sampled=list(RESULT_FILES.sampled),
        images=list(SHOWN_FIGURES.values()),
        version=VERSION["paper"],
    message:
        "results_page: errors, crystals and sampling of the run"
    script:
        "../../scripts/results_page.py"
