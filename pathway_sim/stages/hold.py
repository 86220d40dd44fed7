"""The IND and the clinical hold.

An IND goes into effect 30 days after FDA receives it unless FDA imposes a clinical hold (21 CFR 312.40(b)). A held
trial may start when FDA lifts the hold, which it answers within 30 days of the sponsor's complete response (21 CFR
312.42(e)); some holds are never lifted.
"""

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import Field

from pathway_sim.stages.base import Draft, Stage
from pathway_sim.stages.rules import Choice, lapse
from pathway_sim.stages.terms import Duration, Probability


class Hold(Stage):
    """An agency's safety review of a submission, which may end in a hold: `effective`, or in the end `never_lifted`."""

    TERMINAL: ClassVar[frozenset[str]] = frozenset({"never_lifted"})

    kind: Literal["hold"]
    clock: Duration = Field(description="The agency's review.", examples=["30 days"])
    probability: Probability = Field(description="Probability of a hold.")
    repair: Duration = Field(description="From the hold to the day it is lifted, the agency's answer included.")
    lifted: Probability = Field(description="Probability that a hold is lifted in the end.")

    def drafts(self) -> Iterable[Draft]:
        """The review, and the hold if there is one."""
        review = lapse("clock", Choice((None, "probability")))
        inputs = {"clock": self.clock, "probability": self.probability}
        yield Draft("review", 1, ("effective", "held"), review, inputs, (), ("effective",))
        names, held = ("effective", "never_lifted"), (("review", 1, ("held",)),)
        repair = lapse("repair", Choice(("lifted", None)))
        yield Draft("hold", 1, names, repair, {"repair": self.repair, "lifted": self.lifted}, held, names)
