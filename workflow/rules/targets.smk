"""Targets asked for by name: one line for what the configuration does not have.

Without this the same error comes from an input function, among 30 lines of Snakemake's.
"""

import sys


def check_target(target):
    """Raise WorkflowError where a file of this run names a set, a model or an element unknown."""
    match Path(target).parts:
        case ("results", settings.run, "sampling", element, atoms, file):
            setting("elements", element)
            ensemble = re.match("[a-z0-9]*", file)[0]
            setting("sampling", f"{element}/{atoms}/{ensemble}")
        case ("results", settings.run, "sampling", element, "melting.json"):
            setting("elements", element)
        case ("results", settings.run, "models", model, *_):
            model_data(model)
        case ("results", settings.run, "relaxation" | "properties", model, file):
            setting("elements", Path(file).stem)
            sources = {labels.name for labels in settings.labels.values()}
            if model != "EAM" and model not in sources:
                model_data(model)
        case ("results", settings.run, "study", element, *rest):
            setting("study", element)
            if len(rest) == 4 and rest[0] not in ("start", *get_args(StrategyName)):
                raise WorkflowError(
                    f"{target}: '{rest[0]}' is no strategy; use one of "
                    f"{', '.join(get_args(StrategyName))}"
                    f"{did_you_mean(rest[0], get_args(StrategyName))}"
                )
        case ("results", settings.run, "distillation", element, *_):
            setting("distillation", element)
        case ("results", settings.run, "translation", place, *_):
            setting("translation", place.rpartition("-")[2])


try:
    # of Snakemake's own objects none knows the targets while rules are read
    for asked in sys.argv[1:]:
        check_target(asked)
except WorkflowError as error:
    sys.exit(str(error))
