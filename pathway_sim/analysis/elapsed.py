"""The time from one fact to another, where a scenario asks for it under `intervals`."""

from __future__ import annotations

import numpy as np

from pathway_sim.analysis.groups import Groups
from pathway_sim.analysis.lengths import LengthReduction
from pathway_sim.analysis.results import IntervalResult
from pathway_sim.pathway import NEVER, Interval
from pathway_sim.trajectories import Trajectories, arrivals, time_of


class IntervalReduction:
    """One interval of an arm; it is negative where its end comes before its beginning.

    Parameters
    ----------
    interval : Interval
        Its two facts.
    horizon_days : float
        No fact is met later.
    sets : int
        Parameter sets P.
    """

    def __init__(self, interval: Interval, horizon_days: float, sets: int = 1) -> None:
        self.interval = interval
        self.length = LengthReduction(horizon_days, sets, signed=True)

    def add(self, groups: Groups, trajectories: Trajectories) -> None:
        """Add a chunk: the replications that reach the beginning."""
        rows, begin = arrivals(self.interval.begin, trajectories)
        end = time_of(self.interval.end, trajectories, rows)
        ends = np.flatnonzero(end < NEVER)
        self.length.add(groups.count_of(rows), groups.of(rows[ends]), end[ends] - begin[ends])

    def merge(self, other: IntervalReduction) -> None:
        """Add the state of other replications of the same arm."""
        self.length.merge(other.length)

    def result(self, name: str) -> IntervalResult:
        """What is reported."""
        return IntervalResult(name, self.interval.title, self.length.result())
