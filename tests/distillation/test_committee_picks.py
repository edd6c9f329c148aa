"""Frames are picked by any committee: two of ASE's calculators, on frames of several sizes."""

import ase
import ase.build
import numpy as np
import pytest
from ase.calculators.emt import EMT

from potstill.data.frames import Frames
from potstill.distillation.candidates import Candidates
from potstill.distillation.score import score
from potstill.distillation.strategies import find
from potstill.errors import PotstillError
from potstill.models.calculator_committee import CalculatorCommittee
from potstill.settings import Descriptor, Distillation

SETTINGS = Distillation(source="CuAu/mixed/dft")


def some_frames() -> list[ase.Atoms]:
    """Return bulk alloys, slabs and clusters of copper and gold, ever more displaced."""
    alloy = ase.build.bulk("Cu", cubic=True, a=3.75).repeat((2, 1, 1))
    alloy.symbols[::3] = "Au"
    slab = ase.build.fcc111("Cu", (2, 2, 3), vacuum=6.0)
    slab.symbols[-1] = "Au"
    cluster = ase.Atoms("AuCu3", 2.6 * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]))
    images = []
    for seed, noise in enumerate(np.linspace(0.02, 0.2, 4)):
        for image in (alloy, slab, cluster):
            images.append(image.copy())
            images[-1].rattle(noise, seed=seed)
    return images


def test_a_committee_of_calculators_picks_frames() -> None:
    """Those that the calculators themselves disagree about most, by ASE alone."""
    images = some_frames()
    frames = Frames.of_atoms(images)
    committee = CalculatorCommittee([EMT(), EMT(asap_cutoff=True)], ("Cu", "Au"))
    index = np.arange(len(frames))
    scores = score(committee, frames, symbol=frames.symbol, index=index)
    candidates = Candidates.of(
        frames, frames[:0], descriptor=Descriptor(), scores=scores, labels=False
    )
    random = np.random.default_rng(1)
    picked = find("frame_sigma").pick(candidates, 4, SETTINGS, random)
    sigma = []
    for image in images:
        energies = []
        for calculator in (EMT(), EMT(asap_cutoff=True)):
            image.calc = calculator
            energies.append(image.get_potential_energy())
        sigma.append(abs(energies[1] - energies[0]) / 2 / np.sqrt(len(image)))
    expected = np.argsort(-np.array(sigma), kind="stable")[:4]
    assert sorted(picked.rows) == sorted(expected)
    assert picked.reasons[0] == f"sigma/sqrt(N) = {1000 * sigma[picked.rows[0]]:.2f} meV"
    # calculators part no energy among the atoms
    with pytest.raises(PotstillError, match="without energies of atoms"):
        find("atom_sigma").pick(candidates, 4, SETTINGS, random)
