"""Relaxation by torch-sim of the exported model, beside `relax_batch`: see docs/benchmarks.md.

torch-sim is installed into an environment of its own and runs as torchsim_peer.py there.
"""

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
from independent import make_environment

from potstill.data.structures import Structures
from potstill.models.ensemble import Ensemble
from potstill.models.torchscript import save_torchscript
from potstill.relaxation import relax_batch

PEER = Path(__file__).with_name("torchsim_peer.py")
# torch's version, because another one may come with gigabytes for GPUs
PINNED = ("torch==2.13.0", "torch-sim-atomistic==0.3.0", "ase")
# Ends nearer than this, eV/atom, count as equal.
SAME_EV = 1e-3


def time_torch_sim(
    ensemble: Ensemble, made: Structures, fmax: float, steps: int, folder: Path
) -> dict[str, Any]:
    """Return the times of relaxing structures that are periodic in all directions, cells free.

    folder: of the environment. potstill_seconds, torch_sim_seconds: CPU time; ..._evaluations: of
    a structure, means; equal, potstill_is_lower: how many of them ended in the same energy.
    """
    python = make_environment(folder, PINNED)
    with tempfile.TemporaryDirectory() as temporary:
        model, images = Path(temporary) / "model.pt", Path(temporary) / "structures.xyz"
        save_torchscript(model, ensemble)
        ase.io.write(images, [made.image(k) for k in range(len(made))])
        words = [str(python), str(PEER), str(model), str(images), str(fmax), str(steps)]
        run = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    peer = json.loads(run.stdout.splitlines()[-1])
    began = time.process_time()
    own = relax_batch(ensemble, made, fmax=fmax, steps=steps, relax_cell=True)
    seconds = time.process_time() - began
    difference = (own.energy - np.array(peer["energies"])) / made.sizes
    return {
        "peer": PINNED,
        "structures": len(made),
        "potstill_seconds": round(seconds, 3),
        "torch_sim_seconds": round(peer["seconds"], 3),
        "ratio": round(peer["seconds"] / seconds, 2),
        "potstill_evaluations": float(own.steps.mean() + 1),
        "torch_sim_evaluations": peer["evaluations"] / len(made),
        "potstill_converged": float(own.converged.mean()),
        "torch_sim_converged": float(np.mean(peer["converged"])),
        "equal": int((np.abs(difference) < SAME_EV).sum()),
        "potstill_is_lower": int((difference < -SAME_EV).sum()),
    }
