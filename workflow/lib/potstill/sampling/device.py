"""Which engine moves the walkers."""

from functools import partial
from typing import Protocol

from potstill.errors import PotstillError
from potstill.potentials.eam_kernel import Tables
from potstill.sampling import engine
from potstill.sampling.bias import Mesh
from potstill.sampling.engine import Floats, Physics, Walkers

# Walkers from which `auto` takes a GPU. With fewer, a step there costs the start of its hundreds of
# operations, and the compiled engine on one core is faster. Estimated, not measured on a GPU.
GPU_WALKERS = 256


class Advance(Protocol):
    """What moves walkers: `engine.advance` and its equals."""

    def __call__(
        self,
        walkers: Walkers,
        physics: Physics,
        tables: Tables,
        table: Floats,
        mesh: Mesh,
        *,
        first: int,
        steps: int,
        interval: int,
    ) -> Floats:
        """See `engine.advance`."""


def sampling_device(device: str, walkers: int) -> str:
    """Return cpu or cuda for auto, cpu or cuda and this many walkers.

    auto takes a GPU if there is one and there are walkers enough for it. PotstillError when cuda is
    asked for and there is none. torch is loaded only where a GPU may be used.
    """
    if device == "cpu" or (device == "auto" and walkers < GPU_WALKERS):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise PotstillError("device: cuda was asked for, but there is no GPU; set device: cpu")
    return "cpu"


def engine_for(device: str, walkers: int) -> Advance:
    """Return the function that advances walkers on `device` (auto, cpu, cuda)."""
    if sampling_device(device, walkers) == "cpu":
        return engine.advance
    from potstill.sampling import torch_engine

    return partial(torch_engine.advance, device="cuda")
