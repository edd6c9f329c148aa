"""Tables as text: no character of a cell is taken for markup."""

import string

import pytest

from potstill.report.markup import markdown_table, write_tex

# LaTeX takes these for markup, or prints others in their place in its usual encoding
SPECIAL = {
    "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}",
    "|": r"\textbar{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


def row_of(tmp_path, header, cell):
    """Return the lines of a LaTeX table's header and of its one cell, without their ends."""
    write_tex(tmp_path / "t.tex", [header], [[cell]], groups=[""])
    lines = [line for line in (tmp_path / "t.tex").read_text().splitlines() if line.endswith(r"\\")]
    return [line.removesuffix(r" \\") for line in lines]


@pytest.mark.parametrize("character", string.punctuation)
def test_every_character_is_itself_in_latex(tmp_path, character):
    shown = f"a{SPECIAL.get(character, character)}b"
    assert row_of(tmp_path, f"a{character}b", f"a{character}b") == [shown, shown]


def test_latex_of_several_characters_at_once(tmp_path):
    cell = r"50% of \beta_{x} & |dg(r)| < #3 ~ $1"
    assert row_of(tmp_path, "x", cell)[1] == (
        r"50\% of \textbackslash{}beta\_\{x\} \& \textbar{}dg(r)\textbar{} \textless{} \#3 "
        r"\textasciitilde{} \$1"
    )


def test_roots_and_powers_are_mathematics_in_latex(tmp_path):
    assert row_of(tmp_path, "A^3", "HCP c/a=sqrt(3)") == ["A$^3$", r"HCP c/a=$\sqrt{3}$"]
    assert row_of(tmp_path, "10^12 ^x", "a")[0] == r"10$^{12}$ \textasciicircum{}x"


def test_numbers_are_mathematics_in_latex(tmp_path):
    assert row_of(tmp_path, "x", "-4.87")[1] == "$-4.87$"


def test_bars_stay_in_their_cell_of_a_markdown_table():
    table = markdown_table(["property", "value"], [["|dg(r)|", "1.5"]])
    assert table.splitlines()[1:] == ["| --- | ---: |", r"| \|dg(r)\| | 1.5 |"]
