"""Results as a page of HTML that holds all it shows, for a browser and for Snakemake's report."""

import base64
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from potstill.report.markup import Table, is_numeric, write_text

# Rules for what is inside the page's own element alone, as the report shows a page inside its own.
# The last three give the report's opening view the width of the tables and a top to scroll to.
_STYLE = """
.potstill { font: 14px/1.5 system-ui, sans-serif; color: #222; padding: 1rem; }
.potstill h1 { font-size: 1.5em; font-weight: 600; margin: 0 0 0.6em; }
.potstill h2 { font-size: 1.15em; font-weight: 600; margin: 1.6em 0 0.5em; }
.potstill p, .potstill li { max-width: 48rem; margin: 0.6em 0; }
.potstill code { font-family: ui-monospace, monospace; font-size: 0.92em; font-weight: inherit; }
.potstill code::before, .potstill code::after { content: none; }
.potstill a { color: #0072b2; text-decoration: underline; }
.potstill .wide { overflow-x: auto; }
.potstill table { border-collapse: collapse; width: auto; margin: 0.8em 0; white-space: nowrap;
  font-size: 0.93em; font-variant-numeric: tabular-nums; border: 0 solid #222;
  border-width: 1.5px 0; }
.potstill th, .potstill td { padding: 0.25em 0.6em; text-align: left; border: 0; }
.potstill th { font-weight: 600; border-bottom: 1px solid #222; }
.potstill tbody tr:nth-child(even) { background: #f4f6f8; }
.potstill .number { text-align: right; }
.potstill figure { display: inline-block; vertical-align: top; margin: 0 1.5rem 1rem 0; }
.potstill figure img { width: 22rem; max-width: 100%; margin: 0; }
.potstill figcaption { font-size: 0.93em; color: #555; max-width: 22rem; }
.potstill figure.wide img, .potstill figure.wide figcaption { width: 44rem; max-width: 100%; }
.max-w-lg .potstill { padding: 0; }
.max-w-lg:has(.potstill) { max-width: none; }
.h-screen.items-center:has(.max-w-lg .potstill) { align-items: flex-start; }
"""


class Image(NamedTuple):
    """A PNG and what stands below it; wide: it has the width of a page, not of a column."""

    path: Path
    caption: str
    wide: bool = False


Part = str | Table | Image


def write_page(
    path: Path, title: str, parts: Sequence[Part], *, download: Path | None = None
) -> None:
    """Write a page of headings, paragraphs, tables and images.

    A string is a paragraph, or after `## ` a heading; `code` and **bold** in it are shown as such.
    download: a file that the page offers, whole inside it.
    """
    shown = [f"<h1>{_text(title)}</h1>", *(_part(part) for part in parts)]
    if download:
        link = f'<a download="{escape(download.name)}" href="{_data(download, "text/csv")}">'
        shown.append(f"<p>{link}{escape(download.name)}</a></p>")
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        f'<head><meta charset="utf-8"><title>{escape(title)}</title>',
        f"<style>{_STYLE}</style></head>",
        '<body><div class="potstill">',
        *shown,
        "</div></body>",
        "</html>",
    ]
    write_text(path, "\n".join(lines) + "\n")


def _part(part: Part) -> str:
    if isinstance(part, Table):
        return _table(part)
    if isinstance(part, Image):
        image = f'<img src="{_data(part.path, "image/png")}" alt="{escape(part.caption)}">'
        kind = ' class="wide"' if part.wide else ""
        return f"<figure{kind}>{image}<figcaption>{_text(part.caption)}</figcaption></figure>"
    if part.startswith("## "):
        return f"<h2>{_text(part[3:])}</h2>"
    return f"<p>{_text(part)}</p>"


def _text(text: str) -> str:
    """Return escaped text with its code and its bold words."""
    shown = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", shown)


def _table(table: Table) -> str:
    right = [' class="number"' if numeric else "" for numeric in is_numeric(table)]

    def row(tag: str, cells: Sequence[str]) -> str:
        inside = (f"<{tag}{a}>{_text(cell)}</{tag}>" for a, cell in zip(right, cells, strict=True))
        return f"<tr>{''.join(inside)}</tr>"

    body = "\n".join(row("td", cells) for cells in table.cells)
    head = row("th", table.header)
    return (
        f'<div class="wide"><table><thead>{head}</thead>\n<tbody>\n{body}\n</tbody></table></div>'
    )


def _data(path: Path, kind: str) -> str:
    """Return a file as the address of its own content."""
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
