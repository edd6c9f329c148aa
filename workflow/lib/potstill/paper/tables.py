"""Tables 1, 2, 3, that of niobium, and S4: from result files to CSV, Markdown, LaTeX and HTML."""

from pathlib import Path
from typing import NamedTuple

from potstill.errors import PotstillError
from potstill.paper.printed import TABLES
from potstill.report.markup import Table, write_csv, write_markdown, write_tex
from potstill.report.page import write_page
from potstill.runtime.files import read_json

HCP, HCP_PRINTED = "HCP", "HCP c/a=sqrt(3)"
STRUCTURES = ("FCC", "BCC", HCP, HCP_PRINTED)
# What the paper's tables are about, by number.
TITLES = {
    "1": "Table 1: relaxed nickel, by kind of frames",
    "2": "Table 2: relaxed nickel, distilled against all frames",
    "3": "Table 3: relaxed aluminium, of translated frames",
    "nb": "Relaxed niobium, of translated frames",
    "s4": "Table S4: self energies",
}
KINDS = {"fcc": "FCC", "bcc": "BCC", "hcp": "HCP", "momt": "MOMT", "full": "undistilled"}


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


class SelfEnergyRow(NamedTuple):
    """One row of Table S4."""

    element: str
    model: str
    frames: int
    self_energy_eV: float


class Crystal(NamedTuple):
    """What a table needs of one relaxed crystal."""

    atoms: int
    bond: float
    energy: float
    converged: bool


def potential_label(model: str, frames: int) -> str:
    """Return a network's name in a table: `Ni-fcc` of 2000 frames is `NNP 2000 FCC frames`."""
    kind = model.partition("-")[2] or model
    return f"NNP {frames} {KINDS.get(kind, kind)} frames"


def crystal_table(
    reference: Path,
    models: dict[str, Path],
    summaries: dict[str, Path],
    *,
    title: str,
    csv: Path,
    markdown: Path,
    tex: Path,
    page: Path,
    printed: int | None = None,
) -> None:
    """Write relaxed crystals of the EAM and of models, with errors and the rank of the energies.

    reference: relaxed crystals of the EAM. models: those of each model, by its name. summaries:
    the training summary of each model, which tells how many frames it was trained on. title: that
    of the page. printed: the number of the paper's table to repeat below ours in the Markdown file
    and on the page.

    Rank 1 is the lowest energy among FCC, BCC and HCP. The relaxed HCP crystal counts for the ranks
    of FCC, BCC and HCP; the row `HCP c/a=sqrt(3)` is ranked with itself in its place.
    """
    element, exact = read_crystals(reference)
    rows = _rows(element, "EAM", exact, exact)
    unconverged = _unconverged("EAM", exact)
    for model, path in models.items():
        symbol, relaxed = read_crystals(path)
        if symbol != element:
            raise PotstillError(
                f"{path}: holds crystals of {symbol}, but {reference} of {element}; relax the same"
            )
        if model not in summaries:
            raise PotstillError(f"{path}: model {model} has no training summary to tell its frames")
        label = potential_label(model, read_json(summaries[model])["frames"])
        rows += _rows(element, label, relaxed, exact)
        unconverged += _unconverged(label, relaxed)
    header = list(CrystalRow._fields)
    cells = [_crystal_cells(row) for row in rows]
    write_csv(csv, header, cells)
    write_tex(tex, header, cells, groups=[row.potential for row in rows])
    parts: list[str | Table] = [
        Table(header, cells),
        "Bond length: nearest neighbours. Errors: against the EAM in the same structure. "
        "Rank: 1 is the lowest energy of FCC, BCC and HCP; `HCP` is relaxed with free c/a, "
        f"`{HCP_PRINTED}` is held there, as in the paper's tables, and ranked in place of `HCP`.",
    ]
    if unconverged:
        parts.append(f"Not converged, so no minimum: {'; '.join(unconverged)}.")
    if printed is not None:
        parts.append(f"Printed in the paper (Table {printed}; its HCP is ours at c/a = sqrt(3)):")
        parts.append(_printed_table(printed))
    write_markdown(markdown, parts)
    write_page(page, title, parts, download=csv)


def _printed_table(number: int) -> Table:
    header = ["structure", "atoms", "potential", "bond_length_A", "energy_eV_per_atom"]
    cells = [
        [r.structure, str(r.atoms), r.potential, f"{r.bond_length_A:.2f}",
         f"{r.energy_eV_per_atom:.3f}"]
        for r in TABLES[number]
    ]  # fmt: skip
    return Table(header, cells)


def self_energy_table(
    summaries: dict[str, Path], *, title: str, csv: Path, markdown: Path, tex: Path, page: Path
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
    header = list(SelfEnergyRow._fields)
    cells = [[r.element, r.model, str(r.frames), f"{r.self_energy_eV:.6f}"] for r in rows]
    write_csv(csv, header, cells)
    write_tex(tex, header, cells, groups=[row.element for row in rows])
    write_markdown(markdown, [Table(header, cells)])
    write_page(page, title, [Table(header, cells)], download=csv)


def read_crystals(path: Path) -> tuple[str, dict[str, Crystal]]:
    """Return the element and its crystals by structure; PotstillError names missing ones."""
    content = read_json(path)
    crystals = {
        c["structure"]: Crystal(
            c["atoms"], c["bond_length_A"], c["energy_eV_per_atom"], c["converged"]
        )
        for c in content["crystals"]
    }
    missing = [name for name in STRUCTURES if name not in crystals]
    if missing:
        raise PotstillError(f"{path}: lacks the crystal(s) {', '.join(missing)}; relax them again")
    return content["symbol"], crystals


def rank_of(structure: str, crystals: dict[str, Crystal]) -> int:
    """Return the rank of a crystal's energy among FCC, BCC and HCP, as in `crystal_table`."""
    hcp = HCP_PRINTED if structure == HCP_PRINTED else HCP
    energy = crystals[structure].energy
    return 1 + sum(crystals[other].energy < energy for other in ("FCC", "BCC", hcp))


def _rows(
    element: str, potential: str, crystals: dict[str, Crystal], exact: dict[str, Crystal]
) -> list[CrystalRow]:
    return [
        CrystalRow(
            element,
            structure,
            crystals[structure].atoms,
            potential,
            crystals[structure].bond,
            crystals[structure].energy,
            crystals[structure].bond - exact[structure].bond,
            crystals[structure].energy - exact[structure].energy,
            rank_of(structure, crystals),
        )
        for structure in STRUCTURES
    ]


def _unconverged(potential: str, crystals: dict[str, Crystal]) -> list[str]:
    return [f"{potential}, {name}" for name in STRUCTURES if not crystals[name].converged]


def _crystal_cells(row: CrystalRow) -> list[str]:
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
