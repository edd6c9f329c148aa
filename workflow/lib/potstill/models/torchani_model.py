"""The same ensemble as a torchani model, for export and as the check of ours."""

import warnings
from pathlib import Path

import torch

from potstill.descriptors.symmetry_functions import angle_sections, radial_shifts, shifts
from potstill.models.ensemble import Ensemble
from potstill.runtime.files import atomic_path

with warnings.catch_warnings():
    # that its compiled extensions, which need CUDA's toolkit, are not installed
    warnings.filterwarnings("ignore", message="The extensions: ")
    from torchani.aev import AEVComputer, ANIAngular, ANIRadial
    from torchani.arch import ANI
    from torchani.nn import ANINetworks, AtomicNetwork, TightCELU
    from torchani.nn import Ensemble as Members
    from torchani.sae import SelfEnergy
    from torchani.units import HARTREE_TO_EV

_ACTIVATIONS = {"silu": torch.nn.SiLU, "gelu": torch.nn.GELU, "celu": TightCELU}


def to_torchani(ensemble: Ensemble) -> ANI:
    """Return a torchani model (float64, Hartree) of the same energies.

    Standardisation is folded into the first layer and the energy scale into the last. Feed it
    single periodic frames, or batches through `compute_from_neighbors`: torchani 2.9.0's own
    neighbour lists lose all but the first frame of a periodic batch.
    """
    symbols = list(ensemble.elements)
    networks = [
        ANINetworks({symbol: _network(ensemble, s, m) for s, symbol in enumerate(symbols)})
        for m in range(ensemble.settings.members)
    ]
    model = ANI(
        symbols=symbols,
        aev_computer=_aev_computer(ensemble),
        neural_networks=Members(networks),
        energy_shifter=SelfEnergy(symbols, [0.0] * len(symbols)),
    ).double()
    # set after the change to float64, because constructors round constants to float32
    computer = model.aev_computer
    for term, constants in (
        (computer.radial, _radial(ensemble)),
        (computer.angular, _angular(ensemble)),
    ):
        for name, value in constants.items():
            getattr(term, name).copy_(torch.as_tensor(value, dtype=torch.float64))
    model.energy_shifter.self_energies.copy_(ensemble.self_energies_eV / HARTREE_TO_EV)
    return model


def save_torchani(path: str | Path, ensemble: Ensemble) -> None:
    """Write the model of `to_torchani` as a whole, atomically.

    `torch.load(path, weights_only=False)` gives it back where torchani is installed.
    """
    with atomic_path(path) as temporary, temporary.open("wb") as handle:
        torch.save(to_torchani(ensemble), handle)


def _radial(ensemble: Ensemble) -> dict[str, float | list[float]]:
    d = ensemble.settings.descriptor
    return {"eta": d.radial_eta, "shifts": radial_shifts(d).tolist()}


def _angular(ensemble: Ensemble) -> dict[str, float | list[float]]:
    d = ensemble.settings.descriptor
    values = shifts(d.angular_start_A, d.angular_cutoff_A, d.angular_shifts)
    sections = angle_sections(d.angle_sections)
    return {
        "eta": d.angular_eta,
        "zeta": d.zeta,
        "shifts": values.tolist(),
        "sections": sections.tolist(),
    }


def _aev_computer(ensemble: Ensemble) -> AEVComputer:
    d = ensemble.settings.descriptor
    return AEVComputer(
        radial=ANIRadial(**_radial(ensemble), cutoff=d.radial_cutoff_A),
        angular=ANIAngular(**_angular(ensemble), cutoff=d.angular_cutoff_A),
        num_species=len(ensemble.elements),
        cutoff_fn=d.cutoff_function,
    )


def _network(ensemble: Ensemble, s: int, member: int) -> AtomicNetwork:
    """Return one member's network of element s with standardisation and units folded in."""
    row = s * ensemble.settings.members + member
    weights = [w[row].detach().cpu() for w in ensemble.networks.weights]
    biases = [b[row, 0].detach().cpu() for b in ensemble.networks.biases]
    mean, std = ensemble.mean[s].cpu(), ensemble.std[s].cpu()
    biases[0] = biases[0] - (mean / std) @ weights[0]
    weights[0] = weights[0] / std[:, None]
    factor = ensemble.scale_eV / HARTREE_TO_EV
    weights[-1], biases[-1] = weights[-1] * factor, biases[-1] * factor
    sizes = [len(weights[0]), *(w.shape[1] for w in weights)]
    network = AtomicNetwork(sizes, _ACTIVATIONS[ensemble.settings.activation](), bias=True).double()
    with torch.no_grad():
        for layer, weight, bias in zip(
            [*network.layers, network.final_layer], weights, biases, strict=True
        ):
            layer.weight.copy_(weight.T)
            layer.bias.copy_(bias)
    return network
