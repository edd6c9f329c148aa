"""`potstill train`: an ensemble of networks, from labelled frames."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from potstill.command.error_tables import print_errors
from potstill.command.model_options import Device, read_yaml
from potstill.command.options import (
    SEED,
    EnergyKey,
    ForcesKey,
    Seed,
    StressKey,
    StressUnit,
    keep_inputs,
)
from potstill.errors import PotstillError

if TYPE_CHECKING:
    from potstill.settings import Training

# what is written beside a model: the course of the training, the summary, the page
_BESIDE = (".csv", ".json", ".html")


def train(
    frames: Annotated[Path, typer.Argument(metavar="TRAIN", help="labelled frames to train on")],
    output: Annotated[Path, typer.Option("--output", "-o", help="the model, an ensemble file")],
    test: Annotated[
        list[Path] | None,
        typer.Option(help="labelled frames to compare the model with; may be given several times"),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(help="YAML file of settings, those of `training` in a configuration"),
    ] = None,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    stress_key: StressKey = None,
    stress_unit: StressUnit = "eV/A^3",
    seed: Seed = SEED,
    device: Device = "auto",
    threads: Annotated[
        int,
        typer.Option(min=1, help="cores to use; a minibatch is too little work for several"),
    ] = 1,
) -> None:
    """Train an ensemble of networks on labelled frames.

    Lengths of the symmetry functions follow the size of the elements' atoms. Beside the model
    `model.json` has what the check of the data found, and errors: on the test frames, or without
    them on frames that networks did not train on; `model.csv` has those in the course of the
    training, and `model.html` shows all of it in a browser, with pictures. With 50 test frames or
    more the expected errors that the model gives are calibrated on these. After an interruption the
    same command goes on.

    Example: `potstill train train.xyz --test test.xyz -o model.pt`
    """
    beside = history, summary, page = [output.with_suffix(kind) for kind in _BESIDE]
    if output in beside:
        raise PotstillError(
            f"{output}: {', '.join(_BESIDE)} are written beside it; name it model.pt"
        )
    tests = test or []
    for written in (output, *beside):
        keep_inputs(written, frames, *tests, *([settings] if settings else []))

    from potstill.data.any_file import read_frames_file
    from potstill.models.evaluate_frames import NamedFrames, compare, tell
    from potstill.models.model_file import load_ensemble, save_ensemble
    from potstill.models.sigma_errors import calibrated_on
    from potstill.runtime.files import read_json, write_json
    from potstill.training.held_out import compare_held_out
    from potstill.training.train_model import train_frames

    keys: dict[str, Any] = {
        "energy_key": energy_key,
        "forces_key": forces_key,
        "stress_key": stress_key,
        "stress_unit": stress_unit,
    }
    training = _training(settings)
    found = read_frames_file(frames, **keys)
    given = found.frames
    # before the training, which takes longer than to find that this file is another one
    named = NamedFrames.read(tests, given.elements, output, **keys) if tests else None
    train_frames(
        given,
        file=frames,
        settings=_of_elements(training, given.elements, settings),
        seed=seed,
        device=device,
        threads=threads,
        model=output,
        history=history,
        summary=summary,
    )
    told = read_json(summary)
    _say_validation(told)
    ensemble = load_ensemble(output, device=device)
    trained_on = NamedFrames.of_file(frames, found)
    compared = (
        compare(ensemble, named, threads=threads)
        if named
        else compare_held_out(ensemble, trained_on, seed=seed, threads=threads)
    )
    if compared is not None:
        told["test" if named else "held_out"] = tell(compared, seed=seed)
    if named and compared is not None and compared.trust is not None:
        print_errors(told["test"])
        # after the widths of the training were judged by these frames
        known = calibrated_on(compared.trust, compared.energies, compared.forces)
        save_ensemble(output, replace(ensemble, trust=known))
    write_json(summary, told)

    from potstill.command.model_page import write_training_page

    write_training_page(page, output, frames, found, told, history, compared, seed=seed)
    typer.echo(
        f"\n{output}: written; errors and the check of the data are in {summary} and, with "
        f"pictures, in {page}"
    )


def _training(file: Path | None) -> "Training":
    """Return the settings in a file; PotstillError, a line for each, for bad ones."""
    from pydantic import ValidationError

    from potstill.settings import Training
    from potstill.settings.complaints import complaints

    given = read_yaml(file) if file else {}
    try:
        return Training.model_validate(given)
    except ValidationError as error:
        raise PotstillError("\n".join(complaints(error, given, Training, str(file)))) from None


def _of_elements(training: "Training", elements: tuple[str, ...], file: Path | None) -> "Training":
    """Return the settings with symmetry functions as long as the elements' atoms are large."""
    try:
        descriptor = training.descriptor.of_elements(elements)
    except ValueError as error:
        raise PotstillError(f"{file}: {error}") from None
    return training.model_copy(update={"descriptor": descriptor})


def _say_validation(told: dict[str, Any]) -> None:
    """Print the errors on frames that networks did not train on."""
    forces = told["validation_force_mae_meV_per_A"]
    typer.echo(
        f"on frames held out of {told['frames']}: {told['validation_mae_meV_per_atom']:.2f} "
        f"meV/atom{f', {forces:.1f} meV/A' if forces is not None else ''}"
    )
