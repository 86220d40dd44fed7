"""The batch engine: one step at a time for all replications of a chunk that reach it, in NumPy columns.

Nobody is carried along who has no part in a step: columns hold the replications that came to it, and those whose
program is over come to no further one. Steps that arms have in common are walked once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pathway_sim.engines.base import Arms, Numbers, Reading
from pathway_sim.parameters import Chance, Codes, Floats, Integers, Number, ParameterSets, Value
from pathway_sim.pathway import NEVER, SKIPPED, START, UNFINISHED, Effect, Pathway, Step
from pathway_sim.trajectories import Mask, Scalar, Trajectories, Visits, arrivals, holds, those
from pathway_sim.workers import Pool

name = "batch"
summary = "NumPy columns, all replications of a chunk at once"
chunk = 2**17
"""Replications of a chunk: many enough for the work on the few that get far to outweigh the calls."""
BLOCK = 2**16
"""Replications that a rule sees at once: few enough for its columns to stay in the processor's second-level cache."""
pool: Pool = "threads"
pays_from = 2**30
"""More replications than a run can have: two threads are slower than one, for want of Python's lock
(`benchmarks/speed.py`), so several workers only serve who asks for them.
"""


def refusals(_pathway: Pathway) -> list[str]:
    """Why this engine cannot run the pathway: it can run every pathway without shared resources, and there are no
    others yet.
    """
    return []


def simulate(pathway: Pathway, sets: ParameterSets, first: int, count: int) -> Trajectories:
    """See `pathway_sim.engines.base.Engine`."""
    return simulate_arms(Arms.of({pathway.arm: pathway}), sets, first, count)[pathway.arm]


def simulate_arms(arms: Arms, sets: ParameterSets, first: int, count: int) -> dict[str, Trajectories]:
    """See `pathway_sim.engines.base.Engine`."""
    _keep_freed_memory()
    walked: dict[int, tuple[Visits, Ends]] = {}
    found, numbers = {}, None
    for name, pathway in arms.pathways.items():
        if numbers is None or (numbers.program, numbers.pace) != (pathway.program, pathway.pace):
            numbers = Numbers(pathway.program, pathway.pace, sets, first, count)
        found[name] = Walk(pathway, numbers).run(arms.same[name], walked)
    return found


@lru_cache(maxsize=1)
def _keep_freed_memory() -> None:
    """Have the C library keep the memory of columns for the next ones: new pages cost as much as the work on them.

    In the GNU C Library a large array that is freed raises the thresholds beyond which arrays are mapped, and freed
    memory is given back, to its size and to twice its size (mallopt(3), M_MMAP_THRESHOLD, at most 32 MiB).
    """
    np.empty(3 << 20)


Ends = tuple[Integers, Floats] | None
"""The rows of the programs that a step ends and when, days; of a step that ends none, nothing."""


class Walk:
    """One arm of a chunk.

    Attributes
    ----------
    visits : list of Visits
        Of the steps so far, by rank. Nothing in them is cut by what ends the program later in the order.
    over : float64, shape (count,)
        When nothing happens any more, days: at the least (end, rank) among the terminal completions so far, or at the
        horizon.
    ended_by : int64, shape (count,)
        The rank of that completion; −1 where there is none.
    """

    def __init__(self, pathway: Pathway, numbers: Numbers) -> None:
        self.pathway, self.numbers, self.count = pathway, numbers, numbers.count
        self.everyone = np.arange(self.count)
        self.visits: list[Visits] = []
        self.over: Floats = np.full(self.count, pathway.horizon)
        self.ended_by: Integers = np.full(self.count, -1)

    def run(self, same: tuple[int, ...], walked: dict[int, tuple[Visits, Ends]]) -> Trajectories:
        """Walk the steps, or take over what another arm has `walked`; what comes after the end is cut later."""
        for rank, step in enumerate(self.pathway.steps):
            if same[rank] not in walked:
                visits = self._visits(step)
                walked[same[rank]] = visits, self._ends(step, visits)
            visits, ends = walked[same[rank]]
            self.visits.append(visits)
            if ends is not None:
                rows, end = ends
                self.over[rows], self.ended_by[rows] = end, rank
        return Trajectories(self.pathway, self.numbers.first, _Cut(self), self.over, self.ended_by)

    def _visits(self, step: Step) -> Visits:
        """Run one step for the replications that reach it; a completion at the horizon counts, a start does not."""
        rows, ready = arrivals(step.after, self)
        # What ended the program so far has a lower rank, so that nothing starts at that very instant either.
        started = ready < self._at(self.over, rows)
        if step.guard is None:
            rows, ready = those(started, rows, ready)
            return Visits(self.count, rows, ready, *self._evaluate(step, rows, ready))
        passed = holds(step.guard, ready, self, rows)
        at_horizon = (ready == self.pathway.horizon) & (self._at(self.ended_by, rows) < 0)
        here = (started | (at_horizon & ~passed)).nonzero()[0]
        rows, ready, passed = rows[here], ready[here], passed[here]
        start, end = np.where(passed, ready, NEVER), ready.copy()
        outcome = np.full(rows.shape, SKIPPED, dtype=np.int8)
        if passed.any():
            end[passed], outcome[passed] = self._evaluate(step, rows[passed], ready[passed])
        return Visits(self.count, rows, start, end, outcome)

    def _at(self, column: npt.NDArray[Scalar], rows: Integers) -> npt.NDArray[Scalar]:
        return column if rows is self.everyone else column[rows]

    def _evaluate(self, step: Step, rows: Integers, start: Floats) -> tuple[Floats, Codes]:
        if rows.size <= BLOCK:
            end, code = step.rule.evaluate(ColumnArrival(self, step, rows, start))
            return end, code.astype(np.int8, copy=False)
        end, code = np.empty(rows.size), np.empty(rows.size, dtype=np.int8)
        for low in range(0, rows.size, BLOCK):
            part = slice(low, low + BLOCK)
            end[part], code[part] = step.rule.evaluate(ColumnArrival(self, step, rows[part], start[part]))
        return end, code

    def _ends(self, step: Step, visits: Visits) -> Ends:
        """Whose programs a step ends, and when."""
        if not step.terminal:
            return None
        rows, end = visits.having(tuple(sorted(step.terminal)))
        first = end < self._at(self.over, rows)
        if not first.all():  # nothing else has ended those that end at the horizon
            first |= (end == self.pathway.horizon) & (self._at(self.ended_by, rows) < 0)
        return those(first, rows, end)

    @cached_property
    def _ended(self) -> Integers:
        """How many programs each step ends, by rank."""
        return np.bincount(self.ended_by + 1, minlength=len(self.pathway.steps) + 1)[1:]

    def cut(self, rank: int) -> Visits:
        """Who came to a step before the end: without starts and ends with (time, rank) beyond the ending's, and without
        ends beyond the horizon.
        """
        visits = self.visits[rank]
        over, end = self._at(self.over, visits.rows), visits.end
        late = end >= over
        if np.count_nonzero(late) == self._ended[rank]:
            return visits  # those that end a program do so at its end
        late = (end > over) | (late & self.beaten(rank, visits.rows))
        end, outcome = end.copy(), visits.outcome.copy()
        end[late], outcome[late] = NEVER, UNFINISHED
        here = ((visits.start <= over) | (outcome == SKIPPED)).nonzero()[0]
        return Visits(self.count, visits.rows[here], visits.start[here], end[here], outcome[here])

    def beaten(self, rank: int, rows: Integers) -> Mask:
        """Where a step of a lower rank than this one ended the program."""
        ended_by = self._at(self.ended_by, rows)
        return (ended_by >= 0) & (ended_by < rank)


class _Cut(Sequence[Visits]):
    """The visits of a walk, each cut when it is first asked for."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.found: list[Visits | None] = [None] * len(walk.visits)

    def __len__(self) -> int:
        return len(self.found)

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (tuple(self),)

    def __getitem__(self, rank: Any) -> Any:
        visits = self.found[rank]
        if visits is None:
            visits = self.found[rank] = self.walk.cut(rank)
        return visits


class ColumnArrival(Reading):
    """The replications `rows` of a chunk as they start a step; implements `pathway_sim.pathway.Arrival`."""

    def __init__(self, walk: Walk, step: Step, rows: Integers, start: Floats) -> None:
        self.walk, self.pathway, self.step, self.rows, self.start = walk, walk.pathway, step, rows, start

    def uniform(self, purpose: str) -> Floats:
        """See `pathway_sim.pathway.Arrival`."""
        return self.walk.numbers.uniform(self.step, purpose, self.rows)

    def outcome_of(self, part: str, visit: int) -> Codes:
        """See `pathway_sim.pathway.Arrival`."""
        return self.walk.visits[self._rank(part, visit)].outcomes_at(self.rows)

    def seen_by(self, part: str, visit: int) -> ColumnArrival:
        """See `pathway_sim.pathway.Arrival`."""
        rank, walked = self._rank(part, visit), self.walk.visits
        start = walked[rank].times_at((START,), self.rows) if rank < len(walked) else np.full(self.rows.shape, NEVER)
        return ColumnArrival(self.walk, self.pathway.steps[rank], self.rows, start)

    def _paced(self, name: str, purpose: str) -> Value:
        return self.walk.numbers.paced(self.step, self.step.inputs[name], purpose, self.rows)

    def _drawn(self, effect: Effect, purpose: str) -> Value:
        return self.walk.numbers.drawn(self.step, effect.number, purpose, self.rows)

    def _value(self, number: Number | Chance) -> Value:
        return self.walk.numbers.value(number, self.rows)

    def _acts(self, effect: Effect) -> Mask:
        return holds(effect.condition, self.start, self.walk, self.rows)
