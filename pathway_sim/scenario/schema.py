"""The top level of a scenario file. Stages are in `pathway_sim.stages`, numbers in
`pathway_sim.distributions.specs`.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, StrictInt, Tag, model_validator

from pathway_sim.distributions.specs import Term
from pathway_sim.fields import Cited, Identifier, Magnitude, Spec, misfit
from pathway_sim.stages import AnyStage
from pathway_sim.stages.base import Factor
from pathway_sim.stages.expressions import Expression
from pathway_sim.units import YEAR

Text = Annotated[str, Field(max_length=2000)]
Found = Iterator[tuple[tuple[str | int, ...], str]]


class Start(Spec):
    """Begin at a later stage: everything that it waits for counts as done on day 0."""

    stage: Identifier = Field(description="The stage that begins on day 0.")


class PaceSpec(Spec):
    """One factor a program on its sponsor's durations: level · exp(sd_log · Z). Agencies' clocks have no pace."""

    sd_log: Factor = Field(description="Spread between programs: standard deviation of the logarithm.")
    level: Factor = Field(
        Magnitude(1.0, "number"),
        description="The same for all programs; an unknown here is not knowing how fast such sponsors are.",
    )
    on: tuple[Identifier, ...] = Field(min_length=1, description="The stages whose durations it multiplies.")


def _listed(raw: object) -> object:
    return (raw,) if isinstance(raw, str) else raw


class EffectSpec(Cited):
    """One named effect: acts on a step that starts when its condition holds. Exactly one of scale, odds, set."""

    if_: Expression = Field(alias="if", description="Facts that must hold when the step starts.")
    on: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        min_length=1, description="One or several targets, stage.field.", examples=["phase_3.duration"]
    )
    scale: Factor | None = Field(None, description="Multiplies a duration or a probability (which is then cut at 1).")
    odds: Factor | None = Field(None, description="Multiplies the odds of a probability.")
    set_: Term | None = Field(None, alias="set", description="Replaces the value.")
    enabled: bool = Field(True, strict=True, description="False: the effect never acts.")

    @model_validator(mode="after")
    def _one_operator(self) -> EffectSpec:
        given = [name for name in ("scale", "odds", "set_") if getattr(self, name) is not None]
        if len(given) != 1 and (error := misfit([((), "give exactly one of scale, odds, set")])):
            raise error
        return self

    @property
    def operator(self) -> Literal["scale", "odds", "set"]:
        """Which of the three it is."""
        return "scale" if self.scale is not None else "odds" if self.odds is not None else "set"

    @property
    def term(self) -> Any:
        """Its number."""
        return next(term for term in (self.scale, self.odds, self.set_) if term is not None)


class ArmSpec(Spec):
    """A variant that is compared with the others on the same draws."""

    title: Annotated[str, Field(max_length=60)] | None = Field(None, description="A short name for charts.")
    set_: dict[str, Any] = Field({}, alias="set", description="Changes, by dotted path: `stages.rmat.enabled: false`.")


class Ending(Spec):
    """A milestone that can end again."""

    reached: Expression
    until: Expression


def _milestone_form(raw: object) -> str:
    return (
        "#ending"
        if isinstance(raw, Ending) or (isinstance(raw, dict) and ("reached" in raw or "until" in raw))
        else "#fact"
    )


MilestoneSpec = Annotated[
    Annotated[Expression, Tag("#fact")] | Annotated[Ending, Tag("#ending")], Discriminator(_milestone_form)
]


class Published(Cited):
    """A published figure to set beside a simulated one."""

    value: Magnitude


class Check(Spec):
    """A figure of the simulation that a published one speaks of: an interval between two facts, or a share."""

    from_: Expression | None = Field(None, alias="from", description="Where the interval begins.")
    to: Expression | None = Field(None, description="Where it ends.")
    statistic: Literal["mean", "median", "sd_log"] = Field(
        "mean", description="Of the interval, among replications that reach both ends."
    )
    share: Expression | None = Field(None, description="The fact whose share is checked.")
    given: Expression | None = Field(
        None, description="Among the replications that reach this; else among all that start."
    )
    accept: tuple[Magnitude, Magnitude] = Field(description="The least and the most that passes.")
    published: Published | None = Field(None, description="The figure and its source.")
    of: Text | None = Field(None, description="What it is, in a few words.")

    @model_validator(mode="after")
    def _one_kind(self) -> Check:
        interval = self.from_ is not None and self.to is not None
        if interval == (self.share is not None) and (error := misfit([((), "give either from and to, or share")])):
            raise error
        return self


class Header(Spec):
    """What a scenario says of itself and of the run."""

    format: Literal[1] = Field(description="The version of this file format.")
    name: Identifier = Field(description="The scenario's name; changes no number.")
    title: Text = Field(description="One line for people.")
    question: Text = Field("", description="The question that it answers.")
    context_of_use: Text = Field("", description="What it may be used for.")
    not_for: Text = Field("", description="What it may not be used for.")
    as_of: datetime.date = Field(description="Day 0.", examples=["2026-11-22"])
    horizon: Magnitude = Field(description="How far the simulation looks.", examples=["25 years"])
    parameter_sets: Annotated[StrictInt, Field(ge=1, le=100_000)] = Field(
        1, description="How many joint draws of what is not known; 1 uses stated values."
    )
    goal: Identifier | None = Field(None, description="The main milestone; else availability, else approval.")
    baseline: Identifier | None = Field(None, description="The arm that others are compared with; else standard.")

    @model_validator(mode="after")
    def _possible_horizon(self) -> Header:
        found: Found = iter(())
        if self.horizon.dimension != "time":
            found = iter([(("horizon",), 'needs a unit, such as "25 years"')])
        elif not 0 < self.horizon.value <= 200 * YEAR:
            found = iter([(("horizon",), "must be longer than 0 and at most 200 years")])
        if error := misfit(found):
            raise error
        return self


class ScenarioSpec(Header):
    """A scenario file after `extends` and overrides."""

    extends: str | None = Field(
        None, description="A shipped scenario by name, or a relative path, that this one is laid over."
    )
    start: Start | None = Field(None, description="Begin at a later stage.")
    pace: PaceSpec | None = Field(None, description="How fast the sponsor is.")
    stages: dict[Identifier, AnyStage] = Field(description="The stages, by name.")
    effects: dict[Identifier, EffectSpec] = Field({}, description="The effects, by name.")
    arms: dict[Identifier, ArmSpec] = Field({}, description="The arms, by name; none means one arm, base.")
    milestones: dict[Identifier, MilestoneSpec] = Field(description="The facts whose times are reported.")
    carved: dict[Identifier, Check] = Field(
        {}, description="Figures of the simulation set beside published ones by `check`."
    )


SECTIONS = tuple(name for name in ScenarioSpec.model_fields if name not in Header.model_fields)

__all__ = ["SECTIONS", "ArmSpec", "Check", "EffectSpec", "Ending", "Header", "PaceSpec", "ScenarioSpec", "Start"]
