"""The calibration of sigma against errors whose distribution is known."""

import numpy as np
import pytest

from potstill.trust.calibration import calibrate

MEMBERS = 5


def drawn(own: float, common: float, unseen: float, seed: int):
    """Return predictions (M, G, C), labels and masks, and the same of frames that nobody saw.

    Members err by `common`, all alike, and each by `own`; by `own` times `unseen` on frames that
    they did not train on.
    """
    random = np.random.default_rng(seed)
    count = 4000

    def frames(held):
        size = random.uniform(0.5, 2, count)[:, None]  # sigma differs from frame to frame
        label = random.normal(size=(count, 3))
        grown = np.where(held, unseen, 1)[..., None]
        noise = own * grown * random.normal(size=(MEMBERS, count, 3))
        return label + size * (common * random.normal(size=label.shape) + noise), label

    held = random.random((MEMBERS, count)) < 0.2
    return (*frames(held), held), frames(np.ones((MEMBERS, count), dtype=bool))


@pytest.mark.parametrize(
    ("own", "common", "unseen"), [(1, 3, 1), (1, 0, 1), (1, 1, 1.5), (0.1, 1, 1)]
)
def test_errors_of_new_frames_are_covered(own, common, unseen):
    (predicted, label, held), (new, new_label) = drawn(own, common, unseen, seed=1)
    found = calibrate(predicted, label, held, smallest=1e-6)
    sigma = np.sqrt(((new - new.mean(axis=0)) ** 2).mean(axis=(0, 2)))[:, None]
    error = np.abs(new.mean(axis=0) - new_label)
    covered = [float((error <= factor * sigma).mean()) for factor in found.within]
    # a member's error is in its own sigma, which shifts the shares a little where it errs most
    assert covered == pytest.approx([0.683, 0.954], abs=0.04)
    # sigma on the frames trained on, where one member in five did not see them
    seen = np.sqrt(((predicted - predicted.mean(axis=0)) ** 2).mean(axis=(0, 2)))
    assert found.growth == pytest.approx(sigma.mean() / seen.mean(), rel=0.05)


def test_without_a_frame_that_a_member_left_out_nothing_is_told():
    (predicted, label, held), _ = drawn(1, 1, 1, seed=2)
    found = calibrate(predicted, label, np.zeros_like(held), smallest=1e-6)
    assert np.isnan(found.within).all() and found.growth == 1
    equal = np.repeat(predicted[:1], MEMBERS, axis=0)
    assert np.isnan(calibrate(equal, label, held, smallest=1e-6).within).all()


def test_members_that_never_left_out_the_same_frame():
    (predicted, label, held), (new, new_label) = drawn(1, 3, 1, seed=3)
    alone = held & (held.sum(axis=0) == 1)
    found = calibrate(predicted, label, alone, smallest=1e-6)
    sigma = np.sqrt(((new - new.mean(axis=0)) ** 2).mean(axis=(0, 2)))[:, None]
    inside = np.abs(new.mean(axis=0) - new_label) <= found.within[0] * sigma
    assert inside.mean() == pytest.approx(0.683, abs=0.03) and found.growth == 1
