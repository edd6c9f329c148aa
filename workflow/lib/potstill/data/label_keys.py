"""Labels in frames of other programs: found by their usual names, or by the name that one gives.

ASE keeps what it reads in three places: results of a calculation, values of the frame (the comment
line of extended XYZ), and arrays over the atoms. All three are looked at.
"""

import re
from pathlib import Path
from typing import Any, NamedTuple

import ase
import numpy as np
from ase import units
from ase.stress import voigt_6_to_full_3x3_stress

from potstill.data.frame_store import BY_ATOM, Label
from potstill.data.geometry import SMALLEST_VOLUME_A3
from potstill.data.structures import Floats, Mask
from potstill.errors import PotstillError
from potstill.runtime.progress import say
from potstill.runtime.shortened import frames_named, shortened
from potstill.settings import FileSet

# in the order in which they are named
KINDS: tuple[Label, ...] = ("energy", "forces", "stress", "atomic_energies")

# What a name is made of: one word that says what it is, and others that say whose.
_NOUNS = {
    "energy": "energy",
    "etot": "energy",
    "toten": "energy",
    "totenergy": "energy",
    "force": "forces",
    "forces": "forces",
    "stress": "stress",
    "virial": "virial",
    "virials": "virial",
    "energies": "atomic_energies",
}
_WHOSE = {
    "ref", "reference", "dft", "qm", "true", "target", "label", "total", "tot", "pot", "potential",
    "free", "atomic", "local", "pbe", "pbesol", "lda", "scan", "r2scan", "mp", "vasp", "corrected",
}  # fmt: skip
# What becomes of a label that only some frames have.
_LACKING: dict[Label, str] = {
    "energy": "energies are trained on where they are",
    "forces": "forces are trained on where they are",
    "stress": "it is trained on where it is",
    "atomic_energies": "those frames have none",
}
# A stress of which one part in so many differs from its mirror image is no stress.
_SYMMETRY = 1e-3


def kind_of(key: str) -> str | None:
    """Return what is usually found under a name, as `dft_energy`; None where it says nothing."""
    words = re.findall("[a-z0-9]+", key.lower())
    nouns = [word for word in words if word in _NOUNS]
    if len(nouns) != 1 or not set(words) <= _WHOSE | set(nouns):
        return None
    return _NOUNS[nouns[0]]


def named_values(image: ase.Atoms) -> dict[str, Any]:
    """Return what a frame holds by name; a name in two places gets the place before it."""
    results = image.calc.results if image.calc is not None else {}
    own = {k: v for k, v in image.arrays.items() if k not in ("numbers", "positions")}
    found = dict(results)
    for place, values in (("info", image.info), ("arrays", own)):
        found |= {f"{place}.{k}" if k in found else k: v for k, v in values.items()}
    return found


class LabelsFound(NamedTuple):
    """Labels of a file by kind, as of `Frames`, which frames lack them, and their names there."""

    values: dict[Label, Floats]
    lacking: dict[Label, Mask]
    keys: dict[Label, str]


class LabelReader:
    """Takes the labels out of the frames of a file one by one, each under one name for all.

    name: of the set whose settings an error tells how to change; None for options of a command.
    """

    def __init__(self, path: Path, name: str | None, settings: FileSet) -> None:
        self.path, self.name, self.unit = path, name, settings.stress_unit
        self.told: dict[Label, str | None] = {
            "energy": settings.energy_key,
            "forces": settings.forces_key,
            "stress": settings.stress_key,
        }
        self.keys: dict[Label, str] = {}
        self.numbers: list[int] = []
        self.sizes: list[int] = []
        self.values: dict[Label, list[Floats | None]] = {kind: [] for kind in KINDS}
        self.names: dict[str, None] = {}
        self.virial: str | None = None

    def take(self, number: int, image: ase.Atoms) -> None:
        """Keep the labels of a frame, which is this one in the file; PotstillError for bad ones."""
        given = named_values(image)
        self.names |= dict.fromkeys(given)
        self.numbers.append(number)
        self.sizes.append(len(image))
        for kind in KINDS:
            found = self._find(kind, given, number, image)
            if found is None:
                self.values[kind].append(None)
                continue
            key, value = found
            if self.keys.setdefault(kind, key) != key:
                raise PotstillError(
                    f"{self.path}: frame {number} (counted from 0) has its {kind} under `{key}`, "
                    f"those before it under `{self.keys[kind]}`; write all under one name"
                )
            if not np.isfinite(value).all():
                raise PotstillError(
                    f"{self.path}: frame {number} (counted from 0): its {kind} (`{key}`) holds NaN "
                    "or infinity; label it again or remove the frame"
                )
            self.values[kind].append(value)

    def labels(self) -> LabelsFound:
        """Return the labels of all frames, and say in one line where they were found.

        A kind that no frame has is not among them; one that only some have is zero in the others,
        with a warning that names them. Raises PotstillError for a name of the settings that the
        file does not hold.
        """
        found = LabelsFound({}, {}, self.keys)
        for kind in KINDS:
            values, self.values[kind] = self.values[kind], []
            lacking = np.array([value is None for value in values])
            if not lacking.all():
                found.values[kind] = self._joined(kind, values)
                if lacking.any():
                    found.lacking[kind] = lacking
            elif told := self.told.get(kind):
                raise PotstillError(
                    f"{self.path}: no frame has {kind} under `{told}` ({self._option(kind)}); "
                    f"there are: {', '.join(shortened(list(self.names))) or 'none'}"
                )
        parts = [f"{kind} from `{found.keys[kind]}`" for kind in found.values]
        if absent := [kind for kind in KINDS[:3] if kind not in found.values]:
            parts.append(f"no {' and no '.join(absent)}")
        if self.virial and "stress" in absent:
            use = "stress_unit: virial" if self.name else "--stress-unit virial"
            parts.append(f"`{self.virial}` not used ({use} would use it)")
        say(f"{self.path}: {', '.join(parts)}")
        for kind, lacking in found.lacking.items():
            say(
                f"data check: {self.path}: {kind} (`{found.keys[kind]}`) missing"
                f"{', or zero,' if kind == 'stress' else ''} in "
                f"{frames_named(np.array(self.numbers)[lacking])} of {len(lacking)}; "
                f"{_LACKING[kind]}"
            )
        return found

    def _joined(self, kind: Label, values: list[Floats | None]) -> Floats:
        """Return the labels of all frames in one array, zero where a frame has none."""
        if kind not in BY_ATOM:
            zero = np.zeros((3, 3) if kind == "stress" else ())
            return np.array([zero if value is None else value for value in values])
        return np.concatenate(
            [
                np.zeros((size, 3) if kind == "forces" else size) if value is None else value
                for size, value in zip(self.sizes, values, strict=True)
            ]
        )

    def _find(
        self, kind: Label, given: dict[str, Any], number: int, image: ase.Atoms
    ) -> tuple[str, Floats] | None:
        """Return the name and the value of a label of a frame; None where it has none."""
        if kind == "stress" and (self.unit == "none" or _volume(image) < SMALLEST_VOLUME_A3):
            return None
        wanted = "virial" if kind == "stress" and self.unit == "virial" else kind
        told = self.told.get(kind)
        candidates: dict[str, Floats] = {}
        for key, raw in given.items():
            usual = kind_of(key.rpartition("info.")[2].rpartition("arrays.")[2])
            if usual == "virial" and wanted == "stress":
                self.virial = key
            if key == told or (told is None and usual == wanted):
                value = self._value(kind, raw, image)
                if value is not None:
                    candidates[key] = value
                elif key == told:
                    raise PotstillError(
                        f"{self.path}: frame {number} (counted from 0): `{key}` has shape "
                        f"{np.shape(raw)}, which is no {kind}; correct {self._option(kind)}"
                    )
        if not candidates:
            return None
        first, *others = candidates
        for other in others:
            if not np.array_equal(candidates[first], candidates[other], equal_nan=True):
                raise PotstillError(
                    f"{self.path}: frame {number} (counted from 0) has two {kind} labels that "
                    f"differ, `{first}` and `{other}`; say which one to use: {self._option(kind)}"
                    f"{': ' if self.name else ' '}{other}"
                )
        value = candidates[first]
        if kind == "stress":
            # no calculation gives nine zeros: they stand for no stress
            return (first, self._converted(value, number, image)) if value.any() else None
        return first, value

    def _option(self, kind: Label) -> str:
        """Return what says under which name a label is, as a person writes it."""
        return f"sampling.{self.name}.{kind}_key" if self.name else f"--{kind}-key"

    def _value(self, kind: Label, raw: Any, image: ase.Atoms) -> Floats | None:
        """Return a label as an array of its own shape; None for what cannot be one."""
        try:
            value = np.asarray(raw, dtype=np.float64)
        except (TypeError, ValueError):
            return None
        if kind == "stress":
            if value.shape == (6,):
                value = voigt_6_to_full_3x3_stress(value)
            return value.reshape(3, 3) if value.size == 9 else None
        shapes = {"energy": (), "forces": (len(image), 3), "atomic_energies": (len(image),)}
        return value.reshape(shapes[kind]) if value.size == np.prod(shapes[kind]) else None

    def _converted(self, value: Floats, number: int, image: ase.Atoms) -> Floats:
        """Return a stress or a virial as a stress in eV/A^3, positive under tension."""
        skew = np.abs(value - value.T).max()
        if skew > _SYMMETRY * np.abs(value).max():
            raise PotstillError(
                f"{self.path}: frame {number} (counted from 0): its stress is not symmetric; write "
                "xx xy xz yx yy yz zx zy zz, or the six numbers xx yy zz yz xz xy"
            )
        if self.unit == "virial":
            return -value / _volume(image)
        return -0.1 * units.GPa * value if self.unit == "kB" else value


def _volume(image: ase.Atoms) -> float:
    """Return the volume of a cell, A^3; 0 for one that is not given in all directions."""
    return float(abs(np.linalg.det(image.cell.array)))
