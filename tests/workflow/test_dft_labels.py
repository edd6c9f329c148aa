"""Aluminium from DFT labels that come along: models and table again, without the DFT code."""

import csv
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from ase.units import GPa
from processes import snakemake_at

from potstill.data.any_file import read_frames_file
from potstill.data.frames import Frames
from potstill.foundation.frame_orders import first_frames, read_set
from potstill.foundation.metal_crystal import metal_crystal

ROOT = Path(__file__).parents[2]
DATA = ROOT / "config/dft-aluminium"
CONFIG = yaml.safe_load((DATA / "from-labels.yaml").read_text())
WITH_DFT = yaml.safe_load((ROOT / "config/dft-aluminium.yaml").read_text())


@pytest.fixture(scope="module")
def labelled() -> Frames:
    return read_frames_file(DATA / "foundational.xyz").frames


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """The results of the whole configuration, made in a folder of its own."""
    folder = tmp_path_factory.mktemp("aluminium")
    (folder / "config").symlink_to(ROOT / "config")
    targets = ("default", "properties", "--cores", "2")
    said = snakemake_at(folder, *targets, "--configfile", "config/dft-aluminium/from-labels.yaml")
    assert "(100%) done" in said, said[-6000:]
    return folder / "results" / CONFIG["run"]


def test_the_files_are_those_that_the_page_names():
    page = (DATA / "README.md").read_text()
    named = dict(re.findall(r"`(\w+\.\w+)` \| `([0-9a-f]{64})`", page))
    assert set(named) == {"foundational.xyz", "walk.xyz", "properties.json"}
    for name, digest in named.items():
        assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == digest, name


def test_it_is_the_configuration_that_labelled_but_for_the_labels():
    for section in ("elements", "training", "models"):
        assert CONFIG[section] == WITH_DFT[section]
    measured = CONFIG["properties"]["Al"] | {"reference": None}
    assert measured == WITH_DFT["properties"]["Al"] | {"reference": None}


def test_the_labelled_frames_are_the_first_of_the_set(labelled: Frames):
    a = CONFIG["elements"]["Al"]["lattice_constant_A"]
    wanted = first_frames(metal_crystal("Al", "fcc", a), 64, read_set()).frames
    np.testing.assert_allclose(labelled.positions, wanted.positions, atol=1e-12)
    np.testing.assert_allclose(labelled.cell, wanted.cell, atol=1e-12)


def test_labels_are_consistent(labelled: Frames):
    """No net force, and the pressure of cold frames is roughly that of Murnaghan's equation."""
    forces = labelled.forces.reshape(64, 32, 3)
    assert np.abs(forces.sum(axis=1)).max() < 2e-3
    reference = json.loads((DATA / "properties.json").read_text())["properties"]
    bulk = {v["name"]: v["value"] for v in reference["equation_of_state"]["values"]}["bulk modulus"]
    volume = np.abs(np.linalg.det(labelled.cell)) / 32
    cold = np.abs(forces).mean(axis=(1, 2)) < 0.1
    pressure = -np.trace(labelled.stress, axis1=1, axis2=2)[cold] / 3 / GPa
    expected = bulk / 4.5 * ((4.0373**3 / 4 / volume[cold]) ** 4.5 - 1)
    assert cold.sum() > 4
    np.testing.assert_allclose(pressure, expected, atol=3)


def test_the_table_is_made_again(results: Path):
    rows = list(csv.DictReader((results / "tables/properties_Al.csv").open()))
    (exact,) = [name for name in rows[0] if name == "pwscf"]
    errors = [name for name in rows[0] if name.endswith(": error")]
    of_64 = {row["property"]: float(row[errors[2]]) for row in rows}
    true = {row["property"]: float(row[exact]) for row in rows if row[exact].strip("-–—")}
    for name in ("BCC above FCC", "HCP above FCC"):
        assert abs(of_64[name]) < 5, name
    for name in ("FCC", "BCC", "HCP"):
        key = f"{name}, volume of an atom"
        assert abs(of_64[key] / true[key]) < 0.01, name
    for name in ("C11", "C12", "C44"):
        assert abs(of_64[name] / true[name]) < 0.15, name
    assert abs(of_64["vacancy formation energy"]) < 0.08


def test_errors_fall_with_the_labels(results: Path):
    told = [
        json.loads((results / f"models/Al-{n}/evaluation/Al/32/walk.json").read_text())
        for n in (16, 32, 64)
    ]
    force = [one["force_mae_meV_per_A"] for one in told]
    assert force[2] < force[0] and force[2] < 50
