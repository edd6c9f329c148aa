"""A table as four files: CSV, Markdown, LaTeX and HTML."""

from collections.abc import Sequence
from pathlib import Path

from potstill.report.markup import Table, write_csv, write_markdown, write_tex
from potstill.report.page import write_page


def write_table(
    title: str,
    table: Table,
    below: Sequence[str | Table] = (),
    *,
    groups: Sequence[str],
    csv: Path,
    markdown: Path,
    tex: Path,
    page: Path,
) -> None:
    """Write a table as CSV, Markdown, LaTeX and a page of HTML.

    title: that of the page, which offers the CSV as a download; below: what stands below the table
    in Markdown and on the page. groups: a name for each row; in LaTeX some space parts groups.
    """
    write_csv(csv, table.header, table.cells)
    write_tex(tex, table.header, table.cells, groups=groups)
    parts = [table, *below]
    write_markdown(markdown, parts)
    write_page(page, title, parts, download=csv)
