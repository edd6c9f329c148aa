"""A set of a configuration that is made of the frames that come with Potstill."""

from pathlib import Path

from potstill.data.frames import write_frames
from potstill.foundation.frame_orders import first_frames, read_set
from potstill.foundation.metal_crystal import MetalCrystal, metal_crystal
from potstill.runtime.progress import say
from potstill.settings import ElementGiven, Foundational


def write_metal_set(
    *, name: str, symbol: str, settings: Foundational, element: ElementGiven, output: Path
) -> None:
    """Write the first frames for a metal, without labels; name: the set's.

    What the set does not say of the crystal is that of `element`, or else ASE's. Raises
    PotstillError as of `metal_crystal` and `first_frames`.
    """
    crystal = _crystal(f"sampling.{name}", symbol, settings, element)
    found = first_frames(crystal, settings.frames, read_set())
    write_frames(output, found.frames)
    say(f"{name}: {settings.frames} frames for {crystal}: {found}")


def _crystal(
    place: str, symbol: str, settings: Foundational, element: ElementGiven
) -> MetalCrystal:
    own = settings.crystal in (None, element.structure)  # the element's constant is of this crystal
    return metal_crystal(
        symbol,
        settings.crystal or element.structure,
        settings.lattice_constant_A or (element.lattice_constant_A if own else None),
        settings.c_over_a or (element.c_over_a if own else None),
        place=place,
    )
