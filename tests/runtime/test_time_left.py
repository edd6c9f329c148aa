"""Time left: a run's pace, and the least time that the rest takes on its cores."""

import pytest

from potstill.runtime.time_left import (
    OTHER_SECONDS,
    PRIOR_SECONDS,
    SECONDS,
    Pace,
    Remaining,
    in_words,
    rule_seconds,
    sampling_seconds,
    seconds_left,
    training_seconds,
)
from potstill.settings import Training


def test_all_cores_at_work_or_the_longest_chain():
    alone = {k: Remaining(10, 1) for k in range(6)}
    assert seconds_left(alone, 2) == 30
    # a job on both cores, or on as many as there are
    assert seconds_left({**alone, "both": Remaining(7, 2)}, 2) == 37
    assert seconds_left({"both": Remaining(7, 2)}, 1) == 7
    # four that wait for each other take longer than half of all; what is done is not waited for
    chain = {k: Remaining(10, 1, (k - 1,)) for k in range(4)}
    assert seconds_left({**chain, "other": Remaining(5, 1)}, 2) == 40
    assert seconds_left({**chain, "other": Remaining(95, 1)}, 2) == 95
    assert seconds_left({}, 2) == 0


def test_a_long_chain_is_no_deep_recursion():
    jobs = {k: Remaining(1, 1, (k - 1,)) for k in range(5000)}
    assert seconds_left(jobs, 2) == 5000
    assert seconds_left(dict(reversed(jobs.items())), 2) == 5000


def test_pace_starts_as_expected_and_learns_by_rule():
    pace = Pace()
    assert pace.corrected("train", 20) == 20
    pace.add("train", 20, 60)
    every = (PRIOR_SECONDS + 60) / (PRIOR_SECONDS + 20)
    # one training took three times as long: a second weighs as much as all jobs' pace
    assert pace.corrected("train", 20) == pytest.approx((3 + every) / 2 * 20)
    assert pace.corrected("relax", 4) == pytest.approx(4 * every)
    for _ in range(50):
        pace.add("train", 20, 60)
    assert pace.corrected("train", 20) == pytest.approx(60, rel=0.01)
    # a larger job of the same rule
    assert pace.corrected("train", 40) == pytest.approx(120, rel=0.02)
    assert pace.corrected("all", 0) == 0


def test_a_rule_takes_what_the_like_one_does():
    assert rule_seconds("relax") == rule_seconds("seed_relax") == SECONDS["relax"]
    assert rule_seconds("measure_properties") == SECONDS["measure_properties"]
    assert rule_seconds("properties") == rule_seconds("a_table") == OTHER_SECONDS
    assert rule_seconds("all") == 0


def test_first_guesses_at_the_papers_scale(momt):
    """What docs/slurm.md tells of an Intel Xeon, by a factor of two."""
    long = momt(learning_steps=16_000_000, production_steps=8_000_000)
    assert 738 / 2 < sampling_seconds(long, 108, cores=2) < 2 * 738
    assert 32 / 2 < training_seconds(Training(steps=5000)) < 2 * 51


@pytest.mark.parametrize(
    "seconds, words",
    [(2, "10 s"), (44, "40 s"), (89, "90 s"), (91, "2 min"), (360, "6 min"),
     (5399, "90 min"), (9000, "2.5 h")],
)  # fmt: skip
def test_in_words(seconds, words):
    assert in_words(seconds) == words
