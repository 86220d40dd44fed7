"""How each distribution is written in a scenario file: one class a kind, with its parameters and how to build it.

A parameter is a `Term`: it may itself be an unknown. `AMOUNTS` names the parameters that have the dimension of the
variable, `OTHERS` the rest with theirs; `FAMILY` takes them all by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator
from typing_extensions import TypeAliasType

from pathway_sim import distributions as families
from pathway_sim.distributions import Distribution
from pathway_sim.fields import NEEDS, Borrowed, Cited, Dimension, Magnitude, Spec, Stated, deep, misfit

Values = Mapping[str, Any]
Found = Iterator[tuple[tuple[str | int, ...], str]]


def form(raw: object) -> str:
    """Which of the four forms of a term this is, from the file's data or from a parsed value."""
    if isinstance(raw, dict):
        if "kind" in raw:
            return "#distribution"
        return "#stated" if "value" in raw or "evidence" not in raw else "#borrowed"
    if isinstance(raw, DistributionSpec):
        return "#distribution"
    return "#stated" if isinstance(raw, Stated) else "#borrowed" if isinstance(raw, Borrowed) else "#plain"


Term = TypeAliasType(
    "Term",
    Annotated[
        Annotated[Magnitude, Tag("#plain")]
        | Annotated[Stated, Tag("#stated")]
        | Annotated[Borrowed, Tag("#borrowed")]
        | Annotated["AnyDistribution", Tag("#distribution")],
        Discriminator(form),
    ],
)
"""A number as people write it. A named alias, because a distribution's own parameters are terms again."""


class DistributionSpec(Cited):
    """What all kinds share: a stated value for one parameter set, a shift, and truncation."""

    AMOUNTS: ClassVar[tuple[str, ...]] = ()
    OTHERS: ClassVar[Mapping[str, Dimension]] = {}
    FAMILY: ClassVar[Callable[..., Distribution]]

    value: Magnitude | None = Field(
        None, description="As an unknown: the value used with one parameter set; without it, the mean is used."
    )
    shift: Magnitude | None = Field(None, description="Added to every value.")
    min: Magnitude | None = Field(None, description="Values below are excluded (truncation).")
    max: Magnitude | None = Field(None, description="Values above are excluded (truncation).")

    def dimensions(self, own: Dimension) -> dict[str, Dimension]:
        """The dimension each parameter must have if the variable has dimension `own`."""
        wanted: dict[str, Dimension] = dict.fromkeys((*self.AMOUNTS, "value", "shift", "min", "max"), own)
        return {**wanted, **self.OTHERS}

    def variable(self) -> Dimension:
        """The dimension of the variable itself, read off its first amount."""
        amounts = [term for name in self.AMOUNTS if (term := getattr(self, name)) is not None]
        return dimension(amounts[0]) if amounts else "number"

    def terms(self) -> dict[str, Any]:
        """The parameters that are given, by name (without `value`, which is no parameter)."""
        names = (*self.AMOUNTS, *self.OTHERS, "shift", "min", "max")
        return {name: term for name in names if (term := getattr(self, name)) is not None}

    def build(self, values: Values) -> Distribution:
        """The distribution with these parameter values: floats, or arrays of shape ``(n,)``; times in days."""
        inner = self.core(values)
        if "shift" in values:
            inner = families.Shifted(inner, values["shift"])
        if "min" in values or "max" in values:
            inner = families.Truncated(inner, values.get("min", -np.inf), values.get("max", np.inf))
        return inner

    def core(self, values: Values) -> Distribution:
        """The distribution before shift and truncation."""
        return type(self).FAMILY(**{name: values[name] for name in (*self.AMOUNTS, *self.OTHERS)})

    @model_validator(mode="after")
    def _possible(self) -> DistributionSpec:
        if error := misfit(self.impossible()):
            raise error
        return self

    def impossible(self) -> Found:
        """What no value could mend: parameters outside their range, tried at the stated values."""
        values = {name: stated(term) for name, term in self.terms().items()}
        if any(value is None for value in values.values()):
            return  # a borrowed parameter is known only with the catalogue
        try:
            inner = self.core(values)
            found = list(inner.check())
            yield from (((name,), message) for name, message in found)
            if not found:
                self.build(values)
        except ValueError as error:
            yield (), str(error)


class FixedSpec(DistributionSpec):
    """Always the same value."""

    AMOUNTS = ("value",)
    kind: Literal["fixed"]
    value: Magnitude = Field(description="The value.")

    def core(self, values: Values) -> Distribution:
        """See `DistributionSpec`."""
        return families.Fixed(values["value"])


class UniformSpec(DistributionSpec):
    """Every value between two bounds is equally likely."""

    AMOUNTS = ("low", "high")
    kind: Literal["uniform"]
    low: Term
    high: Term
    FAMILY: ClassVar[Callable[..., Distribution]] = families.Uniform


class TriangularSpec(DistributionSpec):
    """Between two bounds, most likely at the mode, with straight sides."""

    AMOUNTS = ("low", "mode", "high")
    kind: Literal["triangular"]
    low: Term
    mode: Term
    high: Term
    FAMILY: ClassVar[Callable[..., Distribution]] = families.Triangular


class PertSpec(TriangularSpec):
    """Between two bounds, most likely at the mode, with smooth sides (beta-PERT, λ = 4)."""

    kind: Literal["pert"]  # type: ignore[assignment]
    FAMILY: ClassVar[Callable[..., Distribution]] = families.Pert


class ExponentialSpec(DistributionSpec):
    """A constant hazard."""

    AMOUNTS = ("mean",)
    kind: Literal["exponential"]
    mean: Term
    FAMILY: ClassVar[Callable[..., Distribution]] = families.Exponential


class WeibullSpec(DistributionSpec):
    """A hazard that rises (shape above 1) or falls with time."""

    AMOUNTS = ("scale",)
    OTHERS: ClassVar[Mapping[str, Dimension]] = {"shape": "number"}
    kind: Literal["weibull"]
    shape: Term
    scale: Term
    FAMILY: ClassVar[Callable[..., Distribution]] = families.Weibull


class GammaSpec(WeibullSpec):
    """A sum of exponential waits; mean = shape · scale."""

    kind: Literal["gamma"]  # type: ignore[assignment]
    FAMILY: ClassVar[Callable[..., Distribution]] = families.Gamma


class LognormalSpec(DistributionSpec):
    """A product of many factors: `median` with one of `p75`, `p90`, `sd_log`; or `mean` with `sd`."""

    AMOUNTS = ("median", "p75", "p90", "mean", "sd")
    OTHERS: ClassVar[Mapping[str, Dimension]] = {"sd_log": "number"}
    FORMS: ClassVar[Mapping[frozenset[str], Callable[..., Distribution]]] = {
        frozenset({"median", "sd_log"}): families.Lognormal,
        frozenset({"median", "p75"}): families.Lognormal.from_p75,
        frozenset({"median", "p90"}): families.Lognormal.from_p90,
        frozenset({"mean", "sd"}): families.Lognormal.from_mean_sd,
    }
    kind: Literal["lognormal"]
    median: Term | None = None
    p75: Term | None = None
    p90: Term | None = None
    sd_log: Term | None = Field(None, description="Standard deviation of the logarithm.")
    mean: Term | None = None
    sd: Term | None = None

    def core(self, values: Values) -> Distribution:
        """See `DistributionSpec`; raises ValueError if the parameters are not one of the four pairs."""
        given = {name: value for name, value in values.items() if name not in ("shift", "min", "max")}
        make = self.FORMS.get(frozenset(given))
        if make is None:
            raise ValueError("give median with one of p75, p90, sd_log; or mean with sd")
        return make(**given)


class NormalSpec(DistributionSpec):
    """A sum of many small parts; can be negative, so durations need `min`."""

    AMOUNTS = ("mean", "sd")
    kind: Literal["normal"]
    mean: Term
    sd: Term
    FAMILY: ClassVar[Callable[..., Distribution]] = families.Normal


class BetaSpec(DistributionSpec):
    """A proportion; `alpha` and `beta` are like counts of yes and no."""

    OTHERS: ClassVar[Mapping[str, Dimension]] = {"alpha": "number", "beta": "number"}
    kind: Literal["beta"]
    alpha: Term
    beta: Term
    FAMILY: ClassVar[Callable[..., Distribution]] = families.Beta


class LogitNormalSpec(DistributionSpec):
    """A proportion whose log-odds are normal: `median`, and `sd` of the log-odds."""

    OTHERS: ClassVar[Mapping[str, Dimension]] = {"median": "number", "sd": "number"}
    kind: Literal["logitnormal"]
    median: Term
    sd: Term
    FAMILY: ClassVar[Callable[..., Distribution]] = families.LogitNormal


class QuantilesSpec(DistributionSpec):
    """Three elicited quantiles, joined by a metalog with lower bound 0 (Keelin 2016)."""

    AMOUNTS = ("p10", "p50", "p90")
    kind: Literal["quantiles"]
    p10: Term
    p50: Term
    p90: Term
    FAMILY: ClassVar[Callable[..., Distribution]] = families.LogQuantiles


class EmpiricalSpec(DistributionSpec):
    """Observed values, each equally likely."""

    kind: Literal["empirical"]
    values: tuple[Magnitude, ...] = Field(min_length=1, max_length=1000)

    def variable(self) -> Dimension:
        """See `DistributionSpec`."""
        return self.values[0].dimension

    def dimensions(self, own: Dimension) -> dict[str, Dimension]:
        """See `DistributionSpec`."""
        return {**super().dimensions(own), **{f"values.{k}": own for k in range(len(self.values))}}

    def core(self, values: Values) -> Distribution:  # noqa: ARG002  observed values are certain
        """See `DistributionSpec`."""
        return families.Empirical(tuple(sorted(value.value for value in self.values)))


class EnrolmentSpec(DistributionSpec):
    """Time to enrol all patients of a trial: Poisson-gamma recruitment (Anisimov & Fedorov 2007)."""

    OTHERS: ClassVar[Mapping[str, Dimension]] = {
        "patients": "number",
        "sites": "number",
        "rate": "rate",
        "alpha": "number",
        "ramp": "time",
        "screen_failure": "number",
    }
    kind: Literal["enrolment"]
    patients: Term = Field(description="Patients to enrol.")
    sites: Term = Field(description="Sites that will open.")
    rate: Term = Field(description='Mean number screened per open site, such as "0.4 per month".')
    alpha: Term = Field(
        Magnitude(1.2, "number"),
        description="Shape of the gamma distribution of rates between sites; smaller is more uneven.",
    )
    ramp: Term = Field(Magnitude(0.0, "time"), description="Time over which the sites open, evenly.")
    screen_failure: Term = Field(Magnitude(0.0, "number"), description="Share of those screened who are not enrolled.")

    def variable(self) -> Dimension:
        """See `DistributionSpec`."""
        return "time"

    FAMILY: ClassVar[Callable[..., Distribution]] = families.Enrolment


class Part(Spec):
    """One part of a mixture."""

    weight: Term | Literal["rest"] = Field(description="Its share; one part may have the rest.")
    of: AnyDistribution


class MixtureSpec(DistributionSpec):
    """Several distributions, each with a weight, in ascending order and without overlap."""

    kind: Literal["mixture"]
    parts: tuple[Part, ...] = Field(min_length=2, max_length=20)

    def variable(self) -> Dimension:
        """See `DistributionSpec`."""
        return self.parts[0].of.variable()

    def dimensions(self, own: Dimension) -> dict[str, Dimension]:
        """See `DistributionSpec`."""
        wanted = super().dimensions(own)
        for k, part in enumerate(self.parts):
            wanted |= {f"parts.{k}.of.{name}": dimension for name, dimension in part.of.dimensions(own).items()}
            wanted[f"parts.{k}.weight"] = "number"
        return wanted

    def terms(self) -> dict[str, Any]:
        """See `DistributionSpec`."""
        found = super().terms()
        for k, part in enumerate(self.parts):
            found |= {f"parts.{k}.of.{name}": term for name, term in part.of.terms().items()}
            if part.weight != "rest":
                found[f"parts.{k}.weight"] = part.weight
        return found

    def core(self, values: Values) -> Distribution:
        """See `DistributionSpec`; raises ValueError if two weights are `rest` or the parts overlap."""
        weights = [values.get(f"parts.{k}.weight") for k in range(len(self.parts))]
        if weights.count(None) > 1:
            raise ValueError("only one part may have the weight rest")
        rest = 1.0 - sum(weight for weight in weights if weight is not None)
        inner = tuple(part.of.build(_below(values, f"parts.{k}.of.")) for k, part in enumerate(self.parts))
        return families.Mixture(tuple(rest if weight is None else weight for weight in weights), inner)


AnyDistribution = Annotated[
    FixedSpec
    | UniformSpec
    | TriangularSpec
    | PertSpec
    | ExponentialSpec
    | WeibullSpec
    | GammaSpec
    | LognormalSpec
    | NormalSpec
    | BetaSpec
    | LogitNormalSpec
    | QuantilesSpec
    | EmpiricalSpec
    | MixtureSpec
    | EnrolmentSpec,
    Field(discriminator="kind"),
]


def _below(values: Values, prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}


def stated(term: Magnitude | Stated | Borrowed | DistributionSpec) -> float | None:
    """The value of a term with one parameter set: the stated value, else the mean; None if only the catalogue knows
    it.
    """
    if isinstance(term, Magnitude):
        return term.value
    if isinstance(term, Borrowed):
        return None
    if term.value is not None:
        return term.value.value
    assert isinstance(term, DistributionSpec)  # Stated always has a value
    values = {name: stated(inner) for name, inner in term.terms().items()}
    return None if any(value is None for value in values.values()) else float(term.build(values).mean())


def dimension(term: Magnitude | Stated | Borrowed | DistributionSpec) -> Dimension:
    """The dimension of a term; of a borrowed one only the catalogue knows, and a pure number is assumed."""
    if isinstance(term, DistributionSpec):
        return term.variable()
    if isinstance(term, Borrowed):
        return "number"
    return term.dimension if isinstance(term, Magnitude) else term.value.dimension


def misplaced(term: Magnitude | Stated | Borrowed | DistributionSpec, own: Dimension) -> Found:
    """Parameters whose unit is not the one that a variable of dimension `own` needs."""
    if isinstance(term, Magnitude):
        if term.dimension != own:
            yield (), NEEDS[own]
    elif isinstance(term, Stated):
        yield from deep(misplaced(term.value, own), "value")
    elif isinstance(term, DistributionSpec):
        given = term.terms() | ({"value": term.value} if term.value is not None else {})
        given |= {f"values.{k}": value for k, value in enumerate(getattr(term, "values", ()))}
        for name, dimension in term.dimensions(own).items():
            if name in given:
                yield from deep(
                    misplaced(given[name], dimension),
                    *(int(part) if part.isdigit() else part for part in name.split(".")),
                )
