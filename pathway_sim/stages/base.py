"""What every kind of stage shares: its fields, and the drafts of the steps that it expands into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, ValidationError

from pathway_sim.distributions.specs import AnyDistribution, DistributionSpec, Term, form, misplaced, stated
from pathway_sim.fields import Borrowed, Cited, Identifier, Magnitude, Spec, Stated, misfit
from pathway_sim.pathway import Rule
from pathway_sim.stages.expressions import Expression

Track = Literal["clinical", "cmc", "designation", "review", "access"]


def _within(term: Any, dimension: Literal["time", "number"], low: float, high: float, what: str) -> Any:
    """Check a field's unit and range; raises one pydantic error with all that is wrong."""
    found = list(misplaced(term, dimension))
    if not found and (value := stated(term)) is not None:
        if not low <= value <= high:
            found.append(((), f"{what}, is {value:g}"))
        elif isinstance(term, DistributionSpec):
            parameters = {name: stated(inner) for name, inner in term.terms().items()}
            least, most = term.build(parameters).support()
            if least < low or most > high:
                bound = "min" if least < low else "max"
                found.append(
                    ((), f"{what}, but this distribution goes beyond; add {bound}: {low if bound == 'min' else high:g}")
                )
    if error := misfit(found):
        raise error
    return term


INFINITE = float("inf")
LONGEST = 365.25 * 100
Duration = Annotated[Term, AfterValidator(lambda term: _within(term, "time", 0.0, INFINITE, "must not be negative"))]
"""A length of time; a distribution here is chance."""
Offset = Annotated[Term, AfterValidator(lambda term: _within(term, "time", -INFINITE, INFINITE, ""))]
"""A difference of times, which may be negative."""
Probability = Annotated[
    Term, AfterValidator(lambda term: _within(term, "number", 0.0, 1.0, "must lie between 0 and 1"))
]
Factor = Annotated[Term, AfterValidator(lambda term: _within(term, "number", 0.0, INFINITE, "must not be negative"))]


def _share_form(raw: object) -> str:
    return "#rest" if raw == "rest" else form(raw)


Share = Annotated[
    Annotated[Magnitude, Tag("#plain")]
    | Annotated[Stated, Tag("#stated")]
    | Annotated[Borrowed, Tag("#borrowed")]
    | Annotated[AnyDistribution, Tag("#distribution")]
    | Annotated[Literal["rest"], Tag("#rest")],
    Discriminator(_share_form),
    AfterValidator(
        lambda term: term if term == "rest" else _within(term, "number", 0.0, 1.0, "must lie between 0 and 1")
    ),
]


class Dirichlet(Cited):
    """Shares that are unknown together: a Dirichlet distribution, drawn as normalised gamma variables."""

    kind: Literal["dirichlet"]
    counts: dict[Identifier, float] = Field(min_length=2, description="Like counts of each outcome, halves added.")
    values: dict[Identifier, float] | None = Field(
        None, description="The shares with one parameter set; else the counts' own."
    )


def _shares_form(raw: object) -> str:
    joint = isinstance(raw, Dirichlet) or (isinstance(raw, dict) and raw.get("kind") == "dirichlet")
    return "#dirichlet" if joint else "#shares"


def _check_shares(shares: dict[str, Any] | Dirichlet) -> dict[str, Any] | Dirichlet:
    if error := misfit(_uneven(shares)):
        raise error
    return shares


def _uneven(shares: dict[str, Any] | Dirichlet) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(shares, Dirichlet):
        yield from (
            (("counts", name), f"must be greater than 0, is {count:g}")
            for name, count in shares.counts.items()
            if count <= 0
        )
        if shares.values is not None and set(shares.values) != set(shares.counts):
            yield ("values",), "must name the same outcomes as counts"
        if shares.values is not None and abs(sum(shares.values.values()) - 1) > 1e-9:
            yield ("values",), f"must sum to 1, not {sum(shares.values.values()):.6g}"
        return
    rests = [name for name, share in shares.items() if share == "rest"]
    values = [stated(share) for share in shares.values() if share != "rest"]
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
    Annotated[dict[Identifier, Share], Tag("#shares")] | Annotated[Dirichlet, Tag("#dirichlet")],
    Discriminator(_shares_form),
    AfterValidator(_check_shares),
]
"""Probabilities of named outcomes; at most one has the rest."""


class Count(Cited):
    """A whole number with its source."""

    value: int = Field(strict=True, ge=0, le=50)


def _plain_count(raw: Any) -> Any:
    """A whole number: plain, or ``{value: 3, assumption: …}``, whose source is checked and then left aside."""
    if not isinstance(raw, dict):
        return raw
    try:
        return Count.model_validate(raw).value
    except ValidationError as error:
        wrong = misfit((tuple(each["loc"]), "is not a whole number with its source") for each in error.errors())
        raise wrong or error from None


Times = Annotated[
    int, Field(strict=True, ge=1, le=50), BeforeValidator(_plain_count, json_schema_input_type=int | Count)
]
"""How many times at most: 1 to 50."""


CountFromZero = Annotated[
    int, Field(strict=True, ge=0, le=50), BeforeValidator(_plain_count, json_schema_input_type=int | Count)
]
"""How many times at most: 0 to 50."""


class Repeat(Spec):
    """Do the stage again when it ends with one outcome."""

    on: Identifier = Field(description="The outcome that leads to another visit.")
    at_most: Times = Field(description="How many visits there may be; the last one's outcome is then `exhausted`.")


@dataclass(frozen=True)
class Draft:
    """A step before references are resolved.

    `inputs` maps targets (``approve.first``) to terms; `follows` lists the (part, visit, outcomes) of the same stage
    that lead here, the first one to happen counting; the entry of the stage follows nothing. `again` are outcomes that
    lead to another visit and so never end the program.
    """

    part: str
    visit: int
    outcomes: tuple[str, ...]
    rule: Rule
    inputs: Mapping[str, Any]
    follows: tuple[tuple[str, int, tuple[str, ...]], ...] = ()
    final: tuple[str, ...] = ()
    paced: frozenset[str] = field(default=frozenset())
    again: tuple[str, ...] = ()


class Stage(Spec):
    """What every stage has."""

    TERMINAL: ClassVar[frozenset[str]] = frozenset({"exhausted"})

    title: str | None = Field(None, max_length=32, description="A short name for charts and tables.")
    track: Track = Field("clinical", description="Which of the parallel tracks the stage belongs to.")
    after: Expression | None = Field(
        None, description="What must be over before the stage is ready; a list means all. Without it: day 0."
    )
    if_: Expression | None = Field(
        None, alias="if", description="Read when the stage is ready; if it does not hold the stage is skipped."
    )
    enabled: bool = Field(True, strict=True, description="False: the stage is always skipped.")
    terminal: tuple[Identifier, ...] | None = Field(
        None, description="Outcomes that end the program; replaces the kind's own."
    )

    def drafts(self) -> Iterable[Draft]:
        """The steps that the stage expands into, in their own order."""
        raise NotImplementedError

    def ends_program(self) -> frozenset[str]:
        """The outcomes that end the program."""
        return self.TERMINAL if self.terminal is None else frozenset(self.terminal)


def targets(prefix: str, shares: Mapping[str, Any] | Dirichlet) -> dict[str, Any]:
    """Inputs for the shares that are numbers, by target; a Dirichlet is left whole under its prefix."""
    if isinstance(shares, Dirichlet):
        return {f"{prefix}.{name}": shares for name in shares.counts}
    return {f"{prefix}.{name}": share for name, share in shares.items() if share != "rest"}


def visits(drafts: list[Draft], repeat: Repeat | None) -> Iterator[Draft]:
    """The drafts of one visit, unrolled over the visits of a repeated stage (one exit step, the last)."""
    if repeat is None:
        yield from drafts
        return
    for visit in range(1, repeat.at_most + 1):
        last = visit == repeat.at_most
        for draft in drafts:
            follows = tuple((part, visit, names) for part, _, names in draft.follows)
            if not follows and visit > 1:
                follows = ((drafts[-1].part, visit - 1, (repeat.on,)),)
            names = tuple("exhausted" if last and name == repeat.on else name for name in draft.outcomes)
            final = tuple(
                "exhausted" if name == repeat.on else name for name in draft.final if last or name != repeat.on
            )
            yield Draft(
                draft.part,
                visit,
                names,
                draft.rule,
                draft.inputs,
                follows,
                final,
                draft.paced,
                () if last else (repeat.on,),
            )
