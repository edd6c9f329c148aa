use rule network_job as train with:
    input:
        frames=lambda wildcards: f"<results>/{plan.model(wildcards.model).frames}.h5",
    output:
        model="<results>/models/{model}/ensemble.pt",
        history="<results>/models/{model}/history.csv",
        summary="<results>/models/{model}/summary.json",
    log:
        "<logs>/training/{model}.log",
    resources:
        mem_mb=lambda wildcards, input, attempt: attempt
        * plan.training_memory(wildcards.model, input.size_mb),
        runtime=growing(60),
        gpu=0,
    params:
        call=library("training.train_model.train_model"),
        settings=lambda wildcards: plain(plan.training(wildcards.model)),
        arguments=lambda wildcards: plan.trained_on(wildcards.model),
        seed=lambda wildcards: plan.seed(wildcards.model),
        device=settings.device,


# The symmetry functions of a set, once for all models that are tested on it.
use rule job as describe with:
    input:
        frames="<results>/{set}.h5",
    output:
        "<results>/features/{lengths}/{set}.h5",
    log:
        "<logs>/training/features/{lengths}/{set}.log",
    wildcard_constraints:
        lengths="scaled|unscaled|like-[A-Za-z]+",
        set="(sampling|study|translation)/.+",
    params:
        call=library("descriptors.feature_file.write_features"),
        descriptor=lambda wildcards: plan.descriptor(wildcards.lengths, wildcards.set),


use rule network_job as evaluate with:
    input:
        model=lambda wildcards: plan.ensemble(wildcards.model, SET.make(**wildcards)),
        frames="<results>/sampling/{element}/{atoms}/{ensemble}.h5",
        features=lambda wildcards: plan.features(wildcards.model, SAMPLED.make(**wildcards)),
    output:
        output="<results>/models/{model}/evaluation/{element}/{atoms}/{ensemble}.h5",
        summary="<results>/models/{model}/evaluation/{element}/{atoms}/{ensemble}.json",
    log:
        "<logs>/training/{model}-on-{element}-{atoms}-{ensemble}.log",
    params:
        call=library("models.evaluation.evaluate_model"),
        seed=settings.seed,
        device=settings.device,
