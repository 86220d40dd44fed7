"""Mistakes about the review: letters that end everything, goals taken for actions, days that are counted twice."""

from __future__ import annotations

import re

from pathway_sim.scenario.effects import meant
from pathway_sim.scenario.lint.registry import Found, warning
from pathway_sim.scenario.lint.view import Arm, Input, certain, value_of
from pathway_sim.stages import Application
from pathway_sim.units import MONTH

LETTER = re.compile(r"crl|complete_response|letter")
FILING = (55.0, 76.0)
"""Days from receipt to the filing decision, or to the letter of day 74."""
MISCOUNTED = (6 * MONTH, 10 * MONTH, 14 * MONTH)
"""Goals that begin with the filing date, and goals to which the filing days were added again."""
A_FEW_DAYS = 5.0


@warning
def letter_is_end(arm: Arm) -> Found:
    """Applications without resubmission, and letters among the outcomes that end a program."""
    for name, application in arm.applications.items():
        if _never_a_letter(application):
            continue
        if application.at_most == 0:
            yield ("stages", name, "at_most"), "no letter can be answered, so every complete response is the end"
        elif all(value_of(term) == 1 for term in _each(application.withdraw)):
            yield (
                ("stages", name, *_first("withdraw", application)),
                "no letter is ever answered, so every complete response is the end",
            )
    for name, stage in arm.stages.items():
        for place, outcome in enumerate(stage.terminal or ()):
            if LETTER.search(outcome):
                yield ("stages", name, "terminal", place), f'"{outcome}" ends the program, but a letter can be answered'


@warning
def letter_cannot_recur(arm: Arm) -> Found:
    """Reviews of resubmissions that can only approve."""
    for name, application in arm.applications.items():
        if isinstance(application.approve, dict) and application.at_most > 0:
            for way, term in sorted(application.approve.items()):
                if way != "first" and value_of(term) == 1:
                    yield (
                        ("stages", name, "approve", way),
                        "a resubmission is always approved; its review can find a new cause",
                    )


@warning
def goal_is_action(arm: Arm) -> Found:
    """Applications whose action never differs from the goal."""
    for name, application in arm.applications.items():
        slips = _each(application.slip)
        if all(certain(term) and value_of(term) == 0 for term in slips):
            path = _first("slip", application) if slips else ("goal",)
            yield ("stages", name, *path), "the agency acts on the goal date for certain: no slip"


@warning
def filing_counted_twice(arm: Arm) -> Found:
    """Goals of 10, 6 or 14 months from receipt, alone or together with a stage of 60 days before the application."""
    for name in arm.applications:
        goals = [each for each in arm.inputs if each.stage == name and each.is_time and meant("goal", each.target)]
        before = _filing_before(arm, name)
        days = sum(each.value or 0.0 for each in before)
        for goal in goals:
            total = (goal.value or 0.0) + days
            if any(abs(total - wrong) <= A_FEW_DAYS for wrong in MISCOUNTED):
                path = before[0].path if before else goal.path
                months = f"{total / MONTH:.0f} months"
                yield path, f"{months} from receipt to the goal; it is 12, or 8 with priority, the filing days inside"
                break


def _filing_before(arm: Arm, application: str) -> list[Input]:
    """Stages of the length of a filing review for which an application waits."""
    return [
        each
        for each in arm.inputs
        if each.stage in arm.waits_for[application]
        and each.target == "duration"
        and certain(each.term)
        and FILING[0] <= (each.value or 0.0) <= FILING[1]
    ]


@warning
def filing_to_approval_chained(arm: Arm) -> Found:
    """The published rate as a share of actions, or the published time beside a model of the review."""
    if not arm.applications:
        return
    for each in arm.inputs:
        if (
            each.stage in arm.applications
            and each.target.startswith("approve")
            and "filing_to_approval" in each.figure_names
        ):
            yield each.path, "the published rate is of programs ever approved, over all cycles, and not of one action"
        elif "regulatory" in each.figure_names and each.as_published("start_to_start_mean") is not None:
            yield (
                each.path,
                "the published time from filing to approval contains all cycles; the application models them again",
            )


def _first(field: str, application: Application) -> tuple[str, ...]:
    """Where a field's number stands, or the first of its table: the table itself may stand in several files."""
    table = getattr(application, field)
    return (field, next(iter(table))) if isinstance(table, dict) else (field,)


def _each(table: object) -> list[object]:
    """The terms of a field that holds one, a table of them, or nothing."""
    if table is None:
        return []
    return list(table.values()) if isinstance(table, dict) else [table]


def _never_a_letter(application: Application) -> bool:
    """Whether the first action always approves."""
    approve = application.approve
    return value_of(approve["first"] if isinstance(approve, dict) else approve) == 1
