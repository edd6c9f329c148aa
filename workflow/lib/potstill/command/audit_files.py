"""`potstill audit`: what is in files of frames, and what looks wrong."""

from pathlib import Path
from typing import Annotated

import typer

from potstill.command.options import (
    THREADS,
    EnergyKey,
    ForcesKey,
    StressKey,
    StressUnit,
    Threads,
    keep_inputs,
)


def audit(
    files: Annotated[list[Path], typer.Argument(help="frames, in any format of ASE's")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="JSON of all that was found")
    ] = None,
    threads: Threads = THREADS,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    stress_key: StressKey = None,
    stress_unit: StressUnit = "eV/A^3",
) -> None:
    """Tell what is in files of frames: elements, sizes, labels, what looks wrong, what is alike.

    Labels are set against the positions and against each other by a linear model, which finds
    units that do not belong together. Several files are compared: which share of the frames of one
    is outside of another, and which frames are in both. Ends with status 1 if a file has labels or
    lengths that are surely wrong.

    Example: `potstill audit train.xyz test.xyz`
    """
    if output:
        keep_inputs(output, *files)
    from potstill.audit.file_report import file_report, report_lines
    from potstill.data.any_file import read_frames_file
    from potstill.distillation.nearness import nearness, nearness_lines
    from potstill.runtime.device import limit_threads
    from potstill.runtime.files import write_json

    limit_threads(threads)
    sets, reports = [], []
    for path in files:
        found = read_frames_file(
            path,
            energy_key=energy_key,
            forces_key=forces_key,
            stress_key=stress_key,
            stress_unit=stress_unit,
        )
        reports.append(file_report(str(path), found))
        sets.append(found.frames)
        for line in report_lines(reports[-1]):
            typer.echo(line)
    near = nearness(sets)
    for line in nearness_lines([str(path) for path in files], near):
        typer.echo(line)
    if output:
        write_json(output, {"files": reports, **near})
    if any(report["wrong"] for report in reports):
        raise typer.Exit(1)
