"""The order in which steps act, and what is said when there is none."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import pairwise

from pathway_sim.pathway import Condition, Fact, Given, Not, Step, facts_of
from pathway_sim.scenario.problems import Path, Problems


def in_order(steps: list[Step], kept: list[int], inner: Collection[int], problems: Problems) -> list[int]:
    """Topological order; among the steps that could come next the least by (stage, part, visit).

    `inner` are the steps that follow another one of their own stage. If there is a circle it is reported, and the order
    means nothing.
    """
    present = set(kept)
    before = {k: {fact.step for fact in steps[k].reads()} & present for k in kept}
    after: dict[int, list[int]] = defaultdict(list)
    for k, causes in before.items():
        for cause in causes:
            after[cause].append(k)
    free = [(steps[k].stage, steps[k].part, steps[k].visit, k) for k in kept if not before[k]]
    heapq.heapify(free)
    order: list[int] = []
    while free:
        k = heapq.heappop(free)[-1]
        order.append(k)
        for follower in after[k]:
            before[follower].discard(k)
            if not before[follower]:
                heapq.heappush(free, (steps[follower].stage, steps[follower].part, steps[follower].visit, follower))
    if len(order) < len(kept):
        _report_circles(steps, before, set(kept) - set(order), inner, problems)
        order += [k for k in kept if k not in set(order)]
    return order


def _report_circles(
    steps: list[Step], before: Mapping[int, set[int]], left: set[int], inner: Collection[int], problems: Problems
) -> None:
    """Report circles of steps that wait for each other until what is left has none."""
    while left:
        trail = [min(left)]
        while (cause := min(before[trail[-1]] & left)) not in trail:
            trail.append(cause)
        circle = trail[trail.index(cause) :]
        _report_circle(steps, [*circle, cause], inner, problems)
        left = left - set(circle)
        while free := {k for k in left if not before[k] & left}:
            left = left - free


def _report_circle(steps: list[Step], circle: list[int], inner: Collection[int], problems: Problems) -> None:
    """Report one circle at one of the places that make it, best at an effect."""
    reasons = [_reason(steps, k, cause, inner) for k, cause in pairwise(circle)]
    given = [reason for reason in reasons if reason is not None]
    path, _ = min(given, key=lambda reason: reason[0])
    waits = ", ".join(dict.fromkeys(text for _, text in given))
    problems.add(path, f"makes a circle: {waits}; remove one of these, or use repeat to do a stage again")


def _reason(steps: list[Step], index: int, cause: int, inner: Collection[int]) -> tuple[Path, str] | None:
    """Where it is written that a step waits for another; None if it is how their stage goes."""
    step, other = steps[index], steps[cause].stage
    whom = "itself" if other == step.stage else other
    for value in step.inputs.values():
        for effect in value.effects:
            if any(fact.step == cause for fact in facts_of(effect.condition)):
                return ("effects", effect.name, "if"), f"{step.stage} waits for {whom} (effect {effect.name})"
    if step.guard is not None and any(fact.step == cause for fact in facts_of(step.guard)):
        return ("stages", step.stage, "if"), f"{step.stage} waits for {whom} (if)"
    if index in inner:
        return None
    return ("stages", step.stage, "after"), f"{step.stage} waits for {whom} (after)"


def moved(condition: Condition, rank: Mapping[int, int]) -> Condition:
    """The condition with steps numbered by rank."""
    if isinstance(condition, Fact):
        return Fact(rank[condition.step], condition.codes)
    if isinstance(condition, Not):
        return Not(moved(condition.of, rank))
    if isinstance(condition, Given):
        return condition
    return type(condition)(tuple(moved(inner, rank) for inner in condition.of))


def renumbered(step: Step, rank: Mapping[int, int]) -> Step:
    """The step with the steps that it reads numbered by rank."""
    inputs = {
        name: replace(
            value, effects=tuple(replace(effect, condition=moved(effect.condition, rank)) for effect in value.effects)
        )
        for name, value in step.inputs.items()
    }
    guard = None if step.guard is None else moved(step.guard, rank)
    beside = tuple(rank[k] for k in step.beside)
    return replace(step, after=moved(step.after, rank), guard=guard, inputs=inputs, beside=beside)
