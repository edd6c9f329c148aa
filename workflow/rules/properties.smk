"""Properties of models against the reference, a target of its own: `snakemake properties`."""


localrules:
    properties,
    properties_table,


rule properties:
    input:
        expand(
            "<results>/tables/properties_{element}.{suffix}",
            element=settings.properties,
            suffix=["csv", "md", "tex", "html"],
        ),


rule measure_properties:
    input:
        potential=calculator_file,
    output:
        "<results>/properties/{model}/{element}.json",
    log:
        "<logs>/properties/{model}-{element}.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        element=lambda wildcards: plain(setting("elements", wildcards.element)),
        labels=label_source,
        liquid_temperature_K=lambda wildcards: setting(
            "properties", wildcards.element
        ).liquid_temperature_K,
        seed=settings.seed,
        version=VERSION["properties"],
    message:
        "measure_properties: {wildcards.element} with {wildcards.model}"
    script:
        "../../scripts/measure_properties.py"


rule properties_table:
    input:
        unpack(properties_files),
    output:
        csv="<results>/tables/properties_{element}.csv",
        markdown="<results>/tables/properties_{element}.md",
        tex="<results>/tables/properties_{element}.tex",
        page=report(
            "<results>/tables/properties_{element}.html",
            caption="../report/properties.rst",
            category="Tables",
            labels={"table": "properties", "shows": "properties of {element}"},
        ),
    log:
        "<logs>/properties/table-{element}.log",
    conda:
        "../../envs/potstill.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        models=lambda wildcards: setting("properties", wildcards.element).models,
        version=VERSION["paper"],
    message:
        "properties_table: {wildcards.element}"
    script:
        "../../scripts/properties_table.py"
