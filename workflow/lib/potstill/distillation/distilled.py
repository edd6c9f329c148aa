"""The distilled set: the last iteration's data set, with a record of how it was made."""

from dataclasses import replace
from pathlib import Path

from potstill.data.frames import read_frames, write_frames
from potstill.settings import Distillation


def write_distilled(
    selection: Path, *, settings: Distillation, seed: int, last_iteration: int, output: Path
) -> None:
    """Write the frames of `selection` with the loop's settings, seed and length as attributes."""
    frames = read_frames(selection)
    made = {
        f"distillation_{k}": v
        for k, v in settings.model_dump(exclude={"test"}, exclude_none=True).items()
    }
    made["distillation_seed"] = seed
    made["distillation_last_iteration"] = last_iteration
    write_frames(output, replace(frames, attributes=frames.attributes | made))
