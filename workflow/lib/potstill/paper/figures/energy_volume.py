"""How the frames translated to other elements lie beside the targets' own."""

from collections.abc import Iterable
from pathlib import Path
from string import ascii_lowercase

import numpy as np

from potstill.data.frames import Frames, read_frames
from potstill.data.structures import Floats
from potstill.errors import PotstillError
from potstill.plots.style import BLUE, GREY, PAGE, drawn, panel_letter
from potstill.runtime.files import read_json


def energy_volume(
    translated: dict[str, Path],
    own: dict[str, Path],
    crystals: dict[str, Path],
    *,
    outputs: list[Path],
) -> None:
    """Draw energy against volume per atom of translated frames and of each target's own set.

    All three by the target's symbol: the translated frames, the target's own MOMT frames, and the
    EAM's relaxed crystals, whose lowest energy is the zero.
    """
    _same_targets(translated, own, crystals)
    with drawn(outputs, width=PAGE, height=2.8) as figure:
        panels = figure.subplots(1, len(translated), squeeze=False)[0]
        for axes, letter, target in zip(panels, ascii_lowercase, translated, strict=False):
            ground = min(c["energy_eV_per_atom"] for c in read_json(crystals[target])["crystals"])
            for path, colour, label in (
                (own[target], GREY, "own MOMT"),
                (translated[target], BLUE, "translated"),
            ):
                frames = read_frames(path)
                energy = frames.need("energy", "the figure") / frames.atoms
                axes.plot(
                    _volume_per_atom(frames), energy - ground, ".",
                    color=colour, markersize=2, alpha=0.6, rasterized=True,
                    label=f"{label}, {frames.atoms} atoms",
                )  # fmt: skip
            panel_letter(axes, letter)
            axes.set_title(target)
            axes.set_xlabel("volume (Å$^3$/atom)")
            axes.legend(loc="lower right", markerscale=3)
        panels[0].set_ylabel("energy above the crystal (eV/atom)")


def _volume_per_atom(frames: Frames) -> Floats:
    return np.asarray(frames.volume / frames.atoms)


def _same_targets(first: Iterable[str], *others: Iterable[str]) -> None:
    names = set(first)
    for other in others:
        if set(other) != names or not names:
            raise PotstillError(
                f"figure energy_volume: files for {sorted(names)} and for {sorted(other)} given; "
                "name the same targets"
            )
