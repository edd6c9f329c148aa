"""The table of all sets."""

import csv

from potstill.runtime.files import write_json
from potstill.sampling.sets_table import COLUMNS, overview


def test_every_set_has_its_row_and_what_a_set_lacks_stays_empty(tmp_path):
    summary = dict.fromkeys(COLUMNS, 7) | {
        "kinetic_temperature_K": 1999.123456,
        "melting_temperature_K": None,
        "settings": {"temperature_K": 2000.0},
    }
    del summary["temperature_K"]
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    write_json(files[0], summary)
    write_json(files[1], summary | {"round_trips": 12})
    overview(["Ni/32/momt", "Ni/108/fcc"], files, tmp_path / "sets.csv")
    with (tmp_path / "sets.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["set"] for row in rows] == ["Ni/32/momt", "Ni/108/fcc"]
    assert [row["round_trips"] for row in rows] == ["7", "12"]
    assert rows[0]["temperature_K"] == "2000" and rows[0]["kinetic_temperature_K"] == "1999.1"
    assert rows[0]["melting_temperature_K"] == ""
