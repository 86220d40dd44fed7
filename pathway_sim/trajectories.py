"""What an engine returns: for every step and replication when it was ready, started and ended, and how.

Facts only; every statistic is computed from these columns later.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pathway_sim.parameters import Codes, Floats, Integers
from pathway_sim.pathway import NEVER, START, All, AnyOf, Condition, Fact, Given, Not, Pathway


@dataclass(frozen=True)
class Trajectories:
    """The replications `first` … `first` + n − 1 of one arm.

    Attributes
    ----------
    start, end : float64, shape (steps, n)
        Days; +∞ where it never happened. A skipped step has an end (when it was passed) and no start. Without shared
        resources a step starts when it is ready, so `ready` is `start`.
    outcome : int8, shape (steps, n)
        Index into the step's outcomes; `UNFINISHED` or `SKIPPED`.
    ended : float64, shape (n,)
        Days until a terminal outcome ended the program; +∞ if none did by the horizon.
    ended_by : int64, shape (n,)
        The rank of the step that did, or −1.
    """

    pathway: Pathway
    first: int
    start: Floats
    end: Floats
    outcome: Codes
    ended: Floats
    ended_by: Integers

    @property
    def count(self) -> int:
        """How many replications there are."""
        return int(self.ended.size)

    @cached_property
    def replications(self) -> Integers:
        """Their numbers, shape ``(n,)``."""
        return np.arange(self.first, self.first + self.count, dtype=np.int64)

    @property
    def ready(self) -> Floats:
        """When each step could start, shape ``(steps, n)``, days."""
        return self.start

    def milestone(self, name: str) -> Floats:
        """When a milestone was reached, shape ``(n,)``, days; +∞ if not by the horizon."""
        return time_of(self.pathway.milestones[name].reached, self)

    def milestone_until(self, name: str) -> Floats:
        """When a milestone ended again, shape ``(n,)``, days; +∞ if it did not."""
        return time_of(self.pathway.milestones[name].until, self)

    def endings(self) -> Integers:
        """How each replication ended, shape ``(n,)``: an index into ``pathway.endings``."""
        labels = self.pathway.endings
        codes = np.full(self.count, len(labels) - 1, dtype=np.int64)
        for rank in np.unique(self.ended_by[self.ended_by >= 0]):
            here = np.flatnonzero(self.ended_by == rank)
            step = self.pathway.steps[rank]
            index = np.array(
                [
                    labels.index(f"{name}:{step.stage}") if code in step.terminal else -1
                    for code, name in enumerate(step.outcomes)
                ]
            )
            codes[here] = index[self.outcome[rank, here]]
        codes[np.isfinite(self.milestone(self.pathway.goal))] = 0
        return codes

    def stage_columns(self) -> tuple[Floats, Floats, Integers]:
        """When each stage started and ended, and how, each of shape ``(stages, n)``, in the order of the pathway's
        stages.

        Days, +∞ for never; the third is the place of the outcome among all outcomes of the stage, −1 if it has not
        ended or was skipped.
        """
        shape = (len(self.pathway.stages), self.count)
        start, end, how = np.full(shape, NEVER), np.full(shape, NEVER), np.full(shape, -1, dtype=np.int64)
        for place, info in enumerate(self.pathway.stages):
            start[place] = self.start[list(info.ranks)].min(axis=0)
            names = list(dict.fromkeys(name for rank in info.ranks for name in self.pathway.steps[rank].outcomes))
            for rank in info.ranks:
                step = self.pathway.steps[rank]
                for code in step.final:
                    here = self.outcome[rank] == code
                    end[place, here], how[place, here] = self.end[rank, here], names.index(step.outcomes[code])
        return start, end, how


Rows = Integers | slice
EVERY = slice(None)


class Facts(Protocol):
    """Columns of facts: start and end in days and outcome codes, each of shape ``(steps, n)``."""

    @property
    def start(self) -> Floats:
        """When each step started."""

    @property
    def end(self) -> Floats:
        """When each step ended."""

    @property
    def outcome(self) -> Codes:
        """How each step ended."""


def time_of(condition: Condition, facts: Facts, rows: Rows = EVERY) -> Floats:
    """When a condition became true in these rows, shape ``(n,)``, days. `Not` has no time."""
    if isinstance(condition, Fact):
        return _fact_time(condition, facts, rows)
    if isinstance(condition, Given):
        return np.full(facts.start[0, rows].shape, condition.time)
    if isinstance(condition, Not):
        raise TypeError("the negation of a fact has no time")
    times = [time_of(inner, facts, rows) for inner in condition.of]
    if not times:
        return np.full(facts.start[0, rows].shape, 0.0 if isinstance(condition, All) else NEVER)
    return reduce(np.maximum if isinstance(condition, All) else np.minimum, times)


def _fact_time(fact: Fact, facts: Facts, rows: Rows) -> Floats:
    if fact.codes == (START,):
        return facts.start[fact.step, rows]
    codes = facts.outcome[fact.step, rows]
    met = reduce(np.logical_or, [codes == code for code in fact.codes])
    return np.where(met, facts.end[fact.step, rows], NEVER)


def holds(condition: Condition, at: Floats, facts: Facts, rows: Rows = EVERY) -> npt.NDArray[np.bool_]:
    """Whether a condition holds at the times `at`, shape ``(n,)``: facts count from their own instant on."""
    if isinstance(condition, Not):
        return ~holds(condition.of, at, facts, rows)
    if isinstance(condition, (All, AnyOf)):
        held = [holds(inner, at, facts, rows) for inner in condition.of]
        start = np.full(at.shape, isinstance(condition, All))
        return reduce(np.logical_and if isinstance(condition, All) else np.logical_or, held, start)
    return time_of(condition, facts, rows) <= at
