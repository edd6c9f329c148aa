"""What a run came to, out of its small result files: errors, crystals, kept frames, sampling."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from potstill.report.read_results import (
    BCC,
    FCC,
    HCP,
    Crystals,
    order_of,
    potential_label,
    read_crystals,
    read_summary,
)
from potstill.runtime.files import read_json

Key = TypeVar("Key")


class ResultFiles(NamedTuple):
    """The result files of a run that tell what it came to; any of them may be none.

    summaries: of the training, by model; evaluations: summaries (JSON) by (model, set); crystals:
    relaxed by (model, element); references: crystals relaxed with what labelled the models' frames,
    by element; reductions: what each distillation kept, by element; sampled: summaries of sampled
    sets, by name.
    """

    summaries: Mapping[str, Path] = {}
    evaluations: Mapping[tuple[str, str], Path] = {}
    crystals: Mapping[tuple[str, str], Path] = {}
    references: Mapping[str, Path] = {}
    reductions: Mapping[str, Path] = {}
    sampled: Mapping[str, Path] = {}

    def among(self, made: Collection[Path]) -> "ResultFiles":
        """Return those of the files that were made, and nothing of a model without its summary."""
        summaries = _among(self.summaries, made)
        return ResultFiles(
            summaries,
            {k: f for k, f in _among(self.evaluations, made).items() if k[0] in summaries},
            {k: f for k, f in _among(self.crystals, made).items() if k[0] in summaries},
            _among(self.references, made),
            _among(self.reductions, made),
            _among(self.sampled, made),
        )


def _among(files: Mapping[Key, Path], made: Collection[Path]) -> dict[Key, Path]:
    return {key: file for key, file in files.items() if file in made}


class ErrorsOnSet(NamedTuple):
    """A model's errors on `frames` frames: energies in meV/atom, forces in meV/A.

    tested_on: the set, or a part of it, as `WBe/mixed/dft: Be` for the frames of beryllium alone.
    worst_percent is None of a part, force_mae where there are no forces.
    """

    element: str
    model: str
    label: str
    tested_on: str
    frames: int
    mae: float
    worst_percent: float | None
    force_mae: float | None


class CrystalErrors(NamedTuple):
    """A model's largest errors of FCC, BCC and HCP: of energy in meV/atom, of a bond in A.

    order, right_order: the structures by their energies, of the model and of the reference.
    """

    element: str
    model: str
    label: str
    energy: float
    bond: float
    order: str
    reference: str
    right_order: str


class Kept(NamedTuple):
    """What a distillation kept of a set, and how many labels it needed."""

    element: str
    strategy: str
    source_frames: int
    kept: int
    labelled: int


class Sampled(NamedTuple):
    """How a set was sampled; round trips between solid and liquid, and flatness, of MOMT alone."""

    name: str
    method: str
    frames: int
    round_trips: int | None
    flatness: float | None


class RunResults(NamedTuple):
    """What a run came to, each list in the order of its files."""

    errors: list[ErrorsOnSet]
    crystals: list[CrystalErrors]
    kept: list[Kept]
    sampled: list[Sampled]


def read_run(files: ResultFiles) -> RunResults:
    """Read what a run came to; crystals of an element without a reference are left out.

    Raises PotstillError for a model without a training summary.
    """
    references = {element: read_crystals(path) for element, path in files.references.items()}
    return RunResults(
        [
            errors
            for (model, name), path in files.evaluations.items()
            for errors in _errors(model, read_summary(model, files.summaries), name, path)
        ],
        [
            _crystals(model, read_summary(model, files.summaries), path, references[element])
            for (model, element), path in files.crystals.items()
            if element in references
        ],
        [_kept(element, path) for element, path in files.reductions.items()],
        [_sampled(name, path) for name, path in files.sampled.items()],
    )


def _errors(model: str, trained: Any, tested_on: str, evaluation: Path) -> Iterator[ErrorsOnSet]:
    """Yield the errors on a set and on its frames of the same elements, where it has several."""
    whole = read_json(evaluation)
    for found in (whole, *whole.get("by_composition", ())):
        if found["mae_meV_per_atom"] is None:
            continue
        yield ErrorsOnSet(
            trained["symbol"],
            model,
            potential_label(model, trained["frames"]),
            tested_on if found is whole else f"{tested_on}: {found['elements']}",
            found["frames"],
            found["mae_meV_per_atom"],
            found.get("worst_percent_meV_per_atom"),
            found["force_mae_meV_per_A"],
        )


def _crystals(model: str, trained: Any, relaxed: Path, reference: Crystals) -> CrystalErrors:
    own, exact = read_crystals(relaxed).by_structure, reference.by_structure
    return CrystalErrors(
        reference.element,
        model,
        potential_label(model, trained["frames"]),
        1000 * max(abs(own[s].energy - exact[s].energy) for s in (FCC, BCC, HCP)),
        max(abs(own[s].bond - exact[s].bond) for s in (FCC, BCC, HCP)),
        order_of(own),
        reference.model,
        order_of(exact),
    )


def _kept(element: str, path: Path) -> Kept:
    found = read_json(path)
    return Kept(
        element, found["strategy"], found["source_frames"], found["kept"], found["labelled"]
    )


def _sampled(name: str, path: Path) -> Sampled:
    found = read_json(path)
    momt = found["method"] == "momt"
    return Sampled(
        name,
        found["method"],
        found.get("labelled", found["frames"]),
        found["round_trips"] if momt else None,
        found["order_flatness"] if momt else None,
    )
