"""Reading, hashing and writing tables."""

from pathlib import Path

import numpy as np
import pytest
from lammps_engine import lammps_instance

from potstill.errors import PotstillError
from potstill.potentials.known_tables import KNOWN
from potstill.potentials.setfl import format_setfl, numbers_sha256, parse_setfl, read_setfl


def small_table(form: str) -> str:
    """Two elements, three embedding and four radial values, every number different."""
    values = iter(np.arange(1, 100) / 8)
    lines = ["made", "for a", "test", "2 Ni Al", "3 0.5 4 0.25 1.0"]
    for header in ("28 58.7 3.52 fcc", "13 26.98 4.05 fcc"):
        lines.append(header)
        lines.append(" ".join(str(next(values)) for _ in range(3)))
        for _ in range(2 if form == "fs" else 1):
            lines.append(" ".join(str(next(values)) for _ in range(4)))
    lines += [" ".join(str(next(values)) for _ in range(4)) for _ in range(3)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_known_tables_have_the_known_hash(tables: dict[str, Path], name: str) -> None:
    text = tables[name].read_text()
    assert numbers_sha256(text) == KNOWN[name].sha256
    table = read_setfl(tables[name])
    assert table.elements == KNOWN[name].elements
    assert (table.n_rho, table.n_r) == (10000, 10000)
    assert table.cutoff_A == {"Ni-Nb": 6.9, "Al": 6.5}[name]
    assert format_setfl(table) == text


def test_hash_ignores_headers_layout_and_the_sign_of_zero() -> None:
    text = small_table("fs").replace("0.125", "0.0")
    other = text.replace("made", "copied").replace("\n", " \r\n").replace(" 0.0 ", "\t-0.0E+00 ")
    assert numbers_sha256(text + "\n\n") == numbers_sha256(other)
    assert numbers_sha256(text.replace("fcc", "bcc")) != numbers_sha256(text)
    nudged = repr(float(np.nextafter(0.5, 1)))
    assert numbers_sha256(text.replace("0.5", nudged)) != numbers_sha256(text)


def test_fs_layout() -> None:
    table = parse_setfl(small_table("fs"), "test")
    assert table.comments == ("made", "for a", "test")
    assert table.elements == ("Ni", "Al")
    assert table.atomic_numbers == (28, 13)
    assert table.lattices == ("fcc", "fcc")
    np.testing.assert_array_equal(table.masses_u, [58.7, 26.98])
    np.testing.assert_array_equal(table.embedding * 8, [[1, 2, 3], [12, 13, 14]])
    np.testing.assert_array_equal(table.density[:, 0, 0] * 8, [4, 8])  # given by Ni: to Ni, to Al
    np.testing.assert_array_equal(table.density[:, 1, 0] * 8, [15, 19])  # given by Al
    np.testing.assert_array_equal(table.pair[:, :, 0] * 8, [[23, 27], [27, 31]])
    np.testing.assert_array_equal(table.pair[0, 1] * 8, [27, 28, 29, 30])


def test_alloy_is_recognised_by_its_count_of_numbers() -> None:
    table = parse_setfl(small_table("alloy"), "test")
    np.testing.assert_array_equal(table.density[:, 0, 0] * 8, [4, 4])
    np.testing.assert_array_equal(table.density[:, 1, 0] * 8, [11, 11])
    np.testing.assert_array_equal(table.pair[:, :, 0] * 8, [[15, 19], [19, 23]])
    again = parse_setfl(format_setfl(table), "written as fs")
    np.testing.assert_array_equal(again.density, table.density)
    np.testing.assert_array_equal(again.pair, table.pair)


def test_density_of_unlike_atoms_is_the_one_lammps_takes(tmp_path: Path) -> None:
    """A Ni-Al dimer whose density functions differ in both directions, r on a mesh point."""
    n, d_r, d_rho = 2000, 0.0025, 0.005
    r, rho = np.arange(n) * d_r, np.arange(n) * d_rho

    def decay(height: float) -> np.ndarray:
        return height * (1 - r / r[-1]) ** 3

    given = {("Ni", "Ni"): 1.0, ("Ni", "Al"): 2.0, ("Al", "Ni"): 3.0, ("Al", "Al"): 4.0}
    functions = []
    for source, curve in (("Ni", -rho), ("Al", -0.3 * rho)):
        functions += ["28 58.7 3.52 fcc" if source == "Ni" else "13 26.98 4.05 fcc"]
        functions += [" ".join(map(repr, curve.tolist()))]
        functions += [
            " ".join(map(repr, decay(given[source, host]).tolist())) for host in ("Ni", "Al")
        ]
    functions += [" ".join(map(repr, (decay(k) * r).tolist())) for k in (0.1, 0.2, 0.3)]
    text = "\n".join(["a", "b", "c", "2 Ni Al", f"{n} {d_rho} {n} {d_r} 4.9", *functions])
    path = tmp_path / "dimer.eam.fs"
    path.write_text(format_setfl(parse_setfl(text, "test")))

    table = read_setfl(path)
    node = 1000
    distance = node * d_r
    at_ni, at_al = table.density[0, 1, node], table.density[1, 0, node]
    expected = -at_ni - 0.3 * at_al + table.pair[0, 1, node] / distance
    assert at_ni == pytest.approx(3 / 2 * at_al)

    engine = lammps_instance()
    engine.commands_list(
        [
            "units metal",
            "boundary f f f",
            "region box block 0 9 0 9 0 9",
            "create_box 2 box",
            "create_atoms 1 single 2 2 2",
            f"create_atoms 2 single {2 + distance} 2 2",
            "pair_style eam/fs",
            f"pair_coeff * * {path} Ni Al",
            "run 0 post no",
        ]
    )
    assert engine.get_thermo("pe") == pytest.approx(expected, abs=1e-9)
    engine.close()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            lambda text: text[: len(text) // 2],
            "ends after 0 of 3 values of the embedding function of Al",
        ),
        (lambda text: "", "ends before the number of elements"),
        (lambda text: "<html>\nnot\nfound\nSorry, no such page", "line 4 .* has 'Sorry,'"),
        (lambda text: text.replace("3.5 ", "x.5 "), "'x.5' among the numbers"),
        (lambda text: text.replace("3.5 ", "nan "), "'nan' .* not finite"),
        (lambda text: text.replace("0.25 1.0", "0.25 -1.0"), "'-1.0' for the cut-off"),
        (lambda text: text.replace("58.7", "-58.7"), "'-58.7' for a mass"),
        (lambda text: text.replace("3 0.5 4", "3 0.5 2"), "'2' for the number of radial"),
        (lambda text: "\0" * 1000, "ends before the number of elements"),
        (lambda text: text.replace("2 Ni Al", "999999999 Ni Al"), "counts 999999999 elements"),
    ],
)
def test_broken_tables_are_named(tmp_path: Path, change, complaint: str) -> None:
    path = tmp_path / "broken.eam.fs"
    path.write_text(change(small_table("fs")))
    with pytest.raises(PotstillError, match=complaint) as caught:
        read_setfl(path)
    assert "broken.eam.fs" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(PotstillError, match=r"nowhere\.eam\.fs.*No such file"):
        read_setfl(tmp_path / "nowhere.eam.fs")
