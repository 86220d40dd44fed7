"""What dated histories say of review and access, beside what a simulation says: samples, figures and rows.

Pure functions. A case enters a sample only if everything that it needs was read in a source: an interval whose start
was computed from its end or from the goal would only give back the clock that it was computed with. Cases that are
left out are kept, with the reason.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pathway_sim.analysis.intervals import clopper_pearson, order_ranks
from pathway_sim.histories import Cycle, Dated, History, Stated
from pathway_sim.parameters import Floats

Answer = float | str
"""Days, or 0 and 1 for no and yes; or the reason why the case is left out."""
Case = tuple[str, Answer]
Cases = Callable[[Sequence[History]], Iterator[Case]]


@dataclass(frozen=True)
class Sample:
    """What the histories say of one quantity, by case."""

    used: Mapping[str, float]
    left_out: Mapping[str, str]

    @property
    def reasons(self) -> str:
        """Why cases were left out, with their numbers, the most frequent first."""
        counts = Counter(self.left_out.values())
        return ", ".join(f"{reason} {n}" for reason, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def sample(cases: Iterable[Case]) -> Sample:
    """The cases that can be used, apart from those that cannot."""
    answers = dict(cases)
    return Sample(
        {case: answer for case, answer in answers.items() if not isinstance(answer, str)},
        {case: answer for case, answer in answers.items() if isinstance(answer, str)},
    )


# --- From a history to cases ------------------------------------------------------------------------------------------


def days(**ends: Dated | None) -> Answer:
    """Days from the first named date to the second, if both were read in a source to the month at least."""
    for name, end in ends.items():
        if end is None:
            return f"no {name}"
        if end.origin != "sourced":
            return f"{name} {end.origin}"
        if end.precision == "year":
            return f"{name} by year only"
    begun, over = (each.date for each in ends.values() if each is not None)
    return float((over - begun).days)


def _word(name: str, stated: Stated | None) -> str:
    """Why a word cannot be relied on, or nothing."""
    return f"no {name}" if stated is None else "" if stated.origin == "sourced" else f"{name} {stated.origin}"


def _undecided(cycle: Cycle) -> str:
    """Why a cycle has no action to speak of, or nothing."""
    open_ends = {"withdrawn": "withdrawn before an action", "pending": "no action yet"}
    return open_ends.get(cycle.outcome.word) or _word("outcome", cycle.outcome)


def _first(histories: Sequence[History]) -> Iterator[tuple[str, Cycle]]:
    return ((history.id, history.reviewed[0]) for history in histories if history.reviewed)


def _later(histories: Sequence[History]) -> Iterator[tuple[str, Cycle]]:
    for history in histories:
        for place, cycle in enumerate(history.reviewed[1:], start=2):
            yield f"{history.id} {place}", cycle


def _letters(histories: Sequence[History]) -> Iterator[tuple[str, Cycle, Cycle | None]]:
    """Each letter with the cycle after it, if there is one."""
    for history in histories:
        cycles = history.reviewed
        for place, cycle in enumerate(cycles):
            if cycle.outcome.word == "letter":
                yield f"{history.id} {place + 1}", cycle, cycles[place + 1] if place + 1 < len(cycles) else None


Cycles = Callable[[Sequence[History]], Iterator[tuple[str, Cycle]]]


def _against_goal(cycles: Cycles, outcome: str = "") -> Cases:
    """Days from the goal as first stated to the action; of cycles with one outcome only, if it is given."""

    def cases(histories: Sequence[History]) -> Iterator[Case]:
        for case, cycle in cycles(histories):
            if outcome in ("", cycle.outcome.word):
                yield case, _undecided(cycle) or days(goal=cycle.goal, action=cycle.action)

    return cases


def _extended(cycles: Cycles) -> Cases:
    """Whether a goal was moved. That it was not can only be said of a cycle whose goal and action were read."""

    def cases(histories: Sequence[History]) -> Iterator[Case]:
        for case, cycle in cycles(histories):
            seen = _undecided(cycle) or days(goal=cycle.goal, action=cycle.action)
            moved = "" if cycle.extended is None else days(goal=cycle.goal, extension=cycle.extended)
            yield case, next((each for each in (seen, moved) if isinstance(each, str) and each), float(moved != ""))

    return cases


def _first_approved(histories: Sequence[History]) -> Iterator[Case]:
    for case, cycle in _first(histories):
        yield case, _undecided(cycle) or float(cycle.outcome.word == "approved")


def _priority_clock(histories: Sequence[History]) -> Iterator[Case]:
    """Days from the acceptance for filing to the first action, in priority reviews."""
    for history in histories:
        if history.reviewed and history.review is not None and history.review.word == "priority":
            cycle = history.reviewed[0]
            doubt = _word("review type", history.review) or _undecided(cycle)
            yield history.id, doubt or days(acceptance=cycle.accepted, action=cycle.action)


def _letter_to(end: str, cause: str = "") -> Cases:
    """Days from a letter to the resubmission, or to the goal of the cycle after it; by the letter's cause."""

    def cases(histories: Sequence[History]) -> Iterator[Case]:
        for case, letter, after in _letters(histories):
            if after is not None and (not cause or (letter.cause is not None and letter.cause.word == cause)):
                until = after.submitted if end == "resubmission" else after.goal
                doubt = _word("cause", letter.cause) if cause else ""
                yield case, doubt or days(letter=letter.action, **{end: until})

    return cases


def _letter_about_cmc(histories: Sequence[History]) -> Iterator[Case]:
    for case, letter, _ in _letters(histories):
        doubt = _word("cause", letter.cause)
        yield case, doubt or float(letter.cause is not None and letter.cause.word == "cmc")


def _approved_after(cause: str) -> Cases:
    """Whether the review after a letter of this cause ended in an approval."""

    def cases(histories: Sequence[History]) -> Iterator[Case]:
        for case, letter, after in _letters(histories):
            if after is not None and letter.cause is not None and letter.cause.word == cause:
                doubt = _word("cause", letter.cause) or _undecided(after)
                yield case, doubt or float(after.outcome.word == "approved")

    return cases


def _launch(histories: Sequence[History]) -> Iterator[Case]:
    for history in histories:
        if "planned_launch" in history.facts:
            yield history.id, "launch only planned"
        launch = history.facts.get("first_commercial_patient", history.facts.get("launch"))
        if launch is not None:
            yield history.id, days(approval=history.approval, launch=launch)


def _to_approval(fact: str, name: str) -> Cases:
    """Days from an early fact to the approval, of products that were approved."""

    def cases(histories: Sequence[History]) -> Iterator[Case]:
        for history in histories:
            if history.approval is not None:
                yield history.id, days(**{name: history.facts.get(fact), "approval": history.approval})

    return cases


SAMPLES: Mapping[str, Cases] = {
    "first_approved": _first_approved,
    "first_extended": _extended(_first),
    "later_extended": _extended(_later),
    "first_goal": _against_goal(_first),
    "first_goal_approved": _against_goal(_first, "approved"),
    "first_goal_letter": _against_goal(_first, "letter"),
    "later_goal": _against_goal(_later),
    "priority_clock": _priority_clock,
    **{f"resubmission_{cause}": _letter_to("resubmission", cause) for cause in ("cmc", "clinical", "both")},
    "next_goal": _letter_to("goal"),
    **{f"next_goal_{cause}": _letter_to("goal", cause) for cause in ("cmc", "clinical", "both")},
    "letter_cmc": _letter_about_cmc,
    **{f"approved_after_{cause}": _approved_after(cause) for cause in ("cmc", "clinical")},
    "launch": _launch,
    "first_patient": _to_approval("first_in_human", "first patient"),
    "pivotal_start": _to_approval("pivotal_start", "pivotal start"),
}
"""What is asked of histories and of a simulation alike, by name."""


# --- From a sample to a figure with its interval ----------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """One figure of a sample: a quantile in days (`percent`), or the share of cases from `low` to `high`."""

    text: str
    sample: str
    percent: int | None = None
    low: float = 1.0
    high: float = 1.0

    def of(self, values: Floats) -> float:
        """The figure of these values; a quantile is the smallest value that so many do not exceed."""
        if values.size == 0:
            return math.nan
        if self.percent is None:
            return float(np.mean((values >= self.low) & (values <= self.high)))
        rank = max(1, math.ceil(values.size * self.percent / 100))
        return float(np.sort(values)[rank - 1])

    def interval(self, values: Floats) -> tuple[float, float]:
        """The exact 95 % interval: Clopper and Pearson's of a share, two order statistics of a quantile."""
        if self.percent is None:
            hits = int(np.count_nonzero((values >= self.low) & (values <= self.high)))
            return clopper_pearson(hits, values.size)
        lower, upper = order_ranks(values.size, self.percent)
        ordered = np.concatenate([[-math.inf], np.sort(values), [math.inf]])
        return float(ordered[lower]), float(ordered[upper])


@dataclass(frozen=True)
class Row:
    """A figure of the histories with its interval, beside the same figure of a simulation."""

    figure: Figure
    cases: Sample
    observed: float
    low: float
    high: float
    simulated: float

    @property
    def verdict(self) -> str:
        """``within`` or ``miss``; ``too few`` if no value could be a miss."""
        if math.isinf(self.low) and math.isinf(self.high):
            return "too few"
        return "within" if self.low <= self.simulated <= self.high else "miss"


def row(figure: Figure, histories: Sequence[History], simulated: Floats) -> Row:
    """One figure of the histories beside simulated values of the same sample, shape ``(n,)``."""
    cases = sample(SAMPLES[figure.sample](histories))
    values = np.array(list(cases.used.values()), dtype=np.float64)
    return Row(figure, cases, figure.of(values), *figure.interval(values), figure.of(simulated))
