use rule small_job as figure with:
    input:
        unpack(lambda wildcards: drawings[wildcards.figure]().inputs()),
    output:
        outputs=picture(
            "<results>/figures/{figure}",
            caption="report/caption.rst",
            category="Figures",
            labels=lambda wildcards: catalogue.labels(captions, "figure", wildcards.figure),
        ),
    log:
        "<logs>/paper/{figure}.log",
    wildcard_constraints:
        figure="|".join(drawings),
    localrule: True
    params:
        call=lambda wildcards: drawings[wildcards.figure]().call,
        arguments=lambda wildcards: drawings[wildcards.figure]().arguments,
        caption=lambda wildcards: drawings[wildcards.figure]().caption(
            captions["figures"][wildcards.figure]["caption"]
        ),
