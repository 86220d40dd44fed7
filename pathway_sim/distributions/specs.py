"""How each distribution is written in a scenario file: one class a kind, with its parameters and how to build it.

A parameter is a `Term`: it may itself be an unknown. `AMOUNTS` names the parameters that have the dimension of the
variable, `OTHERS` the rest with theirs; `FAMILY` takes them all by name.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag
from typing_extensions import TypeAliasType

from pathway_sim import distributions as families
from pathway_sim.distributions import Distribution
from pathway_sim.distributions.terms import FORMLESS, DistributionSpec, Path, Values, form, misplaced
from pathway_sim.fields import Borrowed, Dimension, Found, Magnitude, Ruled, Spec, Stated, deep

Term = TypeAliasType(
    "Term",
    Annotated[
        Annotated[Magnitude, Tag("#plain")]
        | Annotated[Stated, Tag("#stated")]
        | Annotated[Borrowed, Tag("#borrowed")]
        | Annotated[Ruled, Tag("#ruled")]
        | Annotated["AnyDistribution", Tag("#distribution")],
        Discriminator(form, custom_error_type="number", custom_error_message=FORMLESS),
    ],
)
"""A number as people write it. A named alias, because a distribution's own parameters are terms again."""


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

    ONLY = "number"
    OTHERS: ClassVar[Mapping[str, Dimension]] = {"alpha": "number", "beta": "number"}
    kind: Literal["beta"]
    alpha: Term
    beta: Term
    FAMILY: ClassVar[Callable[..., Distribution]] = families.Beta


class LogitNormalSpec(DistributionSpec):
    """A proportion whose log-odds are normal: `median`, and `sd` of the log-odds."""

    ONLY = "number"
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

    def misplaced(self, own: Dimension) -> Found:
        """See `DistributionSpec`."""
        yield from super().misplaced(own)
        for k, value in enumerate(self.values):
            yield from deep(misplaced(value, own), "values", k)

    def core(self, values: Values) -> Distribution:  # noqa: ARG002  observed values are certain
        """See `DistributionSpec`."""
        return families.Empirical(tuple(sorted(value.value for value in self.values)))


class EnrolmentSpec(DistributionSpec):
    """Time to enrol all patients of a trial: Poisson-gamma recruitment (Anisimov & Fedorov 2007)."""

    ONLY = "time"
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
    of: "AnyDistribution"


class MixtureSpec(DistributionSpec):
    """Several distributions, each with a weight, in ascending order and without overlap."""

    kind: Literal["mixture"]
    parts: tuple[Part, ...] = Field(min_length=2, max_length=20)

    def variable(self) -> Dimension:
        """See `DistributionSpec`."""
        return self.parts[0].of.variable()

    def misplaced(self, own: Dimension) -> Found:
        """See `DistributionSpec`."""
        yield from super().misplaced(own)
        for k, part in enumerate(self.parts):
            yield from deep(part.of.misplaced(own), "parts", k, "of")
            if part.weight != "rest":
                yield from deep(misplaced(part.weight, "number"), "parts", k, "weight")

    def nested(self) -> "Iterator[tuple[Path, DistributionSpec]]":
        """See `DistributionSpec`."""
        for k, part in enumerate(self.parts):
            yield ("parts", k, "of"), part.of
            if isinstance(part.weight, DistributionSpec):
                yield ("parts", k, "weight"), part.weight

    def terms(self) -> dict[str, Any]:
        """See `DistributionSpec`."""
        found = super().terms()
        for k, part in enumerate(self.parts):
            found |= {f"parts.{k}.of.{name}": term for name, term in part.of.terms().items()}
            if part.weight != "rest":
                found[f"parts.{k}.weight"] = part.weight
        return found

    def core(self, values: Values) -> Distribution:
        """See `DistributionSpec`; raises ValueError if the parts overlap."""
        weights = [values.get(f"parts.{k}.weight") for k in range(len(self.parts))]
        rest = 1.0 - sum(weight for weight in weights if weight is not None)
        inner = tuple(part.of.build(_below(values, f"parts.{k}.of.")) for k, part in enumerate(self.parts))
        return families.Mixture(tuple(rest if weight is None else weight for weight in weights), inner)

    def tried(self, values: Values) -> Found:
        """See `DistributionSpec`."""
        rests = [k for k, part in enumerate(self.parts) if part.weight == "rest"]
        weights = [value for name, value in values.items() if re.fullmatch(r"parts\.\d+\.weight", name)]
        total = np.max(sum(weights, start=np.zeros(1)))
        if len(rests) > 1:
            yield ("parts", rests[1], "weight"), "only one part may have the rest"
        elif rests and total > 1 + 1e-12:
            yield ("parts",), f"the weights sum to {total:.6g}, more than 1, and leave nothing for the rest"
        else:
            yield from super().tried(values)

    def _place(self, name: str) -> Path:
        """See `DistributionSpec`: ``weights[0]`` of the family is ``parts.0.weight`` of the file."""
        weight = re.fullmatch(r"weights\[(\d+)\]", name)
        return ("parts", int(weight[1]), "weight") if weight else ("parts",)


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
