"""Replications per second on one core: the package against what was written by hand, on the reference pathway."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from measures import ours
from measures.figure import Figure, Plan, Target, at_least, of_rate, ratio
from measures.names import CASES, SIZES, by_hand, count_of, rate_name, ratio_name
from measures.turns import take_turns

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "by_hand"))

from models import MODELS

ONCE = ("batch, trajectories",)
"""Run at the first size only: they fill the memory."""
TURN = 1.0
"""Seconds that a turn lasts at least."""

Run = Callable[[int, bool], object]
Rates = Mapping[tuple[str, str, int], Figure]


def rates(plan: Plan) -> Iterator[Figure]:
    """Rates of everyone who can run, then the ratios that have targets."""
    found: dict[tuple[str, str, int], Figure] = {}
    able = dict(_able())
    for run in able.values():
        run(100, False), run(100, True)  # what is made once in a process is made before
    for size in (size for size in SIZES if size <= plan.largest):
        tasks = {
            (case, name, count): partial(run, count, case == "dense")
            for case in CASES
            for name, run in able.items()
            for count in _counts(name, size)
        }
        for key, seconds in take_turns(tasks, plan.runs(size), least=TURN if size == SIZES[0] else 0.0).items():
            found[key] = of_rate(rate_name(*key), key[2], seconds)
    yield from found.values()
    yield from _ratios(found)


def left_out() -> list[str]:
    """Who cannot run, and why."""
    return [f"{name}: {why}" for name, model in MODELS.items() if (why := model.available())]


def _counts(name: str, size: int) -> list[int]:
    """The replications of a run of this size; none if it is run at another."""
    count = count_of(name, size)
    return [] if size != SIZES[0] and (count != size or name in ONCE) else [count]


def _able() -> Iterator[tuple[str, Run]]:
    """Whoever can run, by name."""
    for name, model in MODELS.items():
        if not model.available():
            yield by_hand(name), lambda count, dense, model=model: model.run(ours.ARM, 0, count, dense=dense)
    for name, way, walker in (
        ("batch, milestones", ours.milestones, "batch"),
        ("batch, trajectories", ours.trajectories, "batch"),
        ("reference", ours.milestones, "reference"),
    ):
        yield name, partial(_walked, way, walker)
    yield "run()", lambda count, dense: ours.all_statistics(ours.reference(dense), count)


def _walked(way: Callable[..., object], walker: str, count: int, dense: bool) -> object:
    return way(walker, ours.reference(dense).pathways[ours.ARM], count)


def _ratios(found: Rates) -> Iterator[Figure]:
    """The package against the yardsticks."""
    numpy, simpy, c = (by_hand(name) for name in ("NumPy", "SimPy", "C"))
    pairs: tuple[tuple[str, str, Target | None], ...] = (
        ("batch, milestones", numpy, at_least(0.6)),
        ("batch, milestones", simpy, at_least(100)),
        ("batch, milestones", c, None),
        ("batch, trajectories", numpy, at_least(0.2)),
        ("run()", numpy, None),
        ("reference", simpy, at_least(1 / 3)),
    )
    for case in CASES:
        for name, yardstick, target in pairs:
            for size in (each[2] for each in found if each[:2] == (case, name)):
                other = found.get((case, yardstick, count_of(yardstick, size)))
                if other is not None:
                    yield ratio(ratio_name(case, name, yardstick, size), found[case, name, size], other, target)
