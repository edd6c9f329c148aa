"""The training loop: all members in one pass, on shared minibatches, each with its own split.

A member's loss is the mean over the frames of the minibatch that it trains on. The members' losses
are summed, which leaves their gradients apart.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from potstill.data.frame_store import Label
from potstill.data.frames import Frames
from potstill.errors import PotstillError
from potstill.models.ensemble import Ensemble
from potstill.models.networks import Networks
from potstill.runtime.progress import Progress
from potstill.runtime.restart import Restart, State
from potstill.runtime.streams import stream
from potstill.settings import Training
from potstill.training.loss import errors, frame_losses
from potstill.training.prepare import Data, prepare
from potstill.training.soap import Soap

# Frames that a member's validation looks at; more would cost time and tell the same.
CHECKED_FRAMES = 100
WARM_UP_STEPS = 100
# the labels of the frames that a validation counts in the loss, the energies and the forces
_OF_ROWS: tuple[Label | None, ...] = (None, "energy", "forces")
HISTORY = ("step", "learning_rate", "loss", "energy_mae_meV_per_atom", "force_mae_meV_per_A")


@dataclass
class Fit:
    """What training gives: best_loss, best_step, energy_mae (eV/atom) and force_mae (eV/A; NaN
    without forces) by member, at its best validation; history: rows of `HISTORY`.
    """

    best_loss: NDArray[np.float64]
    best_step: NDArray[np.int64]
    energy_mae: NDArray[np.float64]
    force_mae: NDArray[np.float64]
    step: int = 0
    stalled: int = 0
    rate_factor: float = 1.0
    history: list[tuple[float, ...]] = field(default_factory=list)


def split(frames: int, settings: Training, seed: int) -> NDArray[np.bool_]:
    """Return which frames (M, F) each member validates on, drawn from its own stream."""
    count = max(1, round(settings.validation_share * frames))
    if frames <= count:
        raise PotstillError(
            f"training.validation_share: {settings.validation_share} of {frames} frames leaves "
            "none to train on; give more frames"
        )
    held = np.zeros((settings.members, frames), dtype=bool)
    for m in range(settings.members):
        held[m, stream(seed, "training", "split", m).permutation(frames)[:count]] = True
    return held


def drawn(held: NDArray[np.bool_], seed: int) -> NDArray[np.bool_]:
    """Return which of the frames held out (M, F) each member's validation looks at.

    `CHECKED_FRAMES` at most, drawn from a stream of the member's own: the first ones of a file in
    order of time would be of the first part of a walk, and of no frame that was picked later.
    """
    checked = np.zeros_like(held)
    for m, mask in enumerate(held):
        rows = np.flatnonzero(mask)
        order = stream(seed, "training", "checked", m).permutation(len(rows))
        checked[m, rows[order[:CHECKED_FRAMES]]] = True
    return checked


def make_optimiser(
    parameters: list[torch.nn.Parameter], settings: Training
) -> torch.optim.Optimizer:
    """Return the optimiser of these settings."""
    rate, decay = settings.learning_rate, settings.weight_decay
    if settings.optimiser == "soap":
        return Soap(parameters, lr=rate, weight_decay=decay)
    return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay, fused=True)


class Trainer:
    """Networks, optimiser and best weights, in and out of a restart file."""

    def __init__(self, data: Data, settings: Training, seed: int) -> None:
        self.data, self.settings, self.seed = data, settings, seed
        self.frames = len(data)
        held = split(self.frames, settings, seed)
        self.train = torch.from_numpy((~held).astype(np.float32)).to(data.x.device)
        self.checked = drawn(held, seed)
        self.networks = Networks(settings, len(data.elements))
        self.networks.initialise(seed)
        self.networks.to(data.x.device)
        self.parameters = list(self.networks.parameters())
        self.best = [p.detach().clone() for p in self.parameters]
        self.optimiser = make_optimiser(self.parameters, settings)
        nothing = np.full(settings.members, np.nan)
        self.fit = Fit(
            np.full(settings.members, np.inf),
            np.zeros(settings.members, dtype=np.int64),
            nothing.copy(),
            nothing.copy(),
        )

    def rate(self) -> float:
        """Return the learning rate of the next step."""
        settings, step = self.settings, self.fit.step
        factor = self.fit.rate_factor * min(1.0, (step + 1) / WARM_UP_STEPS)
        if settings.schedule == "cosine":
            factor *= 0.5 * (1 + math.cos(math.pi * step / settings.steps))
        return settings.learning_rate * factor

    def batch(self) -> NDArray[np.int64]:
        """Return the frames of the next step, a function of seed and step alone."""
        size = min(self.settings.batch_frames, self.frames)
        epoch, part = divmod(self.fit.step, self.frames // size)
        order = stream(self.seed, "training", "order", epoch).permutation(self.frames)
        return order[part * size : (part + 1) * size]

    def step(self) -> None:
        """Make one optimiser step; PotstillError names the frame whose loss is not a number."""
        batch = self.batch()
        loss = frame_losses(errors(self.networks, self.data, batch), self.data, self.settings)
        bad = ~torch.isfinite(loss).all(dim=0)
        if bad.any():
            frame = int(batch[int(bad.nonzero()[0])])
            raise PotstillError(
                f"training: at step {self.fit.step} the loss of frame {frame} of those trained on "
                "is not a number; check the frame, or lower training.learning_rate"
            )
        mask = self.train[:, torch.from_numpy(batch).to(loss.device)]
        total = (mask * loss).sum() / (len(batch) * (1 - self.settings.validation_share))
        self.optimiser.param_groups[0]["lr"] = self.rate()
        self.optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.fit.step += 1

    def validate(self) -> None:
        """Measure every member on its validation frames; keep its weights where they are best.

        Of a cosine schedule those are the last: energies gain most as the weights come to rest,
        which the loss of a few frames, mostly their forces', does not show.
        """
        frames = np.flatnonzero(self.checked.any(axis=0))
        sums, counts = np.zeros((3, len(self.checked))), np.zeros((3, len(self.checked)))
        with torch.no_grad():
            for first in range(0, len(frames), 32):
                batch = frames[first : first + 32]
                found = errors(self.networks, self.data, batch)
                loss = frame_losses(found, self.data, self.settings)
                force = found.by_frame(found.force.abs()) if len(found.force) else loss * math.nan
                rows = (loss, found.energy.abs(), force)
                for row, (label, values) in enumerate(zip(_OF_ROWS, rows, strict=True)):
                    counted = self.checked[:, batch] & self._has(label, batch)
                    chosen = np.where(counted, values.double().cpu().numpy(), 0)
                    sums[row] += chosen.sum(axis=1)
                    counts[row] += counted.sum(axis=1)
        with np.errstate(invalid="ignore"):  # of members that check no frame with that label
            loss_mean, energy, force_mean = sums / counts
        fit = self.fit
        # the members' mean decides when to stop; each keeps its own best
        previous = min((row[2] for row in fit.history), default=math.inf)
        fit.stalled = 0 if loss_mean.mean() < previous else fit.stalled + 1
        halve_after = max(1, self.settings.patience // 3)
        if self.settings.schedule == "plateau" and fit.stalled and not fit.stalled % halve_after:
            fit.rate_factor *= 0.5
        last = self.settings.schedule == "cosine" and fit.step == self.settings.steps
        better = (loss_mean < fit.best_loss) | last
        of_members = np.tile(better, len(self.data.elements))  # a network an element and member
        for best, parameter in zip(self.best, self.parameters, strict=True):
            best[of_members] = parameter.detach()[of_members]
        fit.best_step[better] = fit.step
        for kept, values in (
            (fit.best_loss, loss_mean),
            (fit.energy_mae, energy),
            (fit.force_mae, force_mean),
        ):
            kept[better] = values[better]
        means = (loss_mean.mean(), 1e3 * energy.mean(), 1e3 * force_mean.mean())
        fit.history.append((float(fit.step), self.rate(), *(float(v) for v in means)))

    def _has(self, label: Label | None, batch: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which frames of the batch have a label; all, where none lacks it."""
        known = self.data.known.get(label) if label else None
        if known is None:
            return np.ones(len(batch), dtype=np.bool_)
        return np.asarray(known.cpu().numpy()[batch] > 0)

    def state(self) -> State:
        """Return everything that the rest of the training depends on."""
        fit = self.fit
        state: State = {
            "step": np.array(fit.step),
            "stalled": np.array(fit.stalled),
            "rate_factor": np.array(fit.rate_factor),
            "history": np.array(fit.history).reshape(-1, len(HISTORY)),
            "best_loss": fit.best_loss,
            "best_step": fit.best_step,
            "energy_mae": fit.energy_mae,
            "force_mae": fit.force_mae,
        }
        moments = self.optimiser.state_dict()["state"]
        for i, parameter in enumerate(self.parameters):
            state[f"parameter_{i}"] = parameter.detach().cpu().numpy()
            state[f"best_{i}"] = self.best[i].cpu().numpy()
            for name, value in moments[i].items():
                state[f"optimiser/{i}/{name}"] = value.cpu().numpy()
        return state

    def resume(self, state: State) -> None:
        """Take up a saved state."""
        arrays = {name: np.asarray(value) for name, value in state.items()}
        fit = self.fit
        fit.step, fit.stalled = int(arrays["step"]), int(arrays["stalled"])
        fit.rate_factor = float(arrays["rate_factor"])
        fit.history = [tuple(row) for row in arrays["history"].tolist()]
        for name in ("best_loss", "best_step", "energy_mae", "force_mae"):
            setattr(fit, name, arrays[name])
        moments = {}
        with torch.no_grad():
            for i, parameter in enumerate(self.parameters):
                parameter.copy_(torch.from_numpy(arrays[f"parameter_{i}"]))
                self.best[i].copy_(torch.from_numpy(arrays[f"best_{i}"]))
                prefix = f"optimiser/{i}/"
                moments[i] = {
                    name.removeprefix(prefix): torch.from_numpy(array)
                    for name, array in arrays.items()
                    if name.startswith(prefix)
                }
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": moments, "param_groups": groups})


def train(
    frames: Frames,
    settings: Training,
    seed: int,
    *,
    elements: Sequence[str] | None = None,
    device: str = "cpu",
    restart: Restart,
) -> tuple[Ensemble, Fit]:
    """Train an ensemble on all of `frames`; going on from `restart` gives the unbroken result.

    elements: as of `prepare`. Raises PotstillError for too few frames, or a label or loss that is
    not a number.
    """
    data = prepare(frames, settings, device, elements=elements)
    trainer = Trainer(data, settings, seed)
    saved = restart.load()
    if saved is not None:
        trainer.resume(saved)
    fit = trainer.fit
    progress = Progress("training", settings.steps, "steps", start=fit.step)
    # a cosine schedule improves most at its end: it is never cut short
    patience = settings.patience if settings.schedule == "plateau" else math.inf
    while fit.step < settings.steps and fit.stalled < patience:
        trainer.step()
        if fit.step % settings.validation_interval == 0 or fit.step == settings.steps:
            trainer.validate()
        if fit.history:
            _, _, _, energy, force = fit.history[-1]
            forces = f", {force:.1f} meV/A" if settings.forces else ""
            progress.update(fit.step, f"validation {energy:.2f} meV/atom{forces}")
        if restart.due():
            restart.save(trainer.state())
    with torch.no_grad():
        for parameter, best in zip(trainer.parameters, trainer.best, strict=True):
            parameter.copy_(best)
    ensemble = Ensemble(
        elements=data.elements,
        settings=settings,
        mean=data.mean.to(device),
        std=data.std.to(device),
        self_energies_eV=data.self_energies_eV.to(device),
        scale_eV=data.scales.atomic_eV,
        networks=trainer.networks.double().requires_grad_(False),
    )
    return ensemble, fit
