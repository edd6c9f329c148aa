"""The ensemble: M networks of one shape an element, and their constants.

E_i = self energy + scale * network((D_i - mean) / std), network, self energy, mean and std those of
i's element. The constants are the same for all members, so that the spread of their atomic energies
is the networks' own.
"""

import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from potstill.data.structures import Floats, Indices, Structures
from potstill.descriptors.radial import Numbers
from potstill.models.committee import Prediction
from potstill.models.networks import Networks
from potstill.models.predict import predict
from potstill.settings import Training
from potstill.trust.last_layer import by_structure
from potstill.trust.limits import Trust


@dataclass(frozen=True)
class Ensemble:
    """A trained ensemble, a `committee.Committee`.

    elements: the symbols of its S elements, by atomic number; settings: how it was trained
    (descriptor, layers, ...); mean, std (S, D): of the training features of each element's atoms;
    self_energies_eV (S,), float64, and scale_eV: constants of the atomic energy; trust: what it
    knows, None where that was not kept.
    """

    elements: tuple[str, ...]
    settings: Training
    mean: Tensor
    std: Tensor
    self_energies_eV: Tensor
    scale_eV: float
    networks: Networks
    trust: Trust | None = None

    @property
    def device(self) -> torch.device:
        """Where the networks run."""
        return self.mean.device

    def single(self) -> "Ensemble":
        """Return the ensemble in float32, as it was trained: energies alone take half the time."""
        networks = copy.deepcopy(self.networks).float()
        return replace(self, mean=self.mean.float(), std=self.std.float(), networks=networks)

    def predict(
        self, structures: Structures, *, forces: bool, spread: bool = False, threads: int = 1
    ) -> Prediction:
        """Predict structures; labels are not looked at. spread: as of `Committee`.

        Raises PotstillError, naming structure and atom, for an element that the ensemble does not
        know and for what cannot be evaluated, see `check_geometry`.
        """
        return predict(self, structures, forces=forces, spread=spread, threads=threads)

    def atomic_energies(self, features: np.ndarray[Any, Any], numbers: Numbers) -> Tensor:
        """Return atomic energies (M, A), eV, for features (A, D).

        numbers (A,): which of the ensemble's elements each atom is, see `element_numbers`.
        """
        kinds = torch.from_numpy(numbers).to(self.device)
        with torch.no_grad():
            x = self._standardised(features, kinds)
            return self._energies(self.networks(x, kinds), kinds)

    def with_gradient(
        self, features: np.ndarray[Any, Any], numbers: Numbers
    ) -> tuple[Tensor, Tensor]:
        """Return atomic energies (M, A), eV, and the members' mean of dE_i/dD_i, (A, D).

        numbers: as of `atomic_energies`.
        """
        energies, gradient, factor = self._with_gradient(features, numbers)
        return energies, gradient.mean(dim=0) * factor

    def with_gradients(
        self, features: np.ndarray[Any, Any], numbers: Numbers
    ) -> tuple[Tensor, Tensor]:
        """Return atomic energies (M, A), eV, and each member's dE_i/dD_i, (M, A, D).

        numbers: as of `atomic_energies`.
        """
        energies, gradient, factor = self._with_gradient(features, numbers)
        return energies, gradient * factor

    def inputs(
        self, features: np.ndarray[Any, Any], numbers: Numbers, sizes: Indices
    ) -> tuple[Floats, Floats]:
        """Return what the networks are given: the standardised features (A, D), and what their last
        layers are, (M, F, S H), as means over the atoms of structures of these sizes (F,).

        features, numbers: as of `atomic_energies`.
        """
        kinds = torch.from_numpy(numbers).to(self.device)
        with torch.no_grad():
            x = self._standardised(features, kinds)
            last = self.networks.last_inputs(x, kinds).cpu().numpy()
        return x.cpu().numpy(), by_structure(last, numbers, len(self.elements), sizes)

    def _with_gradient(
        self, features: np.ndarray[Any, Any], numbers: Numbers
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return atomic energies, the networks' gradients and what makes these dE_i/dD_i."""
        kinds = torch.from_numpy(numbers).to(self.device)
        with torch.no_grad():
            x = self._standardised(features, kinds)
            output, gradient = self.networks.with_gradient(x, kinds)
            factor = self._of_atoms(self.scale_eV / self.std, kinds)
            return self._energies(output, kinds), gradient, factor

    def _of_atoms(self, values: Tensor, kinds: Tensor) -> Tensor:
        """Return a constant of each element as that of each atom; of one element as it is."""
        return values if len(self.elements) == 1 else values[kinds]

    def _standardised(self, features: np.ndarray[Any, Any], kinds: Tensor) -> Tensor:
        mean, std = self._of_atoms(self.mean, kinds), self._of_atoms(self.std, kinds)
        return (torch.from_numpy(features).to(self.mean) - mean) / std

    def _energies(self, output: Tensor, kinds: Tensor) -> Tensor:
        return self._of_atoms(self.self_energies_eV, kinds) + self.scale_eV * output.double()
