"""Small scenario documents that tests make as they need them."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
from agreement import read, simulate
from pathways import random_pathway

from pathway_sim.pathway import Pathway
from pathway_sim.scenario import Scenario, load
from pathway_sim.trajectories import Trajectories

Document = dict[str, Any]


def made(stages: Document, horizon: str = "1000 days", end: Any = None, **more: Any) -> Document:
    """A document whose goal is `end`: the last stage, unless another reference is given."""
    head = {"format": 1, "name": "made-here", "title": "Made here", "as_of": "2026-01-01", "horizon": horizon}
    return head | {"stages": stages, "milestones": {"end": end or list(stages)[-1]}, "goal": "end"} | more


def work(duration: Any, after: Any = None, **more: Any) -> Document:
    """A stage of work; a plain number is days."""
    length = f"{duration} days" if isinstance(duration, (int, float)) else duration
    return {"kind": "work", "duration": length} | ({} if after is None else {"after": after}) | more


def trial(duration: Any, success: Any, after: Any = None, **more: Any) -> Document:
    """A trial; a plain number is days."""
    return work(duration, after, success=success) | {"kind": "trial"} | more


def only_arm(document: Document) -> Pathway:
    """The pathway of a document without arms."""
    (pathway,) = read(document).pathways.values()
    return pathway


@functools.cache
def random_arm(k: int) -> Pathway:
    """The only arm of random pathway k; several tests look at the same ones."""
    return only_arm(random_pathway(k))


@functools.cache
def shipped(name: str) -> Scenario:
    """A shipped scenario, loaded once."""
    return load(name)


def by_name(trajectories: Trajectories) -> dict[str, tuple[npt.NDArray[Any], ...]]:
    """Start, end and named outcome of each step, by the step's name; empty text for no outcome."""
    found = {}
    for rank, step in enumerate(trajectories.pathway.steps):
        names = np.array([*step.outcomes, "skipped", ""])  # the codes of skipped and unfinished count from the end
        found[step.name] = (trajectories.start[rank], trajectories.end[rank], names[trajectories.outcome[rank]])
    return found


def unlike(one: Trajectories, other: Trajectories, leave: Collection[str] = ()) -> list[str]:
    """The steps that are not the same bit for bit in two trajectories, apart from those of the stages in `leave`."""
    left = {leave} if isinstance(leave, str) else {*leave}
    mine, theirs = (
        {name: columns for name, columns in by_name(t).items() if re.split("[./]", name)[0] not in left}
        for t in (one, other)
    )
    names = sorted(mine.keys() | theirs.keys())
    return [name for name in names if name not in mine or name not in theirs or not _equal(mine[name], theirs[name])]


def _equal(one: tuple[npt.NDArray[Any], ...], other: tuple[npt.NDArray[Any], ...]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


__all__ = ["by_name", "made", "only_arm", "random_arm", "shipped", "simulate", "trial", "unlike", "work"]
