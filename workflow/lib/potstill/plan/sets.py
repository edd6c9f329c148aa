"""The sets of frames of a configuration as the rules ask them: sampled ones, and those of files."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from potstill.errors import PotstillError
from potstill.settings import (
    MOMT_RULE,
    AnySet,
    FileSet,
    GivenSet,
    Momt,
    Npt,
    Settings,
    split_sampled,
)
from potstill.settings.complaints import did_you_mean
from potstill.settings.names import SYMBOL


def need_file(setting: str, file: str, *, cure: str = "") -> str:
    """Return a file that a setting names; PotstillError where it is not there to be read."""
    if not Path(file).is_file():
        raise PotstillError(
            f"configuration: {setting}: there is no file {file}; correct the name (it is relative "
            f"to the folder that Snakemake runs in){cure}"
        )
    return file


def entry(settings: Settings, section: str, name: str) -> Any:
    """Return one entry of a section; PotstillError where there is none of this name."""
    known = getattr(settings, section)
    if name not in known:
        raise PotstillError(
            f"configuration: {section}.{name} is asked for and missing; add it or ask for one "
            f"of: {', '.join(known) or 'none'}{did_you_mean(name, known)}"
        )
    return known[name]


class Sets:
    """The section `sampling` of a configuration."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.all = settings, settings.sampling

    def sampled(self) -> list[str]:
        """Return the names of the sets that are sampled."""
        return [name for name, one in self.all.items() if not isinstance(one, GivenSet)]

    def named(self, *methods: type[AnySet]) -> str:
        """Return what the names of sets by these methods look like, as a regular expression."""
        names = [name for name, one in self.all.items() if isinstance(one, methods)]
        return "|".join(map(re.escape, names)) or "(?!)"

    def sampled_element(self) -> str:
        """Return what the element of a sampled set looks like in its file's name.

        The rest of the name is looked at, too: it must not be that of a set that nothing samples.
        """
        return rf"(?!(?:{self.named(*get_args(GivenSet))})\.){SYMBOL}"

    def summaries(self, names: Iterable[str]) -> list[str]:
        """Return the summaries of sets."""
        return [f"<results>/sampling/{name}.json" for name in names]

    def dynamics(self, name: str) -> Momt | Npt:
        """Return how a set is sampled; PotstillError for one that nothing samples here."""
        found: Momt | Npt | GivenSet = entry(self.settings, "sampling", name)
        if isinstance(found, GivenSet):
            why = "is not sampled with a potential"
            if isinstance(found, FileSet):
                why = "is from a file, and how it was sampled is not known"
            raise PotstillError(
                f"configuration: sampling.{name} {why}; ask for this of a set with method momt or "
                "npt"
            )
        return found

    def frames(self, name: str) -> int:
        """Return how many frames a set has; PotstillError where the configuration does not say."""
        frames: int | None = entry(self.settings, "sampling", name).frames
        if frames is None:
            raise PotstillError(
                f"configuration: sampling.{name}.frames is asked for and missing; give the number, "
                f"which results/{self.settings.run}/sampling/{name}.json tells once it is read"
            )
        return frames

    def file(self, name: str) -> str:
        """Return the file of a set from one; PotstillError where it is not there to be read.

        A set that was read once does without its file.
        """
        found = self.all[name]
        assert isinstance(found, FileSet)  # the rule's names say so
        made = Path(f"results/{self.settings.run}/sampling/{name}.h5").exists()
        return found.file if made else need_file(f"sampling.{name}.file", found.file)

    def momt(self, element: str) -> dict[str, Momt]:
        """Return an element's MOMT sets; PotstillError where there is none."""
        found = {
            name: one
            for name, one in self.all.items()
            if isinstance(one, Momt) and split_sampled(name)[0] == element
        }
        if not found:
            raise PotstillError(f"configuration: sampling holds no MOMT set of {element}")
        return found

    def melting_guess(self, element: str) -> float:
        """Return the melting temperature that the first MOMT set was set up with, K."""
        first = next(iter(self.momt(element).values()))
        return round(first.temperature_K / MOMT_RULE["temperature_K"], 1)

    def timestep(self, element: str) -> float:
        """Return the time step of the first MOMT set, fs."""
        return next(iter(self.momt(element).values())).timestep_fs
