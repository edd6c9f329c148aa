from pathlib import Path


localrules:
    potential,


def no_missing_file(wildcards):
    """Return no inputs; an error where a table is to be made of a file that is not there."""
    name = wildcards.table
    file = setting("potentials", name).file
    made = Path(f"results/{settings.run}/potentials/{name}.eam.fs").exists()
    if file is not None and not made and not Path(file).is_file():
        raise WorkflowError(
            f"configuration: potentials.{name}.file: there is no file {file}; correct the name "
            "(it is relative to the folder that Snakemake runs in), or remove the setting"
        )
    return []


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
