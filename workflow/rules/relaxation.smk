rule relax:
    input:
        potential=calculator_file,
    output:
        "<results>/relaxation/{model}/{element}.json",
    log:
        "<logs>/relaxation/{model}-{element}.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        element=lambda wildcards: plain(setting("elements", wildcards.element)),
        labels=label_source,
        version=VERSION["relaxation"],
    message:
        "relax: crystals of {wildcards.element} with {wildcards.model}"
    script:
        "../../scripts/relax.py"
