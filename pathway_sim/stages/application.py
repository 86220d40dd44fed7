"""A marketing application: the BLA, from complete submission to approval or the end.

Filing: FDA decides within 60 days of receipt whether to file (21 CFR 601.2(a), 314.101). Goal: 10 months from the
60-day filing date for a standard original BLA, 6 for priority, hence 12 and 8 months from receipt (PDUFA VII commitment
letter, section I.A); a major amendment may extend it by 3 months once in a cycle. A complete response letter (21 CFR
601.3) names what is missing; the resubmission is Class 1 (2 months) or Class 2 (6 months); an applicant who does not
answer within one year may be taken to withdraw (21 CFR 601.3(c)).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from pathway_sim.fields import Found, Identifier, Magnitude, Spec
from pathway_sim.stages.base import Draft, Stage, targets
from pathway_sim.stages.review import Response, Review
from pathway_sim.stages.rules import SURE, Choice, lapse
from pathway_sim.stages.terms import CountFromZero, Dirichlet, Duration, Offset, Probability, Shares, Times, wrong_table
from pathway_sim.stages.work import names_of, raw_names
from pathway_sim.units import suggest

NONE = Magnitude(0.0, "number")
NUMBER_KEYS = ("kind", "value", "evidence")
CLASSES = ("class_1", "class_2")
Links = tuple[tuple[str, int, tuple[str, ...]], ...]


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
    Annotated[Offset, Tag("#one")] | Annotated[dict[Identifier, Offset], Tag("#table")],
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
        return tuple(dict.fromkeys(way for cause in self.causes for way in self._ways_of(cause)))

    @property
    def letters(self) -> tuple[str, ...]:
        """The outcomes of a review that are complete responses, by cause."""
        return ("crl",) if self.cause is None else tuple(f"crl_{cause}" for cause in self.causes)

    def _ways_of(self, cause: str) -> tuple[str, ...]:
        return tuple(sorted(names_of(self.answer.get(cause)))) or (cause,)

    @classmethod
    def wrong_keys(cls, raw: Mapping[str, Any]) -> Found:
        """Tables whose names are not the causes or the ways."""
        answer = raw["answer"] if isinstance(raw.get("answer"), dict) else {}
        causes = raw_names(raw.get("cause")) or ("crl",)
        answered = {cause: raw_names(answer.get(cause)) or (cause,) for cause in causes}
        ways = tuple(dict.fromkeys(way for names in answered.values() for way in names))
        if {"first", "later"} & {*ways}:
            yield (), "no cause and no way of answering can be named first or later, which approve uses"
            return
        tables = {name: raw.get(name) for name in ("response", "withdraw", "approve", "slip")}
        later = isinstance(tables["approve"], dict) and "later" in tables["approve"]
        wanted = {"withdraw": causes, "response": ways, "slip": ("approved", "letter")}
        wanted["approve"] = ("first", *(("later",) if later else ways))
        for name, table in tables.items():
            if isinstance(table, dict) and _table_form(table) == "#table":
                yield from wrong_table(name, table, wanted[name])
        at_most = raw.get("at_most")
        most = at_most.get("value") if isinstance(at_most, dict) else at_most
        if tables["response"] is None and most != 0:
            yield (), 'the field "response" is missing: how long the sponsor takes to answer a complete response'
        for cause in answer:
            if cause not in causes:
                hint = suggest(cause, causes)
                yield ("answer", cause, "[key]"), f"is not a cause; causes are {', '.join(causes)}{hint}"

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
        """One submission: its filing review, and the answer to a refusal if there may be another."""
        follows = (("refusal", visit - 1, ("done",)),) if visit > 1 else ()
        if self.refuse is None:
            yield Draft("filing", visit, ("filed",), lapse("filing"), {"filing": self.filing}, follows)
            return
        refusal = "not_filed" if last else "refused"
        inputs = {"filing": self.filing, "refuse.probability": self.refuse.probability}
        rule = lapse("filing", Choice((None, "refuse.probability")))
        yield Draft("filing", visit, ("filed", refusal), rule, inputs, follows, ("not_filed",) if last else ())
        if not last:
            answer = {"refuse.answer": self.refuse.answer}
            refused = (("filing", visit, ("refused",)),)
            yield Draft("refusal", visit, ("done",), lapse("refuse.answer"), answer, refused)

    def _review(self, visit: int, follows: Links) -> Draft:
        """One review cycle; the first follows the filing, the others a resubmission."""
        last = visit == self.at_most + 1
        letters = ("exhausted",) if last else self.letters
        goals, approvals, slips = self._goals(visit), self._approvals(visit), _table("slip", self.slip)
        prefix, extension = self._extension(visit)
        causes = {} if last or self.cause is None else targets("cause", self.cause)
        share = {"goal.share": self.goal.share} if visit == 1 and isinstance(self.goal, Goal) else {}
        rule = Review(
            visit=visit,
            goal=tuple(goals),
            approve=tuple(approvals),
            extension=prefix,
            slip=tuple(sorted(slips)),  # approved before letter
            cause=_choice("cause", self.cause, self.causes, causes, "cause"),
            last=last,
            responses=self._responses() if visit > 1 else (),
            filings=0 if visit > 1 else self._filings,
        )
        inputs = {**goals, **share, **approvals, **extension, **slips, **causes}
        final = ("approved", *(letters if last else ()))
        return Draft("review", visit, ("approved", *letters), rule, inputs, follows, final)

    def _goals(self, visit: int) -> dict[str, Any]:
        if visit > 1:
            return {f"resubmission_goal.{name}": getattr(self.resubmission_goal, name) for name in CLASSES}
        if isinstance(self.goal, Goal):
            return {"goal.standard": self.goal.standard, "goal.priority": self.goal.priority}
        return {"goal": self.goal}

    def _approvals(self, visit: int) -> dict[str, Any]:
        if not isinstance(self.approve, dict):
            return {"approve": self.approve}
        names = ("first",) if visit == 1 else ("later",) if "later" in self.approve else self.ways
        return {f"approve.{name}": self.approve[name] for name in names}

    def _extension(self, visit: int) -> tuple[str | None, dict[str, Any]]:
        """The path of the extension that acts in this cycle, and its inputs."""
        if self.extension is None:
            return None, {}
        later = self.extension.later if visit > 1 else None
        prefix, spec = ("extension", self.extension) if later is None else ("extension.later", later)
        return prefix, {f"{prefix}.probability": spec.probability, f"{prefix}.duration": spec.duration}

    def _responses(self) -> tuple[tuple[int, int], ...]:
        """For each outcome of a response but withdrawn: the number of the resubmission goal and of the way."""
        return tuple((CLASSES.index(name), way) for name in self._classes for way in range(len(self.ways)))

    @property
    def _classes(self) -> tuple[str, ...]:
        """The classes of resubmission that can occur."""
        return CLASSES if self.class_1 is not NONE else ("class_2",)

    def _response(self, visit: int) -> Draft:
        """The sponsor's answer to a letter."""
        withdraw, durations = _table("withdraw", self.withdraw), _table("response", self.response)
        inputs: dict[str, Any] = {"lapse": self.lapse, **withdraw, **durations}
        if len(self._classes) > 1:
            inputs["class_1"] = self.class_1
        ways: list[tuple[Choice, tuple[int, ...]]] = []
        for cause in self.causes:
            shares, here = self.answer.get(cause), self._ways_of(cause)
            inputs |= targets(f"answer.{cause}", shares) if shares else {}
            choice = _choice(f"answer.{cause}", shares, here, inputs, "answer")
            ways.append((choice, tuple(self.ways.index(way) for way in here)))
        rule = Response(
            visit=visit,
            ways=tuple(ways),
            withdraw=tuple(f"withdraw.{cause}" for cause in self.causes) if len(withdraw) > 1 else tuple(withdraw),
            durations=tuple(f"response.{way}" for way in self.ways) if len(durations) > 1 else tuple(durations),
            class_1=len(self._classes) > 1,
        )
        names = (*(f"{name}_{way}" for name in self._classes for way in self.ways), "withdrawn")
        return Draft("response", visit, names, rule, inputs, (("review", visit, self.letters),), ("withdrawn",))


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
