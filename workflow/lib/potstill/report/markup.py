"""Tables as text: CSV, Markdown and LaTeX."""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from potstill.runtime.files import atomic_path

# a cell of a column of numbers that has none
MISSING = "-"
# what a backslash does not make of these; LaTeX's usual encoding prints others for the last three
TEX = {
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}",
    "|": r"\textbar{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


class Table(NamedTuple):
    """A table: the names of its columns, and its rows."""

    header: Sequence[str]
    cells: Sequence[Sequence[str]]


def is_numeric(table: Table) -> list[bool]:
    """Return which columns hold nothing but numbers."""
    return [all(_is_number(row[i]) for row in table.cells) for i in range(len(table.header))]


def _is_number(cell: str) -> bool:
    if cell == MISSING:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_csv(path: Path, header: Sequence[str], cells: Iterable[Sequence[object]]) -> None:
    """Write a CSV file atomically."""
    with atomic_path(path) as temporary, temporary.open("w", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows([header, *cells])


def bold(text: str, where: bool) -> str:
    """Return Markdown text, in bold where told."""
    return f"**{text}**" if where else text


def markdown_table(header: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; columns of numbers are aligned right."""
    numeric = is_numeric(Table(header, cells))
    lines = [header, ["---:" if right else "---" for right in numeric], *cells]
    shown = [[cell.replace("|", r"\|") for cell in line] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in shown)


def write_markdown(path: Path, parts: Sequence[str | Table]) -> None:
    """Write paragraphs and tables as Markdown."""
    shown = (part if isinstance(part, str) else markdown_table(*part) for part in parts)
    write_text(path, "\n\n".join(shown) + "\n")


def _tex(text: str) -> str:
    """Return text for LaTeX: roots and powers as mathematics, everything else as it is."""
    return re.sub(r"sqrt\((\d+)\)|\^(\d+)|[&%$#_{}~^\\|<>]", _tex_of, text)


def _tex_of(found: re.Match[str]) -> str:
    root, power = found.groups()
    if root:
        return rf"$\sqrt{{{root}}}$"
    if power:
        return f"$^{power}$" if len(power) == 1 else f"$^{{{power}}}$"
    return TEX.get(found[0], rf"\{found[0]}")


def write_tex(
    path: Path, header: Sequence[str], cells: Sequence[Sequence[str]], *, groups: Sequence[str]
) -> None:
    r"""Write a booktabs tabular, with space where the value of `groups` changes."""
    numeric = is_numeric(Table(header, cells))
    lines = [
        "% needs \\usepackage{booktabs}",
        f"\\begin{{tabular}}{{{''.join('r' if right else 'l' for right in numeric)}}}",
        "\\toprule",
        " & ".join(_tex(name) for name in header) + r" \\",
        "\\midrule",
    ]
    for number, row in enumerate(cells):
        if number and groups[number] != groups[number - 1]:
            lines.append("\\addlinespace")
        # a hyphen is no minus sign in LaTeX
        texts = (f"${cell}$" if _is_number(cell) else _tex(cell) for cell in row)
        lines.append(" & ".join(texts) + r" \\")
    lines += ["\\bottomrule", "\\end{tabular}"]
    write_text(path, "\n".join(lines) + "\n")
