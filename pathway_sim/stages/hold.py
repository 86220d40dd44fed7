"""The IND and the clinical hold.

An IND goes into effect 30 days after FDA receives it unless FDA imposes a clinical hold (21 CFR 312.40(b)). A held
trial may start when FDA lifts the hold, which it answers within 30 days of the sponsor's complete response (21 CFR
312.42(e)); some holds are never lifted. Grounds are named in 21 CFR 312.42(b).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field

from pathway_sim.elementwise import code, pick
from pathway_sim.fields import Found
from pathway_sim.pathway import Arrival, Column
from pathway_sim.stages.base import Draft, Stage, choice_of, targets
from pathway_sim.stages.numbers_by_name import Durations, Probabilities, in_order, table, table_form
from pathway_sim.stages.rules import Choice, worse
from pathway_sim.stages.terms import Duration, Probability, Shares, wrong_table
from pathway_sim.stages.work import names_of, raw_names


@dataclass(frozen=True)
class SafetyReview:
    """The agency's review of an IND. Codes: effective, then held by cause."""

    cause: Choice

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """See `pathway_sim.pathway.Rule`."""
        held = worse(arrival.uniform("outcome"), arrival.probability("probability"))
        return arrival.start + arrival.duration("clock"), code(held) * (1 + self.cause.codes(arrival))


@dataclass(frozen=True)
class Repair:
    """The repair of what a hold was for, by its cause. Codes: effective, never lifted."""

    repair: tuple[str, ...]
    lifted: tuple[str, ...]

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """See `pathway_sim.pathway.Rule`."""
        cause = arrival.outcome_of("review", 1) - 1
        spent = pick(self.repair, cause, lambda name: arrival.duration(name, "repair"))
        lifted = pick(self.lifted, cause, arrival.probability)
        return arrival.start + spent, code(arrival.uniform("outcome") >= lifted)


class Hold(Stage):
    """An agency's safety review of a submission, which may end in a hold: `effective`, or in the end `never_lifted`."""

    TERMINAL: ClassVar[frozenset[str]] = frozenset({"never_lifted"})

    kind: Literal["hold"]
    clock: Duration = Field(description="The agency's review.", examples=["30 days"])
    probability: Probability = Field(description="Probability of a hold.")
    cause: Shares | None = Field(None, description="Causes of holds, with probabilities.")
    repair: Durations = Field(
        description="From the hold to the day it is lifted, the agency's answer included: one, or by cause."
    )
    lifted: Probabilities = Field(description="Probability that a hold is lifted in the end: one, or by cause.")

    @property
    def causes(self) -> tuple[str, ...]:
        """The causes of holds by name."""
        return tuple(sorted(names_of(self.cause)))

    @classmethod
    def wrong_keys(cls, raw: Mapping[str, Any]) -> Found:
        """Tables whose names are not the causes."""
        for name in ("repair", "lifted"):
            if isinstance(raw.get(name), dict) and table_form(raw[name]) == "#table":
                yield from wrong_table(name, raw[name], raw_names(raw.get("cause")))

    def drafts(self) -> Iterable[Draft]:
        """The review, and the hold if there is one."""
        causes = targets("cause", self.cause) if self.cause is not None else {}
        choice = choice_of("cause", self.cause, self.causes, "cause")
        held = tuple(f"held_{name}" for name in self.causes) or ("held",)
        inputs = {"clock": self.clock, "probability": self.probability, **causes}
        yield Draft("review", 1, ("effective", *held), SafetyReview(choice), inputs, (), ("effective",))
        repair, lifted = table("repair", self.repair), table("lifted", self.lifted)
        rule = Repair(in_order("repair", repair, self.causes), in_order("lifted", lifted, self.causes))
        names = ("effective", "never_lifted")
        yield Draft("hold", 1, names, rule, {**repair, **lifted}, (("review", 1, held),), names)
