"""Train one MACE on a frame file until its error on another is reached, or a budget is spent.

Runs in an environment of its own, without potstill: see independent.py. Prints one line of JSON.
"""

import argparse
import json
import math
import os
import time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import h5py
import numpy as np
import torch

with torch.serialization.safe_globals([slice]):  # in a file that e3nn 0.4.4 loads of its own
    from e3nn import o3
from mace import data, modules
from mace.tools import AtomicNumberTable, torch_geometric
from mace.tools.scripts_utils import get_params_options
from mace.tools.train import take_step

BATCH_FRAMES = 4
# Looks at the error in a budget; each takes about a second, off the clock.
LOOKS = 50
READ = ("species", "coordinates", "cell", "energies", "forces")
# mace_run_train's defaults, but for sizes and range, which make a step as cheap as is sensible.
RATE, WEIGHT_DECAY, CLIP = 0.01, 5e-7, 10.0


def read(path: str, cutoff: float) -> list[data.AtomicData]:
    """Return the frames of a file of potstill, of one element and any sizes, as MACE's graphs."""
    graphs = []
    with h5py.File(path) as store:
        groups = [{name: stored[name][...] for name in READ} for stored in store.values()]
    table = AtomicNumberTable([int(groups[0]["species"][0, 0])])
    for group in groups:
        for f in range(len(group["species"])):
            labels = {"energy": group["energies"][f], "forces": group["forces"][f]}
            configuration = data.Configuration(
                atomic_numbers=group["species"][f],
                positions=group["coordinates"][f],
                properties=labels,
                property_weights=dict.fromkeys(labels, 1.0),
                cell=group["cell"][f],
                pbc=(True, True, True),
            )
            graphs.append(data.AtomicData.from_config(configuration, table, cutoff))
    return graphs


def make_model(
    loader: Any, number: int, self_energy: float, arguments: argparse.Namespace
) -> modules.ScaleShiftMACE:
    """Return a ScaleShiftMACE as mace_run_train makes one, of the sizes asked for."""
    zero = np.array([self_energy])
    mean, rms = modules.compute_mean_rms_energy_forces(loader, zero)
    block = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
    return modules.ScaleShiftMACE(
        atomic_inter_scale=rms,
        atomic_inter_shift=mean,
        r_max=arguments.cutoff,
        num_bessel=8,
        num_polynomial_cutoff=5,
        max_ell=arguments.max_ell,
        interaction_cls=block,
        interaction_cls_first=block,
        num_interactions=2,
        num_elements=1,
        hidden_irreps=o3.Irreps(f"{arguments.channels}x0e"),
        MLP_irreps=o3.Irreps("16x0e"),
        atomic_energies=zero,
        avg_num_neighbors=modules.compute_avg_num_neighbors(loader),
        atomic_numbers=[number],
        correlation=arguments.correlation,
        gate=torch.nn.functional.silu,
        radial_MLP=[64, 64, 64],
    )


def make_optimiser(model: torch.nn.Module) -> torch.optim.Optimizer:
    """Return mace_run_train's optimiser: AMSGrad, with weight decay on the same weights."""
    options = {"lr_params_factors": "{}", "freeze": None, "lr": RATE, "weight_decay": WEIGHT_DECAY}
    options |= {"amsgrad": True, "beta": 0.9}
    parameters = get_params_options(argparse.Namespace(**options), model)
    return torch.optim.Adam(**parameters)


def errors(model: torch.nn.Module, held: Any) -> tuple[float, float]:
    """Return mean absolute errors of energies (meV/atom) and of forces (meV/A)."""
    energy, force = [], []
    for batch in held:
        found = model(batch.to_dict(), training=False)
        atoms = batch.ptr[1:] - batch.ptr[:-1]
        energy.append(((found["energy"] - batch.energy) / atoms).abs().detach())
        force.append((found["forces"] - batch.forces).abs().flatten().detach())
    return 1e3 * float(torch.cat(energy).mean()), 1e3 * float(torch.cat(force).mean())


def main() -> None:
    """Train, look at the error off the clock, and print what was reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train")
    parser.add_argument("held")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--target", type=float, required=True, help="meV/atom")
    parser.add_argument("--budget", type=float, required=True, help="CPU seconds")
    parser.add_argument("--energy-weight", type=float, default=1.0, help="of normalised energies")
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--max-ell", type=int, default=2)
    parser.add_argument("--correlation", type=int, default=2)
    parser.add_argument("--cutoff", type=float, default=4.5, help="A, of each of two layers")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    torch.set_default_dtype(torch.float32)
    held = torch_geometric.dataloader.DataLoader(read(arguments.held, arguments.cutoff), 8)

    began = time.process_time()
    graphs = read(arguments.train, arguments.cutoff)
    loader = torch_geometric.dataloader.DataLoader(graphs, BATCH_FRAMES, shuffle=True)
    energy = torch.stack([g.energy / g.num_nodes for g in graphs])
    forces = torch.cat([g.forces for g in graphs])
    with h5py.File(arguments.train) as store:
        number = int(next(iter(store.values()))["species"][0, 0])
    model = make_model(loader, number, float(energy.mean()), arguments)
    loss = modules.WeightedEnergyForcesLoss(  # of potstill's form
        arguments.energy_weight / float(energy.var()), 1 / float(forces.square().mean())
    )
    optimiser = make_optimiser(model)
    wanted = {"forces": True, "virials": False, "stress": False}
    seconds = time.process_time() - began
    steps, looked, mae, force_mae = 0, 0.0, math.inf, math.inf
    while seconds < arguments.budget and mae > arguments.target:
        for batch in loader:
            began = time.process_time()
            for group in optimiser.param_groups:
                group["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * seconds / arguments.budget))
            take_step(model, loss, batch, optimiser, None, wanted, CLIP, torch.device("cpu"))
            steps += 1
            seconds += time.process_time() - began
            if seconds - looked >= arguments.budget / LOOKS or seconds >= arguments.budget:
                looked = seconds
                mae, force_mae = errors(model, held)
                if mae <= arguments.target or seconds >= arguments.budget:
                    break
    found = {
        "reached": mae <= arguments.target,
        "seconds": round(seconds, 1),
        "steps": steps,
        "mae_meV_per_atom": round(mae, 3),
        "force_mae_meV_per_A": round(force_mae, 1),
        "parameters": sum(p.numel() for p in model.parameters()),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
