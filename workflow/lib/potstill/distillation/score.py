"""Score the frames of one block: how much the members disagree about each atom's energy."""

from pathlib import Path

import numpy as np

from potstill.data.frames import read_frames
from potstill.distillation.blocks import block_range
from potstill.distillation.scores import BlockScores, write_scores
from potstill.models import load_ensemble
from potstill.models.predict import predict
from potstill.runtime.device import limit_threads
from potstill.runtime.progress import say


def score_block(
    model: Path,
    frames: Path,
    *,
    block: int,
    blocks: int,
    device: str,
    threads: int,
    output: Path,
) -> None:
    """Write sigma_i of the atoms in one block of frames, and sigma of the frames.

    sigma_i is the (population) standard deviation over the members of atom i's energy, as in
    the calculator's `energies_std`, sigma that of the frame's energy. Only positions and cells go
    to the ensemble; the labels play no part. The output has the datasets `atomic_std` (B, N) eV,
    `energy_std` (B,) eV and `frame_index` (B,), the frames' indices in `frames`. Raises
    PotstillError for a model of another element.
    """
    source = read_frames(frames)
    chosen = block_range(len(source), blocks, block)
    limit_threads(threads)
    ensemble = load_ensemble(model, symbol=source.symbol, device=device)
    part = source[chosen.start : chosen.stop]
    prediction = predict(ensemble, part, forces=False, threads=threads)
    spread = prediction.atomic_energies.std(axis=0)
    whole = prediction.atomic_energies.sum(axis=2).std(axis=0)
    index = np.arange(chosen.start, chosen.stop)
    write_scores(output, BlockScores(source.symbol, spread, whole, index))
    say(
        f"block {block}: {len(part)} frames scored, uncertainty of an atom's energy "
        f"{1000 * spread.mean():.2f} meV on average, {1000 * spread.max():.2f} meV at most"
    )
