"""Whole-day counts of times: the state behind every curve and quantile."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from pathway_sim.units import MONTH

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def curve_days(horizon: float) -> Ints:
    """Days at which curves are given: the end of each month, floor(30.4375 m), which has every year, and the horizon.

    Parameters
    ----------
    horizon : float
        Days.

    Returns
    -------
    ndarray
        Shape ``(m,)``, strictly ascending; the last is floor(horizon).
    """
    months = np.floor(MONTH * np.arange(1, int(horizon // MONTH) + 1)).astype(np.int64)
    return np.union1d(months, np.array([int(horizon // 1)], dtype=np.int64))


def signed_days(horizon: float) -> Ints:
    """Month ends from −horizon to horizon, for gains; the last is floor(horizon)."""
    months = int(horizon // MONTH)
    ends = np.floor(MONTH * np.arange(-months, months + 1)).astype(np.int64)
    return np.union1d(ends, np.array([int(horizon // 1)], dtype=np.int64))


@lru_cache(maxsize=8)
def length_days(horizon: float, *, signed: bool = False) -> Ints:
    """Month ends for lengths of time, of either sign if need be: fine at first, then in steps of an eighth.

    A length has its digits near its beginning, and there are many to count; the last is floor(horizon).
    """
    months = [0]
    while (following := months[-1] + max(1, months[-1] // 8)) * MONTH <= horizon:
        months.append(following)
    ends = np.floor(MONTH * np.array([*(-month for month in months if signed), *months])).astype(np.int64)
    return np.union1d(ends, np.array([int(horizon // 1)], dtype=np.int64))


@lru_cache(maxsize=64)
def _cells(first: int, grid: bytes) -> Ints:
    """The cell of each day from `first` on."""
    days = np.frombuffer(grid, dtype=np.int64)
    return np.searchsorted(days, np.arange(first, int(days[-1]) + 1))


class DayCounts:
    """How many times fall on each whole day, and in each cell of a coarser grid by parameter set.

    A time t belongs to day floor(t), also when t is negative; what is before `first` belongs to `first`.

    Parameters
    ----------
    first : int
        The first day kept.
    grid : ndarray
        Shape ``(m,)``, ascending days; the last one is the last day kept. Cell j holds the days after grid[j − 1] up to
        grid[j].
    sets : int
        Parameter sets. With one set the cells are read from the days and take no memory.
    """

    def __init__(self, first: int, grid: Ints, sets: int = 1) -> None:
        self.first, self.grid, self.sets = first, grid, sets
        self.days: Ints = np.zeros(int(grid[-1]) - first + 1, dtype=np.int64)
        self.cells: Ints | None = np.zeros((sets, len(grid)), dtype=np.int64) if sets > 1 else None

    def add(self, times: Floats, group: Ints) -> None:
        """Count finite times ``(n,)`` in days, none after the last day, each in its set ``(n,)``."""
        place = np.maximum(np.floor(times).astype(np.int64) - self.first, 0)
        np.add.at(self.days, place, 1)
        if self.cells is not None:
            np.add.at(self.cells.ravel(), group * len(self.grid) + _cells(self.first, self.grid.tobytes())[place], 1)

    def merge(self, other: DayCounts) -> None:
        """Add the counts of another part of the replications."""
        self.days += other.days
        if self.cells is not None and other.cells is not None:
            self.cells += other.cells

    @property
    def total(self) -> int:
        """How many times were counted."""
        return int(self.days.sum())

    def by_set(self) -> Ints:
        """How many times fall on or before each grid day, by set: shape ``(sets, m)``."""
        if self.cells is None:
            return self.days.cumsum()[self.grid - self.first][None, :]
        return self.cells.cumsum(axis=1)

    def at_rank(self, rank: int) -> int:
        """The day of the rank-th earliest time, from 1."""
        return int(np.searchsorted(self.days.cumsum(), rank)) + self.first

    def quantile(self, percent: int) -> int:
        """The smallest day d with share(day ≤ d) ≥ percent/100, in whole numbers throughout; needs one time."""
        return self.at_rank(-(-percent * self.total // 100))
