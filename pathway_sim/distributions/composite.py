"""Distributions made of others, or of data: empirical, ordered mixture, shifted, truncated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pathway_sim.distributions.base import (
    Array,
    Distribution,
    Message,
    Values,
    between,
    clip_level,
    demand,
    split,
)
from pathway_sim.distributions.tables import Form


@dataclass(frozen=True, eq=False)
class Empirical(Distribution):
    """Observed values (units of the quantity), each equally likely: a tuple in ascending order."""

    values: tuple[float, ...]

    @cached_property
    def _sorted(self) -> Array:
        return np.asarray(self.values, dtype=np.float64)

    @cached_property
    def _levels(self) -> Array:
        count = len(self.values)
        return np.arange(1, count + 1, dtype=np.float64) / count

    def _count(self, x: Values) -> Array:
        return np.searchsorted(self._sorted, x, side="right").astype(np.float64)

    def _cdf(self, x: Array) -> Array:
        return self._count(x) / len(self.values)

    def _sf(self, x: Array) -> Array:
        return (len(self.values) - self._count(x)) / len(self.values)

    def mean(self) -> Values:
        return sum(self.values) / len(self.values)

    def support(self) -> tuple[Values, Values]:
        return self.values[0], self.values[-1]

    def check(self) -> list[Message]:
        if not self.values:
            return [("values", "must have at least one value")]
        ascending = bool(np.all(np.diff(self._sorted) >= 0))
        return demand("values", self._sorted, True, "") or (
            [] if ascending else [("values", "must be in ascending order")]
        )

    def _inverse(self, lower: Array, upper: Array) -> Array:  # noqa: ARG002
        values: Array = self._sorted[np.searchsorted(self._levels, lower, side="left")]
        return values

    def _mean_within(self, low: Values, high: Values) -> Values:
        total: Values = 0.0
        count: Values = 0.0
        for value in self.values:
            inside: Array = np.where((np.asarray(low) <= value) & (value <= np.asarray(high)), 1.0, 0.0)
            total, count = total + value * inside, count + inside
        mean: Values = total / np.maximum(count, 1.0)
        return mean


@dataclass(frozen=True, eq=False)
class Mixture(Distribution):
    """One of several parts, drawn with the given weights; the parts lie one above the other.

    Because no part reaches into the next one (touching is allowed), the inverse CDF is exact: the part is found by
    cumulative weight and u is stretched inside it. Weights are relative, scalars or arrays of shape (n,).

    Raises
    ------
    ValueError
        If the parts are not in ascending order or overlap.
    """

    weights: tuple[Values, ...]
    parts: tuple[Distribution, ...]

    def __post_init__(self) -> None:
        for number, (part, following) in enumerate(zip(self.parts, self.parts[1:], strict=False), start=1):
            if not np.all(np.asarray(part.support()[1]) <= following.support()[0]):
                raise ValueError(f"part {number + 1} of a mixture must begin where part {number} ends, or above")

    @cached_property
    def _shares(self) -> tuple[Array, ...]:
        total = _running(self.weights)[-1]
        return tuple(np.asarray(weight / total) for weight in self.weights)

    def _sum(self, terms: Sequence[Values]) -> Array:
        """Sum of share × term, always from the left."""
        return np.asarray(_running([share * term for share, term in zip(self._shares, terms, strict=True)])[-1])[()]

    def _cdf(self, x: Array) -> Array:
        return np.minimum(self._sum([part.cdf(x) for part in self.parts]), 1.0)

    def _sf(self, x: Array) -> Array:
        return np.minimum(self._sum([part.sf(x) for part in self.parts]), 1.0)

    def mean(self) -> Values:
        return self._sum([part.mean() for part in self.parts])

    def support(self) -> tuple[Values, Values]:
        return self.parts[0].support()[0], self.parts[-1].support()[1]

    def check(self) -> list[Message]:
        if not self.parts or len(self.parts) != len(self.weights):
            return [("weights", f"must be as many as the parts: {len(self.parts)}, not {len(self.weights)}")]
        wrong = [
            message
            for number, weight in enumerate(self.weights)
            for message in demand(f"weights[{number}]", weight, np.asarray(weight) >= 0, "must be at least 0")
        ]
        if not wrong and not np.all(_running(self.weights)[-1] > 0):
            wrong = [("weights", "must not all be 0")]
        return wrong + [
            (f"parts[{number}].{name}", sentence)
            for number, part in enumerate(self.parts)
            for name, sentence in part.check()
        ]

    def _inverse(self, lower: Array, upper: Array) -> Array:
        before = [0.0, *_running(self._shares)[:-1]]
        after = [*_running(self._shares[::-1])[-2::-1], 0.0]
        result = np.asarray(0.0)
        for number, part in enumerate(self.parts):
            share, left, right = self._shares[number], before[number], after[number]
            width = np.where(share > 0, share, 1.0)
            inside = part._inverse(clip_level((lower - left) / width), clip_level((upper - right) / width))
            # A later part that has weight and begins below the level takes over from the one before it.
            begun = np.where(lower <= upper, lower > left, upper < share + right)
            result = np.where(begun & (share > 0), inside, result) if number else inside
        return result[()]

    def _mean_within(self, low: Values, high: Values) -> Values:
        masses = [split(part, low, high)[1] for part in self.parts]
        means = [part._mean_within(low, high) for part in self.parts]
        total = self._sum(masses)
        return self._sum([mass * mean for mass, mean in zip(masses, means, strict=True)]) / np.where(
            total > 0, total, 1.0
        )


def _running(terms: Sequence[Values]) -> list[Values]:
    """Sums from the left."""
    sums = [terms[0]]
    for term in terms[1:]:
        sums.append(sums[-1] + term)
    return sums


@dataclass(frozen=True, eq=False)
class Shifted(Distribution):
    """``inner`` plus a constant ``shift`` in the units of the quantity."""

    inner: Distribution
    shift: Values

    def _cdf(self, x: Array) -> Array:
        return self.inner.cdf(x - self.shift)

    def _sf(self, x: Array) -> Array:
        return self.inner.sf(x - self.shift)

    def mean(self) -> Values:
        return self.inner.mean() + self.shift

    def support(self) -> tuple[Values, Values]:
        low, high = self.inner.support()
        return low + self.shift, high + self.shift

    def check(self) -> list[Message]:
        return [*self.inner.check(), *demand("shift", self.shift, True, "")]

    def _inverse(self, lower: Array, upper: Array) -> Array:
        return self.inner._inverse(lower, upper) + self.shift

    def _standard(self) -> Form | None:
        return self.inner._standard()

    def _placed(self, x: Array) -> Array:
        return self.inner._placed(x) + self.shift

    def _mean_within(self, low: Values, high: Values) -> Values:
        return self.inner._mean_within(low - self.shift, high - self.shift) + self.shift


@dataclass(frozen=True, eq=False)
class Truncated(Distribution):
    """``inner`` given that it lies in [low, high]; either end may be infinite (units of the quantity).

    Raises
    ------
    ValueError
        If ``inner`` has no probability there.
    """

    inner: Distribution
    low: Values
    high: Values

    def __post_init__(self) -> None:
        if not np.all(self._levels[1] > 0):
            raise ValueError("the distribution has no probability between the least and the greatest value allowed")

    @cached_property
    def _levels(self) -> tuple[Array, Array, Array]:
        """P(X < low), P(low <= X <= high), P(X > high) before truncation."""
        return split(self.inner, self.low, self.high)

    def _cdf(self, x: Array) -> Array:
        inside = np.clip(x, self.low, self.high)
        share = split(self.inner, self.low, inside)[1] / self._levels[1]
        return np.where(x < self.low, 0.0, np.minimum(share, 1.0))

    def _sf(self, x: Array) -> Array:
        inside = np.clip(x, self.low, self.high)
        share = between(self.inner, inside, self.high) / self._levels[1]
        return np.where(x < self.low, 1.0, np.minimum(share, 1.0))

    def mean(self) -> Values:
        """As for `inner`, over [low, high]; infinite only if ``high`` is and the mean of ``inner`` is."""
        mean = self.inner._mean_within(self.low, self.high)
        if not np.any(np.isinf(self.high)):
            return mean
        return np.where(np.isposinf(self.high) & np.isposinf(self.inner.mean()), np.inf, mean)[()]

    def support(self) -> tuple[Values, Values]:
        low, high = self.inner.support()
        return np.maximum(low, self.low), np.minimum(high, self.high)

    def check(self) -> list[Message]:
        return self.inner.check()

    def _inverse(self, lower: Array, upper: Array) -> Array:
        return np.clip(self.inner._inverse(*_within(self._levels, lower, upper)), self.low, self.high)

    def _standard(self) -> Form | None:
        inner = self.inner._standard()
        return None if inner is None else _Part(inner, *self._levels)

    def _placed(self, x: Array) -> Array:
        return np.clip(self.inner._placed(x), self.low, self.high)

    def _mean_within(self, low: Values, high: Values) -> Values:
        return self.inner._mean_within(np.maximum(low, self.low), np.minimum(high, self.high))


@dataclass(frozen=True)
class _Part:
    """A form between two of its levels: a truncation acts alike on a distribution and on its standard form."""

    form: Form
    below: Values
    within: Values
    above: Values

    def _inverse(self, lower: Array, upper: Array) -> Array:
        return self.form._inverse(*_within((self.below, self.within, self.above), lower, upper))


def _within(levels: tuple[Values, Values, Values], lower: Array, upper: Array) -> tuple[Array, Array]:
    """The pair of levels before truncation, of which ``levels`` are below the range, in it and above it."""
    below, within, above = levels
    return clip_level(below + lower * within), clip_level(above + upper * within)
