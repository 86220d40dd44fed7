"""What engines share: the arrival that rules see, and the rule by which a program ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pathway_sim import draws
from pathway_sim.parameters import Chance, Codes, Floats, Integers, Number, ParameterSets, Value
from pathway_sim.pathway import NEVER, UNFINISHED, Effect, Pathway, Step
from pathway_sim.trajectories import Trajectories, holds
from pathway_sim.units import quantise


class Engine(Protocol):
    """Walks a pathway. Two engines give bit-identical trajectories on one machine."""

    name: str
    summary: str

    def refusals(self, pathway: Pathway) -> list[str]:
        """Why this engine cannot run the pathway; empty if it can."""

    def simulate(self, pathway: Pathway, sets: ParameterSets, first: int, count: int) -> Trajectories:
        """The replications ``first`` … ``first + count − 1``."""


@dataclass
class Columns:
    """The facts so far: start, end (days) and outcome of each step, shape ``(steps, n)``, and the replication numbers
    ``(n,)``.
    """

    replications: Integers
    start: Floats
    end: Floats
    outcome: Codes

    @classmethod
    def empty(cls, pathway: Pathway, first: int, count: int) -> Columns:
        """Columns in which nothing has happened yet."""
        shape = (len(pathway.steps), count)
        numbers = np.arange(first, first + count, dtype=np.int64)
        return cls(numbers, np.full(shape, NEVER), np.full(shape, NEVER), np.full(shape, UNFINISHED, dtype=np.int8))


@dataclass
class ColumnArrival:
    """The replications `rows` of a chunk as they start a step; implements `pathway_sim.pathway.Arrival`."""

    pathway: Pathway
    step: Step
    sets: ParameterSets
    columns: Columns
    rows: Integers
    start: Floats

    def __post_init__(self) -> None:
        self.replications = self.columns.replications[self.rows]

    def uniform(self, purpose: str) -> Floats:
        """See `pathway_sim.pathway.Arrival`."""
        stream = f"{self.pathway.program}/{self.step.place}/{self.step.visit}/{purpose}"
        return draws.uniform(self.sets.seed, stream, self.replications)

    def duration(self, name: str, purpose: str = "") -> Floats:
        """See `pathway_sim.pathway.Arrival`: one draw, then the pace, then `set`, then `scale`, then one rounding."""
        source = self.step.inputs[name]
        days = self._draw(source.source, purpose or name)
        if source.paced and self.pathway.pace is not None:
            days = days * self._pace()
        for effect in source.effects:
            acts = self._acts(effect)
            if effect.operator == "set":
                days = np.where(acts, self._draw(effect.number, purpose or name), days)
            else:
                days = days * np.where(acts, self._value(effect.number), 1.0)
        return quantise(days)

    def probability(self, name: str) -> Value:
        """See `pathway_sim.pathway.Arrival`: `set`, then `odds`, then `scale`, then cut at 1."""
        source = self.step.inputs[name]
        p = self._value(source.source)
        for effect in source.effects:
            acts, k = self._acts(effect), self._value(effect.number)
            if effect.operator == "set":
                p = np.where(acts, k, p)
            elif effect.operator == "odds":
                p = np.where(acts, p * k / (1.0 - p + p * k), p)
            else:
                p = np.where(acts, p * k, p)
        return p if all(effect.operator != "scale" for effect in source.effects) else np.minimum(p, 1.0)

    def outcome_of(self, part: str, visit: int) -> Codes:
        """See `pathway_sim.pathway.Arrival`."""
        codes: Codes = self.columns.outcome[self._rank(part, visit), self.rows]
        return codes

    def seen_by(self, part: str, visit: int) -> ColumnArrival:
        """See `pathway_sim.pathway.Arrival`."""
        rank = self._rank(part, visit)
        other, start = self.pathway.steps[rank], self.columns.start[rank, self.rows]
        return ColumnArrival(self.pathway, other, self.sets, self.columns, self.rows, start)

    def _rank(self, part: str, visit: int) -> int:
        place = f"{self.step.stage}.{part}" if part else self.step.stage
        return self.pathway.rank[f"{place}/{visit}"]

    def _draw(self, source: Number | Chance, purpose: str) -> Floats:
        if isinstance(source, Number):
            return np.broadcast_to(np.asarray(self._value(source)), self.start.shape)
        values = {name: self._value(number) for name, number in source.parameters.items()}
        return source.build(values).ppf(self.uniform(purpose))

    def _value(self, number: Number | Chance) -> Value:
        assert isinstance(number, Number)  # resolution puts a Chance only where a duration is read
        return self.sets.at(number, self.replications)

    def _acts(self, effect: Effect) -> npt.NDArray[np.bool_]:
        return holds(effect.condition, self.start, self.columns, self.rows)

    def _pace(self) -> Value:
        from scipy.special import ndtri

        pace = self.pathway.pace
        assert pace is not None
        u = draws.uniform(self.sets.seed, f"{self.pathway.program}/pace", self.replications)
        factor: Floats = self._value(pace.level) * np.exp(self._value(pace.sd_log) * ndtri(u))
        return factor
