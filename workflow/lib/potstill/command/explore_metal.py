"""`potstill explore`: what a model of a metal leads to and does not know, ready to label."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from potstill.command.model_options import Model
from potstill.command.options import SEED, THREADS, Seed, Threads, keep_inputs
from potstill.errors import PotstillError


def explore(
    model: Model,
    labelled: Annotated[
        list[Path], typer.Argument(help="the frames that it was trained on, in any format of ASE's")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="extended XYZ to write")],
    count: Annotated[int, typer.Option("--number", "-n", min=1, help="how many to choose")] = 8,
    crystal_K: Annotated[
        list[float] | None,
        typer.Option("--crystal-at", min=1, help="temperature of a crystal, K; can be given again"),
    ] = None,
    liquid_K: Annotated[
        list[float] | None,
        typer.Option("--liquid-at", min=1, help="temperature of a liquid, K; can be given again"),
    ] = None,
    lattice_constant: Annotated[
        float | None,
        typer.Option(min=0.1, help="of the metal's crystal, A; of hcp: a [else: ASE's]"),
    ] = None,
    crystal: Annotated[
        Literal["fcc", "bcc", "hcp"] | None, typer.Option(help="the metal's crystal [else: ASE's]")
    ] = None,
    frames_of_run: Annotated[
        int, typer.Option(min=1, help="frames of each run to choose from, 200 steps apart")
    ] = 20,
    strained: Annotated[
        int, typer.Option(min=0, help="strained and shaken crystals among them, fcc, bcc, hcp")
    ] = 2,
    timestep: Annotated[
        float, typer.Option(min=0.01, max=10, help="time step, fs; light metals need less")
    ] = 2.0,
    seed: Seed = SEED,
    threads: Threads = THREADS,
) -> None:
    """Run a model of a metal, and write the frames that are most worth a label.

    The model drives dynamics of 32 atoms at zero pressure at the temperatures named, and relaxes
    fcc, bcc, hcp and a vacancy. Each run ends at the first structure that the model does not know.
    One frame is drawn from each run. The others are strained crystals, which no run comes to, and
    what is chosen: where a run ended, and what the labelled frames lack most. In the file `source`
    says where a frame comes from, and `group` whether it is drawn or not.

    Label them, compare the model with these labels (`potstill evaluate`: errors in those drawn are
    what to expect of such runs), and train on all.

    Example: `potstill explore al.pt al.xyz --crystal-at 600 --liquid-at 1100 -o next.xyz`
    """
    keep_inputs(output, model, *labelled)
    if not crystal_K and not liquid_K:
        raise PotstillError("no run to explore; name one with --crystal-at or --liquid-at")
    number = len(crystal_K or []) + len(liquid_K or [])
    if count < number + strained:
        raise PotstillError(
            f"-n {count}: one frame of each of {number} runs is written, and {strained} strained "
            "ones; raise it"
        )

    from potstill.data.any_file import read_structures
    from potstill.data.formats import frames_to_extxyz
    from potstill.data.structures import Structures
    from potstill.exploration.led_to import led_to
    from potstill.exploration.turn import choose, ended
    from potstill.foundation.metal_crystal import metal_crystal
    from potstill.models.doubts import need_trust
    from potstill.models.model_file import load_ensemble
    from potstill.runtime.device import limit_threads
    from potstill.settings import Exploration, ModelRun

    limit_threads(threads)
    ensemble = load_ensemble(model)
    need_trust(ensemble, model)
    if len(ensemble.elements) > 1:
        raise PotstillError(
            f"{model}: a model of {', '.join(ensemble.elements)}; explore runs one metal, so "
            "name a model of one element"
        )
    metal = metal_crystal(ensemble.elements[0], crystal, lattice_constant)
    known = Structures.of_atoms(read_structures(labelled))
    runs = [ModelRun(temperature_K=kelvin) for kelvin in crystal_K or []]
    runs += [ModelRun(temperature_K=kelvin, start="liquid") for kelvin in liquid_K or []]
    settings = Exploration(
        start="labelled",
        added=count,
        runs=tuple(runs),
        frames_of_run=frames_of_run,
        strained=strained,
        timestep_fs=timestep,
    )
    turn = len(known)  # another course with each turn's frames
    found = list(led_to(ensemble, metal, settings, seed, turn))
    chosen = choose(ensemble, metal, known, found, settings, seed, turn, threads)
    drawn = chosen.frames.columns.pop("drawn")
    group = ["drawn" if one else "others" for one in drawn]
    frames_to_extxyz(output, chosen.frames, {"source": chosen.sources, "group": group})
    typer.echo(f"{output}: {len(chosen.frames)} frames to label, {ended(found)}")
