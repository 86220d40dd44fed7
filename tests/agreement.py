"""How the tests run a scenario document through an engine and set the result beside the naive interpreter's."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from naive import Future

from pathway_sim.engines import engine
from pathway_sim.parameters import ParameterSets
from pathway_sim.pathway import Pathway
from pathway_sim.scenario import Scenario, load
from pathway_sim.trajectories import Trajectories

COLUMNS = ("start", "end", "outcome", "ended", "ended_by")
SAME_TIME = 1e-5
"""Days. The oracle's inverse CDFs are its own, so a rounded duration may differ by a few ticks of 2**-20 day."""


def read(document: dict[str, Any]) -> Scenario:
    """The scenario of a plain document. JSON is YAML."""
    return load(json.dumps(document).encode())


def simulate(name: str, pathway: Pathway, count: int, *, seed: int = 1, sets: int = 1, first: int = 0) -> Trajectories:
    """The trajectories by the engine of this name."""
    return engine(name).simulate(pathway, ParameterSets(seed, sets), first, count)


def differing(one: Trajectories, other: Trajectories) -> list[str]:
    """The columns in which two trajectories are not the same, bit for bit."""
    return [name for name in COLUMNS if not np.array_equal(getattr(one, name), getattr(other, name))]


def disagreements(trajectories: Trajectories, row: int, future: Future) -> list[str]:
    """What differs between one replication of an engine and the naive interpreter's."""
    pathway = trajectories.pathway
    ours = {}
    for rank, step in enumerate(pathway.steps):
        if np.isfinite(trajectories.start[rank, row]):
            code = trajectories.outcome[rank, row]
            ours[step.name] = (
                trajectories.start[rank, row],
                trajectories.end[rank, row],
                step.outcomes[code] if code >= 0 else None,
            )
    theirs = {each.step: (each.start, np.inf if each.end is None else each.end, each.outcome) for each in future.rows}
    found = [
        f"{name}: {ours.get(name)} against {theirs.get(name)}"
        for name in sorted(ours.keys() | theirs.keys())
        if not _same(ours.get(name), theirs.get(name))
    ]
    ending = pathway.endings[trajectories.endings()[row]]
    if ending != future.ending:
        found.append(f"ending: {ending} against {future.ending}")
    times = {name: trajectories.milestone(name)[row] for name in pathway.milestones}
    found += [
        f"{name}: {times[name]} against {time}"
        for name, time in future.milestones.items()
        if not _near(times[name], time)
    ]
    return found


def _near(one: float, other: float) -> bool:
    return one == other or abs(one - other) < SAME_TIME


def _same(one: Any, other: Any) -> bool:
    return (
        one is not None
        and other is not None
        and _near(one[0], other[0])
        and _near(one[1], other[1])
        and one[2] == other[2]
    )
