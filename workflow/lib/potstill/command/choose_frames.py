"""`potstill select`: the frames of a pool that are most worth a label."""

from pathlib import Path
from typing import Annotated

import typer

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
from potstill.settings import StrategyName


def select(
    pool: Annotated[Path, typer.Argument(help="frames to choose from, in any format of ASE's")],
    count: Annotated[int, typer.Option("--number", "-n", min=1, help="how many to choose")],
    output: Annotated[Path, typer.Option("--output", "-o", help="extended XYZ to write")],
    base: Annotated[
        list[Path] | None,
        typer.Option(
            help="frames that are labelled already: choose what these lack; can be given again. "
            "d_optimal, farthest_point, random_then_farthest and set_cover look at it"
        ),
    ] = None,
    strategy: Annotated[
        StrategyName,
        typer.Option(help="how to choose; those of `sigma` and outlying_atom ask a --model"),
    ] = "d_optimal",
    model: Annotated[
        Path | None, typer.Option(help="ensemble that strategies of its doubts ask")
    ] = None,
    seed: Seed = SEED,
    threads: Threads = THREADS,
    energy_key: EnergyKey = None,
    forces_key: ForcesKey = None,
    stress_key: StressKey = None,
    stress_unit: StressUnit = "eV/A^3",
) -> None:
    """Choose the frames of a pool that are most worth a label.

    They need no labels. Those that the pool has are written, too, with `file_frame`, the number of
    each frame in the pool from 0, and `reason`, why it was chosen. Which frames are chosen depends
    on the pool, the base, the strategy and the seed, not on the machine.

    Example: `potstill select pool.xyz -n 200 --base train.xyz -o chosen.xyz`
    """
    keep_inputs(output, pool, *(base or []), *([model] if model else []))
    from potstill.data.any_file import read_frames_file, read_structures
    from potstill.data.formats import frames_to_extxyz
    from potstill.data.structures import Structures
    from potstill.distillation.from_pool import pick_from_pool
    from potstill.errors import PotstillError
    from potstill.models import load_ensemble

    found = read_frames_file(
        pool,
        energy_key=energy_key,
        forces_key=forces_key,
        stress_key=stress_key,
        stress_unit=stress_unit,
    )
    frames = found.frames
    if count > len(frames):
        raise PotstillError(
            f"{pool}: holds {len(frames)} frames; choose fewer than {count} with -n"
        )
    picked = pick_from_pool(
        frames,
        Structures.of_atoms(read_structures(base or [])),
        count,
        strategy=strategy,
        committee=load_ensemble(model) if model else None,
        seed=seed,
        threads=threads,
    )
    chosen = frames[picked.rows]
    chosen.columns["file_frame"] = found.numbers[picked.rows]
    texts = {key: [values[row] for row in picked.rows] for key, values in found.texts.items()}
    frames_to_extxyz(output, chosen, texts | {"reason": picked.reasons})
    typer.echo(f"{output}: {len(chosen)} of {len(frames)} frames, chosen by {strategy}")
