"""A marketing application: the BLA, from complete submission to approval or the end.

Filing: FDA decides within 60 days of receipt whether to file (21 CFR 601.2(a), 314.101). Goal: 10 months from the
60-day filing date for a standard original BLA, 6 for priority, hence 12 and 8 months from receipt (PDUFA VII commitment
letter, section I.A); a major amendment may extend it by 3 months once in a cycle. A complete response letter (21 CFR
601.3) names what is missing; the resubmission is Class 1 (2 months) or Class 2 (6 months); an applicant who does not
answer within one year may be taken to withdraw (21 CFR 601.3(c)).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, cast

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from pathway_sim.fields import Identifier, Magnitude, Spec, misfit
from pathway_sim.parameters import Floats, Integers
from pathway_sim.pathway import Arrival
from pathway_sim.stages.base import (
    CountFromZero,
    Dirichlet,
    Draft,
    Duration,
    Offset,
    Probability,
    Shares,
    Stage,
    Times,
    targets,
)
from pathway_sim.stages.rules import SURE, Choice, choose, lapse
from pathway_sim.stages.work import names_of

NONE = Magnitude(0.0, "number")
NUMBER_KEYS = ("kind", "value", "evidence")


def _table_form(raw: Any) -> str:
    """Whether a field holds one number for all, or a table of numbers by name."""
    table = isinstance(raw, dict) and not any(key in raw for key in NUMBER_KEYS)
    return "#table" if table else "#one"


Durations = Annotated[
    Annotated[Duration, Tag("#one")] | Annotated[dict[Identifier, Duration], Tag("#table")], Discriminator(_table_form)
]
Probabilities = Annotated[
    Annotated[Probability, Tag("#one")] | Annotated[dict[Identifier, Probability], Tag("#table")],
    Discriminator(_table_form),
]
Offsets = Annotated[
    Annotated[Offset, Tag("#one")] | Annotated[dict[Literal["approved", "letter"], Offset], Tag("#table")],
    Discriminator(_table_form),
]


class Refuse(Spec):
    """Refusal to file."""

    probability: Probability = Field(description="Probability that a submission is refused.")
    answer: Duration = Field(description="From the refusal to the next submission.")
    at_most: Times = Field(
        1, description="How many refusals are answered; after one more the application ends not_filed."
    )


class Goal(Spec):
    """Review goals by type of review, from receipt."""

    standard: Duration
    priority: Duration
    share: Probability = Field(description="Probability that the application qualifies for priority review.")


class Later(Spec):
    """Extension of the goal in a resubmission's review."""

    duration: Duration
    probability: Probability


class Extension(Later):
    """Extension of the goal, at most once a cycle."""

    later: Later | None = Field(None, description="The same for resubmissions, if it differs.")


class ResubmissionGoal(Spec):
    """Review goals of resubmissions."""

    class_1: Duration = Field(Magnitude(2 * 30.4375, "time"))
    class_2: Duration = Field(Magnitude(6 * 30.4375, "time"))


def _goal_form(raw: Any) -> str:
    return "#types" if isinstance(raw, Goal) or (isinstance(raw, dict) and "standard" in raw) else "#one"


def _pick(columns: list[Any], index: Integers) -> Any:
    """For each replication the column that its index names."""
    picked = columns[0]
    for k, column in enumerate(columns[1:], start=1):
        picked = np.where(index == k, column, picked)
    return picked


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

    def evaluate(self, arrival: Arrival) -> tuple[Floats, Integers]:
        """See `pathway_sim.pathway.Rule`."""
        codes = arrival.outcome_of("response", self.visit - 1) if self.visit > 1 else None
        end = self._received(arrival) + self._goal(arrival, codes)
        if self.extension is not None:
            extended = arrival.uniform("extension") < arrival.probability(f"{self.extension}.probability")
            end = end + np.where(extended, arrival.duration(f"{self.extension}.duration"), 0.0)
        letter = choose(arrival.uniform("outcome"), [self._chance(arrival, codes), None]) == 1
        if self.slip:
            slips = [arrival.duration(name, "slip") for name in self.slip]
            end = end + (np.where(letter, slips[1], slips[0]) if len(slips) > 1 else slips[0])
        cause = 0 if self.last else self.cause.codes(arrival)
        return np.maximum(arrival.start, end), np.where(letter, 1 + cause, 0)

    def _received(self, arrival: Arrival) -> Floats:
        """When FDA received what it reviews: the submission whose filing was accepted, or the resubmission."""
        received = arrival.start
        for visit in range(1, self.filings + 1):
            accepted = arrival.outcome_of("filing", visit) == 0
            received = np.where(accepted, arrival.start_of("filing", visit), received)
        return received

    def _goal(self, arrival: Arrival, codes: Any) -> Floats:
        """Days from receipt to the goal."""
        goals = [arrival.duration(name) for name in self.goal]
        if codes is not None:
            return cast(Floats, _pick(goals, np.array([place for place, _ in self.responses])[codes]))
        if len(goals) == 1:
            return goals[0]
        return np.where(arrival.uniform("priority") < arrival.probability("goal.share"), goals[1], goals[0])

    def _chance(self, arrival: Arrival, codes: Any) -> Any:
        chances = [arrival.probability(name) for name in self.approve]
        return (
            chances[0]
            if codes is None or len(chances) == 1
            else _pick(chances, np.array([way for _, way in self.responses])[codes])
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

    def evaluate(self, arrival: Arrival) -> tuple[Floats, Integers]:
        """See `pathway_sim.pathway.Rule`."""
        cause = np.asarray(arrival.outcome_of("review", self.visit), dtype=np.int64) - 1
        way = np.zeros(cause.shape, dtype=np.int64)
        for k, (choice, numbers) in enumerate(self.ways):
            way = np.where(cause == k, np.asarray(numbers)[choice.codes(arrival)], way)
        gone = arrival.uniform("withdraw") < _pick([arrival.probability(name) for name in self.withdraw], cause)
        spent = _pick([arrival.duration(name, "response") for name in self.durations], way)
        count = max(max(numbers) for _, numbers in self.ways) + 1
        codes = way
        if self.class_1:
            second = choose(arrival.uniform("class"), [arrival.probability("class_1"), None])
            codes = way + count * second
        return arrival.start + np.where(gone, arrival.duration("lapse"), spent), np.where(
            gone, count * (1 + self.class_1), codes
        )


class Application(Stage):
    """A marketing application; `withdrawn`, `exhausted` and `not_filed` end the program unless `terminal` says
    otherwise.
    """

    TERMINAL: ClassVar[frozenset[str]] = frozenset({"withdrawn", "exhausted", "not_filed"})

    kind: Literal["application"]
    filing: Duration = Field(
        Magnitude(60.0, "time"), description="From receipt to the filing decision; inside the goal."
    )
    refuse: Refuse | None = Field(None, description="Refusal to file.")
    goal: Annotated[Annotated[Duration, Tag("#one")] | Annotated[Goal, Tag("#types")], Discriminator(_goal_form)] = (
        Field(description="The review goal from receipt: one, or {standard, priority, share}.")
    )
    extension: Extension | None = Field(None, description="A major amendment's extension of the goal, once a cycle.")
    slip: Offsets | None = Field(
        None, description="Action minus goal; negative is early; {approved, letter} if they differ."
    )
    approve: Probabilities = Field(
        description="Probability that an action approves: one, or {first, later}, or {first, and by way of answering}."
    )
    cause: Shares | None = Field(None, description="Causes of complete responses, with probabilities.")
    answer: dict[Identifier, Shares] = Field(
        {}, description="For a cause that is answered in several ways: the ways, with probabilities."
    )
    response: Durations | None = Field(None, description="From letter to resubmission: one, or by way of answering.")
    withdraw: Probabilities = Field(NONE, description="Probability that the sponsor never resubmits: one, or by cause.")
    lapse: Duration = Field(
        Magnitude(365.25, "time"), description="From a letter that is never answered to the end of the application."
    )
    class_1: Probability = Field(NONE, description="Probability that a resubmission is Class 1.")
    resubmission_goal: ResubmissionGoal = Field(
        default_factory=ResubmissionGoal, description="Goals of Class 1 and Class 2 resubmissions."
    )
    at_most: CountFromZero = Field(3, description="How many resubmissions at most.")

    @property
    def _filings(self) -> int:
        return self.refuse.at_most + 1 if self.refuse else 1

    @property
    def causes(self) -> tuple[str, ...]:
        """The causes of letters by name; without any the one cause is ``crl``."""
        return tuple(sorted(names_of(self.cause))) or ("crl",)

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways of answering, by cause and name."""
        return tuple(way for cause in self.causes for way in sorted(names_of(self.answer.get(cause)) or {cause}))

    @model_validator(mode="after")
    def _complete(self) -> Application:
        if error := misfit(self._gaps()):
            raise error
        return self

    def _gaps(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Tables whose names are not the causes or the ways."""
        if self.response is None and self.at_most > 0:
            yield ("response",), "how long the sponsor takes to answer a complete response is missing"
        ways = ("later",) if isinstance(self.approve, dict) and "later" in self.approve else self.ways
        expected: dict[str, tuple[str, ...]] = {
            "response": self.ways,
            "withdraw": self.causes,
            "approve": ("first", *ways),
        }
        if isinstance(self.slip, dict):
            expected["slip"] = ("approved", "letter")
        for name, wanted in expected.items():
            table = getattr(self, name)
            if isinstance(table, dict):
                yield from (((name,), f"has no entry for {missing}") for missing in wanted if missing not in table)
                yield from (
                    ((name, extra), f"is not one of {', '.join(wanted)}") for extra in table if extra not in wanted
                )
        yield from (
            (("answer", cause), f"is not a cause; causes are {', '.join(self.causes)}")
            for cause in self.answer
            if cause not in self.causes
        )

    def drafts(self) -> Iterable[Draft]:
        """Filings and refusals, the first review, then responses and reviews of resubmissions."""
        for visit in range(1, self._filings + 1):
            yield from self._filing(visit, last=visit == self._filings)
        yield self._review(1, tuple(("filing", visit, ("filed",)) for visit in range(1, self._filings + 1)))
        for visit in range(1, self.at_most + 1):
            answer = self._response(visit)
            yield answer
            yield self._review(visit + 1, (("response", visit, answer.outcomes[:-1]),))

    def _filing(self, visit: int, *, last: bool) -> Iterator[Draft]:
        follows = (("refusal", visit - 1, ("done",)),) if visit > 1 else ()
        if self.refuse is None:
            yield Draft("filing", visit, ("filed",), lapse("filing"), {"filing": self.filing}, follows)
            return
        names, inputs = (
            ("filed", "not_filed" if last else "refused"),
            {"filing": self.filing, "refuse.probability": self.refuse.probability},
        )
        rule = lapse("filing", Choice((None, "refuse.probability")))
        yield Draft("filing", visit, names, rule, inputs, follows, ("not_filed",) if last else ())
        if not last:
            answer, refused = Choice((None,)), (("filing", visit, ("refused",)),)
            yield Draft(
                "refusal",
                visit,
                ("done",),
                lapse("refuse.answer", answer),
                {"refuse.answer": self.refuse.answer},
                refused,
            )

    def _review(self, visit: int, follows: tuple[tuple[str, int, tuple[str, ...]], ...]) -> Draft:
        last = visit == self.at_most + 1
        letters = (
            ("exhausted",) if last else tuple("crl" if cause == "crl" else f"crl_{cause}" for cause in self.causes)
        )
        inputs = {**self._goals(visit), **self._approvals(visit), **self._extension(visit), **_table("slip", self.slip)}
        inputs |= (
            {}
            if last or self.cause is None
            else {f"cause.{name.partition('.')[2]}": term for name, term in targets("cause", self.cause).items()}
        )
        goal = tuple(name for name in inputs if name.startswith(("goal", "resubmission_goal")) and name != "goal.share")
        slip = (
            ("slip.approved", "slip.letter")
            if isinstance(self.slip, dict)
            else ("slip",)
            if self.slip is not None
            else ()
        )
        rule = Review(
            visit=visit,
            goal=goal,
            approve=tuple(name for name in inputs if name.startswith("approve")),
            extension=next(
                (
                    name.removesuffix(".probability")
                    for name in inputs
                    if name.startswith("extension") and name.endswith(".probability")
                ),
                None,
            ),
            slip=slip,
            cause=_choice("cause", self.cause, self.causes, inputs, "cause"),
            last=last,
            responses=self._codes() if visit > 1 else (),
            filings=0 if visit > 1 else self._filings,
        )
        return Draft(
            "review", visit, ("approved", *letters), rule, inputs, follows, ("approved", *(letters if last else ()))
        )

    def _goals(self, visit: int) -> dict[str, Any]:
        if visit > 1:
            return {
                f"resubmission_goal.{name}": getattr(self.resubmission_goal, name) for name in ("class_1", "class_2")
            }
        if isinstance(self.goal, Goal):
            return {f"goal.{name}": getattr(self.goal, name) for name in ("standard", "priority", "share")}
        return {"goal": self.goal}

    def _approvals(self, visit: int) -> dict[str, Any]:
        if not isinstance(self.approve, dict):
            return {"approve": self.approve}
        if visit == 1 or "later" in self.approve:
            name = "first" if visit == 1 else "later"
            return {f"approve.{name}": self.approve[name]}
        return {f"approve.{way}": self.approve[way] for way in self.ways}

    def _extension(self, visit: int) -> dict[str, Any]:
        if self.extension is None:
            return {}
        later = visit > 1 and self.extension.later is not None
        spec: Later = self.extension.later if later and self.extension.later else self.extension
        prefix = "extension.later" if later else "extension"
        return {f"{prefix}.probability": spec.probability, f"{prefix}.duration": spec.duration}

    def _codes(self) -> tuple[tuple[int, int], ...]:
        """For each response code but withdrawn: the number of the resubmission goal and of the way."""
        classes = (0, 1) if self._has_class_1 else (1,)
        return tuple((by_class, way) for by_class in classes for way in range(len(self.ways)))

    @property
    def _has_class_1(self) -> bool:
        return self.class_1 is not NONE

    def _response(self, visit: int) -> Draft:
        letters = tuple("crl" if cause == "crl" else f"crl_{cause}" for cause in self.causes)
        classes = ("class_1", "class_2") if self._has_class_1 else ("class_2",)
        names = (*(f"{by_class}_{way}" for by_class in classes for way in self.ways), "withdrawn")
        inputs: dict[str, Any] = {
            "lapse": self.lapse,
            **_table("withdraw", self.withdraw),
            **_table("response", self.response),
        }
        if self._has_class_1:
            inputs["class_1"] = self.class_1
        ways, offset = [], 0
        for cause in self.causes:
            shares = self.answer.get(cause)
            here = tuple(sorted(names_of(shares))) or (cause,)
            inputs |= targets(f"answer.{cause}", shares) if shares else {}
            ways.append(
                (_choice(f"answer.{cause}", shares, here, inputs, "answer"), tuple(range(offset, offset + len(here))))
            )
            offset += len(here)
        rule = Response(
            visit=visit,
            ways=tuple(ways),
            withdraw=tuple(f"withdraw.{cause}" for cause in self.causes)
            if isinstance(self.withdraw, dict)
            else ("withdraw",),
            durations=tuple(f"response.{way}" for way in self.ways)
            if isinstance(self.response, dict)
            else ("response",),
            class_1=self._has_class_1,
        )
        return Draft("response", visit, names, rule, inputs, (("review", visit, letters),), ("withdrawn",))


def _table(name: str, value: Any) -> dict[str, Any]:
    """The inputs of a field that holds one term or a table of them."""
    if value is None:
        return {}
    return {f"{name}.{key}": term for key, term in value.items()} if isinstance(value, dict) else {name: value}


def _choice(
    prefix: str,
    shares: Mapping[str, Any] | Dirichlet | None,
    names: tuple[str, ...],
    inputs: Mapping[str, Any],
    purpose: str,
) -> Choice:
    if shares is None or len(names) == 1:
        return SURE
    read = tuple(f"{prefix}.{name}" if f"{prefix}.{name}" in inputs else None for name in names)
    return Choice(read, purpose, isinstance(shares, Dirichlet))
