"""The state of a sampling job, and how it goes on: learning or equilibration, then production."""

import numpy as np

from potstill.runtime.restart import State
from potstill.sampling.bias import Mesh, deposit, flattening, hill_height, hills_to_cover
from potstill.sampling.engine import Advance, Floats, Physics, Walkers, advance
from potstill.sampling.floor import Floor, no_floor
from potstill.sampling.recipe import Complete
from potstill.sampling.walkers import System, bring_back, make_physics, start_walkers, unbiased
from potstill.settings import Momt, Npt

# Learning is cut into this many parts. After each the bias below the floor is leveled, and a walker
# that was there for more than STRAY_SHARE of it begins the next where another walker is.
LEARNING_PARTS, STRAY_SHARE = 50, 0.3


class Sampler:
    """The whole state of a sampling job, advanced segment by segment.

    name: of the run, from which its random streams are named.
    Steps are counted by walker: learning ends (and production starts) at `learning` steps.
    """

    def __init__(
        self,
        settings: Complete | Npt,
        system: System,
        seed: int,
        name: str,
        engine: Advance = advance,
    ) -> None:
        self.settings, self.engine = settings, engine
        _, self.atoms, self.potential = system
        self.physics: Physics = make_physics(settings, system)
        atoms = self.atoms
        if isinstance(settings, Momt):
            low, high = settings.enthalpy_range_eV_per_atom
            t0 = settings.temperature_K
            self.mesh = Mesh(
                low * atoms,
                high * atoms,
                float(atoms),
                t0 / settings.low_temperature_K - 1,
                t0 / settings.high_temperature_K - 1,
            )
            floor = settings.enthalpy_floor_eV_per_atom * atoms
            self.floor = Floor(floor, self.mesh.h_low, atoms)
            self.bias: Floats = self.floor.wall(self.mesh, settings.nodes, self.physics.kT)
            self.learning = settings.learning_steps // settings.walkers
            self.part = self.learning / LEARNING_PARTS
            # the last deposit; what follows measures what the frozen bias leaves uneven in O
            deposits = (1 - settings.measuring_share) * self.learning / settings.deposit_interval
            self.frozen = round(deposits) * settings.deposit_interval
        else:
            self.bias, self.mesh = unbiased(atoms)
            self.floor = no_floor(atoms)
            self.learning = settings.equilibration_steps // settings.walkers
        self.spacing = settings.production_steps // settings.frames
        self.total = self.learning + settings.production_steps // settings.walkers
        self.step = 0
        self.deposits = 0
        self.trace: list[Floats] = []
        self.kept_x: list[Floats] = []
        self.kept_length: list[Floats] = []
        self.walkers: Walkers = start_walkers(settings, system, seed, name)
        self.steps_below = np.zeros(settings.walkers, dtype=np.int64)

    def segment(self) -> None:
        """Run to the next deposit, frame or end of equilibration."""
        settings = self.settings
        producing = self.step >= self.learning
        if producing:
            steps = self.spacing
        elif isinstance(settings, Momt):
            steps = settings.deposit_interval
        else:
            steps = settings.trace_interval
        if self.step == self.learning:
            self.walkers.kinetic[:] = 0.0
            self.walkers.moves[:] = 0
        points = self.engine(
            self.walkers,
            self.physics,
            self.potential.dynamics_tables,
            self.bias,
            self.mesh,
            first=self.step,
            steps=steps,
            interval=settings.trace_interval,
        )
        self.trace.append(points)
        self.step += steps
        if producing:
            self.kept_x.append(self.walkers.x[:, :, :3].copy())
            self.kept_length.append(self.walkers.length.copy())
        elif isinstance(settings, Momt):
            self._learn(settings, points[:, -1], steps)

    def _learn(self, settings: Complete, last: Floats, steps: int) -> None:
        """Learn from the walkers' last points (W, 4) of a segment of `steps`."""
        widths = settings.enthalpy_width_eV, settings.order_width
        if self.step <= self.frozen:
            cover = hills_to_cover(self.mesh, *widths)
            for h, o in last[:, :2]:
                self.deposits += 1
                height_kT = hill_height(
                    self.deposits, settings.height_kT, settings.constant_deposits, cover
                )
                deposit(self.bias, self.mesh, h, o, height_kT * self.physics.kT, *widths)
        below = self.floor.below(last[:, 0], last[:, 1])
        self.steps_below[below] += steps
        if self.step // self.part > (self.step - steps) // self.part:
            if self.step <= self.frozen:
                self.bias[:] = self.floor.level(self.bias, self.mesh, self.physics.kT)
            bring_back(self.walkers, self.steps_below > STRAY_SHARE * self.part, below)
            self.steps_below[:] = 0
        for first, end in ((self.frozen // 2, self.frozen), (self.frozen, self.learning)):
            if first < end == self.step:
                trace = self.points(production=False)
                order = trace[:, first // settings.trace_interval :, 1]
                flat = flattening(order, self.mesh, settings.nodes[1], settings.order_width)
                self.bias += self.physics.kT * flat

    def state(self) -> State:
        """Return everything that a restart needs."""
        w = self.walkers
        return {
            "step": np.array(self.step),
            "deposits": np.array(self.deposits),
            "steps_below": self.steps_below,
            "bias": self.bias,
            "x": w.x,
            "v": w.v,
            "length": w.length,
            "moves": w.moves,
            "kinetic": w.kinetic,
            "trace": np.concatenate([np.zeros((len(w.length), 0, 4)), *self.trace], axis=1),
            "kept_x": np.array(self.kept_x),
            "kept_length": np.array(self.kept_length),
        }

    def restore(self, state: State) -> None:
        """Take over a state saved by `state`."""
        self.step, self.deposits = int(state["step"]), int(state["deposits"])
        self.steps_below[:] = state["steps_below"]
        self.bias[:] = state["bias"]
        for name in ("x", "v", "length", "moves", "kinetic"):
            getattr(self.walkers, name)[:] = state[name]
        self.trace = [np.asarray(state["trace"], dtype=np.float64)]
        self.kept_x = list(np.asarray(state["kept_x"], dtype=np.float64))
        self.kept_length = list(np.asarray(state["kept_length"], dtype=np.float64))

    def points(self, *, production: bool) -> Floats:
        """Return the trace (W, T, 4) of `Advance`, of production alone or from the first step."""
        trace = np.concatenate(self.trace, axis=1)
        return trace[:, self.learning // self.settings.trace_interval :] if production else trace
