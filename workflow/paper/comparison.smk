"""What translation costs, `snakemake translation`, and what another seed changes, `snakemake seeds`."""


rule translation:
    input:
        expand("<results>/tables/translation_{element}.md", element=settings.translation),
    localrule: True


rule seeds:
    input:
        expand(
            "<results>/tables/seeds_{element}.md",
            element=[*settings.distillation, *settings.translation],
        ),
    localrule: True


# Not distilled: the whole set that was distilled.
use rule translate as translate_whole with:
    input:
        frames=lambda wildcards: plan.source(wildcards.source),
        potential=lambda wildcards: plan.table(wildcards.target),
    output:
        "<results>/translation/{source}-{target}/whole.h5",
    log:
        "<logs>/translation/{source}-{target}-whole.log",


use rule translate as translate_scaled with:
    output:
        "<results>/translation/{source}-{target}/scaled-{factors}.h5",
    log:
        "<logs>/translation/{source}-{target}-scaled-{factors}.log",
    params:
        scale=lambda wildcards: plan.scale(
            wildcards.target, [float(factor) for factor in wildcards.factors.split("_")]
        ),


use rule translate as translate_bain with:
    output:
        "<results>/translation/{source}-{target}/bain-{share}.h5",
    log:
        "<logs>/translation/{source}-{target}-bain-{share}.log",
    params:
        bain_share="{share}",


# The target's own set in two: frames that test all, and a pool for models of native frames.
use rule study_test as native_test with:
    input:
        frames=lambda wildcards: f"<results>/sampling/{paper.test_of(wildcards.target)}.h5",
    output:
        "<results>/translation/{target}/test.h5",
    log:
        "<logs>/translation/{target}-native-test.log",
    localrule: True
    params:
        test_frames=lambda wildcards: paper.native_test_frames(wildcards.target),


use rule native_test as native_pool with:
    output:
        "<results>/translation/{target}/pool.h5",
    log:
        "<logs>/translation/{target}-native-pool.log",
    localrule: True
    params:
        test=False,


use rule as_many as native with:
    input:
        other="<results>/distillation/{source}/distilled.h5",
        pool="<results>/translation/{target}/pool.h5",
    output:
        selection="<results>/translation/{source}-{target}/native-{strategy}-{of}.h5",
        summary="<results>/translation/{source}-{target}/native-{strategy}-{of}.json",
    log:
        "<logs>/translation/{source}-{target}-native-{strategy}-{of}.log",
    localrule: False
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        of="{of}",
        descriptor=lambda wildcards: plain(plan.training(f"{wildcards.target}-whole").descriptor),


use rule evaluate as native_evaluate with:
    input:
        model="<results>/models/{model}/ensemble.pt",
        frames="<results>/translation/{target}/test.h5",
        features=lambda wildcards: plan.features(
            wildcards.model, f"translation/{wildcards.target}/test"
        ),
    output:
        output="<results>/models/{model}/translation/{target}.h5",
        summary="<results>/models/{model}/translation/{target}.json",
    log:
        "<logs>/training/{model}-on-native-{target}.log",


use rule small_job as comparison with:
    input:
        unpack(lambda wildcards: paper.compared(wildcards.element)),
    output:
        csv="<results>/tables/translation_{element}.csv",
        markdown="<results>/tables/translation_{element}.md",
    log:
        "<logs>/paper/{element}-native-table.log",
    localrule: True
    params:
        call=library("paper.jobs.comparison"),
        labels=lambda wildcards: list(paper.compared_models(wildcards.element)),


use rule small_job as seeds_table with:
    input:
        unpack(lambda wildcards: paper.seeds(wildcards.element)),
    output:
        csv="<results>/tables/seeds_{element}.csv",
        markdown="<results>/tables/seeds_{element}.md",
    log:
        "<logs>/paper/{element}-seed-table.log",
    localrule: True
    params:
        call=library("paper.jobs.seeds"),
        arguments=lambda wildcards: {"summaries": paper.seeded_models(wildcards.element)},
