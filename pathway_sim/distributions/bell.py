"""Families made from a normal score: normal, lognormal, logit-normal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pathway_sim.distributions.base import Array, Distribution, Message, Values, demand, demand_positive, quadrature
from pathway_sim.distributions.numeric import expit, logit, normal_cdf, normal_score

Z75 = 0.6744897501960817
Z90 = 1.2815515655446004
_LARGEST_EXPONENT = 700.0


@dataclass(frozen=True, eq=False, init=False)
class Normal(Distribution):
    """Normal distribution; ``Normal(mean, sd)`` takes both in the units of the quantity."""

    expected: Values  # not `mean`, which is the method
    sd: Values

    def __init__(self, mean: Values, sd: Values) -> None:
        object.__setattr__(self, "expected", mean)
        object.__setattr__(self, "sd", sd)

    def _cdf(self, x: Array) -> Array:
        return normal_cdf((x - self.expected) / self.sd)

    def _sf(self, x: Array) -> Array:
        return normal_cdf((self.expected - x) / self.sd)

    def mean(self) -> Values:
        return self.expected

    def support(self) -> tuple[Values, Values]:
        return -np.inf, np.inf

    def check(self) -> list[Message]:
        return demand("mean", self.expected, True, "") + demand_positive(sd=self.sd)

    def _inverse(self, lower: Array, upper: Array) -> Array:
        return self._placed(normal_score(lower, upper))

    def _standard(self) -> Normal:
        return Normal(0.0, 1.0)

    def _placed(self, x: Array) -> Array:
        return self.expected + self.sd * x


@dataclass(frozen=True, eq=False)
class Lognormal(Distribution):
    """exp(Normal): ``median`` in the units of the quantity, ``sd_log`` the standard deviation of its log."""

    median: Values
    sd_log: Values

    @classmethod
    def from_p75(cls, median: Values, p75: Values) -> Lognormal:
        """The lognormal with this median and this upper quartile."""
        return cls._from_quantile(median, "p75", p75, Z75)

    @classmethod
    def from_p90(cls, median: Values, p90: Values) -> Lognormal:
        """The lognormal with this median and this 90th percentile."""
        return cls._from_quantile(median, "p90", p90, Z90)

    @classmethod
    def from_mean_sd(cls, mean: Values, sd: Values) -> Lognormal:
        """The lognormal with this mean and standard deviation, both in the units of the quantity."""
        _refuse(demand_positive(mean=mean, sd=sd))
        variation = np.divide(sd, mean)
        sd_log = np.sqrt(np.log1p(variation * variation))
        return cls(mean / np.sqrt(1.0 + variation * variation), sd_log)

    @classmethod
    def _from_quantile(cls, median: Values, name: str, value: Values, score: float) -> Lognormal:
        above = demand(name, value, np.asarray(value) > median, "must be greater than median")
        _refuse(demand_positive(median=median) or above)
        return cls(median, np.log(np.divide(value, median)) / score)

    def _score(self, x: Values) -> Array:
        ratio = np.maximum(x / self.median, 5e-324)
        score: Array = np.log(ratio) / self.sd_log
        return score

    def _cdf(self, x: Array) -> Array:
        return np.where(x > 0, normal_cdf(self._score(x)), 0.0)

    def _sf(self, x: Array) -> Array:
        return np.where(x > 0, normal_cdf(-self._score(x)), 1.0)

    def mean(self) -> Values:
        mean: Values = self.median * np.exp(0.5 * self.sd_log * self.sd_log)
        return mean

    def support(self) -> tuple[Values, Values]:
        return 0.0, np.inf

    def check(self) -> list[Message]:
        return demand_positive(median=self.median, sd_log=self.sd_log)

    def _inverse(self, lower: Array, upper: Array) -> Array:
        exponent = np.minimum(self.sd_log * normal_score(lower, upper), _LARGEST_EXPONENT)
        return self._placed(np.exp(exponent))

    def _standard(self) -> Lognormal:
        return Lognormal(1.0, self.sd_log)

    def _placed(self, x: Array) -> Array:
        return self.median * x


def _refuse(messages: list[Message]) -> None:
    """Raise ValueError with the first message, if there is one."""
    for name, sentence in messages:
        raise ValueError(f"{name} {sentence}")


@dataclass(frozen=True, eq=False)
class LogitNormal(Distribution):
    """A probability whose log-odds are normal: ``median`` in (0, 1), ``sd`` the standard deviation of the log-odds."""

    median: Values
    sd: Values

    def _centre(self) -> Array:
        median = np.asarray(self.median, dtype=np.float64)
        return logit(median, 1.0 - median)

    def _score(self, x: Values) -> Array:
        inside = np.clip(x, 5e-324, 1.0 - 2.0**-53)
        score: Array = (logit(inside, 1.0 - inside) - self._centre()) / self.sd
        return score

    def _cdf(self, x: Array) -> Array:
        return _between_0_and_1(x, normal_cdf(self._score(x)), below=0.0, above=1.0)

    def _sf(self, x: Array) -> Array:
        return _between_0_and_1(x, normal_cdf(-self._score(x)), below=1.0, above=0.0)

    def mean(self) -> Values:
        return quadrature(self._inverse)

    def support(self) -> tuple[Values, Values]:
        return 0.0, 1.0

    def check(self) -> list[Message]:
        inside = (np.asarray(self.median) > 0) & (np.asarray(self.median) < 1)
        return demand("median", self.median, inside, "must lie between 0 and 1") + demand_positive(sd=self.sd)

    def _inverse(self, lower: Array, upper: Array) -> Array:
        return expit(self._centre() + self.sd * normal_score(lower, upper))

    def _standard(self) -> LogitNormal:
        return self

    def _placed(self, x: Array) -> Array:
        return np.minimum(x, 1.0)


def _between_0_and_1(x: Values, value: Array, below: float, above: float) -> Array:
    x = np.asarray(x)
    return np.where(x <= 0, below, np.where(x >= 1, above, value))
