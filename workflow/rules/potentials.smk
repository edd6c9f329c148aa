use rule small_job as potential with:
    input:
        lambda wildcards: plan.own_table(wildcards.table),
    output:
        "<results>/potentials/{table}.eam.fs",
    log:
        "<logs>/potentials/{table}.log",
    localrule: True
    params:
        call=library("potentials.fetch.fetch_table"),
        name="{table}",
        arguments=lambda wildcards: plan.plain("potentials", wildcards.table),
