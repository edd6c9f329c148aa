"""`potstill frames`: frames for a metal, ready to label, without sampling anything."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from potstill.command.options import keep_inputs


def frames(
    element: Annotated[str, typer.Argument(help="chemical symbol of the metal")],
    output: Annotated[Path, typer.Option("--output", "-o", help="extended XYZ to write")],
    count: Annotated[int, typer.Option("--number", "-n", min=1, help="how many")] = 64,
    lattice_constant: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            help="of its crystal at zero temperature, by what will label the frames, A; of hcp: a "
            "[else: ASE's]",
        ),
    ] = None,
    crystal: Annotated[
        Literal["fcc", "bcc", "hcp"] | None, typer.Option(help="its crystal [else: ASE's]")
    ] = None,
    c_over_a: Annotated[
        float | None, typer.Option(min=0.1, help="of hcp [else: ASE's, or the ideal one]")
    ] = None,
) -> None:
    """Write the first frames of the foundational set for a metal, ready to label.

    They are crystals, liquids and all between of 32 atoms, scaled to the metal. They come in the
    order of their worth: the first 64 are the same, however many are asked for. In the file `order`
    is a frame's place, from 0, and `kind` what it is: of a `walk` between solid and liquid, of it
    and `stretched` to BCC, or a `strained` crystal.

    Example: `potstill frames Cu -n 64 --lattice-constant 3.615 -o cu.xyz`
    """
    keep_inputs(output)
    from potstill.data.formats import frames_to_extxyz
    from potstill.foundation.frame_orders import first_frames, read_set
    from potstill.foundation.metal_crystal import metal_crystal
    from potstill.settings import IDEAL_C_OVER_A

    metal = metal_crystal(element, crystal, lattice_constant, c_over_a)
    taken = []
    if crystal is None:
        taken.append(f"crystal {metal.structure} (ASE's)")
    if lattice_constant is None:
        taken.append(f"lattice constant {metal.lattice_constant_A:g} A (ASE's)")
    if c_over_a is None and metal.c_over_a is not None:
        origin = "ideal" if metal.c_over_a == IDEAL_C_OVER_A else "ASE's"
        taken.append(f"c/a {metal.c_over_a:.4g} ({origin})")
    if taken:
        typer.echo(f"not given, so taken: {', '.join(taken)}", err=True)
    found = first_frames(metal, count, read_set())
    frames_to_extxyz(output, found.frames, {"kind": found.kinds})
    typer.echo(f"{output}: {count} frames for {metal}: {found}")
