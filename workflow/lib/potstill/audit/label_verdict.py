"""What is said of labels that a linear model explains badly, and what that model sees."""

import numpy as np

from potstill.audit.label_agreement import Labels, Share
from potstill.data.structures import Floats
from potstill.errors import PotstillError
from potstill.runtime.progress import say
from potstill.settings import Descriptor, Training

# Fewer frames refuse nothing, nor do fewer labels to a feature.
FEWEST, LABELS_PER_FEATURE = 12, 4
# Share of the variance that the linear model must explain. Good labels of metals give 0.9 and more,
# shuffled ones below 0.05.
LEAST_EXPLAINED = 0.3
# Angular functions of the fits, and their range over the radial one: little beyond the nearest
# neighbours, as of more, w would be free where forces say little, along volume.
COARSE, COARSE_RANGE = {"angular_shifts": 4, "angle_sections": 4, "zeta": 8.0}, 3.5 / 6.0


def coarse(settings: Training) -> Descriptor:
    """Return the descriptors of the linear model."""
    given = settings.descriptor
    reach = min(given.angular_cutoff_A, COARSE_RANGE * given.radial_cutoff_A)
    return given.model_copy(update={**COARSE, "angular_cutoff_A": reach})


def rms(values: Floats) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(values**2)))


def told(value: float) -> float:
    """Return six digits: the last ones of a fit depend on where in memory its matrices lie."""
    return float(f"{value:.6g}")


def judge(message: str, *, sure: bool) -> None:
    """Raise PotstillError with the message, or warn where it may be wrong."""
    if sure:
        raise PotstillError(message)
    say(f"data check: labels may be wrong, but are too few or too close to be sure: {message}")


def judge_unexplained(found: Share, what: str, labels: Labels) -> bool:
    """Judge labels that hardly follow from the positions; return whether more of them do."""
    if found.value >= LEAST_EXPLAINED:
        return True
    enough = len(labels.values) >= LABELS_PER_FEATURE * labels.design.shape[1]
    judge(
        f"only {100 * max(found.value, 0):.0f}% of the {what} follow from the positions, where "
        f"good labels give most: the {what} are of other frames or other atoms; label again",
        sure=enough and len(labels.rows) >= FEWEST and found.surely_below(LEAST_EXPLAINED),
    )
    return False
