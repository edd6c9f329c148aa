"""What speaks against a model's predictions: the verdict on each of many structures."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from potstill.data.structures import Floats, Structures
from potstill.errors import PotstillError
from potstill.models.committee import Committee
from potstill.trust.limits import Trust
from potstill.trust.verdicts import Verdict, refusal, verdicts

# Structures at a time: where one of them cannot be predicted, so many are tried one by one.
_CHUNK = 64


class Doubts(NamedTuple):
    """Verdicts on F structures; energy, energy_std (F,): eV, NaN where there is no prediction."""

    verdicts: list[Verdict]
    energy: Floats
    energy_std: Floats


def need_trust(committee: Committee, model: object) -> None:
    """Raise PotstillError, naming the model's file, for one that does not keep what it knows."""
    if committee.trust is None:
        raise PotstillError(
            f"{model}: a model of before models kept what they know; train it again"
        )


def doubts(
    committee: Committee,
    structures: Structures,
    *,
    threads: int = 1,
    watch: Callable[[int], None] | None = None,
) -> Doubts:
    """Return the verdicts on structures; watch: is told how many are done.

    What cannot be predicted is refused, with the reason, and the others are looked at. The
    committee keeps what it knows, see `need_trust`.
    """
    trust = committee.trust
    assert trust is not None
    found: list[Verdict] = []
    energies: list[Floats] = []
    for part in _chunks(len(structures)):
        for verdict, energy in _looked_at(committee, trust, structures.structures(part), threads):
            found.append(verdict)
            energies.append(energy)
        if watch is not None:
            watch(part.stop)
    return Doubts(found, *np.array(energies).reshape(-1, 2).T)


def _chunks(count: int) -> Iterator[slice]:
    for first in range(0, count, _CHUNK):
        yield slice(first, min(first + _CHUNK, count))


def _looked_at(
    committee: Committee, trust: Trust, structures: Structures, threads: int
) -> list[tuple[Verdict, Floats]]:
    """Return of each structure the verdict, and the energy with its deviation."""
    try:
        said = committee.predict(structures, forces=True, spread=True, threads=threads)
    except PotstillError as error:
        if len(structures) == 1:
            reason = str(error).removeprefix("frame 0: ")
            return [(refusal(reason), np.full(2, np.nan))]
        alone = (structures.structures([k]) for k in range(len(structures)))
        return [one for each in alone for one in _looked_at(committee, trust, each, threads)]
    assert said.force_std is not None
    assert said.distance is not None and said.leverage is not None
    told = verdicts(
        trust,
        structures.sizes,
        energy_std=said.energy_std,
        leverage=said.leverage,
        force_std=said.force_std,
        distance=said.distance,
    )
    return list(zip(told, np.stack([said.energy, said.energy_std], axis=1), strict=True))
