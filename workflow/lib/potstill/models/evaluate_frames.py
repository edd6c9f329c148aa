"""Errors of a model in the frames of any files, in parts of them, and the worst of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from potstill.data.any_file import read_frames_file
from potstill.data.formats import FileFrames
from potstill.data.frames import Frames
from potstill.data.structures import Indices
from potstill.models.committee import Prediction
from potstill.models.ensemble import Ensemble
from potstill.models.frame_errors import (
    EnergyErrors,
    ForceErrors,
    SetErrors,
    check_labelled,
    energy_errors,
    error_summary,
    force_errors,
    set_errors,
)
from potstill.models.predict import predict
from potstill.models.sigma_errors import force_uncertainty, own_calibration
from potstill.runtime.progress import Progress
from potstill.trust.limits import Trust
from potstill.trust.parts_of_set import Errors, by_name

# The text of a frame that tells of which group it is.
GROUP = "group"
# Frames that are named as the worst.
WORST = 5


class NamedFrames(NamedTuple):
    """Frames, the file that each is of, its number there, and its group, None for no groups."""

    frames: Frames
    files: list[str]
    numbers: list[int]
    groups: list[str] | None

    @classmethod
    def read(cls, files: Sequence[Path], elements: Sequence[str], model: Path, **keys: Any) -> Self:
        """Read the labelled frames of some files, for a model of these elements.

        keys: of labels, as of `read_frames_file`. Raises PotstillError, naming the file, as of that
        and of `check_labelled`.
        """
        parts = []
        for file in files:
            found = read_frames_file(file, **keys)
            check_labelled(found.frames, file, elements, model)
            parts.append(cls.of_file(file, found))
        whole = parts[0]
        for part in parts[1:]:
            whole = whole.joined(part)
        return whole

    @classmethod
    def of_file(cls, path: Path, found: FileFrames) -> Self:
        """Return the frames of one file."""
        frames = replace(found.frames, columns={})
        numbers = [int(number) for number in found.numbers]
        return cls(frames, [str(path)] * len(frames), numbers, found.texts.get(GROUP))

    def joined(self, other: "NamedFrames") -> Self:
        """Return these frames followed by others; a frame without a group is of the group `-`."""
        groups = None
        if self.groups is not None or other.groups is not None:
            groups = [
                group for part in (self, other) for group in part.groups or ["-"] * len(part.files)
            ]
        return self._replace(
            frames=self.frames.joined(other.frames),
            files=self.files + other.files,
            numbers=self.numbers + other.numbers,
            groups=groups,
        )

    def chosen(self, rows: Indices) -> Self:
        """Return some of the frames."""
        return self._replace(
            frames=self.frames[rows],
            files=[self.files[row] for row in rows],
            numbers=[self.numbers[row] for row in rows],
            groups=None if self.groups is None else [self.groups[row] for row in rows],
        )

    def name(self, which: int) -> dict[str, str | int]:
        """Return what a frame is called."""
        return {"file": self.files[which], "frame": self.numbers[which]}


class Comparison(NamedTuple):
    """What a model says of frames beside their labels.

    forces: None where no frame has any. trust: what the model knows of its own errors, None where
    it is not to be judged by these frames.
    """

    given: NamedFrames
    energies: EnergyErrors
    forces: ForceErrors | None
    trust: Trust | None


def compare(ensemble: Ensemble, given: NamedFrames, *, threads: int = 1) -> Comparison:
    """Predict labelled frames."""
    labelled = given.frames
    progress = Progress("evaluate", len(labelled), "frames")
    found = predict(
        ensemble, labelled, forces=True, spread=True, threads=threads, watch=progress.update
    )
    assert found.atomic_energies is not None
    energies = energy_errors(labelled, found.atomic_energies)
    forces = compared_forces(labelled, found, ensemble)
    return Comparison(given, energies, forces, ensemble.trust)


def compared_forces(labelled: Frames, found: Prediction, ensemble: Ensemble) -> ForceErrors | None:
    """Return the errors of the forces predicted of all frames, in those that have any."""
    rows = np.flatnonzero(labelled.has("forces"))
    if not len(rows):
        return None
    stress = ensemble.settings.stress_weight > 0
    return force_errors(labelled[rows], rows, _part(labelled, found, rows), stress=stress)


def tell(compared: Comparison, *, seed: int) -> dict[str, Any]:
    """Return the errors of a model in all frames, see `error_summary`.

    Beside them `by_file` and `by_group`, where there are several, have the mean errors in parts,
    and `by_element` those of the forces on the atoms of each element. `force_uncertainty` is what
    sigma says of the forces, `calibration` what the model's own calibration does.
    `worst_energies` and `worst_forces` name the frames of the largest errors, of the energy
    (meV/atom, with sigma) and of the mean of the forces (meV/A).
    """
    given, energies, forced, trust = compared
    labelled = given.frames
    errors = set_errors(labelled, energies, forced)
    told = error_summary(labelled, energies, forced, seed)
    for what, names in (("file", given.files), ("group", given.groups)):
        if names is not None and len(set(names)) > 1:
            told[f"by_{what}"] = by_name(names, what, *errors)
    if forced and len(labelled.elements) > 1:
        told["by_element"] = _by_element(labelled, forced)
    if forced and forced.std is not None:
        sizes = labelled.sizes[forced.frames]
        error = forced.predicted - forced.exact
        told["force_uncertainty"] = force_uncertainty(error, forced.std, sizes, seed)
    if trust is not None:
        told["calibration"] = own_calibration(trust, energies, forced)
    sigma = 1e3 * energies.std / labelled.sizes[energies.frames]
    worst = [
        {
            **given.name(errors.energy.frames[k]),
            "error_meV_per_atom": float(errors.energy.values[k]),
            "sigma_meV_per_atom": float(sigma[k]),
        }
        for k in _largest(errors.energy)
    ]
    return told | {"worst_energies": worst, "worst_forces": _worst_forces(errors, given)}


def _by_element(labelled: Frames, forced: ForceErrors) -> list[dict[str, Any]]:
    """Return the mean errors of the forces on the atoms of each element, meV/A.

    As of `by_region`, but that energies are not parted among atoms.
    """
    compared = labelled.structures(forced.frames)
    error = 1e3 * np.abs(forced.predicted - forced.exact).mean(axis=1)
    counts = compared.counts(compared.elements)
    return [
        {
            "element": element,
            "frames": int((counts[:, k] > 0).sum()),
            "mae_meV_per_atom": None,
            "force_mae_meV_per_A": float(error[compared.species == number].mean()),
        }
        for k, (element, number) in enumerate(
            zip(compared.elements, np.unique(compared.species), strict=True)
        )
    ]


def _worst_forces(errors: SetErrors, given: NamedFrames) -> list[dict[str, Any]]:
    if errors.force is None:
        return []
    return [
        {
            **given.name(errors.force.frames[k]),
            "error_meV_per_A": float(errors.force.values[k]),
        }
        for k in _largest(errors.force)
    ]


def _largest(errors: Errors) -> Indices:
    """Return where the largest errors are, the largest first."""
    return np.asarray(np.argsort(-np.abs(errors.values), kind="stable")[:WORST])


def _part(labelled: Frames, found: Prediction, rows: Indices) -> Prediction:
    """Return the predictions of some of the frames."""
    if len(rows) == len(labelled):
        return found
    assert found.forces is not None and found.stress is not None
    return Prediction(
        energies=found.energies[:, rows],
        atomic_energies=None,
        forces=found.forces[labelled.rows(rows)],
        stress=found.stress[rows],
        force_std=None if found.force_std is None else found.force_std[labelled.rows(rows)],
    )
