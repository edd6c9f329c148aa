"""Melting temperatures of small cells beside the bulk's."""

import pytest

from potstill.errors import PotstillError
from potstill.runtime.files import read_json, write_json
from potstill.sampling.melting import extrapolate, melting


@pytest.mark.parametrize("power", [2 / 3, 1.0])
def test_the_line_through_two_and_three_cells_ends_at_the_bulk(power):
    atoms = [32, 108, 256]
    temperatures = [1940.0 + 3600 * n**-power for n in atoms]
    assert extrapolate(atoms[:2], temperatures[:2], power) == pytest.approx(1940)
    assert extrapolate(atoms, temperatures, power) == pytest.approx(1940)
    assert extrapolate([108, 108], [2100.0, 2110.0], power) is None


@pytest.fixture
def summaries(tmp_path):
    """Make the files of two sets and of the two-phase run."""

    def make(*temperatures):
        sets = [tmp_path / f"{k}.json" for k in range(len(temperatures))]
        for file, temperature in zip(sets, temperatures, strict=True):
            write_json(file, {"melting_temperature_K": temperature})
        bulk = {"melting_temperature_K": 1900.0, "standard_error_K": 8.0}
        write_json(tmp_path / "coexistence.json", bulk)
        return sets, tmp_path / "coexistence.json"

    return make


def test_the_difference_from_the_two_phase_run_is_written(summaries, tmp_path):
    sets, two_phase = summaries(1938 + 4000 * 32 ** (-2 / 3), 1938 + 4000 * 108 ** (-2 / 3))
    melting(sets=sets, atoms=[32, 108], two_phase=two_phase, output=tmp_path / "melting.json")
    written = read_json(tmp_path / "melting.json")
    assert written["extrapolated_K"] == pytest.approx(1938)
    one_over_n = 1938 + 4000 * (108 * 108 ** (-2 / 3) - 32 * 32 ** (-2 / 3)) / (108 - 32)
    assert written["extrapolated_with_1_over_N_K"] == pytest.approx(one_over_n)
    assert written["difference_percent"] == pytest.approx(2.0)
    assert [cell["atoms"] for cell in written["cells"]] == [32, 108]


def test_one_cell_gives_no_bulk(summaries, tmp_path):
    sets, two_phase = summaries(1600.0)
    melting(sets=sets, atoms=[32], two_phase=two_phase, output=tmp_path / "melting.json")
    written = read_json(tmp_path / "melting.json")
    assert written["extrapolated_K"] is None and written["difference_percent"] is None


def test_a_set_that_never_melted_is_named(summaries, tmp_path):
    sets, two_phase = summaries(2300.0, None)
    with pytest.raises(PotstillError, match=r"1\.json: the set has no melting temperature"):
        melting(sets=sets, atoms=[32, 108], two_phase=two_phase, output=tmp_path / "melting.json")
