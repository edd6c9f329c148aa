"""What options of several subcommands are called, what they mean, and where they begin."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from potstill.errors import PotstillError
from potstill.settings import Settings

# the configuration's
SEED: int = Settings.model_fields["seed"].default
# A person's machine has other things to do: more cores are taken only where they are asked for.
THREADS = min(2, len(os.sched_getaffinity(0)))

EnergyKey = Annotated[
    str | None, typer.Option(help="name of the energy (whole cell, eV) in the file [else: found]")
]
ForcesKey = Annotated[
    str | None, typer.Option(help="name of the forces (eV/A) in the file [else: found]")
]
StressKey = Annotated[
    str | None, typer.Option(help="name of the stress or virial in the file [else: found]")
]
StressUnit = Annotated[
    Literal["eV/A^3", "kB", "virial", "none"],
    typer.Option(
        help="eV/A^3: positive under tension; kB: as VASP prints it; virial: of the cell, eV, "
        "positive under pressure; none: leave it out"
    ),
]
Threads = Annotated[int, typer.Option(min=1, help="cores to use")]
Seed = Annotated[int, typer.Option(min=0, help="same seed, same bytes")]


def keep_inputs(output: Path, *inputs: Path) -> None:
    """Raise PotstillError where a result would replace what it is made of, or a folder."""
    if output.is_dir():
        raise PotstillError(f"{output}: a folder; name a file in it")
    if any(output.exists() and given.exists() and output.samefile(given) for given in inputs):
        raise PotstillError(f"{output}: is an input as well; name another file with -o")
