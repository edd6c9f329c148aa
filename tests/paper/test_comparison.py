"""Translated beside native frames: the same test, labels, and the region of high energy."""

import csv

import numpy as np
import pytest

from potstill.paper.comparison import Compared, write_comparison
from potstill.plots.read_arrays import read_evaluation
from potstill.runtime.files import write_json


def test_table(results, tmp_path):
    write_json(tmp_path / "t.json", {"symbol": "Al", "frames": 204, "atoms": 32})
    write_json(tmp_path / "n.json", {"symbol": "Al", "frames": 60, "atoms": 108})
    write_json(tmp_path / "choice.json", {"labelled": 450})
    evaluation = results / "evaluation-Al-108.h5"
    write_comparison(
        [
            Compared("translated", tmp_path / "t.json", evaluation, None),
            Compared("native, grid", tmp_path / "n.json", evaluation, tmp_path / "choice.json"),
        ],
        csv=tmp_path / "out.csv",
        markdown=tmp_path / "out.md",
    )
    with (tmp_path / "out.csv").open(newline="") as handle:
        translated, native = csv.DictReader(handle)
    assert [translated[k] for k in ("element", "frames", "atoms", "labels")] == [
        "Al", "204", "6528", "204",
    ]  # fmt: skip
    assert [native[k] for k in ("frames", "atoms", "labels")] == ["60", "6480", "450"]
    exact, predicted = read_evaluation(evaluation)
    error, highest = 1000 * np.abs(predicted - exact), np.argsort(exact)[-30:]
    assert float(translated["mae_high_meV_per_atom"]) == pytest.approx(
        error[highest].mean(), abs=1e-3
    )
    assert "the same 600 frames" in (tmp_path / "out.md").read_text()


def test_a_test_set_of_one_frame(one_frame, tmp_path):
    write_json(tmp_path / "t.json", {"symbol": "Al", "frames": 204, "atoms": 32})
    write_comparison(
        [Compared("translated", tmp_path / "t.json", one_frame / "evaluation-Al-108.h5", None)],
        csv=tmp_path / "out.csv",
        markdown=tmp_path / "out.md",
    )
    with (tmp_path / "out.csv").open(newline="") as handle:
        (row,) = csv.DictReader(handle)
    assert float(row["mae_high_meV_per_atom"]) > 0
    assert row["mae_others_meV_per_atom"] == "-"
