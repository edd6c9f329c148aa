"""Every number beside the paper's, a target of its own: `snakemake reproduction`."""


rule reproduction:
    input:
        "<results>/reproduction/README.md",
    localrule: True


# Tables of the other targets are shown if they are there when this rule is asked for.
use rule small_job as reproduction_page with:
    input:
        unpack(lambda wildcards: catalogue.reproduction(paper, drawings)),
    output:
        page="<results>/reproduction/README.md",
        numbers="<results>/reproduction/numbers.csv",
        times="<results>/reproduction/times.csv",
        sampled="<results>/reproduction/sampling/sets.csv",
        copies=expand("<results>/reproduction/tables/{name}", name=paper.copied(numbered)),
        drawn=expand("<results>/reproduction/figures/{name}.png", name=drawings),
    log:
        "<logs>/paper/reproduction.log",
    localrule: True
    params:
        call=library("paper.jobs.reproduction"),
        labels=lambda wildcards: catalogue.reproduced(paper),
        logs=f"results/{settings.run}/logs",
        command=command_of("--cores 2 reproduction"),
