"""The top level of a scenario file. Stages are in `pathway_sim.stages`, numbers in
`pathway_sim.distributions.specs`.
"""

import datetime
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, StrictInt, Tag
from pydantic_core import PydanticCustomError

from pathway_sim.distributions.specs import Term
from pathway_sim.fields import NEEDS, Cited, Found, Identifier, Magnitude, Spec
from pathway_sim.stages import AnyStage
from pathway_sim.stages.expressions import Expression
from pathway_sim.stages.terms import Factor
from pathway_sim.units import YEAR

Text = Annotated[str, Field(max_length=2000)]
FIRST_YEAR, LAST_YEAR = 1900, 2500


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

    @classmethod
    def wrong_keys(cls, raw: Mapping[str, Any]) -> Found:
        """None of the operators, or several."""
        if len({"scale", "odds", "set"} & raw.keys()) != 1:
            yield (), "give exactly one of scale, odds, set"

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


class IntervalSpec(Spec):
    """The time between two facts. It is negative where the second one comes first."""

    of: Annotated[str, Field(max_length=120)] | None = Field(None, description="What it is, in a few words.")
    from_: Expression = Field(alias="from", description="The fact where it begins.")
    to: Expression = Field(description="The fact where it ends.")


class Published(Cited):
    """A published figure to set beside a simulated one."""

    value: Magnitude


def _ascending(accept: tuple[Magnitude, Magnitude]) -> tuple[Magnitude, Magnitude]:
    if accept[0].dimension == accept[1].dimension and accept[0].value > accept[1].value:
        raise PydanticCustomError("number", "must give the least first and the most after it")
    return accept


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
    accept: Annotated[tuple[Magnitude, Magnitude], AfterValidator(_ascending)] = Field(
        description="The least and the most that passes."
    )
    published: Published | None = Field(None, description="The figure and its source.")
    of: Text | None = Field(None, description="What it is, in a few words.")

    @classmethod
    def wrong_keys(cls, raw: Mapping[str, Any]) -> Found:
        """Neither an interval nor a share, or parts of both; and a range that does not fit what is measured."""
        if raw.keys() & {"from", "to", "share"} not in ({"from", "to"}, {"share"}):
            yield (), "give either from and to, or share"


def _date(raw: object) -> object:
    """A date as text, and no other form of one."""
    if isinstance(raw, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", raw):
        try:
            found = datetime.date.fromisoformat(raw)
        except ValueError:
            found = datetime.date.max
        if FIRST_YEAR <= found.year <= LAST_YEAR:
            return found
    raise PydanticCustomError("number", f"must be a date from {FIRST_YEAR} to {LAST_YEAR}, such as 2026-11-22")


def _horizon(horizon: Magnitude) -> Magnitude:
    if horizon.dimension != "time":
        raise PydanticCustomError("number", "{sentence}", {"sentence": NEEDS["time"].replace("18 months", "25 years")})
    if not 0 < horizon.value <= 200 * YEAR:
        raise PydanticCustomError("number", "must be longer than 0 and at most 200 years")
    return horizon


class Header(Spec):
    """What a scenario says of itself and of the run."""

    format: Literal[1] = Field(description="The version of this file format.")
    name: Identifier = Field(description="The scenario's name; changes no number.")
    title: Text = Field(description="One line for people.")
    question: Text = Field("", description="The question that it answers.")
    context_of_use: Text = Field("", description="What it may be used for.")
    not_for: Text = Field("", description="What it may not be used for.")
    as_of: Annotated[datetime.date, BeforeValidator(_date)] = Field(description="Day 0.", examples=["2026-11-22"])
    horizon: Annotated[Magnitude, AfterValidator(_horizon)] = Field(
        description="How far the simulation looks.", examples=["25 years"]
    )
    parameter_sets: Annotated[StrictInt, Field(ge=1, le=100_000)] = Field(
        1, description="How many joint draws of what is not known; 1 uses stated values."
    )
    exempt: dict[Identifier, Text] = Field(
        {}, description="Warnings of `lint` that do not apply to this file, by name, each with the reason."
    )
    goal: Identifier | None = Field(None, description="The main milestone; else availability, else approval.")
    baseline: Identifier | None = Field(None, description="The arm that others are compared with; else standard.")

    @classmethod
    def known_keys(cls) -> tuple[str, ...]:
        """The keys of the file: the sections stand beside these fields."""
        return super(Header, ScenarioSpec).known_keys()


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
    intervals: dict[Identifier, IntervalSpec] = Field(
        {}, description="The times between two facts that are reported, by name."
    )
    carved: dict[Identifier, Check] = Field(
        {}, description="Figures of the simulation set beside published ones by `check`."
    )


class Entry(Spec):
    """One entry of one section, or the number of an agency's rule. All share this validator, because building one for
    each takes longer.
    """

    header: Header | None = None
    start: Start | None = None
    pace: PaceSpec | None = None
    stages: AnyStage | None = None
    effects: EffectSpec | None = None
    arms: ArmSpec | None = None
    milestones: MilestoneSpec | None = None
    intervals: IntervalSpec | None = None
    carved: Check | None = None
    rule: Term | None = None


SECTIONS = tuple(name for name in ScenarioSpec.model_fields if name not in Header.model_fields)

__all__ = [
    "SECTIONS",
    "ArmSpec",
    "Check",
    "EffectSpec",
    "Ending",
    "Header",
    "IntervalSpec",
    "PaceSpec",
    "ScenarioSpec",
    "Start",
]
