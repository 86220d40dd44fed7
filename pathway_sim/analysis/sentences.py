"""The sentences of a run, for people: the answer, what was run, and what to bear in mind."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pathway_sim.analysis.results import ArmResult, ComparisonResult, Estimate, Results
from pathway_sim.analysis.summary import NO_QUANTILE_BAND, all_notes
from pathway_sim.analysis.tables import MOST_ARMS, ONLY_ARM
from pathway_sim.analysis.wording import between, percent, share, words
from pathway_sim.units import date_of

LICENSED = "Licensed supply only; clinics that sell unlicensed cells are not counted."
_STATED = re.compile(r"(\S+): stated (\S+), mean over the parameter sets (\S+)")
_FEW = re.compile(r".+: (no replication|[\d,]+ of [\d,]+ replications) reached .+")


def headline(results: Results) -> str:
    """The answer in one or two sentences; it says so where arms cannot be told apart."""
    few = len(results.arms) <= MOST_ARMS
    spoken = list(results.arms.values())[: 1 if results.comparisons or not few else None]
    parts = [_arm_sentence(results, arm) for arm in spoken]
    parts += [_change_sentence(comparison) for comparison in (results.comparisons if few else ())]
    return " ".join(parts)


def _arm_sentence(results: Results, arm: ArmResult) -> str:
    milestone = arm.milestones[results.goal]
    goal, horizon = words(results.goal), date_of(results.as_of, results.horizon)
    name = "" if list(results.arms) == [ONLY_ARM] else f"{arm.name}: "
    if milestone.reached == 0:
        return f"{name}no program of {arm.replications:,} reaches {goal} by {horizon:%B %Y}."
    chance = percent(milestone.probability).replace(" (", " % (")
    p50 = milestone.given_reached["p50"].estimate
    when = "" if p50 is None else f"; half of those that do are there by {date_of(results.as_of, p50):%B %Y}"
    return f"{name}{chance} of programs reach {goal} by {horizon:%B %Y}{when}."


def _change_sentence(comparison: ComparisonResult) -> str:
    arm, mean, difference = comparison.arm, comparison.months_gained_if_both["mean"], comparison.probability_difference
    if mean.estimate is None or mean.low is None or mean.high is None:
        return f"{arm}: too few futures arrive in both arms to compare them."
    pace = "arrives neither earlier nor later, within simulation error,"
    if not mean.low <= 0 <= mean.high:
        size = between(mean if mean.estimate > 0 else _turned(mean), most=1).replace(" (", " months (")
        pace = f"arrives {size} {'earlier' if mean.estimate > 0 else 'later'} on average"
    same = f" ({share(comparison.same)} of them gain nothing)" if comparison.same else ""
    chance = "leaves the chance as it is, within simulation error"
    if difference.low is not None and difference.high is not None and not difference.low <= 0 <= difference.high:
        chance = f"changes the chance by {between(difference, 100.0).replace(' (', ' points (')}"
    return f"In the futures where both arrive{same}, {arm} {pace}; it {chance}."


def _turned(value: Estimate) -> Estimate:
    """The estimate with the other sign."""
    estimate, low, high = (None if each is None else -each for each in (value.estimate, value.high, value.low))
    return Estimate(estimate, low, high)


def provenance(results: Results) -> str:
    """What was run, in one line."""
    run = results.manifest
    sets, first = run["parameter_sets"], run.get("first", 0)
    parts = [f"{run['replications']:,} replications{f' from number {first:,}' if first else ''}"]
    parts += [f"{sets:,} parameter sets"] if sets != 1 else []
    why = "" if run["engine"] == "batch" else f" ({run['engine_reason']})"
    parts += [f"seed {run['seed']}", f"{run['engine']} engine{why}", f"version {run['version']}"]
    supply = f" {LICENSED}" if "availability" in next(iter(results.arms.values())).milestones else ""
    return f"{run['scenario']} as of {run['as_of']}: {', '.join(parts)}.{supply}"


def inputs(results: Results) -> str:
    """How much of what goes in is not verified, in one sentence; empty for results that do not say."""
    counted = results.manifest.get("inputs")
    if not isinstance(counted, dict) or not counted["numbers"]:
        return ""
    if not counted["unverified"]:
        return f"Inputs: all {counted['numbers']} numbers rest on a regulation or a figure that was read in its source."
    shown = f"{counted['unverified']} of {counted['numbers']} numbers"
    return f"Inputs: {shown} rest on assumptions or on figures that were not verified."


def notes(results: Results) -> Iterator[str]:
    """The notes of a run for a screen: those that say the same of many things as one."""
    found = all_notes(results.arms, results.comparisons, results.notes)
    stated = [match for note in found if (match := _STATED.fullmatch(note))]
    if stated:
        each = (
            f"{_place(name)} ({mean}, stated {value})" for name, value, mean in (match.groups() for match in stated)
        )
        yield f"The mean over the parameter sets is not the stated value for: {', '.join(each)}."
    yield from _few(results)
    for note in found:
        if not (_STATED.fullmatch(note) or _FEW.fullmatch(note) or note == NO_QUANTILE_BAND):
            yield note


def _place(path: str) -> str:
    """``stages.phase_2.success`` as ``phase 2 success``; the id of a figure of the evidence stays as it is."""
    parts = path.split(".")
    return " ".join(map(words, parts[1:])) if parts[0] in ("stages", "effects", "pace") else path


def _few(results: Results) -> Iterator[str]:
    """Why cells are empty, and how many replications would fill them."""
    reached = [milestone.reached for arm in results.arms.values() for milestone in arm.milestones.values()]
    least = min((count for count in reached if count), default=0)
    total = next(iter(results.arms.values())).replications
    if 0 < least < 100:
        yield (
            "Where fewer than 30 futures arrive no median and no mean is given, below 100 no other quantile; "
            f"about {-(-100 * total // least):,} replications would fill the tables."
        )
    elif 0 in reached and least == 0:
        yield "No future reaches any milestone, so there are no times to report."
