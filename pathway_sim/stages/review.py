"""The rules of a marketing application that have more to them than a lapse of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from pathway_sim.elementwise import code, item, maximum, pick, somewhere, where, widened
from pathway_sim.pathway import Arrival, Column
from pathway_sim.stages.rules import Choice, sometimes, worse


def of_accepted(arrival: Arrival, filings: int, read: Callable[[Arrival], Column]) -> Column:
    """What is read of the submission whose filing was accepted, as it was when the agency received it."""
    found = read(arrival.seen_by("filing", 1))
    for visit in range(2, filings + 1):
        accepted = arrival.outcome_of("filing", visit) == 0
        if somewhere(accepted):
            found = where(accepted, read(arrival.seen_by("filing", visit)), found)
    return found


def received(arrival: Arrival, filings: int) -> Column:
    """When the agency received what it reviews for the first time."""
    return of_accepted(arrival, filings, lambda submission: submission.start)


def by_review(arrival: Arrival, names: tuple[str, ...], read: Callable[[str], Column]) -> Column:
    """What is read of the one name for all; or of the second, of priority reviews, where the application qualifies for
    one, else of the first.
    """
    if len(names) == 1:
        return read(names[0])
    drawn = arrival.seen_by("review", 1).uniform("priority")
    return pick(names, code(drawn < arrival.probability("goal.share")), read)


@dataclass(frozen=True)
class Filing:
    """The decision to file; certain where the sponsor insisted after a refusal. Codes: filed, refused."""

    visit: int
    after_protest: bool

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """See `pathway_sim.pathway.Rule`."""
        refused = worse(arrival.uniform("outcome"), arrival.probability("refuse.probability"))
        if self.after_protest:
            refused = refused & (arrival.outcome_of("refusal", self.visit - 1) != 1)
        return arrival.start + arrival.duration("filing"), code(refused)


@dataclass(frozen=True)
class Refusal:
    """The answer to a refusal to file: another submission, or a request to file over protest. Codes in this order."""

    protest: bool

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """See `pathway_sim.pathway.Rule`."""
        if not self.protest:
            return arrival.start + arrival.duration("refuse.answer"), widened(0, arrival.start)
        codes = code(worse(arrival.uniform("protest"), arrival.probability("refuse.protest")))
        return arrival.start + pick(("refuse.answer", "refuse.conference"), codes, arrival.duration), codes


@dataclass(frozen=True)
class TypeAMeeting:
    """The meeting after a letter, if the sponsor asks for it. Codes: held, not held."""

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """See `pathway_sim.pathway.Rule`."""
        none = arrival.uniform("outcome") >= arrival.probability("type_a.probability")
        return arrival.start + where(none, 0.0, arrival.duration("type_a.clock")), code(none)


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

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes that can occur."""
        return (
            "done",
            *(("negative",) if "negative" in self.given else ()),
            *(("not_held",) if "held" in self.given else ()),
        )

    def course(self, arrival: Arrival) -> tuple[Column, Column, Column]:
        """Where it takes place, for how many days it stops the clock, and where it takes place and turns out badly."""
        held: Column = True
        if "held" in self.given:
            held = arrival.uniform("held") < arrival.probability(f"{self.path}.held")
        stopped = where(held, arrival.duration(f"{self.path}.stops"), 0.0) if "stops" in self.given else 0.0
        if "negative" not in self.given:
            return held, stopped, False
        return held, stopped, held & worse(arrival.uniform("outcome"), arrival.probability(f"{self.path}.negative"))

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """See `pathway_sim.pathway.Rule`."""
        held, stopped, bad = self.course(arrival)
        time = received(arrival, self.filings) + by_review(arrival, self.at, arrival.duration)
        end = maximum(arrival.start, time) + stopped
        return end, widened(where(held, code(bad), len(self.outcomes) - 1), end)


@dataclass(frozen=True)
class Review:
    """One review cycle: goal, extension, action against the goal, outcome and cause of a letter.

    `goal` names the inputs for the goal, `approve` those for the probability of approval: one for all; or standard and
    priority, of a first review; or one for each outcome of the response before a resubmission. `filings` counts the
    submissions before a first review.
    Codes: approved, then the letters by cause.
    """

    visit: int
    goal: tuple[str, ...]
    approve: tuple[str, ...]
    extension: str | None
    slip: tuple[str, ...]
    cause: Choice
    last: bool
    filings: int = 0
    events: tuple[Happening, ...] = ()

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """See `pathway_sim.pathway.Rule`."""
        end, chance = self._first(arrival) if self.visit == 1 else self._resubmission(arrival)
        if self.extension is not None:
            end = end + sometimes(arrival, self.extension, "extension")
        cause = 0 if self.last else self.cause.codes(arrival)
        for event in self.events:
            if event.given <= {"held"}:
                continue  # it changes nothing for the review
            seen = arrival.seen_by(event.part, 1)
            _, stopped, bad = event.course(seen)
            end = end + stopped
            if "negative" in event.given:
                chance = where(bad, chance * (1.0 - seen.probability(f"{event.path}.letter")), chance)
                cause = cause if event.cause is None or self.last else where(bad, event.cause, cause)
        letter = arrival.uniform("outcome") >= chance
        if self.slip:
            end = end + pick(self.slip, code(letter), lambda name: arrival.duration(name, "slip"))
        return maximum(arrival.start, end), code(letter) * (1 + cause)

    def _first(self, arrival: Arrival) -> tuple[Column, Column]:
        """The goal of a first review as promised on receipt, and the chance of approval."""

        def promised(name: str) -> Column:
            return of_accepted(arrival, self.filings, lambda submission: submission.duration(name))

        goal = received(arrival, self.filings) + by_review(arrival, self.goal, promised)
        return goal, arrival.probability(self.approve[0])

    def _resubmission(self, arrival: Arrival) -> tuple[Column, Column]:
        """The goal of a resubmission by its class, and the chance of approval by the way of answering."""
        answer = arrival.outcome_of("response", self.visit - 1)
        goal = arrival.start + pick(self.goal, answer, arrival.duration)
        return goal, pick(self.approve, answer, arrival.probability)


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

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """See `pathway_sim.pathway.Rule`."""
        cause = arrival.outcome_of("review", self.visit) - 1
        way = pick(self.ways, cause, lambda each: item(each[1], each[0].codes(arrival)))
        gone = arrival.uniform("withdraw") < pick(self.withdraw, cause, arrival.probability)
        spent = pick(self.durations, way, lambda name: arrival.duration(name, "response"))
        codes = way
        if self.class_1:
            codes = way + self._ways * code(arrival.uniform("class") >= arrival.probability("class_1"))
        patience = arrival.duration("lapse")
        if self.extend:
            gone = gone | ((spent > patience) & (arrival.uniform("extend") >= arrival.probability("extend")))
        letter = arrival.seen_by("type_a", self.visit).start if self.meeting else arrival.start
        end = maximum(arrival.start, letter + where(gone, patience, spent))
        return end, where(gone, self._ways * (1 + self.class_1), codes)

    @cached_property
    def _ways(self) -> int:
        """How many ways there are."""
        return 1 + max(max(numbers) for _, numbers in self.ways)
