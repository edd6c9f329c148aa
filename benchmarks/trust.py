"""What says best whether to believe a prediction: measures of doubt against true errors.

Trains ensembles on a part of a file of labelled frames (or on all of it) and predicts the other
part (or another file). With a table of an EAM potential, whose labels the frames then have, frames
that are outside of what was trained on are made of one metal and labelled by it as well: surfaces,
vacancies, squeezed and stretched cells, clusters, other crystals, atoms too near.

Of frames: Spearman's rank correlation of each measure with the absolute error of the energy an
atom and with the largest error of a force; the share of frames that err by more than three times
the usual of the frames tested, in energy or in the largest force, that the measure finds when it
raises one false alarm in a hundred of those tested. Of atoms: its correlation with the error of the
force. Then the coverage of the calibrated sigma, and the flags. Writes one JSON file.

python benchmarks/trust.py results/bench/trust-Mo.json --train train.xyz --share 0.4 --seeds 3
"""

import argparse
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import ase
import ase.build
import numpy as np
import torch
from ase.cluster import Icosahedron
from common import machine
from dft_errors import parted, read
from numpy.typing import NDArray

from potstill.data.frames import Frames
from potstill.data.structures import Structures
from potstill.descriptors.elements import element_numbers
from potstill.models.ensemble import Ensemble
from potstill.models.predict import predict_members
from potstill.potentials.eam import EamPotential
from potstill.runtime.device import limit_threads
from potstill.runtime.files import write_json
from potstill.runtime.restart import Restart
from potstill.runtime.streams import stream
from potstill.settings import Training
from potstill.training.learn_trust import learn_trust
from potstill.training.loop import split, train
from potstill.trust.assessment import SMALLEST_SIGMA_EV, WITHIN, member_spread, spearman
from potstill.trust.last_layer import LastLayer, by_structure
from potstill.trust.limits import SMALL_ERROR_EV
from potstill.trust.surroundings import frame_distances
from potstill.trust.verdicts import verdicts

Floats = NDArray[np.float64]
PACKAGES = ("potstill", "torch", "numba", "numpy")
FALSE_ALARMS, TIMES_USUAL, SPLITS = 0.01, 3.0, 20


class Seen:
    """What the members say of structures, beside what is true."""

    def __init__(self, ensemble: Ensemble, given: Structures, energy: Floats, forces: Floats):
        self.given, self.numbers = given, element_numbers(given, ensemble.elements)
        self.said = predict_members(ensemble, given)
        x, kinds = torch.from_numpy(self.said.x), torch.from_numpy(self.numbers)
        last = ensemble.networks.last_inputs(x, kinds).numpy()
        alone = np.ones(len(x), dtype=np.int64)
        self.last = by_structure(last, self.numbers, len(ensemble.elements), alone)
        self.energy = np.abs(self.said.energies.mean(axis=0) - energy) / given.sizes
        self.components = np.abs(self.said.forces.mean(axis=0) - forces)
        self.force = np.linalg.norm(self.components, axis=1)
        self.largest_force = self.most(self.force)

    def most(self, of_atoms: Floats) -> Floats:
        """Return the largest value of each structure's atoms, (F,)."""
        return np.asarray(np.maximum.reduceat(of_atoms, self.given.start[:-1]))


def measures(ensemble: Ensemble, known: Seen, seen: Seen) -> tuple[dict[str, Floats], ...]:
    """Return the measures of frames and of atoms by name; known: the frames trained on."""
    sizes, said = seen.given.sizes, seen.said
    assert ensemble.trust is not None
    atomic = ensemble.predict(seen.given, forces=False).atomic_energies
    assert atomic is not None
    atoms = {
        "sigma of the atomic energy": atomic.std(axis=0),
        "sigma of the force": member_spread(said.forces),
        "distance": ensemble.trust.surroundings.distances(said.x, seen.numbers),
        "last layer": LastLayer.of(known.last).leverage(seen.last),
    }
    frames = {f"largest {name}": seen.most(values) for name, values in atoms.items()}
    frames["distance, all atoms"] = frame_distances(atoms["distance"], sizes)
    frames["sigma of the energy"] = said.energies.std(axis=0) / sizes
    frames["last layer, energy"] = ensemble.trust.last_layer.leverage(said.last)
    frames["sigma of the energy x last layer"] = (
        frames["sigma of the energy"] * frames["last layer, energy"]
    )
    frames["sigma of the energy x distance"] = (
        frames["sigma of the energy"] * frames["distance, all atoms"]
    )
    return frames, atoms


def outside(symbol: str, a: float, rounds: int = 8) -> list[ase.Atoms]:
    """Return structures that a walk of FCC and liquid does not hold; a: lattice constant, A."""
    draw, made = stream(1, "benchmark", "outside"), []
    volume = a**3 / 4

    def add(kind: str, atoms: ase.Atoms, most: float = 0.1) -> None:
        atoms = ase.Atoms(atoms.symbols, atoms.positions, cell=atoms.cell, pbc=True)
        atoms.positions += draw.normal(0, draw.uniform(0.02, most), atoms.positions.shape)
        atoms.info["kind"] = kind
        made.append(atoms)

    def resized(atoms: ase.Atoms, factor: float) -> ase.Atoms:
        atoms = atoms.copy()
        atoms.set_cell(atoms.cell * factor ** (1 / 3), scale_atoms=True)
        return atoms

    for _ in range(rounds):
        crystal = ase.build.bulk(symbol, "fcc", a=a, cubic=True) * 2
        for face in ("100", "110", "111"):
            build = getattr(ase.build, f"fcc{face}")
            add("surface", build(symbol, (2, 2, 6), a=a, vacuum=7, periodic=True))
        vacant = crystal.copy()
        del vacant[int(draw.integers(len(vacant)))]
        add("vacancy", vacant)
        add("squeezed", resized(crystal, draw.uniform(0.5, 0.75)), 0.05)
        add("stretched", resized(crystal, draw.uniform(1.3, 2.0)), 0.05)
        for kind, atoms, repeat in (("bcc", 2, 2), ("sc", 1, 3), ("diamond", 8, 2)):
            edge = (atoms * volume * (1.15 if kind == "diamond" else 1)) ** (1 / 3)
            add(kind, ase.build.bulk(symbol, kind, a=edge, cubic=True) * repeat)
        edge = (4 * volume / np.sqrt(8)) ** (1 / 3)
        hcp = ase.build.bulk(symbol, "hcp", a=edge, c=edge * np.sqrt(8 / 3), orthorhombic=True)
        add("hcp", hcp * 2)
        cluster = Icosahedron(symbol, 3, latticeconstant=a)
        cluster.center(vacuum=7)
        add("cluster", cluster)
        add("interstitial", crystal + ase.Atoms(symbol, [crystal.positions[0] + [a / 2, 0, 0]]))
        near = crystal.copy()
        way = near.positions[1] - near.positions[0]
        near.positions[0] += way * draw.uniform(0.15, 0.4)
        add("atoms too near", near, 0.03)
        sheared = crystal.copy()
        strain = np.eye(3) + draw.uniform(-0.15, 0.15, (3, 3))
        sheared.set_cell(sheared.cell @ strain, scale_atoms=True)
        add("strained by 15%", sheared)
    return made


def found_by(values: Floats, at_tested: Floats, bad: NDArray[np.bool_]) -> float | None:
    """Return the share of bad frames above what one in a hundred of those tested is above."""
    limit = np.quantile(at_tested, 1 - FALSE_ALARMS)
    return round(float((values[bad] > limit).mean()), 3) if bad.any() else None


def told(ensemble: Ensemble, known: Seen, tested: Seen, strange: Seen | None) -> dict[str, Any]:
    """Return the figures of one model."""
    usual, result = (tested.energy.mean(), tested.largest_force.mean()), {}
    of_tested = measures(ensemble, known, tested)[0]
    for name, seen in (("tested", tested), ("outside", strange)):
        if seen is None:
            continue
        frames, atoms = measures(ensemble, known, seen)
        bad = (seen.energy > TIMES_USUAL * usual[0]) | (seen.largest_force > TIMES_USUAL * usual[1])
        flags, worse = _flags(ensemble, seen), bad & (seen.energy > SMALL_ERROR_EV)
        result[name] = {
            "frames": len(seen.energy),
            "mae_meV_per_atom": round(1e3 * float(seen.energy.mean()), 3),
            "largest_force_error_meV_per_A": round(1e3 * float(seen.largest_force.mean()), 1),
            "bad_frames": int(bad.sum()),
            "flagged": round(float(flags.mean()), 4),
            "bad_flagged": round(float(flags[bad].mean()), 3) if bad.any() else None,
            "bad_beyond_1_meV_per_atom_flagged": round(float(flags[worse].mean()), 3)
            if worse.any()
            else None,
            "coverage": _coverage(ensemble, seen),
            "coverage_by_held_out": _by_held_out(seen),
            "of_frames": {
                measure: {
                    "energy": round(spearman(values, seen.energy), 2),
                    "force": round(spearman(values, seen.largest_force), 2),
                    "bad_found": found_by(values, of_tested[measure], bad),
                }
                for measure, values in frames.items()
            },
            "of_atoms": {
                measure: round(spearman(values, seen.force), 2) for measure, values in atoms.items()
            },
        }
    return result


def _flags(ensemble: Ensemble, seen: Seen) -> NDArray[np.bool_]:
    assert ensemble.trust is not None
    distance = ensemble.trust.surroundings.distances(seen.said.x, seen.numbers)
    said = verdicts(
        ensemble.trust,
        seen.given.sizes,
        energy_std=seen.said.energies.std(axis=0),
        leverage=ensemble.trust.last_layer.leverage(seen.said.last),
        force_std=member_spread(seen.said.forces),
        distance=distance,
    )
    return np.array([bool(verdict.flag) for verdict in said])


def _coverage(ensemble: Ensemble, seen: Seen) -> dict[str, list[float]]:
    """Return the shares of errors within what 68.3% and 95.4% are said to be."""
    assert ensemble.trust is not None
    sigma = seen.said.energies.std(axis=0) / seen.given.sizes
    energy = [float((seen.energy <= f * sigma).mean()) for f in ensemble.trust.energy.within]
    spread = member_spread(seen.said.forces)[:, None]
    force = [float((seen.components <= f * spread).mean()) for f in ensemble.trust.force.within]
    return {"energy": [round(v, 3) for v in energy], "force": [round(v, 3) for v in force]}


def _by_held_out(seen: Seen) -> dict[str, list[float]]:
    """Return the same shares where the widths are found on half of these frames, of the others.

    Means over `SPLITS` random halves.
    """
    draw, sizes = stream(1, "benchmark", "halves"), seen.given.sizes
    sigma, of_force = seen.said.energies.std(axis=0), member_spread(seen.said.forces)
    told = of_force >= SMALLEST_SIGMA_EV  # that of an atom alone is 0
    energy = seen.energy * sizes / sigma
    force = seen.components[told] / of_force[told, None]
    shares = np.zeros((2, SPLITS, 2))
    for split_number in range(SPLITS):
        half = draw.permutation(len(sizes)) < len(sizes) // 2
        of_atoms = np.repeat(half, sizes)[told]
        for row, (ratio, here) in enumerate(((energy, half), (force, of_atoms))):
            widths = np.quantile(ratio[here], list(WITHIN.values()))
            shares[row, split_number] = [(ratio[~here] <= width).mean() for width in widths]
    return {
        name: [round(float(v), 3) for v in row.mean(axis=0)]
        for name, row in zip(("energy", "force"), shares, strict=True)
    }


def begins(groups: NDArray[np.str_], word: str | None) -> NDArray[np.bool_]:
    """Return which groups begin with a word; none do with no word."""
    return np.array([bool(word) and str(group).startswith(word or "") for group in groups])


def of_labels(ensemble: Ensemble, frames: Frames) -> Seen:
    """Return what is said of labelled frames."""
    return Seen(ensemble, frames, frames.need("energy", "a test"), frames.need("forces", "a test"))


def main() -> None:
    """Train and measure as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="JSON file to write")
    parser.add_argument("--train", type=Path, required=True, help="labelled frames")
    parser.add_argument("--test", type=Path, help="frames to test on; else a part of the others")
    parser.add_argument("--share", type=float, default=0.8, help="of each group, without --test")
    parser.add_argument("--without", help="leave out groups that begin with this")
    parser.add_argument(
        "--unknown", help="don't train on groups that begin with this, which are then outside"
    )
    parser.add_argument("--stress-unit", default="eV/A^3", help="of the files")
    parser.add_argument("--seeds", type=int, default=1, help="trainings (1)")
    parser.add_argument("--table", type=Path, help="EAM table that labelled the frames")
    parser.add_argument("--lattice-constant", type=float, help="of FCC, for what is outside, A")
    given = parser.parse_args()
    limit_threads(1)
    options = {"stress_unit": given.stress_unit}
    frames, groups = read(given.train, options)
    kept = ~begins(groups, given.without)
    frames, groups = frames[kept], groups[kept]
    unknown = frames[begins(groups, given.unknown)]
    known_groups = ~begins(groups, given.unknown)
    frames, groups = frames[known_groups], groups[known_groups]
    settings = Training(descriptor=Training().descriptor.of_elements(frames.elements))
    others = read(given.test, options)[0] if given.test else None
    runs = []
    for seed in range(1, given.seeds + 1):
        chosen = parted(groups, given.share, seed)
        part, test = (frames, others) if others else (frames[chosen], frames[~chosen])
        restart = Restart(given.output.with_suffix(".restart"), "", float("inf"))
        ensemble, _ = train(part, settings, seed, elements=frames.elements, restart=restart)
        ensemble = learn_trust(ensemble, part, split(len(part), settings, seed))
        strange = of_labels(ensemble, unknown) if len(unknown) else None
        if given.table:
            potential = EamPotential.from_file(given.table, frames.elements)
            images = outside(frames.elements[0], given.lattice_constant)
            structures = Structures.of_atoms(images)
            labels = potential.evaluate(structures)
            strange = Seen(ensemble, structures, labels.energy, labels.forces)
        known, tested = (of_labels(ensemble, some) for some in (part, test))
        runs.append(
            {"seed": seed, "trained_on": len(part)} | told(ensemble, known, tested, strange)
        )
        print(runs[-1], flush=True)
    write_json(given.output, {"machine": machine(PACKAGES), "runs": runs})


if __name__ == "__main__":
    main()
