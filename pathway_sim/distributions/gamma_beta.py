"""Gamma, beta and beta-PERT, through the incomplete gamma and beta functions of `scipy.special`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pathway_sim.distributions.base import Array, Distribution, Message, Values, demand_positive
from pathway_sim.distributions.elementary import check_three_points
from pathway_sim.distributions.numeric import beta_cdf, beta_inverse, gamma_inverse


@dataclass(frozen=True, eq=False)
class Gamma(Distribution):
    """Gamma distribution of dimensionless ``shape`` and ``scale`` in the units of the quantity; mean shape·scale."""

    shape: Values
    scale: Values

    def _cdf(self, x: Array) -> Array:
        from scipy import special

        result: Array = special.gammainc(self.shape, np.maximum(x, 0.0) / self.scale)
        return result

    def _sf(self, x: Array) -> Array:
        from scipy import special

        result: Array = special.gammaincc(self.shape, np.maximum(x, 0.0) / self.scale)
        return result

    def mean(self) -> Values:
        return self.shape * self.scale

    def support(self) -> tuple[Values, Values]:
        return 0.0, np.inf

    def check(self) -> list[Message]:
        return demand_positive(shape=self.shape, scale=self.scale)

    def _inverse(self, lower: Array, upper: Array) -> Array:
        return self._placed(gamma_inverse(self.shape, lower, upper))

    def _standard(self) -> Gamma:
        return Gamma(self.shape, 1.0)

    def _placed(self, x: Array) -> Array:
        return self.scale * x


@dataclass(frozen=True, eq=False)
class Beta(Distribution):
    """Beta distribution on [0, 1] with dimensionless ``alpha``, ``beta``; mean alpha/(alpha + beta)."""

    alpha: Values
    beta: Values

    def _cdf(self, x: Array) -> Array:
        x = np.clip(x, 0.0, 1.0)
        return beta_cdf(self.alpha, self.beta, x, 1.0 - x)

    def _sf(self, x: Array) -> Array:
        x = np.clip(x, 0.0, 1.0)
        return beta_cdf(self.beta, self.alpha, 1.0 - x, x)

    def mean(self) -> Values:
        return self.alpha / (self.alpha + self.beta)

    def support(self) -> tuple[Values, Values]:
        return 0.0, 1.0

    def check(self) -> list[Message]:
        return demand_positive(alpha=self.alpha, beta=self.beta)

    def _inverse(self, lower: Array, upper: Array) -> Array:
        return beta_inverse(self.alpha, self.beta, lower, upper)[0]

    def _standard(self) -> Beta:
        return self

    def _placed(self, x: Array) -> Array:
        return np.minimum(x, 1.0)


@dataclass(frozen=True, eq=False)
class Pert(Distribution):
    """Beta-PERT: a smooth hump from ``low`` to ``high`` with its top at ``mode`` (units of the quantity).

    A beta distribution stretched over [low, high] with alpha = 1 + 4 (mode − low)/(high − low) and
    beta = 1 + 4 (high − mode)/(high − low), so that the mean is (low + 4 mode + high)/6 (Malcolm et al. 1959,
    doi:10.1287/opre.7.5.646).
    """

    low: Values
    mode: Values
    high: Values

    def _beta(self) -> tuple[Values, Values]:
        width = self.high - self.low
        return 1.0 + 4.0 * (self.mode - self.low) / width, 1.0 + 4.0 * (self.high - self.mode) / width

    def _shares(self, x: Values) -> tuple[Array, Array]:
        """How far x is from the low and from the high end, as shares of the width."""
        x = np.clip(x, self.low, self.high)
        return (x - self.low) / (self.high - self.low), (self.high - x) / (self.high - self.low)

    def _cdf(self, x: Array) -> Array:
        alpha, beta = self._beta()
        share, rest = self._shares(x)
        return beta_cdf(alpha, beta, share, rest)

    def _sf(self, x: Array) -> Array:
        alpha, beta = self._beta()
        share, rest = self._shares(x)
        return beta_cdf(beta, alpha, rest, share)

    def mean(self) -> Values:
        return (self.low + 4.0 * self.mode + self.high) / 6.0

    def support(self) -> tuple[Values, Values]:
        return self.low, self.high

    def check(self) -> list[Message]:
        return check_three_points(self.low, self.mode, self.high)

    def _inverse(self, lower: Array, upper: Array) -> Array:
        share, rest = beta_inverse(*self._beta(), lower, upper)
        width = self.high - self.low
        x = np.where(share <= rest, self.low + width * share, self.high - width * rest)
        return np.clip(x, self.low, self.high)

    def _standard(self) -> Beta:
        return Beta(*self._beta())

    def _placed(self, x: Array) -> Array:
        return np.clip(self.low + (self.high - self.low) * x, self.low, self.high)
