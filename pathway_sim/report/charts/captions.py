"""Sentences that state what the numbers say, and no more than they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pathway_sim.analysis.results import ComparisonResult, Estimate, Results
from pathway_sim.analysis.wording import words
from pathway_sim.report.words import cut, month_year, months, percent, plain, sentence

NAME_LENGTH = 40
ONLY_ARM = "base"  # what the arm of a scenario without arms is called
HARDLY, HARDLY_POINTS = 0.1, 0.01  # a change within ±10 % of the baseline's chance and ±1 point is hardly one
_NOT_ALWAYS = ", though not in every parameter set"


@dataclass(frozen=True)
class Goal:
    """How a milestone is spoken of: ``availability``, ``reach patients``, ``reaching patients``."""

    noun: str
    reach: str
    reaching: str


_GOALS = {
    "availability": Goal("availability", "reach patients", "reaching patients"),
    "approval": Goal("approval", "are approved", "approval"),
    "standard_of_care": Goal("standard of care", "become standard of care", "becoming standard of care"),
}


def goal_words(name: str) -> Goal:
    """The words for a milestone; any name that is not known is reached."""
    noun = cut(words(plain(name)), NAME_LENGTH)
    return _GOALS.get(name) or Goal(noun, f"reach {noun}", f"reaching {noun}")


def arm_order(results: Results) -> list[str]:
    """Names of the arms, the baseline first and the others as they were given."""
    names = list(results.arms)
    named = [c.baseline for c in results.comparisons if c.baseline in results.arms]
    first = named[0] if named else "standard" if "standard" in results.arms else names[0]
    return [first, *(name for name in names if name != first)]


def arm_labels(names: Sequence[str]) -> list[str]:
    """Names of arms for reading; as they are where two would read the same; an only arm has none."""
    if list(names) == [ONLY_ARM]:
        return [""]
    labels = [cut(words(plain(name)), NAME_LENGTH) for name in names]
    return labels if len(set(labels)) == len(labels) else [cut(plain(name), NAME_LENGTH) for name in names]


def comparison_with(results: Results, baseline: str, arm: str) -> ComparisonResult | None:
    """The comparison of two arms on the goal, if the run made it."""
    wanted = (baseline, arm, results.goal)
    return next((c for c in results.comparisons if (c.baseline, c.arm, c.milestone) == wanted), None)


def footer(results: Results) -> str:
    """What was run: scenario, replications, parameter sets, seed, version and the date of the facts."""
    manifest = results.manifest
    parts = [cut(plain(manifest.get("scenario", "")), 60)]
    for key, noun in (("replications", "replication"), ("parameter_sets", "parameter set")):
        if key in manifest:
            parts.append(f"{_count(manifest[key])} {noun}{'' if manifest[key] == 1 else 's'}")
    parts += [f"seed {plain(manifest['seed'])}"] if "seed" in manifest else []
    parts += [f"pathway-sim {plain(manifest['version'])}"] if "version" in manifest else []
    parts.append(f"as of {plain(manifest.get('as_of', results.as_of))}")
    return " · ".join(part for part in parts if part)


def _count(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else plain(value)


def excludes_zero(low: float | None, high: float | None) -> bool:
    """Whether an interval is known and lies on one side of 0."""
    return low is not None and high is not None and (low > 0 or high < 0)


def interval_of(number: Estimate, band: bool) -> tuple[float, float] | None:
    """The band of what is not known if it is asked for and there, else the simulation interval if it is known."""
    if band and number.band is not None:
        return number.band
    return None if number.low is None or number.high is None else (number.low, number.high)


def mixed_sign(number: Estimate) -> bool:
    """Whether parameter sets disagree on the sign of a number that simulation error leaves clear."""
    return number.band is not None and not excludes_zero(*number.band)


def chance_clause(goal: Goal, labels: tuple[str, str], shares: tuple[float, float], change: Estimate, by: str) -> str:
    """What an arm does to the chance: hardly anything, nothing clear, or so much."""
    (base, arm), (before, after) = labels, (percent(shares[0]), percent(shares[1]))
    spans = [span for span in (interval_of(change, False), change.band) if span is not None]
    if not spans:
        return f"By {by}, {before} of programs {goal.reach} with {base} and {after} with {arm}"
    numbers = f"{after} against {before}" if before != after else f"{after} in both arms"
    if all(abs(end) <= min(HARDLY * shares[0], HARDLY_POINTS) for span in spans for end in span):
        return f"{sentence(arm)} hardly moves the chance of {goal.reaching} by {by}: {numbers}"
    if not excludes_zero(change.low, change.high):
        told = numbers if before == after else f"{after} with {arm}, {before} with {base}"
        return f"No clear difference in the chance of {goal.reaching} by {by}: {told}"
    verb = "raises" if (change.estimate or 0.0) > 0 else "lowers"
    told = f"{sentence(arm)} {verb} the chance of {goal.reaching} by {by} from {before} to {after}"
    return told + (_NOT_ALWAYS if mixed_sign(change) else "")


def gain_words(comparison: ComparisonResult | None) -> str:
    """``3.1 months earlier on average``, or what else is known of the time gained where both arrive; may be empty."""
    gain = comparison.months_gained_if_both.get("mean") if comparison else None
    if gain is None or gain.estimate is None or gain.low is None:
        return ""
    if not excludes_zero(gain.low, gain.high):
        return "at no clearly different time"
    told = f"{months(abs(gain.estimate))} {'earlier' if gain.estimate > 0 else 'later'} on average"
    return told + (_NOT_ALWAYS if mixed_sign(gain) else "")


def median_month(results: Results, arm: str) -> str:
    """The month of the median arrival of those that arrive; empty if there is none."""
    days = median_days(results, arm)
    return "" if days is None else month_year(results.as_of, days)


def median_days(results: Results, arm: str) -> float | None:
    """Days from the start to the median arrival of those that arrive."""
    median = results.arms[arm].milestones[results.goal].given_reached.get("p50")
    return None if median is None else median.estimate


def probability_of(results: Results, arm: str) -> float:
    """The chance of the goal by the horizon in an arm; 0 where it cannot be given."""
    return results.arms[arm].milestones[results.goal].probability.estimate or 0.0


def nothing_reached(results: Results) -> str:
    """The finding of a run in which no arm ever reached the goal."""
    return f"No replication reached {goal_words(results.goal).noun} by {month_year(results.as_of, results.horizon)}"


def bound_on_nothing(results: Results) -> str:
    """How small the chance then is at most; empty if that is not known."""
    highs = [arm.milestones[results.goal].probability.high for arm in results.arms.values()]
    known = [high for high in highs if high is not None]
    return f"the chance is below {percent(max(known))} (95 % simulation error)" if known and max(known) > 0 else ""


def kicker(results: Results) -> str:
    """The title of the scenario on one line."""
    return plain(results.title)
