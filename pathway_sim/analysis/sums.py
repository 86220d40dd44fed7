"""Counts, sums and sums of squares of times, held as integers so that no order of adding them can matter."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from pathway_sim.units import TICKS_PER_DAY

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_BITS = 20
_MASK = TICKS_PER_DAY - 1
_BLOCK = 1 << 20  # squares of a part of a day are below 2**40, so a block of them stays below 2**60


class ExactSums:
    """Exact moments of times by group (a group is a parameter set).

    A time is an integer of ticks, 2**-20 day. It is split into whole days and the ticks within the day, because the
    square of the whole would not fit into 64 bits; the parts are carried after every step, so that equal sums are equal
    bytes. Exact for times up to 500 years and 100 million replications.

    Parameters
    ----------
    groups : int
        How many groups, at least 1.
    """

    def __init__(self, groups: int = 1) -> None:
        self.count: Ints = np.zeros(groups, dtype=np.int64)
        self._first: Ints = np.zeros((2, groups), dtype=np.int64)
        self._second: Ints = np.zeros((3, groups), dtype=np.int64)

    def add(self, days: Floats, group: Ints) -> None:
        """Add finite times ``(n,)`` in days (multiples of 2**-20, of either sign), each to its group ``(n,)``."""
        for start in range(0, len(days), _BLOCK):
            part = slice(start, start + _BLOCK)
            ticks = np.rint(days[part] * TICKS_PER_DAY).astype(np.int64)
            self._add_block(ticks >> _BITS, ticks & _MASK, group[part])

    def _add_block(self, day: Ints, tick: Ints, group: Ints) -> None:
        _accumulate(self.count, group, np.ones_like(day))
        for row, values in zip(self._first, (tick, day), strict=True):
            _accumulate(row, group, values)
        for row, values in zip(self._second, (tick * tick, 2 * day * tick, day * day), strict=True):
            _accumulate(row, group, values)
        self._carry()

    def add_zeros(self, count: Ints) -> None:
        """Add times of 0 days: so many to each group, shape ``(groups,)``."""
        self.count += count

    def merge(self, other: ExactSums) -> None:
        """Add the moments of another part of the replications."""
        self.count += other.count
        self._first += other._first
        self._second += other._second
        self._carry()

    def _carry(self) -> None:
        for limbs in (self._first, self._second):
            for low, high in pairwise(limbs):
                high += low >> _BITS
                low &= _MASK

    @property
    def totals(self) -> Floats:
        """Sum of the times of each group, shape ``(groups,)``, in days."""
        return np.asarray(self._first[1] + self._first[0] / TICKS_PER_DAY, dtype=np.float64)

    def mean(self) -> float:
        """Mean over all groups together, in days; needs one time."""
        count, total, _ = self._pooled()
        return float(total / (count << _BITS))

    def variance(self) -> float:
        """Sample variance (n − 1) over all groups together, in days squared; needs two times."""
        return float(_variance(*self._pooled()))

    def variances(self) -> Floats:
        """Sample variance of each group that has two times or more, in the order of the groups, in days squared."""
        wide = self.count > 1
        # Columns of Python's whole numbers: as exact as one at a time, and quicker.
        first, second = (_join(limbs[:, wide].astype(object)) for limbs in (self._first, self._second))
        return np.asarray(_variance(self.count[wide].astype(object), first, second), dtype=np.float64)

    def _pooled(self) -> tuple[int, int, int]:
        first, second = (_join(limbs.sum(axis=1).astype(object)) for limbs in (self._first, self._second))
        return int(self.count.sum()), first, second


def _accumulate(row: Ints, group: Ints, values: Ints) -> None:
    if len(row) == 1:
        row += values.sum()
    else:
        np.add.at(row, group, values)


def _join(limbs: Any) -> Any:
    """The whole numbers that limbs of Python's own whole numbers make up, shape ``(limbs, ...)``."""
    return sum(limb << (_BITS * place) for place, limb in enumerate(limbs))


def _variance(count: Any, total: Any, squares: Any) -> Any:
    # The numerator is exact: no cancellation, whatever the mean.
    return (count * squares - total * total) / ((count * (count - 1)) << (2 * _BITS))
