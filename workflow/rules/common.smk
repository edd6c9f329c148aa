"""What the rules share. Input functions read nothing but the small summaries of `select`."""

import json
import re
from pathlib import Path
from typing import get_args

from snakemake.exceptions import WorkflowError

from potstill.settings.complaints import did_you_mean
from potstill.paper.tables import TITLES
from potstill.settings import MOMT_RULE, Model, StrategyName
from potstill.settings import is_relabelled, split_set
from potstill.training.memory import training_memory_MiB
from potstill.versions import VERSION

# Table 1 and Figures S1 and S2 compare three kinds of nickel frames, and a model of each.
COMPARED = {"FCC": "Ni/108/fcc", "liquid": "Ni/108/liquid", "MOMT": "Ni/108/momt"}
COMPARED_MODELS = ["Ni-fcc", "Ni-liquid", "Ni-momt"]
# Several choices of frames from the set that is distilled, and a model of each (Figure 2a).
CHOICES = {
    "distilled": "Ni-distilled",
    "as many at random": "Ni-random",
    "all": "Ni-full",
}
# The paper's figures by its numbers (n6: its note 6), and two of ours.
FIGURES = [
    *(f"figure_{n}" for n in ("1", "2a", "2b", "3a", "3b", "n6", "s1", "s2", "s3")),
    "translation",
    "energy_volume",
]
TABLE_NUMBERS = list(TITLES)
# On the page of results, with their captions.
SHOWN_FIGURES = {
    "figure_2a": "Distilled nickel: error against share of the frames (Figure 2a)",
    "figure_3a": "Distilled nickel on the larger set (Figure 3a)",
    "figure_3b": "Nickel translated to aluminium (Figure 3b)",
    "figure_n6": "Nickel translated to niobium (note 6)",
}


def setting(section, name):
    """Return one entry of a section of the configuration."""
    known = getattr(settings, section)
    if name not in known:
        raise WorkflowError(
            f"configuration: {section}.{name} is asked for and missing; add it or ask for one of: "
            f"{', '.join(known) or 'none'}{did_you_mean(name, known)}"
        )
    return known[name]


def plain(section):
    """Return a section as the plain dict that goes into a rule's params."""
    return section.model_dump(mode="json")


def growing(amount):
    """Return a resource that grows by `amount` with every attempt at a job."""
    return lambda wildcards, attempt: attempt * amount


def loop_settings(element):
    """Return what a selection depends on: the loop's settings without the grids."""
    return setting("distillation", element).model_dump(mode="json", exclude={"grids"})


def set_name(wildcards):
    """Return the key in `sampling` of a rule's wildcards."""
    return f"{wildcards.element}/{wildcards.atoms}/{wildcards.ensemble}"


def title_of(name):
    """Return a set's name as a figure's title."""
    element, atoms, _ = split_set(name)
    return f"{element}, {atoms} atoms"


def table_of(element):
    """Return the file of an element's potential."""
    return f"<results>/potentials/{setting('elements', element).table}.eam.fs"


def no_missing_file(wildcards):
    """Return no inputs; an error where a table is to be made of a file that is not there."""
    name = wildcards.table
    file = setting("potentials", name).file
    made = Path(f"results/{settings.run}/potentials/{name}.eam.fs").exists()
    if file is not None and not made and not Path(file).is_file():
        raise WorkflowError(
            f"configuration: potentials.{name}.file: there is no file {file}; correct the name "
            "(it is relative to the folder that Snakemake runs in), or remove the setting"
        )
    return []


def model_data(name):
    """Return what a model is trained on: one of `models`, or one that a stage implies."""
    if name in settings.models:
        return settings.models[name]
    for pattern, file in (
        (r"([A-Z][a-z]?)-iteration-(\d+)", r"distillation/\1/\2/selection"),
        (r"([A-Z][a-z]?)-grid-(\d+x\d+)", r"distillation/\1/grid-\2"),
        (r"([A-Z][a-z]?)-(distilled)", r"distillation/\1/\2"),
        (r"([A-Z][a-z]?)-random", r"distillation/\1/as-many-random"),
        (
            r"([A-Z][a-z]?)-study-([a-z_]+)-([\d.]+)-(\d+)",
            r"study/\1/\2/\3/\4/selection",
        ),
    ):
        if match := re.fullmatch(pattern, name):
            return Model(frames=match.expand(file))
    if match := re.fullmatch(r"([A-Z][a-z]?)-few-(\d+)", name):
        source = setting("distillation", match[1]).source
        return Model(frames=f"sampling/{source}", count=int(match[2]))
    if match := re.fullmatch(
        r"([A-Z][a-z]?)-(whole|(?:scaled|bain)-[\d._]+|native-.+)", name
    ):
        source = setting("translation", match[1]).source
        return Model(frames=f"translation/{source}-{match[1]}/{match[2]}")
    if match := re.fullmatch(r"(.+)-seed-(\d+)", name):
        again = {"seed": settings.seed + int(match[2])}
        return model_data(match[1]).model_copy(update=again)
    return setting("models", name)


def training_settings(wildcards):
    """Return how a model is trained, as the plain dict that goes into the params."""
    return plain(settings.training_of(model_data(wildcards.model)))


def training_memory(wildcards, input, attempt):
    """Return the memory of a training, MB; only the frames that it takes of a set count."""
    data, share = model_data(wildcards.model), 1.0
    sampled = settings.sampling.get(data.frames.removeprefix("sampling/"))
    if data.count and sampled:
        share = min(1.0, data.count / sampled.frames)
    density = max(
        1 / element.volume_per_atom_A3 for element in settings.elements.values()
    )
    functions = settings.training.descriptor
    return attempt * training_memory_MiB(share * input.size_mb, functions, density)


def training_seed(wildcards):
    """Return the seed of a model's training."""
    return settings.seed_of(model_data(wildcards.model))


def summaries(models):
    """Return the training summaries of models."""
    return [f"<results>/models/{model}/summary.json" for model in models]


def descriptor_of(wildcards):
    """Return the symmetry functions of a feature file: a translation's are scaled."""
    functions = settings.training.descriptor
    if wildcards.lengths == "scaled":
        element = wildcards.set.split("/")[1]
        functions = functions.scaled(settings.length_scale(element))
    return plain(functions)


def features_on(place):
    """Return an input function: the features of the frames at `place` that a model takes."""

    def find(wildcards):
        functions = settings.training_of(model_data(wildcards.model)).descriptor
        same = functions == settings.training.descriptor
        lengths = "unscaled" if same else "scaled"
        return f"<results>/features/{lengths}/{place.format(**wildcards)}.h5"

    return find


def evaluations(models, set_name, suffix="json"):
    """Return the evaluations of models on a sampled set."""
    return [f"<results>/models/{m}/evaluation/{set_name}.{suffix}" for m in models]


def trained(model, set_name):
    """Return a model's training summary and the summary of its evaluation on a sampled set."""
    return [*summaries([model]), *evaluations([model], set_name)]


def judged_models():
    """Return (model, set) of the distilled and the translated models and what they are for."""
    return [
        *(
            (f"{element}-distilled", name)
            for element, loop in settings.distillation.items()
            for name in (loop.source, loop.reference)
        ),
        *((f"{e}-translated", t.test) for e, t in settings.translation.items()),
    ]


def tested_models():
    """Return (model, set) of what the page of results compares: Figure 2a's as well."""
    source = setting("distillation", "Ni").source
    choices = [(model, source) for model in CHOICES.values()]
    return list(dict.fromkeys([*judged_models(), *choices]))


def last_iteration(element):
    """Return the number of the loop's last iteration, waiting for the checkpoints if need be."""
    loop = setting("distillation", element)
    last = loop.blocks - 1
    if loop.converged_share == 0:
        return last  # the loop never stops early, so the whole graph is known from the start
    for k in range(last):
        summary = checkpoints.select.get(element=element, iteration=k).output.summary
        if json.loads(Path(summary).read_text())["converged"]:
            return k
    return last


def iteration_models(element):
    """Return the models of iterations 0..last; the last one's data are the distilled set."""
    implied = [f"{element}-iteration-{k}" for k in range(last_iteration(element))]
    return [*implied, f"{element}-distilled"]


def selection_summaries(element):
    """Return the summaries of iterations 0..last."""
    last = last_iteration(element)
    return [
        f"<results>/distillation/{element}/{k}/summary.json" for k in range(last + 1)
    ]


def grid_models(element):
    """Return the models of the grid-based distillations."""
    return [
        f"{element}-grid-{h}x{o}" for h, o in setting("distillation", element).grids
    ]


def source_of(wildcards):
    """Return the frames that an element's loop distils."""
    return f"<results>/sampling/{setting('distillation', wildcards.element).source}.h5"


def reference_of(wildcards):
    """Return the frames of the larger set that also tests the models."""
    return (
        f"<results>/sampling/{setting('distillation', wildcards.element).reference}.h5"
    )


def asks_model(strategy):
    """Return whether a strategy picks by the scores of a model."""
    # here, as it takes a second that other targets do without
    from potstill.distillation.strategies import find

    return find(strategy).needs_scores


def select_inputs(wildcards):
    """Return the source and, after iteration 0, the last selection.

    Where the strategy asks a model, this block's scores as well.
    """
    iteration = int(wildcards.iteration)
    files = {"frames": source_of(wildcards)}
    if iteration:
        loop = f"<results>/distillation/{wildcards.element}"
        files["previous"] = f"{loop}/{iteration - 1}/selection.h5"
        if asks_model(setting("distillation", wildcards.element).strategy):
            files["scores"] = f"{loop}/{iteration}/scores.h5"
    return files


def scoring_model(wildcards):
    """Return the model of the iteration before, which scores this iteration's block."""
    before = int(wildcards.iteration) - 1
    return f"<results>/models/{wildcards.element}-iteration-{before}/ensemble.pt"


def last_selection(wildcards):
    """Return the data set of the loop's last iteration."""
    element = wildcards.element
    return f"<results>/distillation/{element}/{last_iteration(element)}/selection.h5"


def curve_inputs(wildcards):
    """Return the loop's summaries and the evaluations of its models on both test sets."""
    loop = setting("distillation", wildcards.element)
    models = iteration_models(wildcards.element)
    return {
        "summaries": selection_summaries(wildcards.element),
        "source": evaluations(models, loop.source),
        "reference": evaluations(models, loop.reference),
    }


def curve_sizes(element):
    """Return the denominators of the two shares of data."""
    loop = setting("distillation", element)
    return {
        "source_frames": setting("sampling", loop.source).frames,
        "source_atoms": split_set(loop.source)[1],
        "reference_frames": setting("sampling", loop.reference).frames,
        "reference_atoms": split_set(loop.reference)[1],
    }


def study_count(element, percent, part=1.0):
    """Return the number of frames of a share of a study's source, or of a part of it."""
    frames = setting("sampling", setting("study", element).source).frames
    return max(1, round(part * round(float(percent) / 100 * frames)))


def study_select_inputs(wildcards):
    """Return the pool and, for strategies that ask a model, the start and its model's scores."""
    folder = f"<results>/study/{wildcards.element}"
    files = {"pool": f"{folder}/pool.h5"}
    if asks_model(wildcards.strategy):
        start = f"{folder}/start/{wildcards.percent}/{wildcards.replica}"
        files |= {"start": f"{start}/selection.h5", "scores": f"{start}/scores.h5"}
    return files


def study_models(element):
    """Return (strategy, percent, replica) of the models of a study."""
    study = setting("study", element)
    return [
        (strategy, f"{100 * share:g}", replica)
        for share in study.shares
        for strategy in study.strategies
        for replica in range(study.replicas)
    ]


def study_runs(element):
    """Return the result files of a study's models, of each in the order of `study_models`."""
    folder, tests = f"<results>/study/{element}", setting("study", element).tests
    names = [f"{s}-{p}-{r}" for s, p, r in study_models(element)]
    return {
        "summaries": [
            f"{folder}/{s}/{p}/{r}/summary.json" for s, p, r in study_models(element)
        ],
        "evaluations": [
            f"<results>/models/{element}-study-{name}/study/{test}.json"
            for name in names
            for test in tests
        ],
        "crystals": [
            f"<results>/relaxation/{element}-study-{n}/{element}.json" for n in names
        ],
        "reference": f"<results>/relaxation/EAM/{element}.json",
    }


def label_source(wildcards):
    """Return what labels depend on if `model` is the calculator of a rule's element, else None."""
    labels = settings.labels.get(wildcards.element)
    return labels.essence if labels and labels.name == wildcards.model else None


def calculator_file(wildcards):
    """Return what gives energies: a trained ensemble; for a reference, the potential's table."""
    if wildcards.model == "EAM" or label_source(wildcards):
        return table_of(wildcards.element)
    return f"<results>/models/{wildcards.model}/ensemble.pt"


def compared_files(folder, element, models, reference="EAM"):
    """Return a table's files: of the reference, of models, and the models' training summaries."""
    return {
        "reference": f"<results>/{folder}/{reference}/{element}.json",
        "models": [f"<results>/{folder}/{name}/{element}.json" for name in models],
        "summaries": summaries(models),
    }


def crystals(element, models):
    """Return a crystal table's files."""
    return compared_files("relaxation", element, models)


def properties_files(wildcards):
    """Return a properties table's files; the reference is what labelled the models' frames."""
    element = wildcards.element
    models = setting("properties", element).models
    reference = settings.reference_of(element, models)
    return compared_files("properties", element, models, reference)


def relabel_source(wildcards):
    """Return the frames that a folder's relabelled ones are made of."""
    stage = wildcards.place.partition("/")[0]
    name = {"translation": "frames", "distillation": "distilled"}[stage]
    return f"<results>/{wildcards.place}/{name}.h5"


def relabelled_element(wildcards):
    """Return the element of the frames in a folder: that after `/` or `-`."""
    return re.split("[/-]", wildcards.place)[-1]


def labels_of(wildcards):
    """Return the section `labels` for the frames in a folder."""
    return setting("labels", relabelled_element(wildcards))


def model_on_eam_labels(wildcards):
    """Return a model to test on a sampled set, whose labels are the EAM's."""
    if is_relabelled(model_data(wildcards.model)):
        raise WorkflowError(
            f"configuration: models.{wildcards.model} has frames with other labels than the EAM's, "
            "which sampled sets have; it cannot be tested on them"
        )
    return f"<results>/models/{wildcards.model}/ensemble.pt"


def translation_scale(target, factors=None):
    """Return the factor of lengths in a translation, or several that the frames take in turn."""
    factors = factors or setting("translation", target).factors
    return settings.length_scales(target, factors)


def bain_share(wildcards):
    """Return the share of a translation's crystals that are stretched to BCC."""
    return setting("translation", wildcards.target).bain_share


def momt_sets():
    """Return the names of the sets sampled by MOMT."""
    return [
        name for name, sampled in settings.sampling.items() if sampled.method == "momt"
    ]


def momt_sets_of(element):
    """Return (name, settings) of an element's MOMT sets."""
    found = [
        (name, sampled)
        for name, sampled in settings.sampling.items()
        if split_set(name)[0] == element and sampled.method == "momt"
    ]
    if not found:
        raise WorkflowError(f"configuration: sampling holds no MOMT set of {element}")
    return found


def melting_guess(wildcards):
    """Return the melting temperature that the first MOMT set was set up with, K."""
    sampled = momt_sets_of(wildcards.element)[0][1]
    return round(sampled.temperature_K / MOMT_RULE["temperature_K"], 1)
