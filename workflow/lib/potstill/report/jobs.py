"""What the rules of the report run: files in lists, put in order."""

from collections.abc import Sequence
from pathlib import Path

from potstill.paper.data import Trained
from potstill.potentials.setfl import numbers_sha256
from potstill.report.results_page import Results, write_results_page
from potstill.runtime.records import write_provenance
from potstill.settings import Settings


def results_page(
    run: str,
    shown: Sequence[tuple[str, str]],
    *,
    tested: Sequence[Path],
    crystals: list[Path],
    sampled: dict[str, Path],
    reductions: dict[str, Path],
    figures: dict[str, Path],
    output: Path,
) -> None:
    """Put what a run came to on one page, see `write_results_page`.

    shown: models and the sets that they are tested on; tested: the training summary and the
    evaluation of each.
    """
    pairs = zip(tested[::2], tested[1::2], strict=True)
    by_model = {pair: Trained(*files) for pair, files in zip(shown, pairs, strict=True)}
    write_results_page(run, Results(by_model, crystals, sampled, reductions, figures), output)


def provenance(
    tables: Sequence[Path], files: Sequence[Path], *, configuration: Settings, output: Path
) -> None:
    """Write down what made a run, see `write_provenance`."""
    numbers = {p.name.removesuffix(".eam.fs"): numbers_sha256(p.read_text()) for p in tables}
    write_provenance(files, settings=configuration, potentials=numbers, output=output)
