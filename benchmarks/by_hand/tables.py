"""Inverse CDFs as piecewise cubics, for families whose exact inverse is slow.

The argument is the signed draw z: u itself below 1/2, and u - 1 above, so that both tails are small numbers. A cell is
what z has in common in its sign, its octave and the first six bits of its mantissa, which are the top 18 bits of the
double; relative to its distance from the nearer end a cell is so narrow (1/64) that a cubic through four Chebyshev
points misses smooth quantile functions by some 1e-11 of their value, in the middle and in the tails alike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Inverse = Callable[[Floats, bool], Floats]
"""From the probability on one side, and whether that is the upper side, to the quantile."""

MANTISSA_BITS = 6
SHIFT = 52 - MANTISSA_BITS
CELLS = 1 << (64 - SHIFT)
"""Far more than are used, so that the top bits of z are the index; memory that is never touched costs nothing."""
_OCTAVES = np.arange(-53, -1)  # of the odd multiples of 2**-53 below 1/2
_PER_OCTAVE = 1 << MANTISSA_BITS


def lognormal(median: float, sd_log: float) -> Inverse:
    """exp(Normal) with this median."""
    return lambda p, upper: median * np.exp((-sd_log if upper else sd_log) * special.ndtri(p))


def gamma(shape: float, scale: float) -> Inverse:
    """Gamma with mean shape × scale."""
    return lambda p, upper: scale * (special.gammainccinv(shape, p) if upper else special.gammaincinv(shape, p))


def pert(low: float, mode: float, high: float) -> Inverse:
    """Beta-PERT."""
    width = high - low
    a, b = 1.0 + 4.0 * (mode - low) / width, 1.0 + 4.0 * (high - mode) / width
    return lambda p, upper: (
        high - width * special.betaincinv(b, a, p) if upper else low + width * special.betaincinv(a, b, p)
    )


def cubics(inverse: Inverse) -> Floats:
    """Coefficients of 1, z, z**2 and z**3 by cell, shape ``(CELLS, 4)``."""
    table = np.zeros((CELLS, 4))
    half = 0.5 / _PER_OCTAVE
    centre = 1.0 + half * (2 * np.arange(_PER_OCTAVE) + 1)
    points = np.cos(np.pi * (np.arange(4) + 0.5) / 4)
    at = np.ldexp(centre[:, None] + half * points, _OCTAVES[:, None, None])  # (octaves, cells, 4)
    first = (1023 + int(_OCTAVES[0])) * _PER_OCTAVE
    for upper in (False, True):
        local = inverse(at, upper) @ np.linalg.inv(np.vander(points, increasing=True)).T
        powers = _expand(local / half ** np.arange(4), centre)
        powers *= np.ldexp(-1.0 if upper else 1.0, -_OCTAVES)[:, None, None] ** np.arange(4)
        start = first + (CELLS // 2 if upper else 0)
        table[start : start + powers[..., 0].size] = powers.reshape(-1, 4)
    return table


def _expand(local: Floats, centre: Floats) -> Floats:
    """Coefficients of powers of x from those of powers of x - centre, along the last axis."""
    b0, b1, b2, b3 = np.moveaxis(local, -1, 0)
    c = centre
    return np.stack(
        [b0 - c * (b1 - c * (b2 - c * b3)), b1 - c * (2.0 * b2 - 3.0 * c * b3), b2 - 3.0 * c * b3, b3], axis=-1
    )


def evaluate(table: Floats, z: Floats) -> Floats:
    """Quantiles at signed draws, shape ``(n,)``."""
    a0, a1, a2, a3 = table[z.view(np.uint64) >> np.uint64(SHIFT)].T
    return a0 + z * (a1 + z * (a2 + z * a3))
