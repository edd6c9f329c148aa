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
        scale=lambda wildcards: settings.length_scale(wildcards.target),
        version=VERSION["translation"],
    message:
        "translate: {wildcards.source} to {wildcards.target}"
    script:
        "../../scripts/translate.py"
