"""A metal from frames that come along and any calculator: no sampling and no potential."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from ase.calculators.emt import EMT
from processes import snakemake_at

from potstill.data.frames import read_frames
from potstill.errors import PotstillError
from potstill.foundation.frame_orders import first_frames, read_set
from potstill.foundation.metal_crystal import metal_crystal
from potstill.settings import load_settings

ROOT = Path(__file__).parents[2]
CONFIG = {
    "run": "copper",
    "elements": {"Cu": {"structure": "fcc", "lattice_constant_A": 3.59}},
    "sampling": {
        "Cu/32/foundational": {"method": "foundational", "frames": 12},
        "Cu/32/strained": {"method": "foundational", "frames": 3, "lattice_constant_A": 3.7},
    },
    "labels": {"Cu": {"calculator": "ase.calculators.emt.EMT", "stress": False, "chunks": 2}},
    "training": {"members": 2, "steps": 50, "validation_interval": 25},
    "models": {
        "Cu-8": {"frames": "sampling/Cu/32/foundational", "count": 8, "test": "Cu/32/strained"},
    },
    "properties": {
        "Cu": {"models": ["Cu-8"], "measure": ["vacancy", "equation_of_state"], "vacancy_edge_A": 7}
    },
}

SETS = CONFIG["sampling"]


# The same from the files that it leaves: the calculator is named nowhere.
AGAIN = {
    "run": "again",
    "elements": CONFIG["elements"],
    "sampling": {
        "Cu/32/labelled": {
            "method": "file",
            "file": "results/copper/sampling/Cu/32/foundational.h5",
            "shuffle": False,
        }
    },
    "training": CONFIG["training"],
    "models": {"Cu-8": {"frames": "sampling/Cu/32/labelled", "count": 8}},
    "properties": {
        "Cu": CONFIG["properties"]["Cu"] | {"reference": "results/copper/properties/EMT/Cu.json"}
    },
}


def snakemake(folder: Path, *arguments: str, given: dict = CONFIG, **changes: object) -> str:
    """Run Snakemake in a folder on a configuration, with changes; return what it says."""
    (folder / "cu.yaml").write_text(yaml.safe_dump(given | changes))
    return snakemake_at(folder, *arguments, "--configfile", "cu.yaml")


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """The folder of the run's results."""
    folder = tmp_path_factory.mktemp("copper")
    said = snakemake(folder, "--cores", "2", "default", "properties")
    assert "(100%) done" in said, said[-6000:]
    return folder / "results/copper"


def test_the_sets_are_the_first_frames_with_labels(run):
    for name, count, a in (("foundational", 12, 3.59), ("strained", 3, 3.7)):
        found = read_frames(run / f"sampling/Cu/32/{name}.h5")
        wanted = first_frames(metal_crystal("Cu", "fcc", a), count, read_set()).frames
        np.testing.assert_array_equal(found.positions, wanted.positions)
        np.testing.assert_array_equal(found.cell, wanted.cell)
        assert found.stress is None
        image = found.image(2)
        image.calc = EMT()
        assert found.energy[2] == pytest.approx(image.get_potential_energy(), abs=1e-10)
        told = json.loads((run / f"sampling/Cu/32/{name}.json").read_text())
        assert (told["method"], told["labelled"], told["failed"]) == ("foundational", count, {})


def test_a_model_takes_the_first_and_is_tested_on_a_set_of_its_own_labels(run):
    told = json.loads((run / "models/Cu-8/summary.json").read_text())
    assert told["frames"] == 8
    order = read_frames(run / "sampling/Cu/32/foundational.h5").columns["order"]
    assert order.tolist() == list(range(12))
    errors = json.loads((run / "models/Cu-8/evaluation/Cu/32/strained.json").read_text())
    assert errors["frames"] == 3
    assert "Cu/32/strained" in (run / "results.html").read_text()


def test_the_reference_is_the_calculator(run):
    exact = json.loads((run / "properties/EMT/Cu.json").read_text())["properties"]
    assert set(exact) == {"vacancy", "equation_of_state"}
    energies = {v["name"]: v["value"] for v in exact["equation_of_state"]["values"]}
    assert energies["lattice constant"] == pytest.approx(3.59, abs=0.01)
    table = (run / "tables/properties_Cu.md").read_text()
    assert "EMT" in table and "vacancy formation energy" in table
    # kept, so that neither a relaxation nor a curve is calculated twice
    kept = len(list((run / "labels").iterdir()))
    assert kept > 12 + 3 + 18


def test_model_and_table_are_made_again_without_the_calculator(run):
    folder = run.parents[1]
    said = snakemake(folder, "--cores", "2", "properties", given=AGAIN)
    assert "(100%) done" in said, said[-6000:]
    tables = [folder / f"results/{name}/tables/properties_Cu.csv" for name in ("copper", "again")]
    assert tables[0].read_text() == tables[1].read_text()
    models = [folder / f"results/{name}/models/Cu-8/history.csv" for name in ("copper", "again")]
    assert models[0].read_text() == models[1].read_text()
    elsewhere = AGAIN["properties"]["Cu"] | {"reference": "nowhere.json"}
    said = snakemake(folder, "-n", "properties", given=AGAIN, properties={"Cu": elsewhere})
    assert "properties.Cu.reference: there is no file nowhere.json; correct the name" in said


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"labels": {}}, "sampling.Cu/32/foundational: add labels.Cu, which labels these frames"),
        (
            {"sampling": SETS | {"Cu/108/foundational": {"method": "foundational"}}},
            "sampling.Cu/108/foundational: frames of method foundational have 32 atoms",
        ),
        (
            {"models": {"Cu-8": CONFIG["models"]["Cu-8"] | {"test": "Cu/32/other"}}},
            "models.Cu-8.test: 'Cu/32/other' is not a key of `sampling`",
        ),
        (
            {"models": {"Cu-8": {"frames": "sampling/Cu/32/foundational", "count": 13}}},
            "models.Cu-8.count: 13 frames of a set of 12",
        ),
        (
            {"properties": {"Cu": {"models": ["Cu-8"]}}},
            "properties.Cu: liquid_temperature_K is missing; give it, or list `measure` without",
        ),
    ],
)
def test_bad_settings(changes, said):
    with pytest.raises(PotstillError) as error:
        load_settings(CONFIG | changes)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_bad_crystal_is_told_as_the_frames_are_made(tmp_path):
    far = {"Cu/32/foundational": {"method": "foundational", "lattice_constant_A": 2.2}}
    target = "results/copper/sampling/Cu/32/foundational/frames.h5"
    told = snakemake(tmp_path, "--cores", "1", target, sampling=SETS | far)
    assert "sampling.Cu/32/foundational.lattice_constant_A: fcc Cu, lattice" in told
