"""`potstill check`: whether structures are inside what a model knows."""

from pathlib import Path
from typing import Annotated

import typer

from potstill.command.model_options import Device, Model
from potstill.command.options import THREADS, Threads, keep_inputs


def check(
    model: Model,
    structures: Annotated[
        list[Path], typer.Argument(help="files of structures, in any format of ASE's")
    ],
    csv: Annotated[
        Path | None, typer.Option(help="table of what is said of each structure, CSV")
    ] = None,
    device: Device = "auto",
    threads: Threads = THREADS,
) -> None:
    """Tell whether a model can be believed on structures.

    Each that cannot is named with the reason: `outside` where surroundings of atoms are unlike
    those trained on, `unsure` where the networks disagree more than there, `refused` where there is
    no prediction, as of another element. The table has for all the expected errors of the energy
    and of the forces (68% are smaller), and the distances from what was trained on, by their
    limits. Ends with status 1 where a structure has a flag.

    Example: `potstill check model.pt *.cif --csv check.csv`
    """
    if csv is not None:
        keep_inputs(csv, model, *structures)

    from potstill.command.structure_rows import write_structure_rows
    from potstill.data.any_file import name_of, read_structures
    from potstill.data.structures import Structures
    from potstill.models.doubts import doubts, need_trust
    from potstill.models.model_file import load_ensemble
    from potstill.runtime.device import limit_threads
    from potstill.runtime.progress import Progress
    from potstill.trust.verdicts import Verdict

    limit_threads(threads)
    ensemble = load_ensemble(model, device=device)
    need_trust(ensemble, model)
    images = read_structures(structures)
    progress = Progress("check", len(images), "structures")
    given = Structures.of_atoms(images)
    found = doubts(ensemble, given, threads=threads, watch=progress.update)
    for image, verdict in zip(images, found.verdicts, strict=True):
        if verdict.flag:
            typer.echo(f"{name_of(image)}: {verdict.flag}")
    if csv is not None:
        header = ["energy_eV_per_atom", *Verdict._fields]
        per_atom = found.energy / given.sizes
        rows = zip(per_atom.tolist(), *zip(*found.verdicts, strict=True), strict=True)
        write_structure_rows(csv, header, images, rows)
    flagged = sum(bool(verdict.flag) for verdict in found.verdicts)
    typer.echo(f"{len(images) - flagged} of {len(images)} structures are inside what {model} knows")
    if flagged:
        raise typer.Exit(1)
