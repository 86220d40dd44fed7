"""Formal meetings with FDA.

The clocks run from FDA's receipt of the request to the meeting: type A 30 days, type B 60, type B (end of phase) 70,
type C 75, type D 50 (PDUFA VII commitment letter, FY2023-2027, section I.I); minutes follow within 30 days. The goals
are met in 86 % (FY2020).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, model_validator

from pathway_sim.fields import Identifier, Magnitude, misfit
from pathway_sim.stages.base import Draft, Duration, Shares, Stage
from pathway_sim.stages.rules import lapse
from pathway_sim.stages.work import branch, names_of, wrong_order

CLOCKS = {"a": 30.0, "b": 60.0, "b_eop": 70.0, "c": 75.0, "d": 50.0}
"""Days from request to meeting, by type."""


class Meeting(Stage):
    """A meeting with the agency: preparation, the agency's clock, the minutes, and what was agreed."""

    kind: Literal["meeting"]
    type: Literal["a", "b", "b_eop", "c", "d"] = Field(description="The type of meeting, which sets the clock.")
    prepare: Duration | None = Field(None, description="The sponsor's preparation before the clock starts.")
    clock: Duration | None = Field(
        None,
        description="From the request (or from the package, if `prepare` includes it) to the meeting; else the type's.",
    )
    minutes: Duration | None = Field(None, description="From the meeting to its minutes.")
    outcomes: Shares | None = Field(None, description="What comes of it, with probabilities; one may have the rest.")
    order: tuple[Identifier, ...] | None = Field(
        None, description="The outcomes, best first; else terminal ones last, then by name."
    )

    @model_validator(mode="after")
    def _order_names_outcomes(self) -> Meeting:
        if error := misfit(wrong_order(self.order, names_of(self.outcomes))):
            raise error
        return self

    def drafts(self) -> Iterable[Draft]:
        """Preparation if there is any, the meeting, and the minutes if there are any."""
        parts = {
            "preparation": ("prepare", self.prepare),
            "meeting": ("clock", self.clock or Magnitude(CLOCKS[self.type], "time")),
        }
        if self.minutes or self.outcomes:
            parts["minutes"] = ("minutes", self.minutes or Magnitude(0.0, "time"))
        present = [(part, name, duration) for part, (name, duration) in parts.items() if duration is not None]
        follows: tuple[tuple[str, int, tuple[str, ...]], ...] = ()
        for part, name, duration in present:
            last = part == present[-1][0]
            names, choice, inputs = branch(self.outcomes if last else None, self.order, self.ends_program())
            paced = frozenset({"prepare"}) if name == "prepare" else frozenset()
            yield Draft(
                part, 1, names, lapse(name, choice), {name: duration, **inputs}, follows, names if last else (), paced
            )
            follows = ((part, 1, names),)
