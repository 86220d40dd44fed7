"""Requests for a designation, such as RMAT.

FDA decides a request for RMAT designation within 60 calendar days (FD&C Act section 506(g)(4), 21 U.S.C. 356(g)); a
request may come with the IND or at any time after, and a denied one may be made again with more data. The decision is a
step of its own, so that what holds on its day (a clinical hold, the practice of the year) can act on it. A designation
may be rescinded where a product no longer meets the criteria. A request holds nothing up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from pathway_sim.fields import Magnitude, Spec
from pathway_sim.pathway import Arrival, Column
from pathway_sim.stages.base import Draft, Links, Stage
from pathway_sim.stages.rules import Choice, choose, lapse
from pathway_sim.stages.terms import Duration, Probability, Times

OUTCOMES = ("granted", "denied", "withdrawn")


class Grants(Spec):
    """Probabilities of a grant on the first request and on later ones."""

    first: Probability
    later: Probability


def _grant_form(raw: Any) -> str:
    by_visit = isinstance(raw, Grants) or (isinstance(raw, dict) and ("first" in raw or "later" in raw))
    return "#visits" if by_visit else "#same"


class Rescind(Spec):
    """Loss of a designation that was granted."""

    probability: Probability = Field(description="Probability that it is rescinded.")
    after: Duration = Field(description="From the grant to the day on which that is decided.")


@dataclass(frozen=True)
class Decision:
    """The agency's decision, on the day on which its clock is over."""

    grant: str

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """See `pathway_sim.pathway.Rule`."""
        granted, kept = arrival.probability(self.grant), 1.0 - arrival.probability("withdraw")
        return arrival.start, choose(arrival.uniform("outcome"), [granted * kept, (1.0 - granted) * kept, None])


class Designation(Stage):
    """A request for a designation: `granted`, `denied` or `withdrawn`. None of them ends the program."""

    kind: Literal["designation"]
    prepare: Duration | None = Field(None, description="The sponsor's preparation of the first request.")
    clock: Duration = Field(description="From the request to the decision.", examples=["60 days"])
    grant: Annotated[
        Annotated[Probability, Tag("#same")] | Annotated[Grants, Tag("#visits")], Discriminator(_grant_form)
    ] = Field(description="Probability of a grant among decided requests; as {first, later} if later requests differ.")
    withdraw: Probability = Field(
        Magnitude(0.0, "number"), description="Probability that the sponsor withdraws the request."
    )
    again: Duration = Field(Magnitude(0.0, "time"), description="From a denial to the next request.")
    at_most: Times = Field(1, description="How many requests at most.")
    rescind: Rescind | None = Field(None, description="Loss of the designation after a grant: `rescinded`.")

    def drafts(self) -> Iterable[Draft]:
        """Preparation if there is any, request and decision, for each request; and the loss if there may be one."""
        follows: Links = ()
        for visit in range(1, self.at_most + 1):
            again = "prepare" if visit == 1 else "again"
            wait = getattr(self, again)
            if wait is not None:
                inputs = {again: wait}
                yield Draft("preparation", visit, ("done",), lapse(again), inputs, follows, (), frozenset(inputs))
                follows = (("preparation", visit, ("done",)),)
            yield Draft("request", visit, ("done",), lapse("clock"), {"clock": self.clock}, follows)
            yield self._decision(visit)
            follows = (("decision", visit, ("denied",)),)
        if self.rescind is not None:
            rule = lapse("rescind.after", Choice((None, "rescind.probability")))
            inputs = {"rescind.after": self.rescind.after, "rescind.probability": self.rescind.probability}
            granted = tuple(("decision", visit, ("granted",)) for visit in range(1, self.at_most + 1))
            yield Draft("rescission", 1, ("kept", "rescinded"), rule, inputs, granted)

    def _decision(self, visit: int) -> Draft:
        """The decision on one request."""
        name = "grant" if not isinstance(self.grant, Grants) else "grant.first" if visit == 1 else "grant.later"
        grant = getattr(self.grant, name.partition(".")[2]) if isinstance(self.grant, Grants) else self.grant
        final = OUTCOMES if visit == self.at_most else ("granted", "withdrawn")
        inputs = {name: grant, "withdraw": self.withdraw}
        return Draft("decision", visit, OUTCOMES, Decision(name), inputs, (("request", visit, ("done",)),), final)
