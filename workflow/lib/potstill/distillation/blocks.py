"""The blocks of time-ordered frames that the iterations go through."""

from potstill.errors import PotstillError


def block_range(frames: int, blocks: int, block: int) -> range:
    """Return the frame indices of one of `blocks` contiguous blocks.

    Block b holds the frames from floor(b F / B) to floor((b + 1) F / B): together the blocks hold
    every frame once, and their sizes differ by at most one when B does not divide F.
    """
    if not 0 <= block < blocks:
        raise PotstillError(
            f"block {block} does not exist: distillation.<element>.blocks is {blocks}, "
            f"so blocks go from 0 to {blocks - 1}"
        )
    if frames < blocks:
        raise PotstillError(
            f"{frames} frames cannot be cut into {blocks} blocks; sample more frames or lower "
            "distillation.<element>.blocks"
        )
    return range(block * frames // blocks, (block + 1) * frames // blocks)
