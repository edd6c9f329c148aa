"""`potstill label`: labels of frames by any ASE calculator."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from potstill.command.model_options import read_yaml
from potstill.command.options import keep_inputs
from potstill.errors import PotstillError


def label(
    frames: Annotated[Path, typer.Argument(help="frames, in any file that ASE reads")],
    calculator: Annotated[
        str,
        typer.Option(
            help="class of an ASE calculator with its module, or a function that returns one; the "
            "module may lie in the present folder"
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="labelled frames, extended XYZ")
    ] = Path("labelled.xyz"),
    arguments: Annotated[
        Path | None, typer.Option(help="YAML file of the calculator's arguments by name")
    ] = None,
    stress: Annotated[
        bool, typer.Option(help="label the stress; not where the code's is not converged")
    ] = True,
    failed_share: Annotated[
        float,
        typer.Option(min=0.0, max=0.99, help="share of the frames that may fail, and are left out"),
    ] = 0.05,
) -> None:
    """Give frames energy, forces and stress by an ASE calculator.

    The labels of each frame are kept in a folder beside the output, as `labelled.labels`, as soon
    as they are there: the same command goes on where it was stopped, and a frame is never
    calculated twice. `labelled.json` lists the frames that failed, and why.

    Example: `potstill label chosen.xyz --calculator ase.calculators.emt.EMT -o labelled.xyz`
    """
    summary, store = output.with_suffix(".json"), output.with_suffix(".labels")
    if output == summary:
        raise PotstillError(f"{output}: frames are extended XYZ; name it labelled.xyz")
    for written in (output, summary):
        keep_inputs(written, frames, *([arguments] if arguments else []))

    from potstill.data.any_file import read_frames_file
    from potstill.data.formats import frames_to_extxyz
    from potstill.labels.relabel import Request, label_rows, with_labels
    from potstill.runtime.files import write_json
    from potstill.runtime.restart import one_process
    from potstill.settings import Labels

    given = read_yaml(arguments) if arguments else {}
    try:
        labels = Labels(
            calculator=calculator, arguments=given, stress=stress, failed_share=failed_share
        )
    except ValidationError:
        raise PotstillError(
            f"--calculator: {calculator!r} is no class with its module; write it as "
            "ase.calculators.emt.EMT"
        ) from None
    found = read_frames_file(frames)
    request = Request(found.frames, frames, labels, store)
    if os.getcwd() not in sys.path:  # a console script's own folder is there instead
        sys.path.append(os.getcwd())
    with one_process(output):
        failed = label_rows(request, range(len(found.frames)), output.with_suffix(".work"))
        # equal shares of the energy are no atomic energies
        labelled = replace(with_labels(request, failed), atomic_energies=None)
        kept = [row for row in range(len(found.frames)) if row not in failed]
        texts = {name: [values[row] for row in kept] for name, values in found.texts.items()}
        frames_to_extxyz(output, labelled, texts)
        counts = {"frames": len(found.frames), "labelled": len(labelled), "failed": failed}
        write_json(summary, counts | labels.essence)
    left_out = f"; {len(failed)} left out, listed in {summary}" if failed else ""
    typer.echo(f"{output}: {len(labelled)} of {len(found.frames)} frames labelled{left_out}")
