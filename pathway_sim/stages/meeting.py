"""Formal meetings with an agency.

The clock runs from the agency's receipt of the request to the meeting; its length by type of meeting is the agency's
rule (for FDA the PDUFA commitment letters, section I.I), and so is the time to the minutes. Goals are not always met.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from pathway_sim.elementwise import widened
from pathway_sim.fields import Found, Identifier, Magnitude, Spec
from pathway_sim.pathway import Arrival, Column
from pathway_sim.stages.base import Draft, Links, Stage
from pathway_sim.stages.rules import Choice, lapse, sometimes
from pathway_sim.stages.terms import Duration, Probability, Shares
from pathway_sim.stages.work import branch, raw_names, wrong_order

PARTS = ("preparation", "meeting", "minutes")


class Late(Spec):
    """A meeting after its goal."""

    probability: Probability = Field(description="Probability that the meeting is held after its goal.")
    duration: Duration = Field(description="By how long.")


@dataclass(frozen=True)
class Held:
    """The clock, and what a meeting is late by."""

    choice: Choice

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """See `pathway_sim.pathway.Rule`."""
        end = arrival.start + arrival.duration("clock") + sometimes(arrival, "late", "late")
        return end, widened(self.choice.codes(arrival), end)


class Meeting(Stage):
    """A meeting with the agency: preparation, the agency's clock, the minutes, and what was agreed."""

    kind: Literal["meeting"]
    type: Literal["a", "b", "b_eop", "c", "d"] = Field(description="The type of meeting, which sets the clock.")
    prepare: Duration | None = Field(None, description="The sponsor's preparation before the clock starts.")
    clock: Duration | None = Field(
        None,
        description="From the request (or the package, if `prepare` includes it) to the meeting; else the agency's.",
    )
    late: Late | None = Field(None, description="Meetings that are held after their goal.")
    minutes: Duration | None = Field(None, description="From the meeting to its minutes.")
    outcomes: Shares | None = Field(None, description="What comes of it, with probabilities; one may have the rest.")
    order: tuple[Identifier, ...] | None = Field(
        None, description="The outcomes, best first; else terminal ones last, then by name."
    )

    @classmethod
    def wrong_keys(cls, raw: Mapping[str, Any]) -> Found:
        """An order of other outcomes; outcomes that have the name of a part, so that references could mean either."""
        outcomes = raw.get("outcomes")
        names = raw_names(outcomes)
        yield from wrong_order(raw.get("order"), names)
        at = ("outcomes", "counts") if isinstance(outcomes, dict) and "counts" in outcomes else ("outcomes",)
        for name in PARTS:
            if name in names:
                yield (*at, name, "[key]"), f'"{name}" is a part of a meeting; choose another name'

    def rules(self) -> Mapping[str, str]:
        """The clock of the type."""
        return {"clock": f"meeting.{self.type}"}

    def drafts(self) -> Iterable[Draft]:
        """Preparation if there is any, the meeting, and the minutes if there are any."""
        parts = {
            "preparation": ("prepare", self.prepare),
            "meeting": ("clock", self.ruled("clock")),
        }
        if self.minutes or self.outcomes:
            parts["minutes"] = ("minutes", self.minutes or Magnitude(0.0, "time"))
        present = [(part, name, duration) for part, (name, duration) in parts.items() if duration is not None]
        follows: Links = ()
        for part, name, duration in present:
            last = part == present[-1][0]
            names, choice, inputs = branch(self.outcomes if last else None, self.order, self.ends_program())
            paced = frozenset({"prepare"}) if name == "prepare" else frozenset()
            late = self.late if part == "meeting" else None
            if late is not None:
                inputs |= {"late.probability": late.probability, "late.duration": late.duration}
            rule = Held(choice) if late is not None else lapse(name, choice)
            yield Draft(part, 1, names, rule, {name: duration, **inputs}, follows, names if last else (), paced)
            follows = ((part, 1, names),)
