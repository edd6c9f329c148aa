"""Errors of models on DFT frames of any sizes and elements, of all and by what the frames are.

They are mean absolute ones: of energies per atom, of force components, and of stress components;
`shift` is the mean of the signed errors of the energies.
"""

from pathlib import Path
from typing import Any

import numpy as np
from ase.units import GPa
from numpy.typing import NDArray

from potstill.audit.data_check import check_data
from potstill.data.any_file import read_frames_file
from potstill.data.frames import Frames
from potstill.data.structures import frame_means
from potstill.models.committee import Prediction
from potstill.runtime.streams import stream
from potstill.settings import Training


def read(path: Path, options: dict[str, Any]) -> tuple[Frames, NDArray[np.str_]]:
    """Return the frames of a file, and each frame's group, "" where not all have one."""
    found = read_frames_file(path, **options)
    return found.frames, np.array(found.texts.get("group", [""] * len(found.frames)))


def parted(groups: NDArray[np.str_], share: float, seed: int) -> NDArray[np.bool_]:
    """Return which frames (F,) train: this share of each group, drawn at random."""
    chosen = np.zeros(len(groups), dtype=bool)
    for group in np.unique(groups):
        rows = stream(seed, "benchmark", "part", str(group)).permutation(
            np.flatnonzero(groups == group)
        )
        chosen[rows[: round(share * len(rows))]] = True
    return chosen


def doubtful(frames: Frames, settings: Training) -> NDArray[np.bool_]:
    """Return which frames (F,) have energies that do not follow, by the data check."""
    named = np.zeros(len(frames), dtype=bool)
    named[check_data(frames, settings).get("unexplained_energies", [])] = True
    return named


class Tested:
    """Frames that tell errors, and what each of them is."""

    def __init__(
        self, frames: Frames, groups: NDArray[np.str_], doubted: NDArray[np.bool_]
    ) -> None:
        self.frames = frames
        words, which = frames.systems()
        self.parts = {
            "atoms": frames.sizes.astype(str),
            "system": np.array(words)[which],
            "group": groups,
            "check": np.where(doubted, "doubtful", "others"),
        }

    def errors(self, said: Prediction | Frames) -> dict[str, Any]:
        """Return errors of energies, forces and stress: of all frames, and by what they are."""
        frames = self.frames
        energy = 1e3 * (said.energy - frames.need("energy", "a test")) / frames.sizes
        component = np.abs(said.forces - frames.need("forces", "a test"))
        force = 1e3 * frame_means(component.mean(axis=1), frames.sizes)
        stress = None if frames.stress is None else np.abs(said.stress - frames.stress) / GPa

        def told(here: NDArray[np.bool_]) -> dict[str, float]:
            found = {
                "frames": int(here.sum()),
                "energy_meV_per_atom": round(float(np.abs(energy[here]).mean()), 3),
                "shift_meV_per_atom": round(float(energy[here].mean()), 3),
                "force_meV_per_A": round(
                    float(np.average(force[here], weights=frames.sizes[here])), 2
                ),
            }
            if stress is not None:
                found["stress_GPa"] = round(float(stress[here].mean()), 3)
            return found

        result: dict[str, Any] = {"all": told(np.ones(len(frames), dtype=bool))}
        for name, words in self.parts.items():
            if len(np.unique(words)) > 1:
                result[f"by_{name}"] = {str(w): told(words == w) for w in np.unique(words)}
        return result
