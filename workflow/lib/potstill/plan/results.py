"""What a whole run makes, and the files that tell what it came to."""

from collections.abc import Sequence
from pathlib import Path

from potstill.plan.plan import Plan
from potstill.report.run_results import ResultFiles


def result_files(plan: Plan, folder: Path, tested: Sequence[tuple[str, str]]) -> ResultFiles:
    """Return the files in a run's folder that tell what it came to.

    tested: (model, set) of the models whose errors count.
    """
    settings = plan.settings
    relaxed = [(m, e) for e in plan.crystal_elements() for m in plan.crystal_models(e)]
    models = dict.fromkeys([*(model for model, _ in tested), *(model for model, _ in relaxed)])
    return ResultFiles(
        summaries={model: folder / f"models/{model}/summary.json" for model in models},
        evaluations={(m, s): folder / f"models/{m}/evaluation/{s}.json" for m, s in tested},
        crystals={(m, e): folder / f"relaxation/{m}/{e}.json" for m, e in relaxed},
        references={e: folder / f"relaxation/EAM/{e}.json" for e in plan.crystal_elements()},
        reductions={
            element: folder / f"distillation/{element}/reduction.json"
            for element in settings.distillation
        },
        sampled={name: folder / f"sampling/{name}.json" for name in settings.sampling},
    )


def data(plan: Plan) -> list[str]:
    """Return the frames and the models that a run is for."""
    settings = plan.settings
    return [
        *(f"<results>/sampling/{name}.h5" for name in settings.sampling),
        *(f"<results>/distillation/{element}/distilled.h5" for element in settings.distillation),
        *(
            f"<results>/translation/{transfer.source}-{target}/frames.h5"
            for target, transfer in settings.translation.items()
        ),
        *(f"<results>/exploration/{element}/labelled.h5" for element in settings.exploration),
        *(f"<results>/models/{name}/ensemble.pt" for name in settings.models),
    ]


def tables_and_plots(plan: Plan) -> list[str]:
    """Return what a run makes beside them, of the method."""
    settings, kinds = plan.settings, ("csv", "md", "tex", "html")
    plots = [f"sampling/{_dashed(name)}" for name in plan.sets.sampled()]
    plots += [f"errors/{model}-on-{_dashed(name)}" for model, name in plan.judged()]
    return [
        *(f"<results>/distillation/{element}/reduction.md" for element in settings.distillation),
        *(f"<results>/exploration/{element}/turns.md" for element in settings.exploration),
        *(f"<results>/tables/crystals_{e}.{k}" for e in plan.crystal_elements() for k in kinds),
        *(f"<results>/plots/{name}.{k}" for name in plots for k in ("pdf", "png", "svg")),
    ]


def _dashed(name: str) -> str:
    """Return a set's name as part of a file's, as `Ni-32-momt`."""
    return name.replace("/", "-")
