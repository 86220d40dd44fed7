"""One replication as rules see it: its facts so far, and its numbers out of columns that a whole chunk shares."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

import numpy as np

from pathway_sim.engines.base import Numbers, Reading
from pathway_sim.parameters import Chance, Floats, Integers, Number, Value
from pathway_sim.pathway import (
    NEVER,
    SKIPPED,
    START,
    UNFINISHED,
    All,
    AnyOf,
    Condition,
    Effect,
    Fact,
    Given,
    Not,
    Pathway,
    Step,
)
from pathway_sim.trajectories import Visits
from pathway_sim.units import quantise


class Facts:
    """What has happened in one step so far, by row: starts and ends in days, outcome codes."""

    def __init__(self, count: int) -> None:
        self.start, self.end = array("d", [NEVER]) * count, array("d", [NEVER]) * count
        self.outcome = array("b", [UNFINISHED]) * count

    def visits(self, count: int) -> Visits:
        start, end, outcome = np.array(self.start), np.array(self.end), np.array(self.outcome)
        rows = np.flatnonzero((start < NEVER) | (outcome == SKIPPED))
        return Visits(count, rows, start[rows], end[rows], outcome[rows])


Time = Callable[[int], float]
Test = Callable[[int, float], bool]


def time_function(condition: Condition, facts: Sequence[Facts]) -> Time:
    """The function of a row that says when a condition became true there."""
    if isinstance(condition, Fact):
        start, end, outcome = (getattr(facts[condition.step], name) for name in ("start", "end", "outcome"))
        codes = condition.codes
        return start.__getitem__ if codes == (START,) else lambda row: end[row] if outcome[row] in codes else NEVER
    if isinstance(condition, (All, AnyOf)) and condition.of:
        times, last = (
            [time_function(inner, facts) for inner in condition.of],
            max if isinstance(condition, All) else min,
        )
        return times[0] if len(times) == 1 else lambda row: last([time(row) for time in times])
    if isinstance(condition, Not):
        raise TypeError("the negation of a fact has no time")
    known = condition.time if isinstance(condition, Given) else 0.0 if isinstance(condition, All) else NEVER
    return lambda _row: known


def test_function(condition: Condition, facts: Sequence[Facts]) -> Test:
    """The function of a row and a time that says whether a condition holds there then."""
    if isinstance(condition, Not):
        inner = test_function(condition.of, facts)
        return lambda row, at: not inner(row, at)
    if isinstance(condition, (All, AnyOf)):
        tests, met = [test_function(each, facts) for each in condition.of], all if isinstance(condition, All) else any
        return lambda row, at: met([test(row, at) for test in tests])
    time = time_function(condition, facts)
    return lambda row, at: time(row) <= at


class Table:
    """The numbers of one step for every replication of a chunk, drawn together when one of them is first asked for."""

    def __init__(self, numbers: Numbers, everyone: Integers, step: Step) -> None:
        self.numbers, self.everyone, self.step = numbers, everyone, step
        self.uniforms: dict[str, list[float]] = {}
        self.durations: dict[tuple[str, str], list[float]] = {}
        self.effects: dict[tuple[int, str], list[float]] = {}
        self.values: dict[int, list[float]] = {}
        self.tests: dict[int, Test] = {}
        unacted = {name: value for name, value in step.inputs.items() if not value.effects}
        self.rounded = frozenset(unacted)
        self.certain = {
            name: value.source.value
            for name, value in unacted.items()
            if isinstance(value.source, Number) and value.source.unknown is None
        }

    def uniform(self, purpose: str) -> list[float]:
        """The keyed uniform numbers with this purpose."""
        if purpose not in self.uniforms:
            self.uniforms[purpose] = self.numbers.uniform(self.step, purpose, self.everyone).tolist()
        return self.uniforms[purpose]

    def paced(self, name: str, purpose: str) -> list[float]:
        """The durations of an input in days, rounded if no effect can act on them."""
        key = name, purpose
        if key not in self.durations:
            days = self._column(self.numbers.paced(self.step, self.step.inputs[name], purpose, self.everyone))
            self.durations[key] = (quantise(days) if name in self.rounded else days).tolist()
        return self.durations[key]

    def drawn(self, effect: Effect, purpose: str) -> list[float]:
        """The durations that an effect sets, in days."""
        key = id(effect), purpose
        if key not in self.effects:
            self.effects[key] = self._column(
                self.numbers.drawn(self.step, effect.number, purpose, self.everyone)
            ).tolist()
        return self.effects[key]

    def value(self, number: Number | Chance) -> list[float]:
        """A number that is not drawn."""
        key = id(number)
        if key not in self.values:
            self.values[key] = self._column(self.numbers.value(number, self.everyone)).tolist()
        return self.values[key]

    def _column(self, value: Value) -> Floats:
        return np.broadcast_to(np.asarray(value, dtype=np.float64), self.everyone.shape)

    def test(self, effect: Effect, facts: Sequence[Facts]) -> Test:
        """Whether an effect acts."""
        key = id(effect)
        if key not in self.tests:
            self.tests[key] = test_function(effect.condition, facts)
        return self.tests[key]


class Moment(Reading):
    """One replication as it starts a step; implements `pathway_sim.pathway.Arrival` with numbers for columns.

    There is one for each step, which goes from one replication to the next.
    """

    def __init__(self, pathway: Pathway, step: Step, table: Table, facts: Sequence[Facts]) -> None:
        self.pathway, self.step, self.table, self.facts = pathway, step, table, facts
        self.others: Sequence[Moment] = ()

    def of(self, row: int, start: float) -> Moment:
        """The same step of another replication, or at another time."""
        self.row, self.start = row, start
        return self

    def uniform(self, purpose: str) -> float:
        """See `pathway_sim.pathway.Arrival`."""
        return self.table.uniform(purpose)[self.row]

    def duration(self, name: str, purpose: str = "") -> float:
        """See `pathway_sim.pathway.Arrival`; what no effect can act on is rounded already."""
        if name in self.table.rounded:
            return self.table.paced(name, purpose or name)[self.row]
        return float(super().duration(name, purpose))

    def probability(self, name: str) -> float:
        """See `pathway_sim.pathway.Arrival`; what no effect can act on and is certain needs no reckoning."""
        certain = self.table.certain.get(name)
        return float(super().probability(name)) if certain is None else certain

    def outcome_of(self, part: str, visit: int) -> int:
        """See `pathway_sim.pathway.Arrival`."""
        return self.facts[self._rank(part, visit)].outcome[self.row]

    def seen_by(self, part: str, visit: int) -> Moment:
        """See `pathway_sim.pathway.Arrival`."""
        rank = self._rank(part, visit)
        return self.others[rank].of(self.row, self.facts[rank].start[self.row])

    def _paced(self, name: str, purpose: str) -> float:
        return self.table.paced(name, purpose)[self.row]

    def _drawn(self, effect: Effect, purpose: str) -> float:
        return self.table.drawn(effect, purpose)[self.row]

    def _value(self, number: Number | Chance) -> float:
        return self.table.value(number)[self.row]

    def _acts(self, effect: Effect) -> bool:
        return self.table.test(effect, self.facts)(self.row, self.start)


def moments(pathway: Pathway, numbers: Numbers, facts: Sequence[Facts]) -> list[Moment]:
    """One for each step, by rank."""
    everyone = np.arange(numbers.count, dtype=np.int64)
    found = [Moment(pathway, step, Table(numbers, everyone, step), facts) for step in pathway.steps]
    for moment in found:
        moment.others = found
    return found
