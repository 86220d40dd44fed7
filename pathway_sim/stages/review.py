"""The rules of a marketing application that have more to them than a lapse of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from pathway_sim.parameters import Floats, Integers
from pathway_sim.pathway import Arrival
from pathway_sim.stages.numbers_by_name import pick
from pathway_sim.stages.rules import Choice, choose, sometimes


def of_accepted(arrival: Arrival, filings: int, read: Callable[[Arrival], Floats]) -> Floats:
    """What is read of the submission whose filing was accepted, as it was when the agency received it."""
    found = read(arrival.seen_by("filing", 1))
    for visit in range(2, filings + 1):
        accepted = arrival.outcome_of("filing", visit) == 0
        found = np.where(accepted, read(arrival.seen_by("filing", visit)), found)
    return found


def received(arrival: Arrival, filings: int) -> Floats:
    """When the agency received what it reviews for the first time."""
    return of_accepted(arrival, filings, lambda submission: submission.start)


def by_review(arrival: Arrival, times: Sequence[Floats]) -> Floats:
    """One time for all; or the second, of priority reviews, where the application qualifies for one, else the first."""
    if len(times) == 1:
        return times[0]
    drawn = arrival.seen_by("review", 1).uniform("priority")
    return np.where(drawn < arrival.probability("goal.share"), times[1], times[0])


@dataclass(frozen=True)
class Filing:
    """The decision to file; certain where the sponsor insisted after a refusal. Codes: filed, refused."""

    visit: int
    after_protest: bool

    def evaluate(self, arrival: Arrival) -> tuple[Floats, Integers]:
        """See `pathway_sim.pathway.Rule`."""
        refused = choose(arrival.uniform("outcome"), [None, arrival.probability("refuse.probability")])
        if self.after_protest:
            refused = np.where(arrival.outcome_of("refusal", self.visit - 1) == 1, 0, refused)
        return arrival.start + arrival.duration("filing"), refused


@dataclass(frozen=True)
class Refusal:
    """The answer to a refusal to file: another submission, or a request to file over protest. Codes in this order."""

    protest: bool

    def evaluate(self, arrival: Arrival) -> tuple[Floats, Integers]:
        """See `pathway_sim.pathway.Rule`."""
        spent, codes = arrival.duration("refuse.answer"), np.zeros(arrival.start.shape, dtype=np.int64)
        if self.protest:
            codes = choose(arrival.uniform("protest"), [None, arrival.probability("refuse.protest")])
            spent = np.where(codes == 1, arrival.duration("refuse.conference"), spent)
        return arrival.start + spent, codes


@dataclass(frozen=True)
class TypeAMeeting:
    """The meeting after a letter, if the sponsor asks for it. Codes: held, not held."""

    def evaluate(self, arrival: Arrival) -> tuple[Floats, Integers]:
        """See `pathway_sim.pathway.Rule`."""
        codes = choose(arrival.uniform("outcome"), [arrival.probability("type_a.probability"), None])
        return arrival.start + np.where(codes == 0, arrival.duration("type_a.clock"), 0.0), codes


@dataclass(frozen=True)
class Happening:
    """Something inside the first review. `given` are the fields that it has of `held`, `stops`, `negative`.

    Codes: done, then negative and not held where they can occur.
    """

    part: str
    path: str
    at: tuple[str, ...]
    given: frozenset[str]
    cause: int | None
    filings: int

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes that can occur."""
        return (
            "done",
            *(("negative",) if "negative" in self.given else ()),
            *(("not_held",) if "held" in self.given else ()),
        )

    def held(self, arrival: Arrival) -> Any:
        """Where it takes place, shape ``(n,)``."""
        if "held" not in self.given:
            return np.ones(arrival.start.shape, dtype=np.bool_)
        return arrival.uniform("held") < arrival.probability(f"{self.path}.held")

    def negative(self, arrival: Arrival) -> Any:
        """Where it takes place and turns out badly, shape ``(n,)``."""
        if "negative" not in self.given:
            return np.zeros(arrival.start.shape, dtype=np.bool_)
        bad = choose(arrival.uniform("outcome"), [None, arrival.probability(f"{self.path}.negative")]) == 1
        return bad & self.held(arrival)

    def stops(self, arrival: Arrival) -> Any:
        """Days for which it stops the clock, shape ``(n,)``."""
        if "stops" not in self.given:
            return 0.0
        return np.where(self.held(arrival), arrival.duration(f"{self.path}.stops"), 0.0)

    def evaluate(self, arrival: Arrival) -> tuple[Floats, Integers]:
        """See `pathway_sim.pathway.Rule`."""
        time = by_review(arrival, [arrival.duration(name) for name in self.at])
        end = np.maximum(arrival.start, received(arrival, self.filings) + time) + self.stops(arrival)
        last = len(self.outcomes) - 1
        codes = np.where(self.held(arrival), np.where(self.negative(arrival), 1, 0), last)
        return end, codes


@dataclass(frozen=True)
class Review:
    """One review cycle: goal, extension, action against the goal, outcome and cause of a letter.

    `goal` names the inputs for the goal: one, standard and priority, or by Class of resubmission. `responses` gives for
    each outcome of the response before a resubmission the place of its goal in `goal` and of its way of answering in
    `approve`; `filings` counts the submissions before a first review.
    Codes: approved, then the letters by cause.
    """

    visit: int
    goal: tuple[str, ...]
    approve: tuple[str, ...]
    extension: str | None
    slip: tuple[str, ...]
    cause: Choice
    last: bool
    responses: tuple[tuple[int, int], ...] = ()
    filings: int = 0
    events: tuple[Happening, ...] = ()

    def evaluate(self, arrival: Arrival) -> tuple[Floats, Integers]:
        """See `pathway_sim.pathway.Rule`."""
        codes = arrival.outcome_of("response", self.visit - 1) if self.visit > 1 else None
        end = self._goal(arrival, codes)
        if self.extension is not None:
            end = end + sometimes(arrival, self.extension, "extension")
        chance, cause = self._chance(arrival, codes), 0 if self.last else self.cause.codes(arrival)
        for event in self.events:
            seen = arrival.seen_by(event.part, 1)
            bad, end = event.negative(seen), end + event.stops(seen)
            if "negative" in event.given:
                kept = 1.0 - np.asarray(seen.probability(f"{event.path}.letter"))
                chance = np.where(bad, chance * kept, chance)
                cause = cause if event.cause is None or self.last else np.where(bad, event.cause, cause)
        letter = choose(arrival.uniform("outcome"), [chance, None]) == 1
        if self.slip:
            slips = [arrival.duration(name, "slip") for name in self.slip]
            end = end + (np.where(letter, slips[1], slips[0]) if len(slips) > 1 else slips[0])
        return np.maximum(arrival.start, end), np.where(letter, 1 + cause, 0)

    def _goal(self, arrival: Arrival, codes: Any) -> Floats:
        """The goal as first stated: of a resubmission by its class, of a first review as promised on receipt."""
        if codes is not None:
            goals = [arrival.duration(name) for name in self.goal]
            return arrival.start + cast(Floats, pick(goals, np.array([place for place, _ in self.responses])[codes]))

        def promised(name: str) -> Floats:
            return of_accepted(arrival, self.filings, lambda submission: submission.duration(name))

        return received(arrival, self.filings) + by_review(arrival, [promised(name) for name in self.goal])

    def _chance(self, arrival: Arrival, codes: Any) -> Any:
        chances = [arrival.probability(name) for name in self.approve]
        return (
            chances[0]
            if codes is None or len(chances) == 1
            else pick(chances, np.array([way for _, way in self.responses])[codes])
        )


@dataclass(frozen=True)
class Response:
    """The sponsor's answer to a complete response letter: never, or in one of several ways, as Class 1 or Class 2.

    `ways` lists for each cause the choice among its ways and their numbers; `withdraw` and `durations` are inputs by
    cause and by way. Codes: Class 1 by way (if there is a Class 1), Class 2 by way, withdrawn.
    """

    visit: int
    ways: tuple[tuple[Choice, tuple[int, ...]], ...]
    withdraw: tuple[str, ...]
    durations: tuple[str, ...]
    class_1: bool
    extend: bool = False
    meeting: bool = False

    def evaluate(self, arrival: Arrival) -> tuple[Floats, Integers]:
        """See `pathway_sim.pathway.Rule`."""
        cause = np.asarray(arrival.outcome_of("review", self.visit), dtype=np.int64) - 1
        way = np.zeros(cause.shape, dtype=np.int64)
        for k, (choice, numbers) in enumerate(self.ways):
            way = np.where(cause == k, np.asarray(numbers)[choice.codes(arrival)], way)
        gone = arrival.uniform("withdraw") < pick([arrival.probability(name) for name in self.withdraw], cause)
        spent = pick([arrival.duration(name, "response") for name in self.durations], way)
        count = max(max(numbers) for _, numbers in self.ways) + 1
        codes = way
        if self.class_1:
            second = choose(arrival.uniform("class"), [arrival.probability("class_1"), None])
            codes = way + count * second
        patience = arrival.duration("lapse")
        if self.extend:
            gone = gone | ((spent > patience) & (arrival.uniform("extend") >= arrival.probability("extend")))
        letter = arrival.seen_by("type_a", self.visit).start if self.meeting else arrival.start
        end = np.maximum(arrival.start, letter + np.where(gone, patience, spent))
        return end, np.where(gone, count * (1 + self.class_1), codes)
