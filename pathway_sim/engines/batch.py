"""The batch engine: one step at a time for all replications of a chunk, in NumPy columns."""

from __future__ import annotations

import numpy as np

from pathway_sim.engines.base import ColumnArrival, Columns
from pathway_sim.parameters import Floats, Integers, ParameterSets
from pathway_sim.pathway import NEVER, SKIPPED, UNFINISHED, Pathway, Step
from pathway_sim.trajectories import Trajectories, holds, time_of

name = "batch"
summary = "NumPy columns, all replications of a chunk at once"


def refusals(_pathway: Pathway) -> list[str]:
    """Why this engine cannot run the pathway: it can run every pathway without shared resources, and there are no
    others yet.
    """
    return []


def simulate(pathway: Pathway, sets: ParameterSets, first: int, count: int) -> Trajectories:
    """The replications ``first`` … ``first + count − 1``; see `pathway_sim.engines.base.Engine`."""
    columns = Columns.empty(pathway, first, count)
    for rank, step in enumerate(pathway.steps):
        _walk(pathway, sets, columns, rank, step)
    ended, ended_by = _ending(pathway, columns)
    _cut(pathway, columns, ended, ended_by)
    return Trajectories(pathway, first, columns.start, columns.end, columns.outcome, ended, ended_by)


def _walk(pathway: Pathway, sets: ParameterSets, columns: Columns, rank: int, step: Step) -> None:
    """Run one step for the replications that reach it; a completion at the horizon counts, a start does not."""
    ready = time_of(step.after, columns)
    rows = np.flatnonzero(ready <= pathway.horizon)
    if step.guard is not None:
        passed = holds(step.guard, ready[rows], columns, rows)
        columns.end[rank, rows[~passed]] = ready[rows[~passed]]
        columns.outcome[rank, rows[~passed]] = SKIPPED
        rows = rows[passed]
    rows = rows[ready[rows] < pathway.horizon]
    if rows.size:
        start = ready[rows]
        columns.start[rank, rows] = start
        arrival = ColumnArrival(pathway, step, sets, columns, rows, start)
        columns.end[rank, rows], columns.outcome[rank, rows] = step.rule.evaluate(arrival)


def _ending(pathway: Pathway, columns: Columns) -> tuple[Floats, Integers]:
    """The least (end, rank) among terminal completions by the horizon, each ``(n,)``; +∞ and −1 where there is none."""
    ended = np.full(columns.replications.shape, NEVER)
    ended_by = np.full(columns.replications.shape, -1, dtype=np.int64)
    for rank, step in enumerate(pathway.steps):
        if step.terminal:
            fatal = (
                np.isin(columns.outcome[rank], list(step.terminal))
                & (columns.end[rank] < ended)
                & (columns.end[rank] <= pathway.horizon)
            )
            ended[fatal], ended_by[fatal] = columns.end[rank, fatal], rank
    return ended, ended_by


def _cut(pathway: Pathway, columns: Columns, ended: Floats, ended_by: Integers) -> None:
    """Undo what comes after the end: starts and ends with (time, rank) beyond the ending's, and ends beyond the
    horizon.
    """
    over = np.minimum(ended, pathway.horizon)
    for rank in range(len(pathway.steps)):
        last = np.where(ended <= pathway.horizon, rank <= ended_by, True)
        for times in (columns.start[rank], columns.end[rank]):
            late = (times > over) | ((times == over) & ~last)
            times[late] = NEVER
        columns.outcome[rank][np.isinf(columns.end[rank])] = UNFINISHED
