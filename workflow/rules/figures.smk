"""The paper's figures, and a figure of each sampled set and of each judged model.

Their file names and the models in them are the paper's.
"""


localrules:
    figure_1,
    figure_2a,
    figure_2b,
    figure_3a,
    figure_3b,
    figure_n6,
    figure_s1,
    figure_s2,
    figure_s3,
    figure_translation,
    figure_energy_volume,
    figure_sampling,
    figure_errors,


rule figure_1:
    input:
        sampling=f"<results>/sampling/{setting('distillation', 'Ni').source}.json",
        selections=lambda wildcards: selection_summaries("Ni"),
        model="<results>/models/Ni-distilled/summary.json",
    output:
        report(
            "<results>/figures/figure_1.svg",
            caption="../report/figure_1.rst",
            category="Figures",
            labels={"figure": "1", "shows": "the workflow with this run's counts"},
        ),
        "<results>/figures/figure_1.pdf",
        "<results>/figures/figure_1.png",
    log:
        "<logs>/paper/figure_1.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        targets=list(settings.translation),
        version=VERSION["paper"],
    message:
        "figure_1: the workflow with this run's counts"
    script:
        "../../scripts/figure_1.py"


rule figure_2a:
    input:
        curve="<results>/distillation/Ni/curve.csv",
        random=trained("Ni-random", setting("distillation", "Ni").source),
        full=trained("Ni-full", setting("distillation", "Ni").source),
    output:
        report(
            "<results>/figures/figure_2a.svg",
            caption="../report/figure_2a.rst",
            category="Figures",
            labels={
                "figure": "2a",
                "shows": "error against share of the distilled set",
            },
        ),
        "<results>/figures/figure_2a.pdf",
        "<results>/figures/figure_2a.png",
    log:
        "<logs>/paper/figure_2a.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        version=VERSION["paper"],
    message:
        "figure_2a: error against share of the distilled set"
    script:
        "../../scripts/figure_2a.py"


rule figure_2b:
    input:
        curve="<results>/distillation/Ni/curve.csv",
        grid_summaries=[f"<results>/models/{m}/summary.json" for m in grid_models("Ni")],
        grid_evaluations=evaluations(
            grid_models("Ni"), setting("distillation", "Ni").reference
        ),
    output:
        report(
            "<results>/figures/figure_2b.svg",
            caption="../report/figure_2b.rst",
            category="Figures",
            labels={
                "figure": "2b",
                "shows": "error on the larger set, distilled and by grid",
            },
        ),
        "<results>/figures/figure_2b.pdf",
        "<results>/figures/figure_2b.png",
    log:
        "<logs>/paper/figure_2b.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        grids=[f"{h}x{o}" for h, o in setting("distillation", "Ni").grids],
        version=VERSION["paper"],
    message:
        "figure_2b: error on the larger set, distilled and by grid"
    script:
        "../../scripts/figure_2b.py"


rule figure_3a:
    input:
        evaluations=evaluations(
            ["Ni-distilled"], setting("distillation", "Ni").reference, "h5"
        ),
    output:
        report(
            "<results>/figures/figure_3a.svg",
            caption="../report/figure_3a.rst",
            category="Figures",
            labels={
                "figure": "3a",
                "shows": "distilled frames' model on the larger set",
            },
        ),
        "<results>/figures/figure_3a.pdf",
        "<results>/figures/figure_3a.png",
    log:
        "<logs>/paper/figure_3a.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        titles=[title_of(setting("distillation", "Ni").reference)],
        circle=False,
        version=VERSION["paper"],
    message:
        "{rule}: predicted against true energy"
    script:
        "../../scripts/figure_parity.py"


use rule figure_3a as figure_3b with:
    input:
        evaluations=evaluations(
            ["Al-translated"], setting("translation", "Al").test, "h5"
        ),
    output:
        report(
            "<results>/figures/figure_3b.svg",
            caption="../report/figure_3b.rst",
            category="Figures",
            labels={
                "figure": "3b",
                "shows": "translated frames' model on aluminium's own set",
            },
        ),
        "<results>/figures/figure_3b.pdf",
        "<results>/figures/figure_3b.png",
    log:
        "<logs>/paper/figure_3b.log",
    params:
        titles=[title_of(setting("translation", "Al").test)],
        circle=True,
        version=VERSION["paper"],


use rule figure_3a as figure_n6 with:
    input:
        evaluations=evaluations(
            ["Nb-translated"], setting("translation", "Nb").test, "h5"
        ),
    output:
        report(
            "<results>/figures/figure_n6.svg",
            caption="../report/figure_n6.rst",
            category="Figures",
            labels={
                "figure": "note 6",
                "shows": "translated frames' model on niobium's own set",
            },
        ),
        "<results>/figures/figure_n6.pdf",
        "<results>/figures/figure_n6.png",
    log:
        "<logs>/paper/figure_n6.log",
    params:
        titles=[title_of(setting("translation", "Nb").test)],
        circle=False,
        version=VERSION["paper"],


# Not the paper's: all targets side by side, and where the translated frames lie.
use rule figure_3a as figure_translation with:
    input:
        evaluations=[
            file
            for target, t in settings.translation.items()
            for file in evaluations([f"{target}-translated"], t.test, "h5")
        ],
    output:
        report(
            "<results>/figures/translation.svg",
            caption="../report/figure_translation.rst",
            category="Figures",
            labels={
                "figure": "translation",
                "shows": "models of translated frames on the targets' own",
            },
        ),
        "<results>/figures/translation.pdf",
        "<results>/figures/translation.png",
    log:
        "<logs>/paper/figure_translation.log",
    params:
        titles=[title_of(t.test) for t in settings.translation.values()],
        circle=True,
        version=VERSION["paper"],


rule figure_energy_volume:
    input:
        translated=[
            f"<results>/translation/{t.source}-{target}/frames.h5"
            for target, t in settings.translation.items()
        ],
        own=[f"<results>/sampling/{t.test}.h5" for t in settings.translation.values()],
        crystals=[
            f"<results>/relaxation/EAM/{target}.json"
            for target in settings.translation
        ],
    output:
        report(
            "<results>/figures/energy_volume.svg",
            caption="../report/figure_energy_volume.rst",
            category="Figures",
            labels={
                "figure": "energy and volume",
                "shows": "translated frames and the targets' own",
            },
        ),
        "<results>/figures/energy_volume.pdf",
        "<results>/figures/energy_volume.png",
    log:
        "<logs>/paper/figure_energy_volume.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        targets=list(settings.translation),
        version=VERSION["paper"],
    message:
        "figure_energy_volume: translated frames and the targets' own"
    script:
        "../../scripts/figure_energy_volume.py"


rule figure_s1:
    input:
        traces=[f"<results>/sampling/{name}_trace.h5" for name in COMPARED.values()],
    output:
        report(
            "<results>/figures/figure_s1.svg",
            caption="../report/figure_s1.rst",
            category="Figures",
            labels={"figure": "S1", "shows": "enthalpy of conventional and MOMT runs"},
        ),
        "<results>/figures/figure_s1.pdf",
        "<results>/figures/figure_s1.png",
    log:
        "<logs>/paper/figure_s1.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        labels=list(COMPARED),
        version=VERSION["paper"],
    message:
        "figure_s1: enthalpy of conventional and MOMT runs"
    script:
        "../../scripts/figure_s1.py"


rule figure_s2:
    input:
        evaluations=[
            file
            for model in COMPARED_MODELS
            for name in COMPARED.values()
            for file in evaluations([model], name, "h5")
        ],
    output:
        report(
            "<results>/figures/figure_s2.svg",
            caption="../report/figure_s2.rst",
            category="Figures",
            labels={
                "figure": "S2",
                "shows": "models of each kind of frames on each kind",
            },
        ),
        "<results>/figures/figure_s2.pdf",
        "<results>/figures/figure_s2.png",
    log:
        "<logs>/paper/figure_s2.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        labels=list(COMPARED),
        version=VERSION["paper"],
    message:
        "figure_s2: models of each kind of frames on each kind"
    script:
        "../../scripts/figure_s2.py"


rule figure_s3:
    input:
        sets=[f"<results>/sampling/{name}.h5" for name in momt_sets()],
    output:
        report(
            "<results>/figures/figure_s3.svg",
            caption="../report/figure_s3.rst",
            category="Figures",
            labels={
                "figure": "S3",
                "shows": "coverage of the plane of enthalpy and order",
            },
        ),
        "<results>/figures/figure_s3.pdf",
        "<results>/figures/figure_s3.png",
    log:
        "<logs>/paper/figure_s3.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        titles=[title_of(name) for name in momt_sets()],
        version=VERSION["paper"],
    message:
        "figure_s3: coverage of the plane of enthalpy and order"
    script:
        "../../scripts/figure_s3.py"


rule figure_sampling:
    input:
        trace="<results>/sampling/{element}/{atoms}/{ensemble}_trace.h5",
    output:
        report(
            "<results>/figures/sampling/{element}-{atoms}-{ensemble}.svg",
            caption="../report/figure_sampling.rst",
            category="Sampling",
            labels={
                "set": "{element}/{atoms}/{ensemble}",
                "shows": "the walk, and what it tells",
            },
        ),
        "<results>/figures/sampling/{element}-{atoms}-{ensemble}.pdf",
        "<results>/figures/sampling/{element}-{atoms}-{ensemble}.png",
    log:
        "<logs>/paper/sampling-{element}-{atoms}-{ensemble}.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        name=set_name,
        settings=lambda wildcards: plain(setting("sampling", set_name(wildcards))),
        version=VERSION["paper"],
    message:
        "figure_sampling: the walk of {params.name}"
    script:
        "../../scripts/figure_sampling.py"


rule figure_errors:
    input:
        evaluation="<results>/models/{model}/evaluation/{element}/{atoms}/{ensemble}.h5",
        summary="<results>/models/{model}/evaluation/{element}/{atoms}/{ensemble}.json",
    output:
        report(
            "<results>/figures/errors/{model}-on-{element}-{atoms}-{ensemble}.svg",
            caption="../report/figure_errors.rst",
            category="Errors",
            labels={
                "model": "{model}",
                "set": "{element}/{atoms}/{ensemble}",
            },
        ),
        "<results>/figures/errors/{model}-on-{element}-{atoms}-{ensemble}.pdf",
        "<results>/figures/errors/{model}-on-{element}-{atoms}-{ensemble}.png",
    log:
        "<logs>/paper/errors-{model}-on-{element}-{atoms}-{ensemble}.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        seed=settings.seed,
        version=VERSION["paper"],
    message:
        "figure_errors: {wildcards.model} on {input.evaluation}"
    script:
        "../../scripts/figure_errors.py"


rule figures:
    input:
        expand(
            "<results>/figures/{name}.{suffix}",
            name=FIGURES,
            suffix=["pdf", "png", "svg"],
        ),
        expand(
            "<results>/figures/sampling/{name}.{suffix}",
            name=["{}-{}-{}".format(*split_set(name)) for name in settings.sampling],
            suffix=["pdf", "png", "svg"],
        ),
        expand(
            "<results>/figures/errors/{name}.{suffix}",
            name=[
                "{}-on-{}-{}-{}".format(model, *split_set(name))
                for model, name in judged_models()
            ],
            suffix=["pdf", "png", "svg"],
        ),
