"""Bad input through whole jobs and commands: one line with the cure, status 1, nothing made.

Beside these stand bad configurations (tests/test_settings.py, tests/workflow/test_graph.py), tables
(tests/potentials), frame files and labels (tests/data), model files (tests/models).
"""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
import torch
import yaml

from potstill.distillation.score import score_block
from potstill.runtime.job import job
from potstill.settings import Training
from potstill.training.train_model import train_model

NETWORKS = Training(members=2, layers=(6,), steps=2, validation_interval=2)


def refused(folder: Path, rule: str, work: Callable[[], None], capsys: Any) -> str:
    """Run a job that must fail; return the one line that it and its log end with."""
    script = SimpleNamespace(
        rule=rule, log=[str(folder / "log")], input=[], output=[], params={}, scriptdir=str(folder)
    )
    with pytest.raises(SystemExit) as ended, job(script):
        work()
    assert ended.value.code == 1
    (line,) = (folder / "log").read_text().splitlines()
    assert capsys.readouterr().err.splitlines() == [line]
    return line.removeprefix(f"error in rule {rule}: ")


def train(frames: Path, folder: Path) -> None:
    """Train a model on a frame file, into the folder."""
    model, history, summary = (folder / name for name in ("model.pt", "history.csv", "model.json"))
    train_model(
        frames, count=None, settings=NETWORKS, seed=1, device="cpu", threads=1, model=model,
        history=history, summary=summary,
    )  # fmt: skip


def replaced(name: str, values: Any) -> Callable[[h5py.Group], None]:
    """Return a change of a group: a dataset of other values, made of the old ones if callable."""

    def change(group: h5py.Group) -> None:
        data = values(group[name][...]) if callable(values) else values
        del group[name]
        group[name] = data

    return change


FRAMES = {
    "a group among the datasets": (
        lambda group: group.create_group("more"),
        "more is no dataset of this file (but a group, or a link to elsewhere)",
    ),
    "a link to another file": (
        replaced("energies", h5py.ExternalLink("other.h5", "/energies")),
        "energies is no dataset of this file (but a group, or a link to elsewhere); copy",
    ),
    "a link to nothing": (replaced("cell", h5py.SoftLink("/nowhere")), "cell is no dataset"),
    "text for positions": (
        replaced("coordinates", np.array([b"x"] * 60)),
        "coordinates must hold numbers along 3 axes, and has type |S1 and shape (60,); rewrite",
    ),
    "objects in a column": (
        replaced("enthalpy", np.array(["high"] * 60, dtype=h5py.string_dtype())),
        "enthalpy must hold numbers along 1 axes, and has type object",
    ),
    "one energy for all": (replaced("energies", 3.0), "energies must hold numbers along 1 axes"),
    "positions of one atom": (
        replaced("coordinates", lambda old: old[:, 0]),
        "coordinates must hold numbers along 3 axes, and has type float64 and shape (60, 3)",
    ),
    "complex forces": (
        replaced("forces", lambda old: old.astype(complex)),
        "forces must hold numbers along 3 axes, and has type complex128",
    ),
    "forces of fewer frames": (
        replaced("forces", lambda old: old[:7]),
        "forces has shape (7, 32, 3), expected (60, 32, 3); rewrite",
    ),
    "a column of fewer frames": (
        replaced("enthalpy", np.zeros(3)),
        "enthalpy has shape (3,), expected (60,); rewrite",
    ),
    "a column with a NaN": (
        replaced("enthalpy", np.full(60, np.nan)),
        "enthalpy of frame 0 is not finite; remove the frame or sample again",
    ),
    "an element that is none": (
        replaced("species", np.full((60, 32), 200)),
        "species holds 200, which is no atomic number; rewrite",
    ),
    "half an element": (
        replaced("species", np.full((60, 32), 28.5)),
        "species holds 28.5, which is no atomic number",
    ),
    "elements of fewer atoms": (
        replaced("species", np.full((60, 31), 28)),
        "species has shape (60, 31), coordinates (60, 32, 3); give the atomic number of every atom",
    ),
    "no frames": (
        lambda group: [replaced(name, lambda old: old[:0])(group) for name in list(group)],
        "species has shape (0, 32)",
    ),
}


@pytest.mark.parametrize("case", FRAMES)
def test_bad_frames(case, frames, tmp_path, capsys):
    change, told = FRAMES[case]
    bad = tmp_path / "bad.h5"
    bad.write_bytes(frames.read_bytes())
    with h5py.File(bad, "a") as store:
        change(store["032"])
    line = refused(tmp_path, "train", lambda: train(bad, tmp_path), capsys)
    assert line.startswith(f"{bad}: ") and told in line
    assert {path.name for path in tmp_path.iterdir()} <= {"bad.h5", "log", "model.pt.lock"}


class Hostile:
    """Pickled, it makes a folder where it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


def entry(**changes: Any) -> Callable[[dict[str, Any], Path], Any]:
    """Return a change of a model file's entries; values are made from the old ones if callable."""

    def change(content: dict[str, Any], _: Path) -> dict[str, Any]:
        made = {k: v(content[k]) if callable(v) else v for k, v in changes.items()}
        return content | made

    return change


MODELS = {
    "hostile": (
        lambda content, folder: content | {"symbol": Hostile(folder / "done")},
        "or damaged",
    ),
    "text": (lambda content, folder: "hello", "not a model file of Potstill; name the ensemble.pt"),
    "for another element": (entry(symbol="Al"), "this model is for Al, not for Ni; train one on"),
    "for no element": (entry(symbol="Xx"), "'Xx': not chemical symbols by atomic number"),
    "of another descriptor": (entry(mean=lambda old: old[:3]), "mean is of another descriptor"),
    "means not finite": (
        entry(mean=lambda old: old * np.nan),
        "mean holds no finite real numbers); train again",
    ),
    "deviations of zero": (entry(std=lambda old: old * 0), "std is not positive); train again"),
    "self energy in words": (entry(self_energy_eV="low"), "inconsistent model file ("),
    "scale not finite": (
        entry(scale_eV=np.inf),
        "scale_eV holds no finite real numbers); train again",
    ),
    "weights not finite": (
        entry(networks=lambda old: {name: values * np.nan for name, values in old.items()}),
        "weights.0 holds no finite real numbers); train again",
    ),
    "without networks": (entry(networks=None), "inconsistent model file ("),
    "unknown setting": (
        entry(training=lambda old: old | {"depth": 3}),
        "inconsistent model file (1 validation error for Training); train again",
    ),
    "networks as large as the memory": (
        entry(training=lambda old: old | {"layers": [10**7, 10**7]}),
        "inconsistent model file (",
    ),
}


@pytest.fixture(scope="module")
def model(frames, tmp_path_factory) -> Path:
    """A model that is good."""
    folder = tmp_path_factory.mktemp("model")
    train(frames, folder)
    return folder / "model.pt"


@pytest.mark.parametrize("case", MODELS)
def test_bad_model(case, model, frames, tmp_path, capsys):
    change, told = MODELS[case]
    bad, output = tmp_path / "bad.pt", tmp_path / "scores.h5"
    torch.save(change(torch.load(model, weights_only=True), tmp_path), bad)

    def score() -> None:
        score_block(bad, frames, block=1, blocks=3, device="cpu", threads=1, output=output)

    line = refused(tmp_path, "score", score, capsys)
    assert line.startswith(f"{bad}: ") and told in line
    assert {path.name for path in tmp_path.iterdir()} == {"bad.pt", "log"}


def test_a_bare_pickle_for_a_model_is_not_run(frames, tmp_path, capsys):
    bad, output = tmp_path / "bad.pt", tmp_path / "scores.h5"
    bad.write_bytes(pickle.dumps(Hostile(tmp_path / "done")))

    def score() -> None:
        score_block(bad, frames, block=1, blocks=3, device="cpu", threads=1, output=output)

    assert "not a model file of Potstill but a pickle" in refused(tmp_path, "score", score, capsys)
    assert not (tmp_path / "done").exists()


COMMANDS = {
    "a run elsewhere": (
        ["--config", "run=../elsewhere"],
        "configuration: run: String should match pattern",
    ),
    "a run at the root": (["--config", "run=/tmp"], "configuration: run: "),
    "seed in words": (["--config", "seed=lucky"], "configuration: seed: Input should be a valid"),
    "a section that is none": (
        {"sampling": 3},
        "configuration: sampling: Input should be a valid dictionary (given: 3)",
    ),
    "a model above its folder": (
        {"models": {"../Ni": {"frames": "sampling/Ni/32/momt"}}},
        "configuration: models.../Ni.[key]: String should match pattern",
    ),
    "frames above the results": (
        {"models": {"Ni-x": {"frames": "../../secret"}}},
        "configuration: models.Ni-x.frames: '../../secret' is no set of frames; use sampling/",
    ),
    "a target of no rule": (["results/default/tables/table_9.md"], "No rule to produce results"),
    "a target outside": (["../elsewhere/tables/table_1.md"], "No rule to produce ../elsewhere"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_bad_command(case, snakemake_in, tmp_path):
    given, told = COMMANDS[case]
    if isinstance(given, dict):
        (tmp_path / "bad.yaml").write_text(yaml.safe_dump(given))
        given = ["--configfile", str(tmp_path / "bad.yaml")]
    folder = tmp_path / "here"
    folder.mkdir()
    ended = snakemake_in(folder, "--cores", "1", *given)
    assert ended.returncode == 1
    assert sum(told in line for line in ended.stdout.splitlines()) == 1
    assert "Traceback" not in ended.stdout
    assert not list(folder.glob("[!.]*"))
    assert {path.name for path in tmp_path.iterdir()} <= {"here", "bad.yaml"}
