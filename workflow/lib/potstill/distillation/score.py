"""Score the frames of one block: how much the members disagree about each atom's energy."""

from pathlib import Path

import numpy as np

from potstill.data.frames import read_frames
from potstill.data.structures import Indices, Structures
from potstill.distillation.blocks import block_range
from potstill.distillation.scores import BlockScores, write_scores
from potstill.models import load_ensemble
from potstill.models.committee import Committee
from potstill.runtime.device import limit_threads
from potstill.runtime.progress import say


def score_block(
    model: Path,
    frames: Path,
    *,
    block: int,
    blocks: int,
    forces: bool = False,
    device: str,
    threads: int,
    output: Path,
) -> None:
    """Write sigma_i of the atoms in one block of frames, and sigma of the frames (`BlockScores`).

    Only the atoms' places go to the ensemble; the labels play no part. The output has the datasets
    `atomic_std` (B, N) eV, `energy_std` (B,) eV and `frame_index` (B,), the frames' indices in
    `frames`; with forces `force_std` (B, N) eV/A as well. Where frames are of several sizes those
    of atoms are (A,), and `start` says where they begin. Raises PotstillError for a model that
    lacks an element of theirs.
    """
    source = read_frames(frames)
    chosen = block_range(len(source), blocks, block)
    limit_threads(threads)
    part = source.structures(slice(chosen.start, chosen.stop))
    ensemble = load_ensemble(model, elements=part.elements, device=device)
    index = np.arange(chosen.start, chosen.stop)
    scores = score(
        ensemble, part, symbol=source.symbol, index=index, forces=forces, threads=threads
    )
    write_scores(output, scores)
    say(f"block {block}: {len(part)} frames scored, uncertainty of {_told(scores)}")


def score(
    committee: Committee,
    frames: Structures,
    *,
    symbol: str,
    index: Indices,
    forces: bool = False,
    threads: int = 1,
) -> BlockScores:
    """Return what a committee says of frames; symbol and index: as in `BlockScores`.

    forces: whether sigma of the forces is asked for, which costs a few times as much. sigma is the
    (population) standard deviation over the members of a frame's energy, sigma_i that of an atom's,
    as in the calculator's `energies_std`.
    """
    found = committee.predict(frames, forces=forces, spread=forces, threads=threads)
    atomic = None if found.atomic_energies is None else found.atomic_energies.std(axis=0)
    return BlockScores(symbol, frames.start, atomic, found.energy_std, index, found.force_std)


def _told(scores: BlockScores) -> str:
    """Return the uncertainties in words, for a line of output."""
    if scores.atomic_std is None:
        sizes = np.diff(scores.start)
        what, meV = "a frame's energy by sqrt(N)", 1000 * scores.energy_std / np.sqrt(sizes)
    else:
        what, meV = "an atom's energy", 1000 * scores.atomic_std
    return f"{what} {meV.mean():.2f} meV on average, {meV.max():.2f} meV at most"
