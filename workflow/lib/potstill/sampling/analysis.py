"""What a trace of (H, O) tells: round trips, flatness, reweighting, the melting temperature."""

import numpy as np
from ase import units
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Points that must carry the weight at a temperature for its histogram to be more than noise.
ENOUGH_POINTS = 50
# Order parameter per atom above which a walker is solid, and below which it may be liquid.
SOLID, LIQUID = 0.6, 0.1


def round_trips(enthalpy: Floats, order: Floats, atoms: int, liquid_enthalpy: float) -> int:
    """Return how often the walkers went from solid to liquid and back, all together.

    enthalpy (eV, whole cell) and order: (W, T). Solid is O > 0.6 N; liquid is O < 0.1 N and
    H > liquid_enthalpy: a crystal in another orientation or a twin has a small O as well, but the
    enthalpy of a solid.
    """
    trips = 0
    solid = order > SOLID * atoms
    liquid = (order < LIQUID * atoms) & (enthalpy > liquid_enthalpy)
    for s, m in zip(solid, liquid, strict=True):
        phase = np.where(s, 1, np.where(m, -1, 0))
        phase = phase[phase != 0]
        crossings = int(np.count_nonzero(np.diff(phase)))
        trips += crossings // 2
    return trips


def order_flatness(order: Floats, bins: int = 16) -> float | None:
    """Return max/min of the histogram of O over the central 80% of the visited range.

    None when a bin there is empty.
    """
    low, high = float(order.min()), float(order.max())
    edge = 0.1 * (high - low)
    counts, _ = np.histogram(order, bins, (low + edge, high - edge))
    return float(counts.max() / counts.min()) if counts.min() > 0 else None


def weights(enthalpy: Floats, bias: Floats, sampled_K: float, temperature_K: float) -> Floats:
    """Return normalised weights w ~ exp{b0 (H + dH) - b H} of biased points at a temperature.

    enthalpy, bias: eV, any shape; sampled_K is T0, temperature_K the target. Averages over the
    points with these weights are isobaric averages at the target temperature.
    """
    b0, b = 1 / (units.kB * sampled_K), 1 / (units.kB * temperature_K)
    exponent = b0 * (enthalpy + bias) - b * enthalpy
    w: Floats = np.exp(exponent - exponent.max())
    return w / w.sum()


def _solid_share(histogram: Floats) -> float | None:
    """Return the share below the valley between the two highest peaks, or None for one peak."""
    inner = histogram[1:-1]
    peaks = 1 + np.flatnonzero((inner >= histogram[:-2]) & (inner > histogram[2:]))
    if len(peaks) < 2:
        return None
    first, second = sorted(peaks[np.argsort(histogram[peaks])[-2:]])
    valley = first + int(np.argmin(histogram[first : second + 1]))
    # shallower than a tenth is noise on one peak, no valley between two phases
    if histogram[valley] > 0.9 * min(histogram[first], histogram[second]):
        return None
    return float(histogram[:valley].sum() / histogram.sum())


def melting_curve(
    enthalpy: Floats, bias: Floats, sampled_K: float, temperatures: Floats, bins: int = 60
) -> Floats:
    """Return P(H < H*) at each temperature, NaN where P_T(H) has no two peaks or too few points.

    H* is the valley of the reweighted, smoothed histogram of the enthalpy. (Never from O: in a
    108-atom cell FCC twins have an O between solid and liquid.)
    """
    h = enthalpy.ravel()
    # one fine histogram at T0; going to T is a factor that depends on the enthalpy alone
    fine = 50
    at_t0 = weights(h, bias.ravel(), sampled_K, sampled_K)
    counts, edges = np.histogram(h, bins * fine, weights=at_t0)
    squares, _ = np.histogram(h, edges, weights=at_t0**2)
    centres = (edges[:-1] + edges[1:]) / 2
    smooth = np.exp(-0.5 * (np.arange(-4, 5) / 2.0) ** 2)
    smooth /= smooth.sum()
    share = np.full(len(temperatures), np.nan)
    for k, temperature in enumerate(temperatures):
        exponent = centres * (1 / sampled_K - 1 / float(temperature)) / units.kB
        factor = np.exp(exponent - exponent.max())
        histogram = (counts * factor).reshape(bins, fine).sum(axis=1)
        # Kish's effective number of points, (sum w)^2 / sum w^2
        if histogram.sum() ** 2 < ENOUGH_POINTS * (squares * factor**2).sum():
            continue
        solid = _solid_share(np.convolve(histogram, smooth, mode="same"))
        if solid is not None:
            share[k] = solid
    return share


def melting_temperature(
    enthalpy: Floats, bias: Floats, sampled_K: float, low_K: float, high_K: float
) -> float | None:
    """Return the temperature (K) at which half of the weight is solid, None if there is none."""
    temperatures = np.arange(low_K, high_K, 5.0)
    share = melting_curve(enthalpy, bias, sampled_K, temperatures)
    for k in np.flatnonzero((share[:-1] >= 0.5) & (share[1:] < 0.5)):
        step = (share[k] - 0.5) / (share[k] - share[k + 1])
        return float(temperatures[k] + 5.0 * step)
    return None
