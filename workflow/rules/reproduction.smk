"""Targets of their own: every number beside the paper's, `snakemake reproduction`; crystals over
several seeds, `snakemake seeds`; translated beside native frames, `snakemake translation`.
"""


localrules:
    reproduction,
    reproduction_page,
    seeds,
    seeds_table,
    translation,
    comparison,


rule reproduction:
    input:
        "<results>/reproduction/README.md",


# Tables of the other targets are shown if they are there when this rule is asked for.
rule reproduction_page:
    input:
        provenance="<results>/provenance.json",
        tables=expand("<results>/tables/table_{number}.csv", number=TABLE_NUMBERS),
        figures=expand("<results>/figures/{name}.png", name=FIGURES),
        curve="<results>/distillation/Ni/curve.csv",
        reduction="<results>/distillation/Ni/reduction.json",
        choice_summaries=summaries(CHOICES.values()),
        choice_evaluations=evaluations(
            CHOICES.values(), setting("distillation", "Ni").source
        ),
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
        rows=list(study_rows().values()),
    output:
        page="<results>/reproduction/README.md",
        numbers="<results>/reproduction/numbers.csv",
        times="<results>/reproduction/times.csv",
        sets="<results>/reproduction/sampling/sets.csv",
        tables=expand("<results>/reproduction/tables/{name}", name=reproduced_tables()),
        figures=expand("<results>/reproduction/figures/{name}.png", name=FIGURES),
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
        choices=list(CHOICES),
        grids=[f"{h}x{o}" for h, o in setting("distillation", "Ni").grids],
        few=[str(count) for count in settings.reproduction.few_frames],
        compared=list(COMPARED),
        targets=list(settings.translation),
        apart=list(made_apart()),
        rows=list(study_rows()),
        logs=f"results/{settings.run}/logs",
        command=command_of("--cores 2 reproduction"),
        version=VERSION["paper"],
    message:
        "reproduction: every number beside the paper's"
    script:
        "../../scripts/reproduction.py"


rule seeds:
    input:
        expand(
            "<results>/tables/seeds_{element}.md",
            element=[*settings.distillation, *settings.translation],
        ),


rule seeds_table:
    input:
        reference="<results>/relaxation/EAM/{element}.json",
        crystals=lambda wildcards: [
            f"<results>/relaxation/{name}/{wildcards.element}.json"
            for model in seeded_models(wildcards.element)
            for name in of_seeds(model)
        ],
        summaries=lambda wildcards: summaries(seeded_models(wildcards.element)),
    output:
        csv="<results>/tables/seeds_{element}.csv",
        markdown="<results>/tables/seeds_{element}.md",
    log:
        "<logs>/paper/{element}-seed-table.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        models=lambda wildcards: seeded_models(wildcards.element),
        seeds=settings.reproduction.seeds,
        version=VERSION["paper"],
    message:
        "seeds: crystals of {wildcards.element} over {params.seeds} seeds"
    script:
        "../../scripts/seeds.py"


rule translation:
    input:
        expand(
            "<results>/tables/translation_{element}.md", element=settings.translation
        ),


rule comparison:
    input:
        summaries=lambda wildcards: summaries(
            compared_models(wildcards.element).values()
        ),
        evaluations=lambda wildcards: [
            f"<results>/models/{model}/translation/{wildcards.element}.h5"
            for model in compared_models(wildcards.element).values()
        ],
        choices=lambda wildcards: native_choices(wildcards.element),
    output:
        csv="<results>/tables/translation_{element}.csv",
        markdown="<results>/tables/translation_{element}.md",
    log:
        "<logs>/paper/{element}-native-table.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        labels=lambda wildcards: list(compared_models(wildcards.element)),
        version=VERSION["paper"],
    message:
        "comparison: translated and native frames of {wildcards.element}"
    script:
        "../../scripts/comparison.py"
