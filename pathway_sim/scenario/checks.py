"""Figures of the simulation that a scenario sets beside published ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pathway_sim.document import Mapping as Document
from pathway_sim.fields import NEEDS, Dimension
from pathway_sim.pathway import Condition, Pathway
from pathway_sim.scenario.problems import Problems
from pathway_sim.scenario.resolve import Resolver
from pathway_sim.scenario.schema import Check
from pathway_sim.scenario.sections import entries


@dataclass(frozen=True)
class CheckPlan:
    """A check of the scenario with its facts resolved in one arm."""

    name: str
    spec: Check
    facts: Mapping[str, Condition]


def read_checks(base: Document, resolver: Resolver, pathway: Pathway | None) -> tuple[CheckPlan, ...]:
    """The checks with their facts; if there is no pathway, only for what is wrong with them."""
    problems = resolver.problems
    plans: list[CheckPlan] = []
    for name, spec in (entries(base, "carved", problems) or {}).items():
        if spec is None:
            for key in ("from", "to", "share", "given"):
                resolver.salvage(("carved", name, key))
            continue
        _check_units(name, spec, problems)
        expressions = {"from": spec.from_, "to": spec.to, "share": spec.share, "given": spec.given}
        conditions = {
            key: resolver.condition(expression, ("carved", name, key))
            for key, expression in expressions.items()
            if expression is not None
        }
        if spec.published is not None:
            resolver.numbers.cite(spec.published)
        if pathway is not None:
            facts = {key: resolver.ranked(condition, pathway) for key, condition in conditions.items()}
            plans.append(CheckPlan(name, spec, facts))
    return tuple(plans)


def _check_units(name: str, spec: Check, problems: Problems) -> None:
    """Figures that are not of the sort that is measured."""
    wanted: Dimension = "number" if spec.share is not None or spec.statistic == "sd_log" else "time"
    for place, figure in enumerate(spec.accept):
        if figure.dimension != wanted:
            problems.add(("carved", name, "accept", place), NEEDS[wanted])
    if spec.published is not None and spec.published.value.dimension != wanted:
        problems.add(("carved", name, "published", "value"), NEEDS[wanted])
