"""Families whose CDF and inverse are elementary: fixed, uniform, triangular, exponential, Weibull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pathway_sim.distributions.base import Array, Distribution, Message, Values, demand, demand_positive
from pathway_sim.distributions.numeric import log_upper, power


@dataclass(frozen=True, eq=False)
class Fixed(Distribution):
    """One certain value, in the units of the quantity."""

    value: Values

    def _cdf(self, x: Array) -> Array:
        return np.where(x >= self.value, 1.0, 0.0)

    def _sf(self, x: Array) -> Array:
        return np.where(x >= self.value, 0.0, 1.0)

    def mean(self) -> Values:
        return self.value

    def support(self) -> tuple[Values, Values]:
        return self.value, self.value

    def check(self) -> list[Message]:
        return demand("value", self.value, True, "")

    def _inverse(self, lower: Array, upper: Array) -> Array:  # noqa: ARG002
        return np.zeros_like(lower) + self.value

    def _mean_within(self, low: Values, high: Values) -> Values:  # noqa: ARG002
        return self.value


@dataclass(frozen=True, eq=False)
class Uniform(Distribution):
    """Equally likely anywhere between ``low`` and ``high`` (units of the quantity)."""

    low: Values
    high: Values

    def _cdf(self, x: Array) -> Array:
        share: Array = (np.clip(x, self.low, self.high) - self.low) / (self.high - self.low)
        return share

    def _sf(self, x: Array) -> Array:
        share: Array = (self.high - np.clip(x, self.low, self.high)) / (self.high - self.low)
        return share

    def mean(self) -> Values:
        return self.low + 0.5 * (self.high - self.low)

    def support(self) -> tuple[Values, Values]:
        return self.low, self.high

    def check(self) -> list[Message]:
        return demand("low", self.low, True, "") + demand(
            "high", self.high, np.asarray(self.high) > self.low, "must be greater than low"
        )

    def _inverse(self, lower: Array, upper: Array) -> Array:
        width = self.high - self.low
        x = np.where(lower <= upper, self.low + lower * width, self.high - upper * width)
        return np.clip(x, self.low, self.high)

    def _mean_within(self, low: Values, high: Values) -> Values:
        left, right = np.clip(low, self.low, self.high), np.clip(high, self.low, self.high)
        middle: Array = left + 0.5 * (right - left)
        return middle


def check_three_points(low: Values, mode: Values, high: Values) -> list[Message]:
    """Messages unless low <= mode <= high and low < high."""
    return [
        *demand("low", low, True, ""),
        *demand("mode", mode, np.asarray(mode) >= low, "must be at least low"),
        *(
            demand("high", high, np.asarray(high) >= mode, "must be at least mode")
            or demand("high", high, np.asarray(high) > low, "must be greater than low")
        ),
    ]


@dataclass(frozen=True, eq=False)
class Triangular(Distribution):
    """Density that rises linearly from ``low`` to ``mode`` and falls linearly to ``high`` (units of the quantity)."""

    low: Values
    mode: Values
    high: Values

    def _cdf(self, x: Array) -> Array:
        x = np.clip(x, self.low, self.high)
        return np.where(x <= self.mode, self._rising(x), 1.0 - self._falling(x))

    def _sf(self, x: Array) -> Array:
        x = np.clip(x, self.low, self.high)
        return np.where(x <= self.mode, 1.0 - self._rising(x), self._falling(x))

    def _rising(self, x: Array) -> Array:
        legs = (self.high - self.low) * (self.mode - self.low)
        return (x - self.low) * (x - self.low) / np.where(legs > 0, legs, 1.0)

    def _falling(self, x: Array) -> Array:
        legs = (self.high - self.low) * (self.high - self.mode)
        return (self.high - x) * (self.high - x) / np.where(legs > 0, legs, 1.0)

    def mean(self) -> Values:
        return (self.low + self.mode + self.high) / 3.0

    def support(self) -> tuple[Values, Values]:
        return self.low, self.high

    def check(self) -> list[Message]:
        return check_three_points(self.low, self.mode, self.high)

    def _inverse(self, lower: Array, upper: Array) -> Array:
        width = self.high - self.low
        rising = self.low + np.sqrt(lower * width * (self.mode - self.low))
        falling = self.high - np.sqrt(upper * width * (self.high - self.mode))
        return np.where(
            lower * width <= self.mode - self.low, np.minimum(rising, self.mode), np.maximum(falling, self.mode)
        )

    def _knots(self) -> tuple[Values, ...]:
        return (self.mode,)


@dataclass(frozen=True, eq=False, init=False)
class Exponential(Distribution):
    """Waiting time of constant hazard 1/mean; ``Exponential(mean)`` takes the mean in the units of the quantity."""

    expected: Values  # not `mean`, which is the method

    def __init__(self, mean: Values) -> None:
        object.__setattr__(self, "expected", mean)

    def _cdf(self, x: Array) -> Array:
        return -np.expm1(-np.maximum(x, 0.0) / self.expected)

    def _sf(self, x: Array) -> Array:
        return np.exp(-np.maximum(x, 0.0) / self.expected)

    def mean(self) -> Values:
        return self.expected

    def support(self) -> tuple[Values, Values]:
        return 0.0, np.inf

    def check(self) -> list[Message]:
        return demand_positive(mean=self.expected)

    def _inverse(self, lower: Array, upper: Array) -> Array:
        return self._placed(-log_upper(lower, upper))

    def _standard(self) -> Exponential:
        return Exponential(1.0)

    def _placed(self, x: Array) -> Array:
        return x * self.expected


@dataclass(frozen=True, eq=False)
class Weibull(Distribution):
    """P(X > x) = exp(−(x/scale)^shape): hazard that rises (shape > 1) or falls (shape < 1); ``scale`` in units of x."""

    shape: Values
    scale: Values

    def _cumulative_hazard(self, x: Values) -> Array:
        return power(np.maximum(x, 0.0) / self.scale, self.shape)

    def _cdf(self, x: Array) -> Array:
        return -np.expm1(-self._cumulative_hazard(x))

    def _sf(self, x: Array) -> Array:
        return np.exp(-self._cumulative_hazard(x))

    def mean(self) -> Values:
        from scipy import special

        mean: Values = self.scale * special.gamma(1.0 + 1.0 / self.shape)
        return mean

    def support(self) -> tuple[Values, Values]:
        return 0.0, np.inf

    def check(self) -> list[Message]:
        return demand_positive(shape=self.shape, scale=self.scale)

    def _inverse(self, lower: Array, upper: Array) -> Array:
        return self._placed(power(-log_upper(lower, upper), 1.0 / self.shape))

    def _standard(self) -> Weibull:
        return Weibull(self.shape, 1.0)

    def _placed(self, x: Array) -> Array:
        return self.scale * x
