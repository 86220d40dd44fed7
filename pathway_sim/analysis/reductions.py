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
from pathway_sim.analysis.sums import ExactSums

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class MilestoneReduction:
    """When one milestone is reached in one arm, and, if it can end, until when.

    Parameters
    ----------
    horizon_days : float
        Later times count as never; a time exactly at the horizon counts.
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

    def add(self, times: Floats, replications: Ints, until: Floats | None = None) -> None:
        """Add a chunk.

        Parameters
        ----------
        times : ndarray
            Shape ``(n,)``, days, +inf = never. Before day 0 counts as day 0 on the curve and as itself in the mean.
        replications : ndarray
            Shape ``(n,)``, numbers of the replications.
        until : ndarray, optional
            Shape ``(n,)``, days, +inf = never ends. Available at t is reached ≤ t < until.
        """
        group = replications % self.sets
        self.starts += np.bincount(group, minlength=self.sets)
        arrived = times <= self.horizon
        self.reached.add(times[arrived], group[arrived])
        self.times.add(times[arrived], group[arrived])
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
        A start before it and an end up to it count.
    """

    def __init__(self, stages: Sequence[str], horizon_days: float) -> None:
        self.stages, self.horizon = tuple(stages), float(horizon_days)
        self.reached = 0
        self.starts = [self._counts() for _ in self.stages]
        self.ends = [self._counts() for _ in self.stages]
        self.ways: Ints = np.zeros((2, len(self.stages), 0), dtype=np.int64)

    def _counts(self) -> DayCounts:
        return DayCounts(0, np.array([int(self.horizon // 1)]))

    def add(self, start: Floats, end: Floats, outcome: npt.NDArray[np.integer], mask: Bools) -> None:
        """Add a chunk.

        Parameters
        ----------
        start, end : ndarray
            Shape ``(stages, n)``, days, +inf = never.
        outcome : ndarray
            Shape ``(stages, n)``, how each stage ended; −1 for a stage that has not. What never started is left out.
        mask : ndarray
            Shape ``(n,)``, True where the replication reaches the goal.
        """
        self._widen(int(outcome.max(initial=-1)) + 1)
        way = np.where(start < self.horizon, outcome, -1)
        on_the_way = np.flatnonzero(mask)
        self.reached += len(on_the_way)
        for k in range(len(self.stages)):
            self._add_stage(k, start[k, on_the_way], end[k, on_the_way])
            self._add_ways(k, way[k], way[k, on_the_way])

    def _add_stage(self, stage: int, start: Floats, end: Floats) -> None:
        started = start < self.horizon
        for counts, times in ((self.starts[stage], start[started]), (self.ends[stage], end[started])):
            times = times[times <= self.horizon]
            counts.add(times, np.zeros(len(times), dtype=np.int64))

    def _add_ways(self, stage: int, *outcomes: npt.NDArray[np.integer]) -> None:
        for ways, codes in zip(self.ways, outcomes, strict=True):
            # One place in front takes the futures in which the stage has no outcome.
            ways[stage] += np.bincount(codes + 1, minlength=self.ways.shape[2] + 1)[1:]

    def _widen(self, codes: int) -> None:
        missing = max(0, codes - self.ways.shape[2])
        self.ways = np.pad(self.ways, ((0, 0), (0, 0), (0, missing)))

    def merge(self, other: SpanReduction) -> None:
        """Add the state of other replications of the same arm."""
        self.reached += other.reached
        self._widen(other.ways.shape[2])
        self.ways[:, :, : other.ways.shape[2]] += other.ways
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

    def add(self, base_times: Floats, arm_times: Floats, replications: Ints) -> None:
        """Add a chunk: times ``(n,)`` in days, +inf = never, of the same replications ``(n,)`` in both arms."""
        group = replications % self.sets
        self.starts += np.bincount(group, minlength=self.sets)
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
