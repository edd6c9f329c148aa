"""The loop on labels that are paid for: a turn's model leads to the frames that it labels next."""

turns = Turns(
    plan, lambda element, k: checkpoints.grow.get(element=element, iteration=k).output.summary
)


use rule network_job as explore with:
    input:
        unpack(lambda wildcards: turns.explorer(wildcards.element, int(wildcards.iteration))),
    output:
        frames="<results>/exploration/{element}/{iteration}/frames.h5",
        summary="<results>/exploration/{element}/{iteration}/frames.json",
    log:
        "<logs>/exploration/{element}-{iteration}-explore.log",
    params:
        call=library("exploration.turn.explore"),
        symbol="{element}",
        turn="{iteration}",
        settings=lambda wildcards: turns.explored(wildcards.element),
        given=lambda wildcards: plan.plain("elements", wildcards.element),
        seed=settings.seed,


# Turn 0: the frames to begin with.
use rule small_job as begin with:
    input:
        start=lambda wildcards: turns.start(wildcards.element),
    output:
        labelled="<results>/exploration/{element}/0/labelled.h5",
        summary="<results>/exploration/{element}/0/summary.json",
    log:
        "<logs>/exploration/{element}-begin.log",
    localrule: True
    params:
        call=library("exploration.growth.begin"),
        arguments=lambda wildcards: {"count": plan.setting("exploration", wildcards.element).count},


checkpoint grow:
    input:
        unpack(lambda wildcards: turns.inputs(wildcards.element, int(wildcards.iteration))),
    output:
        labelled="<results>/exploration/{element}/{iteration}/labelled.h5",
        summary="<results>/exploration/{element}/{iteration}/summary.json",
    log:
        "<logs>/exploration/{element}-{iteration}-grow.log",
    wildcard_constraints:
        iteration="[1-9][0-9]*",
    localrule: True
    conda:
        "../../envs/potstill.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        call=library("exploration.growth.grow"),
        turn="{iteration}",
    message:
        "{rule}: {output[0]}"
    script:
        "../../scripts/job.py"


# What ends the loop. Of a job that waits for a checkpoint Snakemake looks at the age of files
# alone: without this one an ended loop would not go on when other errors are asked for.
use rule small_job as goals with:
    output:
        "<results>/exploration/{element}/goals.json",
    log:
        "<logs>/exploration/{element}-goals.log",
    localrule: True
    params:
        call=library("exploration.growth.write_goals"),
        settings=lambda wildcards: plan.plain("exploration", wildcards.element),


# What the last turn knows, and a table of all.
use rule small_job as explored with:
    input:
        goals="<results>/exploration/{element}/goals.json",
        labelled=lambda wildcards: turns.labelled(wildcards.element),
        summaries=lambda wildcards: turns.summaries(wildcards.element),
    output:
        frames="<results>/exploration/{element}/labelled.h5",
        csv="<results>/exploration/{element}/turns.csv",
        markdown="<results>/exploration/{element}/turns.md",
    log:
        "<logs>/exploration/{element}.log",
    localrule: True
    params:
        call=library("exploration.growth.write_explored"),
