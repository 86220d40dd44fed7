"""The words around a map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pathway_sim import __version__
from pathway_sim.analysis.wording import words
from pathway_sim.report.charts.base import Captions
from pathway_sim.report.map.graph import Node, PathwayMap
from pathway_sim.report.words import cut, listed, plain, sentence

if TYPE_CHECKING:
    from pathway_sim.scenario import Scenario

TITLE = "The pathway: what each stage waits for, and where a program can end"


def captions(drawn: PathwayMap, scenario: Scenario) -> Captions:
    """What stands above and below the map of an arm, and the map in words."""
    footer = [cut(plain(scenario.name), 60), f"arm {plain(drawn.arm)}", f"pathway-sim {__version__}"]
    return Captions(
        plain(scenario.title),
        TITLE,
        _subtitle(drawn),
        " · ".join([*footer, f"as of {scenario.as_of}"]),
        f"Map of a pathway. {_subtitle(drawn)} {' '.join(_told(drawn))}",
    )


def _subtitle(drawn: PathwayMap) -> str:
    """Which arm, and how much of what is drawn."""
    arm = f"Arm {words(drawn.arm)}"
    title = f" ({plain(drawn.title)})" if plain(drawn.title).lower() != words(drawn.arm).lower() else ""
    acting = {name for node in drawn.nodes for name in node.effects}
    ends = sum(outcome.ends for node in drawn.nodes for outcome in node.outcomes)
    counts = [
        _count(len(drawn.stages), "stage"),
        f"{_count(ends, 'outcome')} that end{'s' if ends == 1 else ''} the program",
        _count(len(drawn.nodes) - len(drawn.stages), "milestone"),
    ]
    counts += [_count(len(acting), "effect")] if acting else []
    idle = f" Not drawn: {_count(len(drawn.idle), 'effect')} set to change nothing." if drawn.idle else ""
    return f"{arm}{title}: {listed(counts)}.{idle}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _told(drawn: PathwayMap) -> Iterator[str]:
    """A sentence for each node."""
    for node in drawn.nodes:
        ends = [words(outcome.name) for outcome in node.outcomes if outcome.ends]
        facts = [
            f"after {node.waits}",
            f"only if {node.guard}" if node.guard else "",
            {"off": "off in this arm", "never": "cannot happen in this arm"}.get(node.runs, ""),
            f"acted on by {listed([words(name) for name in node.effects])}" if node.effects else "",
            f"ends the program if {' or '.join(ends)}" if ends else "",
        ]
        yield f"{_name(node)}: {'; '.join(fact for fact in facts if fact)}."


def _name(node: Node) -> str:
    return sentence(plain(node.title)) + (" (milestone)" if node.kind == "milestone" else "")
