"""Frames one at a time out of any file that ASE reads, and which of them nothing can be made of."""

from collections.abc import Iterator
from pathlib import Path

import ase
import ase.io
import ase.io.formats
import numpy as np
from scipy.spatial import cKDTree

from potstill.data.geometry import SAME_SPOT_A, SMALLEST_VOLUME_A3, completed
from potstill.errors import PotstillError
from potstill.runtime.shortened import frames_named
from potstill.settings.names import MIXED, SetName, split_set

# ASE's old trajectories are pickles, which run what a stranger wrote into them.
_UNSAFE = {"trj"}
# Share of a site in a crystal file that is a whole atom.
WHOLE = 0.999
# What a set cannot hold, and what to do instead.
_REFUSED = {
    "nothing": "a frame has atoms; remove them",
    "unknown": "each atom is of an element; name it, or remove the atom",
    "shared": "atoms are whole; make an ordered structure of it, in a larger cell",
    "elements": "the set's name lists {symbols}; name a set of all elements of the file "
    "(as WBe/mixed/dft), or write the frames of {symbols} into a file of their own",
    "atoms": "the set's name says {atoms} atoms; name it {mixed} (as Ni/mixed/dft), or write "
    "these into a file of their own",
    "cell": "periodic frames need a cell with a volume; give one, set pbc to false along the "
    "directions that have none, or remove them",
}


def read_images(path: Path) -> Iterator[tuple[int, ase.Atoms]]:
    """Yield the frames of a file, each with its number from 0, one at a time."""
    number = 0
    try:
        if ase.io.formats.filetype(str(path)) in _UNSAFE:
            raise PotstillError(
                f"{path}: an old trajectory of ASE, which may run code when it is read; write the "
                "frames as extended XYZ"
            )
        for image in ase.io.iread(str(path), index=":", do_not_split_by_at_sign=True):
            yield number, image
            number += 1
    except (PotstillError, GeneratorExit):
        raise
    except ase.io.formats.UnknownFileTypeError:
        raise PotstillError(
            f"{path}: ASE does not know this format; write the frames as extended XYZ"
        ) from None
    except Exception as error:  # readers of many programs' files, and as many errors
        why = " ".join(str(error).split()) or type(error).__name__
        raise PotstillError(
            f"{path}: frame {number} (counted from 0) cannot be read ({why}); correct the file or "
            "write it again as extended XYZ"
        ) from None


class Refused:
    """Gathers the frames that the set of this name cannot hold; None for any elements and sizes."""

    def __init__(self, path: Path, name: str | None) -> None:
        self.path, self.name = path, split_set(name) if name else None
        self.found: dict[str, dict[int, str]] = {kind: {} for kind in _REFUSED}

    def look(self, number: int, image: ase.Atoms) -> bool:
        """Return whether a frame is refused."""
        for kind, fault in _faults(self.name, image):
            if fault:
                self.found[kind][number] = fault
                return True
        return False

    def end(self) -> None:
        """Raise PotstillError where frames were refused."""
        symbols, atoms = self.name[:2] if self.name else ((), None)
        for kind, frames in self.found.items():
            if frames:
                first = next(iter(frames))
                cure = _REFUSED[kind].format(
                    symbols=" and ".join(symbols), atoms=atoms, mixed=MIXED
                )
                raise PotstillError(
                    f"{self.path}: {frames_named(frames)} cannot be "
                    f"{'in this set' if self.name else 'used'} (frame {first} {frames[first]}): "
                    f"{cure}"
                )


def _faults(name: SetName | None, image: ase.Atoms) -> Iterator[tuple[str, str | None]]:
    """Yield for each kind of fault what a frame has that its set cannot hold, None for nothing."""
    yield "nothing", None if len(image) else "has no atoms"
    yield "unknown", "has an X" if (image.numbers == 0).any() else None
    occupancy = image.info.get("occupancy")  # of crystal files; others may mean something else
    sites = occupancy.values() if isinstance(occupancy, dict) else ()
    shared = [str(site) for site in sites if _is_shared(site)]
    yield "shared", f"has a site of {shared[0]}" if shared else None
    if name is not None:
        others = set(image.symbols) - set(name.symbols)
        yield "elements", f"has {image.symbols}" if others else None
        wrong = name.atoms is not None and len(image) != name.atoms
        yield "atoms", f"has {len(image)}" if wrong else None
    cell = image.cell.array
    finite = np.isfinite(cell).all()
    volume = np.linalg.det(completed(cell[None], image.pbc[None])[0]) if finite else 0.0
    flat = abs(volume) < SMALLEST_VOLUME_A3
    pbc = " ".join("FT"[int(periodic)] for periodic in image.pbc)
    yield "cell", f"has pbc {pbc} and no volume" if flat else None


def _is_shared(site: object) -> bool:
    """Return whether a site of a crystal file, shares by symbol, is not one whole atom."""
    return isinstance(site, dict) and any(share < WHOLE for share in site.values())


def check_positions(path: Path, number: int, image: ase.Atoms) -> None:
    """Raise PotstillError for positions that are not finite, and for atoms on one spot."""
    where = f"{path}: frame {number} (counted from 0)"
    bad = ~np.isfinite(image.positions).all(axis=1)
    if bad.any():
        raise PotstillError(
            f"{where}: the position of atom {int(np.argmax(bad))} is NaN or infinite; correct or "
            "remove the frame"
        )
    cell = completed(image.cell.array[None], image.pbc[None])[0]
    inside = np.linalg.solve(cell.T, image.positions.T).T
    inside[:, image.pbc] = inside[:, image.pbc] % 1.0 % 1.0
    # a distance in A is at most so many times smaller in parts of the cell
    reach = SAME_SPOT_A * np.linalg.norm(np.linalg.inv(cell), 2)
    # a box of no size is an open one
    for i, j in cKDTree(inside, boxsize=image.pbc.astype(float)).query_pairs(reach):
        apart = inside[i] - inside[j]
        apart -= np.where(image.pbc, np.round(apart), 0.0)
        if np.linalg.norm(apart @ cell) < SAME_SPOT_A:
            raise PotstillError(
                f"{where}: atoms {i} and {j} are on one spot; move or remove one of them, or "
                "remove the frame"
            )
