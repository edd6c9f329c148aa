localrules:
    provenance,


rule provenance:
    input:
        potentials=expand(
            "<results>/potentials/{table}.eam.fs", table=settings.potentials
        ),
        files=[
            *rules.figures.input,
            *rules.tables.input,
            *expand("<results>/sampling/{name}.h5", name=settings.sampling),
            *expand(
                "<results>/distillation/{element}/distilled.h5",
                element=settings.distillation,
            ),
            *expand("<results>/models/{name}/ensemble.pt", name=settings.models),
        ],
    output:
        "<results>/provenance.json",
    log:
        "<logs>/provenance.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        settings=plain(settings),
        repository=str(workflow.basedir),
    message:
        "provenance: versions, settings and hashes"
    script:
        "../../scripts/provenance.py"
