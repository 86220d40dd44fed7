"""The map of a pathway, drawn from its steps: what each stage waits for, and where the program ends."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pathway_sim.errors import UsageError
from pathway_sim.report.map.captions import captions
from pathway_sim.report.map.graph import Edge, Node, Outcome, PathwayMap, pathway_map
from pathway_sim.report.map.mermaid import mermaid

if TYPE_CHECKING:
    from pathway_sim.scenario import Scenario

__all__ = ["Edge", "Node", "Outcome", "PathwayMap", "as_json", "mermaid", "pathway_map", "render", "rows", "save"]

KINDS = ("svg", "png", "pdf", "mmd")


def as_json(drawn: PathwayMap) -> dict[str, Any]:
    """The graph as plain data: ``{"arm", "title", "nodes", "edges", "idle"}``."""
    return asdict(drawn)


def rows(drawn: PathwayMap) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The edges as columns and rows of text."""
    columns = ("source", "target", "kind", "label", "effects")
    return columns, tuple((e.source, e.target, e.kind, e.label, " ".join(e.effects)) for e in drawn.edges)


def render(scenario: Scenario, arm: str, kind: str = "svg") -> bytes:
    """The map of an arm as the bytes of an ``svg``, ``png``, ``pdf`` or ``mmd`` (Mermaid) file.

    Raises
    ------
    UsageError
        If the kind is another one.
    """
    drawn = pathway_map(scenario.pathways[arm])
    if kind == "mmd":
        return mermaid(drawn).encode()
    if kind not in KINDS:
        raise UsageError(f'cannot write a map as "{kind}"; choose .svg, .png, .pdf or .mmd')
    from pathway_sim.report import save_figure
    from pathway_sim.report.map.figure import figure

    words = captions(drawn, scenario)
    return save_figure.render(figure(drawn, words), kind, title=words.title, alt=words.alt)


def save(scenario: Scenario, arm: str, path: Path) -> None:
    """Write the map of an arm; the suffix of the path says in which format.

    Raises
    ------
    UsageError
        If the suffix is not one of those of `render`.
    StorageError
        If the file cannot be written.
    """
    from pathway_sim.report.save_figure import write_bytes

    write_bytes(path, render(scenario, arm, path.suffix.lower().removeprefix(".")))
