"""What choosing gains over all shares of a study: errors in ratio to random's.

For one error, y are the logarithms over the replicas at one share. The ratio of a strategy is
exp(d), where d is the mean over the shares of (mean y of the strategy - mean y of random). The
variance of d is that of these means, added over the shares, and its degrees of freedom are
Welch's and Satterthwaite's (Biometrics Bull. 2, 110 (1946)). Its p value is that of d = 0,
two-sided.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from potstill.errors import PotstillError
from potstill.report.markup import bold, markdown_table

CONFIDENCE = 0.95

Row = dict[str, Any]
Floats = NDArray[np.float64]


def ratio_to_random(
    pairs: Sequence[tuple[Sequence[float], Sequence[float]]],
) -> tuple[float, float, float, float]:
    """Return the ratio, the limits of its 95% confidence interval and its p value.

    pairs: for each share the errors (replicas,) of a strategy and of random, positive. NaN for
    limits and p that fewer than two replicas do not tell, and for all where an error is NaN or 0.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = [(np.log(ours), np.log(random)) for ours, random in pairs]
        d = float(np.mean([y.mean() - z.mean() for y, z in logs]))
    samples: list[Floats] = [y for pair in logs for y in pair]
    if not np.isfinite(d):
        return np.nan, np.nan, np.nan, np.nan
    ratio = float(np.exp(d))
    if min(map(len, samples)) < 2:
        return ratio, np.nan, np.nan, np.nan
    variances = np.array([y.var(ddof=1) / len(y) for y in samples]) / len(pairs) ** 2
    variance = variances.sum()
    if variance == 0:  # without any spread, every difference is one
        return ratio, ratio, ratio, float(d == 0)
    freedom = variance**2 / np.sum(variances**2 / [len(y) - 1 for y in samples])
    half = float(t.ppf(0.5 * (1 + CONFIDENCE), freedom) * np.sqrt(variance))
    p = float(2 * t.sf(abs(d) / np.sqrt(variance), freedom))
    return ratio, float(np.exp(d - half)), float(np.exp(d + half)), p


def error_names(row: Row) -> list[str]:
    """Return the columns of a model's row that are errors."""
    return [name for name in row if "_meV_per_" in name]


def require_random(rows: Sequence[Row], name: object) -> None:
    """Raise PotstillError when the study of that name has a share without a random selection."""
    random = {row["percent"] for row in rows if row["strategy"] == "random"}
    alone = sorted({row["percent"] for row in rows} - random)
    if alone:
        raise PotstillError(f"{name}: no random selection at {alone[0]:g}%; add `random`")


def columns(errors: Sequence[str]) -> list[str]:
    """Return the columns of `ratios`: of each error E the ratio E, and E_low, E_high and E_p."""
    parts = (name + part for name in errors for part in ("", "_low", "_high", "_p"))
    return ["strategy", "shares", *parts]


def ratios(studies: Sequence[Sequence[Row]], errors: Sequence[str]) -> list[Row]:
    """Return a row for each strategy but random, over the shares of the studies that tried it.

    studies: the rows of each study, one a model, which have random's at every share.
    """
    groups: dict[str, dict[tuple[float, int], list[Row]]] = {}
    for number, rows in enumerate(studies):
        for row in rows:
            by_share = groups.setdefault(row["strategy"], {})
            by_share.setdefault((row["percent"], number), []).append(row)
    random = groups.pop("random")
    table = []
    for strategy, by_share in groups.items():
        shares = sorted({share for share, _ in by_share})
        cells: list[str | float] = [strategy, " ".join(f"{share:g}" for share in shares)]
        for name in errors:
            pairs = [
                ([row[name] for row in by_share[key]], [row[name] for row in random[key]])
                for key in sorted(by_share)
            ]
            cells += ratio_to_random(pairs)
        table.append(dict(zip(columns(errors), cells, strict=True)))
    return table


def title(name: str) -> str:
    """Return an error's name without its unit."""
    return name.replace("_meV_per_atom", "").replace("_meV_per_A", "").replace("_", " ")


def markdown_ratios(table: Sequence[Row], errors: Sequence[str]) -> list[str]:
    """Return the table of `ratios` in Markdown, and what its marks say."""
    known = sum(bool(np.isfinite(row[f"{name}_p"])) for row in table for name in errors)

    def cell(row: Row, name: str) -> str:
        ratio, low, high, p = (row[name + part] for part in ("", "_low", "_high", "_p"))
        text = f"{ratio:.3g} ({low:.3g} to {high:.3g})"
        return bold(text, high < 1) + (r"\*" if p * known < 1 - CONFIDENCE else "")

    rows = [
        [row["strategy"], row["shares"], *(cell(row, name) for name in errors)] for row in table
    ]
    return [
        markdown_table(["strategy", "shares, %", *map(title, errors)], rows),
        "Errors in ratio to random's: geometric means over the shares (95% interval over the "
        "replicas); bold below 1. With a star what differs from 1 also when corrected for all "
        f"{known} comparisons (Bonferroni).",
    ]
