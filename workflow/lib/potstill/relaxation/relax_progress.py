"""How far a relaxation has come, and how long the rest takes."""

import time

from potstill.data.structures import Indices, Structures
from potstill.runtime.progress import Progress
from potstill.runtime.time_left import in_words


class RelaxProgress:
    """Tell how many structures have ended, and the time left, which is that of the others' atoms.

    It is a `batch.Watch`.
    """

    def __init__(self, structures: Structures) -> None:
        self.sizes = structures.sizes
        self.progress: Progress | None = None
        self.ended = self.atoms = self.kept = 0

    def __call__(self, which: Indices) -> None:
        """Tell that these structures have ended; the first time, in an earlier attempt."""
        self.ended += len(which)
        self.atoms += int(self.sizes[which].sum())
        if self.progress is None:
            self.kept = self.atoms
            self.progress = Progress("relax", len(self.sizes), "structures", start=self.ended)
        elif self.atoms > self.kept:
            gone = time.monotonic() - self.progress.began
            left = gone * (self.sizes.sum() - self.atoms) / (self.atoms - self.kept)
            self.progress.update(self.ended, f"{in_words(left)} left" if left else "")
