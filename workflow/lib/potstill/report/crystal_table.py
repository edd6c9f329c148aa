"""The table of relaxed crystals of a reference and of models, with errors and ranks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from potstill.errors import PotstillError
from potstill.report.markup import Table
from potstill.report.read_results import (
    HCP_HELD,
    STRUCTURES,
    Crystal,
    Crystals,
    potential_label,
    rank_of,
    read_crystals,
    read_summary,
)
from potstill.report.table_files import write_table


class CrystalRow(NamedTuple):
    """One row of a crystal table; errors are against the reference in the same structure."""

    element: str
    structure: str
    atoms: int
    potential: str
    bond_length_A: float
    energy_eV_per_atom: float
    bond_error_A: float
    energy_error_eV_per_atom: float
    rank: int


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
    held_as: str = "",
    below: Sequence[str | Table] = (),
) -> None:
    """Write relaxed crystals of a reference and of models, with errors and ranks of the energies.

    reference: relaxed crystals of what labelled the models' frames. models: those of each model, by
    its name. summaries: the training summary of each model, which tells how many frames it was
    trained on. title: that of the page. held_as: why HCP is held at a c/a as well. below: what else
    stands below the table in the Markdown file and on the page.

    Rank 1 is the lowest energy among FCC, BCC and HCP. The relaxed HCP crystal counts for the ranks
    of FCC, BCC and HCP; the row `HCP c/a=sqrt(3)` is ranked with itself in its place.
    """
    exact = read_crystals(reference)
    rows = _rows(exact.model, exact, exact)
    unconverged = _unconverged(exact.model, exact)
    for model, path in models.items():
        relaxed = read_crystals(path)
        if relaxed.element != exact.element:
            raise PotstillError(
                f"{path}: holds crystals of {relaxed.element}, but {reference} of {exact.element}; "
                "relax the same"
            )
        label = potential_label(model, read_summary(model, summaries)["frames"])
        rows += _rows(label, relaxed, exact)
        unconverged += _unconverged(label, relaxed)
    notes = [
        f"Bond length: nearest neighbours. Errors: against the {exact.model} in the same "
        "structure. Rank: 1 is the lowest energy of FCC, BCC and HCP; `HCP` is relaxed with free "
        f"c/a, `{HCP_HELD}` is held there{held_as} and ranked in place of `HCP`.",
    ]
    if unconverged:
        notes.append(f"Not converged, so no minimum: {'; '.join(unconverged)}.")
    write_table(
        title,
        Table(CrystalRow._fields, [_cells(row) for row in rows]),
        [*notes, *below],
        groups=[row.potential for row in rows],
        csv=csv,
        markdown=markdown,
        tex=tex,
        page=page,
    )


def _rows(potential: str, relaxed: Crystals, exact: Crystals) -> list[CrystalRow]:
    def row(structure: str, own: Crystal, right: Crystal) -> CrystalRow:
        return CrystalRow(
            relaxed.element,
            structure,
            own.atoms,
            potential,
            own.bond,
            own.energy,
            own.bond - right.bond,
            own.energy - right.energy,
            rank_of(structure, relaxed.by_structure),
        )

    return [row(s, relaxed.by_structure[s], exact.by_structure[s]) for s in STRUCTURES]


def _unconverged(potential: str, relaxed: Crystals) -> list[str]:
    return [f"{potential}, {s}" for s in STRUCTURES if not relaxed.by_structure[s].converged]


def _cells(row: CrystalRow) -> list[str]:
    return [
        row.element,
        row.structure,
        str(row.atoms),
        row.potential,
        f"{row.bond_length_A:.4f}",
        f"{row.energy_eV_per_atom:.5f}",
        f"{row.bond_error_A:.4f}",
        f"{row.energy_error_eV_per_atom:.5f}",
        str(row.rank),
    ]
