"""Labels by density functional theory: pseudopotentials, and Quantum ESPRESSO against itself."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from potstill.errors import PotstillError
from potstill.labels.gth_files import FOLDER, gth_file, main
from potstill.labels.label_one import FrameError, label_one
from potstill.labels.pwscf import pwscf

# CP2K's table has such entries.
TABLE = """\
# comments, and other functionals
Al GTH-PADE-q3 GTH-LDA-q3 GTH-PADE GTH-LDA
    2    1
     0.45000000    1    -8.49135116
    0
#
Li GTH-PBE-q3 GTH-PBE
    3
     0.40000000    4   -14.08115455     9.62621962    -1.78361605     0.08515207
    0
#
Al GTH-PBE-q3 GTH-PBE
    2    1
     0.45000000    1    -7.55476126
    2
     0.48743529    2     6.95993832    -1.88883584
                                        2.43847659
     0.56218949    1     1.86529857
#
Cu GTH-PBE-q11 GTH-PBE
    1    0   10
     0.53000000    0
    3
     0.43135505    3     9.69380507    -6.47016535     1.93595215
                                       11.50177396    -4.99860696
                                                       3.96752127
     0.56139155    2     2.54547330    -0.78463573
                                        0.92839352
     0.26455485    1   -12.82614352
"""
NEEDED = "POTSTILL_REQUIRE_DFT" in os.environ


def numbers(text: str) -> list[list[float]]:
    """Return the numbers of a file's rows after its head of three lines."""
    return [[float(word) for word in line.split()] for line in text.splitlines()[3:]]


def test_the_layout_is_that_of_pw() -> None:
    """Channel by channel: radius, number and upper triangle, and zeros for spin and orbit."""
    text = gth_file(TABLE, "Al", 3)
    first, second, third = text.splitlines()[:3]
    assert first.startswith("Al ") and second.split()[:2] == ["13", "3"]
    assert third.split()[:4] == ["10", "11", "1", "0"]
    assert numbers(text) == [
        [0.45, 1, -7.55476126],
        [2],
        [0.48743529, 2, 6.95993832, -1.88883584],
        [2.43847659],
        [0.56218949, 1, 1.86529857],
        [0],
    ]
    assert numbers(gth_file(TABLE, "Cu", 11)) == [
        [0.53, 0],
        [3],
        [0.43135505, 3, 9.69380507, -6.47016535, 1.93595215],
        [11.50177396, -4.99860696],
        [3.96752127],
        [0.56139155, 2, 2.54547330, -0.78463573],
        [0.92839352],
        [0, 0],
        [0],
        [0.26455485, 1, -12.82614352],
        [0],
    ]
    local = gth_file(TABLE, "Li", 3)
    assert local.splitlines()[2].split()[2] == "0"
    assert numbers(local)[1:] == [[1], [1, 0]]


def test_what_comes_along_is_of_the_table() -> None:
    assert (FOLDER / "Al.gth").read_text() == gth_file(TABLE, "Al", 3)


def test_bad_tables(tmp_path: Path) -> None:
    for table, symbol, said in [
        (TABLE, "Al", "no Al GTH-PBE-q11"),
        (TABLE.partition("     0.56139155")[0], "Cu", "ends or is broken in Cu GTH-PBE-q11"),
        (TABLE.replace("0.53000000    0", "0.53000000    2"), "Cu", "is broken in Cu"),
    ]:
        with pytest.raises(PotstillError, match=said):
            gth_file(table, symbol, 11)
    (tmp_path / "TABLE").write_text(TABLE)
    assert main([str(tmp_path / "TABLE"), "Al-q3", "-o", str(tmp_path)]) is None
    assert (tmp_path / "Al.gth").read_bytes() == (FOLDER / "Al.gth").read_bytes()
    assert "name an element and its electrons" in main([str(tmp_path / "TABLE"), "Al"])
    assert f"error: {tmp_path / 'TABLE'}: the table has no" in main(
        [str(tmp_path / "TABLE"), "Mg-q2"]
    )


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(PotstillError, match=r"no-such-pw is not found; install Quantum ESPRESSO"):
        pwscf(20, 0.05, 0.05, command="no-such-pw -nk 2")
    with pytest.raises(PotstillError, match=r"pseudopotentials: .* holds no .gth or .upf file"):
        pwscf(20, 0.05, 0.05, command="python3", pseudopotentials=str(tmp_path))


@pytest.mark.skipif(not (shutil.which("pw.x") or NEEDED), reason="Quantum ESPRESSO is missing")
def test_forces_are_the_derivative_of_the_energy(tmp_path: Path) -> None:
    """Of two atoms of aluminium out of their places; what does not converge is a frame's fault."""
    atoms = bulk("Al", "bcc", a=3.2, cubic=True)
    atoms.positions[1] += (0.15, 0.1, -0.05)
    calculator = pwscf(12, 0.12, 0.1)
    calculator.directory = tmp_path / "work"
    found = label_one(atoms, calculator)
    assert found.stress is not None and np.abs(found.forces).max() > 0.3
    energies = []
    for step in (-0.02, 0.02):
        moved = atoms.copy()
        moved.positions[1, 0] += step
        energies.append(label_one(moved, calculator).energy)
    assert found.forces[1, 0] == pytest.approx(-np.diff(energies)[0] / 0.04, abs=5e-3)
    stopped = pwscf(12, 0.12, 0.1, settings={"electrons": {"electron_maxstep": 1}})
    stopped.directory = tmp_path / "stopped"
    with pytest.raises(Exception, match=r"pw\.x") as error:
        label_one(atoms, stopped)
    assert not isinstance(error.value, PotstillError | FrameError)
