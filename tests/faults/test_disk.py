"""Jobs on a disk that is full, or read-only: one line, and on they go when it has room again."""

import jobs
import pytest
from test_kills import NETWORKS, contents


@pytest.mark.parametrize("stage", ["sampling", "training"])
def test_a_job_survives_its_disk(stage, disk, tables, frames, momt, tmp_path):
    short = {"learning_steps": 12_000, "production_steps": 6_000}
    job, given = {
        "sampling": (
            jobs.sampling,
            {"table": tables["Ni-Nb"], "settings": momt.model_copy(update=short)},
        ),
        "training": (
            jobs.training,
            {"frames": frames, "settings": NETWORKS.model_copy(update={"steps": 90})},
        ),
    }[stage]
    output = {"sampling": "set.h5", "training": "ensemble.pt"}[stage]
    assert jobs.attempt(job, tmp_path / "whole", given) == (0, "")

    ended, _ = jobs.attempt(job, disk.folder, given, kill=(4, 0.0, "kill"))
    assert ended == -9
    # killed as it saved, it leaves a file that the next write takes the place of
    for left in disk.folder.glob(".*.part*"):
        left.unlink()
    disk.fill()
    ended, line = jobs.attempt(job, disk.folder, given)
    assert ended == 1
    assert line == (
        f"{disk.folder / output}.restart: cannot be written (No space left on device); "
        "free some space and run again"
    )
    assert not (disk.folder / output).exists()
    disk.empty()

    disk.remount("ro")
    ended, line = jobs.attempt(job, disk.folder, given)
    assert ended == 1
    assert line == (
        f"{disk.folder / output}: cannot be written (Read-only file system); "
        "make its folder writable, or run in another --directory"
    )
    disk.remount("rw")
    assert jobs.attempt(job, disk.folder, given) == (0, "")
    assert contents(disk.folder) == contents(tmp_path / "whole")
    whole, again = jobs.counted(tmp_path / "whole")[1], jobs.counted(disk.folder)[1]
    assert whole <= again <= whole + 2 * jobs.SAVE_EVERY
