"""The map as Mermaid text, for pages that draw it themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pathway_sim.analysis.wording import words
from pathway_sim.report.map.graph import Edge, Node, PathwayMap
from pathway_sim.report.map.references import OVER
from pathway_sim.report.words import listed, plain, sentence

STYLES = {"if": "stroke-dasharray:7 4", "effect": "stroke-dasharray:2 3", "until": "stroke-dasharray:7 4 2 4"}
CLASSES = {
    "skippable": "stroke-dasharray:6 4",
    "off": "fill:#f5f5f5,stroke:#9a9a9a,stroke-dasharray:2 3,color:#595959",
    "milestone": "stroke-width:2px",
    "goal": "fill:#1a1a1a,stroke:#1a1a1a,color:#ffffff",
}
RUNS = {"always": "", "if": "skippable", "off": "off", "never": "off"}
NOTES = {"off": "off in this arm", "never": "cannot happen in this arm"}
_SAFE = re.compile(r"[^\w ,.:/+–-]")
_LIST = re.compile(r"^(\d+)([.)])|^([-+])(?= )")  # at the start of a label, Mermaid would read a list


def mermaid(drawn: PathwayMap) -> str:
    """A flowchart from left to right with a frame for each track; equal maps give equal text."""
    ids = _ids(drawn)
    lines = ["flowchart LR"]
    for track in drawn.tracks:
        lines.append(f'  subgraph track_{track}["{escaped(sentence(words(track)))}"]')
        lines += [f"    {_node(node, ids[node.id])}" for node in drawn.nodes if node.track == track]
        lines.append("  end")
    if any(node.begins for node in drawn.nodes):
        lines.append('  day_0(("day 0"))')
    lines += [f"  day_0 --> {ids[node.id]}" for node in drawn.nodes if node.begins]
    before = sum(node.begins for node in drawn.nodes)
    lines += [f"  {_edge(edge, ids)}" for edge in drawn.edges]
    for kind, look in STYLES.items():
        places = [str(before + k) for k, edge in enumerate(drawn.edges) if edge.kind == kind]
        lines += [f"  linkStyle {','.join(places)} {look}"] if places else []
    lines += _classes(drawn, ids)
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Text for a quoted label: what Mermaid could read as its own signs is written as character codes."""
    codes = _SAFE.sub(lambda found: f"#{ord(found[0])};", plain(text))
    return _LIST.sub(lambda found: f"{found[1] or ''}#{ord(found[2] or found[3])};", codes)


def _ids(drawn: PathwayMap) -> dict[str, str]:
    """Ids that are no words of Mermaid's own, and differ where names differ in a hyphen only."""
    ids: dict[str, str] = {}
    for node in drawn.nodes:
        prefix, name = ("m", node.id.removeprefix("milestone.")) if node.kind == "milestone" else ("s", node.id)
        wanted = f"{prefix}_{re.sub(r'[^a-z0-9]', '_', name)}"
        while wanted in ids.values():
            wanted += "x"
        ids[node.id] = wanted
    return ids


def _node(node: Node, name: str) -> str:
    text = "<br/>".join(map(escaped, _lines(node)))
    return f'{name}(["{text}"])' if node.kind == "milestone" else f'{name}["{text}"]'


def _lines(node: Node) -> Iterator[str]:
    """What stands in the box of a node: its title, how it runs, what ends the program there."""
    yield sentence(node.title)
    if node.join:
        yield {"all": "needs all", "any": "needs one of them", "mixed": node.waits}[node.join]
    if node.runs in NOTES:
        yield NOTES[node.runs]
    elif node.guard:
        yield f"only if {node.guard}"
    if node.visits > 1:
        yield f"up to {node.visits} visits"
    if ends := [words(outcome.name) for outcome in node.outcomes if outcome.ends]:
        yield f"ends the program: {listed(ends)}"


def _edge(edge: Edge, ids: dict[str, str]) -> str:
    label = words(edge.label) if edge.label != OVER else ""
    if edge.kind == "if":
        label = f"read by if: {label or OVER}"
    elif edge.kind == "effect":
        label = f"{label or OVER}: {', '.join(map(words, edge.effects))}"
    elif edge.kind == "until":
        label = f"until {label or OVER}"
    middle = f' -->|"{escaped(label)}"| ' if label else " --> "
    return f"{ids[edge.source]}{middle}{ids[edge.target]}"


def _classes(drawn: PathwayMap, ids: dict[str, str]) -> Iterator[str]:
    members: dict[str, list[str]] = {name: [] for name in CLASSES}
    for node in drawn.nodes:
        own = RUNS[node.runs] or ("goal" if node.goal else "milestone" if node.kind == "milestone" else "")
        if own:
            members[own].append(ids[node.id])
    for name, found in members.items():
        if found:
            yield f"  classDef {name} {CLASSES[name]}"
            yield f"  class {','.join(found)} {name}"
