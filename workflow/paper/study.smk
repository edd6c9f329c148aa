"""The study of selection strategies, a target of its own: `snakemake study`."""


rule study:
    input:
        expand("<results>/study/{element}/table.md", element=settings.paper.study),
    localrule: True


# A set in two: frames that test, and a pool to choose from.
use rule small_job as study_test with:
    input:
        frames="<results>/sampling/{element}/{atoms}/{ensemble}.h5",
    output:
        "<results>/study/{element}/{atoms}/{ensemble}.h5",
    log:
        "<logs>/study/{element}-{atoms}-{ensemble}.log",
    localrule: True
    params:
        call=library("paper.study.choose.write_part"),
        test=True,
        test_frames=lambda wildcards: paper.study(wildcards.element).test_frames,
        seed=settings.seed,


use rule study_test as study_pool with:
    input:
        frames=lambda wildcards: f"<results>/sampling/{paper.study(wildcards.element).source}.h5",
    output:
        "<results>/study/{element}/pool.h5",
    log:
        "<logs>/study/{element}-pool.log",
    localrule: True
    params:
        test=False,


use rule small_job as study_start with:
    input:
        pool="<results>/study/{element}/pool.h5",
    output:
        "<results>/study/{element}/start/{percent}/{replica}/selection.h5",
    log:
        "<logs>/study/{element}-start-{percent}-{replica}.log",
    localrule: True
    params:
        call=library("paper.study.choose.draw_start"),
        arguments=lambda wildcards: paper.start_size(wildcards.element, wildcards.percent),
        seed=settings.seed,


use rule score as study_score with:
    input:
        model="<results>/models/{element}-study-start-{percent}-{replica}/ensemble.pt",
        frames="<results>/study/{element}/pool.h5",
    output:
        "<results>/study/{element}/start/{percent}/{replica}/scores.h5",
    log:
        "<logs>/study/{element}-score-{percent}-{replica}.log",
    params:
        block=0,
        blocks=1,
        forces=lambda wildcards: paper.study_asks_forces(wildcards.element),


use rule job as study_select with:
    input:
        unpack(lambda wildcards: paper.study_choice(**wildcards)),
    output:
        selection="<results>/study/{element}/{strategy}/{percent}/{replica}/selection.h5",
        summary="<results>/study/{element}/{strategy}/{percent}/{replica}/summary.json",
    log:
        "<logs>/study/{element}-{strategy}-{percent}-{replica}.log",
    wildcard_constraints:
        strategy="(?!start/)[a-z_]+",
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        call=library("paper.study.choose.select_study"),
        arguments=lambda wildcards: paper.study_size(wildcards.element, wildcards.percent),
        descriptor=lambda wildcards: plain(settings.descriptor_of(wildcards.element)),
        seed=settings.seed,


use rule evaluate as study_evaluate with:
    input:
        model="<results>/models/{model}/ensemble.pt",
        frames="<results>/study/{element}/{atoms}/{ensemble}.h5",
        features=lambda wildcards: plan.features(wildcards.model, f"study/{SET.make(**wildcards)}"),
    output:
        output="<results>/models/{model}/study/{element}/{atoms}/{ensemble}.h5",
        summary="<results>/models/{model}/study/{element}/{atoms}/{ensemble}.json",
    log:
        "<logs>/study/{model}-on-{element}-{atoms}-{ensemble}.log",


use rule small_job as study_table with:
    input:
        unpack(lambda wildcards: paper.study_runs(wildcards.element)),
    output:
        rows="<results>/study/{element}/models.csv",
        table="<results>/study/{element}/table.csv",
        over="<results>/study/{element}/over_shares.csv",
        markdown="<results>/study/{element}/table.md",
    log:
        "<logs>/study/{element}-table.log",
    localrule: True
    params:
        call=library("paper.jobs.study_table"),
        models=lambda wildcards: paper.study_models(wildcards.element),
        tests=lambda wildcards: paper.study(wildcards.element).tests,
