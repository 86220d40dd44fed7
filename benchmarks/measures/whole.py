"""How long a user waits: the whole command, and a run in a process that is warm."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial

from startup import run as start

from measures import ours
from measures.figure import REFERENCE, Figure, Plan, at_most, of_seconds, power, ratio
from measures.names import command_name, warm_name
from measures.turns import ELAPSED, Task, take_turns
from pathway_sim.run import Settings, run

IMPORTS = "import numpy, scipy.special, pathway_sim.run, pathway_sim.cli.simulate"
WORKED = "msc-dpn"


def whole(plan: Plan) -> Iterator[Figure]:
    """Seconds that pass, with the workers that the program chooses; then the worked case against its imports."""
    run(ours.reference(), Settings(replications=100))
    for count in plan.powers(1000):
        tasks = {command_name(count): _compare(str(REFERENCE), count), warm_name(count): partial(_warm, count)}
        for name, seconds in take_turns(tasks, plan.runs(count), ELAPSED).items():
            yield of_seconds(name, seconds)
    yield from _worked(plan, 10**6)


def _compare(scenario: str, count: int) -> Task:
    return partial(start, [sys.executable, "-m", "pathway_sim", "compare", scenario, "-n", str(count)])


def _warm(count: int) -> object:
    return run(ours.reference(), Settings(replications=count))


def _worked(plan: Plan, count: int) -> Iterator[Figure]:
    imports, compare = f"whole: python -c '{IMPORTS}'", f"whole: compare {WORKED}, {power(count)}"
    tasks = {imports: partial(start, [sys.executable, "-c", IMPORTS]), compare: _compare(WORKED, count)}
    found = {name: of_seconds(name, seconds) for name, seconds in take_turns(tasks, plan.rounds, ELAPSED).items()}
    yield from found.values()
    yield ratio(f"{compare}, to these imports", found[compare], found[imports], at_most(5))
