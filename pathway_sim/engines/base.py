"""What engines share: the numbers that rules read, as columns of a chunk, and which steps of several arms are one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from pathway_sim import draws
from pathway_sim.distributions import Fixed, Lognormal
from pathway_sim.elementwise import minimum, where
from pathway_sim.parameters import Chance, Floats, Integers, Number, ParameterSets, Value
from pathway_sim.pathway import All, AnyOf, Condition, Effect, Fact, Input, Not, Pace, Pathway, Step
from pathway_sim.trajectories import Trajectories
from pathway_sim.units import quantise
from pathway_sim.workers import Pool


class Engine(Protocol):
    """Walks pathways. Two engines give bit-identical trajectories on one machine."""

    name: str
    summary: str
    chunk: int
    pool: Pool
    pays_from: int

    def refusals(self, pathway: Pathway) -> list[str]:
        """Why this engine cannot run the pathway; empty if it can."""

    def simulate(self, pathway: Pathway, sets: ParameterSets, first: int, count: int) -> Trajectories:
        """The replications ``first`` … ``first + count − 1``."""

    def simulate_arms(self, arms: Arms, sets: ParameterSets, first: int, count: int) -> dict[str, Trajectories]:
        """The same replications of several arms."""


class Numbers:
    """The numbers of a program for the replications ``first`` … ``first + count − 1``, before effects act on them.

    Every method takes the places `rows` in the chunk, shape ``(m,)``, and gives shape ``(m,)``, or one number for all.
    """

    def __init__(self, program: str, pace: Pace | None, sets: ParameterSets, first: int, count: int) -> None:
        self.program, self.pace, self.sets, self.first, self.count = program, pace, sets, first, count

    def uniform(self, step: Step, purpose: str, rows: Integers) -> Floats:
        """The keyed uniform numbers of a step with this purpose."""
        stream = f"{self.program}/{step.place}/{step.visit}/{purpose}"
        return draws.uniform(self.sets.seed, stream, rows + self.first)

    def drawn(self, step: Step, source: Number | Chance, purpose: str, rows: Integers) -> Value:
        """A duration in days, not yet rounded; a float where it is the same for all."""
        if isinstance(source, Number):
            return self.value(source, rows)
        distribution = source.certain
        if isinstance(distribution, Fixed):
            return distribution.value
        if distribution is None:
            values = {name: self._parameter(number, rows) for name, number in source.parameters.items()}
            distribution = source.build(values)
        return distribution.draw(self.uniform(step, purpose, rows))

    def paced(self, step: Step, value: Input, purpose: str, rows: Integers) -> Value:
        """The duration of an input, not yet rounded, with the program's pace if it has a part in it."""
        days = self.drawn(step, value.source, purpose, rows)
        return days * self._pace[rows] if value.paced and self.pace is not None else days

    def value(self, number: Number | Chance, rows: Integers) -> Value:
        """A number: a float where it is certain or there is one set, else one a replication."""
        assert isinstance(number, Number)  # resolution puts a Chance only where a duration is read
        if self.sets.count == 1 or number.unknown is None:
            return number.value
        return self.sets.values(number.unknown)[self._set[rows]]

    def _parameter(self, number: Number, rows: Integers) -> Value:
        """A parameter of a distribution: what is uncertain is a column also with one set (`Distribution.draw`)."""
        value = self.value(number, rows)
        return value if number.unknown is None else np.atleast_1d(value)

    @cached_property
    def _set(self) -> Integers:
        return np.arange(self.first, self.first + self.count) % self.sets.count

    @cached_property
    def _pace(self) -> Floats:
        assert self.pace is not None
        everyone = np.arange(self.count)
        u = draws.uniform(self.sets.seed, f"{self.program}/pace", everyone + self.first)
        level, sd_log = (self._parameter(number, everyone) for number in (self.pace.level, self.pace.sd_log))
        return Lognormal(level, sd_log).draw(u)


class Reading(ABC):
    """How a rule's numbers come about, for columns and for single numbers alike: what is drawn, then what acts on it.

    The rest of `pathway_sim.pathway.Arrival` is the engine's.
    """

    pathway: Pathway
    step: Step

    @abstractmethod
    def uniform(self, purpose: str) -> Any:
        """See `pathway_sim.pathway.Arrival`."""

    @abstractmethod
    def _paced(self, name: str, purpose: str) -> Any:
        """The duration of an input before effects, days."""

    @abstractmethod
    def _drawn(self, effect: Effect, purpose: str) -> Any:
        """The duration that an effect sets, days."""

    @abstractmethod
    def _value(self, number: Number | Chance) -> Any:
        """A number that is not drawn."""

    @abstractmethod
    def _acts(self, effect: Effect) -> Any:
        """Whether an effect acts on what starts now."""

    def duration(self, name: str, purpose: str = "") -> Any:
        """See `pathway_sim.pathway.Arrival`: one draw, then the pace, then `set`, then `scale`, then one rounding."""
        days = self._paced(name, purpose or name)
        for effect in self.step.inputs[name].effects:
            acts = self._acts(effect)
            if effect.operator == "set":
                days = where(acts, self._drawn(effect, purpose or name), days)
            else:
                days = where(acts, days * self._value(effect.number), days)
        return quantise(days)

    def probability(self, name: str) -> Any:
        """See `pathway_sim.pathway.Arrival`: `set`, then `odds`, then `scale`, then cut at 1."""
        value = self.step.inputs[name]
        p = self._value(value.source)
        for effect in value.effects:
            acts, k = self._acts(effect), self._value(effect.number)
            if effect.operator == "set":
                p = where(acts, k, p)
            elif effect.operator == "odds":
                p = where(acts, p * k / (1.0 - p + p * k), p)
            else:
                p = where(acts, p * k, p)
        return minimum(p, 1.0) if any(effect.operator == "scale" for effect in value.effects) else p

    def _rank(self, part: str, visit: int) -> int:
        place = f"{self.step.stage}.{part}" if part else self.step.stage
        return self.pathway.rank[f"{place}/{visit}"]


@dataclass(frozen=True)
class Arms:
    """Arms that are simulated on the same futures, and which of their steps are one and the same.

    `same` has for each arm and rank a number that two steps share if, in every future, the same happens in both until
    their programs end: equal rules and numbers, after equal steps, with equal ways for the program to end before them.
    """

    pathways: Mapping[str, Pathway]
    same: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, pathways: Mapping[str, Pathway]) -> Arms:
        """Find the steps that are one."""
        known: dict[str, list[tuple[Any, int]]] = {}
        return cls(pathways, {name: _numbered(pathway, known) for name, pathway in pathways.items()})


def _numbered(pathway: Pathway, known: dict[str, list[tuple[Any, int]]]) -> tuple[int, ...]:
    """The numbers of a pathway's steps; `known` has what was seen of each name so far, and grows."""
    numbers: list[int] = []
    endings: list[tuple[int, frozenset[int]]] = []
    for step in pathway.steps:
        seen = known.setdefault(step.name, [])
        what = (pathway.program, pathway.horizon, pathway.pace, tuple(endings), *_content(step, numbers))
        number = next((number for other, number in seen if other == what), -1)
        if number < 0:
            number = sum(map(len, known.values()))
            seen.append((what, number))
        numbers.append(number)
        if step.terminal:
            endings.append((number, step.terminal))
    return tuple(numbers)


def _content(step: Step, numbers: Sequence[int]) -> tuple[Any, ...]:
    """All that decides what happens in a step, with the numbers of the steps that it reads instead of their ranks."""
    inputs = {
        name: (
            _content_of(value.source),
            value.paced,
            [
                (effect.operator, _content_of(effect.number), _renumbered(effect.condition, numbers))
                for effect in value.effects
            ],
        )
        for name, value in step.inputs.items()
    }
    guard = None if step.guard is None else _renumbered(step.guard, numbers)
    beside = [numbers[rank] for rank in step.beside]
    return step.rule, inputs, _renumbered(step.after, numbers), guard, beside


def _content_of(source: Number | Chance) -> Any:
    """What a number is made of. Methods are equal only if their owners are one: arms have equal owners of their own."""
    return (
        source if isinstance(source, Number) else (source.parameters, getattr(source.build, "__self__", source.build))
    )


def _renumbered(condition: Condition, numbers: Sequence[int]) -> Condition:
    if isinstance(condition, Fact):
        return Fact(numbers[condition.step], condition.codes)
    if isinstance(condition, Not):
        return Not(_renumbered(condition.of, numbers))
    if isinstance(condition, (All, AnyOf)):
        return type(condition)(tuple(_renumbered(inner, numbers) for inner in condition.of))
    return condition
