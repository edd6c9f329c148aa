"""Small sampling jobs for these tests."""

import pytest

from potstill.potentials.eam import EamPotential
from potstill.sections import Element, Momt, Npt

NICKEL = Element(table="Ni-Nb", structure="fcc", lattice_constant_A=3.51623)


@pytest.fixture(scope="session")
def nickel(tables):
    return EamPotential.from_file(tables["Ni-Nb"], "Ni")


@pytest.fixture
def element():
    return NICKEL


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


@pytest.fixture
def momt():
    """Make MOMT settings for 32 nickel atoms with any of them changed."""

    def make(**changes):
        base = {
            "method": "momt",
            "temperature_K": 2000.0,
            "low_temperature_K": 1250.0,
            "high_temperature_K": 3600.0,
            "enthalpy_range_eV_per_atom": (-4.73, -3.99),
            "nodes": (60, 47),
            "enthalpy_width_eV": 0.8,
            "order_width": 0.25,
            "height_kT": 0.1,
            "deposit_interval": 100,
            "constant_deposits": 6000,
            "volume_step": 0.03,
            "learning_steps": 2000,
            "production_steps": 2000,
            "frames": 20,
        }
        return Momt.model_validate(base | changes)

    return make
