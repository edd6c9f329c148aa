"""Atomic writes: the old file or the whole new one."""

import json
import math

import pytest

from potstill.errors import PotstillError
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
    with pytest.raises(PotstillError, match=r"half\.json: not valid JSON .*; delete it and rerun"):
        read_json(tmp_path / "half.json")
