"""How each distribution is written in a scenario file: one class a kind, with its parameters and how to build it.

A parameter is a `Term`: it may itself be an unknown. `AMOUNTS` names the parameters that have the dimension of the
variable, `OTHERS` the rest with theirs; `FAMILY` takes them all by name.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import product
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag
from typing_extensions import TypeAliasType

from pathway_sim import distributions as families
from pathway_sim.distributions import Distribution
from pathway_sim.fields import NEEDS, Borrowed, Cited, Dimension, Found, Magnitude, Spec, Stated, deep

Values = Mapping[str, Any]
Path = tuple[str | int, ...]

ENDS = (2.0**-53, 1.0 - 2.0**-53)
"""The least and the greatest uniform number that a draw can have."""
GREATEST = 1e30
"""Beyond this a draw means nothing, and its products with a pace and effects could overflow."""
EXTREME = "gives values too large or too small to reckon with; make the parameters less extreme"
MAX_CORNERS = 4096


def form(raw: object) -> str | None:
    """Which of the four forms of a term this is, from the file's data or from a parsed value; None if it is none."""
    if isinstance(raw, dict):
        if "kind" in raw:
            return "#distribution"
        return "#stated" if "value" in raw else "#borrowed" if "evidence" in raw else None
    if isinstance(raw, DistributionSpec):
        return "#distribution"
    return "#stated" if isinstance(raw, Stated) else "#borrowed" if isinstance(raw, Borrowed) else "#plain"


FORMLESS = 'does not say what the number is; it needs "value", or "kind" with the parameters of a distribution'

Term = TypeAliasType(
    "Term",
    Annotated[
        Annotated[Magnitude, Tag("#plain")]
        | Annotated[Stated, Tag("#stated")]
        | Annotated[Borrowed, Tag("#borrowed")]
        | Annotated["AnyDistribution", Tag("#distribution")],
        Discriminator(form, custom_error_type="number", custom_error_message=FORMLESS),
    ],
)
"""A number as people write it. A named alias, because a distribution's own parameters are terms again."""


class DistributionSpec(Cited):
    """What all kinds share: a stated value for one parameter set, a shift, and truncation."""

    AMOUNTS: ClassVar[tuple[str, ...]] = ()
    OTHERS: ClassVar[Mapping[str, Dimension]] = {}
    ONLY: ClassVar[Dimension | None] = None
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

    def misplaced(self, own: Dimension) -> Found:
        """Parameters whose unit is not the one that a variable of dimension `own` needs."""
        if self.ONLY not in (None, own):
            what = "plain numbers" if self.ONLY == "number" else "lengths of time"
            yield ("kind",), f"gives {what}, but this {NEEDS[own]}"
            return
        for name, wanted in self.dimensions(own).items():
            if (term := getattr(self, name)) is not None:
                yield from deep(misplaced(term, wanted), name)

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

    def nested(self) -> "Iterator[tuple[Path, DistributionSpec]]":
        """The distributions inside this one, each with its path."""
        yield from (((name,), term) for name, term in self.terms().items() if isinstance(term, DistributionSpec))

    def impossible(self, wrong: Collection[Path] = ()) -> Found:
        """Parameters that no such distribution has, tried at the stated values.

        Parameters
        ----------
        wrong : collection of path
            Parameters with a wrong unit: what follows from their values is not reported as well.
        """
        inside: list[tuple[Path, str]] = []
        for at, spec in self.nested():
            inside += deep(spec.impossible([path[len(at) :] for path in wrong if path[: len(at)] == at]), *at)
        yield from inside
        suspects = {path[0] for path in (*wrong, *(path for path, _ in inside))}
        values = None if inside else self._values()
        if values is None:
            return
        with np.errstate(all="ignore"):  # what is too extreme is found below
            found = list(self.tried(values))
        yield from (
            (path, message)
            for path, message in found
            if not suspects or (path and path[0] in self.OTHERS and path[0] not in suspects)
        )
        if not found and not suspects:
            certain = {} if any(self.nested()) else {name: (value,) for name, value in values.items()}
            yield from list(self.at_ends(certain) if certain else ()) or self._unlikely(values)

    def _unlikely(self, values: Values) -> Found:
        """A stated value outside the range of the distribution."""
        if self.value is None or "value" in values:
            return
        with np.errstate(all="ignore"):
            least, most = self.build(values).support()
        if not least <= self.value.value <= most:
            ends = f", which goes from {least:g} to {most:g}" if self.value.dimension == "number" else ""
            yield ("value",), f"cannot occur in this distribution{ends}"

    def _values(self) -> dict[str, float] | None:
        """The stated values of the parameters; None if one is borrowed, and so known only with the catalogue."""
        values = {name: stated(term) for name, term in self.terms().items()}
        known = {name: value for name, value in values.items() if value is not None}
        return known if len(known) == len(values) else None

    def tried(self, values: Values) -> Found:
        """What is wrong with these values of the parameters, each a number or an array."""
        try:
            found = list(self.core(values).check())
            if not found:
                self.build(values)
        except ValueError as error:
            name, _, rest = str(error).partition(" ")
            found = [(name, rest)] if name in values else [("", str(error))]
        times = {name for name, wanted in self.dimensions(self.variable()).items() if wanted == "time"}
        for name, message in found:
            # Lengths of time are days here, which is seldom how the file puts them.
            yield self._place(name), re.sub(r", is [^,]*$", "", message) if name in times else message

    def _place(self, name: str) -> Path:
        """The path of a parameter that a family names."""
        return (name,) if name else ()

    def at_ends(self, ends: Mapping[str, tuple[float, ...]]) -> Found:
        """What is wrong with the distribution, or with its draws, where each parameter is at an end of its range."""
        grid = _corners([*ends.values(), ENDS])
        values = {name: np.ascontiguousarray(grid[:, k]) for k, name in enumerate(ends)}
        try:
            with np.errstate(over="raise", invalid="raise", divide="raise"):
                found = list(self.tried(values))
                drawn = self.build(values).ppf(np.ascontiguousarray(grid[:, -1])) if not found else np.zeros(1)
        except FloatingPointError:
            found, drawn = [], np.full(1, np.inf)
        yield from found if found or np.all(np.abs(drawn) <= GREATEST) else [((), EXTREME)]


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
    if any(value is None for value in values.values()):
        return None
    with np.errstate(all="ignore"):  # a mean beyond all bounds is infinite
        return float(term.build(values).mean())


def dimension(term: Magnitude | Stated | Borrowed | DistributionSpec) -> Dimension:
    """The dimension of a term; of a borrowed one only the catalogue knows, and a pure number is assumed."""
    if isinstance(term, DistributionSpec):
        return term.variable()
    if isinstance(term, Borrowed):
        return "number"
    return term.dimension if isinstance(term, Magnitude) else term.value.dimension


def misplaced(term: Magnitude | Stated | Borrowed | DistributionSpec, own: Dimension) -> Found:
    """Parts of a term whose unit is not the one that a variable of dimension `own` needs."""
    if isinstance(term, Magnitude):
        if term.dimension != own:
            yield (), NEEDS[own]
    elif isinstance(term, Stated):
        yield from deep(misplaced(term.value, own), "value")
    elif isinstance(term, DistributionSpec):
        yield from term.misplaced(own)


def faults(term: Magnitude | Stated | Borrowed | DistributionSpec, own: Dimension) -> Found:
    """All that is wrong with a term in a field of dimension `own`: units, and parameters that no distribution has."""
    wrong = list(misplaced(term, own))
    yield from wrong
    if isinstance(term, DistributionSpec) and not any("kind" in path for path, _ in wrong):
        yield from term.impossible([path for path, _ in wrong])


def _corners(ends: list[tuple[float, ...]]) -> Any:
    """Every choice of one number from each, one a row; or, of too many, those in which at most one differs."""
    if np.prod([float(len(each)) for each in ends]) <= MAX_CORNERS:
        return np.array(list(product(*ends)))
    rows = [[each[0] for each in ends], [each[-1] for each in ends]]
    rows += [[*row[:k], each, *row[k + 1 :]] for row in rows[:2] for k in range(len(ends)) for each in ends[k]]
    return np.array(rows)
