localrules:
    distilled,
    curve,
    grid,
    as_many,


ruleorder: train_iteration > train


# An iteration waits for the training of the one before, and much waits for the last of them.
use rule train as train_iteration with:
    wildcard_constraints:
        model=r"[A-Z][a-z]?-iteration-\d+",
    priority: 1


rule score:
    input:
        model=scoring_model,
        frames=source_of,
    output:
        scores="<results>/distillation/{element}/{iteration}/scores.h5",
    log:
        "<logs>/distillation/{element}-{iteration}-score.log",
    priority: 1
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
        gpu=0,
    params:
        block=lambda wildcards: int(wildcards.iteration),
        blocks=lambda wildcards: setting("distillation", wildcards.element).blocks,
        device=settings.device,
        version=VERSION["distillation"],
    message:
        "score: uncertainty of block {wildcards.iteration} of {wildcards.element}"
    script:
        "../../scripts/score.py"


checkpoint select:
    input:
        unpack(select_inputs),
    output:
        selection="<results>/distillation/{element}/{iteration}/selection.h5",
        summary="<results>/distillation/{element}/{iteration}/summary.json",
    log:
        "<logs>/distillation/{element}-{iteration}-select.log",
    priority: 1
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        settings=lambda wildcards: loop_settings(wildcards.element),
        descriptor=plain(settings.training.descriptor),
        seed=settings.seed,
        version=VERSION["distillation"],
    message:
        "select: iteration {wildcards.iteration} of {wildcards.element}"
    script:
        "../../scripts/selection.py"


rule distilled:
    input:
        selection=last_selection,
    output:
        frames="<results>/distillation/{element}/distilled.h5",
    log:
        "<logs>/distillation/{element}-distilled.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=lambda wildcards: loop_settings(wildcards.element),
        last_iteration=lambda wildcards: last_iteration(wildcards.element),
        seed=settings.seed,
        version=VERSION["distillation"],
    message:
        "distilled: the data set of {wildcards.element}"
    script:
        "../../scripts/distilled.py"


rule curve:
    input:
        unpack(curve_inputs),
    output:
        "<results>/distillation/{element}/curve.csv",
    log:
        "<logs>/distillation/{element}-curve.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        sizes=lambda wildcards: curve_sizes(wildcards.element),
        version=VERSION["distillation"],
    message:
        "curve: error against share of data of {wildcards.element}"
    script:
        "../../scripts/curve.py"


rule reduction:
    input:
        frames=source_of,
        selection=last_selection,
        summaries=lambda wildcards: selection_summaries(wildcards.element),
    output:
        kept="<results>/distillation/{element}/kept.csv",
        summary="<results>/distillation/{element}/reduction.json",
        markdown="<results>/distillation/{element}/reduction.md",
    log:
        "<logs>/distillation/{element}-reduction.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        descriptor=plain(settings.training.descriptor),
        version=VERSION["distillation"],
    message:
        "reduction: what was kept and dropped of {wildcards.element}"
    script:
        "../../scripts/reduction.py"


rule grid:
    input:
        frames=reference_of,
    output:
        frames="<results>/distillation/{element}/grid-{grid}.h5",
    log:
        "<logs>/distillation/{element}-grid-{grid}.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(15),
    params:
        cells=lambda wildcards: [int(n) for n in wildcards.grid.split("x")],
        seed=settings.seed,
        version=VERSION["distillation"],
    message:
        "grid: one frame for each of {wildcards.grid} cells of {wildcards.element}"
    script:
        "../../scripts/grid.py"


# What choosing gains: as many frames of the same set by another strategy (Figure 2a: at random).
rule as_many:
    input:
        other="<results>/distillation/{element}/distilled.h5",
        pool=source_of,
    output:
        frames="<results>/distillation/{element}/as-many-{strategy}.h5",
        summary="<results>/distillation/{element}/as-many-{strategy}.json",
    log:
        "<logs>/distillation/{element}-as-many-{strategy}.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(15),
    params:
        of="frames",
        descriptor=plain(settings.training.descriptor),
        seed=settings.seed,
        version=VERSION["distillation"],
    message:
        "as_many: frames of {wildcards.element} as distilled, by {wildcards.strategy}"
    script:
        "../../scripts/as_many.py"
