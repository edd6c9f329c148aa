rule sample:
    input:
        potential=lambda wildcards: table_of(wildcards.element),
    output:
        frames="<results>/sampling/{element}/{atoms}/{ensemble}.h5",
        summary="<results>/sampling/{element}/{atoms}/{ensemble}.json",
        trace="<results>/sampling/{element}/{atoms}/{ensemble}_trace.h5",
    log:
        "<logs>/sampling/{element}-{atoms}-{ensemble}.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 2
    resources:
        mem_mb=4000,
        runtime=1440,
    params:
        name=set_name,
        settings=lambda wildcards: plain(setting("sampling", set_name(wildcards))),
        element=lambda wildcards: plain(setting("elements", wildcards.element)),
        seed=settings.seed,
        device=settings.device,
        version=VERSION["sampling"],
    message:
        "sample: {params.settings[method]} run of {params.name}"
    script:
        "../../scripts/sample.py"
