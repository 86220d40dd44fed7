"""What the numbers of a scenario rest on: evidence, regulations, assumptions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pathway_sim import agencies
from pathway_sim.document import Mapping, Node, Sequence, find, plain
from pathway_sim.evidence import is_verified
from pathway_sim.scenario.load import Scenario
from pathway_sim.stages import Stage

CITING = ("evidence", "regulation", "assumption")


@dataclass(frozen=True)
class Cited:
    """One number of a scenario with its sources.

    Attributes
    ----------
    path : str
        Where it stands in the file; of a number that is left to an agency's rule, where it would stand.
    rule : str
        The agency's rule that it is taken from, if any; its sources are then those of the rule.
    """

    path: str
    evidence: tuple[str, ...] = ()
    regulation: str = ""
    assumption: str = ""
    joined: str = ""
    rule: str = ""

    @property
    def verified(self) -> bool:
        """Whether it rests on a law, regulation or guidance, or on a figure that was read in its source."""
        return bool(self.regulation) or any(is_verified(each) for each in self.evidence)


def inputs(scenario: Scenario, arms: Iterable[str]) -> dict[str, int]:
    """How many numbers act in these arms, and how many of them are not verified.

    A number is a value of the file that names a source (`evidence`, `regulation`, `assumption`), or one of a stage that
    names none, or one that is left to an agency's rule. It acts in an arm if its stage is enabled and not over at the
    start, or its effect is enabled and bound to such a stage, or it belongs to the pace. A number that arms state alike
    counts once. It is verified if it names a law, regulation or guidance, or at least one figure that was read in its
    source: all else is not.
    """
    found = numbers(scenario, arms)
    return {"numbers": len(found), "unverified": sum(not number.verified for number in found)}


def numbers(scenario: Scenario, arms: Iterable[str]) -> tuple[Cited, ...]:
    """The numbers that act in these arms, in the order of the file, each once."""
    found: dict[tuple[str, str], Cited] = {}
    for arm in arms:
        for number, stated in _of_arm(scenario, arm):
            found.setdefault((number.path, stated), number)
    return tuple(found.values())


def _of_arm(scenario: Scenario, arm: str) -> Iterator[tuple[Cited, str]]:
    """The numbers of one arm, each with all that is said of it."""
    document, pathway = scenario.documents[arm], scenario.pathways[arm]
    stages = {name: stage for name, stage in scenario.parts[arm].stages.items() if stage is not None and stage.enabled}
    targets: defaultdict[str, set[str]] = defaultdict(set)
    bound: set[str] = set()
    for step in pathway.steps:
        if step.stage in stages:
            targets[step.stage] |= step.inputs.keys()
            bound |= {effect.name for value in step.inputs.values() for effect in value.effects}
    for name, stage in stages.items():
        if name in targets:
            yield from _of_stage(scenario, document, name, stage, targets[name])
    for name in scenario.parts[arm].effects:
        if name in bound:
            yield from _below(scenario, find(document, ("effects", name)), "effects", name)
    yield from _below(scenario, find(document, ("pace",)), "pace")


def _of_stage(
    scenario: Scenario, document: Mapping, name: str, stage: Stage, targets: set[str]
) -> Iterator[tuple[Cited, str]]:
    """The numbers of a stage: those with a source, those that stand there without one, and those left to the agency."""
    sourced = list(_below(scenario, find(document, ("stages", name)), "stages", name))
    yield from sourced
    for path in sorted(f"stages.{name}.{target}" for target in targets):
        node = find(document, path.split("."))
        # A source speaks for the number, for a part of it, or for a whole that it belongs to.
        spoken = any(f"{path}.".startswith(f"{n.path}.") or f"{n.path}.".startswith(f"{path}.") for n, _ in sourced)
        if node is not None and not spoken:
            yield Cited(path), repr(plain(node))
    for path, rule in stage.rules().items():
        if path in targets and stage.given(path) is None:
            full = f"{stage.agency}.{rule}"
            yield ruled(scenario, full, f"stages.{name}.{path}"), full


def _below(scenario: Scenario, node: Node | None, *path: str) -> Iterator[tuple[Cited, str]]:
    """Every number with a source below a node."""
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _below(scenario, item, *path, str(index))
    elif isinstance(node, Mapping):
        place = ".".join(path)
        if "rule" in node.entries:
            yield ruled(scenario, str(plain(node.entries["rule"])), place), repr(plain(node))
        elif node.entries.keys() & set(CITING):
            yield cited(plain(node), place), repr(plain(node))
        for name, inner in node.entries.items():
            yield from _below(scenario, inner, *path, name)


def cited(data: Any, path: str, rule: str = "") -> Cited:
    """The sources that a number's plain data name."""
    named = data.get("evidence", ())
    texts = {name: str(data.get(name, "")) for name in ("regulation", "assumption", "joined")}
    return Cited(path, (named,) if isinstance(named, str) else tuple(named), **texts, rule=rule)


def ruled(scenario: Scenario, rule: str, path: str) -> Cited:
    """A number that is taken from an agency's rule, with the sources of the rule as it is on day 0."""
    return cited(agencies.rule(rule).on(scenario.as_of).number, path, rule)
