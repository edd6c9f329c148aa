"""How long the rest of a run takes: what jobs are expected to cost, corrected by what they did.

The first guesses are of one machine (docs/slurm.md, seconds on a core). From its first jobs on a
run is measured against them, each rule by itself and all together.
"""

from collections.abc import Hashable, Mapping
from graphlib import TopologicalSorter
from typing import NamedTuple

from potstill.settings import Momt, Npt, Training

# What jobs of a rule take, s; of other rules OTHER_SECONDS, most of them for the imports. Rules of
# the same work for other files end with the same word: `other_evaluate` is as `evaluate`.
SECONDS = {
    "describe": 6.0,
    "evaluate": 5.0,
    "relax": 4.0,
    "reduction": 8.0,
    "measure_properties": 200.0,
    "validate": 120.0,
    "coexistence": 120.0,
    "relabel_chunk": 600.0,
    "all": 0.0,
}
OTHER_SECONDS = 3.0
# A run's pace is that of its jobs and, as if they had been as expected, of so many seconds more.
PRIOR_SECONDS = 60.0


class Remaining(NamedTuple):
    """A job to be done: its time (s), the cores it takes, and the jobs that it waits for."""

    seconds: float
    cores: int
    after: tuple[Hashable, ...] = ()


class Pace:
    """What jobs took over what they were expected to take."""

    def __init__(self) -> None:
        self.expected: dict[str, float] = {}
        self.taken: dict[str, float] = {}

    def add(self, rule: str, expected: float, taken: float) -> None:
        """Count a finished job, s."""
        self.expected[rule] = self.expected.get(rule, 0.0) + expected
        self.taken[rule] = self.taken.get(rule, 0.0) + taken

    def corrected(self, rule: str, expected: float) -> float:
        """Return how long such a job takes here, s.

        A rule is as fast as its own jobs were and, with the weight of one more of them, as all.
        """
        every = (PRIOR_SECONDS + sum(self.taken.values())) / (
            PRIOR_SECONDS + sum(self.expected.values())
        )
        own, known = self.taken.get(rule, 0.0), self.expected.get(rule, 0.0)
        return (own + every * expected) / (known + expected) * expected if expected else 0.0


def rule_seconds(rule: str) -> float:
    """Return what a job of a rule is expected to take by the rule's name alone, s."""
    last_word = rule.rpartition("_")[2]
    return SECONDS.get(rule, SECONDS.get(last_word, OTHER_SECONDS))


def sampling_seconds(sampled: Momt | Npt, atoms: int, cores: int) -> float:
    """Return what the sampling of a set is expected to take, s."""
    before = sampled.learning_steps if isinstance(sampled, Momt) else sampled.equilibration_steps
    steps = before + sampled.production_steps
    return OTHER_SECONDS + 0.4e-6 * steps * atoms / cores


def training_seconds(training: Training) -> float:
    """Return what the training of an ensemble is expected to take, s."""
    frames = training.steps * training.members * training.batch_frames
    return OTHER_SECONDS + 0.5e-3 * frames


def seconds_left(jobs: Mapping[Hashable, Remaining], cores: int) -> float:
    """Return the least time that the jobs can take on so many cores, s.

    It is that of all cores at work without a pause, or of the longest chain of jobs that wait for
    each other if that is longer. What a job waits for and is not among them is done.
    """

    after = {key: [one for one in job.after if one in jobs] for key, job in jobs.items()}
    chain: dict[Hashable, float] = {}
    for key in TopologicalSorter(after).static_order():
        chain[key] = jobs[key].seconds + max((chain[one] for one in after[key]), default=0.0)
    work = sum(job.seconds * min(job.cores, cores) for job in jobs.values())
    return max(work / cores, max(chain.values(), default=0.0))


def in_words(seconds: float) -> str:
    """Return a time as a person says it: `40 s`, `6 min`, `2.5 h`; it is 10 s at least."""
    if seconds < 90:
        return f"{max(10, 10 * round(seconds / 10))} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
