"""Frames labelled by another calculator than the EAM, which the configuration names."""

RELABELLED = "|".join(
    (
        f"distillation/{FIELDS['element']}",
        f"translation/{FIELDS['source']}-{FIELDS['target']}",
        f"exploration/{FIELDS['element']}/{FIELDS['iteration']}",
    )
)
LABELLED = f"sampling/(?:{plan.sets.named(*get_args(UnlabelledSet))})"


use rule job as relabel_chunk with:
    input:
        frames=lambda wildcards: plan.labelling.unlabelled(wildcards.place),
    output:
        "<results>/{place}/relabelled/{chunk}.json",
    log:
        "<logs>/relabel/{place}-{chunk}.log",
    wildcard_constraints:
        place=f"{RELABELLED}|{LABELLED}",
    resources:
        mem_mb=4000,
        runtime=1440,
    # finished labels are good as long as what they depend on does not change
    params:
        call=library("labels.of_configuration.label_part"),
        element=lambda wildcards: plan.labelling.section(wildcards.place)[0],
        depends_on=lambda wildcards: plan.labelling.params(wildcards.place),
        store=f"results/{settings.run}/labels",


use rule relabel_chunk as relabel with:
    input:
        frames=lambda wildcards: plan.labelling.unlabelled(wildcards.place),
        chunks=lambda wildcards: plan.labelling.chunks(wildcards.place),
    output:
        output="<results>/{place}/relabelled.h5",
        summary="<results>/{place}/relabelled.json",
    log:
        "<logs>/relabel/{place}.log",
    wildcard_constraints:
        place=RELABELLED,
    localrule: True
    params:
        call=library("labels.of_configuration.join_parts"),


# a set that comes without labels
use rule relabel as label_set with:
    output:
        output="<results>/{place}.h5",
        summary="<results>/{place}.json",
    log:
        "<logs>/relabel/{place}-joined.log",
    wildcard_constraints:
        place=LABELLED,
    localrule: True
    params:
        call=library("labels.of_configuration.join_set"),
