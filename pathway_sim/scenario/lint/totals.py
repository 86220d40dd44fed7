"""Mistakes about published totals: counted on top of what they contain, chained, or read as what they are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pathway_sim.distributions.terms import DistributionSpec
from pathway_sim.scenario.lint.registry import Found, warning
from pathway_sim.scenario.lint.view import Arm, Input, figures, near, value_of
from pathway_sim.stages import Application, Hold, Trial
from pathway_sim.stages.terms import is_time

WHOLE_PHASE, TRANSITION, LIKELIHOOD = "start_to_start_mean", "phase_by_phase", "likelihood_of_approval"
CARVED_FROM = (WHOLE_PHASE, TRANSITION)
MEDIANS = ("median", "p50")


@warning
def chained_definitions(arm: Arm) -> Found:
    """Likelihoods of approval in a chain of several rates, and rates of several definitions in one chain."""
    rates = [(each, _definition(each)) for each in arm.shares]
    rates = [(each, definition) for each, definition in rates if definition]
    if len(arm.shares) < 2:
        return
    usual = Counter(definition for _, definition in rates if definition != LIKELIHOOD).most_common(1)
    for each, definition in rates:
        if definition == LIKELIHOOD:
            yield each.path, "a likelihood of approval contains the phases after this one, which the scenario has too"
        elif definition != usual[0][0]:
            yield each.path, f"this rate is {_said(definition)}, others of the chain are {_said(usual[0][0])}"


def _definition(number: Input) -> str:
    """The definition of the rates that a number rests on; nothing if it joins several."""
    found = {LIKELIHOOD if ".loa_" in figure.id else figure.definition for figure in number.figures} - {""}
    return found.pop() if len(found) == 1 else ""


def _said(definition: str) -> str:
    return definition.replace("_", " ")


@warning
def stages_on_top_of_total(arm: Arm) -> Found:
    """Whole published phase times with work between the phase and the next, and no check on the sum."""
    checked = {each.from_.names[0] for each in arm.checks if each.from_ is not None and each.from_.names}
    whole = {each.stage: each for each in arm.sponsor if each.as_published(WHOLE_PHASE) is not None}
    takes_time = {each.stage for each in arm.inputs if each.is_time and each.value != 0}
    phases = {name for name, stage in arm.stages.items() if isinstance(stage, (Trial, Application)) or name in whole}
    leading_on = _reached(phases, arm.waits_for, phases)
    for name, each in whole.items():
        between = sorted(takes_time & leading_on & _reached({name}, _followers(arm), phases))
        if between and name not in checked:
            yield (
                each.path,
                f"this published time runs to the start of the next phase and contains {', '.join(between)}",
            )


def _followers(arm: Arm) -> dict[str, frozenset[str]]:
    """For each stage: those that wait for its end directly."""
    return {name: frozenset(other for other, waits in arm.waits_for.items() if name in waits) for name in arm.waits_for}


def _reached(origins: set[str], links: Mapping[str, frozenset[str]], phases: set[str]) -> set[str]:
    """The stages that are no phases and that links lead to, from some stages and through no other phase."""
    found: set[str] = set()
    waiting = list(origins)
    while waiting:
        new = links.get(waiting.pop(), frozenset()) - phases - found
        found |= new
        waiting += new
    return found


@warning
def killed_twice(arm: Arm) -> Found:
    """Published rates beside a hold or an application that kills the same programs again."""
    if any(_answered(application) for application in arm.applications.values()):
        for each in arm.shares:
            if each.stage not in arm.applications and "filing_to_approval" in each.figure_names:
                yield each.path, "this rate contains refusals and letters, and the application has them again"
    published = [each for each in arm.shares if each.as_published(TRANSITION) is not None]
    if published and not any(check.share is not None for check in arm.checks):
        for each in arm.shares:
            if _ends_on_hold(arm, each):
                yield each.path, f"the published rate of {published[0].stage} contains programs that ended on a hold"


def _answered(application: Application) -> bool:
    """Whether the first action can be a letter."""
    approve = application.approve
    return value_of(approve["first"] if isinstance(approve, dict) else approve) != 1


def _ends_on_hold(arm: Arm, number: Input) -> bool:
    """Whether a number is the chance that a hold is lifted, and some are not."""
    held = number.target.rpartition(".")[2] == "lifted" and number.value != 1
    stage = arm.stages[number.stage]
    return held and not (isinstance(stage, Hold) and value_of(stage.probability) == 0)


@warning
def mean_as_median(arm: Arm) -> Found:
    """Medians that repeat a figure which is a mean."""
    for each in arm.inputs:
        for name in MEDIANS:
            term = each.term
            median = getattr(term, name, None) if isinstance(term, DistributionSpec) and is_time(term) else None
            if median is None:
                continue
            cited = (*each.figures, *figures(median))
            means = [figure for figure in cited if "mean" in figure.definition]
            joined = any(figure.definition == "median" for figure in cited)  # then the number may be that of a median
            if not joined and any(near(value_of(median), figure.value) for figure in means):
                yield (*each.path, name), "this published figure is a mean, and the mean lies above the median"


@warning
def no_carved_total(arm: Arm) -> Found:
    """Numbers of several stages that rest on published totals, and no total stated."""
    resting = [each for each in arm.inputs if any(figure.definition in CARVED_FROM for figure in each.figures)]
    if not arm.checks and len({each.stage for each in resting}) > 1:
        yield resting[0].path, "this and other numbers are cut from published totals, but none is stated under carved"
