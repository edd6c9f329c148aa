"""Frames carried over to other elements; from `translate_whole` on, what is compared with them."""

# Finished labels by other calculators, of all sets of the run.
LABEL_STORE = f"results/{settings.run}/labels"


localrules:
    relabel,


rule translate:
    input:
        frames="<results>/distillation/{source}/distilled.h5",
        potential=lambda wildcards: table_of(wildcards.target),
    output:
        frames="<results>/translation/{source}-{target}/frames.h5",
    log:
        "<logs>/translation/{source}-{target}.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(15),
    params:
        scale=lambda wildcards: translation_scale(wildcards.target),
        bain_share=bain_share,
        version=VERSION["translation"],
    message:
        "translate: {wildcards.source} to {wildcards.target}"
    script:
        "../../scripts/translate.py"


# Not distilled: the whole set that was distilled.
use rule translate as translate_whole with:
    input:
        frames=lambda wildcards: f"<results>/sampling/{setting('distillation', wildcards.source).source}.h5",
        potential=lambda wildcards: table_of(wildcards.target),
    output:
        frames="<results>/translation/{source}-{target}/whole.h5",
    log:
        "<logs>/translation/{source}-{target}-whole.log",


use rule translate as translate_scaled with:
    output:
        frames="<results>/translation/{source}-{target}/scaled-{factors}.h5",
    log:
        "<logs>/translation/{source}-{target}-scaled-{factors}.log",
    params:
        scale=lambda wildcards: translation_scale(
            wildcards.target,
            [float(factor) for factor in wildcards.factors.split("_")],
        ),
        bain_share=bain_share,
        version=VERSION["translation"],


use rule translate as translate_bain with:
    output:
        frames="<results>/translation/{source}-{target}/bain-{share}.h5",
    log:
        "<logs>/translation/{source}-{target}-bain-{share}.log",
    params:
        scale=lambda wildcards: translation_scale(wildcards.target),
        bain_share=lambda wildcards: float(wildcards.share),
        version=VERSION["translation"],


# The target's own set in two: frames that test all, and a pool for models of native frames.
use rule study_test as native_test with:
    input:
        frames=lambda wildcards: f"<results>/sampling/{setting('translation', wildcards.target).test}.h5",
    output:
        frames="<results>/translation/{target}/test.h5",
    log:
        "<logs>/translation/{target}-native-test.log",
    params:
        test=True,
        test_frames=lambda wildcards: native_test_frames(wildcards.target),
        seed=settings.seed,
        version=VERSION["translation"],
    message:
        "translation: test frames of {input.frames}"


use rule native_test as native_pool with:
    output:
        frames="<results>/translation/{target}/pool.h5",
    log:
        "<logs>/translation/{target}-native-pool.log",
    params:
        test=False,
        test_frames=lambda wildcards: native_test_frames(wildcards.target),
        seed=settings.seed,
        version=VERSION["translation"],
    message:
        "translation: the pool of {input.frames}"


use rule as_many as native with:
    input:
        other="<results>/distillation/{source}/distilled.h5",
        pool="<results>/translation/{target}/pool.h5",
    output:
        frames="<results>/translation/{source}-{target}/native-{strategy}-{of}.h5",
        summary="<results>/translation/{source}-{target}/native-{strategy}-{of}.json",
    log:
        "<logs>/translation/{source}-{target}-native-{strategy}-{of}.log",
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        of=lambda wildcards: wildcards.of,
        descriptor=lambda wildcards: plain(
            translated_training(wildcards.source, wildcards.target).descriptor
        ),
        seed=settings.seed,
        version=VERSION["translation"],
    message:
        "native: as many {wildcards.of} of {wildcards.target} by {wildcards.strategy}"


use rule evaluate as native_evaluate with:
    input:
        model="<results>/models/{model}/ensemble.pt",
        frames="<results>/translation/{target}/test.h5",
        features=features_on("translation/{target}/test"),
    output:
        evaluation="<results>/models/{model}/translation/{target}.h5",
        summary="<results>/models/{model}/translation/{target}.json",
    log:
        "<logs>/training/{model}-on-native-{target}.log",


rule relabel_chunk:
    input:
        frames=relabel_source,
    output:
        "<results>/{place}/relabelled/{chunk}.json",
    log:
        "<logs>/relabel/{place}-{chunk}.log",
    wildcard_constraints:
        place="distillation/[A-Z][a-z]?|translation/[A-Z][a-z]?-[A-Z][a-z]?",
        chunk="[0-9]+",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=1440,
    # what finished labels do not depend on is read from the configuration
    params:
        labels=lambda wildcards: labels_of(wildcards).essence,
        chunks=lambda wildcards: labels_of(wildcards).chunks,
        failed_share=lambda wildcards: labels_of(wildcards).failed_share,
        element=relabelled_element,
        store=LABEL_STORE,
        version=VERSION["translation"],
    message:
        "relabel_chunk: {wildcards.chunk} of {input.frames}"
    script:
        "../../scripts/relabel_chunk.py"


rule relabel:
    input:
        frames=relabel_source,
        chunks=lambda wildcards: [
            f"<results>/{wildcards.place}/relabelled/{chunk}.json"
            for chunk in range(labels_of(wildcards).chunks)
        ],
    output:
        frames="<results>/{place}/relabelled.h5",
        summary="<results>/{place}/relabelled.json",
    log:
        "<logs>/relabel/{place}.log",
    wildcard_constraints:
        place="distillation/[A-Z][a-z]?|translation/[A-Z][a-z]?-[A-Z][a-z]?",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        labels=lambda wildcards: labels_of(wildcards).essence,
        failed_share=lambda wildcards: labels_of(wildcards).failed_share,
        element=relabelled_element,
        store=LABEL_STORE,
        version=VERSION["translation"],
    message:
        "relabel: {output.frames}"
    script:
        "../../scripts/relabel.py"
