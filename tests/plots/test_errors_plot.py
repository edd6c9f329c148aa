"""The figure of a model's errors repeats its bytes and tells what its files hold."""

import re
import warnings

import h5py
import numpy as np
import pytest

from potstill.errors import PotstillError
from potstill.plots.errors_plot import plot_errors
from potstill.runtime.files import write_json
from potstill.trust.assessment import uncertainty

FRAMES, ATOMS, SEED = 400, 32, 5


@pytest.fixture
def evaluation(tmp_path):
    generator = np.random.default_rng(0)
    sigma = generator.lognormal(-3, 0.6, FRAMES)
    error = generator.normal(0, 2 * sigma)
    atomic = generator.lognormal(-4, 0.5, (FRAMES, ATOMS))
    compared = np.arange(0, FRAMES, 2)
    force = 3 * atomic[compared] * generator.random((len(compared), ATOMS))
    path = tmp_path / "momt.h5"
    arrays = {
        "energy": np.full(FRAMES, -140.0),
        "predicted_energy": error - 140,
        "energy_std": sigma,
        "atomic_std": atomic,
        "force_frame": compared,
        "atomic_force_error": force,
        "enthalpy": generator.uniform(-150, -130, FRAMES),
        "order_parameter": generator.uniform(0, 28, FRAMES),
    }
    with h5py.File(path, "w") as store:
        store.attrs.update(symbol="Ni", atoms=ATOMS, model="Ni-distilled")
        for name, values in arrays.items():
            store.create_dataset(name, data=values)
    sizes = np.full(FRAMES, ATOMS)
    found = uncertainty(error, sigma, sizes, force.ravel(), atomic[compared].ravel(), SEED)
    write_json(tmp_path / "momt.json", {"uncertainty": found})
    return path


@pytest.mark.parametrize("frames", [1, 2])
def test_few_frames_are_drawn_without_what_they_do_not_tell(evaluation, tmp_path, frames):
    """Of one frame no error is left once the mean is taken out, and none judges the sigma."""
    with h5py.File(evaluation, "a") as store:
        for name in store:
            values = np.zeros(1) if name == "force_frame" else store[name][:frames]
            values = values[:1] if name == "atomic_force_error" else values
            del store[name]
            store[name] = values
    found = {"spearman_frames": None, "spearman_atoms_force": 0.5, "sigma_factor": None}
    write_json(tmp_path / "momt.json", {"uncertainty": found})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        output = tmp_path / "a.svg"
        plot_errors(evaluation, tmp_path / "momt.json", seed=SEED, outputs=[output])
    texts = re.findall("<!-- (.*?) -->", output.read_text())
    assert "frames: Spearman -" in texts and "atoms: Spearman 0.50" in texts
    assert not [text for text in texts if "nan" in text or "None" in text]


@pytest.mark.parametrize("plane, forces", [(False, True), (True, False), (False, False)])
def test_sets_without_a_plane_or_forces(evaluation, tmp_path, plane, forces):
    with h5py.File(evaluation, "a") as store:
        for name in ("enthalpy", "order_parameter"):
            if not plane:
                del store[name]
        for name in ("force_frame", "atomic_force_error"):
            if not forces:
                del store[name]
    output = tmp_path / "a.svg"
    plot_errors(evaluation, tmp_path / "momt.json", seed=SEED, outputs=[output])
    texts = set(re.findall("<!-- (.*?) -->", output.read_text()))
    assert ("energy error by region" in texts, "energy error by energy" in texts) == (
        plane, not plane
    )  # fmt: skip
    assert ("atoms: the set has no forces" in texts) is not forces


@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_it_is_written_and_repeats_its_bytes(evaluation, tmp_path, suffix):
    made = []
    for name in ("a", "b"):
        output = tmp_path / f"{name}.{suffix}"
        plot_errors(evaluation, tmp_path / "momt.json", seed=SEED, outputs=[output])
        made.append(output.read_bytes())
    assert made[0] == made[1]
    assert len(made[0]) > 10_000


def test_an_evaluation_of_an_older_version_is_refused(evaluation, tmp_path):
    with h5py.File(evaluation, "a") as store:
        del store["atomic_force_error"]
    with pytest.raises(PotstillError, match=r"momt\.h5: lacks atomic_force_error"):
        plot_errors(evaluation, tmp_path / "momt.json", seed=SEED, outputs=[tmp_path / "a.png"])
    assert not (tmp_path / "a.png").exists()
