"""Whether to believe a prediction: one flag with its reason."""

from typing import NamedTuple

import numpy as np

from potstill.data.structures import Floats, Indices
from potstill.trust.limits import Trust
from potstill.trust.surroundings import frame_distances


class Verdict(NamedTuple):
    """What is said of the prediction of one structure.

    flag: why not to believe it, empty where nothing speaks against it. Its first word is `refused`
    for what cannot be predicted, `outside` where surroundings are unlike those trained on, and
    `unsure` where the networks disagree more than there.

    energy_error_meV_per_atom, force_error_eV_per_A: what 68% of the errors are below, the latter of
    the components of the force on the atom where it is largest; None where no label told.
    distance: that of the farthest atom from what was trained on, and frame_distance: that of all
    its atoms together, both over their limit; farthest_atom: which one that is.
    """

    flag: str
    energy_error_meV_per_atom: float | None
    force_error_eV_per_A: float | None
    distance: float | None
    frame_distance: float | None
    farthest_atom: int | None


def refusal(reason: str) -> Verdict:
    """Return the verdict on what cannot be predicted."""
    return Verdict(f"refused: {reason}", None, None, None, None, None)


def verdicts(
    trust: Trust,
    sizes: Indices,
    *,
    energy_std: Floats,
    leverage: Floats,
    force_std: Floats,
    distance: Floats,
) -> list[Verdict]:
    """Return the verdict on each of F structures of A atoms together.

    sizes (F,): numbers of atoms; energy_std (F,): eV; leverage (F,): of the last layer; force_std
    (A,): eV/A; distance (A,): of each atom from the surroundings trained on.
    """
    energy = energy_std / sizes
    together = frame_distances(distance, sizes)
    ends = np.cumsum(sizes)[:-1]
    return [
        _verdict(trust, *of_one)
        for of_one in zip(
            energy,
            leverage,
            together,
            np.split(force_std, ends),
            np.split(distance, ends),
            strict=True,
        )
    ]


def _verdict(
    trust: Trust,
    energy: float,
    leverage: float,
    together: float,
    force: Floats,
    distance: Floats,
) -> Verdict:
    """Return the verdict on one structure: its sigma, eV an atom, and its atoms' values."""
    limits, far, worst = trust.limits, int(distance.argmax()), int(force.argmax())
    away = distance[far] / limits.atom_distance
    all_away = together / limits.frame_distance
    # two measures that fail in different places; where both rise, so do the errors
    unsure = np.sqrt(energy / limits.energy_eV_per_atom * leverage / limits.leverage)
    reasons = (
        (away, f"outside: atom {far} is unlike all atoms trained on"),
        (all_away, "outside: its atoms together are unlike those trained on"),
        (
            force[worst] / limits.force_eV_per_A,
            f"unsure: the networks disagree about the force on atom {worst}",
        ),
        (unsure, "unsure: the networks disagree about its energy, and had little to learn it from"),
    )
    flags = [f"{why}, {over:.1f} times the limit" for over, why in reasons if over > 1]
    return Verdict(
        flags[0] if flags else "",
        _told(1e3 * trust.energy.within[0] * energy),
        _told(trust.force.within[0] * force[worst]),
        float(away),
        float(all_away),
        far,
    )


def _told(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
