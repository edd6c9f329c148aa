"""Run one sampling job, saving its state often; test_kill.py kills it and starts it again.

Arguments: settings as JSON, table, frames, summary, trace.
"""

import sys
from pathlib import Path

from potstill.runtime.restart import Restart
from potstill.sampling.run import sample
from potstill.sections import Element, Momt

settings, table, *outputs = sys.argv[1:]
frames, summary, trace = map(Path, outputs)
segments = 0


def often(self: Restart) -> bool:
    """Save after every third segment, and on SIGTERM as ever."""
    global segments
    segments += 1
    due = self.stop or segments % 3 == 0
    if due:
        print("saving", flush=True)
    return due


Restart.due = often  # type: ignore[method-assign]
print("ready", flush=True)
sample(
    Momt.model_validate_json(settings),
    name="Ni/32/momt",
    element=Element(table="Ni-Nb", structure="fcc", lattice_constant_A=3.51623),
    potential=Path(table),
    seed=11,
    device="cpu",
    threads=1,
    frames=frames,
    summary=summary,
    trace=trace,
)
