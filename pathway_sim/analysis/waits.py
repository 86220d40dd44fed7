"""What held what: where a stage waits for several others, how often each was the last of them, and by how much.

The last is the one that is strictly later than all others; where two are the last at one instant, nobody held the
stage. A stage that was passed takes no time of its own, so at one instant it gives way to those that were not passed:
where there was nothing to rework, the work before it held, and not the rework that never was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from pathway_sim.analysis.groups import Groups
from pathway_sim.analysis.lengths import LengthReduction
from pathway_sim.analysis.results import HolderResult, WaitResult
from pathway_sim.analysis.wording import words
from pathway_sim.pathway import NEVER, SKIPPED, All, AnyOf, Condition, Fact, Pathway, StageInfo, facts_of
from pathway_sim.trajectories import Trajectories, time_of

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Holder:
    """What can hold a stage: the places of its members in the join."""

    name: str
    title: str
    members: tuple[int, ...]


@dataclass(frozen=True)
class Join:
    """A stage whose first step, of this rank, waits for several members; who they belong to, by stage and by track."""

    info: StageInfo
    rank: int
    members: tuple[Condition, ...]
    stages: tuple[Holder, ...]
    tracks: tuple[Holder, ...]


def joins(pathway: Pathway) -> Iterator[Join]:
    """The stages that are not switched off and wait for two others or more, in pathway order."""
    stages = {info.name: info for info in pathway.stages}
    for info in pathway.stages:
        rank = info.ranks[0]  # of several that start together, such as an interim analysis and its trial, one
        step = pathway.steps[rank]
        members = tuple(_members(step.after))
        if len(members) < 2 or step.off:
            continue
        owners = [tuple(dict.fromkeys(pathway.steps[fact.step].stage for fact in facts_of(each))) for each in members]
        infos = [[stages[name] for name in names] for names in owners]
        by_stage = _holders(infos, lambda info: (info.name, info.title))
        by_track = _holders(infos, lambda info: (info.track, f"{words(info.track)} track"))
        if len(by_stage) > 1:
            yield Join(info, rank, members, by_stage, by_track if len(by_track) > 1 else ())


def _members(condition: Condition) -> Iterator[Condition]:
    """What must be met, all of it; what is known beforehand holds nothing."""
    if isinstance(condition, All):
        for inner in condition.of:
            yield from _members(inner)
    elif any(facts_of(condition)):
        yield condition


def _holders(owners: list[list[StageInfo]], label: Callable[[StageInfo], tuple[str, str]]) -> tuple[Holder, ...]:
    """The members joined that have the same owners; owners of whom one is enough are named together."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, infos in enumerate(owners):
        names, titles = zip(*dict.fromkeys(map(label, infos)), strict=True)
        found.setdefault((" or ".join(names), " or ".join(titles)), []).append(place)
    return tuple(Holder(*labels, tuple(members)) for labels, members in found.items())


class WaitReduction:
    """What held one stage of an arm.

    Parameters
    ----------
    join : Join
        The stage and what it waits for.
    horizon_days : float
        No wait is longer.
    sets : int
        Parameter sets P.
    """

    def __init__(self, join: Join, horizon_days: float, sets: int = 1) -> None:
        self.join, self.ready = join, 0
        # A track that the stage waits for once holds it whenever that one does, so the two are counted as one.
        holders = {holder.members for holder in (*join.stages, *join.tracks)}
        self.held = {members: LengthReduction(horizon_days, sets) for members in sorted(holders)}

    def add(self, groups: Groups, trajectories: Trajectories) -> None:
        """Add a chunk: the replications in which the stage started or was passed."""
        rows = trajectories.visits[self.join.rank].rows
        self.ready += len(rows)
        asked, times = groups.count_of(rows), member_times(self.join.members, trajectories, rows)
        for members, reduction in self.held.items():
            others = [place for place in range(len(times)) if place not in members]
            by = times[list(members)].max(axis=0) - times[others].max(axis=0)
            lasts = np.flatnonzero((by > 0) & (by < NEVER))
            reduction.add(asked, groups.of(rows[lasts]), by[lasts])

    def merge(self, other: WaitReduction) -> None:
        """Add the state of other replications of the same arm."""
        self.ready += other.ready
        for members, reduction in self.held.items():
            reduction.merge(other.held[members])

    def result(self) -> WaitResult:
        """What is reported: those that held the stage in some future."""
        single = {holder.members for holder in self.join.stages}
        lengths = {members: reduction.result() for members, reduction in self.held.items() if reduction.days.total}
        stages, tracks = (
            tuple(
                HolderResult(holder.name, holder.title, lengths[holder.members], holder.members not in single)
                for holder in holders
                if holder.members in lengths
            )
            for holders in (self.join.stages, self.join.tracks)
        )
        return WaitResult(self.join.info.name, self.join.info.title, self.ready, stages, tracks)


def member_times(members: tuple[Condition, ...], trajectories: Trajectories, rows: Ints) -> Floats:
    """When each member was met, shape ``(members, n)`` in days; −∞ where it gives way to one that was not passed."""
    met = [_met(member, trajectories, rows) for member in members]
    times, passed = (np.stack(parts) for parts in zip(*met, strict=True))
    last = times == times.max(axis=0)
    gives_way = last & passed & (last & ~passed).any(axis=0)
    return np.where(gives_way, -NEVER, times)


def _met(condition: Condition, trajectories: Trajectories, rows: Ints) -> tuple[Floats, Bools]:
    """When a condition was met, and whether by passing a stage alone."""
    if isinstance(condition, (All, AnyOf)) and condition.of:
        met = [_met(inner, trajectories, rows) for inner in condition.of]
        time = reduce(np.maximum if isinstance(condition, All) else np.minimum, [times for times, _ in met])
        return time, np.logical_and.reduce([passed | (times != time) for times, passed in met])
    passed = np.zeros(len(rows), dtype=bool)
    if isinstance(condition, Fact) and SKIPPED in condition.codes:
        passed = trajectories.visits[condition.step].outcomes_at(rows) == SKIPPED
    return time_of(condition, trajectories, rows), passed
