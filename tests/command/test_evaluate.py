"""`potstill evaluate`: errors by hand, frame by frame, in all parts; the worst frames are named."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import ase.io
import numpy as np
import pytest
from emt_frames import Labelled, alloys, write_xyz
from typer.testing import Result

from potstill.command.error_tables import HEADER
from potstill.data.structures import Structures
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.models.model_file import save_ensemble

# what a page shows of a worst frame
SHOWN = ("error_meV_per_atom", "sigma_meV_per_atom", "error_meV_per_A")


@pytest.fixture(scope="module")
def frames() -> list[Labelled]:
    """Copper, gold and alloys, in bulk, as slabs and clusters."""
    found = alloys(18)
    for number, frame in enumerate(found):
        frame.atoms.info["group"] = ("bulk", "slab", "cluster", "bulk")[number % 4]
    return found


@pytest.fixture
def model(
    frames: list[Labelled],
    make_ensemble: Callable[..., Ensemble],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Ensemble:
    """An untrained model in model.pt, beside the frames in a.xyz and b.xyz."""
    monkeypatch.chdir(tmp_path)
    write_xyz(tmp_path / "a.xyz", frames[:12])
    write_xyz(tmp_path / "b.xyz", frames[12:])
    structures = Structures.of_atoms([frame.atoms for frame in frames])
    made = make_ensemble(structures, descriptor={"radial_shifts": 6, "angular_shifts": 2})
    save_ensemble("model.pt", made)
    return made


def by_hand(
    model: Ensemble, frames: list[Labelled], which: list[int]
) -> tuple[float, float, dict[int, float]]:
    """Return mean errors, meV/atom and meV/A over all atoms' components, and energies' by frame."""
    energy, force = {}, []
    for k in which:
        found = model.predict(Structures.of_atoms([frames[k].atoms]), forces=True)
        assert found.forces is not None
        error = float(found.energy[0]) - frames[k].labels["energy"]
        energy[k] = 1e3 * error / len(frames[k].atoms)
        force += list(1e3 * np.abs(found.forces - frames[k].labels["forces"]).ravel())
    return float(np.mean(np.abs(list(energy.values())))), float(np.mean(force)), energy


def test_errors_in_all_parts(
    model: Ensemble, frames: list[Labelled], potstill: Callable[..., Result]
) -> None:
    result = potstill("evaluate", "model.pt", "a.xyz", "b.xyz", "-o", "errors.csv")
    potstill("evaluate", "model.pt", "a.xyz", "b.xyz", "-o", "errors.json")
    with open("errors.csv") as table:
        rows = {(row["part"], row["name"]): row for row in csv.DictReader(table)}
    rows = {name: row for name, row in rows.items() if name[0] != "element"}
    systems = [
        "".join(symbol for symbol in ("Cu", "Au") if symbol in frame.atoms.symbols)
        for frame in frames
    ]
    parts: dict[tuple[str, str], list[int]] = {("all", ""): list(range(18))}
    for k, frame in enumerate(frames):
        names = ("elements", systems[k]), ("group", frame.atoms.info["group"])
        for name in (*names, ("file", "a.xyz" if k < 12 else "b.xyz")):
            parts.setdefault(name, []).append(k)
    assert set(rows) == set(parts) and len(parts) == 1 + 3 + 3 + 2
    for name, which in parts.items():
        energy, force, _ = by_hand(model, frames, which)
        assert int(rows[name]["frames"]) == len(which)
        assert float(rows[name]["mae_meV_per_atom"]) == pytest.approx(energy)
        assert float(rows[name]["force_mae_meV_per_A"]) == pytest.approx(force)
    told = json.loads(Path("errors.json").read_text())
    *_, by_frame = by_hand(model, frames, list(range(18)))
    worst = sorted(by_frame, key=lambda k: -abs(by_frame[k]))[:5]
    named = [("a.xyz", k) if k < 12 else ("b.xyz", k - 12) for k in worst]
    assert [(row["file"], row["frame"]) for row in told["worst_energies"]] == named
    for k, row in zip(worst, told["worst_energies"], strict=True):
        assert row["error_meV_per_atom"] == pytest.approx(by_frame[k])
        line = f"{named[worst.index(k)][1]}  {row['error_meV_per_atom']:.2f}"
        assert line.split() in [part.split()[1:3] for part in result.stdout.splitlines()]
    assert told["uncertainty"]["calibration_frames"] == 4


def test_errors_of_forces_by_element(
    model: Ensemble, frames: list[Labelled], potstill: Callable[..., Result]
) -> None:
    result = potstill("evaluate", "model.pt", "a.xyz", "b.xyz", "-o", "errors.json")
    error: dict[str, list[float]] = {"Cu": [], "Au": []}
    for frame in frames:
        found = model.predict(Structures.of_atoms([frame.atoms]), forces=True).forces
        assert found is not None
        for symbol, atom in zip(frame.atoms.symbols, found - frame.labels["forces"], strict=True):
            error[symbol] += list(1e3 * np.abs(atom))
    told = json.loads(Path("errors.json").read_text())["by_element"]
    assert [row["element"] for row in told] == ["Cu", "Au"]
    for row in told:
        mean = float(np.mean(error[row["element"]]))
        assert row["force_mae_meV_per_A"] == pytest.approx(mean)
        assert row["frames"] == sum(row["element"] in frame.atoms.symbols for frame in frames)
        line = ["element", row["element"], str(row["frames"]), "-", f"{mean:.2f}"]
        assert line in [part.split() for part in result.stdout.splitlines()]


def test_the_page_tells_what_the_json_does(
    model: Ensemble, potstill: Callable[..., Result]
) -> None:
    words = ("evaluate", "model.pt", "a.xyz", "b.xyz")
    result = potstill(*words, "-o", "errors.json", "--page", "errors.html")
    assert "errors.json and errors.html: written" in result.stdout
    potstill(*words, "--page", "again.html")
    page = Path("errors.html").read_text()
    assert page == Path("again.html").read_text() and "http" not in page
    told = json.loads(Path("errors.json").read_text())
    assert page.count('src="data:image/png;base64,') == 2
    cells = re.findall("<td[^>]*>(.*?)</td>", page)
    rows = [told, *(row for name in told if name.startswith("by_") for row in told[name])]
    rows += [*told["worst_energies"], *told["worst_forces"]]
    assert len(rows) == 1 + 3 + 2 + 3 + 2 + 10
    for row in rows:
        for name, value in row.items():
            if isinstance(value, float) and name in (*HEADER, *SHOWN):
                assert f"{value:.2f}" in cells
    for key, what in (("uncertainty", "Energies"), ("force_uncertainty", "Forces")):
        assert f"{what}: sigma, times {told[key]['sigma_factor']:.2f}" in page


def test_what_there_is_only_one_of_is_left_out(
    model: Ensemble, frames: list[Labelled], potstill: Callable[..., Result], tmp_path: Path
) -> None:
    alone = Labelled(frames[0].atoms.copy(), {"energy": frames[0].labels["energy"]})
    write_xyz(tmp_path / "one.xyz", [alone])
    result = potstill("evaluate", "model.pt", "one.xyz", "-o", "one.json", "--page", "one.html")
    assert "too few frames" in Path("one.html").read_text()
    told = json.loads(Path("one.json").read_text())
    assert told["force_mae_meV_per_A"] is None and told["worst_forces"] == []
    assert not {"by_composition", "by_element", "by_group", "by_file"} & told.keys()
    assert "too few frames" in result.stdout


def test_bad_input_is_one_line(
    model: Ensemble, frames: list[Labelled], potstill: Callable[..., Result]
) -> None:
    bare = [frame.atoms.copy() for frame in frames[:2]]
    ase.io.write("bare.xyz", bare)
    bare[1].symbols[0] = "Ni"
    ase.io.write("nickel.xyz", bare)
    cases = {
        ("bare.xyz",): "^bare.xyz: an evaluation needs the label `energy`",
        ("a.xyz", "nickel.xyz"): "^nickel.xyz: frames of NiCu, but model.pt is a model for CuAu",
        ("none.xyz",): "^none.xyz: no such file",
        ("a.xyz", "-o", "a.xyz"): "^a.xyz: is an input as well",
        ("a.xyz", "-o", "errors.md"): "^errors.md: name a file that ends in .json or .csv",
        ("a.xyz", "--page", "errors.pdf"): "^errors.pdf: name a file that ends in .html",
        ("a.xyz", "--page", "a.xyz"): "^a.xyz: is an input as well",
        ("a.xyz", "--energy-key", "dft"): "^a.xyz: no frame has energy under `dft` .--energy-key",
    }
    for words, message in cases.items():
        with pytest.raises(PotstillError, match=message) as refused:
            potstill("evaluate", "model.pt", *words)
        assert "\n" not in str(refused.value)
