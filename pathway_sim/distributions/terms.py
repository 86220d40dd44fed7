"""What every distribution of a scenario file has in common, and what can be said of a number before it is drawn: its
value, its dimension, and all that is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import product
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from pathway_sim import distributions as families
from pathway_sim.distributions import Distribution
from pathway_sim.fields import NEEDS, Borrowed, Cited, Dimension, Found, Magnitude, Ruled, Stated, deep

Values = Mapping[str, Any]
Path = tuple[str | int, ...]

ENDS = (2.0**-53, 1.0 - 2.0**-53)
"""The least and the greatest uniform number that a draw can have."""
GREATEST = 1e30
"""Beyond this a draw means nothing, and its products with a pace and effects could overflow."""
EXTREME = "gives values too large or too small to reckon with; make the parameters less extreme"
MAX_CORNERS = 4096
FORMLESS = 'does not say what the number is; it needs "value", or "kind" with the parameters of a distribution'


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

    def nested(self) -> Iterator[tuple[Path, DistributionSpec]]:
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


FORMS = {"#stated": Stated, "#borrowed": Borrowed, "#ruled": Ruled}
AnyTerm = Magnitude | Stated | Borrowed | Ruled | DistributionSpec


def form(raw: object) -> str | None:
    """Which of the five forms of a term this is, from the file's data or from a parsed value; None if it is none."""
    if isinstance(raw, dict):
        if "kind" in raw:
            return "#distribution"
        if "rule" in raw:
            return "#ruled"
        return "#stated" if "value" in raw else "#borrowed" if "evidence" in raw else None
    if isinstance(raw, DistributionSpec):
        return "#distribution"
    return next((tag for tag, kind in FORMS.items() if isinstance(raw, kind)), "#plain")


def stated(term: AnyTerm) -> float | None:
    """The value of a term with one parameter set: the stated value, else the mean; None if only the catalogue or an
    agency knows it.
    """
    if isinstance(term, Magnitude):
        return term.value
    if isinstance(term, (Borrowed, Ruled)):
        return None
    if term.value is not None:
        return term.value.value
    assert isinstance(term, DistributionSpec)  # Stated always has a value
    values = {name: stated(inner) for name, inner in term.terms().items()}
    if any(value is None for value in values.values()):
        return None
    with np.errstate(all="ignore"):  # a mean beyond all bounds is infinite
        return float(term.build(values).mean())


def dimension(term: AnyTerm) -> Dimension:
    """The dimension of a term; of what only the catalogue or an agency knows a pure number is assumed."""
    if isinstance(term, DistributionSpec):
        return term.variable()
    if isinstance(term, (Borrowed, Ruled)):
        return "number"
    return term.dimension if isinstance(term, Magnitude) else term.value.dimension


def misplaced(term: AnyTerm, own: Dimension) -> Found:
    """Parts of a term whose unit is not the one that a variable of dimension `own` needs."""
    if isinstance(term, Magnitude):
        if term.dimension != own:
            yield (), NEEDS[own]
    elif isinstance(term, Stated):
        yield from deep(misplaced(term.value, own), "value")
    elif isinstance(term, DistributionSpec):
        yield from term.misplaced(own)


def faults(term: AnyTerm, own: Dimension) -> Found:
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
