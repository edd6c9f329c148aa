"""What choosing gains over all shares of a study: errors in ratio to random's.

For one error, y are the logarithms over the replicas at one share. The ratio of a strategy is
exp(d), where d is the mean over the shares of (mean y of the strategy - mean y of random). The
variance of d is that of these means, added over the shares, and its degrees of freedom are
Welch's and Satterthwaite's (Biometrics Bull. 2, 110 (1946)).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

Row = dict[str, Any]
Floats = NDArray[np.float64]


def ratio_to_random(
    pairs: Sequence[tuple[Sequence[float], Sequence[float]]], confidence: float
) -> tuple[float, float, float]:
    """Return the ratio and the limits of its confidence interval.

    pairs: for each share the errors (replicas,) of a strategy and of random, positive. NaN for
    limits that fewer than two replicas do not tell, and for all three where an error is NaN or 0.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = [(np.log(ours), np.log(random)) for ours, random in pairs]
        d = float(np.mean([y.mean() - z.mean() for y, z in logs]))
    samples: list[Floats] = [y for pair in logs for y in pair]
    if not np.isfinite(d):
        return np.nan, np.nan, np.nan
    ratio, half = float(np.exp(d)), 0.0
    if min(map(len, samples)) < 2:
        return ratio, np.nan, np.nan
    variances = np.array([y.var(ddof=1) / len(y) for y in samples]) / len(pairs) ** 2
    variance = variances.sum()
    if variance > 0:
        freedom = variance**2 / np.sum(variances**2 / [len(y) - 1 for y in samples])
        half = float(t.ppf(0.5 * (1 + confidence), freedom) * np.sqrt(variance))
    return ratio, float(np.exp(d - half)), float(np.exp(d + half))


def columns(errors: Sequence[str]) -> list[str]:
    """Return the columns of `ratios`: of each error E the ratio E and its limits E_low, E_high."""
    limits = (name + part for name in errors for part in ("", "_low", "_high"))
    return ["strategy", "shares", *limits]


def ratios(rows: Sequence[Row], errors: Sequence[str], confidence: float) -> list[Row]:
    """Return a row for each strategy but random, over the shares that it was tried at."""
    groups: dict[str, dict[float, list[Row]]] = {}
    for row in rows:
        groups.setdefault(row["strategy"], {}).setdefault(row["percent"], []).append(row)
    random = groups.pop("random")
    table = []
    for strategy, by_share in groups.items():
        shares = sorted(by_share)
        cells: list[str | float] = [strategy, " ".join(f"{share:g}" for share in shares)]
        for name in errors:
            pairs = [
                ([row[name] for row in by_share[share]], [row[name] for row in random[share]])
                for share in shares
            ]
            cells += ratio_to_random(pairs, confidence)
        table.append(dict(zip(columns(errors), cells, strict=True)))
    return table
