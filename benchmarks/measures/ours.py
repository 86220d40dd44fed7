"""What the package does in a benchmark, in one process and on one core."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from measures.figure import DENSE, REFERENCE
from pathway_sim.engines import engine
from pathway_sim.parameters import ParameterSets
from pathway_sim.pathway import Pathway
from pathway_sim.run import Settings, run
from pathway_sim.scenario import Scenario, load
from pathway_sim.trajectories import Trajectories

ARM = "rmat"


@cache
def reference(dense: bool = False) -> Scenario:
    """The reference pathway; dense: every replication walks all stages."""
    return load(REFERENCE, sets=DENSE if dense else ())


def chunks(name: str, pathway: Pathway, count: int) -> Iterator[Trajectories]:
    """The trajectories of `count` replications by the engine of this name, a chunk at a time."""
    walker, sets = engine(name), ParameterSets(1)
    for first in range(0, count, walker.chunk):
        yield walker.simulate(pathway, sets, first, min(walker.chunk, count - first))


def milestones(name: str, pathway: Pathway, count: int) -> object:
    """How every replication ended and when it reached the goal."""
    return [(each.endings(), each.arrivals(pathway.goal)) for each in chunks(name, pathway, count)]


def trajectories(name: str, pathway: Pathway, count: int) -> object:
    """The same, with who came to every step, when, and how it ended."""
    return [
        (each.endings(), each.arrivals(pathway.goal), tuple(each.visits), each) for each in chunks(name, pathway, count)
    ]


def all_statistics(scenario: Scenario, count: int) -> object:
    """A whole run of one arm: everything that is reported, but no text."""
    return run(scenario, Settings(arms=(ARM,), compare=False, replications=count, workers=1))
