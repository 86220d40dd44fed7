"""What the fields of a marketing application hold."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from pathway_sim.fields import Found, Identifier, Magnitude, Spec
from pathway_sim.stages.terms import Duration, Probability, Times
from pathway_sim.units import suggest

NONE = Magnitude(0.0, "number")
PARTS = ("filing", "refusal", "review", "response", "type_a")


def goal_form(raw: Any) -> str:
    """Whether a field holds one time, or one for each type of review."""
    return (
        "#types"
        if isinstance(raw, (Goal, ByReview))
        or (isinstance(raw, dict) and bool({"standard", "priority", "share"} & raw.keys()))
        else "#one"
    )


class Refuse(Spec):
    """Refusal to file."""

    probability: Probability = Field(description="Probability that a submission is refused.")
    answer: Duration = Field(description="From the refusal to the next submission.")
    at_most: Times = Field(
        1, description="How many refusals are answered; after one more the application ends not_filed."
    )
    protest: Probability | None = Field(
        None, description="Probability that the sponsor insists on filing; without it nobody does."
    )
    conference: Duration | None = Field(
        None, description="From a refusal to the request to file over protest; else the agency's rule."
    )


class Goal(Spec):
    """Review goals by type of review, from receipt; without one, the agency's."""

    standard: Duration | None = None
    priority: Duration | None = None
    share: Probability = Field(description="Probability that the application qualifies for priority review.")


class Later(Spec):
    """Extension of the goal in a resubmission's review."""

    duration: Duration
    probability: Probability


class Extension(Later):
    """Extension of the goal, at most once a cycle."""

    later: Later | None = Field(None, description="The same for resubmissions, if it differs.")


class ResubmissionGoal(Spec):
    """Review goals of resubmissions."""

    class_1: Duration | None = None
    class_2: Duration | None = None


class ByReview(Spec):
    """A time by type of review."""

    standard: Duration
    priority: Duration


class Event(Spec):
    """Something that happens while an application is reviewed for the first time, at a time counted from receipt."""

    at: Annotated[Annotated[Duration, Tag("#one")] | Annotated[ByReview, Tag("#types")], Discriminator(goal_form)] = (
        Field(description="When, from receipt: one time, or {standard, priority}.")
    )
    held: Probability | None = Field(None, description="Probability that it takes place; without it, always.")
    stops: Duration | None = Field(None, description="For how long it stops the clock of the review.")
    negative: Probability | None = Field(None, description="Probability that it turns out badly, if it takes place.")
    letter: Probability | None = Field(
        None, description="Probability that a bad turn makes a letter of what would have been an approval; else 0."
    )
    cause: Identifier | None = Field(None, description="The cause of a letter that follows it; else drawn.")

    @classmethod
    def wrong_keys(cls, raw: Mapping[str, Any]) -> Found:
        """What follows a bad turn, where there can be none."""
        for name in ("letter", "cause"):
            if name in raw and "negative" not in raw:
                yield (name,), 'needs "negative", the probability that it turns out badly'


class TypeA(Spec):
    """The meeting that may follow a letter; the answer cannot come before it."""

    probability: Probability = Field(description="Probability that the sponsor asks for it.")
    clock: Duration | None = Field(None, description="From the letter to the meeting; else the agency's rule.")


def wrong_events(events: Any, causes: tuple[str, ...], by_review: bool) -> Found:
    """Events that cannot be told from parts of an application; causes of letters and types of review that there are
    not.
    """
    for name, event in events.items() if isinstance(events, dict) else ():
        if name in PARTS:
            yield ("during", name, "[key]"), f'"{name}" is a part of an application; choose another name'
        at = event.get("at") if isinstance(event, dict) else None
        if isinstance(at, dict) and "standard" in at and not by_review:
            yield ("during", name, "at"), "has a time for each type of review, but goal does not; give one time"
        cause = event.get("cause") if isinstance(event, dict) else None
        if isinstance(cause, str) and cause not in causes:
            yield ("during", name, "cause"), f"is not a cause; causes are {', '.join(causes)}{suggest(cause, causes)}"
