"""Other choices of frames, which the distilled ones are compared with."""


# One frame for each cell of a grid on the plane of enthalpy and order of the larger set.
use rule small_job as grid with:
    input:
        frames=lambda wildcards: f"<results>/sampling/{plan.larger_set(wildcards.element)}.h5",
    output:
        "<results>/distillation/{element}/grid-{grid}.h5",
    log:
        "<logs>/distillation/{element}-grid-{grid}.log",
    localrule: True
    params:
        call=library("paper.grid_cells.distil_grid"),
        cells=lambda wildcards: [int(n) for n in wildcards.grid.split("x")],
        seed=settings.seed,


# What choosing gains: as many frames of the same set by another strategy, as at random.
use rule small_job as as_many with:
    input:
        other="<results>/distillation/{element}/distilled.h5",
        pool=lambda wildcards: plan.source(wildcards.element),
    output:
        selection="<results>/distillation/{element}/as-many-{strategy}.h5",
        summary="<results>/distillation/{element}/as-many-{strategy}.json",
    log:
        "<logs>/distillation/{element}-as-many-{strategy}.log",
    localrule: True
    params:
        call=library("paper.as_many.select_as_many"),
        of="frames",
        descriptor=lambda wildcards: plain(settings.descriptor_of(wildcards.element)),
        seed=settings.seed,
