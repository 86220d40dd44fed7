"""What an engine returns: for every step the replications that came to it, when it started and ended, and how.

Facts only; every statistic is computed from these columns later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from pathway_sim.parameters import Codes, Floats, Integers
from pathway_sim.pathway import NEVER, START, UNFINISHED, All, AnyOf, Condition, Fact, Given, Not, Pathway

Scalar = TypeVar("Scalar", bound=np.generic)
Mask = npt.NDArray[np.bool_]
FEW = 16
"""Times that are asked of more than one row in so many are laid out for the whole chunk, once."""
Rows = Integers | slice
EVERY = slice(None)


@dataclass(frozen=True, eq=False)
class Visits:
    """The replications of a chunk that came to one step.

    Attributes
    ----------
    count : int
        How many replications the chunk has.
    rows : int64, shape (m,)
        Their places in the chunk, in any order.
    start, end : float64, shape (m,)
        Days; +∞ where it never happened. A skipped step has an end (when it was passed) and no start. Without shared
        resources a step starts when it is ready, so `ready` is `start`.
    outcome : int8, shape (m,)
        Index into the step's outcomes; `UNFINISHED` or `SKIPPED`.
    """

    count: int
    rows: Integers
    start: Floats
    end: Floats
    outcome: Codes
    _times: dict[tuple[int, ...], Floats] = field(default_factory=dict, repr=False, init=False)

    def having(self, codes: tuple[int, ...]) -> tuple[Integers, Floats]:
        """The replications in which the step started (``(START,)``) or ended with one of these codes, and when."""
        if codes == (START,):
            return those(self.start < NEVER, self.rows, self.start)
        return those(reduce(np.bitwise_or, [self.outcome == code for code in codes]), self.rows, self.end)

    def times(self, codes: tuple[int, ...]) -> Floats:
        """The same for every replication of the chunk, shape ``(count,)``; +∞ where it never happened."""
        found = self._times.get(codes)
        if found is None:
            rows, times = self.having(codes)
            found = self._times[codes] = spread(self.count, rows, times, NEVER)
        return found

    def times_at(self, codes: tuple[int, ...], rows: Integers) -> Floats:
        """The same in these rows, shape ``(n,)``."""
        if codes in self._times or rows.size > self.count // FEW or not self.rows.size:
            return self.times(codes)[rows]
        here, place = self._find(rows)
        if codes == (START,):
            return np.where(here, self.start[place], NEVER)
        outcome = self.outcome[place]
        return np.where(here & reduce(np.bitwise_or, [outcome == code for code in codes]), self.end[place], NEVER)

    def outcomes_at(self, rows: Integers) -> Codes:
        """How it ended in these rows, shape ``(n,)``."""
        if rows.size > self.count // FEW or not self.rows.size:
            return self._outcomes[rows]
        here, place = self._find(rows)
        return np.where(here, self.outcome[place], np.int8(UNFINISHED))

    @cached_property
    def _outcomes(self) -> Codes:
        return spread(self.count, self.rows, self.outcome, UNFINISHED)

    def _find(self, rows: Integers) -> tuple[Mask, Integers]:
        """Which of these rows came to the step, and their places among those that did (any place for the others)."""
        place = np.minimum(self._place[rows], self.rows.size - 1)
        return self.rows[place] == rows, place

    @cached_property
    def _place(self) -> npt.NDArray[np.uint32]:
        """The place of each row that came; the others hold anything, so that the column need not be filled."""
        place = np.empty(self.count, dtype=np.uint32)
        place[self.rows] = np.arange(self.rows.size, dtype=np.uint32)
        return place


def those(kept: Mask, rows: Integers, times: Floats) -> tuple[Integers, Floats]:
    """The rows that are kept, and their times; the very same arrays if all are."""
    if kept.all():
        return rows, times
    here = kept.nonzero()[0]
    return rows[here], times[here]


def spread(count: int, rows: Integers, values: npt.NDArray[Scalar], elsewhere: float) -> npt.NDArray[Scalar]:
    """A column of `count` replications that has these values in these rows."""
    column = np.full(count, elsewhere, dtype=values.dtype)
    column[rows] = values
    return column


class Facts(Protocol):
    """What is known of a chunk."""

    @property
    def count(self) -> int:
        """How many replications it has."""

    @property
    def everyone(self) -> Integers:
        """The places of all of them, ascending."""

    @property
    def visits(self) -> Sequence[Visits]:
        """Who came to each step, by rank."""


def time_of(condition: Condition, facts: Facts, rows: Rows = EVERY) -> Floats:
    """When a condition became true in these rows, shape ``(n,)``, days. `Not` has no time."""
    if isinstance(condition, Fact):
        visits = facts.visits[condition.step]
        return visits.times(condition.codes) if isinstance(rows, slice) else visits.times_at(condition.codes, rows)
    if isinstance(condition, Not):
        raise TypeError("the negation of a fact has no time")
    if isinstance(condition, (All, AnyOf)) and condition.of:
        times = [time_of(inner, facts, rows) for inner in condition.of]
        return reduce(np.maximum if isinstance(condition, All) else np.minimum, times)
    known = condition.time if isinstance(condition, Given) else 0.0 if isinstance(condition, All) else NEVER
    return np.full(facts.count if isinstance(rows, slice) else rows.shape, known)


def arrivals(condition: Condition, facts: Facts) -> tuple[Integers, Floats]:
    """The replications in which a condition becomes true, in any order, and when, days: both of shape ``(m,)``."""
    if isinstance(condition, Fact):
        return facts.visits[condition.step].having(condition.codes)
    if isinstance(condition, AnyOf) and condition.of:
        found = [arrivals(inner, facts) for inner in condition.of]
        if _apart(facts.count, [rows for rows, _ in found]):
            rows, times = (np.concatenate(parts) for parts in zip(*found, strict=True))
            return rows, times
    if isinstance(condition, All) and condition.of:
        rarest, *others = sorted(condition.of, key=lambda each: _at_most(each, facts))
        rows, times = arrivals(rarest, facts)
        for other in others:
            times = np.maximum(times, time_of(other, facts, rows))
        return those(times < NEVER, rows, times)
    times = time_of(condition, facts)
    return those(times < NEVER, facts.everyone, times)


def _apart(count: int, parts: list[Integers]) -> bool:
    """Whether no row is in two parts."""
    seen = np.zeros(count, dtype=np.bool_)
    for rows in parts:
        seen[rows] = True
    return int(np.count_nonzero(seen)) == sum(rows.size for rows in parts)


def _at_most(condition: Condition, facts: Facts) -> int:
    """In how many rows a condition becomes true, at most."""
    if isinstance(condition, Fact):
        return facts.visits[condition.step].rows.size
    if isinstance(condition, (All, AnyOf)) and condition.of:
        most = [_at_most(inner, facts) for inner in condition.of]
        return min(most) if isinstance(condition, All) else sum(most)
    return facts.count


def holds(condition: Condition, at: Floats, facts: Facts, rows: Rows = EVERY) -> Mask:
    """Whether a condition holds at the times `at`, shape ``(n,)``: facts count from their own instant on."""
    if isinstance(condition, Not):
        return ~holds(condition.of, at, facts, rows)
    if isinstance(condition, (All, AnyOf)) and condition.of:
        held = [holds(inner, at, facts, rows) for inner in condition.of]
        return reduce(np.logical_and if isinstance(condition, All) else np.logical_or, held)
    if isinstance(condition, Fact):
        return time_of(condition, facts, rows) <= at
    if isinstance(condition, Given):
        return condition.time <= at
    return np.full(at.shape, isinstance(condition, All))


@dataclass(frozen=True, eq=False)
class Trajectories:
    """The replications `first` … `first` + n − 1 of one arm.

    Attributes
    ----------
    visits : sequence of Visits
        Who came to each step, by rank.
    over : float64, shape (n,)
        Days until a terminal outcome ended the program, or until the horizon.
    ended_by : int64, shape (n,)
        The rank of the step that ended it, or −1.
    """

    pathway: Pathway
    first: int
    visits: Sequence[Visits]
    over: Floats
    ended_by: Integers

    @property
    def count(self) -> int:
        """How many replications there are."""
        return int(self.over.size)

    @cached_property
    def ended(self) -> Floats:
        """When a terminal outcome ended the program, shape ``(n,)``, days; +∞ if none did by the horizon."""
        return np.where(self.ended_by >= 0, self.over, NEVER)

    @cached_property
    def everyone(self) -> Integers:
        """Their places, shape ``(n,)``."""
        return np.arange(self.count, dtype=np.int64)

    @property
    def replications(self) -> Integers:
        """Their numbers, shape ``(n,)``."""
        return self.first + self.everyone

    @cached_property
    def start(self) -> Floats:
        """When each step started, shape ``(steps, n)``, days; +∞ for never."""
        return np.stack([spread(self.count, each.rows, each.start, NEVER) for each in self.visits])

    @property
    def ready(self) -> Floats:
        """When each step could start, shape ``(steps, n)``, days."""
        return self.start

    @cached_property
    def end(self) -> Floats:
        """When each step ended, shape ``(steps, n)``, days; +∞ for never."""
        return np.stack([spread(self.count, each.rows, each.end, NEVER) for each in self.visits])

    @cached_property
    def outcome(self) -> Codes:
        """How each step ended, shape ``(steps, n)``."""
        return np.stack([spread(self.count, each.rows, each.outcome, UNFINISHED) for each in self.visits])

    def milestone(self, name: str) -> Floats:
        """When a milestone was reached, shape ``(n,)``, days; +∞ if not by the horizon."""
        return time_of(self.pathway.milestones[name].reached, self)

    def milestone_until(self, name: str) -> Floats:
        """When a milestone ended again, shape ``(n,)``, days; +∞ if it did not."""
        return time_of(self.pathway.milestones[name].until, self)

    def arrivals(self, name: str) -> tuple[Integers, Floats]:
        """The replications that reach a milestone by the horizon, in any order, and when, days: both ``(m,)``."""
        return arrivals(self.pathway.milestones[name].reached, self)

    def endings(self) -> Integers:
        """How each replication ended, shape ``(n,)``: an index into ``pathway.endings``."""
        labels = self.pathway.endings
        by_step = np.full(len(self.pathway.steps) + 1, len(labels) - 1)  # of no step, at place −1: censored
        several = []
        for rank, step in enumerate(self.pathway.steps):
            found = {code: labels.index(f"{step.outcomes[code]}:{step.stage}") for code in step.terminal}
            by_step[rank] = next(iter(found.values()), 0)
            several += [(rank, code, label) for code, label in found.items() if label != by_step[rank]]
        codes = by_step[self.ended_by]
        for rank, code, label in several:
            codes[self.visits[rank].having((code,))[0]] = label
        codes[self.arrivals(self.pathway.goal)[0]] = 0
        return codes
