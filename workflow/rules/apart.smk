"""What the rules of the targets share that are asked for apart from the default run."""

import os
from pathlib import Path


def few_models(element):
    """Return the models of ever fewer frames that the reproduction sets beside the distilled."""
    return [f"{element}-few-{count}" for count in settings.reproduction.few_frames]


def seeded_models(element):
    """Return the models of distilled frames and of all, whose crystals are compared over seeds."""
    if element in settings.distillation:
        return [f"{element}-distilled", f"{element}-full"]
    return [f"{element}-translated", f"{element}-whole"]


def of_seeds(model):
    """Return a model and its twins that were trained with other seeds."""
    twins = [f"{model}-seed-{k}" for k in range(1, settings.reproduction.seeds)]
    return [model, *twins]


def translated_training(source, target):
    """Return how models of translated frames are trained."""
    return settings.training_of(Model(frames=f"translation/{source}-{target}/frames"))


def native_test_frames(target):
    """Return how many frames of a target's own set test translated beside native frames."""
    transfer = setting("translation", target)
    frames = setting("sampling", transfer.test).frames
    return max(1, round(transfer.test_share * frames))


def native_names(target):
    """Return the names of the choices of native frames by what they are."""
    return {
        f"native, {strategy}, as many {of}": f"native-{strategy}-{of}"
        for of in ("frames", "atoms")
        for strategy in setting("translation", target).native
    }


def native_choices(target):
    """Return the summaries of the choices of native frames."""
    folder = f"<results>/translation/{setting('translation', target).source}-{target}"
    return [f"{folder}/{name}.json" for name in native_names(target).values()]


def compared_models(target):
    """Return the models of translated and of native frames of a target, by what they are of."""
    names = {"translated": "translated"}
    for factors in setting("translation", target).trials:
        shown = [f"{factor:g}" for factor in factors]
        names["translated, x " + ", ".join(shown)] = "scaled-" + "_".join(shown)
    for share in setting("translation", target).bain_trials:
        names[f"translated, {share:g} of crystals to BCC"] = f"bain-{share:g}"
    names |= native_names(target)
    return {label: f"{target}-{name}" for label, name in names.items()}


def made_before(files):
    """Return those of the run's files, by name, that are there."""
    files = {name: f"results/{settings.run}/{file}" for name, file in files.items()}
    return {name: file for name, file in files.items() if Path(file).exists()}


def made_apart():
    """Return the tables of targets asked for apart that are there, by title."""
    seeded = [*settings.distillation, *settings.translation]
    tables = {f"study {e}": f"study/{e}/table.csv" for e in settings.study}
    for name, elements in (
        ("seeds", seeded),
        ("translation", settings.translation),
        ("properties", settings.properties),
    ):
        tables |= {f"{name} {e}": f"tables/{name}_{e}.csv" for e in elements}
    return made_before(tables)


def study_rows():
    """Return what else the studies wrote that are there: rows by model and ratios, by file name."""
    return made_before(
        {
            f"study_{element}_{kind}.csv": f"study/{element}/{kind}.csv"
            for element in settings.study
            for kind in ("models", "over_shares")
        }
    )


def reproduced_tables():
    """Return the file names of the tables that the reproduction copies."""
    names = [f"table_{number}" for number in TABLE_NUMBERS]
    names += [title.replace(" ", "_") for title in made_apart()]
    both = [f"{name}.{suffix}" for name in names for suffix in ("csv", "md")]
    return ["curve.csv", "reduction.md", *both, *study_rows()]


def command_of(arguments):
    """Return the command that runs Snakemake with these arguments on this run's settings."""
    command = f"snakemake {arguments}"
    for file in map(Path, workflow.configfiles):
        if file.name != "config.yaml":  # the default, read anyway
            inside = file.resolve().is_relative_to(workflow.basedir)
            named = os.path.relpath(file, workflow.basedir) if inside else file.name
            command += f" --configfile {named}"
    return command
