localrules:
    sets,
    melting,


# On two cores a set takes both: one after another, before anything else keeps one of them.
rule sample:
    input:
        potential=lambda wildcards: table_of(wildcards.element),
    output:
        frames="<results>/sampling/{element}/{atoms}/{ensemble}.h5",
        summary="<results>/sampling/{element}/{atoms}/{ensemble}.json",
        trace="<results>/sampling/{element}/{atoms}/{ensemble}_trace.h5",
    log:
        "<logs>/sampling/{element}-{atoms}-{ensemble}.log",
    priority: 2
    conda:
        "../../envs/potstill.yaml"
    threads: 2
    resources:
        mem_mb=growing(2000),
        runtime=growing(120),
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


# Not part of the paper, and asked for by name: all sets and a table of how their sampling went,
rule sets:
    input:
        [f"<results>/sampling/{name}.json" for name in settings.sampling],
    output:
        table="<results>/sampling/sets.csv",
    log:
        "<logs>/sampling/sets.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        names=list(settings.sampling),
        version=VERSION["sampling"],
    message:
        "sets: how the sampling of {params.names} went"
    script:
        "../../scripts/overview.py"


# results/<run>/sampling/Ni/32/momt_validation.csv against plain runs,
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
        mem_mb=growing(2000),
        runtime=growing(60),
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


# and results/<run>/sampling/Ni/melting.json, which asks for the run with both phases, too.
rule coexistence:
    input:
        potential=lambda wildcards: table_of(wildcards.element),
    output:
        summary="<results>/sampling/{element}/coexistence.json",
    log:
        "<logs>/sampling/{element}-coexistence.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 2
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        element=lambda wildcards: plain(setting("elements", wildcards.element)),
        guess_K=melting_guess,
        timestep_fs=lambda wildcards: momt_sets_of(wildcards.element)[0][1].timestep_fs,
        seed=settings.seed,
        version=VERSION["sampling"],
    message:
        "coexistence: crystal and liquid {wildcards.element} around {params.guess_K} K"
    script:
        "../../scripts/coexistence.py"


rule melting:
    input:
        sets=lambda wildcards: [
            f"<results>/sampling/{name}.json"
            for name, _ in momt_sets_of(wildcards.element)
        ],
        two_phase="<results>/sampling/{element}/coexistence.json",
    output:
        summary="<results>/sampling/{element}/melting.json",
    log:
        "<logs>/sampling/{element}-melting.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        atoms=lambda wildcards: [
            split_set(name)[1] for name, _ in momt_sets_of(wildcards.element)
        ],
        version=VERSION["sampling"],
    message:
        "melting: {wildcards.element} in small cells and in the bulk"
    script:
        "../../scripts/melting.py"
