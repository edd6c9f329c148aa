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


# Not part of the paper: asked for by name, results/<run>/sampling/Ni/32/momt_validation.csv.
rule validate:
    input:
        potential=lambda wildcards: table_of(wildcards.element),
        frames="<results>/sampling/{element}/{atoms}/{ensemble}.h5",
    output:
        table="<results>/sampling/{element}/{atoms}/{ensemble}_validation.csv",
    log:
        "<logs>/sampling/{element}-{atoms}-{ensemble}-validate.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 2
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        element=lambda wildcards: plain(setting("elements", wildcards.element)),
        timestep_fs=lambda wildcards: setting(
            "sampling", set_name(wildcards)
        ).timestep_fs,
        steps=400_000,
        seed=settings.seed,
        version=VERSION["sampling"],
    message:
        "validate: {wildcards.element}/{wildcards.atoms}/{wildcards.ensemble} against plain runs"
    script:
        "../../scripts/validate.py"
