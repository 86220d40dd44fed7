"""The reference engine: a discrete-event run of one replication at a time, in SimPy.

Events carry the rank of their step as priority, so that at one instant steps act in pathway order, completions before
the starts that depend on them. Rules are the same ones that the batch engine calls, on single numbers instead of
columns; the numbers that they read are drawn by the code that both engines share, a chunk at a time, and read one by
one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import numpy as np
import simpy
from simpy.core import EmptySchedule
from simpy.events import EventPriority

from pathway_sim.engines.base import Arms, Numbers
from pathway_sim.engines.moment import Facts, moments, test_function, time_function
from pathway_sim.errors import PathwayError
from pathway_sim.parameters import ParameterSets
from pathway_sim.pathway import NEVER, SKIPPED, START, Pathway, facts_of
from pathway_sim.trajectories import Trajectories
from pathway_sim.workers import Pool

name = "reference"
summary = "SimPy, one replication at a time, event by event"
chunk = 2**12
"""Replications of a chunk: enough for the columns of draws to pay, few enough to keep them as lists of numbers."""

EVENT_BUDGET = 10_000
"""Events of one replication; an unrolled pathway cannot need more, so more is a fault of the program."""
pool: Pool = "processes"
pays_from = 2**16
"""Replications from which several workers are quicker than one (`benchmarks/speed.py`)."""


def refusals(_pathway: Pathway) -> list[str]:
    """Why this engine cannot run the pathway: it can run every one."""
    return []


def simulate(pathway: Pathway, sets: ParameterSets, first: int, count: int) -> Trajectories:
    """See `pathway_sim.engines.base.Engine`."""
    walk = _Walk(pathway, Numbers(pathway.program, pathway.pace, sets, first, count), count)
    over = np.full(count, pathway.horizon)
    ended_by = np.full(count, -1, dtype=np.int64)
    for row in range(count):
        over[row], ended_by[row] = walk.run(row)
    return Trajectories(pathway, first, tuple(facts.visits(count) for facts in walk.facts), over, ended_by)


def simulate_arms(arms: Arms, sets: ParameterSets, first: int, count: int) -> dict[str, Trajectories]:
    """See `pathway_sim.engines.base.Engine`."""
    return {name: simulate(pathway, sets, first, count) for name, pathway in arms.pathways.items()}


class _Walk:
    """A pathway made ready for a chunk, and what has happened to its replications so far."""

    def __init__(self, pathway: Pathway, numbers: Numbers, count: int) -> None:
        self.pathway, self.horizon = pathway, pathway.horizon
        self.facts = [Facts(count) for _ in pathway.steps]
        self.moments = moments(pathway, numbers, self.facts)
        self.ready = [time_function(step.after, self.facts) for step in pathway.steps]
        self.passes = [None if step.guard is None else test_function(step.guard, self.facts) for step in pathway.steps]
        self.first = [rank for rank, ready in enumerate(self.ready) if ready(0) < NEVER]
        self.followers = self._followers()
        self.seen = [-1] * len(pathway.steps)
        self.priority = [EventPriority(rank) for rank in range(len(pathway.steps))]

    def _followers(self) -> list[dict[int, list[int]]]:
        """For each step and outcome (or `START`) the ranks of those whose start may follow from it."""
        followers: list[dict[int, list[int]]] = [{} for _ in self.pathway.steps]
        for rank, step in enumerate(self.pathway.steps):
            causes = {(fact.step, code) for fact in facts_of(step.after) for code in fact.codes}
            for cause, code in () if rank in self.first else causes:
                followers[cause].setdefault(code, []).append(rank)
        return followers

    def run(self, row: int) -> tuple[float, int]:
        """Process the events of one replication until a terminal outcome, or until none is left by the horizon; the
        time and rank of the terminal outcome, or (horizon, −1).
        """
        self.env, self.row, self.ending = simpy.Environment(), row, (self.horizon, -1)
        self._go_on(self.first, 0.0)
        step = self.env.step
        with suppress(EmptySchedule):
            for _ in range(EVENT_BUDGET):
                if self.ending[1] >= 0:
                    return self.ending
                step()
            raise PathwayError(f"replication {row} of a chunk needs more than {EVENT_BUDGET} events")
        return self.ending

    def _at(self, time: float, now: float, rank: int, act: Callable[[object], None]) -> None:
        """Schedule `act`, unless it is beyond the horizon; SimPy accepts NaN and ∞ as delays: they are stopped here."""
        if not 0.0 <= time - now < NEVER:
            raise PathwayError(f"step {self.pathway.steps[rank].name} would wait {time - now} days")
        if time <= self.horizon:
            event = simpy.Event(self.env)
            event._ok, event._value = True, None
            event.callbacks.append(act)
            self.env.schedule(event, self.priority[rank], time - now)

    def _go_on(self, followers: Sequence[int], now: float) -> None:
        """Let steps follow a fact: schedule those that are ready now; one that nothing else precedes starts at once."""
        row, seen = self.row, self.seen
        while followers and self.ending[1] < 0:
            waiting = [rank for rank in followers if seen[rank] != row and self.ready[rank](row) < NEVER]
            for rank in waiting:
                seen[rank] = row
            if len(waiting) == 1 and self.ready[waiting[0]](row) == now < self.env.peek():
                followers = self._arrive(waiting[0], now)
                continue
            for rank in waiting:
                self._at(self.ready[rank](row), now, rank, partial(self._ready, rank))
            return

    def _ready(self, rank: int, _event: object) -> None:
        now = self.env.now
        self._go_on(self._arrive(rank, now), now)

    def _arrive(self, rank: int, now: float) -> Sequence[int]:
        """A step is ready: it is skipped, or starts if there is time left. The ranks of those that may follow."""
        passes = self.passes[rank]
        if passes is not None and not passes(self.row, now):
            return self._record(rank, SKIPPED, now)
        if now >= self.horizon:
            return ()
        self.facts[rank].start[self.row] = now
        end, code = self.pathway.steps[rank].rule.evaluate(self.moments[rank].of(self.row, now))
        self._at(end, now, rank, partial(self._over, rank, code))
        return self.followers[rank].get(START, ())

    def _over(self, rank: int, code: int, _event: object) -> None:
        now = self.env.now
        self._go_on(self._record(rank, code, now), now)

    def _record(self, rank: int, code: int, now: float) -> Sequence[int]:
        """A step is over. The ranks of those that may follow."""
        facts = self.facts[rank]
        facts.end[self.row], facts.outcome[self.row] = now, code
        if code in self.pathway.steps[rank].terminal:
            self.ending = (now, rank)
        return self.followers[rank].get(code, ())
