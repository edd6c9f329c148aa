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
        mem_mb=4000,
        runtime=120,
    params:
        scale=lambda wildcards: settings.length_scale(wildcards.target),
        version=VERSION["translation"],
    message:
        "translate: {wildcards.source} to {wildcards.target}"
    script:
        "../../scripts/translate.py"


rule relabel_chunk:
    input:
        frames=relabel_source,
    output:
        "<results>/{place}/relabelled/{chunk}.h5",
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
    params:
        labels=lambda wildcards: plain(labels_of(wildcards)),
        version=VERSION["translation"],
    message:
        "relabel_chunk: {wildcards.chunk} of {input.frames}"
    script:
        "../../scripts/relabel_chunk.py"


rule relabel:
    input:
        chunks=lambda wildcards: [
            f"<results>/{wildcards.place}/relabelled/{chunk}.h5"
            for chunk in range(labels_of(wildcards).chunks)
        ],
    output:
        "<results>/{place}/relabelled.h5",
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
        version=VERSION["translation"],
    message:
        "relabel: {output}"
    script:
        "../../scripts/relabel.py"
