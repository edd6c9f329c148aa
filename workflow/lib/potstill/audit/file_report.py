"""What is in a file of frames, and what looks wrong in it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from potstill.audit.composition import composition, ranges
from potstill.audit.data_check import REPORTED, check_labels, warnings
from potstill.data.formats import FileFrames
from potstill.errors import PotstillError
from potstill.runtime.progress import heard
from potstill.settings import Descriptor, Training

# A text with more values than this tells frames apart, not groups of them.
GROUPS = 20
_UNITS = {
    "volume_A3_per_atom": "volume, A^3/atom",
    "energy_eV_per_atom": "energy, eV/atom",
    "largest_force_eV_per_A": "largest force of a frame, eV/A",
    "pressure_eV_per_A3": "pressure, eV/A^3",
}
_EXPLAINED = {"energies_explained": "energies", "forces_explained": "forces"}


def file_report(name: str, found: FileFrames) -> dict[str, Any]:
    """Return what the frames of a file called `name` are, and what the data check says of them.

    As in the summary of a set that a run reads from a file, with `groups`, how many frames have
    which value of a text; `wrong`, why nothing can be trained on them, None where that is not so;
    and `warnings`. What is wrong in one file leaves the others to be looked at.
    """
    frames = found.frames
    checked: dict[str, Any] = {}
    wrong = None
    with heard() as said:
        try:
            checked = check_labels(frames, _training(frames.elements), found.numbers)
        except PotstillError as error:
            wrong = str(error)
    return checked_report(name, found, checked) | {
        "wrong": wrong,
        "warnings": [line.removeprefix("data check: ") for line in said],
    }


def checked_report(name: str, found: FileFrames, checked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `file_report` does of frames that the data check, `checked`, let pass."""
    frames = found.frames
    groups = {key: Counter(values) for key, values in found.texts.items()}
    return {
        "file": name,
        "frames": len(frames),
        "atoms": len(frames.species),
        **composition(frames),
        "groups": {key: dict(c.most_common()) for key, c in groups.items() if len(c) <= GROUPS},
        "keys": found.keys,
        **ranges(frames),
        "data_check": checked,
        "wrong": None,
        "warnings": list(warnings(checked, len(frames), found.numbers)),
    }


def _training(elements: tuple[str, ...]) -> Training:
    """Return the settings of a training on these elements."""
    return Training(descriptor=Descriptor().of_elements(elements))


def report_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield what a person reads of `file_report`."""
    frames = report["frames"]
    yield f"{report['file']}: {_many(frames, 'frame')}, {_many(report['atoms'], 'atom')}"
    yield f"  atoms in a frame: {_counted(report['frames_by_atoms'])}"
    yield f"  elements in a frame: {_counted(report['frames_by_elements'])}"
    yield f"  periodic directions: {_counted(report['frames_by_periodic_directions'])}"
    for key, counts in report["groups"].items():
        yield f"  {key}: {_counted(counts)}"
    for label, count in report["frames_by_label"].items():
        some = "all frames" if count == frames else f"{count} of {frames} frames"
        yield f"  label {label}: `{report['keys'][label]}` in {some}"
    if not report["frames_by_label"]:
        yield "  labels: none"
    for key, text in _UNITS.items():
        if key in report:
            low, high = report[key]
            yield f"  {text}: {low:.4g} to {high:.4g}"
    checked = report["data_check"]
    explained = [
        f"{100 * checked[key]:.1f}% of the {name}" for key, name in _EXPLAINED.items()
        if key in checked
    ]  # fmt: skip
    if explained:
        yield f"  a linear model of the positions explains {' and '.join(explained)}"
    for key in REPORTED:
        if rows := checked.get(key):
            yield f"  {key.replace('_', ' ')}: {_many(len(rows), 'frame')}"
    for line in report["warnings"]:
        yield f"  look at: {line}"
    if report["wrong"]:
        yield f"  wrong: {report['wrong']}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _counted(counts: dict[str, int], shown: int = 12) -> str:
    """Return counts in a line: what there are many of in full, the rest as a number."""
    first = [f"{name or 'none'} ({count})" for name, count in list(counts.items())[:shown]]
    more = len(counts) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")
