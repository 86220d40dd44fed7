"""How processor time on one core grows with stages, replications, parameter sets and arms."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from measures import ours
from measures.cases import PLACED, SHAPED, chain, uncertain
from measures.figure import Figure, Plan, at_most, of_nanoseconds, of_seconds, power, ratio
from measures.turns import take_turns
from pathway_sim.engines import Arms, engine
from pathway_sim.parameters import ParameterSets
from pathway_sim.run import Settings, run
from pathway_sim.scenario import Scenario

STAGES = (5, 10, 20, 40)
ON_THE_CHAIN = 2 * 10**5
"""Replications that walk a chain of stages."""
MANY = 10**6
SETS = 1000
LINEAR = at_most(1.2)
"""What time in proportion may mean."""
SHARED = ("std", "rmat")
"""Arms that are the same up to the start of Phase 2."""


def scaling(plan: Plan) -> Iterator[Figure]:
    """All of it."""
    yield from _stages(plan)
    yield from _replications(plan)
    yield from _sets(plan)
    yield from _arms(plan)


def _stages(plan: Plan) -> Iterator[Figure]:
    pathways = {count: next(iter(chain(count).pathways.values())) for count in STAGES}
    for pathway in pathways.values():
        ours.milestones("batch", pathway, 100)
    tasks = {count: partial(ours.milestones, "batch", pathways[count], ON_THE_CHAIN) for count in STAGES}
    found = [
        of_nanoseconds(f"scaling: a stage of a replication, chain of {count} stages", seconds, count * ON_THE_CHAIN)
        for count, seconds in take_turns(tasks, plan.rounds).items()
    ]
    yield from found
    yield ratio(f"scaling: a stage, {STAGES[-1]} stages to {STAGES[0]}", found[-1], found[0], LINEAR)


def _replications(plan: Plan) -> Iterator[Figure]:
    pathway = ours.reference().pathways[ours.ARM]
    counts = [count for count in plan.powers(10**5) if count <= 10**7]
    tasks = {count: partial(ours.milestones, "batch", pathway, count) for count in counts}
    found = [
        of_nanoseconds(f"scaling: a replication, one of {power(count)}", seconds, count)
        for count, seconds in take_turns(tasks, plan.rounds).items()
    ]
    yield from found
    name = f"scaling: a replication, one of {power(counts[-1])} to one of {power(counts[0])}"
    yield ratio(name, found[-1], found[0], LINEAR)


def _sets(plan: Plan) -> Iterator[Figure]:
    """Parameter sets against one run of as many replications in which all is certain."""
    certain, placed, shaped = ours.reference(), uncertain(PLACED), uncertain(SHAPED)
    tasks = {
        "certain": partial(_run, certain, (ours.ARM,)),
        "places and scales": partial(_run, placed, (ours.ARM,), SETS),
        "shapes": partial(_run, shaped, (ours.ARM,), SETS),
    }
    found = {what: of_seconds("", seconds) for what, seconds in take_turns(tasks, plan.runs(10**7)).items()}
    for what, target in (("places and scales", at_most(3)), ("shapes", at_most(15))):
        name = f"scaling: {SETS:,} sets of {MANY // SETS:,}, uncertain {what}, to one run of {power(MANY)}"
        yield ratio(name, found[what], found["certain"], target)


def _arms(plan: Plan) -> Iterator[Figure]:
    """Two arms against one of them, in the engine alone and in a whole run."""
    for what, way in (("engine", _walked), ("run()", _run)):
        tasks = {arms: partial(way, ours.reference(), arms) for arms in (SHARED, SHARED[1:])}
        two, one = (of_seconds("", seconds) for seconds in take_turns(tasks, plan.rounds).values())
        yield ratio(f"scaling: two arms to one, {what}", two, one, at_most(1.4))


def _run(scenario: Scenario, arms: tuple[str, ...], sets: int = 1) -> object:
    compare = len(arms) > 1
    return run(scenario, Settings(arms, compare=compare, replications=MANY, parameter_sets=sets, workers=1))


def _walked(scenario: Scenario, names: tuple[str, ...]) -> object:
    """Milestones alone."""
    walker, sets = engine("batch"), ParameterSets(1)
    arms = Arms.of({name: scenario.pathways[name] for name in names})
    kept = []
    for first in range(0, MANY, walker.chunk):
        found = walker.simulate_arms(arms, sets, first, min(walker.chunk, MANY - first)).values()
        kept.append([(each.endings(), each.arrivals(scenario.goal)) for each in found])
    return kept
