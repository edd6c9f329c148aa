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
    d, variances, freedoms = 0.0, [], []
    with np.errstate(divide="ignore", invalid="ignore"):
        for sign, values in ((s, v) for pair in pairs for s, v in zip((1, -1), pair, strict=True)):
            y: Floats = np.log(np.asarray(values, dtype=np.float64))
            d += sign * float(y.mean()) / len(pairs)
            variances.append(y.var(ddof=1) / len(y) / len(pairs) ** 2 if len(y) > 1 else np.nan)
            freedoms.append(len(y) - 1)
        if not np.isfinite(d):
            return np.nan, np.nan, np.nan
        variance = float(np.sum(variances))
        if variance == 0:  # no spread
            return float(np.exp(d)), float(np.exp(d)), float(np.exp(d))
        freedom = variance**2 / np.sum(np.square(variances) / freedoms)
        half = t.ppf(0.5 * (1 + confidence), freedom) * np.sqrt(variance)
    return float(np.exp(d)), float(np.exp(d - half)), float(np.exp(d + half))


def ratios(rows: Sequence[Row], errors: Sequence[str], confidence: float) -> list[Row]:
    """Return a row for each strategy but random, over the shares that it was tried at.

    Each error E has the columns E (ratio), E_low and E_high.
    """
    table = []
    for strategy in dict.fromkeys(row["strategy"] for row in rows if row["strategy"] != "random"):
        own = [row for row in rows if row["strategy"] == strategy]
        shares = sorted({row["percent"] for row in own})
        line: Row = {"strategy": strategy, "shares": " ".join(f"{share:g}" for share in shares)}
        for name in errors:
            pairs = [
                (
                    [row[name] for row in own if row["percent"] == share],
                    [
                        row[name]
                        for row in rows
                        if row["strategy"] == "random" and row["percent"] == share
                    ],
                )
                for share in shares
            ]
            line[name], line[f"{name}_low"], line[f"{name}_high"] = ratio_to_random(
                pairs, confidence
            )
        table.append(line)
    return table
