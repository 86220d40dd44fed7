"""The reference engine: a discrete-event run of one replication at a time, in SimPy.

Events carry the rank of their step as priority, so that at one instant steps act in pathway order, completions before
the starts that depend on them. Rules are the same ones that the batch engine calls, on columns of length 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import simpy
from simpy.events import EventPriority

from pathway_sim.engines.base import ColumnArrival, Columns
from pathway_sim.errors import PathwayError
from pathway_sim.parameters import ParameterSets
from pathway_sim.pathway import NEVER, SKIPPED, Pathway, facts_of
from pathway_sim.trajectories import Trajectories, holds, time_of

name = "reference"
summary = "SimPy, one replication at a time, event by event"

EVENT_BUDGET = 10_000
"""Events of one replication; an unrolled pathway cannot need more, so more is a fault of the program."""


def refusals(_pathway: Pathway) -> list[str]:
    """Why this engine cannot run the pathway: it can run every one."""
    return []


def simulate(pathway: Pathway, sets: ParameterSets, first: int, count: int) -> Trajectories:
    """The replications ``first`` … ``first + count − 1``; see `pathway_sim.engines.base.Engine`."""
    columns = Columns.empty(pathway, first, count)
    ended = np.full(count, NEVER)
    ended_by = np.full(count, -1, dtype=np.int64)
    dependents = _dependents(pathway)
    for row in range(count):
        ended[row], ended_by[row] = _Replication(pathway, sets, columns, row, dependents).run()
    return Trajectories(pathway, first, columns.start, columns.end, columns.outcome, ended, ended_by)


def _dependents(pathway: Pathway) -> dict[int, list[int]]:
    """The ranks of the steps whose start may follow from each step; under −1 those that are ready before anything
    happens.
    """
    dependents: dict[int, list[int]] = defaultdict(list)
    nothing = Columns.empty(pathway, 0, 1)
    for rank, step in enumerate(pathway.steps):
        at_once = time_of(step.after, nothing)[0] < NEVER
        for cause in [-1] if at_once else sorted({fact.step for fact in facts_of(step.after)}):
            dependents[cause].append(rank)
    return dependents


class _Replication:
    """One run: a SimPy environment and the facts so far, in one row of the chunk's columns."""

    def __init__(
        self, pathway: Pathway, sets: ParameterSets, columns: Columns, row: int, dependents: dict[int, list[int]]
    ) -> None:
        self.pathway, self.sets, self.dependents = pathway, sets, dependents
        self.facts = Columns(
            columns.replications[row : row + 1],
            columns.start[:, row : row + 1],
            columns.end[:, row : row + 1],
            columns.outcome[:, row : row + 1],
        )
        self.env = simpy.Environment()
        self.seen: set[int] = set()
        self.pending: dict[int, tuple[float, int]] = {}
        self.ending: tuple[float, int] = (NEVER, -1)

    def run(self) -> tuple[float, int]:
        """Process events until a terminal outcome or the horizon; the time and rank of the terminal outcome, or (+∞,
        −1).
        """
        self._notify(-1)
        events = 0
        while self.ending[1] < 0 and self.env.peek() <= self.pathway.horizon:
            self.env.step()
            events += 1
            if events > EVENT_BUDGET:
                raise PathwayError(f"replication {self.facts.replications[0]} needs more than {EVENT_BUDGET} events")
        return self.ending

    def _at(self, time: float, rank: int, act: Callable[[int], None]) -> None:
        """Schedule `act(rank)`; SimPy accepts NaN and ∞ as delays, so they are stopped here."""
        delay = time - self.env.now
        if not 0.0 <= delay < NEVER:
            raise PathwayError(f"step {self.pathway.steps[rank].name} would wait {delay} days")
        event = simpy.Event(self.env)
        event._ok, event._value = True, None
        event.callbacks.append(lambda _event: act(rank))
        self.env.schedule(event, priority=EventPriority(rank), delay=delay)

    def _notify(self, cause: int) -> None:
        """Schedule the steps that have become ready because of a fact of step `cause`."""
        for rank in self.dependents[cause]:
            if rank not in self.seen:
                ready = time_of(self.pathway.steps[rank].after, self.facts)[0]
                if ready < NEVER:
                    self.seen.add(rank)
                    self._at(ready, rank, self._arrive)

    def _arrive(self, rank: int) -> None:
        """A step is ready: it is skipped, or starts if there is time left."""
        step, now = self.pathway.steps[rank], np.array([self.env.now])
        if step.guard is not None and not holds(step.guard, now, self.facts)[0]:
            self._record(rank, SKIPPED)
        elif self.env.now < self.pathway.horizon:
            self.facts.start[rank, 0] = self.env.now
            arrival = ColumnArrival(self.pathway, step, self.sets, self.facts, np.zeros(1, dtype=np.int64), now)
            end, code = step.rule.evaluate(arrival)
            self.pending[rank] = (float(end[0]), int(code[0]))
            self._at(float(end[0]), rank, self._complete)
            self._notify(rank)

    def _complete(self, rank: int) -> None:
        """A step is over."""
        self._record(rank, self.pending[rank][1])

    def _record(self, rank: int, code: int) -> None:
        self.facts.end[rank, 0], self.facts.outcome[rank, 0] = self.env.now, code
        if code in self.pathway.steps[rank].terminal:
            self.ending = (self.env.now, rank)
        self._notify(rank)
