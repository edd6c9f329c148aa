"""Atomic writes: the old file or the whole new one."""

import errno
import json
import math

import pytest

from potstill.errors import PotstillError, WriteError
from potstill.runtime.files import atomic_path, read_json, write_json


def test_new_file_and_folder_appear(tmp_path):
    target = tmp_path / "a/b/file.txt"
    with atomic_path(target) as temporary:
        temporary.write_text("new")
        assert temporary.parent == target.parent  # a rename across file systems is no rename
        assert temporary.suffix == ".txt"  # matplotlib and others go by the suffix
        assert not target.exists()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o644
    assert list(target.parent.iterdir()) == [target]


def test_failure_leaves_the_old_file(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, r"\(No space left on device\); free some space and run again"),
        (errno.EROFS, r"\(Read-only file system\); make its folder writable, or run in another"),
        (errno.EACCES, r"\(Permission denied\); make its folder writable"),
    ],
)
def test_a_file_that_cannot_be_written_is_named(tmp_path, number, told):
    def fail():
        try:
            raise OSError(number, "the system's words")
        except OSError:  # as torch does
            raise RuntimeError("unexpected pos 704 vs 598")  # noqa: B904

    with (
        pytest.raises(WriteError, match=rf"file\.txt: cannot be written {told}"),
        atomic_path(tmp_path / "file.txt"),
    ):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_json_round_trip(tmp_path):
    content = {"a": [1, 2.5, None], "b": {"c": True, "d": "text"}}
    write_json(tmp_path / "x.json", content)
    assert read_json(tmp_path / "x.json") == content
    assert json.loads((tmp_path / "x.json").read_text()) == content


def test_json_has_no_nan(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"a": math.nan})
    assert list(tmp_path.iterdir()) == []


def test_bad_json_files(tmp_path):
    with pytest.raises(PotstillError, match=r"lost\.json: no such file; run the rule"):
        read_json(tmp_path / "lost.json")
    (tmp_path / "half.json").write_text('{"a": 1')
    with pytest.raises(
        PotstillError, match=r"half\.json: not valid JSON .*; move it away and run again"
    ):
        read_json(tmp_path / "half.json")
