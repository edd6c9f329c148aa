localrules:
    potential,


rule potential:
    input:
        no_missing_file,
    output:
        "<results>/potentials/{table}.eam.fs",
    log:
        "<logs>/potentials/{table}.log",
    conda:
        "../../envs/potstill.yaml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        settings=lambda wildcards: plain(setting("potentials", wildcards.table)),
        version=VERSION["potentials"],
    message:
        "potential: fetch and verify the table {wildcards.table}"
    script:
        "../../scripts/potential.py"
