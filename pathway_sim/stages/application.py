"""A marketing application: the BLA, from complete submission to approval or the end.

Filing: FDA decides within 60 days of receipt whether to file (21 CFR 601.2(a), 314.101); after a refusal an applicant
may insist, and the application is then filed over protest 60 days after the request (21 CFR 314.101(a)(3)). Goal: 10
months from the 60-day filing date for a standard original BLA, 6 for priority, hence 12 and 8 months from receipt
(PDUFA VII commitment letter, section I.A); a major amendment may extend it by 3 months once in a cycle. A complete
response letter (21 CFR 601.3) names what is missing; the resubmission is Class 1 (2 months) or Class 2 (6 months); an
applicant who does not answer within one year may be taken to withdraw, unless FDA grants more time (21 CFR 601.3(c)).
The numbers are the agency's rules: another agency's application is the same stage with other rules.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from pathway_sim.fields import Found, Identifier
from pathway_sim.stages.application_fields import (
    NONE,
    ByReview,
    Event,
    Extension,
    Goal,
    Refuse,
    ResubmissionGoal,
    TypeA,
    goal_form,
    wrong_events,
)
from pathway_sim.stages.base import Draft, Links, Stage, choice_of, targets
from pathway_sim.stages.numbers_by_name import Durations, Offsets, Probabilities, in_order, table, table_form
from pathway_sim.stages.review import Filing, Happening, Refusal, Response, Review, TypeAMeeting
from pathway_sim.stages.rules import Choice, lapse
from pathway_sim.stages.terms import CountFromZero, Duration, Probability, Shares, wrong_table
from pathway_sim.stages.work import names_of, raw_names
from pathway_sim.units import suggest

CLASSES = ("class_1", "class_2")
RULES = {
    "filing": "application.filing",
    "refuse.conference": "application.protest",
    "goal.standard": "goal.standard",
    "goal.priority": "goal.priority",
    "type_a.clock": "meeting.a",
    "lapse": "resubmission.lapse",
    "resubmission_goal.class_1": "resubmission.class_1",
    "resubmission_goal.class_2": "resubmission.class_2",
}


class Application(Stage):
    """A marketing application; `withdrawn`, `exhausted` and `not_filed` end the program unless `terminal` says
    otherwise.
    """

    TERMINAL: ClassVar[frozenset[str]] = frozenset({"withdrawn", "exhausted", "not_filed"})

    kind: Literal["application"]
    filing: Duration | None = Field(
        None, description="From receipt to the filing decision; inside the goal. Else the agency's."
    )
    refuse: Refuse | None = Field(None, description="Refusal to file.")
    goal: Annotated[Annotated[Duration, Tag("#one")] | Annotated[Goal, Tag("#types")], Discriminator(goal_form)] = (
        Field(description="The review goal from receipt: one, or {standard, priority, share}.")
    )
    during: dict[Identifier, Event] = Field(
        {}, description="What happens inside the first review: letters, meetings, inspections, questions."
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
    type_a: TypeA | None = Field(None, description="The meeting that may follow a letter.")
    lapse: Duration | None = Field(
        None, description="From a letter that is never answered to the end of the application; else the agency's."
    )
    extend: Probability | None = Field(
        None, description="Probability that the agency waits longer for an answer; without it, always."
    )
    class_1: Probability = Field(NONE, description="Probability that a resubmission is Class 1.")
    resubmission_goal: ResubmissionGoal = Field(
        default_factory=ResubmissionGoal, description="Goals of Class 1 and Class 2 resubmissions."
    )
    at_most: CountFromZero = Field(3, description="How many resubmissions at most.")

    def rules(self) -> Mapping[str, str]:
        """The clocks of the agency."""
        return RULES

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
        """Tables whose names are not the causes or the ways; events with the name of a part, or of no cause."""
        answer = raw["answer"] if isinstance(raw.get("answer"), dict) else {}
        causes = raw_names(raw.get("cause")) or ("crl",)
        answered = {cause: raw_names(answer.get(cause)) or (cause,) for cause in causes}
        ways = tuple(dict.fromkeys(way for names in answered.values() for way in names))
        yield from wrong_events(raw.get("during"), causes, goal_form(raw.get("goal")) == "#types")
        if {"first", "later"} & {*ways}:
            yield (), "no cause and no way of answering can be named first or later, which approve uses"
            return
        tables = {name: raw.get(name) for name in ("response", "withdraw", "approve", "slip")}
        later = isinstance(tables["approve"], dict) and "later" in tables["approve"]
        wanted = {"withdraw": causes, "response": ways, "slip": ("approved", "letter")}
        wanted["approve"] = ("first", *(("later",) if later else ways))
        for name, given in tables.items():
            if isinstance(given, dict) and table_form(given) == "#table":
                yield from wrong_table(name, given, wanted[name])
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
        filed = tuple(("filing", visit, ("filed",)) for visit in range(1, self._filings + 1))
        yield from (self._event(name, event, filed) for name, event in sorted(self.during.items()))
        yield self._review(1, filed)
        for visit in range(1, self.at_most + 1):
            letters: Links = (("review", visit, self.letters),)
            if self.type_a is not None:
                inputs = {"type_a.clock": self.ruled("type_a.clock"), "type_a.probability": self.type_a.probability}
                yield Draft("type_a", visit, ("held", "not_held"), TypeAMeeting(), inputs, letters)
                letters = (("type_a", visit, ("held", "not_held")),)
            answer = self._response(visit, letters)
            yield answer
            yield self._review(visit + 1, (("response", visit, answer.outcomes[:-1]),))

    def _filing(self, visit: int, *, last: bool) -> Iterator[Draft]:
        """One submission: its filing review, and the answer to a refusal if there may be another."""
        insisted = self.refuse is not None and self.refuse.protest is not None
        answered = ("done", "protest") if insisted else ("done",)
        follows: Links = (("refusal", visit - 1, answered),) if visit > 1 else ()
        inputs: dict[str, Any] = {"filing": self.ruled("filing"), **self._goals(1)}
        if self.refuse is None:
            yield Draft("filing", visit, ("filed",), lapse("filing"), inputs, follows)
            return
        refusal = "not_filed" if last else "refused"
        inputs["refuse.probability"] = self.refuse.probability
        rule = Filing(visit, insisted and visit > 1)
        yield Draft("filing", visit, ("filed", refusal), rule, inputs, follows, ("not_filed",) if last else ())
        if not last:
            answer: dict[str, Any] = {"refuse.answer": self.refuse.answer}
            if insisted:
                answer |= {"refuse.protest": self.refuse.protest, "refuse.conference": self.ruled("refuse.conference")}
            yield Draft("refusal", visit, answered, Refusal(insisted), answer, (("filing", visit, ("refused",)),))

    def _happening(self, name: str, event: Event) -> Happening:
        path = f"during.{name}"
        at = (f"{path}.at.standard", f"{path}.at.priority") if isinstance(event.at, ByReview) else (f"{path}.at",)
        cause = self.causes.index(event.cause) if event.cause in self.causes else None
        given = {key for key in ("held", "stops", "negative") if getattr(event, key) is not None}
        return Happening(name, path, at, frozenset(given), cause, self._filings)

    def _event(self, name: str, event: Event, filed: Links) -> Draft:
        """Something inside the first review, beside it."""
        rule = self._happening(name, event)
        inputs = {f"{rule.path}.{key}": getattr(event, key) for key in sorted(rule.given)}
        inputs |= {at: getattr(event.at, at.rpartition(".")[2], event.at) for at in rule.at}
        if "negative" in rule.given:
            inputs[f"{rule.path}.letter"] = event.letter or NONE
        if len(rule.at) > 1 and isinstance(self.goal, Goal):
            inputs["goal.share"] = self.goal.share
        return Draft(name, 1, rule.outcomes, rule, inputs, filed)

    def _review(self, visit: int, follows: Links) -> Draft:
        """One review cycle; the first follows the filing, the others a resubmission."""
        last = visit == self.at_most + 1
        letters = ("exhausted",) if last else self.letters
        goals, approvals, slips = self._goals(visit), self._approvals(visit), table("slip", self.slip)
        prefix, extension = self._extension(visit)
        causes = {} if last or self.cause is None else targets("cause", self.cause)
        share = {"goal.share": self.goal.share} if visit == 1 and isinstance(self.goal, Goal) else {}
        rule = Review(
            visit=visit,
            goal=tuple(goals) if visit == 1 else self._by_answer(lambda name, _: f"resubmission_goal.{name}"),
            approve=tuple(approvals) if len(approvals) == 1 else self._by_answer(lambda _, way: f"approve.{way}"),
            extension=prefix,
            slip=tuple(sorted(slips)),  # approved before letter
            cause=choice_of("cause", self.cause, self.causes, "cause"),
            last=last,
            filings=0 if visit > 1 else self._filings,
            events=() if visit > 1 else tuple(self._happening(*each) for each in sorted(self.during.items())),
        )
        inputs = {**(goals if visit > 1 else {}), **share, **approvals, **extension, **slips, **causes}
        final = ("approved", *(letters if last else ()))
        beside = tuple((event.part, 1) for event in rule.events)
        return Draft("review", visit, ("approved", *letters), rule, inputs, follows, final, beside=beside)

    def _goals(self, visit: int) -> dict[str, Any]:
        if visit > 1:
            return {f"resubmission_goal.{name}": self.ruled(f"resubmission_goal.{name}") for name in CLASSES}
        if isinstance(self.goal, Goal):
            return {name: self.ruled(name) for name in ("goal.standard", "goal.priority")}
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

    def _by_answer(self, named: Callable[[str, str], str]) -> tuple[str, ...]:
        """An input for each outcome of a response but withdrawn, by its Class and its way."""
        return tuple(named(name, way) for name in self._classes for way in self.ways)

    @property
    def _classes(self) -> tuple[str, ...]:
        """The classes of resubmission that can occur."""
        return CLASSES if self.class_1 is not NONE else ("class_2",)

    def _response(self, visit: int, follows: Links) -> Draft:
        """The sponsor's answer to a letter."""
        withdraw, durations = table("withdraw", self.withdraw), table("response", self.response)
        inputs: dict[str, Any] = {"lapse": self.ruled("lapse"), **withdraw, **durations}
        if self.extend is not None:
            inputs["extend"] = self.extend
        if len(self._classes) > 1:
            inputs["class_1"] = self.class_1
        ways: list[tuple[Choice, tuple[int, ...]]] = []
        for cause in self.causes:
            shares, here = self.answer.get(cause), self._ways_of(cause)
            inputs |= targets(f"answer.{cause}", shares) if shares else {}
            choice = choice_of(f"answer.{cause}", shares, here, "answer")
            ways.append((choice, tuple(self.ways.index(way) for way in here)))
        rule = Response(
            visit=visit,
            ways=tuple(ways),
            withdraw=in_order("withdraw", withdraw, self.causes),
            durations=in_order("response", durations, self.ways),
            class_1=len(self._classes) > 1,
            extend=self.extend is not None,
            meeting=self.type_a is not None,
        )
        names = (*(f"{name}_{way}" for name in self._classes for way in self.ways), "withdrawn")
        return Draft("response", visit, names, rule, inputs, follows, ("withdrawn",))
