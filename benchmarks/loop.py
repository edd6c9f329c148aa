"""The loop that labels what its models lead to, beside as many frames chosen beforehand.

Labels are by any ASE calculator. The loop begins with the first foundational frames and adds some a
turn, as `exploration` in a configuration does; the other models have the first foundational frames
alone. Both are tested as near_dft.py does: on frames of the calculator's own dynamics, and on its
crystals, elastic constants and vacancy. A row a turn has both, and the loop's errors in the
frames drawn from its runs, by which it would end. Writes one JSON file. See docs/notes/loop.md.

python benchmarks/loop.py al.json Al 4.04 933 --crystal fcc \\
    --calculator calorine.calculators.CPUNEP --arguments nep.yaml
"""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import yaml
from ase.calculators.calculator import Calculator
from common import machine
from foundation import errors_on, knowing, relaxed, trained
from near_dft import (
    PACKAGES,
    TIMESTEP_FS,
    against,
    dynamics,
    labelled,
    metal_parser,
    own_crystal,
    properties,
)

from potstill.data.frames import Frames
from potstill.exploration.growth import errors_in
from potstill.exploration.led_to import led_to
from potstill.exploration.turn import choose, ended
from potstill.foundation.frame_orders import first_frames, read_set
from potstill.foundation.metal_crystal import MetalCrystal
from potstill.labels.label_source import make_calculator
from potstill.models.ensemble import Ensemble
from potstill.models.ensemble_calculator import EnsembleCalculator
from potstill.relaxation.relax import Relaxed
from potstill.runtime.device import limit_threads
from potstill.runtime.files import write_json
from potstill.settings import Exploration, ModelRun, Training

# of the melting temperature
COLD, HOT, LIQUID = 0.3, 0.9, 1.2


class Judge:
    """What models of a metal are compared with, all of it by the calculator."""

    def __init__(self, crystal: MetalCrystal, calculator: Calculator, melting_K: float) -> None:
        self.crystal = crystal
        self.exact: dict[str, Relaxed] = relaxed(calculator, crystal.symbol, crystal.volume_A3)
        self.tests = dynamics(crystal, calculator, melting_K)
        self.reference = properties(crystal, calculator)

    def of(self, model: Ensemble) -> dict[str, Any]:
        """Return a model's errors in frames, of crystals, and its properties."""
        found = EnsembleCalculator(model)
        own = relaxed(found, self.crystal.symbol, self.crystal.volume_A3)
        return {
            "errors": {name: errors_on(model, test) for name, test in self.tests.items()},
            "crystals": against(own, self.exact),
            "properties": properties(self.crystal, found),
        }


def bare(frames: Frames) -> Frames:
    """Return frames without columns, to be joined with others."""
    return replace(frames, columns={})


def main() -> None:
    """Go round the loop, and write the JSON file anew after each turn."""
    parser = metal_parser(__doc__)
    parser.add_argument("melting", type=float, help="temperature, K")
    parser.add_argument("--start", type=int, default=16, help="frames to begin with")
    parser.add_argument("--added", type=int, default=8, help="frames a turn")
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--training", type=Path, required=True, help="YAML file of settings")
    given = parser.parse_args()
    limit_threads(1)
    arguments = yaml.safe_load(given.arguments.read_text())
    calculator = make_calculator(None, given.calculator, arguments)
    crystal = own_crystal(calculator, given.symbol, given.crystal, given.lattice_constant)
    judge = Judge(crystal, calculator, given.melting)
    training = Training.model_validate(yaml.safe_load(given.training.read_text()))
    runs = [ModelRun(temperature_K=share * given.melting) for share in (COLD, HOT)]
    runs.append(ModelRun(temperature_K=LIQUID * given.melting, start="liquid"))
    settings = Exploration(
        start="first", runs=tuple(runs), added=given.added, timestep_fs=TIMESTEP_FS
    )
    most = given.start + given.turns * given.added
    first = bare(labelled(first_frames(crystal, most, read_set()).frames, calculator))
    known = first[: given.start]
    content = {
        "machine": machine(PACKAGES),
        "metal": str(crystal),
        "training": training.model_dump(mode="json", exclude_defaults=True),
        "reference": judge.reference,
    }
    rows: list[dict[str, Any]] = []
    model = knowing(known, training, given.seed)
    rows.append({"labels": len(known), "loop": judge.of(model)})
    for turn in range(1, given.turns + 1):
        began = time.process_time()
        found = list(led_to(model, crystal, settings, given.seed, turn))
        chosen = choose(model, crystal, known, found, settings, given.seed, turn)
        new = bare(labelled(chosen.frames, calculator))
        drawn = new[chosen.frames.columns["drawn"]]
        row: dict[str, Any] = {"turn": turn, "ended": ended(found), "chosen": chosen.sources}
        row |= {
            "drawn": errors_in(model, drawn),
            "new": errors_in(model, new),
            "seconds": round(time.process_time() - began, 1),
        }
        known = known.joined(new)
        model = knowing(known, training, given.seed)
        row |= {"labels": len(known), "loop": judge.of(model)}
        row["first"] = judge.of(trained(first[: len(known)], training, given.seed))
        print(row, flush=True)
        rows.append(row)
        write_json(given.output, content | {"turns": rows})


if __name__ == "__main__":
    main()
