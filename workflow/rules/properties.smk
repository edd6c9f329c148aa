"""Properties of models against the reference, a target of its own: `snakemake properties`."""


rule properties:
    input:
        expand(
            "<results>/tables/properties_{element}.{suffix}",
            element=settings.properties,
            suffix=["csv", "md", "tex", "html"],
        ),
    localrule: True


use rule job as measure_properties with:
    input:
        unpack(lambda wildcards: plan.calculator_files(wildcards.element, wildcards.model)),
    output:
        "<results>/properties/{model}/{element}.json",
    log:
        "<logs>/properties/{model}-{element}.log",
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        call=library("properties.measure.measure_model"),
        symbol="{element}",
        element=lambda wildcards: plan.plain("elements", wildcards.element),
        depends_on=lambda wildcards: plan.labelling.source(wildcards.element, wildcards.model),
        settings=lambda wildcards: plan.measured(wildcards.element),
        seed=settings.seed,
        store=f"results/{settings.run}/labels",


use rule small_job as properties_table with:
    input:
        unpack(lambda wildcards: plan.properties(wildcards.element)),
    output:
        **printed(
            "<results>/tables/properties_{element}",
            caption="../report/properties.rst",
            category="Tables",
            labels={"table": "properties", "shows": "properties of {element}"},
        ),
    log:
        "<logs>/properties/table-{element}.log",
    localrule: True
    params:
        call=library("properties.properties_table.properties_table"),
        models=lambda wildcards: plan.setting("properties", wildcards.element).models,
        arguments=lambda wildcards: {
            "summaries": plan.setting("properties", wildcards.element).models
        },
