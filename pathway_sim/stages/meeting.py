"""Formal meetings with FDA.

The clocks run from FDA's receipt of the request to the meeting: type A 30 days, type B 60, type B (end of phase) 70,
type C 75, type D 50 (PDUFA VII commitment letter, FY2023-2027, section I.I); minutes follow within 30 days. The goals
are met in 86 % (FY2020).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field

from pathway_sim.fields import Found, Identifier, Magnitude
from pathway_sim.stages.base import Draft, Stage
from pathway_sim.stages.rules import lapse
from pathway_sim.stages.terms import Duration, Shares
from pathway_sim.stages.work import branch, raw_names, wrong_order

CLOCKS = {"a": 30.0, "b": 60.0, "b_eop": 70.0, "c": 75.0, "d": 50.0}
"""Days from request to meeting, by type."""
PARTS = ("preparation", "meeting", "minutes")


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
