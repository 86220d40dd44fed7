"""What the fields of stages hold: durations, probabilities, factors, shares and counts, with their units and ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from pathway_sim import agencies, evidence
from pathway_sim.distributions.specs import AnyDistribution, MixtureSpec, Term
from pathway_sim.distributions.terms import FORMLESS, DistributionSpec, faults, form, stated
from pathway_sim.document import DEFINING
from pathway_sim.fields import (
    NEEDS,
    Borrowed,
    Cited,
    Found,
    Identifier,
    Magnitude,
    Ruled,
    Stated,
    deep,
    misfit,
    read_magnitude,
)
from pathway_sim.units import suggest

RESERVED = frozenset(DEFINING)
"""As the name of anything these would change how files are laid over each other."""
NO_OUTCOMES = RESERVED | {"start", "skipped"}
INFINITE = float("inf")
LARGEST_FACTOR = 1e6


def _within(term: Any, dimension: Literal["time", "number"], low: float, high: float, what: str) -> Any:
    """Check a field's unit and range; raises one pydantic error with all that is wrong."""
    if error := misfit(wrong_term(term, dimension, low, high, what)):
        raise error
    return term


def wrong_term(term: Any, dimension: Literal["time", "number"], low: float, high: float, what: str) -> Found:
    """All that is wrong with a term in a field with this unit and range; `what` says the range in words."""
    found = [*faults(term, dimension), *_foreign(term, dimension)]
    found = found or list(_beyond(term, low, high, what))
    yield from found
    chance = dimension == "time" and isinstance(term, DistributionSpec)
    if not found and chance and term.value is not None and "value" not in term.AMOUNTS:
        yield ("value",), "has no meaning here, since each replication draws its own length of time; leave it out"


def _beyond(term: Any, low: float, high: float, what: str) -> Found:
    """The stated value, or some value of the distribution, outside the range."""
    value = figure_of(term)
    if value is not None and not low <= value <= high:
        at = ("value",) if isinstance(term, Cited) and getattr(term, "value", None) is not None else ()
        yield at, what if is_time(term) else f"{what}, is {value:g}"
    elif isinstance(term, DistributionSpec):
        least, most = _support(term)
        if least < low or most > high:
            end = f"min: {low:g}{' days' if is_time(term) else ''}" if least < low else f"max: {high:g}"
            yield (), f"{what}, but this distribution goes beyond; add {end}"


def _support(term: DistributionSpec) -> tuple[Any, Any]:
    """The least and the greatest value that can occur; of a distribution that cannot be built yet, nothing at all."""
    values = {name: figure_of(inner) for name, inner in term.terms().items()}
    try:
        with np.errstate(all="ignore"):
            return (INFINITE, -INFINITE) if None in values.values() else term.build(values).support()
    except ValueError:  # with figures of the catalogue; reported where they are resolved
        return INFINITE, -INFINITE


def _foreign(term: Any, dimension: Literal["time", "number", "rate"]) -> Found:
    """Figures of the catalogue and rules with a unit that does not fit; those that do not exist are reported later."""
    if isinstance(term, (Borrowed, Ruled)) and figure_of(term) is not None and is_time(term) != (dimension == "time"):
        key, what = ("evidence", "figure") if isinstance(term, Borrowed) else ("rule", "rule")
        yield (key,), f"names a {what} that does not fit: this {NEEDS[dimension]}"
    elif isinstance(term, DistributionSpec):
        wanted = term.dimensions(dimension)
        for name, inner in term.terms().items():
            yield from deep(_foreign(inner, wanted.get(name, "number")), name)


def figure_of(term: Any) -> float | None:
    """The value of a term with one parameter set, from the catalogue or the latest regime of a rule if need be; None
    if they do not have it.
    """
    if isinstance(term, Ruled):
        amount = _amount(term)
        return None if amount is None else amount.value
    if isinstance(term, Borrowed):
        try:
            return evidence.figure(term.evidence).value
        except evidence.UnknownFigureError:
            return None
    return stated(term)


AMOUNTS = ("value", "median", "mean", "low", "p50")
"""Where a rule's number is found, in a value or in a distribution of it."""


def _amount(term: Ruled) -> Magnitude | None:
    """The number of a rule's latest regime, with its unit."""
    try:
        number = agencies.rule(term.rule).regimes[-1].number
    except agencies.UnknownRuleError:
        return None
    return read_magnitude(next(number[key] for key in AMOUNTS if key in number))


def is_time(term: Any) -> bool:
    """Whether a term is a length of time."""
    if isinstance(term, Ruled):
        amount = _amount(term)
        return amount is not None and amount.dimension == "time"
    if isinstance(term, Borrowed):
        return figure_of(term) is not None and evidence.figure(term.evidence).is_time
    if isinstance(term, MixtureSpec):
        return is_time(term.parts[0].of)
    if isinstance(term, DistributionSpec):
        amounts = [inner for name in term.AMOUNTS if (inner := getattr(term, name)) is not None]
        return is_time(amounts[0]) if amounts else term.variable() == "time"
    if isinstance(term, Stated):
        term = term.value
    return isinstance(term, Magnitude) and term.dimension == "time"


def _plain_number(raw: Any) -> Any:
    """Text never is a plain number; said here, where it is known that no unit is wanted."""
    if isinstance(raw, str):
        message = f'must be a plain number such as 0.5, without quotes or a unit, not "{raw[:60]}"'
        raise PydanticCustomError("number", "{sentence}", {"sentence": message})
    return raw


def _moderate(term: Any) -> Any:
    value = figure_of(term)
    if value is not None and LARGEST_FACTOR < value < INFINITE:
        message = f"must be at most {LARGEST_FACTOR:,.0f}, is {value:g}"
        raise PydanticCustomError("number", "{sentence}", {"sentence": message})
    return term


Duration = Annotated[Term, AfterValidator(lambda term: _within(term, "time", 0.0, INFINITE, "must not be negative"))]
"""A length of time; a distribution here is chance."""
Offset = Annotated[Term, AfterValidator(lambda term: _within(term, "time", -INFINITE, INFINITE, ""))]
"""A difference of times, which may be negative."""
Probability = Annotated[
    Term,
    BeforeValidator(_plain_number),
    AfterValidator(lambda term: _within(term, "number", 0.0, 1.0, "must lie between 0 and 1")),
]
Factor = Annotated[
    Term,
    BeforeValidator(_plain_number),
    AfterValidator(lambda term: _within(term, "number", 0.0, INFINITE, "must not be negative")),
    AfterValidator(_moderate),
]


def _share_form(raw: object) -> str | None:
    return "#rest" if raw == "rest" else form(raw)


Share = Annotated[
    Annotated[Magnitude, Tag("#plain")]
    | Annotated[Stated, Tag("#stated")]
    | Annotated[Borrowed, Tag("#borrowed")]
    | Annotated[Ruled, Tag("#ruled")]
    | Annotated[AnyDistribution, Tag("#distribution")]
    | Annotated[Literal["rest"], Tag("#rest")],
    Discriminator(_share_form, custom_error_type="number", custom_error_message=FORMLESS),
    BeforeValidator(lambda raw: raw if raw == "rest" else _plain_number(raw)),
    AfterValidator(
        lambda term: term if term == "rest" else _within(term, "number", 0.0, 1.0, "must lie between 0 and 1")
    ),
]


def _free(name: str) -> str:
    if name in NO_OUTCOMES:
        raise PydanticCustomError("number", '"{name}" has a meaning of its own; choose another name', {"name": name})
    return name


Outcome = Annotated[Identifier, AfterValidator(_free)]
PseudoCount = Annotated[float, Field(strict=True, ge=0.1, le=1e6)]
"""With less than 0.1 all draws of a Dirichlet could be 0 in double precision."""
PlainShare = Annotated[float, Field(strict=True, ge=0, le=1)]


class Dirichlet(Cited):
    """Shares that are unknown together: a Dirichlet distribution, drawn as normalised gamma variables."""

    kind: Literal["dirichlet"]
    counts: dict[Outcome, PseudoCount] = Field(min_length=2, description="Like counts of each outcome, halves added.")
    values: dict[Identifier, PlainShare] | None = Field(
        None, description="The shares with one parameter set; else the counts' own."
    )

    @classmethod
    def wrong_keys(cls, raw: Mapping[str, Any]) -> Found:
        """Shares of other outcomes than those that are counted."""
        if isinstance(raw.get("values"), dict) and isinstance(raw.get("counts"), dict):
            yield from wrong_table("values", raw["values"], tuple(raw["counts"]))


def _shares_form(raw: object) -> str:
    joint = isinstance(raw, Dirichlet) or (isinstance(raw, dict) and raw.get("kind") == "dirichlet")
    return "#dirichlet" if joint else "#shares"


def _check_shares(shares: dict[str, Any] | Dirichlet) -> dict[str, Any] | Dirichlet:
    if error := misfit(_uneven(shares)):
        raise error
    return shares


def wrong_table(name: str, table: Mapping[str, Any], wanted: tuple[str, ...]) -> Found:
    """Entries of a table by name that are missing or too many."""
    absent = [each for each in wanted if each not in table]
    hints = {extra: suggest(extra, absent) for extra in table if extra not in wanted}
    for each in absent:
        if not any(f'"{each}"' in hint for hint in hints.values()):  # else it is there, but misspelt
            yield (name,), f"has no entry for {each}"
    for extra, hint in hints.items():
        problem = f"is not one of {', '.join(wanted)}{hint}" if wanted else f"names nothing; give {name} one number"
        yield (name, extra, "[key]"), problem


def _uneven(shares: dict[str, Any] | Dirichlet) -> Found:
    if isinstance(shares, Dirichlet):
        if shares.values is not None and abs(sum(shares.values.values()) - 1) > 1e-9:
            yield ("values",), f"must sum to 1, not {sum(shares.values.values()):.6g}"
        return
    rests = [name for name, share in shares.items() if share == "rest"]
    values = [figure_of(share) for share in shares.values() if share != "rest"]
    if len(rests) > 1:
        yield (rests[1],), "only one outcome may have the rest"
    if None in values:
        return
    total = sum(value for value in values if value is not None)
    if total > 1 + 1e-12:
        yield (), f"the probabilities sum to {total:.6g}, more than 1"
    elif not rests and total < 1 - 1e-12:
        yield (), f"the probabilities sum to {total:.6g}, not 1; give one outcome the value rest"


Shares = Annotated[
    Annotated[dict[Outcome, Share], Tag("#shares")] | Annotated[Dirichlet, Tag("#dirichlet")],
    Discriminator(_shares_form),
    AfterValidator(_check_shares),
]
"""Probabilities of named outcomes; at most one has the rest."""


class Count(Cited):
    """A whole number with its source."""

    value: int = Field(strict=True, ge=0, le=50)


def _plain_count(least: int) -> Callable[[Any], Any]:
    """A whole number: plain, or ``{value: 3, assumption: …}``, whose source is checked and then left aside."""

    def read(raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        value = Count.model_validate(raw).value
        if value < least and (error := misfit([(("value",), f"must be at least {least}, is {value}")])):
            raise error
        return value

    return read


Times = Annotated[
    int, Field(strict=True, ge=1, le=50), BeforeValidator(_plain_count(1), json_schema_input_type=int | Count)
]
"""How many times at most: 1 to 50."""


CountFromZero = Annotated[
    int, Field(strict=True, ge=0, le=50), BeforeValidator(_plain_count(0), json_schema_input_type=int | Count)
]
"""How many times at most: 0 to 50."""
