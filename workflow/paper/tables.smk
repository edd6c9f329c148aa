use rule small_job as table with:
    input:
        unpack(lambda wildcards: numbered[wildcards.number]().inputs()),
    output:
        **printed(
            "<results>/tables/table_{number}",
            caption="report/caption.rst",
            category="Tables",
            labels=lambda wildcards: catalogue.labels(captions, "table", wildcards.number),
        ),
    log:
        "<logs>/paper/table_{number}.log",
    wildcard_constraints:
        number="|".join(numbered),
    localrule: True
    params:
        call=lambda wildcards: numbered[wildcards.number]().call,
        title=lambda wildcards: TITLES[wildcards.number],
        arguments=lambda wildcards: numbered[wildcards.number]().arguments,
        caption=lambda wildcards: captions["tables"][wildcards.number]["caption"],
