"""What a run came to, on one page: errors, crystals, sampling, and the figures that say most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from potstill.paper.data import Trained
from potstill.paper.numbers import read_table
from potstill.paper.tables import STRUCTURES, potential_label
from potstill.report.markup import MISSING, Table
from potstill.report.page import Image, Part, write_page
from potstill.runtime.files import read_json


@dataclass(frozen=True)
class Results:
    """The result files that the page is made from.

    tested: models by (model, set), each with its evaluation on the set; crystals: CSV of the
    crystal tables; sampled: summaries of the sampled sets by name; reductions: what each element's
    distillation kept, by symbol; figures: PNG by caption.
    """

    tested: Mapping[tuple[str, str], Trained]
    crystals: Sequence[Path]
    sampled: Mapping[str, Path]
    reductions: Mapping[str, Path]
    figures: Mapping[str, Path]


def write_results_page(run: str, results: Results, output: Path) -> None:
    """Write the page (HTML) of a run."""
    parts: list[Part] = [
        *(_kept(symbol, path) for symbol, path in results.reductions.items()),
        "## Errors against the potential",
        _errors(results.tested),
        "MAE: mean absolute error of the energy; worst 1%: that of the worst 1% of the frames.",
        "## Relaxed crystals",
        _crystals(results.crystals),
        "The largest errors of FCC, BCC and HCP against the potential in the same structure, and "
        "the order of their energies, lowest first.",
        "## Sampling",
        _sampling(results.sampled),
        "Round trips: of all walkers between solid and liquid, in production. A MOMT set with few "
        "of them is of a part of the phases, and so are errors on it. Flatness: highest over "
        "lowest bin of the order parameter's histogram, over the central 80% of its range.",
        "## Figures",
        *(Image(path, caption) for caption, path in results.figures.items()),
    ]
    write_page(output, f"Results of the run {run}", parts)


def _kept(symbol: str, path: Path) -> str:
    found = read_json(path)
    return (
        f"Of {found['source_frames']:,} frames of {symbol}, `{found['strategy']}` kept "
        f"**{found['kept']:,}** ({100 * found['kept'] / found['source_frames']:.1f}%), with labels "
        f"of {found['labelled']:,}."
    )


def _errors(tested: Mapping[tuple[str, str], Trained]) -> Table:
    cells = []
    for (model, name), (summary, evaluation) in tested.items():
        trained, found = read_json(summary), read_json(evaluation)
        cells.append(
            [trained["symbol"], potential_label(model, trained["frames"]), name,
             str(found["frames"]), f"{found['mae_meV_per_atom']:.3f}",
             f"{found['worst_percent_meV_per_atom']:.2f}", f"{found['force_mae_meV_per_A']:.1f}"]
        )  # fmt: skip
    header = ["element", "model", "tested on", "frames", "MAE, meV/atom", "worst 1%, meV/atom",
              "forces, meV/A"]  # fmt: skip
    return Table(header, cells)


def _crystals(tables: Sequence[Path]) -> Table:
    cells = []
    for table in tables:
        rows = [row for row in read_table(table) if row["structure"] in STRUCTURES[:3]]
        potentials = {row["potential"]: [r for r in rows if r["potential"] == row["potential"]]
                      for row in rows}  # fmt: skip
        exact = _order(potentials.pop("EAM"))
        for potential, own in potentials.items():
            order = _order(own)
            cells.append(
                [own[0]["element"], potential,
                 f"{1000 * max(abs(float(r['energy_error_eV_per_atom'])) for r in own):.2f}",
                 f"{max(abs(float(r['bond_error_A'])) for r in own):.4f}",
                 order, "yes" if order == exact else f"no: {exact}"]
            )  # fmt: skip
    header = ["element", "model", "energy, meV/atom", "bond, A", "order", "as it should"]
    return Table(header, cells)


def _order(rows: Sequence[Mapping[str, str]]) -> str:
    """Return the structures in the order of their energies."""
    ranked = sorted(rows, key=lambda row: float(row["energy_eV_per_atom"]))
    return " < ".join(row["structure"] for row in ranked)


def _sampling(sampled: Mapping[str, Path]) -> Table:
    cells = []
    for name, path in sampled.items():
        found = read_json(path)
        flatness = found["order_flatness"]
        momt = found["method"] == "momt"
        cells.append(
            [name, found["method"].upper(), str(found["frames"]),
             str(found["round_trips"]) if momt else MISSING,
             f"{flatness:.2f}" if momt and flatness is not None else MISSING]
        )  # fmt: skip
    return Table(["set", "method", "frames", "round trips", "flatness"], cells)
