"""Relaxation in groups: those that are finished are kept in a restart file.

Groups depend on the structures alone, and what becomes of one depends on no other. So a relaxation
that was stopped goes on with the next group, to the same bytes.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from potstill.data.structures import Indices, Structures
from potstill.models.ensemble import Ensemble
from potstill.runtime.restart import Restart, State
from potstill.versions import version_of


class Finished:
    """How many of the groups are finished, and in which arrays their results are."""

    def __init__(self, results: State, restart: Restart | None) -> None:
        self.results, self.restart, self.count = results, restart, 0
        state = restart.load() if restart else None
        if state is not None:
            self.count = int(state["groups"])
            for name, array in results.items():
                array[...] = state[name]

    def rest(self, groups: Sequence[Indices]) -> Iterator[Indices]:
        """Yield the groups that are not finished; one is when the next is asked for."""
        for which in groups[self.count :]:
            yield which
            self.count += 1
            if self.restart and self.restart.due():
                self.save()

    def save(self) -> None:
        """Keep what is finished."""
        if self.restart:
            self.restart.save({"groups": np.array(self.count), **self.results})


@contextmanager
def finished_groups(results: State, restart: Restart | None) -> Iterator[Finished]:
    """Yield what an earlier attempt has finished, its results put into the arrays `results`.

    They are kept whenever `restart` is due, and when a person stops the block by Ctrl-C.
    """
    finished = Finished(results, restart)
    try:
        yield finished
    except KeyboardInterrupt:
        finished.save()
        raise


def fingerprint(
    model: Path,
    ensemble: Ensemble,
    structures: Structures,
    *,
    fmax: float,
    steps: int,
    relax_cell: bool,
) -> str:
    """Return what a restart file depends on: version, model, device, structures, settings."""
    digest = hashlib.sha256(model.read_bytes())
    for array in vars(structures.structures(slice(None))).values():
        digest.update(np.ascontiguousarray(array).tobytes())
    settings = [ensemble.device.type, fmax, steps, relax_cell]
    return json.dumps([version_of("relaxation.batch"), *settings, digest.hexdigest()])
