"""Rules and what they are written with: the same bits of columns and of single numbers."""

from __future__ import annotations

import functools
import importlib
import math
import pkgutil
import struct
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import made, only_arm, shipped, trial, work

from pathway_sim import draws, stages
from pathway_sim.elementwise import code, item, maximum, minimum, pick, somewhere, where, widened
from pathway_sim.pathway import Pathway, Step
from pathway_sim.scenario import SHIPPED
from pathway_sim.stages.rules import Choice, choose, normalised, worse
from pathway_sim.units import QUANTUM, quantise

ROWS = 40
SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, math.inf, -math.inf, math.nan, 5e-324, 1e300)

number = st.one_of(st.sampled_from(SPECIAL), st.floats(width=64))
pairs = st.lists(st.tuples(number, number), min_size=1, max_size=40)
shares = st.one_of(st.sampled_from((0.0, 0.25, 0.5, 1.0)), st.floats(0, 1))
plain = settings(derandomize=True, max_examples=100, deadline=None, database=None)


def bits(x: Any) -> bytes:
    """A number as it lies in memory; one NaN is as good as another."""
    return struct.pack("<d", math.nan if x != x else x)


def check(column: Any, alone: list[Any], kind: type = float) -> None:
    """A column has the bits of the numbers that were found one by one, which are plain."""
    assert column.shape == (len(alone),)
    assert {type(each) for each in alone} <= {kind}
    assert [bits(each) for each in column.tolist()] == [bits(each) for each in alone]


# --- The vocabulary ---------------------------------------------------------------------------------------------------


@plain
@given(pairs)
def test_where_maximum_and_minimum(rows):
    a, b = (np.array(each) for each in zip(*rows, strict=True))
    check(where(a < b, a, b), [where(x < y, x, y) for x, y in rows])
    check(where(a < b, a, 1.0), [where(x < y, x, 1.0) for x, y in rows])
    for function in (maximum, minimum):
        # Which of two zeros NumPy takes is up to the processor: + 0.0 leaves one.
        check(function(a, b) + 0.0, [function(x, y) + 0.0 for x, y in rows])
        check(function(a, 0.5), [function(x, 0.5) for x, _ in rows])
        check(function(0.5, a), [function(0.5, x) for x, _ in rows])


@plain
@given(pairs)
def test_conditions_and_codes(rows):
    a, b = (np.array(each) for each in zip(*rows, strict=True))
    check(code(a < b), [code(x < y) for x, y in rows], int)
    check((a < b) | (a == 1.0) & (b >= 0.0), [(x < y) | (x == 1.0) & (y >= 0.0) for x, y in rows], bool)
    assert somewhere(a < b) is any(somewhere(x < y) for x, y in rows)


@plain
@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.lists(number, min_size=4, max_size=4))
def test_tables(index, table):
    column = np.array(index, dtype=np.int8)
    check(item(table, column), [item(table, k) for k in index])
    for names in (range(4), (2, 0, 2, 1), (1, 1, 0, 1), (3,)):
        check(
            np.broadcast_to(pick(names, column, lambda k: table[k]), column.shape),
            [pick(names, k, lambda k: table[k]) for k in index],
        )


def test_a_number_that_is_meant_for_all_is_widened():
    column = np.array([1.0, 2.0])
    assert widened(3, column).tolist() == [3, 3]
    assert widened(column, column) is column
    assert widened(3, 1.0) == 3


halves = st.integers(-(2**60), 2**60).map(lambda k: k / 2)
ticks = st.one_of(halves, st.floats(-1e300, 1e300), st.sampled_from(SPECIAL))


@plain
@given(st.lists(ticks, min_size=1, max_size=40))
def test_days_are_rounded_alike(rows):
    days = [each * QUANTUM for each in rows]
    check(quantise(np.array(days)), [quantise(each) for each in days])


def test_a_tie_is_rounded_to_the_even_tick():
    assert [quantise(k * QUANTUM) / QUANTUM for k in (0.5, 1.5, 2.5, -1.5)] == [0, 2, 2, -2]
    assert bits(quantise(-0.25 * QUANTUM)) == bits(-0.0)
    assert quantise(2) == 2.0


@plain
@given(st.lists(st.tuples(shares, shares, shares), min_size=1, max_size=20))
def test_choices(rows):
    u, p, q = (np.array(each) for each in zip(*rows, strict=True))
    for form in (
        lambda p, _: [p, None],
        lambda p, _: [None, p],
        lambda p, q: [p, q, None],
        lambda p, q: [p, None, q],
        lambda p, q: normalised([p, 0.25, q]),
        lambda p, q: normalised([p, q]),
    ):
        check(choose(u, form(p, q)), [choose(x, form(y, z)) for x, y, z in rows], int)
        check(choose(u, form(p[0], q)), [choose(x, form(rows[0][1], z)) for x, _, z in rows], int)
    check(worse(u, p), [worse(x, y) for x, y, _ in rows], bool)


@plain
@given(shares.filter(bool), shares)
def test_the_worse_of_two_is_the_last_choice(u, p):
    assert worse(u, p) == choose(u, [None, p])


# --- Every rule -------------------------------------------------------------------------------------------------------


@functools.cache
def made_up(*name: str) -> Any:
    """A column of uniform numbers, half of them on a grid, so that there are ties."""
    u, v = (draws.uniform(k, "/".join(name), np.arange(ROWS)) for k in (1, 2))
    return np.where(v < 0.5, np.clip(np.round(u * 8), 1, 7) / 8, u)


@dataclass
class Chunk:
    """A made-up arrival of columns: every number is a function of its name."""

    pathway: Pathway
    step: Step
    surely: bool = True

    @property
    def start(self) -> Any:
        """Some at once; some never, of a step that need not have started."""
        u = made_up(self.step.name, "start")
        return np.select([u < 0.2, u > 0.9], [0.0, 9.0 if self.surely else math.inf], quantise(u * 50))

    def uniform(self, purpose: str) -> Any:
        return made_up(self.step.name, "uniform", purpose)

    def duration(self, name: str, purpose: str = "") -> Any:
        u = made_up(self.step.name, "duration", name, purpose or name)
        return quantise((u - 0.5 if name.startswith("slip") else u) * 40)

    def probability(self, name: str) -> Any:
        """One for all, or one each; certainties among them."""
        u = made_up(self.step.name, "probability", name)
        p = np.select([u < 0.2, u > 0.8], [0.0, 1.0], u)
        return float(p[0]) if u[1] < 0.5 else p

    def outcome_of(self, part: str, visit: int) -> Any:
        """Outcomes of an earlier step after which this one may come: of a review letters, of a response answers."""
        names = self.seen_by(part, visit).step.outcomes
        first, last = int(part == "review"), len(names) - (part == "response")
        u = made_up(self.step.name, "outcome", part, str(visit))
        return (first + u * (last - first)).astype(np.int8)

    def seen_by(self, part: str, visit: int) -> Chunk:
        place = f"{self.step.stage}.{part}" if part else self.step.stage
        return Chunk(self.pathway, self.pathway.steps[self.pathway.rank[f"{place}/{visit}"]], surely=visit == 1)


@dataclass
class Alone:
    """One row of a chunk, in plain numbers."""

    chunk: Chunk
    row: int

    @property
    def start(self) -> float:
        return self._own(self.chunk.start)

    def uniform(self, purpose: str) -> float:
        return self._own(self.chunk.uniform(purpose))

    def duration(self, name: str, purpose: str = "") -> float:
        return self._own(self.chunk.duration(name, purpose))

    def probability(self, name: str) -> float:
        return self._own(self.chunk.probability(name))

    def outcome_of(self, part: str, visit: int) -> int:
        return self._own(self.chunk.outcome_of(part, visit))

    def seen_by(self, part: str, visit: int) -> Alone:
        return Alone(self.chunk.seen_by(part, visit), self.row)

    def _own(self, column: Any) -> Any:
        return np.broadcast_to(column, ROWS)[self.row].item()


def differs(pathway: Pathway, step: Step) -> list[str]:
    """What a step's rule makes of single numbers otherwise than of columns."""
    chunk = Chunk(pathway, step)
    ends, codes = step.rule.evaluate(chunk)
    assert ends.dtype == np.float64
    assert ends.shape == codes.shape == (ROWS,)
    assert set(codes.tolist()) <= set(range(len(step.outcomes)))
    alone = [step.rule.evaluate(Alone(chunk, row)) for row in range(ROWS)]
    assert {(type(end), type(code)) for end, code in alone} == {(float, int)}
    return [
        f"{step.name}, row {row}: {end!r} and {code}, of columns {ends[row]!r} and {codes[row]}"
        for row, (end, code) in enumerate(alone)
        if bits(end) != bits(ends[row]) or code != codes[row]
    ]


def rules(pathway: Pathway) -> set[str]:
    """The kinds of rule in a pathway."""
    return {type(step.rule).__name__ for step in pathway.steps}


LATE = {"probability": 0.5, "duration": "3 days"}
HOLD = {"probability": 0.5, "repair": "3 days", "lifted": 0.5}
DESIGN = {"enrolment": "5 days", "follow_up": "2 days", "readout": "1 day"}
DIRICHLET = {"kind": "dirichlet", "counts": {"cmc": 3, "clinical": 4, "site": 2}}
EVENTS = {
    "letter": {"at": "1 day"},
    "meeting": {"at": {"standard": "3 days", "priority": "2 days"}, "held": 0.5},
    "inspection": {"at": "2 days", "held": 0.5, "stops": "2 days", "negative": 0.5, "letter": 0.5, "cause": "site"},
    "questions": {"at": "2 days", "stops": "2 days"},
    "panel": {"at": "2 days", "negative": 0.5},
}
FULL = {
    "kind": "application",
    "goal": {"standard": "10 days", "priority": "6 days", "share": 0.5},
    "filing": "1 day",
    "refuse": {"probability": 0.5, "answer": "3 days", "at_most": 2, "protest": 0.5, "conference": "1 day"},
    "during": EVENTS,
    "extension": LATE | {"later": LATE},
    "slip": {"approved": "-1 day", "letter": "1 day"},
    "cause": DIRICHLET,
    "answer": {"clinical": {"trial": 0.5, "analysis": 0.5}},
    "approve": {"first": 0.5, "cmc": 0.5, "site": 0.5, "trial": 0.5, "analysis": 0.5},
    "response": {"cmc": "9 days", "site": "8 days", "trial": "7 days", "analysis": "6 days"},
    "withdraw": {"cmc": 0.5, "site": 0.5, "clinical": 0.5},
    "type_a": {"probability": 0.5},
    "extend": 0.5,
    "class_1": 0.5,
    "at_most": 2,
}
SIMPLE = {"kind": "application", "goal": "10 days", "approve": 0.5, "response": "9 days", "at_most": 1}
MADE = {
    "work": work(1, outcomes={"a": 0.25, "b": "rest", "c": 0.25, "again": 0.25}, repeat={"on": "again", "at_most": 2}),
    "dirichlet": work(1, outcomes={"kind": "dirichlet", "counts": {"a": 1, "b": 2, "c": 3}}, order=["b", "a", "c"]),
    "two": trial(5, 0.5, pivotal_trials=2, hold=HOLD),
    "in_turn": trial(5, 0.5, pivotal_trials=2, run="sequential", repeat={"on": "failed", "at_most": 2}),
    "interim": {"kind": "trial", "success": 0.5}
    | {"design": DESIGN | {"interim": {"at": 0.5, "readout": "1 day", "success": 0.5, "futility": 0.5}}},
    "held": {"kind": "trial", "success": 0.5, "design": DESIGN, "hold": HOLD},
    "ind": {"kind": "hold", "clock": "3 days", **HOLD},
    "causes": {"kind": "hold", "clock": "3 days", "probability": 0.5, "cause": {"cmc": 0.5, "protocol": "rest"}}
    | {"repair": {"cmc": "3 days", "protocol": "4 days"}, "lifted": {"cmc": 0.5, "protocol": 0.25}},
    "meeting": {"kind": "meeting", "type": "b", "late": LATE, "outcomes": {"agreed": 0.5, "open": "rest"}},
    "minutes": {"kind": "meeting", "type": "b", "late": LATE, "prepare": "1 day", "minutes": "1 day"},
    "rmat": {"kind": "designation", "clock": "2 days", "grant": {"first": 0.5, "later": 0.5}, "at_most": 2}
    | {"withdraw": 0.5, "rescind": {"probability": 0.5, "after": "4 days"}},
    "full": FULL,
    "class_2": {name: value for name, value in FULL.items() if name not in ("class_1", "answer", "approve", "response")}
    | {"approve": {"first": 0.5, "later": 0.5}, "response": "9 days", "slip": "1 day"},
    "simple": SIMPLE,
    "refused": SIMPLE | {"refuse": {"probability": 0.5, "answer": "3 days"}, "class_1": 0.5},
}


@pytest.mark.parametrize("name", MADE)
def test_a_rule_is_the_same_of_columns_and_of_numbers(name):
    pathway = only_arm(made({name: MADE[name]}))
    assert [line for step in pathway.steps for line in differs(pathway, step)] == []


def test_rules_of_shipped_scenarios_are_the_same_of_columns_and_of_numbers():
    pathways = [pathway for name in SHIPPED.names() for pathway in shipped(name).pathways.values()]
    found = {(step.rule, step.outcomes): (pathway, step) for pathway in pathways for step in pathway.steps}
    assert [line for pathway, step in found.values() for line in differs(pathway, step)] == []


def test_every_rule_is_among_them():
    kinds = {
        name
        for module in pkgutil.iter_modules(stages.__path__, "pathway_sim.stages.")
        for name, each in vars(importlib.import_module(module.name)).items()
        if isinstance(each, type) and each.__module__ == module.name and hasattr(each, "evaluate")
    }
    assert set().union(*(rules(only_arm(made({name: stage}))) for name, stage in MADE.items())) == kinds


def test_of_shares_that_effects_have_taken_away_the_first_is_chosen():
    """Of columns as of numbers, and without a warning."""
    choice = Choice(("a", "b"), normalise=True)
    for zero in (0.0, np.zeros(3)):
        arrival = SimpleNamespace(probability=lambda _, p=zero: p, uniform=lambda _: 0.5)
        assert not np.any(choice.codes(arrival))
