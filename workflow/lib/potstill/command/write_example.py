"""`potstill example`: a trained model and structures, to try the other commands on."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from potstill.errors import PotstillError


def example(
    folder: Annotated[Path, typer.Argument(help="folder to write into, made if it is not there")],
) -> None:
    """Write a small trained model and three structures into a folder.

    The structures are a shaken crystal (CIF), a crystal without one of its atoms (extended XYZ)
    and one at half its volume (POSCAR). Relax them by the command that is printed.

    Example: `potstill example try`
    """
    from potstill.foundation.frame_orders import EXAMPLE
    from potstill.runtime.files import atomic_path

    if folder.exists() and not folder.is_dir():
        raise PotstillError(f"{folder}: is a file; name a folder")
    shipped = sorted(EXAMPLE.iterdir())
    for source in shipped:
        target = folder / source.name
        if target.exists() and (target.is_dir() or target.read_bytes() != source.read_bytes()):
            raise PotstillError(f"{target}: is there already; name another folder")
    for source in shipped:
        with atomic_path(folder / source.name) as temporary:
            shutil.copyfile(source, temporary)
    models = [file.name for file in shipped if file.suffix == ".pt"]
    structures = [file.name for file in shipped if file.suffix != ".pt"]
    typer.echo(
        f"cd {folder}\n"
        f"potstill relax {' '.join(models + structures)} -o relaxed.xyz --csv table.csv"
    )
