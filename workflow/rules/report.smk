"""What a run came to: plots of each set and model, the page of results, and what made it all."""

shown_files = result_files(plan, Path("<results>"), plan.judged() + more_judged)._asdict()
shown_files["images"] = shown_images


# A set's walk, its coverage of the plane, the bias that it learned, and what they tell.
use rule small_job as plot_walk with:
    input:
        trace="<results>/sampling/{element}/{atoms}/{ensemble}_trace.h5",
    output:
        outputs=picture(
            "<results>/plots/sampling/{element}-{atoms}-{ensemble}",
            caption="../report/walk.rst",
            category="Sampling",
            labels={"set": "{element}/{atoms}/{ensemble}", "shows": "the walk, and what it tells"},
        ),
    log:
        "<logs>/report/walk-{element}-{atoms}-{ensemble}.log",
    localrule: True
    params:
        call=library("plots.walk_plot.plot_walk"),
        name="{element}/{atoms}/{ensemble}",
        settings=lambda wildcards: plain(plan.sets.dynamics(SET.make(**wildcards))),


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
    localrule: True
    params:
        call=library("plots.errors_plot.plot_errors"),
        seed=settings.seed,


use rule small_job as results_page with:
    input:
        **{name: list(files.values()) for name, files in shown_files.items()},
    output:
        report(
            "<results>/results.html",
            caption="../report/results.rst",
            category="Results",
            labels={"page": "what the run came to"},
        ),
    log:
        "<logs>/report/results.log",
    localrule: True
    params:
        call=library("report.results_page.results_page"),
        run=settings.run,
        arguments={name: list(files) for name, files in shown_files.items()},


# Versions, settings and hashes of what a run is for.
use rule small_job as provenance with:
    input:
        tables=expand("<results>/potentials/{table}.eam.fs", table=settings.potentials),
        files=[*data(plan), *more_results],
    output:
        "<results>/provenance.json",
    log:
        "<logs>/provenance.log",
    localrule: True
    params:
        call=library("provenance.write_run"),
        depends_on=plain(settings),
