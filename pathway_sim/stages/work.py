"""Work: time passes, and there may be several outcomes."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field

from pathway_sim.fields import Found, Identifier
from pathway_sim.stages.base import Draft, Repeat, Stage, choice_of, targets, visits, wrong_repeat
from pathway_sim.stages.rules import SURE, Choice, lapse
from pathway_sim.stages.terms import Dirichlet, Duration, Shares


class Work(Stage):
    """A task of the sponsor: assembly of a dossier, process development, launch. Without outcomes it ends `done`."""

    kind: Literal["work"]
    duration: Duration = Field(description="How long it takes; a distribution here is chance.", examples=["6 months"])
    outcomes: Shares | None = Field(None, description="Probabilities of named outcomes; one may have the rest.")
    order: tuple[Identifier, ...] | None = Field(
        None, description="The outcomes, best first; else terminal ones last, then by name."
    )
    repeat: Repeat | None = Field(None, description="Do it again on one outcome.")

    @classmethod
    def wrong_keys(cls, raw: Mapping[str, Any]) -> Found:
        """An order of other outcomes; a repeat on what does not happen, or beside an outcome with its last name."""
        names = raw_names(raw.get("outcomes"))
        yield from wrong_order(raw.get("order"), names)
        yield from wrong_repeat(raw, names)
        if "repeat" in raw and "exhausted" in names:
            yield ("outcomes",), '"exhausted" is what the last visit of a repeat ends with; choose another name'

    def drafts(self) -> Iterable[Draft]:
        """One step a visit."""
        names, choice, inputs = branch(self.outcomes, self.order, self.ends_program(), self.repeat)
        rule, inputs = lapse("duration", choice), {"duration": self.duration, **inputs}
        return visits([Draft("", 1, names, rule, inputs, (), names, frozenset({"duration"}))], self.repeat)


def names_of(shares: Mapping[str, object] | Dirichlet | None) -> set[str]:
    """The outcomes that are named."""
    return set(shares.counts if isinstance(shares, Dirichlet) else shares or {})


def raw_names(shares: Any) -> tuple[str, ...]:
    """The outcomes that are named in a file, right or wrong."""
    if isinstance(shares, dict) and shares.get("kind") == "dirichlet":
        shares = shares.get("counts")
    return tuple(sorted(shares)) if isinstance(shares, dict) else ()


def wrong_order(order: Any, names: tuple[str, ...]) -> Found:
    """The problem with an `order`, if it has one."""
    if isinstance(order, list) and names != tuple(sorted(map(str, order))):
        yield ("order",), f"must name each outcome once: {', '.join(names) or 'there are no outcomes'}"


def branch(
    shares: Mapping[str, object] | Dirichlet | None,
    order: tuple[str, ...] | None,
    terminal: frozenset[str],
    repeat: Repeat | None = None,
) -> tuple[tuple[str, ...], Choice, dict[str, object]]:
    """The outcomes best first, the choice among them, and the inputs that it reads."""
    if shares is None:
        return ("done",), SURE, {}
    repeated = repeat.on if repeat else None
    names = order or tuple(sorted(names_of(shares), key=lambda name: (name in terminal, name == repeated, name)))
    return names, choice_of("outcomes", shares, names), targets("outcomes", shares)
