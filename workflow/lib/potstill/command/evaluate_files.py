"""`potstill evaluate`: the errors of a model in labelled frames."""

from pathlib import Path
from typing import Annotated

import typer

from potstill.command.error_tables import HEADER, error_rows, print_errors
from potstill.command.model_options import Device, Model
from potstill.command.options import (
    SEED,
    THREADS,
    EnergyKey,
    ForcesKey,
    Seed,
    StressKey,
    StressUnit,
    Threads,
    keep_inputs,
)
from potstill.errors import PotstillError


def evaluate(
    model: Model,
    files: Annotated[list[Path], typer.Argument(help="labelled frames, in files that ASE reads")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="all that is told, .json, or the first table, .csv"),
    ] = None,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    stress_key: StressKey = None,
    stress_unit: StressUnit = "eV/A^3",
    seed: Seed = SEED,
    device: Device = "auto",
    threads: Threads = THREADS,
) -> None:
    """Compare a model with the labels of frames.

    Told are the mean errors over all frames, by chemical system, by file, and by the text `group`
    where frames have one; how large errors are beside sigma, the deviation over the model's
    networks; and the frames of the largest errors.

    Example: `potstill evaluate model.pt test.xyz -o errors.json`
    """
    if output is not None:
        keep_inputs(output, model, *files)
        if output.suffix not in (".json", ".csv"):
            raise PotstillError(f"{output}: name a file that ends in .json or .csv")

    from potstill.models.evaluate_frames import NamedFrames, evaluate_frames
    from potstill.models.model_file import load_ensemble
    from potstill.report.markup import write_csv
    from potstill.runtime.device import limit_threads
    from potstill.runtime.files import write_json

    limit_threads(threads)
    ensemble = load_ensemble(model, device=device)
    frames = NamedFrames.read(
        files,
        ensemble.elements,
        model,
        energy_key=energy_key,
        forces_key=forces_key,
        stress_key=stress_key,
        stress_unit=stress_unit,
    )
    told = evaluate_frames(ensemble, frames, seed=seed, threads=threads)
    print_errors(told)
    if output is None:
        return
    if output.suffix == ".csv":
        write_csv(output, HEADER, error_rows(told))
    else:
        write_json(output, {"model": str(model), "files": [str(file) for file in files]} | told)
    typer.echo(f"\n{output}: written")
