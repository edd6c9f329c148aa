"""The crystal of a metal: against ASE's own crystals, and what is refused."""

import re

import numpy as np
import pytest
from ase.build import bulk
from ase.data import atomic_numbers, reference_states

from potstill.errors import PotstillError
from potstill.foundation.metal_crystal import MetalCrystal, crystal_of, metal_crystal
from potstill.settings import IDEAL_C_OVER_A, ElementGiven


@pytest.mark.parametrize(
    "crystal",
    [
        MetalCrystal("Cu", "fcc", 3.615),
        MetalCrystal("W", "bcc", 3.165),
        MetalCrystal("Mg", "hcp", 3.2, 1.55),
        MetalCrystal("Zn", "hcp", 2.66, 1.86),
    ],
)
def test_volume_and_distance_are_those_of_the_crystal(crystal):
    c = None if crystal.c_over_a is None else crystal.lattice_constant_A * crystal.c_over_a
    atoms = bulk(crystal.symbol, crystal.structure, a=crystal.lattice_constant_A, c=c)
    assert crystal.volume_A3 == pytest.approx(atoms.get_volume() / len(atoms), rel=1e-12)
    distances = (atoms * 4).get_all_distances(mic=True)
    nearest = distances[distances > 0].min()
    assert crystal.nearest_A == pytest.approx(nearest, rel=1e-12)


def test_what_is_not_given_is_of_ase():
    assert metal_crystal("Cu") == MetalCrystal("Cu", "fcc", 3.61)
    assert metal_crystal("Cu", lattice_constant_A=3.615) == MetalCrystal("Cu", "fcc", 3.615)
    zinc = reference_states[atomic_numbers["Zn"]]
    assert metal_crystal("Zn", lattice_constant_A=2.6).c_over_a == zinc["c/a"] > 1.8
    assert metal_crystal("Zn", c_over_a=1.7).c_over_a == 1.7
    assert metal_crystal("Cu", "hcp", 2.56).c_over_a == IDEAL_C_OVER_A
    # close packed crystals of one nearest distance have one volume
    assert np.isclose(MetalCrystal("Cu", "hcp", 2.5, IDEAL_C_OVER_A).volume_A3, 2.5**3 / 2**0.5)


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("Xx",), "'Xx' is no chemical symbol"),
        (("Si",), "no crystal of Si is known that is fcc, bcc or hcp; choose one with --crystal"),
        (("Si", "fcc"), "no lattice constant of fcc Si is known; give it, in A, with --lattice-c"),
        (("Cu", "bcc"), "no lattice constant of bcc Cu is known"),
        (("Cu", "fcc", 3.6, 1.6), "--c-over-a: fcc is cubic"),
        # the bcc edge taken for fcc, the distance of neighbours, nm, bohr, the edge of 2 x 2 x 2
        (("W", "fcc", 3.165), "--lattice-constant: fcc W, lattice constant 3.165 A would have n"),
        (("Cu", "fcc", 2.556), "--lattice-constant: fcc Cu"),
        (("Cu", "fcc", 0.3615), "--lattice-constant: fcc Cu"),
        (("Cu", "fcc", 6.83), "--lattice-constant: fcc Cu"),
        (("Cu", "fcc", 7.23), "neighbours 5.11 A apart, and lengths 2.00 times those known of Cu"),
        (("Mg", "hcp", 3.2, 5.2), "--lattice-constant or --c-over-a: hcp Mg"),
    ],
)
def test_what_is_refused(arguments, said):
    with pytest.raises(PotstillError, match=re.escape(said)) as error:
        metal_crystal(*arguments)
    assert "\n" not in str(error.value)


def test_an_element_says_what_its_crystal_is():
    given = ElementGiven(structure="hcp", lattice_constant_A=3.19, c_over_a=1.61)
    assert crystal_of("Mg", given) == MetalCrystal("Mg", "hcp", 3.19, 1.61)
    assert given.known("Mg", "here").volume_per_atom_A3 == crystal_of("Mg", given).volume_A3
