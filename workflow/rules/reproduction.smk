"""Every number beside the paper's: a target of its own, `snakemake reproduction`."""


localrules:
    reproduction,
    reproduction_page,


rule reproduction:
    input:
        "<results>/reproduction",


# The study's table is shown if it is there when this rule is asked for.
rule reproduction_page:
    input:
        provenance="<results>/provenance.json",
        tables=expand("<results>/tables/table_{number}.csv", number=TABLE_NUMBERS),
        figures=expand("<results>/figures/figure_{number}.png", number=FIGURE_NUMBERS),
        curve="<results>/distillation/Ni/curve.csv",
        reduction="<results>/distillation/Ni/reduction.json",
        grid_summaries=summaries(grid_models("Ni")),
        grid_evaluations=evaluations(
            grid_models("Ni"), setting("distillation", "Ni").reference
        ),
        few_summaries=summaries(few_models("Ni")),
        few_evaluations=evaluations(
            few_models("Ni"), setting("distillation", "Ni").reference
        ),
        compared=[
            file
            for model in COMPARED_MODELS
            for name in COMPARED.values()
            for file in evaluations([model], name)
        ],
        translated=[
            file
            for target, t in settings.translation.items()
            for file in evaluations([f"{target}-translated"], t.test, "h5")
        ],
        sets="<results>/sampling/sets.csv",
        apart=list(made_apart().values()),
    output:
        folder=directory("<results>/reproduction"),
    log:
        "<logs>/paper/reproduction.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        tables=TABLE_NUMBERS,
        grids=[f"{h}x{o}" for h, o in setting("distillation", "Ni").grids],
        few=[str(count) for count in settings.reproduction.few_frames],
        compared=list(COMPARED),
        targets=list(settings.translation),
        apart=list(made_apart()),
        logs=f"results/{settings.run}/logs",
        command=reproduction_command(),
        version=VERSION["paper"],
    message:
        "reproduction: every number beside the paper's"
    script:
        "../../scripts/reproduction.py"
