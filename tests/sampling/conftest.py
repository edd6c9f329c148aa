"""Small sampling jobs for these tests."""

import pytest

from potstill.potentials.eam import EamPotential
from potstill.sampling.walkers import System
from potstill.settings import Element, Npt

NICKEL = Element(table="Ni-Nb", structure="fcc", lattice_constant_A=3.51623)


@pytest.fixture(scope="session")
def nickel(tables):
    return EamPotential.from_file(tables["Ni-Nb"], "Ni")


@pytest.fixture
def element():
    return NICKEL


@pytest.fixture(scope="session")
def system(nickel):
    return System(NICKEL, 32, nickel)


@pytest.fixture
def npt():
    """Make conventional settings with any of them changed."""

    def make(**changes):
        base = {
            "method": "npt",
            "start": "crystal",
            "temperature_K": 1500.0,
            "walkers": 2,
            "equilibration_steps": 400,
            "production_steps": 2000,
            "frames": 20,
        }
        return Npt.model_validate(base | changes)

    return make
