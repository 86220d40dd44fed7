"""Mistakes about what is reported: totals too narrow, unknowns that are not drawn, approval taken for access."""

from __future__ import annotations

from pathway_sim.scenario.lint.registry import Found, warning
from pathway_sim.scenario.lint.view import Arm, value_of
from pathway_sim.stages.expressions import Expression

SEVERAL = 3
WRITTEN = ("stages.", "effects.", "pace.")
"""Where unknowns stand that the file writes as distributions; those of borrowed figures have the figure's name."""


@warning
def pace_missing(arm: Arm) -> Found:
    """Several durations of the sponsor and no common factor."""
    stages = {each.stage for each in arm.sponsor}
    pace = arm.parts.pace
    if len(stages) >= SEVERAL and (pace is None or value_of(pace.sd_log) == 0):
        path = ("stages",) if pace is None else ("pace", "sd_log")
        yield path, f"{len(stages)} stages of one sponsor vary independently; without a pace the total is too narrow"


@warning
def one_number_certain(arm: Arm) -> Found:
    """Distributions over what is not known, and one parameter set."""
    names = {number.unknown.name for number in arm.pathway.unknowns() if number.unknown is not None}
    unknown = sorted(name for name in names if name.startswith(WRITTEN))
    if unknown and arm.parts.header.parameter_sets == 1:
        stated = "parameter_sets" in arm.document.entries
        path = ("parameter_sets",) if stated else tuple(unknown[0].split("."))
        yield path, f"1 parameter set, so {_count(unknown)} drawn"


def _count(names: list[str]) -> str:
    return f"what is not known of {names[0]} is not" if len(names) == 1 else f"{len(names)} unknown numbers are not"


@warning
def sets_without_unknowns(arm: Arm) -> Found:
    """Several parameter sets in a scenario all of whose numbers are certain."""
    if arm.parts.header.parameter_sets > 1 and not any(arm.pathway.unknowns()):
        yield ("parameter_sets",), "several parameter sets, but every number is certain, so all sets are the same"


@warning
def availability_is_approval(arm: Arm) -> Found:
    """A milestone availability that is nothing but an approval."""
    spec = arm.parts.milestones.get("availability")
    reached = spec if isinstance(spec, Expression) else None if spec is None else spec.reached
    facts = [] if reached is None else [reference for _, reference in reached.references()]
    if facts and all(fact.names[0] in arm.applications and fact.names[-1] == "approved" for fact in facts):
        yield ("milestones", "availability"), "the day of approval is not the day of the first patient"
