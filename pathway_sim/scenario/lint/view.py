"""One arm as the warnings look at it: the stages that run in it, the effects that can act, and what numbers cite."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from pathway_sim import evidence
from pathway_sim.distributions.terms import DistributionSpec
from pathway_sim.document import Mapping as Document
from pathway_sim.evidence import Figure
from pathway_sim.fields import Borrowed, Cited
from pathway_sim.pathway import Pathway
from pathway_sim.scenario.effects import meant
from pathway_sim.scenario.references import Parts
from pathway_sim.scenario.schema import Check, EffectSpec
from pathway_sim.stages import Application, Designation, Dirichlet, Stage
from pathway_sim.stages.expressions import Expression
from pathway_sim.stages.terms import figure_of, is_time

NEAR = 0.01
"""A number within one per cent of a published one was taken from it as it is."""
Reads = Callable[[Expression], bool]


@dataclass(frozen=True, eq=False)
class Input:
    """A number of a stage: where it stands below `stages`, the term, and whether the sponsor's pace acts on it."""

    stage: str
    target: str
    term: Any
    paced: bool

    @property
    def path(self) -> tuple[str, ...]:
        """Where it stands in the document."""
        return ("stages", self.stage, *self.target.split("."))

    @cached_property
    def value(self) -> float | None:
        """See `value_of`."""
        return value_of(self.term)

    @cached_property
    def is_time(self) -> bool:
        """Whether it is a length of time."""
        return is_time(self.term)

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """The single figures of the catalogue that it names."""
        return figures(self.term)

    @cached_property
    def figure_names(self) -> frozenset[str]:
        """What the figures that it names are called within their entries, such as ``filing_to_approval``."""
        return frozenset(name.rpartition(".")[2] for name in cited(self.term))

    def as_published(self, definition: str) -> Figure | None:
        """The figure with this definition that it cites and repeats, in the mean or in the median."""
        wanted = [figure for figure in self.figures if figure.definition == definition]
        if not wanted:
            return None
        values = (self.value, value_of(getattr(self.term, "median", None)))
        return next((figure for figure in wanted if any(near(value, figure.value) for value in values)), None)


Seen = dict[int, tuple[Input, ...]]
"""The numbers of each stage by the stage's identity; arms share the stages that they do not change."""


@dataclass(frozen=True)
class Arm:
    """One arm of a scenario.

    Attributes
    ----------
    baseline : Arm or None
        The arm that this one is compared with; None in the baseline itself.
    """

    document: Document
    parts: Parts
    pathway: Pathway
    checks: tuple[Check, ...]
    baseline: Arm | None = None
    seen: Seen = field(default_factory=dict)

    @cached_property
    def stages(self) -> dict[str, Stage]:
        """The stages that can start: enabled, and not before the stage in which the scenario begins."""
        walked = {step.stage for step in self.pathway.steps}
        stages = {name: stage for name, stage in sorted(self.parts.stages.items()) if stage is not None}
        return {name: stage for name, stage in stages.items() if stage.enabled and name in walked}

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """The numbers of the stages, each once."""
        for name, stage in self.stages.items():
            if id(stage) not in self.seen:
                self.seen[id(stage)] = tuple(_numbers(name, stage))
        return tuple(each for stage in self.stages.values() for each in self.seen[id(stage)])

    @cached_property
    def sponsor(self) -> tuple[Input, ...]:
        """The durations before access that are the sponsor's own and take any time."""
        return tuple(
            each for each in self.inputs if each.paced and each.value != 0 and self.stages[each.stage].track != "access"
        )

    @cached_property
    def shares(self) -> tuple[Input, ...]:
        """The probabilities."""
        return tuple(each for each in self.inputs if each.value is not None and not each.is_time)

    @cached_property
    def designations(self) -> frozenset[str]:
        """The stages that request a designation."""
        return frozenset(name for name, stage in self.stages.items() if isinstance(stage, Designation))

    @cached_property
    def applications(self) -> dict[str, Application]:
        """The marketing applications."""
        return {name: stage for name, stage in self.stages.items() if isinstance(stage, Application)}

    @cached_property
    def on_grant(self) -> dict[str, EffectSpec]:
        """The effects that act because a designation was granted, and that change something."""
        return {
            name: spec
            for name, spec in self.parts.effects.items()
            if spec.enabled
            and not (spec.operator != "set" and certain(spec.term) and value_of(spec.term) == 1)
            and any(self.is_grant(reference) for _, reference in spec.if_.references())
        }

    def is_grant(self, reference: Expression) -> bool:
        """Whether a reference means the grant of a designation."""
        return reference.names[0] in self.designations and reference.names[-1] == "granted"

    def targets(self, spec: EffectSpec) -> Iterator[Input]:
        """The numbers of running stages that an effect acts on."""
        return (each for each in self.inputs if any(meant(on, f"{each.stage}.{each.target}") for on in spec.on))

    @cached_property
    def waits_for(self) -> dict[str, frozenset[str]]:
        """For each stage: those whose end it waits for directly."""
        return {
            name: frozenset(
                reference.names[0]
                for _, reference in (stage.after.references() if stage.after is not None else ())
                if reference.names[-1] != "start"
            )
            for name, stage in self.stages.items()
        }


def _numbers(name: str, stage: Stage) -> Iterator[Input]:
    """The numbers of a stage, each once however many steps read it."""
    found: set[str] = set()
    for draft in stage.drafts():
        new = {target: term for target, term in draft.inputs.items() if target not in found}
        yield from (Input(name, target, term, target in draft.paced) for target, term in new.items())
        found |= new.keys()


def met(expression: Expression, holds: Reads, *, negated: Callable[[bool], bool]) -> bool:
    """Whether an expression is true if `holds` says which references are; `negated` says what `not` makes of it."""
    if expression.operator == "reference":
        return holds(expression)
    inner = [met(each, holds, negated=negated) for _, each in expression.of]
    if expression.operator == "not":
        return negated(inner[0])
    return all(inner) if expression.operator == "all" else any(inner)


def value_of(term: Any) -> float | None:
    """The number that a term stands for without any draw; None of what is no number by itself."""
    return None if term is None or isinstance(term, (str, Dirichlet)) else figure_of(term)


def certain(term: Any) -> bool:
    """Whether a term is one number and no distribution."""
    if isinstance(term, DistributionSpec):
        return getattr(term, "kind", "") == "fixed"
    return not isinstance(term, (Borrowed, Dirichlet))


def cited(term: Any) -> tuple[str, ...]:
    """The ids of the evidence that a number names."""
    if isinstance(term, Borrowed):
        return (term.evidence,)
    return term.evidence if isinstance(term, Cited) else ()


def figures(term: Any) -> tuple[Figure, ...]:
    """The single figures of the catalogue that a number names."""
    return tuple(figure for name in cited(term) if (figure := _figure(name)) is not None)


@lru_cache(maxsize=1024)
def _figure(name: str) -> Figure | None:
    try:
        return evidence.figure(name)
    except evidence.UnknownFigureError:  # an entry with several figures
        return None


def near(value: float | None, other: float, within: float = NEAR) -> bool:
    """Whether two numbers are the same but for rounding."""
    return value is not None and abs(value - other) <= within * abs(other)


def speaks_of(pattern: re.Pattern[str], *texts: str | None) -> bool:
    """Whether one of some texts has a word."""
    return any(text is not None and pattern.search(text.lower()) is not None for text in texts)
