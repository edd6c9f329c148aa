"""The figures of a sampling run, from made-up walks whose answers are known."""

import warnings
from functools import partial

import h5py
import numpy as np
import pytest
from ase import units

from potstill.errors import PotstillError
from potstill.plots.read_walk import read_bias, read_walk, visited_nodes
from potstill.plots.walk_plot import momt_diagnostics, npt_diagnostics, thinned
from potstill.sampling.analysis import order_flatness
from potstill.sampling.bias import Mesh, evaluate_bias

ATOMS, T0, START = 32, 2000.0, 20_000
H_NODES, O_NODES = np.linspace(-151.0, -128.0, 24), np.linspace(0.0, 32.0**0.5, 30) ** 2
KT0 = units.kB * T0
draw_momt = partial(momt_diagnostics, low_K=1300.0, high_K=3500.0)


def write_trace(path, enthalpy, order, *, bias_energy=0.0, bias=None, start=START):
    """Write (W, T) points, one in 50 steps, as a sampling job does."""
    enthalpy, order = np.asarray(enthalpy), np.asarray(order)
    generator = np.random.default_rng(5)
    arrays = {
        "step": 50 * (1 + np.arange(enthalpy.shape[1])),
        "enthalpy": enthalpy,
        "order_parameter": order,
        "kinetic_temperature_K": T0 + generator.normal(0, 200, enthalpy.shape),
        "bias_energy": np.broadcast_to(bias_energy, enthalpy.shape),
    }
    if bias is not None:
        arrays |= {"bias": bias, "enthalpy_nodes": H_NODES, "order_nodes": O_NODES}
    with h5py.File(path, "w") as store:
        store.attrs.update(
            symbol="Ni",
            atoms=ATOMS,
            temperature_K=T0,
            enthalpy_floor=(-np.inf, -np.inf),
            timestep_fs=2.0,
            production_start_step=start,
        )
        for name, values in arrays.items():
            store.create_dataset(name, data=values)
    return path


def two_phase_walk(path, *, walkers=4, points=1600, turns=5):
    """Walkers that go from solid to liquid and back `turns` times in production, and the bias.

    Both phases are Gaussian in H, 10 eV apart, and as likely at 2000 K.
    """
    generator = np.random.default_rng(3)
    produced = points - START // 50
    phase = np.zeros(points)
    phase[-produced:] = np.floor(np.arange(produced) * (2 * turns + 1) / produced) % 2
    liquid = np.tile(phase, (walkers, 1)) > 0
    enthalpy = np.where(liquid, -134.0, -144.0) + generator.normal(0, 1.2, liquid.shape)
    order = np.where(liquid, 1.0, 24.0) + np.abs(generator.normal(0, 1.0, liquid.shape))
    grid_h, grid_o = np.meshgrid(H_NODES, O_NODES, indexing="ij")
    bias = KT0 * (7 + np.cos(grid_h / 4) + np.sin(grid_o / 5))
    # as many points in each phase, whatever the odd number of stretches says
    share = liquid[:, -produced:].mean()
    odds = (1 - share) / share if share else 1.0
    bias_energy = np.where(liquid, KT0 * np.log(odds), 0.0)
    return write_trace(path, enthalpy, order, bias_energy=bias_energy, bias=bias)


def figure_text(draw, trace, tmp_path):
    """Return the SVG, into which matplotlib writes each text as a comment."""
    output = tmp_path / "figure.svg"
    draw(trace, outputs=[output])
    return output.read_text()


@pytest.fixture
def two_phases(tmp_path):
    return two_phase_walk(tmp_path / "momt_trace.h5")


@pytest.fixture
def liquid(tmp_path):
    generator = np.random.default_rng(4)
    return write_trace(
        tmp_path / "liquid_trace.h5",
        -140 + np.arange(4)[:, None] + generator.normal(0, 0.5, (4, 1600)),
        np.abs(generator.normal(0, 1, (4, 1600))),
    )


@pytest.mark.parametrize("draw, walk", [(draw_momt, "two_phases"), (npt_diagnostics, "liquid")])
def test_a_diagnostic_figure_is_written_and_repeats_its_bytes(draw, walk, tmp_path, request):
    trace = request.getfixturevalue(walk)
    kinds = {"pdf": b"%PDF", "png": b"\x89PNG", "svg": b"<?xml"}
    written = []
    for attempt in ("first", "second"):
        paths = [tmp_path / attempt / f"figure.{kind}" for kind in kinds]
        draw(trace, outputs=paths)
        written.append([path.read_bytes() for path in paths])
    for content, start in zip(written[0], kinds.values(), strict=True):
        assert content.startswith(start)
    assert written[0] == written[1]


def test_a_momt_figure_tells_what_the_walk_was_made_with(two_phases, tmp_path):
    text = figure_text(draw_momt, two_phases, tmp_path)
    assert "<!-- Ni, 32 atoms, MOMT at 2000 K: 20 round trips of 4 walkers in production" in text
    # weighted to be equal at T0
    melting = float(text.partition("<!-- one half at ")[2].partition(" K")[0])
    assert melting == pytest.approx(T0, abs=15)
    # O has its two clouds with nothing between
    assert "<!-- central 80%: a bin is empty" in text


def test_flatness_is_that_of_the_summary(tmp_path):
    generator = np.random.default_rng(6)
    order = 30 * generator.random((4, 2000)) ** 1.3
    trace = write_trace(
        tmp_path / "trace.h5", np.full(order.shape, -140.0), order, bias=np.ones((24, 30))
    )
    flatness = order_flatness(order[:, START // 50 :])
    assert 1.2 < flatness < 5
    assert f"<!-- central 80%: max/min {flatness:.2f}" in figure_text(draw_momt, trace, tmp_path)


def test_one_phase_gives_no_melting_temperature(tmp_path):
    generator = np.random.default_rng(7)
    trace = write_trace(
        tmp_path / "trace.h5",
        generator.normal(-140, 1, (2, 900)),
        np.abs(generator.normal(0, 1, (2, 900))),
        bias=np.zeros((24, 30)),
    )
    text = figure_text(draw_momt, trace, tmp_path)
    assert "no round trip yet" in text
    assert "one half at" not in text
    assert "0 round trips of 2 walkers" in text


def test_round_trips_without_a_gap_in_the_enthalpy_give_no_melting_temperature(tmp_path):
    """A slow wave through one broad peak: order comes and goes, but nothing is between phases."""
    wave = np.cos(np.linspace(0, 20 * np.pi, 16_000))[None]
    enthalpy = -140 - 8 * np.arcsin(wave) / (np.pi / 2)
    trace = write_trace(tmp_path / "trace.h5", enthalpy, 12 + 12 * wave, bias=np.ones((24, 30)))
    text = figure_text(partial(draw_momt, low_K=1999.0, high_K=2000.0), trace, tmp_path)
    assert "MOMT at 2000 K: 9 round trips" in text
    assert "no two phases sampled yet" in text


def test_half_a_round_trip_gives_no_melting_temperature(tmp_path):
    enthalpy = np.where(np.arange(1600) < 1000, -144.0, -134.0)[None]
    enthalpy = enthalpy + np.random.default_rng(8).normal(0, 1.2, enthalpy.shape)
    order = np.where(enthalpy < -139, 24.0, 1.0)
    trace = write_trace(tmp_path / "trace.h5", enthalpy, order, bias=np.ones((24, 30)))
    text = figure_text(draw_momt, trace, tmp_path)
    assert "no round trip yet" in text
    assert "one half at" not in text


def test_an_npt_figure_tells_the_means_of_production(liquid, tmp_path):
    with h5py.File(liquid, "r+") as store:
        store["enthalpy"][:, : START // 50] = 0.0  # would spoil the mean if it were counted
        means = store["enthalpy"][:, START // 50 :].mean(axis=1) / ATOMS
    text = figure_text(npt_diagnostics, liquid, tmp_path)
    error = means.std(ddof=1) / 2
    assert error > 0.01
    written = f"mean {means.mean():.4f} ± {error:.4f}".replace("-", "\N{MINUS SIGN}")
    assert f"<!-- {written}" in text


@pytest.mark.parametrize("points", [START // 50 + 1, START // 50 + 3])
def test_the_shortest_walk_is_drawn_without_a_warning(points, tmp_path):
    trace = two_phase_walk(tmp_path / "short_trace.h5", walkers=1, points=points)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_momt(trace, outputs=[tmp_path / "momt.png"])
        npt_diagnostics(trace, outputs=[tmp_path / "npt.png"])


def test_a_long_walk_of_many_walkers_makes_no_long_figure(tmp_path):
    """Curves and clouds of 40,000 points of each of seven walkers are thinned."""
    trace = two_phase_walk(tmp_path / "long_trace.h5", walkers=7, points=40_000)
    short = two_phase_walk(tmp_path / "short_trace.h5", walkers=7, points=2_000)
    sizes = {}
    for name, path in (("long", trace), ("short", short)):
        draw_momt(path, outputs=[tmp_path / f"{name}.svg"])
        sizes[name] = (tmp_path / f"{name}.svg").stat().st_size
    assert sizes["long"] < 1.5 * sizes["short"]


@pytest.mark.parametrize("points", [1, 1999, 2000, 2001, 40_000])
def test_thinned_points_span_the_walk(points):
    kept = thinned(np.arange(points, dtype=float))
    assert len(kept) <= 2000
    assert kept[0] == 0
    assert len(set(np.diff(kept))) <= 1
    assert points - kept[-1] <= max(1, points // 1000)


def test_production_is_what_was_sampled_after_the_start(two_phases):
    walk = read_walk(two_phases)
    assert walk.start == pytest.approx(40.0)  # 20,000 steps of 2 fs
    assert walk.time[walk.production][0] == pytest.approx(40.1)
    assert walk.time[~walk.production][-1] == pytest.approx(40.0)


def test_the_bias_is_the_one_that_the_dynamics_feel(two_phases):
    values, h_nodes, o_nodes = read_bias(two_phases)
    with h5py.File(two_phases) as store:
        table = store["bias"][...]
    mesh = Mesh(H_NODES[0], H_NODES[-1], O_NODES[-1], 0.0, 0.0)
    assert values.shape == (len(h_nodes), len(o_nodes))
    assert values[5, 7] == evaluate_bias(table, mesh, h_nodes[5], o_nodes[7])[0]
    # quadratic B-spline: 1/8, 6/8, 1/8 of the coefficients around, in both directions
    eighths = np.outer([1, 6, 1], [1, 6, 1]) / 64
    assert values[5, 7] == pytest.approx((table[4:7, 6:9] * eighths).sum())
    assert abs(values[5, 7] - table[5, 7]) > 1e-4


def test_visited_nodes_are_those_around_the_points():
    h_nodes, o_nodes = np.arange(5.0), np.arange(4.0)
    # inside of the cell from (1, 2), and below the limit of the enthalpy
    nodes = visited_nodes(np.array([1.3, -7.0]), np.array([2.9, 0.5]), h_nodes, o_nodes)
    expected = np.zeros((5, 4))
    expected[1:3, 2:4] = 1
    expected[0:2, 0:2] = 1
    np.testing.assert_array_equal(nodes, expected)


def test_what_a_trace_lacks_is_told(two_phases, liquid, tmp_path):
    with pytest.raises(PotstillError, match=r"liquid_trace\.h5: lacks bias, enthalpy_nodes"):
        draw_momt(liquid, outputs=[tmp_path / "a.png"])
    with h5py.File(two_phases, "r+") as store:
        store.attrs["production_start_step"] = 80_000
    with pytest.raises(PotstillError, match=r"momt_trace\.h5: holds no production steps"):
        npt_diagnostics(two_phases, outputs=[tmp_path / "a.png"])
    assert not (tmp_path / "a.png").exists()
