"""Jobs that are killed again and again end with the bytes of unbroken ones, and lose little."""

import json
import random
from dataclasses import replace
from pathlib import Path

import jobs
import pytest

from potstill.potentials.setfl import format_setfl, read_setfl
from potstill.settings import Distillation, Training

KILLS = 8  # of each stage
# The last event to be killed after. As drawn below, with AHEAD each, all kills of a stage come
# within 33 events, and its job has 34 or more (begun, and every third of 100 steps saved).
LATEST = 3
NETWORKS = Training(members=2, layers=(16, 8), steps=30, validation_interval=10)
LOOP = Distillation(
    source="Ni/32/momt",
    blocks=jobs.BLOCKS,
    strategy="outlying_atom",
    threshold=1.5,
)
ENDED = (-9, -15, 143)  # SIGKILL, SIGTERM before there was anything to save, and after


@pytest.fixture(scope="module")
def given(tables, frames, momt):
    """The arguments of each stage's job."""
    return {
        "sampling": {"table": tables["Ni-Nb"], "settings": momt},
        "training": {"frames": frames, "settings": NETWORKS.model_copy(update={"steps": 100})},
        "distillation": {"frames": frames, "settings": LOOP, "networks": NETWORKS},
    }


def contents(folder: Path) -> dict[str, object]:
    """Return all files of a folder by name, less the rate of sampling, which no two runs share."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if path.name == "set.json":
            found[path.name] = json.loads(path.read_text()) | {"steps_per_second": None}
        elif path.is_file():
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


@pytest.mark.parametrize("stage", ["sampling", "training", "distillation"])
def test_random_kills_change_no_byte_and_repeat_little(stage, given, tmp_path):
    job = getattr(jobs, stage)
    assert jobs.attempt(job, tmp_path / "whole", given[stage]) == (0, "")
    generator = random.Random(f"kills of {stage}")
    for _ in range(KILLS):
        # at any moment between two events, or while the job waits for it
        how = generator.choice(["kill", "terminate"])
        kill = generator.randint(1, LATEST), generator.uniform(0, 0.02), how
        ended, _ = jobs.attempt(job, tmp_path / "killed", given[stage], kill=kill)
        assert ended in ENDED
    assert jobs.attempt(job, tmp_path / "killed", given[stage]) == (0, "")
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    begun, steps = jobs.counted(tmp_path / "whole")
    begun_again, steps_again = jobs.counted(tmp_path / "killed")
    assert begun <= begun_again <= begun + KILLS  # the job that was killed, and no other
    assert steps <= steps_again <= steps + KILLS * jobs.SAVE_EVERY  # since its last save


@pytest.mark.parametrize("what", ["sampling settings", "sampling table", "training settings"])
def test_what_is_changed_half_way_holds_from_the_start(what, given, momt, tmp_path):
    stage, _, changed = what.partition(" ")
    job = getattr(jobs, stage)
    short = {"learning_steps": 12_000, "production_steps": 6_000}
    before = dict(given[stage])
    if stage == "sampling":
        before["settings"] = momt.model_copy(update=short)
    after = dict(before)
    if changed == "table":
        table = read_setfl(before["table"])
        after["table"] = tmp_path / "changed.eam.fs"
        after["table"].write_text(format_setfl(replace(table, pair=1.001 * table.pair)))
    else:
        one = {"sampling": {"friction_per_ps": 3.0}, "training": {"learning_rate": 0.005}}
        after["settings"] = before["settings"].model_copy(update=one[stage])
    ended, _ = jobs.attempt(job, tmp_path / "changed", before, kill=(6, 0.0, "kill"))
    assert ended == -9
    assert list((tmp_path / "changed").glob("*.restart"))
    assert jobs.attempt(job, tmp_path / "changed", after) == (0, "")
    assert jobs.attempt(job, tmp_path / "whole", after) == (0, "")
    assert contents(tmp_path / "changed") == contents(tmp_path / "whole")
