"""Figures 3a and 3b: the frames translated to other elements, and the models trained on them."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from potstill.errors import PotstillError
from potstill.frames import Frames, read_frames
from potstill.paper.data import Floats, read_evaluation
from potstill.paper.style import BLACK, BLUE, GREY, PAGE, RED, drawn, panel_letter
from potstill.runtime.files import read_json

HIGH_SHARE = 0.05  # of the frames, highest in energy: the paper's red circle


def figure_3a(
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
    _same_targets("3a", translated, own, crystals)
    with drawn(outputs, width=PAGE, height=2.8) as figure:
        panels = figure.subplots(1, len(translated), squeeze=False)[0]
        for axes, letter, target in zip(panels, "abcdefgh", translated, strict=False):
            ground = min(c["energy_eV_per_atom"] for c in read_json(crystals[target])["crystals"])
            for path, colour, label in (
                (own[target], GREY, "own MOMT"),
                (translated[target], BLUE, "translated"),
            ):
                frames = read_frames(path)
                axes.plot(
                    _volume_per_atom(frames), frames.energy / frames.atoms - ground, ".",
                    color=colour, markersize=2, alpha=0.6, rasterized=True,
                    label=f"{label}, {frames.atoms} atoms",
                )  # fmt: skip
            panel_letter(axes, letter)
            axes.set_title(target)
            axes.set_xlabel("volume (Å$^3$/atom)")
            axes.legend(loc="lower right", markerscale=3)
        panels[0].set_ylabel("energy above the crystal (eV/atom)")


def figure_3b(evaluations: dict[str, Path], *, outputs: list[Path]) -> None:
    """Draw predicted against exact energy of each target's own frames, and the error below.

    evaluations: evaluation file by target, of a model trained on translated frames on the target's
    own set. The 5% of frames highest in energy, which the paper circles in red, are marked and have
    their own mean absolute error in the legend.
    """
    if not evaluations:
        raise PotstillError("figure 3b needs at least one translated element")
    with drawn(outputs, width=PAGE, height=4.0) as figure:
        panels = figure.subplots(
            2, len(evaluations), sharex="col", squeeze=False, height_ratios=(2.2, 1)
        )
        for column, (letter, target) in enumerate(zip("abcdefgh", evaluations, strict=False)):
            parity, residual = panels[:, column]
            exact, predicted = read_evaluation(evaluations[target])
            error = 1000 * (predicted - exact)
            high = high_energy(exact)
            for which, colour, label in ((~high, BLUE, "other frames"), (high, RED, "highest 5%")):
                mae = np.abs(error[which]).mean()
                parity.plot(
                    exact[which], predicted[which], ".", color=colour, markersize=2,
                    rasterized=True, label=f"{label}: MAE {mae:.2f} meV/atom",
                )  # fmt: skip
                residual.plot(
                    exact[which], error[which], ".", color=colour, markersize=2, rasterized=True
                )
            parity.axline((exact[0], exact[0]), slope=1, color=BLACK, linewidth=0.7, zorder=0)
            residual.axhline(0, color=BLACK, linewidth=0.7, zorder=0)
            parity.legend(
                loc="upper left", markerscale=4,
                title=f"all: MAE {np.abs(error).mean():.2f}, "
                f"shifted {np.abs(error - error.mean()).mean():.2f} meV/atom",
                title_fontsize=7, alignment="left",
            )  # fmt: skip
            panel_letter(parity, letter)
            parity.set_title(target)
            residual.set_xlabel("EAM energy (eV/atom)")
        panels[0, 0].set_ylabel("NNP energy (eV/atom)")
        panels[1, 0].set_ylabel("error (meV/atom)")
        figure.align_ylabels()


def high_energy(
    exact: Floats, share: float = HIGH_SHARE
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which frames are among the `share` highest in energy (at least one)."""
    count = max(1, round(share * len(exact)))
    high = np.zeros(len(exact), dtype=bool)
    high[np.argsort(exact, kind="stable")[-count:]] = True
    return high


def _volume_per_atom(frames: Frames) -> Floats:
    return np.asarray(np.abs(np.linalg.det(frames.cell)) / frames.atoms)


def _same_targets(figure: str, first: Iterable[str], *others: Iterable[str]) -> None:
    names = set(first)
    for other in others:
        if set(other) != names or not names:
            raise PotstillError(
                f"figure {figure}: files for {sorted(names)} and for {sorted(other)} given; "
                "name the same targets"
            )
