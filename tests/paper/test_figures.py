"""Every figure is drawn from small result files, repeats its bytes, and shows what it should."""

import re
import shutil
import warnings

import h5py
import numpy as np
import pytest
from matplotlib.figure import Figure

from potstill.errors import PotstillError
from potstill.paper import figures
from potstill.paper.figures.parity import _circle, _frame, high_energy
from potstill.plots.read_arrays import read_trace
from potstill.plots.style import RED, drawn
from potstill.report.read_results import Trained
from potstill.runtime.files import read_json, write_json

TARGETS = {"Al": "Al-108", "Nb": "Nb-54"}
NAMES = [
    "1", "2a", "2b", "3a", "3b", "n6", "s1", "s2", "s3", "energy_volume", "translation",
]  # fmt: skip
MODELS = ("Ni-fcc", "Ni-liquid", "Ni-momt")


def draw(name, root, outputs):
    """Draw one figure from the results in `root`."""
    grids = ("8x8", "16x16")

    def parity(sets, circle):
        evaluations = {f"{name} atoms": root / f"evaluation-{name}.h5" for name in sets}
        figures.parity(evaluations, circle=circle, outputs=outputs)

    calls = {
        "1": lambda: figures.figure_1(
            root / "sampling.json",
            [root / f"selection-{k}.json" for k in range(5)],
            root / "Ni-distilled.json",
            targets=list(TARGETS),
            outputs=outputs,
        ),
        "2a": lambda: figures.figure_2a(
            root / "curve.csv",
            random=Trained(root / "Ni-random.json", root / "source-random.json"),
            full=Trained(root / "Ni-full.json", root / "source-full.json"),
            outputs=outputs,
        ),
        "2b": lambda: figures.figure_2b(
            root / "curve.csv",
            grid_summaries={label: root / f"grid-{label}.json" for label in grids},
            grid_evaluations={label: root / f"grid-{label}-on-108.json" for label in grids},
            outputs=outputs,
        ),
        "3a": lambda: parity(["Ni-108"], circle=False),
        "3b": lambda: parity(["Al-108"], circle=True),
        "n6": lambda: parity(["Nb-54"], circle=False),
        "translation": lambda: parity(["Al-108", "Nb-54"], circle=True),
        "energy_volume": lambda: figures.energy_volume(
            {target: root / f"Ni-{target}.h5" for target in TARGETS},
            {target: root / f"{name}.h5" for target, name in TARGETS.items()},
            {target: root / f"crystals-{target}.json" for target in TARGETS},
            outputs=outputs,
        ),
        "s1": lambda: figures.figure_s1(
            {
                "FCC": root / "fcc-trace.h5",
                "liquid": root / "liquid-trace.h5",
                "MOMT": root / "momt-trace.h5",
            },
            outputs=outputs,
        ),
        "s2": lambda: figures.figure_s2(
            ["FCC", "liquid", "MOMT"],
            [root / f"{model}-on-{column}.h5" for model in MODELS for column in range(3)],
            outputs=outputs,
        ),
        "s3": lambda: figures.figure_s3(
            {
                "Ni, 32 atoms": root / "Ni-32.h5",
                "Ni, 108 atoms": root / "Ni-108.h5",
                "Al, 108 atoms": root / "Al-108.h5",
                "Nb, 54 atoms": root / "Nb-54.h5",
            },
            outputs=outputs,
        ),
    }
    calls[name]()


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_written_and_repeats_its_bytes(name, results, tmp_path):
    kinds = {"pdf": b"%PDF", "png": b"\x89PNG", "svg": b"<?xml"}
    written = []
    for attempt in ("first", "second"):
        paths = [tmp_path / attempt / f"figure_{name}.{kind}" for kind in kinds]
        draw(name, results, paths)
        written.append([path.read_bytes() for path in paths])
    for content, start in zip(written[0], kinds.values(), strict=True):
        assert content.startswith(start)
        assert len(content) > 3000
    assert written[0] == written[1]


@pytest.mark.parametrize(
    "file, key",
    [
        ("curve.csv", None),
        ("Ni-random.json", "frames"),
        ("source-random.json", "mae_meV_per_atom"),
        ("source-random.json", "worst_percent_meV_per_atom"),
        ("source-full.json", "mae_meV_per_atom"),
        ("source-full.json", "worst_percent_meV_per_atom"),
    ],
)
def test_figure_2a_follows_its_data(results, tmp_path, file, key):
    """Distilled frames, as many at random and all of them: each moves its own mark."""
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    draw("2a", results, [first])
    changed = tmp_path / "changed"
    shutil.copytree(results, changed)
    if key is None:
        lines = (changed / file).read_text().splitlines()
        (changed / file).write_text("\n".join(lines[:-1]) + "\n")
    else:
        content = read_json(changed / file)
        write_json(changed / file, content | {key: content[key] * 0.9})
    draw("2a", changed, [second])
    assert first.read_bytes() != second.read_bytes()


def test_figure_1_tells_this_runs_counts(results, tmp_path):
    # matplotlib writes each text into the SVG as a comment
    draw("1", results, [tmp_path / "figure_1.svg"])
    text = (tmp_path / "figure_1.svg").read_text()
    for expected in ("1,200 frames of", "32 Ni atoms", "D = 120 frames", "(84 of 480)",
                     "204 frames,", "17.0% of those", "5 networks", "for Ni, Al, Nb"):  # fmt: skip
        assert f"<!-- {expected}" in text, expected


def circles(svg):
    """Return the closed curves of an SVG that are drawn in red and not filled."""
    return [
        path for path in re.findall(r"<path d=[^>]*>", svg.replace("\n", " "))
        if "fill: none" in path and f"stroke: {RED.lower()}" in path
    ]  # fmt: skip


def test_figure_3_is_predicted_against_true_energy_with_a_red_circle_for_aluminium(
    results, tmp_path
):
    """As in the paper: (a) nickel's larger set, (b) aluminium's; note 6 has niobium's."""
    for name, stem, atoms in (("3a", "Ni-108", 108), ("3b", "Al-108", 108), ("n6", "Nb-54", 54)):
        with h5py.File(results / f"evaluation-{stem}.h5") as store:
            energy = store["energy"][...]
            error = 1000 * (store["predicted_energy"][...] - energy) / atoms
        draw(name, results, [tmp_path / f"{name}.svg"])
        text = (tmp_path / f"{name}.svg").read_text()
        for told in (
            f"{stem} atoms",
            "NNP energy (eV/atom)",
            "EAM energy (eV/atom)",
            "error (meV/atom)",
            f"MAE {np.abs(error).mean():.2f} meV/atom",
            f"RMSE {np.sqrt(np.mean(error**2)):.2f} meV/atom",
            f"MAE, mean shifted {np.abs(error - error.mean()).mean():.2f}",
        ):
            assert f"<!-- {told}" in text, told
        assert len(circles(text)) == (name == "3b")
        if name == "3b":
            top = np.argsort(energy)[-30:]  # 5% of 600
            assert "<!-- highest 5%, 30 frames:" in text
            assert f"MAE {np.abs(error[top]).mean():.2f} meV/atom" in text


def test_the_circle_holds_the_highest_frames_and_few_others(results, tmp_path):
    axes = Figure(figsize=(3, 3)).add_subplot()
    exact = np.linspace(-3.4, -3.0, 401)
    _frame(axes, axes, exact)
    _circle(axes, exact[high_energy(exact)])
    (ellipse,) = axes.patches
    inside = [ellipse.contains_point(axes.transData.transform((e, e))) for e in exact]
    assert all(inside[-20:])
    assert sum(inside) < 80


@pytest.mark.parametrize("name", ["3a", "3b", "translation", "energy_volume", "s2", "s3"])
def test_sets_of_one_frame_are_drawn(one_frame, tmp_path, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw(name, one_frame, [tmp_path / "figure.svg"])
    texts = re.findall("<!-- (.*?) -->", (tmp_path / "figure.svg").read_text())
    assert texts and not [text for text in texts if "nan" in text]


def test_s2_tells_the_errors_in_its_files(results, tmp_path):
    with h5py.File(results / "Ni-liquid-on-0.h5") as store:
        error = 1000 * (store["predicted_energy"][...] - store["energy"][...]) / 108
    draw("s2", results, [tmp_path / "s2.svg"])
    assert f"MAE {np.abs(error).mean():.2f} (" in (tmp_path / "s2.svg").read_text()


def test_high_energy_frames():
    exact = np.random.default_rng(0).permutation(200).astype(float)
    high = high_energy(exact)
    assert sorted(exact[high]) == list(range(190, 200))
    assert high_energy(np.array([1.0, 3.0, 2.0])).tolist() == [False, True, False]


def test_a_trace_starts_at_production(results):
    trace = read_trace(results / "fcc-trace.h5")
    assert trace.time[0] == pytest.approx(50 * 0.002)
    assert trace.time[-1] == pytest.approx((40_000 - 5000) * 0.002)
    assert trace.enthalpy.shape == (2, len(trace.time))
    assert np.abs(trace.enthalpy + 4.55).max() < 0.2


def test_the_users_matplotlib_settings_do_not_matter(results, tmp_path, monkeypatch):
    import matplotlib

    draw("2a", results, [tmp_path / "a.png"])
    monkeypatch.setitem(matplotlib.rcParams, "font.size", 20.0)
    monkeypatch.setitem(matplotlib.rcParams, "axes.facecolor", "red")
    draw("2a", results, [tmp_path / "b.png"])
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_what_cannot_be_drawn_is_told(results, tmp_path):
    with (
        pytest.raises(PotstillError, match=r"a\.jpg: figures are written as"),
        drawn([tmp_path / "a.jpg"]),
    ):
        pass
    with pytest.raises(PotstillError, match=r"nothing\.h5: no such file"):
        figures.parity({"Al": tmp_path / "nothing.h5"}, circle=True, outputs=[tmp_path / "a.png"])
    with pytest.raises(PotstillError, match="needs at least one evaluation"):
        figures.parity({}, circle=True, outputs=[tmp_path / "a.png"])
    with pytest.raises(PotstillError, match="name the same targets"):
        figures.energy_volume({"Al": tmp_path / "a"}, {}, {}, outputs=[tmp_path / "a.png"])
    with pytest.raises(PotstillError, match="figure S2: 3 evaluations of 2 models and sets"):
        figures.figure_s2(["FCC", "liquid"], [tmp_path / "a"] * 3, outputs=[tmp_path / "a.png"])
    with h5py.File(tmp_path / "trace.h5", "w") as store:
        store.create_dataset("step", data=[0])
    with pytest.raises(PotstillError, match=r"trace\.h5: lacks enthalpy"):
        read_trace(tmp_path / "trace.h5")
    assert not (tmp_path / "a.png").exists()
