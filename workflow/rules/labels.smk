"""Frames labelled anew by another calculator than the EAM, which the configuration names."""

PLACES = f"distillation/{FIELDS['element']}|translation/{FIELDS['source']}-{FIELDS['target']}"


use rule job as relabel_chunk with:
    input:
        frames=lambda wildcards: plan.unlabelled(wildcards.place),
    output:
        "<results>/{place}/relabelled/{chunk}.json",
    log:
        "<logs>/relabel/{place}-{chunk}.log",
    wildcard_constraints:
        place=PLACES,
    resources:
        mem_mb=4000,
        runtime=1440,
    # finished labels are good as long as what they depend on does not change
    params:
        call=library("labels.of_configuration.label_part"),
        element=lambda wildcards: plan.labels(wildcards.place)[0],
        depends_on=lambda wildcards: plan.label_params(wildcards.place),
        store=f"results/{settings.run}/labels",


use rule relabel_chunk as relabel with:
    input:
        frames=lambda wildcards: plan.unlabelled(wildcards.place),
        chunks=lambda wildcards: plan.label_chunks(wildcards.place),
    output:
        output="<results>/{place}/relabelled.h5",
        summary="<results>/{place}/relabelled.json",
    log:
        "<logs>/relabel/{place}.log",
    localrule: True
    params:
        call=library("labels.of_configuration.join_parts"),
