"""What every distribution is: a frozen value with an inverse CDF, a CDF, a survival function and a mean.

A probability is carried through the package as a pair ``(lower, upper)`` = (P(X <= x), P(X > x)). Whichever of the
two is small is then known to full relative precision, so one inversion serves both tails, and a truncation is a linear
map of the pair.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import fields
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pathway_sim.distributions.tables import Form, Table, table

Array = npt.NDArray[np.float64]
Values = float | Array
Message = tuple[str, str]

TINY = 1e-300
"""A probability that stands for "as near to zero as matters"; its logarithm and quantiles are finite."""


class Distribution(ABC):
    """A probability distribution of one real quantity.

    Parameters are floats or float64 arrays of shape ``(n,)``, which broadcast with the argument: ``ppf(u)`` with
    scalar parameters and ``u`` of shape ``(n,)``, or with both of shape ``(n,)``, gives shape ``(n,)``. With scalars
    throughout the result is a NumPy scalar. Element i depends on element i of the argument and of the parameters
    alone, bit for bit.

    Two distributions are equal if they are of one family and their parameters are equal.
    """

    def ppf(self, u: Values) -> Array:
        """Inverse CDF: the least x with P(X <= x) >= u.

        Parameters
        ----------
        u : float or array, shape (n,)
            Probabilities strictly inside (0, 1); not checked.

        Returns
        -------
        array, shape (n,), in the units of the quantity; non-decreasing in u up to rounding.
        """
        lower = _dense(u)
        return self._inverse(lower, 1.0 - lower)[()]

    def isf(self, q: Values) -> Array:
        """Inverse survival function: the x with P(X > x) = q; as precise for tiny q as ``ppf`` is for tiny u."""
        upper = _dense(q)
        return self._inverse(1.0 - upper, upper)[()]

    def draw(self, u: Values) -> Array:
        """As `ppf`, with what is slow read from a table, to a relative error of 1e-9 of the standard form.

        The table is used if the parameters that shape the distribution are scalars. If one is an array, of any length,
        the quantile is exact. So it does not depend on how many numbers are drawn.

        Parameters
        ----------
        u : float or array, shape (n,)
            As for `ppf`.

        Returns
        -------
        array, shape (n,), in the units of the quantity.
        """
        if self._table is None:
            return self.ppf(u)
        levels = _dense(u)
        return self._placed(self._table(levels.reshape(-1)).reshape(levels.shape))[()]

    def cdf(self, x: Values) -> Array:
        """P(X <= x), for x in the units of the quantity, shape (n,), infinities included."""
        return self._cdf(_dense(x))[()]

    def sf(self, x: Values) -> Array:
        """P(X > x), to full relative precision in the upper tail; shapes and units as for `cdf`."""
        return self._sf(_dense(x))[()]

    @abstractmethod
    def mean(self) -> Values:
        """Expected value, a scalar or shape (n,); infinite where it does not exist."""

    @abstractmethod
    def support(self) -> tuple[Values, Values]:
        """Least and greatest value that can occur."""

    @abstractmethod
    def _cdf(self, x: Array) -> Array: ...

    @abstractmethod
    def _sf(self, x: Array) -> Array: ...

    @abstractmethod
    def _inverse(self, lower: Array, upper: Array) -> Array:
        """The x with P(X <= x) = lower and P(X > x) = upper, where lower + upper = 1."""

    @cached_property
    def _table(self) -> Table | None:
        """The table that `draw` reads; None if it is exact."""
        standard = self._standard()
        if standard is None or any(isinstance(value, np.ndarray) for value in vars(standard).values()):
            return None
        return table(standard)

    def __getstate__(self) -> dict[str, object]:
        """The parameters alone: a table is quickly made, and large to send to another process."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def _standard(self) -> Form | None:
        """The smooth distribution of this shape which `_placed` turns into this one; None if there is no such thing."""
        return None

    def _placed(self, x: Array) -> Array:
        """Quantiles of this distribution from those of its standard form."""
        return x

    def check(self) -> list[Message]:
        """Say what is wrong with the parameters.

        Returns
        -------
        list of (parameter, sentence), such as ``("high", "must be at least mode, is 3")``; empty if all is well.
        An array is named by its first offending element. Nothing else in the class looks at validity.
        """
        return []

    def _knots(self) -> tuple[Values, ...]:
        """Values, ascending, where the density is not smooth; integrals are split there."""
        return ()

    def _mean_within(self, low: Values, high: Values) -> Values:
        """E[X | low <= X <= high]; any finite number where that has no probability."""
        inner = [np.clip(knot, low, high) for knot in self._knots()]
        edges = [low, *inner, high]
        total: Values = 0.0
        mass: Values = 0.0
        for left, right in pairwise(edges):
            below, within, above = split(self, left, right)
            piece = quadrature(self._inverse, below, within, above)
            total = total + np.where(within > 0, within * piece, 0.0)
            mass = mass + within
        return total / np.where(mass > 0, mass, 1.0)

    def _key(self) -> tuple[object, ...]:
        return (type(self), *(_hashable(getattr(self, field.name)) for field in fields(self)))  # type: ignore[arg-type]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Distribution) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


def _dense(argument: Values) -> Array:
    """The argument without gaps in memory, so that NumPy takes one and the same loop for every length."""
    return np.asarray(argument, dtype=np.float64, order="C")


def _hashable(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    return tuple(map(_hashable, value)) if isinstance(value, tuple) else value


def between(inner: Distribution, left: Values, right: Values) -> Array:
    """P(left < X <= right), as a difference of the smaller tails."""
    mass = np.where(inner.cdf(left) > 0.5, inner.sf(left) - inner.sf(right), inner.cdf(right) - inner.cdf(left))
    return np.maximum(mass, 0.0)


def split(inner: Distribution, low: Values, high: Values) -> tuple[Array, Array, Array]:
    """P(X < low), P(low <= X <= high) and P(X > high)."""
    just_below = np.nextafter(low, -np.inf)  # so that an atom at `low` is inside
    return inner.cdf(just_below), between(inner, just_below, high), inner.sf(high)


@lru_cache(maxsize=1)
def _nodes() -> list[tuple[float, float, float]]:
    """Abscissae as (y, 1 − y) and weights of a double-exponential rule for integrals over y in (0, 1).

    With y = 1/(1 + exp(−L)) and L = sinh(t) the trapezoidal rule in t converges exponentially, and quantile functions
    that grow like a power of 1 − y near the ends are integrated as well as bounded ones (Takahasi & Mori 1974,
    doi:10.2977/prims/1195192451).
    """
    step, count = 1 / 10, 72  # L reaches ±670, where y is 1e-291
    t = step * np.arange(-count, count + 1)
    logit = np.sinh(t)
    lower, upper = 1 / (1 + np.exp(-logit)), 1 / (1 + np.exp(logit))
    weight = step * np.cosh(t) * lower * upper
    return list(zip(lower.tolist(), upper.tolist(), weight.tolist(), strict=True))


def quadrature(
    inverse: Callable[[Array, Array], Array], below: Values = 0.0, within: Values = 1.0, above: Values = 0.0
) -> Values:
    """Mean of ``inverse`` over the probabilities from ``below`` to ``1 − above``, a range of width ``within``.

    Node by node in a fixed order, so that an element's result does not depend on how many there are.
    """
    total: Values = 0.0
    for lower, upper, weight in _nodes():
        x = inverse(clip_level(below + lower * within), clip_level(above + upper * within))
        total = total + weight * x
    return total


def clip_level(level: Values) -> Array:
    """A probability held inside [``TINY``, 1], so that no quantile of it overflows."""
    clipped: Array = np.clip(np.asarray(level, dtype=np.float64), TINY, 1.0)
    return clipped


def demand(name: str, value: Values, holds: object, sentence: str) -> list[Message]:
    """A message for parameter ``name`` unless ``value`` is finite and ``holds`` is true, everywhere."""
    finite = np.isfinite(value)
    if not np.all(finite):
        return [(name, f"must be a finite number, is {_first(value, ~finite)}")]
    kept = np.asarray(holds, dtype=np.bool_)
    return [] if kept.all() else [(name, f"{sentence}, is {_first(value, ~kept)}")]


def _first(value: Values, wrong: npt.NDArray[np.bool_]) -> str:
    return f"{np.broadcast_to(value, np.shape(wrong))[wrong].flat[0]:.12g}"


def demand_positive(**parameters: Values) -> list[Message]:
    """Messages for those of the named parameters that are not finite and greater than 0."""
    return [
        message
        for name, value in parameters.items()
        for message in demand(name, value, np.asarray(value) > 0, "must be greater than 0")
    ]
