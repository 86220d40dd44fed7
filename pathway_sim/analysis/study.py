"""Everything that one run reports, as one reduction over chunks of trajectories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pathway_sim.analysis import reductions, summary
from pathway_sim.analysis.comparison import comparison_result
from pathway_sim.analysis.elapsed import IntervalReduction
from pathway_sim.analysis.groups import Groups
from pathway_sim.analysis.results import ArmResult, ComparisonResult
from pathway_sim.analysis.waits import WaitReduction, joins
from pathway_sim.pathway import IMPOSSIBLE, NEVER, Pathway, StageInfo
from pathway_sim.trajectories import Trajectories, time_of

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Chunk = Mapping[str, Trajectories]
"""The same replications of each arm."""


class Study:
    """The reductions of all arms, and of each arm against the baseline.

    Parameters
    ----------
    pathways : mapping of str to Pathway
        By arm; the baseline first if there is one to compare with.
    sets : int
        The number of parameter sets.
    compare : bool
        Whether arms are compared with the first one.
    """

    def __init__(self, pathways: Mapping[str, Pathway], sets: int, *, compare: bool = True) -> None:
        self.arms = {name: _Arm(pathway, sets) for name, pathway in pathways.items()}
        first, *others = pathways
        self.baseline, self.sets = first, sets
        horizon = pathways[first].horizon
        self.pairs = {name: reductions.PairReduction(horizon, sets) for name in others} if compare else {}

    def add(self, chunk: Chunk) -> None:
        """Add a chunk."""
        base = chunk[self.baseline]
        groups = Groups(base.first, base.count, self.sets)
        for name, arm in self.arms.items():
            arm.add(groups, chunk[name])
        for name, pair in self.pairs.items():
            pair.add(groups, *_either(base, chunk[name]))

    def merge(self, other: Study) -> None:
        """Add what another study of the same arms has counted."""
        for name, arm in self.arms.items():
            arm.merge(other.arms[name])
        for name, pair in self.pairs.items():
            pair.merge(other.pairs[name])

    def result(self) -> tuple[dict[str, ArmResult], tuple[ComparisonResult, ...]]:
        """The arms, and their comparisons with the baseline."""
        arms = {name: arm.result(name) for name, arm in self.arms.items()}
        goal = next(iter(self.arms.values())).pathway.goal
        return arms, tuple(comparison_result(self.baseline, name, goal, pair) for name, pair in self.pairs.items())


def _either(base: Trajectories, other: Trajectories) -> tuple[Ints, Floats, Floats]:
    """The replications that reach the goal in one of two arms, and when in each, days: all of shape ``(m,)``."""
    base_times, other_times = (each.milestone(each.pathway.goal) for each in (base, other))
    rows = np.flatnonzero(np.minimum(base_times, other_times) < NEVER)
    return rows, base_times[rows], other_times[rows]


class _Arm:
    """The reductions of one arm."""

    def __init__(self, pathway: Pathway, sets: int) -> None:
        self.pathway = pathway
        self.outcomes = reductions.OutcomeReduction(pathway.endings)
        self.milestones = {name: reductions.MilestoneReduction(pathway.horizon, sets) for name in pathway.milestones}
        self.ways = [_ways(pathway, info) for info in pathway.stages]
        self.spans = reductions.SpanReduction(
            [info.name for info in pathway.stages], pathway.horizon, max(map(len, self.ways))
        )
        self.waits = [WaitReduction(join, pathway.horizon, sets) for join in joins(pathway)]
        self.intervals = {
            name: IntervalReduction(interval, pathway.horizon, sets) for name, interval in pathway.intervals.items()
        }

    def add(self, groups: Groups, trajectories: Trajectories) -> None:
        self.outcomes.add(trajectories.endings())
        for name, reduction in self.milestones.items():
            rows, times = trajectories.arrivals(name)
            ends = self.pathway.milestones[name].until
            until = None if ends == IMPOSSIBLE else time_of(ends, trajectories, rows)
            reduction.add(groups, rows, times, until)
        self._add_spans(trajectories)
        for wait in self.waits:
            wait.add(groups, trajectories)
        for interval in self.intervals.values():
            interval.add(groups, trajectories)

    def _add_spans(self, trajectories: Trajectories) -> None:
        """When each stage ran in those that reach the goal, and how it ended."""
        there = trajectories.arrivals(self.pathway.goal)[0]
        self.spans.reached += len(there)
        on_the_way = np.zeros(trajectories.count, dtype=np.bool_)
        on_the_way[there] = True
        for place, info in enumerate(self.pathway.stages):
            for rank in info.ranks:
                step, visits = self.pathway.steps[rank], trajectories.visits[rank]
                here = on_the_way[visits.rows].nonzero()[0]
                start, end, outcome = visits.start[here], visits.end[here], visits.outcome[here]
                if rank == info.ranks[0]:  # a stage starts when its first step does
                    self.spans.add_start(place, start[start < NEVER])
                for code in sorted(step.final):
                    way, everywhere = self.ways[place].index(step.outcomes[code]), visits.outcome == code
                    self.spans.add_end(place, way, end[outcome == code], int(np.count_nonzero(everywhere)))

    def merge(self, other: _Arm) -> None:
        self.outcomes.merge(other.outcomes)
        self.spans.merge(other.spans)
        for name, reduction in self.milestones.items():
            reduction.merge(other.milestones[name])
        for mine, theirs in zip(self.waits, other.waits, strict=True):
            mine.merge(theirs)
        for name, interval in self.intervals.items():
            interval.merge(other.intervals[name])

    def result(self, name: str) -> ArmResult:
        result = summary.arm_result(name, self.outcomes, self.milestones, self.spans)
        titles = {info.name: info.title for info in self.pathway.stages}
        return replace(
            result,
            spans=tuple(replace(span, title=titles[span.stage]) for span in result.spans),
            waits=tuple(wait.result() for wait in self.waits),
            intervals={name: interval.result(name) for name, interval in self.intervals.items()},
            titles=titles,
        )


def _ways(pathway: Pathway, info: StageInfo) -> list[str]:
    """The outcomes of a stage, in the order of its steps."""
    return list(dict.fromkeys(name for rank in info.ranks for name in pathway.steps[rank].outcomes))
