"""The study of selection strategies, a target of its own: `snakemake study`."""


localrules:
    study,
    study_table,
    study_pool,
    study_test,
    study_start,


rule study:
    input:
        expand("<results>/study/{element}/table.md", element=settings.study),


rule study_test:
    input:
        frames="<results>/sampling/{element}/{atoms}/{ensemble}.h5",
    output:
        frames="<results>/study/{element}/{atoms}/{ensemble}.h5",
    log:
        "<logs>/study/{element}-{atoms}-{ensemble}.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        test=True,
        test_frames=lambda wildcards: setting("study", wildcards.element).test_frames,
        seed=settings.seed,
        version=VERSION["distillation"],
    message:
        "study: test frames of {input.frames}"
    script:
        "../../scripts/study_part.py"


use rule study_test as study_pool with:
    input:
        frames=lambda wildcards: f"<results>/sampling/{setting('study', wildcards.element).source}.h5",
    output:
        frames="<results>/study/{element}/pool.h5",
    log:
        "<logs>/study/{element}-pool.log",
    params:
        test=False,
        test_frames=lambda wildcards: setting("study", wildcards.element).test_frames,
        seed=settings.seed,
        version=VERSION["distillation"],
    message:
        "study: the pool of {input.frames}"


rule study_start:
    input:
        pool="<results>/study/{element}/pool.h5",
    output:
        frames="<results>/study/{element}/start/{percent}/{replica}/selection.h5",
    log:
        "<logs>/study/{element}-start-{percent}-{replica}.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        number=lambda wildcards: study_count(
            wildcards.element,
            wildcards.percent,
            setting("study", wildcards.element).start,
        ),
        seed=settings.seed,
        version=VERSION["distillation"],
    message:
        "study: random start of {wildcards.percent}% of {wildcards.element}"
    script:
        "../../scripts/study_start.py"


use rule score as study_score with:
    input:
        model="<results>/models/{element}-study-start-{percent}-{replica}/ensemble.pt",
        frames="<results>/study/{element}/pool.h5",
    output:
        scores="<results>/study/{element}/start/{percent}/{replica}/scores.h5",
    log:
        "<logs>/study/{element}-score-{percent}-{replica}.log",
    params:
        block=0,
        blocks=1,
        device=settings.device,
        version=VERSION["distillation"],
    message:
        "study: uncertainty of the pool of {wildcards.element}"


rule study_select:
    input:
        unpack(study_select_inputs),
    output:
        selection="<results>/study/{element}/{strategy}/{percent}/{replica}/selection.h5",
        summary="<results>/study/{element}/{strategy}/{percent}/{replica}/summary.json",
    log:
        "<logs>/study/{element}-{strategy}-{percent}-{replica}.log",
    wildcard_constraints:
        strategy="(?!start/)[a-z_]+",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        number=lambda wildcards: study_count(wildcards.element, wildcards.percent),
        descriptor=plain(settings.training.descriptor),
        seed=settings.seed,
        version=VERSION["distillation"],
    message:
        "study: {wildcards.percent}% of {wildcards.element} by {wildcards.strategy}"
    script:
        "../../scripts/study_select.py"


use rule evaluate as study_evaluate with:
    input:
        model="<results>/models/{model}/ensemble.pt",
        frames="<results>/study/{element}/{atoms}/{ensemble}.h5",
        features=features_on("study/{element}/{atoms}/{ensemble}"),
    output:
        evaluation="<results>/models/{model}/study/{element}/{atoms}/{ensemble}.h5",
        summary="<results>/models/{model}/study/{element}/{atoms}/{ensemble}.json",
    log:
        "<logs>/study/{model}-on-{element}-{atoms}-{ensemble}.log",


rule study_table:
    input:
        unpack(lambda wildcards: study_runs(wildcards.element)),
    output:
        rows="<results>/study/{element}/models.csv",
        table="<results>/study/{element}/table.csv",
        over="<results>/study/{element}/over_shares.csv",
        markdown="<results>/study/{element}/table.md",
    log:
        "<logs>/study/{element}-table.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        models=lambda wildcards: study_models(wildcards.element),
        tests=lambda wildcards: setting("study", wildcards.element).tests,
        version=VERSION["study"],
    message:
        "study: the table of {wildcards.element}"
    script:
        "../../scripts/study_table.py"
