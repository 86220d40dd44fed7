"""Distributions given by three quantiles: the 3-term metalog and its form bounded below by 0.

Keelin TW (2016), The metalog distributions, Decision Analysis 13(4):243–277, doi:10.1287/deca.2016.0338.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pathway_sim.distributions.base import TINY, Array, Distribution, Values, quadrature
from pathway_sim.distributions.numeric import expit, logit

_LOGIT_90 = 2.1972245773362196  # log 9
_ROOT = 1.1996786402577339  # x·tanh(x) = 1
_LARGEST_EXPONENT = 700.0
_HALVINGS = 70

LEAST_SHARE = 0.5 * (1.0 - 0.8 / _ROOT)
"""(p50 − p10)/(p90 − p10) must lie strictly between this, 0.16658…, and one minus it.

The slope of the quantile function is a2/(y(1 − y)) · (1 + a3/a2 · g(y)) with g(y) = y − ½ + y(1 − y)·logit(y). With
logit(y) = 2x, g = ½·tanh(x) + ½·x/cosh²(x), whose greatest value, where x·tanh(x) = 1, is x/2. So the slope is positive
everywhere if |a3/a2| < 2/x = 1.66711…, and a3/a2 = 2 (1 − 2 share)/0.8.
"""


def feasible(p10: Values, p50: Values, p90: Values) -> npt.NDArray[np.bool_]:
    """Whether a 3-term metalog through these quantiles has a strictly increasing quantile function.

    Parameters
    ----------
    p10, p50, p90 : float or array, shape (n,)
        In any unit; for the form bounded below by 0 give their logarithms.

    Returns
    -------
    bool or array of bool, shape (n,)
    """
    spread = np.asarray(p90, dtype=np.float64) - p10
    share = (np.asarray(p50, dtype=np.float64) - p10) / np.where(spread > 0, spread, 1.0)
    result: npt.NDArray[np.bool_] = (spread > 0) & (share > LEAST_SHARE) & (share < 1.0 - LEAST_SHARE)
    return result


def _coefficients(p10: Values, p50: Values, p90: Values) -> tuple[Values, Values, Values]:
    """a1, a2, a3 of M(y) = a1 + a2·logit(y) + a3·(y − ½)·logit(y)."""
    return p50, (p90 - p10) / (2.0 * _LOGIT_90), ((p90 - p50) - (p50 - p10)) / (0.8 * _LOGIT_90)


def _metalog(coefficients: tuple[Values, Values, Values], lower: Array, upper: Array) -> Array:
    a1, a2, a3 = coefficients
    return a1 + (a2 + a3 * 0.5 * (lower - upper)) * logit(np.maximum(lower, TINY), np.maximum(upper, TINY))


def _solve(coefficients: tuple[Values, Values, Values], x: Values) -> Array:
    """logit(y) with M(y) = x, by a fixed number of halvings of an interval known to hold it.

    M = a1 + a2·l·(1 + r·(y − ½)) for l = logit(y) and r = a3/a2, where the bracket lies within 1 ± |r|/2 > 0.
    """
    a1, a2, a3 = coefficients
    target = np.clip((np.asarray(x, dtype=np.float64) - a1) / a2, -1e4, 1e4)
    ratio = a3 / a2
    ends = target / (1.0 - 0.5 * np.abs(ratio)), target / (1.0 + 0.5 * np.abs(ratio))
    low, high = np.minimum(*ends), np.maximum(*ends)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        under = middle * (1.0 + ratio * (expit(middle) - 0.5)) < target
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    return 0.5 * (low + high)


@dataclass(frozen=True, eq=False)
class Quantiles(Distribution):
    """3-term metalog through the 10th, 50th and 90th percentile (units of the quantity), unbounded.

    Raises
    ------
    ValueError
        If no such distribution exists; see `feasible`.
    """

    p10: Values
    p50: Values
    p90: Values

    def __post_init__(self) -> None:
        _refuse_infeasible(self.p10, self.p50, self.p90, "")

    def _terms(self) -> tuple[Values, Values, Values]:
        return _coefficients(self.p10, self.p50, self.p90)

    def _cdf(self, x: Array) -> Array:
        return expit(_solve(self._terms(), x))

    def _sf(self, x: Array) -> Array:
        return expit(-_solve(self._terms(), x))

    def mean(self) -> Values:
        a1, _, a3 = self._terms()
        return a1 + 0.5 * a3

    def support(self) -> tuple[Values, Values]:
        return -np.inf, np.inf

    def _inverse(self, lower: Array, upper: Array) -> Array:
        return _metalog(self._terms(), lower, upper)


@dataclass(frozen=True, eq=False)
class LogQuantiles(Distribution):
    """3-term metalog bounded below by 0: the logarithm of the quantity is the metalog through the three logarithms.

    Raises
    ------
    ValueError
        If no such distribution exists; see `feasible`.
    """

    p10: Values
    p50: Values
    p90: Values

    def __post_init__(self) -> None:
        if not np.all(np.asarray(self.p10) > 0):
            raise ValueError(f"p10 must be greater than 0, is {np.min(self.p10):.12g}")
        _refuse_disorder(self.p10, self.p50, self.p90)
        _refuse_infeasible(np.log(self.p10), np.log(self.p50), np.log(self.p90), " on the scale of logarithms")

    def _terms(self) -> tuple[Values, Values, Values]:
        return _coefficients(np.log(self.p10), np.log(self.p50), np.log(self.p90))

    def _log(self, x: Values) -> Array:
        result: Array = np.log(np.maximum(x, 5e-324))
        return result

    def _cdf(self, x: Array) -> Array:
        return np.where(x > 0, expit(_solve(self._terms(), self._log(x))), 0.0)

    def _sf(self, x: Array) -> Array:
        return np.where(x > 0, expit(-_solve(self._terms(), self._log(x))), 1.0)

    def mean(self) -> Values:
        """By quadrature; infinite where the upper tail falls off as slowly as 1/x, that is where a2 + a3/2 >= 1."""
        _, a2, a3 = self._terms()
        return np.where(a2 + 0.5 * a3 < 1.0, quadrature(self._inverse), np.inf)[()]

    def support(self) -> tuple[Values, Values]:
        return 0.0, np.inf

    def _inverse(self, lower: Array, upper: Array) -> Array:
        return np.exp(np.minimum(_metalog(self._terms(), lower, upper), _LARGEST_EXPONENT))

    def _standard(self) -> LogQuantiles:
        return self


def _refuse_disorder(p10: Values, p50: Values, p90: Values) -> None:
    if not np.all((np.asarray(p10) < p50) & (np.asarray(p50) < p90) & np.isfinite(p10) & np.isfinite(p90)):
        raise ValueError("p10, p50 and p90 must be finite and each greater than the one before")


def _refuse_infeasible(p10: Values, p50: Values, p90: Values, scale: str) -> None:
    _refuse_disorder(p10, p50, p90)
    if np.all(feasible(p10, p50, p90)):
        return
    raise ValueError(
        f"p50 is too near p10 or p90 for a smooth distribution through all three; (p50 − p10)/(p90 − p10){scale} "
        f"must lie between {LEAST_SHARE:.3f} and {1.0 - LEAST_SHARE:.3f}"
    )
