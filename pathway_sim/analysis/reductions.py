"""Reductions over trajectories: `add` a chunk, `merge` another reduction, `result` at the end.

The state is integers only. Any chunking, any order of merging and any number of workers therefore give the same state,
and the same bytes out of it; memory does not grow with replications. All of them can be pickled.

With P > 1 parameter sets replication k belongs to set k mod P. Counts by set are kept by month, pooled ones by day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from pathway_sim.analysis.counts import DayCounts, curve_days, signed_days
from pathway_sim.analysis.groups import Groups
from pathway_sim.analysis.sums import ExactSums

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class MilestoneReduction:
    """When one milestone is reached in one arm, and, if it can end, until when.

    Parameters
    ----------
    horizon_days : float
        No time of a milestone is later.
    sets : int
        Parameter sets P.
    """

    def __init__(self, horizon_days: float, sets: int = 1) -> None:
        self.horizon, self.sets = float(horizon_days), sets
        self.starts: Ints = np.zeros(sets, dtype=np.int64)
        self.reached = self._counts()
        self.ended: DayCounts | None = None
        self.times = ExactSums(sets)

    def _counts(self) -> DayCounts:
        return DayCounts(0, curve_days(self.horizon), self.sets)

    def add(self, groups: Groups, rows: Ints, times: Floats, until: Floats | None = None) -> None:
        """Add a chunk.

        Parameters
        ----------
        groups : Groups
            All its replications.
        rows : ndarray
            Shape ``(m,)``, the places in the chunk of those that reach the milestone.
        times : ndarray
            Shape ``(m,)``, days. Before day 0 counts as day 0 on the curve and as itself in the mean.
        until : ndarray, optional
            Shape ``(m,)``, days, +inf = never ends. Available at t is reached ≤ t < until.
        """
        group = groups.of(rows)
        self.starts += groups.sizes
        self.reached.add(times, group)
        self.times.add(times, group)
        if until is not None:
            self._add_ends(np.maximum(until, times), group)

    def _add_ends(self, ends: Floats, group: Ints) -> None:
        over = ends <= self.horizon
        self.ended = self.ended or self._counts()
        self.ended.add(ends[over], group[over])

    def merge(self, other: MilestoneReduction) -> None:
        """Add the state of other replications of the same arm and milestone."""
        self.starts += other.starts
        self.reached.merge(other.reached)
        self.times.merge(other.times)
        if other.ended is not None:
            self.ended = self.ended or self._counts()
            self.ended.merge(other.ended)


class OutcomeReduction:
    """How replications end: counts of labels.

    Parameters
    ----------
    labels : tuple of str
        Goal first, censored last.
    """

    def __init__(self, labels: tuple[str, ...]) -> None:
        self.labels = labels
        self.counts: Ints = np.zeros(len(labels), dtype=np.int64)

    def add(self, codes: npt.NDArray[np.integer]) -> None:
        """Add a chunk: for each replication the place of its label, shape ``(n,)``."""
        self.counts += np.bincount(codes, minlength=len(self.labels))

    def merge(self, other: OutcomeReduction) -> None:
        """Add the counts of other replications."""
        self.counts += other.counts

    @property
    def total(self) -> int:
        """How many replications were added."""
        return int(self.counts.sum())

    def result(self) -> Mapping[str, float]:
        """Share of each label; they sum to 1."""
        total = self.total
        return {label: int(count) / total for label, count in zip(self.labels, self.counts, strict=True)}


class SpanReduction:
    """When each stage runs in the replications that reach the goal.

    Parameters
    ----------
    stages : sequence of str
        Names, in pathway order.
    horizon_days : float
        No stage starts or ends later.
    ways : int
        In how many ways a stage can end, at most.
    """

    def __init__(self, stages: Sequence[str], horizon_days: float, ways: int) -> None:
        self.stages, self.horizon = tuple(stages), float(horizon_days)
        self.reached = 0
        self.starts = [self._counts() for _ in self.stages]
        self.ends = [self._counts() for _ in self.stages]
        self.ways: Ints = np.zeros((2, len(self.stages), ways), dtype=np.int64)

    def _counts(self) -> DayCounts:
        return DayCounts(0, np.array([int(self.horizon // 1)]))

    def add_start(self, stage: int, times: Floats) -> None:
        """Add when a stage started in replications on the way to the goal, shape ``(m,)``, days."""
        self.starts[stage].add(times, np.zeros(times.shape, dtype=np.int64))

    def add_end(self, stage: int, way: int, times: Floats, everywhere: int) -> None:
        """Add when a stage ended in one way, in replications on the way to the goal, shape ``(m,)``, days; and in how
        many of all replications it did.
        """
        self.ends[stage].add(times, np.zeros(times.shape, dtype=np.int64))
        self.ways[:, stage, way] += (everywhere, times.size)

    def merge(self, other: SpanReduction) -> None:
        """Add the state of other replications of the same arm."""
        self.reached += other.reached
        self.ways += other.ways
        for mine, theirs in zip(self.starts + self.ends, other.starts + other.ends, strict=True):
            mine.merge(theirs)


class PairReduction:
    """One milestone in an arm and in the baseline, on the same futures.

    Parameters
    ----------
    horizon_days : float
        As in `MilestoneReduction`.
    sets : int
        Parameter sets P.
    """

    def __init__(self, horizon_days: float, sets: int = 1) -> None:
        self.horizon, self.sets = float(horizon_days), sets
        self.starts: Ints = np.zeros(sets, dtype=np.int64)
        grid = curve_days(self.horizon)
        self.baseline, self.arm, self.both = (DayCounts(0, grid, sets) for _ in range(3))
        self.gains = DayCounts(-int(-(-self.horizon // 1)), signed_days(self.horizon), sets)
        self.gained, self.restricted = ExactSums(sets), ExactSums(sets)
        self.order: Ints = np.zeros(3, dtype=np.int64)

    def add(self, groups: Groups, rows: Ints, base_times: Floats, arm_times: Floats) -> None:
        """Add a chunk.

        Parameters
        ----------
        groups : Groups
            All its replications.
        rows : ndarray
            Shape ``(m,)``, the places in the chunk of those that reach the milestone in one arm or in both.
        base_times, arm_times : ndarray
            Shape ``(m,)``, days, +inf = never.
        """
        group = groups.of(rows)
        self.starts += groups.sizes
        self.restricted.add_zeros(groups.sizes - groups.count_of(rows))
        later = np.maximum(base_times, arm_times)
        for counts, times in ((self.baseline, base_times), (self.arm, arm_times), (self.both, later)):
            counts.add(times[times <= self.horizon], group[times <= self.horizon])
        self.restricted.add(np.minimum(base_times, self.horizon) - np.minimum(arm_times, self.horizon), group)
        both = later <= self.horizon
        self._add_gains(base_times[both] - arm_times[both], group[both])

    def _add_gains(self, gain: Floats, group: Ints) -> None:
        self.gained.add(gain, group)
        self.gains.add(gain, group)
        self.order += [np.count_nonzero(gain > 0), np.count_nonzero(gain == 0), np.count_nonzero(gain < 0)]

    def merge(self, other: PairReduction) -> None:
        """Add the state of other replications of the same two arms."""
        self.starts += other.starts
        self.order += other.order
        for name in ("baseline", "arm", "both", "gains", "gained", "restricted"):
            getattr(self, name).merge(getattr(other, name))
