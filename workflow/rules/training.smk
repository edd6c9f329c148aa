rule train:
    input:
        frames=lambda wildcards: f"<results>/{model_data(wildcards.model).frames}.h5",
    output:
        model="<results>/models/{model}/ensemble.pt",
        history="<results>/models/{model}/history.csv",
        summary="<results>/models/{model}/summary.json",
    log:
        "<logs>/training/{model}.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=training_memory,
        runtime=growing(60),
        gpu=0,
    params:
        settings=training_settings,
        number=lambda wildcards: model_data(wildcards.model).count,
        seed=training_seed,
        device=settings.device,
        version=VERSION["training"],
    message:
        "train: {wildcards.model} on {input.frames}"
    script:
        "../../scripts/train.py"


rule describe:
    input:
        frames="<results>/{set}.h5",
    output:
        features="<results>/features/{lengths}/{set}.h5",
    log:
        "<logs>/training/features/{lengths}/{set}.log",
    wildcard_constraints:
        lengths="scaled|unscaled",
        set="(sampling|study|translation)/.+",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        descriptor=descriptor_of,
        version=VERSION["evaluation"],
    message:
        "describe: symmetry functions of {input.frames}"
    script:
        "../../scripts/describe.py"


rule evaluate:
    input:
        model=model_on_eam_labels,
        frames="<results>/sampling/{element}/{atoms}/{ensemble}.h5",
        features=features_on("sampling/{element}/{atoms}/{ensemble}"),
    output:
        evaluation="<results>/models/{model}/evaluation/{element}/{atoms}/{ensemble}.h5",
        summary="<results>/models/{model}/evaluation/{element}/{atoms}/{ensemble}.json",
    log:
        "<logs>/training/{model}-on-{element}-{atoms}-{ensemble}.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
        gpu=0,
    params:
        seed=settings.seed,
        device=settings.device,
        version=VERSION["evaluation"],
    message:
        "evaluate: {wildcards.model} on {input.frames}"
    script:
        "../../scripts/evaluate.py"
