use rule job as translate with:
    input:
        frames="<results>/distillation/{source}/distilled.h5",
        potential=lambda wildcards: plan.table(wildcards.target),
    output:
        "<results>/translation/{source}-{target}/frames.h5",
    log:
        "<logs>/translation/{source}-{target}.log",
    params:
        call=library("translation.scaling.translate"),
        scale=lambda wildcards: plan.scale(wildcards.target),
        bain_share=lambda wildcards: plan.setting("translation", wildcards.target).bain_share,
