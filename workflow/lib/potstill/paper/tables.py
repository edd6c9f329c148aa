"""Tables 1, 2, 3, that of niobium, and S4: from result files to CSV, Markdown, LaTeX and HTML."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from potstill.paper.printed import TABLES
from potstill.report import crystal_table as report
from potstill.report.markup import Table
from potstill.report.table_files import write_table
from potstill.runtime.files import read_json

# What the paper's tables are about, by number.
TITLES = {
    "1": "Table 1: relaxed nickel, by kind of frames",
    "2": "Table 2: relaxed nickel, distilled against all frames",
    "3": "Table 3: relaxed aluminium, of translated frames",
    "nb": "Relaxed niobium, of translated frames",
    "s4": "Table S4: self energies",
}


class SelfEnergyRow(NamedTuple):
    """One row of Table S4."""

    element: str
    model: str
    frames: int
    self_energy_eV: float


def crystal_table(
    reference: Path,
    models: Mapping[str, Path],
    summaries: Mapping[str, Path],
    *,
    title: str,
    csv: Path,
    markdown: Path,
    tex: Path,
    page: Path,
    printed: int | None = None,
) -> None:
    """Write a table of relaxed crystals as `report.crystal_table` does.

    printed: the number of the paper's table to repeat below ours in the Markdown file and on the
    page.
    """
    below: list[str | Table] = []
    if printed is not None:
        below = [
            f"Printed in the paper (Table {printed}; its HCP is ours at c/a = sqrt(3)):",
            _printed_table(printed),
        ]
    report.crystal_table(
        reference,
        models,
        summaries,
        title=title,
        csv=csv,
        markdown=markdown,
        tex=tex,
        page=page,
        held_as=", as in the paper's tables,",
        below=below,
    )


def _printed_table(number: int) -> Table:
    header = ["structure", "atoms", "potential", "bond_length_A", "energy_eV_per_atom"]
    cells = [
        [r.structure, str(r.atoms), r.potential, f"{r.bond_length_A:.2f}",
         f"{r.energy_eV_per_atom:.3f}"]
        for r in TABLES[number]
    ]  # fmt: skip
    return Table(header, cells)


def self_energy_table(
    summaries: Mapping[str, Path],
    *,
    title: str,
    csv: Path,
    markdown: Path,
    tex: Path,
    page: Path,
) -> None:
    """Write each model's element, training frames and self energy (Table S4).

    summaries: the training summary of each model, by its name.
    """
    rows = []
    for model, path in summaries.items():
        summary = read_json(path)
        rows.append(
            SelfEnergyRow(summary["symbol"], model, summary["frames"], summary["self_energy_eV"])
        )
    cells = [[r.element, r.model, str(r.frames), f"{r.self_energy_eV:.6f}"] for r in rows]
    write_table(
        title,
        Table(SelfEnergyRow._fields, cells),
        groups=[row.element for row in rows],
        csv=csv,
        markdown=markdown,
        tex=tex,
        page=page,
    )
