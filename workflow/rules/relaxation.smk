use rule job as relax with:
    input:
        unpack(lambda wildcards: plan.calculator_files(wildcards.element, wildcards.model)),
    output:
        "<results>/relaxation/{model}/{element}.json",
    log:
        "<logs>/relaxation/{model}-{element}.log",
    params:
        call=library("relaxation.benchmark.relax_model"),
        symbol="{element}",
        element=lambda wildcards: plan.plain("elements", wildcards.element),
        depends_on=lambda wildcards: plan.labelling.source(wildcards.element, wildcards.model),


use rule small_job as crystals with:
    input:
        unpack(lambda wildcards: plan.crystals(wildcards.element)),
    output:
        **printed(
            "<results>/tables/crystals_{element}",
            caption="../report/crystals.rst",
            category="Tables",
            labels={"table": "crystals", "shows": "relaxed crystals of {element}"},
        ),
    log:
        "<logs>/relaxation/crystals-{element}.log",
    localrule: True
    params:
        call=library("report.crystal_table.crystal_table"),
        title="Relaxed crystals of {element}",
        models=lambda wildcards: plan.crystal_models(wildcards.element),
        arguments=lambda wildcards: {"summaries": plan.crystal_models(wildcards.element)},
