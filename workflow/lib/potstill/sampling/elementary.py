"""Logarithm, cosine and sine as plain arithmetic, which LLVM computes for several numbers at once.

A call of the C library in a loop keeps it scalar. The polynomials are those of fdlibm (Sun
Microsystems, 1993), good to a unit in the last place.
"""

import math

import numpy as np

from potstill.runtime.compiled import njit

# ln 2 in two parts, of which the first, times an exponent, is exact.
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_MANTISSA, _ONE = np.int64(2**52 - 1), np.int64(1023 << 52)


@njit(cache=True, nogil=True, inline="always")
def logarithm(x: float) -> float:
    """Return ln x of a normal number x > 0."""
    bits = np.float64(x).view(np.int64)
    exponent = (bits >> 52) - 1023
    m = np.int64((bits & _MANTISSA) | _ONE).view(np.float64)  # x = 2^exponent m, 1 <= m < 2
    large = m > math.sqrt(2.0)
    m = 0.5 * m if large else m
    power = float(exponent + 1 if large else exponent)
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    r = 1.531383769920937332e-01 + z * 1.479819860511658591e-01
    r = 2.222219843214978396e-01 + z * (1.818357216161805012e-01 + z * r)
    r = 3.999999999940941908e-01 + z * (2.857142874366239149e-01 + z * r)
    r = z * (6.666666666666735130e-01 + z * r)
    half = 0.5 * f * f
    return power * _LN2_HIGH - (half - (s * (half + r) + power * _LN2_LOW) - f)


@njit(cache=True, nogil=True, inline="always")
def cos_sin(turns: float) -> tuple[float, float]:
    """Return cos and sin of 2 pi `turns`, which is smaller than 2^50."""
    quarters = np.rint(4.0 * turns)
    a = (0.5 * math.pi) * (4.0 * turns - quarters)
    z = a * a
    s = 2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010e-10)
    s = 8.33333333332248946124e-03 + z * (-1.98412698298579493134e-04 + z * s)
    s = a + a * z * (-1.66666666666666324348e-01 + z * s)
    c = 2.08757232129817482790e-09 + z * -1.13596475577881948265e-11
    c = 2.48015872894767294178e-05 + z * (-2.75573143513906633035e-07 + z * c)
    c = 4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 + z * c)
    c = 1.0 - z * (0.5 - z * c)
    quarter = np.int64(quarters)
    odd = (quarter & 1) != 0
    cos, sin = (s, c) if odd else (c, s)
    return (-cos if ((quarter + 1) & 2) != 0 else cos), (-sin if (quarter & 2) != 0 else sin)
