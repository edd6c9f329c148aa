"""The pictures of a model's page tell what they are given, and repeat their bytes."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from potstill.plots.calibration_plot import Judged, covered, plot_calibration
from potstill.plots.course_plot import plot_course
from potstill.plots.parity_plot import DRAWN, PARTS, Compared, plot_parity


def texts(path: Path) -> list[str]:
    return re.findall("<!-- (.*?) -->", path.read_text())


def compared(count: int, parts: int = 2, seed: int = 0) -> Compared:
    draw = np.random.default_rng(seed)
    exact = draw.normal(-4, 0.1, count)
    return Compared(
        "energies", "eV/atom", "meV/atom", exact, exact + 0.002 * draw.normal(size=count),
        np.arange(count) % parts,
    )  # fmt: skip


def judged(count: int, factor: float | None = 2.0, seed: int = 0) -> Judged:
    """Return normal errors whose deviation is twice sigma."""
    draw = np.random.default_rng(seed)
    sigma = draw.lognormal(0, 0.5, count)
    error = 2 * sigma * draw.normal(size=count)
    here = np.arange(count) > count // 5
    return Judged("energies", "meV/atom", error, sigma, factor, here, 0.5, int(here.sum()))


def test_errors_are_those_of_the_values(tmp_path: Path) -> None:
    rows = [compared(50), compared(DRAWN + 1)._replace(what="forces", error_unit="meV/A")]
    rows[0].predicted[3] += 1.0
    plot_parity(rows, ["fcc", "bcc"], [tmp_path / "a.svg"])
    found = texts(tmp_path / "a.svg")
    for row, beyond in zip(rows, (", 1 beyond", ""), strict=True):
        error = 1000 * (row.predicted - row.exact)
        assert f"MAE {np.abs(error).mean():.3g} {row.error_unit}{beyond}" in found
        assert f"RMSE {np.sqrt((error**2).mean()):.3g}" in found
    # the parts of few points have a legend, a density has none
    assert found.count("fcc") == found.count("bcc") == 1
    assert found.count("label (eV/atom)") == 4


def test_many_parts_share_a_colour_and_long_names_are_cut(tmp_path: Path) -> None:
    row = compared(90, parts=9)
    names = [*(f"group {k}" for k in range(8)), "a group of a name that is too long"]
    part = np.where(np.arange(90) < 40, 8, row.part)  # most are of the last
    plot_parity([row._replace(part=part)], names, [tmp_path / "a.svg"])
    legend = [text for text in texts(tmp_path / "a.svg") if "group" in text or text == "others"]
    assert len(legend) == PARTS and "a group of a na..." in legend and "others" in legend


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_few_frames_are_drawn_without_a_warning(tmp_path: Path, count: int) -> None:
    few = judged(count, factor=None)._replace(judged=np.zeros(count, dtype=bool), spearman=None)
    same = compared(count)._replace(predicted=compared(count).exact)
    (tmp_path / "model.csv").write_text(
        "step,learning_rate,loss,energy_mae_meV_per_atom,force_mae_meV_per_A\n10,0.1,2.5,12,nan\n"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot_parity([same], ["a", "b"], [tmp_path / "parity.svg"])
        plot_calibration([few], [tmp_path / "sigma.svg"])
        plot_course(tmp_path / "model.csv", [tmp_path / "course.svg"])
    assert "energies: too few to tell the coverage" in texts(tmp_path / "sigma.svg")
    assert "energies: rank correlation -" in texts(tmp_path / "sigma.svg")
    course = texts(tmp_path / "course.svg")
    assert "energies: 12 at the end" in course
    assert not [text for text in course if "forces" in text or "nan" in text]


def test_coverage_of_errors_of_a_known_deviation() -> None:
    # of ten errors of 0.1 to 1 sigma, all are within a width of 1 sigma, none of 0
    ratio = np.arange(1, 11) / 10
    expected = np.array([0.0, 0.383, 0.683])  # of 0, just over 1/2 and 1 sigma
    assert covered(ratio * 3.0, np.full(10, 3.0), expected).tolist() == [0.0, 0.5, 1.0]
    many = judged(40_000)
    shares = np.linspace(0.05, 0.95, 19)
    assert np.abs(covered(many.error, 2 * many.sigma, shares) - shares).max() < 0.01
    assert (covered(many.error, many.sigma, shares) < 0.75 * shares).all()


def test_coverage_is_of_the_errors_judged(tmp_path: Path) -> None:
    row = judged(200)
    plot_calibration([row], [tmp_path / "a.svg"])
    ratio = np.abs(row.error / row.sigma / 2)[row.judged]
    one, two = (100 * np.mean(ratio <= k) for k in (1, 2))
    assert f"energies: {one:.0f}% within 1 sigma, {two:.0f}% within 2" in texts(tmp_path / "a.svg")
    assert np.mean(np.abs(row.error / row.sigma / 2) <= 1) != one / 100


DRAW: dict[str, Callable[[list[Path]], None]] = {
    "parity": lambda outputs: plot_parity([compared(30), compared(DRAWN + 1)], ["a", "b"], outputs),
    "calibration": lambda outputs: plot_calibration([judged(100)] * 2, outputs),
}


@pytest.mark.parametrize("name", DRAW)
def test_pictures_repeat_their_bytes(tmp_path: Path, name: str) -> None:
    for file in ("a.png", "b.png"):
        DRAW[name]([tmp_path / file])
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.png").stat().st_size > 20_000
