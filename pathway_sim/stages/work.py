"""Work: time passes, and there may be several outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field, model_validator

from pathway_sim.fields import Identifier, misfit
from pathway_sim.stages.base import Dirichlet, Draft, Duration, Repeat, Shares, Stage, targets, visits
from pathway_sim.stages.rules import SURE, Choice, lapse


class Work(Stage):
    """A task of the sponsor: assembly of a dossier, process development, launch. Without outcomes it ends `done`."""

    kind: Literal["work"]
    duration: Duration = Field(description="How long it takes; a distribution here is chance.", examples=["6 months"])
    outcomes: Shares | None = Field(None, description="Probabilities of named outcomes; one may have the rest.")
    order: tuple[Identifier, ...] | None = Field(
        None, description="The outcomes, best first; else terminal ones last, then by name."
    )
    repeat: Repeat | None = Field(None, description="Do it again on one outcome.")

    @model_validator(mode="after")
    def _order_names_outcomes(self) -> Work:
        if error := misfit(wrong_order(self.order, names_of(self.outcomes))):
            raise error
        if (
            self.repeat is not None
            and self.repeat.on not in names_of(self.outcomes)
            and (error := misfit([(("repeat", "on"), "is not an outcome of this stage")]))
        ):
            raise error
        return self

    def drafts(self) -> Iterable[Draft]:
        """One step a visit."""
        names, choice, inputs = branch(self.outcomes, self.order, self.ends_program(), self.repeat)
        step = Draft(
            "",
            1,
            names,
            lapse("duration", choice),
            {"duration": self.duration, **inputs},
            (),
            names,
            frozenset({"duration"}),
        )
        return visits([step], self.repeat)


def names_of(shares: Mapping[str, object] | Dirichlet | None) -> set[str]:
    """The outcomes that are named."""
    return set(shares.counts if isinstance(shares, Dirichlet) else shares or {})


def wrong_order(order: tuple[str, ...] | None, names: set[str]) -> list[tuple[tuple[str | int, ...], str]]:
    """The problem with an `order`, if it has one."""
    if order is None or (set(order) == names and len(order) == len(names)):
        return []
    return [(("order",), f"must name each outcome once: {', '.join(sorted(names)) or 'there are no outcomes'}")]


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
    inputs = targets("outcomes", shares)
    read = tuple(f"outcomes.{name}" if f"outcomes.{name}" in inputs else None for name in names)
    return names, Choice(read, normalise=isinstance(shares, Dirichlet)), inputs
