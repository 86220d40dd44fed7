"""The pathway: the complete, frozen model that engines walk. Nobody who walks it looks at a scenario file.

A pathway is a list of steps in topological order; a step's place in the list is its rank. Times are float days;
*never* is +∞. A fact is a step's start, or its outcome and end; "after all of" is a maximum, "after any of" a minimum.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np

from pathway_sim.parameters import Chance, Number

NEVER = np.inf
UNFINISHED = -1
"""Outcome code of a step that has not ended."""
SKIPPED = -2
"""Outcome code of a step that was passed without starting."""
START = -3
"""In a `Fact`: the step's start instead of an outcome."""


@dataclass(frozen=True)
class Fact:
    """The time at which the step of rank `step` ended with one of `codes`, or started if `codes` is ``(START,)``."""

    step: int
    codes: tuple[int, ...]


@dataclass(frozen=True)
class Given:
    """A fact that is known beforehand: true from `time` on."""

    time: float


@dataclass(frozen=True)
class All:
    """True when every member is; with no member, from day 0."""

    of: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    """True when a member is; with no member, never."""

    of: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """True while the inner condition is not. Has no time of its own, so it stands in conditions only."""

    of: Condition


Condition = Fact | Given | All | AnyOf | Not
ALWAYS, IMPOSSIBLE = All(()), AnyOf(())


def facts_of(condition: Condition) -> Iterator[Fact]:
    """Every fact that a condition reads."""
    if isinstance(condition, Fact):
        yield condition
    elif isinstance(condition, Not):
        yield from facts_of(condition.of)
    elif isinstance(condition, (All, AnyOf)):
        for inner in condition.of:
            yield from facts_of(inner)


@dataclass(frozen=True)
class Effect:
    """One effect on one input: acts if `condition` holds at the step's start. It has the name that the file gives it;
    the change of an agency's rule on a day has none.
    """

    name: str
    condition: Condition
    operator: Literal["set", "odds", "scale"]
    number: Number | Chance


@dataclass(frozen=True)
class Input:
    """A number that a rule reads: a duration (`Chance`) or a probability (`Number`), with what acts on it."""

    source: Number | Chance
    paced: bool = False
    effects: tuple[Effect, ...] = ()


Column = Any
"""In a rule: a column of shape ``(n,)``, one element a replication, or a single number for a single replication."""


class Arrival(Protocol):
    """What a rule sees of the replications that reach its step: columns, or single numbers, never both."""

    start: Column

    def uniform(self, purpose: str) -> Column:
        """The keyed uniform numbers of this step with this purpose."""

    def duration(self, name: str, purpose: str = "") -> Column:
        """A random duration in days, after pace and effects, rounded to 2**-20 day; the purpose is the name unless
        given.
        """

    def probability(self, name: str) -> Column:
        """A probability after effects; a single number also stands for a whole column."""

    def outcome_of(self, part: str, visit: int) -> Column:
        """The outcome codes of an earlier step of the same stage."""

    def seen_by(self, part: str, visit: int) -> Arrival:
        """What another step of the same stage saw: its start, its draws, and its numbers as they were then.

        Of a step that has not started only the draws mean anything.
        """


class Rule(Protocol):
    """What happens in a step, written once and used by every engine."""

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """The end of the step in days and the code of its outcome: a pure function of the arrival, of columns if that
        has columns, else of numbers.
        """


@dataclass(frozen=True)
class Step:
    """One visit to one stage, or to a part of it."""

    stage: str
    part: str
    visit: int
    outcomes: tuple[str, ...]
    rule: Rule
    inputs: Mapping[str, Input]
    after: Condition = ALWAYS
    guard: Condition | None = None
    final: frozenset[int] = frozenset()
    terminal: frozenset[int] = frozenset()
    beside: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """The stage and the part: ``bla.review``."""
        return f"{self.stage}.{self.part}" if self.part else self.stage

    @property
    def name(self) -> str:
        """The place and the visit: ``bla.review/2``."""
        return f"{self.place}/{self.visit}"

    @property
    def off(self) -> bool:
        """Whether its stage is switched off in this arm, whatever the stage's own condition says."""
        guard = self.guard
        return guard == IMPOSSIBLE or (isinstance(guard, All) and guard.of[-1:] == (IMPOSSIBLE,))

    def reads(self) -> Iterator[Fact]:
        """Every fact that decides whether, when and how this step runs."""
        yield from (Fact(rank, (START,)) for rank in self.beside)
        for condition in (self.after, *(() if self.guard is None else (self.guard,))):
            yield from facts_of(condition)
        for value in self.inputs.values():
            for effect in value.effects:
                yield from facts_of(effect.condition)


@dataclass(frozen=True)
class Pace:
    """One factor a program on its sponsor's durations: level · exp(sd_log · Z)."""

    sd_log: Number
    level: Number


@dataclass(frozen=True)
class Milestone:
    """A fact whose time is reported; `until` is when it ends, if it can."""

    reached: Condition
    until: Condition = IMPOSSIBLE


@dataclass(frozen=True)
class Interval:
    """The time from one fact to another, which is reported; what it is in a few words."""

    begin: Condition
    end: Condition
    title: str


@dataclass(frozen=True)
class StageInfo:
    """What outputs say of a stage: a short title, its track, and its steps' ranks."""

    name: str
    title: str
    track: str
    ranks: tuple[int, ...]


@dataclass(frozen=True)
class Pathway:
    """One arm of a scenario, resolved completely.

    Attributes
    ----------
    steps : tuple of Step
        In topological order; ties by (stage, part, visit).
    horizon : float
        Days; a completion at the horizon counts, a start does not.
    milestones : mapping of str to Milestone
        What is reported; `goal` is the main one.
    intervals : mapping of str to Interval
        The times between two facts that are reported too.
    """

    arm: str
    title: str
    steps: tuple[Step, ...]
    stages: tuple[StageInfo, ...]
    milestones: Mapping[str, Milestone]
    goal: str
    horizon: float
    as_of: datetime.date
    pace: Pace | None = None
    program: str = "program"
    intervals: Mapping[str, Interval] = field(default_factory=dict)

    @cached_property
    def endings(self) -> tuple[str, ...]:
        """How a replication can end: the goal first, then ``<outcome>:<stage>`` in pathway order, then ``censored``."""
        labels = (f"{step.outcomes[code]}:{step.stage}" for step in self.steps for code in sorted(step.terminal))
        return tuple(dict.fromkeys((self.goal, *labels, "censored")))

    def unknowns(self) -> Iterator[Number]:
        """The numbers of which something is not known, as often as they are used."""
        sources: list[Number | Chance] = [self.pace.sd_log, self.pace.level] if self.pace else []
        for step in self.steps:
            for value in step.inputs.values():
                sources += [value.source, *(effect.number for effect in value.effects)]
        for source in sources:
            numbers = source.parameters.values() if isinstance(source, Chance) else (source,)
            yield from (number for number in numbers if number.unknown is not None)

    @cached_property
    def rank(self) -> Mapping[str, int]:
        """The rank of each step by name."""
        return {step.name: rank for rank, step in enumerate(self.steps)}
