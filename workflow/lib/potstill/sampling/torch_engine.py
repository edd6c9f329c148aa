"""Biased isobaric molecular dynamics of all walkers at once, in torch, for a GPU.

The same motion as `engine` in cubic cells, step by step and random number by random number, in
float64: see there for the equations. The two engines differ by rounding alone, which tests show on
the processor; on a GPU it has never run. Every step is some 200 operations over the arrays of all
walkers, so its price is that of starting them until there are hundreds of walkers; on a processor
the compiled engine is faster at any number.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from potstill.potentials.eam_kernel import Tables
from potstill.sampling.bias import Mesh
from potstill.sampling.engine import Floats, Physics, Walkers, ran_away
from potstill.sampling.start_check import check_walkers
from potstill.sampling.torch_eam import (
    Collapsed,
    Neighbours,
    TorchTables,
    build_neighbours,
    energy_forces,
)
from potstill.sampling.torch_terms import evaluate_bias, normals, order_and_gradient, uniforms

# Beyond the cut-off, lists hold pairs within this, A. It is larger than serves one walker best: the
# lists of all are built anew as soon as one walker needs it.
SKIN_A = 1.0


class _Bias(NamedTuple):
    """Enthalpy and bias (eV) of every walker, and the slopes of the bias in H and O; all (W,)."""

    enthalpy: Tensor
    value: Tensor
    slope_h: Tensor
    slope_o: Tensor

    def where(self, accepted: Tensor, other: "_Bias") -> "_Bias":
        """Return these numbers, or the other's where not accepted."""
        return _Bias(*(torch.where(accepted, *both) for both in zip(self, other, strict=True)))


class _Motion:
    """The walkers on a device during a segment: x, v, force, gradient (3, W, N); the rest (W,)."""

    def __init__(
        self,
        walkers: Walkers,
        physics: Physics,
        tables: Tables,
        table: Floats,
        mesh: Mesh,
        device: torch.device,
    ) -> None:
        def moved(array: np.typing.NDArray[np.generic]) -> Tensor:
            return torch.tensor(array, device=device)

        assert physics.aspect == 1.0, "cubic cells alone"
        self.physics, self.mesh = physics, mesh
        self.x, self.v = (
            moved(array[:, :, :3].transpose(2, 0, 1)).contiguous()
            for array in (walkers.x, walkers.v)
        )
        self.length = moved(walkers.length)
        self.key = moved(walkers.key.view(np.int64))
        self.accepted = moved(walkers.moves[:, 1])
        self.kinetic = moved(walkers.kinetic[:, 0])
        self.atoms = self.x.shape[2]
        self.table, self.vectors = moved(table), moved(physics.vectors)
        self.tables = TorchTables.of(tables, device)
        self.normals = 3 * self.atoms + (self.atoms & 1)
        self.draws = self.normals + 2
        self.reach = physics.cutoff + SKIN_A
        self.lists = self.build()
        energy, self.force = self.energy(self.x, self.length)
        self.look(energy)

    def build(self) -> Neighbours:
        """Wrap the atoms and return their lists; Collapsed if there is no room."""
        edge = self.length[:, None]
        self.x = self.x - torch.floor(self.x / edge) * edge
        return build_neighbours(self.x, self.length, self.reach)

    def cover(self, x: Tensor, length: Tensor) -> bool:
        """Return whether the lists still hold every pair in range; see `lists.covers`."""
        q = length / self.lists.built
        limit = 0.5 * (q * self.reach - self.physics.cutoff)
        gone = (x - q[:, None] * self.lists.origin).square().sum(dim=0).amax(dim=-1)
        return not bool(((limit <= 0.0) | (gone >= limit.square())).any())

    def energy(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Return energies and forces from the present lists."""
        return energy_forces(x, length, self.lists, self.tables)

    def bias_at(self, energy: Tensor, length: Tensor) -> _Bias:
        """Return enthalpy and bias of cells with this energy and the present order parameter."""
        enthalpy = energy + self.physics.pressure * length**3
        return _Bias(enthalpy, *evaluate_bias(self.table, self.mesh, enthalpy, self.order))

    def look(self, energy: Tensor) -> None:
        """Set the order parameter, its gradient and the bias at the present positions."""
        p = self.physics
        self.order, self.gradient = order_and_gradient(self.x, self.length, p.cells, self.vectors)
        self.bias = self.bias_at(energy, self.length)

    def push(self) -> Tensor:
        """Return the change of the velocities in half a step."""
        kick = 0.5 * self.physics.timestep / self.physics.mass
        gamma = 1.0 + self.bias.slope_h[:, None]
        return kick * (gamma * self.force - self.bias.slope_o[:, None] * self.gradient)

    def move(self, step: int) -> Tensor:
        """Make one BAOAB step; return the kinetic temperature over T0."""
        p = self.physics
        half = 0.5 * p.timestep
        noise = math.sqrt((1.0 - p.damping**2) * p.kT / p.mass)
        drawn = normals(self.key, step * self.draws, self.normals)[:, : 3 * self.atoms]
        drawn = drawn.view(-1, self.atoms, 3).permute(2, 0, 1)
        self.v += self.push()
        place = self.x + half * self.v
        self.v = p.damping * self.v + noise * drawn
        self.x = place + half * self.v
        if not self.cover(self.x, self.length):
            self.lists = self.build()
        energy, self.force = self.energy(self.x, self.length)
        self.look(energy)
        self.v += self.push()
        squared = self.v.square().sum(dim=(0, 2))
        temperature = squared * (p.mass / (3.0 * self.atoms * p.kT))
        self.kinetic += temperature
        return temperature

    def change_volume(self, step: int) -> None:
        """Try a Monte-Carlo move of every walker's volume."""
        p = self.physics
        last = torch.arange((step + 1) * self.draws - 2, (step + 1) * self.draws)
        first, second = uniforms(self.key, last.to(self.key.device)[:, None])
        change = p.volume_step * (2.0 * first - 1.0)
        scale = torch.exp(change / 3.0)
        length = scale * self.length
        if not self.cover(scale[:, None] * self.x, length):
            self.lists = self.build()
        x = scale[:, None] * self.x
        energy, force = self.energy(x, length)
        trial = self.bias_at(energy, length)
        cost = trial.enthalpy + trial.value - self.bias.enthalpy - self.bias.value
        accepted = torch.log(second) < (self.atoms + 1) * change - cost / p.kT
        self.accepted += accepted
        each = accepted[:, None]
        self.length = torch.where(accepted, length, self.length)
        self.bias = trial.where(accepted, self.bias)
        self.x = torch.where(each, x, self.x)
        self.force = torch.where(each, force, self.force)
        self.gradient = torch.where(each, self.gradient / scale[:, None], self.gradient)

    def store(self, walkers: Walkers) -> None:
        """Copy the state back."""
        for array, moved in ((walkers.x, self.x), (walkers.v, self.v)):
            array[:, :, :3] = moved.permute(1, 2, 0).cpu().numpy()
        walkers.length[:] = self.length.cpu().numpy()
        walkers.moves[:, 1] = self.accepted.cpu().numpy()
        walkers.kinetic[:, 0] = self.kinetic.cpu().numpy()


def advance(
    walkers: Walkers,
    physics: Physics,
    tables: Tables,
    table: Floats,
    mesh: Mesh,
    *,
    first: int,
    steps: int,
    interval: int,
    device: str = "cuda",
) -> Floats:
    """Run a segment of every walker, in place, on a torch device: `engine.advance`, see there.

    The same device, torch and number of walkers give the same bytes again.
    """
    check_walkers(walkers.x, walkers.v, walkers.length, physics.aspect)
    every = physics.volume_interval
    points = []
    try:
        with torch.inference_mode():
            motion = _Motion(walkers, physics, tables, table, mesh, torch.device(device))
            for step in range(first + 1, first + steps + 1):
                temperature = motion.move(step)
                if step % every == 0:
                    motion.change_volume(step)
                if step % interval == 0:
                    columns = motion.bias.enthalpy, motion.order, temperature, motion.bias.value
                    points.append(torch.stack(columns, dim=-1))
            motion.store(walkers)
            # atoms at NaN have no neighbours, so that the enthalpy alone may be finite
            failed = ~torch.isfinite(motion.bias.enthalpy + motion.order).cpu().numpy()
    except Collapsed as collapsed:
        raise ran_away(collapsed.walker, first, steps) from None
    if failed.any():
        raise ran_away(int(np.argmax(failed)), first, steps)
    walkers.moves[:, 0] += (first + steps) // every - first // every
    walkers.kinetic[:, 1] += steps
    return torch.stack(points, dim=1).cpu().numpy()
