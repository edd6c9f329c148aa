"""Train with several settings and seeds, and tell the errors on sets and of relaxed crystals.

Trains, evaluates and relaxes as the workflow does, with the elements of config/config.yaml; on
translated frames the symmetry functions are scaled as they are there. Writes one JSON file with a
row for each settings and seed. See docs/notes/training-trials.md.
"""

import argparse
import os
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import yaml
from accuracy import ERRORS, PACKAGES, measure, training_settings
from common import machine

from potstill.data.frames import read_frames
from potstill.relaxation import open_calculator, relax_crystals
from potstill.report.read_results import Crystal, read_crystals
from potstill.runtime.files import write_json
from potstill.settings import Element, Model, Settings, Training, load_settings

CONFIG = Path(__file__).parents[1] / "config/config.yaml"


def trained_as(settings: Training, config: Settings, symbol: str) -> Training:
    """Return how the workflow would train on an element's frames with these settings."""
    if symbol not in config.translation:
        return settings
    frames = f"translation/{config.translation[symbol].source}-{symbol}/frames"
    return config.model_copy(update={"training": settings}).training_of(Model(frames=frames))


def relaxed(
    model: str, file: Path, symbol: str, element: Element, folder: Path
) -> dict[str, Crystal]:
    """Return the crystals that a model, or `EAM` from its table, relaxes, by structure."""
    output = folder / f"{model}.json"
    relax_crystals(
        open_calculator(model, file, symbol),
        model=model,
        symbol=symbol,
        element=element,
        output=output,
    )
    return read_crystals(output).by_structure


def crystal_errors(found: dict[str, Crystal], exact: dict[str, Crystal]) -> dict[str, Any]:
    """Return the errors of energies, meV/atom, and bonds, A, by structure; None if not relaxed."""
    return {
        name: {
            "energy_meV_per_atom": round(1e3 * (own.energy - exact[name].energy), 2),
            "bond_A": round(own.bond - exact[name].bond, 4),
        }
        if own.converged
        else None
        for name, own in found.items()
    }


def main() -> None:
    """Run the trainings and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("table", type=Path, help="the element's EAM table")
    parser.add_argument("frames", type=Path, help="the frames to train on")
    parser.add_argument("sets", type=Path, nargs="*", help="sets to evaluate on")
    parser.add_argument("--count", type=int, help="frames to train on, evenly spread; all if not")
    parser.add_argument("--test", type=int, help="frames of each set, evenly spread; all if not")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--settings",
        nargs="+",
        default=["{}"],
        help="settings of training that are not the defaults, as '{steps: 5000}' '{steps: 3000}'",
    )
    arguments = parser.parse_args()
    given = [training_settings(text) for text in arguments.settings]
    train = read_frames(arguments.frames).spread(arguments.count)
    tests = {
        "-".join(path.with_suffix("").parts[-3:]): read_frames(path).spread(arguments.test)
        for path in arguments.sets
    }
    config, symbol = load_settings(yaml.safe_load(CONFIG.read_text())), train.symbol
    element = config.elements[symbol].known(symbol, "this benchmark", table=True)
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        reference = relaxed("EAM", arguments.table, symbol, element, folder)
        for settings, seed in product(given, range(1, arguments.seeds + 1)):
            run = measure(train, tests, trained_as(settings, config, symbol), seed, folder)
            found = relaxed("ensemble", folder / "ensemble.pt", symbol, element, folder)
            rows.append(
                {
                    "settings": settings.model_dump(mode="json", exclude_unset=True),
                    "seed": seed,
                    "seconds": run["seconds"],
                    "errors": {
                        name: {error: round(told[error], 3) for error in ERRORS}
                        for name, told in run["evaluations"].items()
                    },
                    "crystals": crystal_errors(found, reference),
                }
            )
            print(rows[-1])
    content = {"machine": machine(PACKAGES), "frames": len(train), "symbol": symbol}
    write_json(arguments.output, content | {"runs": rows})


if __name__ == "__main__":
    main()
