"""Requests for a designation, such as RMAT.

FDA decides a request for RMAT designation within 60 calendar days (FD&C Act section 506(g)(3), 21 U.S.C. 356(g)); a
request may come with the IND or at any time after, and a denied one may be made again with more data. A request holds
nothing up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag

from pathway_sim.fields import Magnitude, Spec
from pathway_sim.parameters import Floats, Integers
from pathway_sim.pathway import Arrival
from pathway_sim.stages.base import Draft, Stage
from pathway_sim.stages.rules import choose
from pathway_sim.stages.terms import Duration, Probability, Times

OUTCOMES = ("granted", "denied", "withdrawn")


class Grants(Spec):
    """Probabilities of a grant on the first request and on later ones."""

    first: Probability
    later: Probability


def _grant_form(raw: Any) -> str:
    by_visit = isinstance(raw, Grants) or (isinstance(raw, dict) and ("first" in raw or "later" in raw))
    return "#visits" if by_visit else "#same"


@dataclass(frozen=True)
class Decision:
    """The agency's decision, after the time to gather more data where this is not the first request."""

    grant: str
    again: bool

    def evaluate(self, arrival: Arrival) -> tuple[Floats, Integers]:
        """See `pathway_sim.pathway.Rule`."""
        end = arrival.start + arrival.duration("clock")
        if self.again:
            end = end + arrival.duration("again")
        granted, kept = arrival.probability(self.grant), 1.0 - np.asarray(arrival.probability("withdraw"))
        return end, choose(arrival.uniform("outcome"), [granted * kept, (1.0 - np.asarray(granted)) * kept, None])


class Designation(Stage):
    """A request for a designation: `granted`, `denied` or `withdrawn`. None of them ends the program."""

    kind: Literal["designation"]
    clock: Duration = Field(description="From the request to the decision.", examples=["60 days"])
    grant: Annotated[
        Annotated[Probability, Tag("#same")] | Annotated[Grants, Tag("#visits")], Discriminator(_grant_form)
    ] = Field(description="Probability of a grant among decided requests; as {first, later} if later requests differ.")
    withdraw: Probability = Field(
        Magnitude(0.0, "number"), description="Probability that the sponsor withdraws the request."
    )
    again: Duration = Field(Magnitude(0.0, "time"), description="From a denial to the next request.")
    at_most: Times = Field(1, description="How many requests at most.")

    def drafts(self) -> Iterable[Draft]:
        """One step a request."""
        for visit in range(1, self.at_most + 1):
            name = "grant" if not isinstance(self.grant, Grants) else "grant.first" if visit == 1 else "grant.later"
            grant = getattr(self.grant, name.partition(".")[2]) if isinstance(self.grant, Grants) else self.grant
            inputs = {"clock": self.clock, name: grant, "withdraw": self.withdraw}
            follows: tuple[tuple[str, int, tuple[str, ...]], ...] = ()
            if visit > 1:
                inputs["again"], follows = self.again, (("", visit - 1, ("denied",)),)
            final = OUTCOMES if visit == self.at_most else ("granted", "withdrawn")
            yield Draft("", visit, OUTCOMES, Decision(name, visit > 1), inputs, follows, final)
