"""Jobs that tests run in processes of their own and kill: sampling, training, distillation.

`attempt` forks a process from a server that has the library loaded, so that one costs no start-up.
"""

import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from potstill.distillation.score import score_block
from potstill.distillation.select import select_block
from potstill.errors import PotstillError
from potstill.runtime.restart import Restart
from potstill.sampling.sample import sample
from potstill.settings import Distillation, Element, Momt, Training
from potstill.training.train_model import train_model

# Steps between two saves of the restart file: what a killed job may have to do again.
SAVE_EVERY = 3
# A job to be killed goes on for so many more events and waits there: no machine is so fast, or so
# slow to kill, that the job comes to its end first.
AHEAD = 2
BLOCKS = 3
NICKEL = Element(table="Ni-Nb", structure="fcc", lattice_constant_A=3.51623)

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    [
        "potstill.distillation.score",
        "potstill.distillation.select",
        "potstill.sampling.sample",
        "potstill.training.train_model",
    ]
)


def sampling(folder: Path, begin: Callable[[], None], table: Path, settings: Momt) -> None:
    begin()
    frames, summary, trace = (folder / name for name in ("set.h5", "set.json", "set_trace.h5"))
    sample(
        settings, name="Ni/32/momt", element=NICKEL, potential=table, seed=11, device="cpu",
        threads=1, frames=frames, summary=summary, trace=trace,
    )  # fmt: skip


def training(folder: Path, begin: Callable[[], None], frames: Path, settings: Training) -> None:
    begin()
    model, history, summary = (
        folder / name for name in ("ensemble.pt", "history.csv", "summary.json")
    )
    train_model(
        frames, count=None, settings=settings, seed=5, device="cpu", threads=1, model=model,
        history=history, summary=summary,
    )  # fmt: skip


def distillation(
    folder: Path,
    begin: Callable[[], None],
    frames: Path,
    settings: Distillation,
    networks: Training,
) -> None:
    """Run the loop job by job as Snakemake does: what was not finished is made anew."""

    def once(job: Callable[..., None], *arguments: Any, **keywords: Any) -> None:
        outputs = [v for k, v in keywords.items() if k in ("output", "selection", "summary")]
        done = outputs[0].with_suffix(".done")
        if not done.exists():
            begin()
            for path in outputs:
                path.unlink(missing_ok=True)
            job(*arguments, **keywords)
            done.touch()

    for k in range(BLOCKS):
        here, before = folder / str(k), folder / str(k - 1)
        if k:
            once(
                score_block, before / "ensemble.pt", frames, block=k, blocks=BLOCKS, device="cpu",
                threads=1, output=here / "scores.h5",
            )  # fmt: skip
        once(
            select_block, frames, previous=before / "selection.h5" if k else None,
            scores=here / "scores.h5" if k else None, iteration=k, settings=settings,
            descriptor=networks.descriptor, seed=5, selection=here / "selection.h5",
            summary=here / "selected.json",
        )  # fmt: skip
        once(
            train_model, here / "selection.h5", count=None, settings=networks, seed=5,
            device="cpu", threads=1, model=here / "ensemble.pt", history=here / "history.csv",
            summary=here / "summary.json",
        )  # fmt: skip


def _run(
    job: Callable[..., None],
    folder: Path,
    told: Connection,
    given: dict[str, Any],
    last: int | None,
) -> None:
    """Do the job and tell of its events; at the event number `last`, wait to be killed."""
    folder.mkdir(exist_ok=True)
    ledger = os.open(folder.with_suffix(".ledger"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    events = steps = 0

    def tell(event: str, stopped: Callable[[], bool]) -> None:
        nonlocal events
        events += 1
        told.send(event)
        while events == last and not stopped():
            time.sleep(0.001)

    def begin() -> None:
        os.write(ledger, b"j")
        tell("job", lambda: False)

    def often(self: Restart) -> bool:
        nonlocal steps
        steps += 1
        os.write(ledger, b"s")
        if self.stop or steps % SAVE_EVERY == 0:
            tell("saving", lambda: self.stop)
            return True
        return False

    Restart.due = often  # type: ignore[method-assign]
    try:
        job(folder, begin, **given)
    except PotstillError as error:
        told.send(f"error: {error}")
        sys.exit(1)


def attempt(
    job: Callable[..., None],
    folder: Path,
    given: dict[str, Any],
    *,
    kill: tuple[int, float, str] | None = None,
) -> tuple[int, str]:
    """Run a job in `folder`; return its exit status (negative: signal) and its error's line.

    kill: after how many events (jobs begun and saves), how many seconds later, and by what: the
    name of a method of a process, `kill` (SIGKILL) or `terminate` (SIGTERM).
    """
    told, tell = _processes.Pipe(duplex=False)
    last = None if kill is None else kill[0] + AHEAD
    process = _processes.Process(target=_run, args=(job, folder, tell, given, last))
    process.start()
    tell.close()
    line = ""
    if kill is not None:
        events, seconds, how = kill
        try:
            for _ in range(events):
                told.recv()
            time.sleep(seconds)
            # again and again: SIGTERM after the last chance to save changes nothing for that job
            while process.exitcode is None:
                getattr(process, how)()
                process.join(timeout=1)
        except EOFError:
            pass  # it ended by itself, in an error or before so many events
    try:
        while True:
            line = told.recv()
    except EOFError:
        process.join()
    assert process.exitcode is not None
    return process.exitcode, line.removeprefix("error: ") if line.startswith("error: ") else ""


def counted(folder: Path) -> tuple[int, int]:
    """Return how many jobs were begun and how many steps made in all attempts in `folder`."""
    found = Counter(folder.with_suffix(".ledger").read_text())
    return found["j"], found["s"]
