"""What every kind of stage shares: its fields, and the drafts of the steps that it expands into."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from pathway_sim import agencies
from pathway_sim.fields import Found, Identifier, Ruled, Spec
from pathway_sim.pathway import Rule
from pathway_sim.stages.expressions import Expression
from pathway_sim.stages.rules import SURE, Choice
from pathway_sim.stages.terms import Dirichlet, Times
from pathway_sim.units import suggest

Links = tuple[tuple[str, int, tuple[str, ...]], ...]
"""Steps of the same stage: part, visit, outcomes."""
Track = Literal["clinical", "cmc", "designation", "review", "access"]


class Repeat(Spec):
    """Do the stage again when it ends with one outcome."""

    on: Identifier = Field(description="The outcome that leads to another visit.")
    at_most: Times = Field(description="How many visits there may be; the last one's outcome is then `exhausted`.")


def wrong_repeat(raw: Mapping[str, Any], outcomes: tuple[str, ...]) -> Found:
    """A repeat on an outcome that the stage does not have."""
    repeat = raw.get("repeat")
    on = repeat.get("on") if isinstance(repeat, dict) else None
    if isinstance(on, str) and on not in outcomes:
        hint = suggest(on, outcomes) or f"; outcomes are {', '.join(outcomes) or 'not given'}"
        yield ("repeat", "on"), f'"{on}" is not an outcome of this stage{hint}'


@dataclass(frozen=True)
class Draft:
    """A step before references are resolved.

    `inputs` maps targets (``approve.first``) to terms; `follows` lists the (part, visit, outcomes) of the same stage
    that lead here, the first one to happen counting; the entry of the stage follows nothing. `again` are outcomes that
    lead to another visit and so never end the program. `beside` are (part, visit) of the same stage that start at the
    same time and that the rule looks at; `unless` are (part, visit, outcomes) after which the step does not happen.
    """

    part: str
    visit: int
    outcomes: tuple[str, ...]
    rule: Rule
    inputs: Mapping[str, Any]
    follows: Links = ()
    final: tuple[str, ...] = ()
    paced: frozenset[str] = field(default=frozenset())
    again: tuple[str, ...] = ()
    beside: tuple[tuple[str, int], ...] = ()
    unless: Links = ()


def _known_agency(name: str) -> str:
    if name not in agencies.names():
        known = suggest(name, agencies.names()) or f"; known: {', '.join(agencies.names())}"
        raise PydanticCustomError("number", "{sentence}", {"sentence": f'there is no agency "{name}"{known}'})
    return name


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
    agency: Annotated[Identifier, AfterValidator(_known_agency)] = Field(
        "fda", description="The agency whose rules hold for the numbers that the stage does not give."
    )
    enabled: bool = Field(True, strict=True, description="False: the stage is always skipped.")
    terminal: tuple[Identifier, ...] | None = Field(
        None, description="Outcomes that end the program; replaces the kind's own."
    )

    def rules(self) -> Mapping[str, str]:
        """The agency's rule for each number that the stage may leave to it, by the field's dotted path."""
        return {}

    def ruled(self, path: str) -> Any:
        """The number at a path of the stage; if the stage leaves it out, the agency's rule for it."""
        given = self.given(path)
        return Ruled.model_construct(rule=f"{self.agency}.{self.rules()[path]}") if given is None else given

    def given(self, path: str) -> Any:
        """What the stage gives at a path; None if it leaves it out."""
        value: Any = self
        for name in path.split("."):
            value = getattr(value, name, None)
        return value

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


def choice_of(
    prefix: str, shares: Mapping[str, Any] | Dirichlet | None, names: tuple[str, ...], purpose: str = "outcome"
) -> Choice:
    """The choice among shares in the order of their names, which reads their `targets`."""
    if shares is None or len(names) == 1:
        return SURE
    inputs = targets(prefix, shares)
    read = tuple(f"{prefix}.{name}" if f"{prefix}.{name}" in inputs else None for name in names)
    return Choice(read, purpose, isinstance(shares, Dirichlet))


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
            again = () if last else (repeat.on,)
            yield replace(draft, visit=visit, outcomes=names, follows=follows, final=final, again=again)
