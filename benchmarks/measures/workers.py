"""What a second worker gains: the same run with one and with two."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, get_args

from measures import ours
from measures.figure import Figure, Plan, Target, at_least, of_seconds, power
from measures.turns import ELAPSED, take_turns
from pathway_sim.engines import ENGINES, engine
from pathway_sim.run import Settings, run
from pathway_sim.workers import Pool

FEW = 1000
MANY = {"batch": 10**7, "reference": 2 * 10**5}
RUNS = {"batch": 3, "reference": 2}
"""Replications of a long run, and how often it is run."""
SIDE = 2 * 10**6
FOLDER = Path(__file__).parent.parent
ENDLESS = """
from measures.workers import _run
_run("batch", None, 100)
print("at work", flush=True)
while True:
    _run("batch", None, 10**6)
"""
KINDS: tuple[Pool, ...] = get_args(Pool)


def workers(plan: Plan) -> Iterator[Figure]:
    """What the machine has to give; and of each engine with threads and processes: a short run, one from which they pay
    by themselves, and a long one.
    """
    yield _together(min(SIDE, plan.largest), plan.rounds)
    for name in ENGINES:
        _run(name, None, 100)
        yield from _gains(name, KINDS, FEW, 3 * plan.rounds)
        if engine(name).pays_from <= plan.largest:
            yield from _gains(name, (engine(name).pool,), engine(name).pays_from, plan.rounds)
        yield from _gains(name, KINDS, min(MANY[name], plan.largest), min(plan.rounds, RUNS[name]))


def _together(count: int, rounds: int) -> Figure:
    """How much two programs side by side do, of which none knows of the other: no worker can gain more than that."""
    task = partial(_run, "batch", None, count)
    alone, beside = [], []
    for _ in range(rounds):
        alone += take_turns({None: task}, 1, ELAPSED)[None]
        with subprocess.Popen([sys.executable, "-c", ENDLESS], cwd=FOLDER, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            other.stdout.readline()  # it is at work
            beside += take_turns({None: task}, 1, ELAPSED)[None]
            other.kill()
    one, two = of_seconds("", alone), of_seconds("", beside)
    what = f"workers: two programs side by side to one, batch, {power(count)}"
    return Figure(what, 2 * one.value / two.value, 2 * one.best / two.best, "× as fast", None)


def _gains(name: str, kinds: Sequence[Pool], count: int, rounds: int) -> Iterator[Figure]:
    """How much quicker two workers of each kind are than one."""
    tasks = {kind: partial(_run, name, kind, count) for kind in (None, *kinds)}
    found = {kind: of_seconds("", seconds) for kind, seconds in take_turns(tasks, rounds, ELAPSED).items()}
    for kind in kinds:
        gain, best = found[None].value / found[kind].value, found[None].best / found[kind].best
        what = f"workers: {name}, two {kind} to one, {power(count)}"
        yield Figure(what, gain, best, "× as fast", _target(name, kind, count))


def _target(name: str, kind: Pool, count: int) -> Target | None:
    """Only the kind of worker that an engine has by itself must gain."""
    if count == FEW:
        return at_least(0.95)
    if count == engine(name).pays_from:
        return at_least(1)
    return at_least(1.7) if kind == engine(name).pool and count == MANY[name] else None


def _run(name: str, kind: Pool | None, count: int) -> object:
    settings = Settings((ours.ARM,), compare=False, replications=count, engine=name, workers=2 if kind else 1)
    with _pool(name, kind):
        return run(ours.reference(), settings)


@contextmanager
def _pool(name: str, kind: Pool | None) -> Iterator[None]:
    """Let an engine have workers of this kind."""
    module: Any = engine(name)
    usual = module.pool
    module.pool = kind or usual
    try:
        yield
    finally:
        module.pool = usual
