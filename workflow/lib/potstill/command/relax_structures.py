"""`potstill relax`: many structures at once, each to its own minimum."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from potstill.command.model_options import Device, Model
from potstill.command.options import THREADS, Threads, keep_inputs
from potstill.errors import PotstillError

if TYPE_CHECKING:
    import ase

    from potstill.relaxation.batch import BatchRelaxed
    from potstill.relaxation.outcomes import Outcome


def relax(
    model: Model,
    structures: Annotated[
        list[Path],
        typer.Argument(help="files of structures that ASE reads: CIF, POSCAR, extended XYZ, ..."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="relaxed structures, extended XYZ")
    ] = Path("relaxed.xyz"),
    csv: Annotated[
        Path | None, typer.Option(help="table of what became of each structure, CSV")
    ] = None,
    cell: Annotated[
        bool,
        typer.Option("--cell", help="relax the cell as well, along its periodic directions"),
    ] = False,
    fmax: Annotated[
        float,
        typer.Option(
            min=1e-6, help="largest force left, eV/A, and with --cell the virial an atom, eV"
        ),
    ] = 0.01,
    steps: Annotated[int, typer.Option(min=1, help="steps of a structure at most")] = 500,
    symmetry: Annotated[
        float,
        typer.Option(min=1e-5, help="how far atoms may be off in a space group's crystal, A"),
    ] = 0.05,
    device: Device = "auto",
    threads: Threads = THREADS,
) -> None:
    """Relax structures of any sizes and shapes with a model, all at once.

    Of each the table tells whether it converged, or why not, its energy, with the deviation over
    the model's networks (sigma), its volume, its space group before and after (where spglib is
    installed), and a flag where the model is not to be believed there, as of `potstill check`. A
    structure that breaks down does not stop the others. The same command goes on where it was
    stopped.

    Example: `potstill relax model.pt *.cif --cell -o relaxed.xyz --csv table.csv`
    """
    if csv == output:
        raise PotstillError(f"{csv}: is to be the table and the structures; name two files")
    for written in (output, *([csv] if csv else [])):
        keep_inputs(written, model, *structures)

    from potstill.data.any_file import read_structures
    from potstill.data.structures import Structures
    from potstill.models.model_file import load_ensemble
    from potstill.relaxation.finished import fingerprint
    from potstill.relaxation.outcomes import outcomes, relax_images
    from potstill.runtime.device import limit_threads
    from potstill.runtime.restart import restart_file

    limit_threads(threads)
    images = read_structures(structures)
    ensemble = load_ensemble(model, device=device)
    before = Structures.of_atoms(images)
    made_with = fingerprint(model, ensemble, before, fmax=fmax, steps=steps, relax_cell=cell)
    with restart_file(output, made_with) as restart:
        found = relax_images(
            ensemble,
            images,
            fmax=fmax,
            steps=steps,
            relax_cell=cell,
            threads=threads,
            restart=restart,
        )
        told = outcomes(
            ensemble, before, found, fmax=fmax, steps=steps, near_A=symmetry, threads=threads
        )
        _write(output, csv, images, found, told)
    _say(output, images, told)


def _write(
    output: Path,
    csv: Path | None,
    images: list["ase.Atoms"],
    found: "BatchRelaxed",
    told: list["Outcome"],
) -> None:
    """Write the relaxed structures, and the table where it is asked for."""
    from potstill.command.structure_rows import write_structure_rows
    from potstill.relaxation.outcomes import Outcome, write_relaxed

    write_relaxed(output, images, found, told)
    if csv is not None:
        write_structure_rows(csv, Outcome._fields, images, told)


def _say(output: Path, images: list["ase.Atoms"], told: list["Outcome"]) -> None:
    """Tell how many are relaxed, and why each of the others is not."""
    from potstill.data.any_file import name_of
    from potstill.relaxation.space_groups import is_installed

    lost = [(image, found) for image, found in zip(images, told, strict=True) if found.why_not]
    for image, found in lost:
        typer.echo(f"{name_of(image)}: not relaxed: {found.why_not}")
    for image, outcome in zip(images, told, strict=True):
        if outcome.flag:
            typer.echo(f"{name_of(image)}: not to be trusted, {outcome.flag}")
    typer.echo(f"{output}: {len(told) - len(lost)} of {len(told)} structures relaxed")
    if not is_installed():
        typer.echo("no space groups, as spglib is not installed: pip install spglib", err=True)
