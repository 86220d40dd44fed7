"""Clinical trials.

A trial is a duration, or a design: enrolment (Poisson-gamma recruitment: Anisimov & Fedorov 2007, Statistics in
Medicine 26:4958), follow-up of the last patient, and readout. The success rate belongs to the program, however many
pivotal trials it runs. A clinical hold may strike while patients are dosed (21 CFR 312.42(b)): the trial stands still
until it is lifted, and then runs for what was left; some holds are never lifted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field

from pathway_sim.elementwise import where, widened
from pathway_sim.fields import Found, Spec
from pathway_sim.pathway import Arrival, Column
from pathway_sim.stages.base import Draft, Links, Repeat, Stage, visits, wrong_repeat
from pathway_sim.stages.rules import SURE, Choice, Lapse, lapse
from pathway_sim.stages.terms import Duration, Probability
from pathway_sim.units import quantise

OUTCOMES = ("success", "failed")
CHOICE = Choice(("success", None))


@dataclass(frozen=True)
class Dosing:
    """Patients are dosed until the time is over or a hold strikes, at any moment with the same chance.

    Codes: those of the lapse, then ``held``. One draw says whether and when; a smaller one is never worse.
    """

    whole: Lapse
    held: int

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """See `pathway_sim.pathway.Rule`."""
        end, codes = self.whole.evaluate(arrival)
        free, u = 1.0 - arrival.probability("hold.probability"), arrival.uniform("hold")
        risk = where(free < 1.0, 1.0 - free, 1.0)  # without a risk nobody is held, and any number will do
        share = 1.0 - (u - free) / risk  # of the time, when the hold strikes
        struck, at = u >= free, arrival.start + quantise(share * (end - arrival.start))
        return where(struck, at, end), where(struck, self.held, codes)


@dataclass(frozen=True)
class Resumed:
    """What was left when the hold struck; the outcome is the one that the same draw gives now."""

    part: str
    whole: Lapse

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """See `pathway_sim.pathway.Rule`."""
        before = arrival.seen_by(self.part, 1)
        planned, _ = self.whole.evaluate(before)
        left = planned - arrival.seen_by("hold", 1).start
        return arrival.start + left, widened(self.whole.choice.codes(arrival, before), left)


@dataclass(frozen=True)
class Interim:
    """An analysis before the end: it brings some of the results forward, and changes none of them.

    Codes: success, failed, continues. The outcome is the one that the draw of the readout will give.
    """

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """See `pathway_sim.pathway.Rule`."""
        enrolment = arrival.seen_by("enrolment", 1).duration("design.enrolment")
        seen = quantise(arrival.probability("design.interim.at") * enrolment)
        end = arrival.start + seen + arrival.duration("design.follow_up") + arrival.duration("design.interim.readout")
        p, u = arrival.probability("success"), arrival.seen_by("readout", 1).uniform("outcome")
        early = p * arrival.probability("design.interim.success")
        futile = 1.0 - (1.0 - p) * arrival.probability("design.interim.futility")
        return end, where(u < early, 0, where(u >= futile, 1, 2))


class InterimSpec(Spec):
    """An interim analysis."""

    at: Probability = Field(description="Share of the enrolment time after which its patients are in.")
    readout: Duration = Field(description="From their last visit to the result of the analysis.")
    success: Probability = Field(description="Share of the trials that will succeed which stop here for success.")
    futility: Probability = Field(description="Share of the trials that will fail which stop here for futility.")


class Design(Spec):
    """A trial by its parts."""

    enrolment: Duration = Field(
        description="First to last patient in; `kind: enrolment` takes patients, sites and rate."
    )
    follow_up: Duration = Field(description="From the last patient in to the last visit.")
    readout: Duration = Field(description="From the last visit to the result: database lock and analysis.")
    interim: InterimSpec | None = Field(None, description="An analysis before the end, which may stop the trial.")


class SafetyHold(Spec):
    """A clinical hold that strikes while patients are dosed, once at most."""

    probability: Probability = Field(description="Probability that the trial is put on hold.")
    repair: Duration = Field(description="From the hold to the day it is lifted, the agency's answer included.")
    lifted: Probability = Field(description="Probability that the hold is lifted in the end.")


class Trial(Stage):
    """A trial, or all the pivotal trials of a program; `failed` and `never_lifted` end the program unless `terminal`
    says otherwise.
    """

    TERMINAL: ClassVar[frozenset[str]] = frozenset({"failed", "exhausted", "never_lifted"})

    kind: Literal["trial"]
    duration: Duration | None = Field(None, description="First patient to result; or give a design.")
    design: Design | None = Field(None, description="The trial by its parts; or give a duration.")
    success: Probability = Field(description="Probability that the program goes on to the next stage.")
    pivotal_trials: Literal[1, 2] = Field(1, description="How many trials run; two draw two durations.")
    run: Literal["parallel", "sequential"] = Field(
        "parallel", description="Whether two trials run side by side or one after the other."
    )
    hold: SafetyHold | None = Field(None, description="A clinical hold while patients are dosed.")
    repeat: Repeat | None = Field(None, description="Do it again on one outcome.")

    @classmethod
    def wrong_keys(cls, raw: Mapping[str, Any]) -> Found:
        """Both forms of a trial, or none; what a design cannot have; a repeat on what does not happen."""
        if ("duration" in raw) == ("design" in raw):
            yield (), "give either duration or design"
        elif "design" in raw and raw.get("pivotal_trials") == 2:
            yield ("pivotal_trials",), "two trials need a duration, not a design"
        if "hold" in raw and "repeat" in raw:
            yield ("repeat",), "a trial with a hold cannot be repeated; make the second one a stage of its own"
        interim = isinstance(raw.get("design"), dict) and "interim" in raw["design"]
        for other in ("hold", "repeat") if interim else ():
            if other in raw:
                yield (other,), "cannot stand beside an interim analysis; leave one of them out"
        yield from wrong_repeat(raw, OUTCOMES)

    def drafts(self) -> Iterable[Draft]:
        """One step, or enrolment, follow-up and readout; with a hold also what comes before and after it."""
        return visits(list(self._one_visit()), self.repeat)

    def _one_visit(self) -> Iterator[Draft]:
        if self.design is None:
            purposes = ("duration", "duration_2")[: self.pivotal_trials]
            combine: Literal["sum", "longest"] = "longest" if self.run == "parallel" else "sum"
            whole = Lapse(tuple(("duration", purpose) for purpose in purposes), CHOICE, combine)
            inputs = {"duration": self.duration, "success": self.success}
            yield from self._dosed("", OUTCOMES, whole, inputs, OUTCOMES)
            return
        yield from self._dosed(
            "enrolment", ("done",), lapse("design.enrolment"), {"design.enrolment": self.design.enrolment}, ()
        )
        resumed = (("resumed", 1, ("done",)),) if self.hold is not None else ()
        inputs = {"design.follow_up": self.design.follow_up}
        follows: Links = (("enrolment", 1, ("done",)), *resumed)
        yield Draft("follow_up", 1, ("done",), lapse("design.follow_up"), inputs, follows)
        readout, paced = {"design.readout": self.design.readout, "success": self.success}, frozenset({"design.readout"})
        rule, follows = lapse("design.readout", CHOICE), (("follow_up", 1, ("done",)),)
        stopped: Links = (("interim", 1, OUTCOMES),) if self.design.interim is not None else ()
        yield Draft("readout", 1, OUTCOMES, rule, readout, follows, OUTCOMES, paced, unless=stopped)
        if self.design.interim is not None:
            yield self._interim(self.design, self.design.interim)

    def _interim(self, design: Design, interim: InterimSpec) -> Draft:
        """The interim analysis, beside the enrolment and the follow-up."""
        inputs = {"design.follow_up": design.follow_up, "success": self.success}
        inputs |= {f"design.interim.{name}": getattr(interim, name) for name in type(interim).model_fields}
        paced = frozenset({"design.interim.readout"})
        names = (*OUTCOMES, "continues")
        return Draft("interim", 1, names, Interim(), inputs, (), OUTCOMES, paced, beside=(("enrolment", 1),))

    def _dosed(
        self, part: str, names: tuple[str, ...], whole: Lapse, inputs: dict[str, Any], final: tuple[str, ...]
    ) -> Iterator[Draft]:
        """The part of a trial in which patients are dosed; if there may be a hold in it, the hold and the rest."""
        paced = frozenset({name for name, _ in whole.durations})
        if self.hold is None:
            yield Draft(part, 1, names, whole, inputs, (), final, paced)
            return
        struck = {**inputs, "hold.probability": self.hold.probability}
        yield Draft(part, 1, (*names, "held"), Dosing(whole, len(names)), struck, (), final, paced)
        repair = {"hold.repair": self.hold.repair, "hold.lifted": self.hold.lifted}
        rule = lapse("hold.repair", Choice(("hold.lifted", None)))
        follows: Links = ((part, 1, ("held",)),)
        yield Draft("hold", 1, ("lifted", "never_lifted"), rule, repair, follows, ("never_lifted",))
        left = {} if whole.choice == SURE else {"success": self.success}
        yield Draft("resumed", 1, names, Resumed(part, whole), left, (("hold", 1, ("lifted",)),), final)
