"""Clinical trials.

A trial is a duration, or a design: enrolment (Poisson-gamma recruitment: Anisimov & Fedorov 2007, Statistics in
Medicine 26:4958), follow-up of the last patient, and readout. The success rate belongs to the program, however many
pivotal trials it runs.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from pathway_sim.fields import Found, Spec
from pathway_sim.stages.base import Draft, Repeat, Stage, visits, wrong_repeat
from pathway_sim.stages.rules import Choice, Lapse, lapse
from pathway_sim.stages.terms import Duration, Probability

OUTCOMES = ("success", "failed")
CHOICE = Choice(("success", None))


class Design(Spec):
    """A trial by its parts."""

    enrolment: Duration = Field(
        description="First to last patient in; `kind: enrolment` takes patients, sites and rate."
    )
    follow_up: Duration = Field(description="From the last patient in to the last visit.")
    readout: Duration = Field(description="From the last visit to the result: database lock and analysis.")


class Trial(Stage):
    """A trial, or all the pivotal trials of a program; `failed` ends the program unless `terminal` says otherwise."""

    TERMINAL: ClassVar[frozenset[str]] = frozenset({"failed", "exhausted"})

    kind: Literal["trial"]
    duration: Duration | None = Field(None, description="First patient to result; or give a design.")
    design: Design | None = Field(None, description="The trial by its parts; or give a duration.")
    success: Probability = Field(description="Probability that the program goes on to the next stage.")
    pivotal_trials: Literal[1, 2] = Field(1, description="How many trials run; two draw two durations.")
    run: Literal["parallel", "sequential"] = Field(
        "parallel", description="Whether two trials run side by side or one after the other."
    )
    repeat: Repeat | None = Field(None, description="Do it again on one outcome.")

    @classmethod
    def wrong_keys(cls, raw: Mapping[str, Any]) -> Found:
        """Both forms of a trial, or none; what a design cannot have; a repeat on what does not happen."""
        if ("duration" in raw) == ("design" in raw):
            yield (), "give either duration or design"
        elif "design" in raw and raw.get("pivotal_trials") == 2:
            yield ("pivotal_trials",), "two trials need a duration, not a design"
        yield from wrong_repeat(raw, OUTCOMES)

    def drafts(self) -> Iterable[Draft]:
        """One step, or enrolment, follow-up and readout."""
        return visits(list(self._one_visit()), self.repeat)

    def _one_visit(self) -> Iterable[Draft]:
        if self.design is None:
            purposes = ("duration", "duration_2")[: self.pivotal_trials]
            combine: Literal["sum", "longest"] = "longest" if self.run == "parallel" else "sum"
            rule = Lapse(tuple(("duration", purpose) for purpose in purposes), CHOICE, combine)
            inputs = {"duration": self.duration, "success": self.success}
            yield Draft("", 1, OUTCOMES, rule, inputs, (), OUTCOMES, frozenset({"duration"}))
            return
        follows: tuple[tuple[str, int, tuple[str, ...]], ...] = ()
        for part in ("enrolment", "follow_up"):
            inputs = {f"design.{part}": getattr(self.design, part)}
            yield Draft(part, 1, ("done",), lapse(f"design.{part}"), inputs, follows, (), frozenset(inputs))
            follows = ((part, 1, ("done",)),)
        inputs = {"design.readout": self.design.readout}
        yield Draft(
            "readout",
            1,
            OUTCOMES,
            lapse("design.readout", CHOICE),
            {**inputs, "success": self.success},
            follows,
            OUTCOMES,
            frozenset(inputs),
        )
