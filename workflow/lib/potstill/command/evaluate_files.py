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
    page: Annotated[
        Path | None,
        typer.Option(help="all of it on a page for a browser, .html, with pictures of the errors"),
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

    Told are the mean errors over all frames, by chemical system and element, by file, and by the
    text `group` where frames have one; how large errors are beside sigma, the deviation over the
    model's networks; and the frames of the largest errors.

    Example: `potstill evaluate model.pt test.xyz -o errors.json --page errors.html`
    """
    for written, suffixes in ((output, (".json", ".csv")), (page, (".html",))):
        if written is not None:
            keep_inputs(written, model, *files)
            if written.suffix not in suffixes:
                raise PotstillError(f"{written}: name a file that ends in {' or '.join(suffixes)}")

    from potstill.models.evaluate_frames import NamedFrames, compare, tell
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
    compared = compare(ensemble, frames, threads=threads)
    told = tell(compared, seed=seed)
    print_errors(told)
    if output is not None and output.suffix == ".csv":
        write_csv(output, HEADER, error_rows(told))
    elif output is not None:
        write_json(output, {"model": str(model), "files": [str(file) for file in files]} | told)
    if page is not None:
        from potstill.command.model_page import write_errors_page

        write_errors_page(page, model, told, compared, seed=seed)
    if made := [str(file) for file in (output, page) if file is not None]:
        typer.echo(f"\n{' and '.join(made)}: written")
