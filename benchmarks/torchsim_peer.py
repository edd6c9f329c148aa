"""Relax structures with torch-sim and an exported model (TorchScript), as relaxation.py asks.

Runs in an environment of its own, without potstill. Prints one line of JSON: CPU seconds, the
energies at the end, eV, which have converged, and how many evaluations of a structure there were.
The exported model takes one structure a call, so that those of a batch are evaluated one by one.
"""

import json
import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import ase.io
import ase.units
import torch
import torch_sim
from torch_sim.models.interface import ModelInterface


class Exported(ModelInterface):
    """The exported model as torch-sim's interface; energies in eV."""

    def __init__(self, path):
        super().__init__()
        self.model = torch.jit.load(path)
        self._device, self._dtype = torch.device("cpu"), torch.float64
        self._compute_forces = self._compute_stress = True
        self.calls = 0

    def forward(self, state, **_):
        """Return energies (F,), forces (A, 3) and stresses (F, 3, 3)."""
        found = {"energy": [], "forces": [], "stress": []}
        for system in range(state.n_systems):
            here = state.system_idx == system
            cell = state.row_vector_cell[system]
            for name, value in self.one(
                state.positions[here].detach(), cell.detach(), state.atomic_numbers[here]
            ).items():
                found[name].append(value)
        return {
            "energy": torch.stack(found["energy"]),
            "forces": torch.cat(found["forces"]),
            "stress": torch.stack(found["stress"]),
        }

    def one(self, positions, cell, numbers):
        """Return energy (), forces (N, 3) and stress (3, 3) of one periodic structure."""
        self.calls += 1
        positions = positions.clone().requires_grad_(True)
        strain = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
        deformation = torch.eye(3, dtype=torch.float64) + (strain + strain.T) / 2
        given = (numbers[None], (positions @ deformation)[None])
        periodic = torch.ones(3, dtype=torch.bool)
        energy = self.model(given, cell @ deformation, periodic).energies[0] * ase.units.Hartree
        by_atom, by_strain = torch.autograd.grad(energy, (positions, strain))
        volume = torch.linalg.det(cell).abs()
        return {"energy": energy.detach(), "forces": -by_atom, "stress": by_strain / volume}


def main(model, structures, fmax, steps):
    """Relax all structures of a file, cells free, and tell what it took."""
    torch.set_num_threads(1)
    exported = Exported(model)
    images = ase.io.read(structures, ":")
    exported(torch_sim.io.atoms_to_state(images[:1], exported.device, exported.dtype))
    exported.calls = 0
    converged = torch_sim.generate_force_convergence_fn(fmax, include_cell_forces=True)
    began = time.process_time()
    end = torch_sim.optimize(
        images,
        exported,
        optimizer=torch_sim.unit_cell_fire,
        convergence_fn=converged,
        max_steps=steps,
        steps_between_swaps=1,
    )
    seconds = time.process_time() - began
    told = {
        "seconds": seconds,
        "evaluations": exported.calls,
        "energies": end.energy.tolist(),
        "converged": converged(end).tolist(),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
