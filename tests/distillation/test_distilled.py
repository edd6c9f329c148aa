"""The distilled set is the last selection, and says how it was made."""

import numpy as np

from potstill.data.frames import read_frames
from potstill.distillation.distilled import write_distilled
from potstill.settings import Distillation


def test_the_last_selection_is_kept_whole_with_its_origin(make_set, tmp_path):
    selection, frames = make_set(
        9, name="selection.h5", source_index=np.arange(9), iteration=np.zeros(9, dtype=np.int64)
    )
    loop = Distillation(
        source="Ni/32/momt",
        test="Ni/108/momt",
        blocks=3,
        strategy="outlying_atom",
        threshold=2.0,
    )
    output = tmp_path / "distilled.h5"
    # the last iteration may have added nothing: its number is not in the frames
    write_distilled(selection, settings=loop, seed=4, last_iteration=2, output=output)
    distilled = read_frames(output)
    assert np.array_equal(distilled.positions, frames.positions)
    assert np.array_equal(distilled.columns["source_index"], np.arange(9))
    made = distilled.attributes
    assert made["distillation_last_iteration"] == 2 and made["distillation_seed"] == 4
    assert made["distillation_strategy"] == "outlying_atom"
    assert made["distillation_threshold"] == 2.0
