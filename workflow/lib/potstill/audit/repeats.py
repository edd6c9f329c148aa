"""Frames that are there twice, to the bit."""

from collections.abc import Iterator

from potstill.data.structures import Structures


def repeats(frames: Structures) -> list[int]:
    """Return the frames that repeat atoms, boundaries and cell of an earlier one."""
    seen: set[bytes] = set()
    repeated = []
    for f, content in enumerate(contents(frames)):
        if content in seen:
            repeated.append(f)
        seen.add(content)
    return repeated


def contents(frames: Structures) -> Iterator[bytes]:
    """Yield what each frame holds, its labels left out."""
    for f in range(len(frames)):
        here = frames.of_atoms_in(f)
        # + 0: a zero of the other sign is the same place
        places = frames.positions[here] + 0.0, frames.cell[f] + 0.0
        parts = (*places, frames.species[here], frames.pbc[f])
        yield b"".join(part.tobytes() for part in parts)
