"""The loop that labels what its models come to, as rules: labels that fail, and where it ends."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import yaml
from processes import jobs, snakemake_at

from potstill.data.frames import read_frames
from potstill.errors import PotstillError
from potstill.settings import load_settings

ROOT = Path(__file__).parents[2]
CONFIG = {
    "run": "copper",
    "elements": {"Cu": {"structure": "fcc", "lattice_constant_A": 3.59}},
    "sampling": {"Cu/32/foundational": {"method": "foundational", "frames": 12}},
    "labels": {"Cu": {"calculator": "fails_on_vacancies.Emt"}},
    "training": {"members": 2, "steps": 100, "validation_interval": 50},
    "exploration": {
        "Cu": {
            "start": "Cu/32/foundational",
            "count": 8,
            "runs": [{"temperature_K": 30}],
            "interval_steps": 10,
            "equilibration_steps": 10,
            "frames_of_run": 2,
            "relax": ["fcc", "vacancy"],
            "added": 3,
            "strained": 0,
            "turns": 4,
            "energy_error_meV_per_atom": 1e6,
            "force_error_meV_per_A": None,
        }
    },
    "models": {"Cu-explored": {"frames": "exploration/Cu/labelled"}},
}


def loop(**changes: object) -> dict[str, object]:
    return {"exploration": {"Cu": CONFIG["exploration"]["Cu"] | changes}}


CALCULATOR = """
from ase.calculators.emt import EMT


class Emt(EMT):
    def calculate(self, atoms=None, *rest):
        if len(atoms) == 31:
            raise RuntimeError("convergence NOT achieved")
        super().calculate(atoms, *rest)
"""


def snakemake(folder: Path, *arguments: str, **changes: object) -> str:
    """Run Snakemake in a folder on the configuration, with changes; return what it says."""
    (folder / "cu.yaml").write_text(yaml.safe_dump(CONFIG | changes))
    (folder / "fails_on_vacancies.py").write_text(CALCULATOR)
    path = f"{folder}:{os.environ.get('PYTHONPATH', '')}"
    return snakemake_at(folder, *arguments, "--configfile", "cu.yaml", PYTHONPATH=path)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """The folder of the run's results."""
    folder = tmp_path_factory.mktemp("copper")
    said = snakemake(folder, "--cores", "2")
    assert "(100%) done" in said, said[-6000:]
    return folder / "results/copper"


def turns(run: Path) -> list[Path]:
    """Return the folders of the turns, of the frames to begin with first."""
    return sorted(path for path in (run / "exploration/Cu").iterdir() if path.is_dir())


def test_the_loop_ends_where_it_is_enough(run):
    """The first turn whose runs give a frame that tells an error ends it, as any is enough."""
    told = [json.loads((turn / "summary.json").read_text()) for turn in turns(run)]
    assert 2 <= len(told) < 5
    assert ["energy_error_meV_per_atom" in one for one in told] == [False] * len(told[1:]) + [True]
    found = read_frames(run / "exploration/Cu/labelled.h5")
    assert len(found) == told[-1]["labels"]
    new = np.diff([one["labels"] for one in told])
    wanted = np.repeat(np.arange(len(told)), [8, *new])
    assert found.columns["turn"].tolist() == wanted.tolist()
    # what it ends with is a set like any other
    assert json.loads((run / "models/Cu-explored/summary.json").read_text())["frames"] == len(found)
    assert "labels are enough" in (run / "exploration/Cu/turns.md").read_text()


def test_with_a_smaller_error_asked_for_it_goes_on(run):
    """From the turn where it ended, and nothing before is made again."""
    smaller = loop(energy_error_meV_per_atom=1e-9)
    said = snakemake(run.parents[1], "--cores", "1", "--dry-run", **smaller)
    planned = jobs(said)
    # the model of the turn that was the last, and the one that waits for the end
    assert (planned["explore"], planned["grow"], planned["train"]) == (1, 1, 2)
    assert "label_set" not in planned and "foundational" not in planned


def test_frames_that_fail_are_survived_and_listed(run):
    all_failed = 0
    for turn in turns(run)[1:]:
        chosen = read_frames(turn / "frames.h5")
        failed = json.loads((turn / "relabelled.json").read_text())["failed"]
        assert list(failed) == [str(row) for row in np.flatnonzero(chosen.sizes == 31)]
        assert set(failed.values()) <= {"convergence NOT achieved"}
        assert json.loads((turn / "summary.json").read_text())["failed"] == len(failed)
        all_failed += len(failed)
    assert all_failed


@pytest.mark.parametrize(
    "changes, said",
    [
        (
            {"labels": {}, "sampling": {"Cu/32/dft": {"method": "file", "file": "cu.xyz"}}}
            | loop(start="Cu/32/dft"),
            "exploration.Cu: add labels.Cu, which labels what it chooses",
        ),
        (loop(start="Cu/32/other"), "exploration.Cu.start: 'Cu/32/other' is not a key of"),
        (
            loop(added=3, strained=2, runs=[{"temperature_K": k} for k in (300, 600)]),
            "added must be at least 4: one frame of each of the 2 runs, and 2 strained",
        ),
        (loop(count=13), "exploration.Cu.count: 13 frames of a set of 12"),
        ({"exploration": {}}, "add exploration.Cu or name another set"),
        (
            {
                "potentials": {"zhou": {}},
                "elements": {"Cu": CONFIG["elements"]["Cu"] | {"table": "zhou"}},
                "sampling": {
                    "Cu/32/momt": {
                        "method": "momt",
                        "melting_temperature_K": 1300,
                        "frames": 40,
                        "production_steps": 8000,
                        "learning_steps": 8000,
                    }
                },
            }
            | loop(start="Cu/32/momt"),
            "'Cu/32/momt' has labels of the EAM, and the loop's are by Emt",
        ),
    ],
)
def test_bad_settings(changes, said):
    with pytest.raises(PotstillError) as error:
        load_settings(CONFIG | changes)
    assert said in str(error.value) and "\n" not in str(error.value)
