# On two cores a set takes both: one after another, before anything else keeps one of them.
use rule job as sample with:
    input:
        potential=lambda wildcards: plan.table(wildcards.element),
    output:
        frames="<results>/sampling/{element}/{atoms}/{ensemble}.h5",
        summary="<results>/sampling/{element}/{atoms}/{ensemble}.json",
        trace="<results>/sampling/{element}/{atoms}/{ensemble}_trace.h5",
    log:
        "<logs>/sampling/{element}-{atoms}-{ensemble}.log",
    wildcard_constraints:
        element=plan.sets.sampled_element(),
    priority: 2
    threads: 2
    resources:
        mem_mb=growing(2000),
        runtime=growing(120),
    params:
        call=library("sampling.sample.sample"),
        name="{element}/{atoms}/{ensemble}",
        settings=lambda wildcards: plan.plain("sampling", SET.make(**wildcards)),
        element=lambda wildcards: plan.plain("elements", wildcards.element),
        seed=settings.seed,
        device=settings.device,


# A set of the frames that come with Potstill, which get their labels by `label_set`.
use rule small_job as foundational with:
    output:
        "<results>/sampling/{set}/frames.h5",
    log:
        "<logs>/sampling/{set}-frames.log",
    wildcard_constraints:
        set=plan.sets.named(Foundational),
    localrule: True
    params:
        call=library("foundation.metal_set.write_metal_set"),
        name="{set}",
        settings=lambda wildcards: plan.plain("sampling", wildcards.set),
        element=lambda wildcards: plan.plain("elements", split_sampled(wildcards.set)[0]),
        symbol=lambda wildcards: split_sampled(wildcards.set)[0],


# A set of dynamics that a model drives, likewise.
use rule network_job as dynamics with:
    input:
        model=lambda wildcards: plan.driver(wildcards.set),
    output:
        frames="<results>/sampling/{set}/frames.h5",
        summary="<results>/sampling/{set}/frames.json",
    log:
        "<logs>/sampling/{set}-frames.log",
    wildcard_constraints:
        set=plan.sets.named(ModelDynamics),
    params:
        call=library("exploration.dynamics_set.write_dynamics_set"),
        name="{set}",
        settings=lambda wildcards: plan.plain("sampling", wildcards.set),
        element=lambda wildcards: plan.plain("elements", split_sampled(wildcards.set)[0]),
        symbol=lambda wildcards: split_sampled(wildcards.set)[0],
        seed=settings.seed,


# A set from a file, which is read again when the file changes.
use rule job as read_set with:
    input:
        file=lambda wildcards: plan.sets.file(wildcards.name),
    output:
        frames="<results>/sampling/{name}.h5",
        summary="<results>/sampling/{name}.json",
    log:
        "<logs>/sampling/{name}.log",
    params:
        call=library("sampling.from_file.read_set"),
        settings=lambda wildcards: plan.plain("sampling", wildcards.name),
        seed=settings.seed,


# From here on only asked for by name. All sets, and a table of how their sampling went,
use rule small_job as sets with:
    input:
        summaries=plan.sets.summaries(plan.sets.sampled()),
    output:
        "<results>/sampling/sets.csv",
    log:
        "<logs>/sampling/sets.log",
    localrule: True
    params:
        call=library("sampling.sets_table.overview"),
        names=plan.sets.sampled(),


# results/<run>/sampling/Cu/32/momt_validation.csv against plain runs,
use rule job as validate with:
    input:
        potential=lambda wildcards: plan.table(wildcards.element),
        frames="<results>/sampling/{element}/{atoms}/{ensemble}.h5",
    output:
        "<results>/sampling/{element}/{atoms}/{ensemble}_validation.csv",
    log:
        "<logs>/sampling/{element}-{atoms}-{ensemble}-validate.log",
    threads: 2
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        call=library("sampling.validation.validate"),
        element=lambda wildcards: plan.plain("elements", wildcards.element),
        timestep_fs=lambda wildcards: plan.sets.dynamics(SET.make(**wildcards)).timestep_fs,
        seed=settings.seed,


# and results/<run>/sampling/Cu/melting.json, which asks for the run with both phases, too.
use rule validate as coexistence with:
    input:
        potential=lambda wildcards: plan.table(wildcards.element),
    output:
        "<results>/sampling/{element}/coexistence.json",
    log:
        "<logs>/sampling/{element}-coexistence.log",
    params:
        call=library("sampling.coexistence.coexistence"),
        symbol="{element}",
        element=lambda wildcards: plan.plain("elements", wildcards.element),
        guess_K=lambda wildcards: plan.sets.melting_guess(wildcards.element),
        timestep_fs=lambda wildcards: plan.sets.timestep(wildcards.element),
        seed=settings.seed,


use rule small_job as melting with:
    input:
        sets=lambda wildcards: plan.sets.summaries(plan.sets.momt(wildcards.element)),
        two_phase="<results>/sampling/{element}/coexistence.json",
    output:
        "<results>/sampling/{element}/melting.json",
    log:
        "<logs>/sampling/{element}-melting.log",
    localrule: True
    params:
        call=library("sampling.melting.melting"),
        atoms=lambda wildcards: [
            split_sampled(name)[1] for name in plan.sets.momt(wildcards.element)
        ],
