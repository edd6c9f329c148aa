"""What a run came to: plots of each set and model, the page of results, and what made it all."""


# A set's walk, its coverage of the plane, the bias that it learned, and what they tell.
use rule small_job as plot_walk with:
    input:
        trace="<results>/sampling/{element}/{atoms}/{ensemble}_trace.h5",
    output:
        outputs=picture(
            "<results>/plots/sampling/{element}-{atoms}-{ensemble}",
            caption="../report/walk.rst",
            category="Sampling",
            labels={
                "set": "{element}/{atoms}/{ensemble}",
                "shows": "the walk, and what it tells",
            },
        ),
    log:
        "<logs>/report/walk-{element}-{atoms}-{ensemble}.log",
    params:
        call="paper.figures.diagnostics.plot_walk",
        name="{element}/{atoms}/{ensemble}",
        settings=lambda wildcards: plan.plain("sampling", SET.make(**wildcards)),
        version=VERSION["report"],


# Where a model errs on a set, and what its uncertainty tells of it.
use rule small_job as plot_errors with:
    input:
        evaluation="<results>/models/{model}/evaluation/{element}/{atoms}/{ensemble}.h5",
        summary="<results>/models/{model}/evaluation/{element}/{atoms}/{ensemble}.json",
    output:
        outputs=picture(
            "<results>/plots/errors/{model}-on-{element}-{atoms}-{ensemble}",
            caption="../report/errors.rst",
            category="Errors",
            labels={"model": "{model}", "set": "{element}/{atoms}/{ensemble}"},
        ),
    log:
        "<logs>/report/errors-{model}-on-{element}-{atoms}-{ensemble}.log",
    params:
        call="paper.figures.error_maps.figure_errors",
        seed=settings.seed,
        version=VERSION["report"],


use rule small_job as results_page with:
    input:
        tested=[file for shown in plan.judged() for file in plan.trained(*shown)],
        crystals=[f"<results>/tables/crystals_{e}.csv" for e in plan.crystal_elements()],
        sampled=[f"<results>/sampling/{name}.json" for name in settings.sampling],
        reductions=[
            f"<results>/distillation/{element}/reduction.json" for element in settings.distillation
        ],
        figures=list(shown_figures.values()),
    output:
        report(
            "<results>/results.html",
            caption="../report/results.rst",
            category="Results",
            labels={"page": "what the run came to"},
        ),
    log:
        "<logs>/report/results.log",
    params:
        call="report.jobs.results_page",
        run=settings.run,
        shown=plan.judged(),
        arguments={
            "sampled": list(settings.sampling),
            "reductions": list(settings.distillation),
            "figures": list(shown_figures),
        },
        version=VERSION["report"],


# Versions, settings and hashes of what a run is for.
use rule small_job as provenance with:
    input:
        tables=expand("<results>/potentials/{table}.eam.fs", table=settings.potentials),
        files=[*plan.data(), *more_results],
    output:
        "<results>/provenance.json",
    log:
        "<logs>/provenance.log",
    params:
        call="report.jobs.provenance",
        depends_on=plain(settings),
