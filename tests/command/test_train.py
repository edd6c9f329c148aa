"""`potstill train`: a model with its errors, the same by the same seed, and after a stop."""

import json
from collections.abc import Callable
from pathlib import Path

import ase.io
import pytest
from emt_frames import emt_frames, write_xyz
from typer.testing import Result

from potstill.errors import PotstillError
from potstill.models.model_file import load_ensemble
from potstill.settings import Descriptor
from potstill.settings.atomic_size import length_factor

SETTINGS = """
members: 2
layers: [8]
steps: 40
validation_interval: 20
descriptor: {radial_shifts: 8, angular_shifts: 2, radial_eta: 9.0}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Frames of copper to train on and to test on, and settings."""
    monkeypatch.chdir(tmp_path)
    frames = emt_frames(30)
    write_xyz(tmp_path / "train.xyz", frames[:24])
    write_xyz(tmp_path / "test.xyz", frames[24:])
    (tmp_path / "settings.yaml").write_text(SETTINGS)
    return tmp_path


WORDS = ("train", "train.xyz", "--settings", "settings.yaml", "--threads", 1, "--device", "cpu")


def test_a_model_its_errors_and_the_check(folder: Path, potstill: Callable[..., Result]) -> None:
    result = potstill(*WORDS, "--test", "test.xyz", "-o", "model.pt")
    potstill(*WORDS, "--seed", 20231109, "-o", "again/model.pt")
    assert (folder / "model.pt").read_bytes() == (folder / "again/model.pt").read_bytes()
    potstill(*WORDS, "--seed", 2, "-o", "other.pt")
    assert (folder / "model.pt").read_bytes() != (folder / "other.pt").read_bytes()

    told = json.loads(Path("model.json").read_text())
    assert (told["frames"], told["symbol"], told["steps"]) == (24, "Cu", 40)
    assert told["data_check"]["forces_explained"] > 0.9
    assert f"{told['validation_mae_meV_per_atom']:.2f} meV/atom" in result.stdout
    assert len(Path("model.csv").read_text().splitlines()) == 3

    potstill("evaluate", "model.pt", "test.xyz", "-o", "errors.json", "--device", "cpu")
    errors = json.loads(Path("errors.json").read_text())
    assert {"model", "files", *told["test"]} == set(errors)
    assert told["test"]["force_mae_meV_per_A"] == pytest.approx(errors["force_mae_meV_per_A"])
    assert told["test"]["worst_energies"][0]["file"] == "test.xyz"

    # the page has pictures of the training, of the errors and of sigma, and the numbers
    page = Path("model.html").read_text()
    assert page.count('src="data:image/png;base64,') == 3 and "http" not in page
    for text in (
        "<title>model.pt: a model for Cu</title>",
        "24 frames of <code>train.xyz</code> in 40 steps",
        "Errors in the test frames",
        "<td>energy, eV/atom</td>",
        f'<td class="number">{told["test"]["mae_meV_per_atom"]:.2f}</td>',
        f"Energies: sigma, times {told['test']['uncertainty']['sigma_factor']:.2f}",
        f'<td class="number">{told["test"]["worst_forces"][0]["error_meV_per_A"]:.2f}</td>',
    ):
        assert text in page
    # without test frames it is of those that networks held out
    again = json.loads(Path("again/model.json").read_text())
    held = Path("again/model.html").read_text()
    assert "test" not in again and 0 < again["held_out"]["frames"] < 24
    assert held.count('src="data:image/png;base64,') == 3
    assert "did not train on" in held and "name such with <code>--test</code>" in held
    assert f'<td class="number">{again["held_out"]["mae_meV_per_atom"]:.2f}</td>' in held
    potstill(*WORDS, "-o", "again/model.pt")
    assert Path("again/model.html").read_text() == held

    # lengths follow copper's atoms, but for those that are given
    descriptor = load_ensemble("model.pt").settings.descriptor
    factor = length_factor(["Cu"])
    assert factor != 1
    assert descriptor.radial_cutoff_A == Descriptor().radial_cutoff_A * factor
    assert descriptor.radial_eta == 9.0


def test_an_interrupted_training_goes_on(
    folder: Path, potstill: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the bytes of one that was not."""
    from potstill.runtime.restart import Restart
    from potstill.training.loop import Trainer

    potstill(*WORDS, "-o", "whole.pt")
    steps = []

    def ended(restart: Restart) -> bool:
        restart.stop = len(steps) == 25
        return restart.stop

    step = Trainer.step

    def counted(trainer: Trainer) -> None:
        steps.append(trainer.fit.step)
        step(trainer)

    monkeypatch.setattr(Restart, "due", ended)
    monkeypatch.setattr(Trainer, "step", counted)
    assert potstill(*WORDS, "-o", "model.pt").exit_code == 143
    assert Path("model.pt.restart").exists() and not Path("model.pt").exists()
    potstill(*WORDS, "-o", "model.pt")
    assert steps == list(range(40))
    assert Path("model.pt").read_bytes() == Path("whole.pt").read_bytes()
    assert not Path("model.pt.restart").exists()


def test_bad_input_is_one_line(folder: Path, potstill: Callable[..., Result]) -> None:
    gold = ase.io.read("test.xyz", ":")
    gold[2].symbols[0] = "Au"
    ase.io.write("gold.xyz", gold)
    for name, text in {
        "slip.yaml": "stepps: 3\n",
        "lengths.yaml": "descriptor: {radial_cutoff_A: 1.0}\n",
        "list.yaml": "- steps\n",
    }.items():
        Path(name).write_text(text)
    cases = {
        ("--settings", "slip.yaml"): "^slip.yaml: stepps: no such setting .*did you mean 'steps'",
        ("--settings", "lengths.yaml"): "^lengths.yaml: descriptor: angular_cutoff_A must not",
        ("--settings", "list.yaml"): "^list.yaml: holds no settings by name",
        ("--settings", "none.yaml"): "^none.yaml: no such file",
        ("--test", "gold.xyz"): "^gold.xyz: frames of CuAu, but model.pt is a model for Cu",
        ("--forces-key", "dft"): "^train.xyz: no frame has forces under `dft` .--forces-key",
        ("-o", "train.xyz"): "^train.xyz: is an input as well",
        ("-o", "model.json"): "^model.json: .*name it model.pt",
        ("-o", "model.html"): "^model.html: .*name it model.pt",
    }
    for words, message in cases.items():
        with pytest.raises(PotstillError, match=message) as refused:
            potstill("train", "train.xyz", "-o", "model.pt", *words)
        assert "\n" not in str(refused.value)
    assert not Path("model.pt").exists()


def test_expected_errors_are_calibrated_on_enough_test_frames(
    folder: Path, potstill: Callable[..., Result]
) -> None:
    write_xyz(folder / "many.xyz", emt_frames(60))
    for name, tested in (("alone", []), ("few", ["test.xyz"]), ("many", ["many.xyz"])):
        words = [word for file in tested for word in ("--test", file)]
        potstill(*WORDS, *words, "-o", f"{name}.pt")
    alone, few, many = (load_ensemble(f"{name}.pt").trust for name in ("alone", "few", "many"))
    assert alone is not None and few is not None and many is not None
    assert (few.energy, few.force) == (alone.energy, alone.force)
    potstill("evaluate", "many.pt", "many.xyz", "-o", "errors.json", "--device", "cpu")
    for share in json.loads(Path("errors.json").read_text())["calibration"].values():
        # the widths are quantiles of these errors
        assert share["1_sigma"] == pytest.approx(0.683, abs=0.02)
        assert share["2_sigma"] == pytest.approx(0.954, abs=0.02)
