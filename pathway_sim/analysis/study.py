"""Everything that one run reports, as one reduction over chunks of trajectories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pathway_sim.analysis import reductions, summary
from pathway_sim.analysis.comparison import comparison_result
from pathway_sim.analysis.elapsed import IntervalReduction
from pathway_sim.analysis.results import ArmResult, ComparisonResult
from pathway_sim.analysis.waits import WaitReduction, joins
from pathway_sim.pathway import IMPOSSIBLE, Pathway
from pathway_sim.trajectories import Trajectories

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
        self.baseline = first
        horizon = pathways[first].horizon
        self.pairs = {name: reductions.PairReduction(horizon, sets) for name in others} if compare else {}

    def add(self, chunk: Chunk) -> None:
        """Add a chunk."""
        for name, arm in self.arms.items():
            arm.add(chunk[name])
        for name, pair in self.pairs.items():
            base, other = chunk[self.baseline], chunk[name]
            pair.add(base.milestone(base.pathway.goal), other.milestone(other.pathway.goal), base.replications)

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


class _Arm:
    """The reductions of one arm."""

    def __init__(self, pathway: Pathway, sets: int) -> None:
        self.pathway = pathway
        self.outcomes = reductions.OutcomeReduction(pathway.endings)
        self.milestones = {name: reductions.MilestoneReduction(pathway.horizon, sets) for name in pathway.milestones}
        self.spans = reductions.SpanReduction([info.name for info in pathway.stages], pathway.horizon)
        self.waits = [WaitReduction(join, pathway.horizon, sets) for join in joins(pathway)]
        self.intervals = {
            name: IntervalReduction(interval, pathway.horizon, sets) for name, interval in pathway.intervals.items()
        }

    def add(self, trajectories: Trajectories) -> None:
        self.outcomes.add(trajectories.endings())
        for name, reduction in self.milestones.items():
            can_end = self.pathway.milestones[name].until != IMPOSSIBLE
            until = trajectories.milestone_until(name) if can_end else None
            reduction.add(trajectories.milestone(name), trajectories.replications, until)
        arrived = trajectories.milestone(self.pathway.goal) <= self.pathway.horizon
        self.spans.add(*trajectories.stage_columns(), arrived)
        for wait in self.waits:
            wait.add(trajectories)
        for interval in self.intervals.values():
            interval.add(trajectories)

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
