"""A pathway as a graph of its stages: what each waits for, what it reads, how it ends, and what acts on it.

A stage stands here once, however many steps and visits it was unrolled into.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from pathway_sim.parameters import Number
from pathway_sim.pathway import (
    SKIPPED,
    All,
    AnyOf,
    Condition,
    Effect,
    Fact,
    Given,
    Milestone,
    Not,
    Pathway,
    StageInfo,
    Step,
)
from pathway_sim.report.map.references import OVER, Reader, Reference
from pathway_sim.stages.base import Track

TRACKS: tuple[str, ...] = get_args(Track)
Runs = Literal["always", "if", "off", "never"]
Join = Literal["", "all", "any", "mixed"]
Kind = Literal["after", "if", "effect", "until"]


@dataclass(frozen=True)
class Outcome:
    """A way in which a stage ends; `ends` tells whether the program ends with it."""

    name: str
    ends: bool


@dataclass(frozen=True)
class Node:
    """A stage or a milestone.

    Attributes
    ----------
    id : str
        The name of a stage; ``milestone.`` and the name of a milestone.
    runs : {"always", "if", "off", "never"}
        In this arm it always runs when it is ready, runs if its guard holds, is switched off, or is never ready.
    join, waits, guard : str
        How what it waits for is joined (``all``, ``any``, ``mixed``; empty for one or none), the same in words, and the
        condition under which it runs.
    begins : bool
        Whether it is ready on day 0.
    visits : int
        How often one of its parts can be gone through.
    effects : tuple of str
        The effects that can act on it in this arm.
    """

    id: str
    title: str
    track: str
    kind: Literal["stage", "milestone"]
    runs: Runs
    join: Join
    waits: str
    guard: str = ""
    begins: bool = False
    visits: int = 1
    outcomes: tuple[Outcome, ...] = ()
    effects: tuple[str, ...] = ()
    goal: bool = False


@dataclass(frozen=True)
class Edge:
    """What leads from one node to another.

    Attributes
    ----------
    kind : {"after", "if", "effect", "until"}
        The target waits for the source, reads it in its guard, is acted on by what happened there, or ends with it.
    label : str
        The fact of the source: an outcome, ``start``, ``skipped``, ``over``, or a part.
    effects : tuple of str
        The names of the effects.
    """

    source: str
    target: str
    kind: Kind
    label: str
    effects: tuple[str, ...] = ()


@dataclass(frozen=True)
class PathwayMap:
    """The graph of one arm; nodes in pathway order, milestones last. `idle` are effects that are set to change
    nothing.
    """

    arm: str
    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    idle: tuple[str, ...] = ()

    @property
    def stages(self) -> tuple[Node, ...]:
        """The nodes that are stages."""
        return tuple(node for node in self.nodes if node.kind == "stage")

    @property
    def tracks(self) -> tuple[str, ...]:
        """The tracks that have a node, from the clinic to access."""
        used = {node.track for node in self.nodes}
        return tuple(track for track in TRACKS if track in used)


def pathway_map(pathway: Pathway) -> PathwayMap:
    """The graph of a pathway."""
    return _Mapper(pathway).map()


class _Mapper:
    """What is known of the stages while the graph is made."""

    def __init__(self, pathway: Pathway) -> None:
        self.pathway = pathway
        self.reader = Reader(pathway)
        self.runs: dict[str, Runs] = {}
        for stage in sorted(pathway.stages, key=lambda stage: stage.ranks):  # facts come before those who read them
            self.runs[stage.name] = self._runs(pathway.steps[stage.ranks[0]])

    def map(self) -> PathwayMap:
        edges = [edge for stage in self.pathway.stages for edge in self._edges(stage)]
        edges += [edge for name, each in self.pathway.milestones.items() for edge in self._milestone_edges(name, each)]
        nodes = [self._stage(stage) for stage in self.pathway.stages]
        track = {node.id: node.track for node in nodes}
        nodes += [self._milestone(name, each, track) for name, each in self.pathway.milestones.items()]
        idle = {effect.name for step in self.pathway.steps for effect in _effects(step) if _is_idle(effect)}
        return PathwayMap(
            self.pathway.arm, self.pathway.title, tuple(nodes), tuple(dict.fromkeys(edges)), tuple(sorted(idle))
        )

    # --- what can happen in this arm ----------------------------------------------------------------------------------

    def _runs(self, entry: Step) -> Runs:
        if not self._can(entry.after):
            return "never"
        if entry.guard is None or self._must(entry.guard):
            return "always"
        return "if" if self._can(entry.guard) else "off"

    def _can(self, condition: Condition) -> bool:
        """Whether a condition can be met, as far as stages that are switched off decide it."""
        if isinstance(condition, Fact):
            runs = self.runs[self.pathway.steps[condition.step].stage]
            return runs in ("always", "if") or (runs == "off" and SKIPPED in condition.codes)
        if isinstance(condition, All):
            return all(map(self._can, condition.of))
        if isinstance(condition, Not):
            return not self._must(condition.of)
        return not isinstance(condition, AnyOf) or any(map(self._can, condition.of))

    def _must(self, condition: Condition) -> bool:
        """Whether a condition holds whatever happens, for the same reason: it denies what cannot be."""
        if isinstance(condition, Not):
            return not self._can(condition.of)
        if isinstance(condition, All):
            return all(map(self._must, condition.of))
        return isinstance(condition, Given) or (isinstance(condition, AnyOf) and any(map(self._must, condition.of)))

    def _happens(self, reference: Reference) -> bool:
        """Whether what an effect reads can happen in this arm."""
        return self.runs[reference.stage] in ("always", "if") or reference.label in (OVER, "skipped")

    def _acting(self, stage: StageInfo) -> Iterator[Effect]:
        """The effects on a stage that can change something in this arm."""
        if self.runs[stage.name] in ("always", "if"):
            for rank in stage.ranks:
                for effect in _effects(self.pathway.steps[rank]):
                    if not _is_idle(effect) and self._can(effect.condition):
                        yield effect

    # --- nodes --------------------------------------------------------------------------------------------------------

    def _stage(self, stage: StageInfo) -> Node:
        steps = [self.pathway.steps[rank] for rank in stage.ranks]
        guard, switch = steps[0].guard, steps[0].off
        told = guard.of[0] if switch and isinstance(guard, All) else None if switch else guard
        return Node(
            stage.name,
            stage.title,
            stage.track,
            "stage",
            self.runs[stage.name],
            self._join(steps[0].after),
            self.reader.text(steps[0].after),
            "" if told is None or _on_day_0(told) else self.reader.text(told),
            _on_day_0(steps[0].after),
            max(step.visit for step in steps),
            _outcomes(steps),
            tuple(dict.fromkeys(effect.name for effect in self._acting(stage))),
        )

    def _milestone(self, name: str, milestone: Milestone, track: dict[str, str]) -> Node:
        reached = milestone.reached
        sources = [track[reference.stage] for reference in self.reader.references(reached)]
        return Node(
            f"milestone.{name}",
            name.replace("_", " "),
            max(sources, key=TRACKS.index, default=TRACKS[-1]),
            "milestone",
            "always" if self._can(reached) else "never",
            self._join(reached),
            self.reader.text(reached),
            begins=_on_day_0(reached),
            goal=name == self.pathway.goal,
        )

    def _join(self, condition: Condition) -> Join:
        if len(self.reader.references(condition)) < 2:
            return ""
        members = condition.of if isinstance(condition, (All, AnyOf)) else ()
        if any(isinstance(each, (All, AnyOf)) and len(self.reader.references(each)) > 1 for each in members):
            return "mixed"
        return "all" if isinstance(condition, All) else "any"

    # --- edges --------------------------------------------------------------------------------------------------------

    def _edges(self, stage: StageInfo) -> Iterator[Edge]:
        entry = self.pathway.steps[stage.ranks[0]]
        for reference in self.reader.references(entry.after):
            yield Edge(reference.stage, stage.name, "after", reference.label)
        for reference in () if entry.guard is None else self.reader.references(entry.guard):
            yield Edge(reference.stage, stage.name, "if", reference.label)
        found: dict[tuple[str, str], dict[str, None]] = {}
        for effect in self._acting(stage):
            for reference in filter(self._happens, self.reader.references(effect.condition)):
                found.setdefault((reference.stage, reference.label), {})[effect.name] = None
        for (source, label), names in found.items():
            yield Edge(source, stage.name, "effect", label, tuple(names))

    def _milestone_edges(self, name: str, milestone: Milestone) -> Iterator[Edge]:
        kinds: tuple[tuple[Kind, Condition], ...] = (("after", milestone.reached), ("until", milestone.until))
        for kind, condition in kinds:
            for reference in self.reader.references(condition):
                yield Edge(reference.stage, f"milestone.{name}", kind, reference.label)


def _effects(step: Step) -> Iterator[Effect]:
    """The effects of the file; later regimes of an agency's rules have no name."""
    for value in step.inputs.values():
        yield from (effect for effect in value.effects if effect.name)


def _is_idle(effect: Effect) -> bool:
    """A factor of exactly 1 is a switch that nobody has turned."""
    number = effect.number
    return effect.operator != "set" and isinstance(number, Number) and number.value == 1 and number.unknown is None


def _outcomes(steps: list[Step]) -> tuple[Outcome, ...]:
    """How the stage as a whole can end, in the order of its steps; those that end the program last."""
    ways = {step.outcomes[code]: code in step.terminal for step in steps for code in sorted(step.final | step.terminal)}
    return tuple(Outcome(name, ends) for name, ends in sorted(ways.items(), key=lambda way: way[1]))


def _on_day_0(condition: Condition) -> bool:
    if isinstance(condition, All):
        return all(map(_on_day_0, condition.of))
    return isinstance(condition, Given) or (isinstance(condition, AnyOf) and any(map(_on_day_0, condition.of)))
