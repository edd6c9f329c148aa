"""The loop: an iteration waits for the training of the one before, and much waits for the last."""

loop = Loop(
    plan, lambda element, k: checkpoints.select.get(element=element, iteration=k).output.summary
)


ruleorder: train_iteration > train


use rule train as train_iteration with:
    wildcard_constraints:
        model=ITERATION_MODEL.regex,
    priority: 1


use rule network_job as score with:
    input:
        model=lambda wildcards: loop.scoring_model(wildcards.element, int(wildcards.iteration)),
        frames=lambda wildcards: plan.source(wildcards.element),
    output:
        "<results>/distillation/{element}/{iteration}/scores.h5",
    log:
        "<logs>/distillation/{element}-{iteration}-score.log",
    priority: 1
    params:
        call=library("distillation.score.score_block"),
        block="{iteration}",
        blocks=lambda wildcards: plan.setting("distillation", wildcards.element).blocks,
        forces=lambda wildcards: loop.asks_forces(wildcards.element),
        device=settings.device,


checkpoint select:
    input:
        unpack(lambda wildcards: loop.inputs(wildcards.element, int(wildcards.iteration))),
    output:
        selection="<results>/distillation/{element}/{iteration}/selection.h5",
        summary="<results>/distillation/{element}/{iteration}/summary.json",
    log:
        "<logs>/distillation/{element}-{iteration}-select.log",
    priority: 1
    conda:
        "../../envs/potstill.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        call=library("distillation.select.select_block"),
        settings=lambda wildcards: plan.loop(wildcards.element),
        descriptor=lambda wildcards: plain(settings.descriptor_of(wildcards.element)),
        seed=settings.seed,
    message:
        "{rule}: {output[0]}"
    script:
        "../../scripts/job.py"


use rule small_job as distilled with:
    input:
        selection=lambda wildcards: loop.selection(wildcards.element),
    output:
        "<results>/distillation/{element}/distilled.h5",
    log:
        "<logs>/distillation/{element}-distilled.log",
    localrule: True
    params:
        call=library("distillation.distilled.write_distilled"),
        settings=lambda wildcards: plan.loop(wildcards.element),
        last_iteration=lambda wildcards: loop.last(wildcards.element),
        seed=settings.seed,


# What was kept and dropped.
use rule job as reduction with:
    input:
        frames=lambda wildcards: plan.source(wildcards.element),
        selection=lambda wildcards: loop.selection(wildcards.element),
        summaries=lambda wildcards: loop.summaries(wildcards.element),
    output:
        kept="<results>/distillation/{element}/kept.csv",
        summary="<results>/distillation/{element}/reduction.json",
        markdown="<results>/distillation/{element}/reduction.md",
    log:
        "<logs>/distillation/{element}-reduction.log",
    params:
        call=library("distillation.reduction.write_reduction"),
        descriptor=lambda wildcards: plain(settings.descriptor_of(wildcards.element)),


# Error against share of data, one row an iteration: asked for by name, or by figures.
use rule small_job as curve with:
    input:
        unpack(lambda wildcards: loop.curve(wildcards.element)),
    output:
        "<results>/distillation/{element}/curve.csv",
    log:
        "<logs>/distillation/{element}-curve.log",
    localrule: True
    params:
        call=library("distillation.curve.write_curve"),
