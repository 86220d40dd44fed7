"""What is written in the box of a node, and how large that makes it; inches, upwards from the title's middle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pathway_sim.analysis.wording import words
from pathway_sim.report import style
from pathway_sim.report.map.graph import Edge, Node
from pathway_sim.report.map.references import OVER
from pathway_sim.report.words import sentence

TITLE, TEXT = 9.5, 8.0  # points
LINE, TITLE_LINE = 0.143, 0.165  # inches from line to line
PAD = 0.07  # inches between the border and what stands in a box
NARROW, WIDE = 0.72, 1.3  # inches that text in a box may take
SIGN, MARK = 0.06, 0.1  # inches beside an outcome for its square, and before an effect for its mark
EPSILON = 1e-6  # inches by which sums of widths may be off
ENTRY = 0.12  # inches from one arrowhead to the next


@dataclass(frozen=True)
class Line:
    """A line of text below the title: its look, the outcome that it stands for, its height above the title's middle."""

    text: str
    look: Literal["note", "outcome", "end", "effect", "more"]
    fact: str = ""
    y: float = 0.0


@dataclass(frozen=True)
class Content:
    """All that a box holds. `ports` are the heights at which edges leave, by the fact that they stand for;
    `first_entry` is the height of the uppermost thing on the left: the mark of day 0, or an arrowhead.
    """

    node: Node
    title: tuple[str, ...]
    lines: tuple[Line, ...]
    ports: Mapping[str, float]
    width: float
    above: float
    below: float
    first_entry: float


def room_for(node: Node, leaving: Sequence[Edge]) -> float:
    """Inches that the text of a box needs at least: its title in few lines, each outcome and word in one."""
    name = sentence(node.title)
    whole = style.width(name, TITLE, True)
    most = 1 if whole <= NARROW else 2 if whole <= 2 * WIDE - 0.4 else 3
    title = [style.width(line, TITLE, True) for line in lines_of(name, most)]
    outcomes = [style.width(words(name), TEXT) + SIGN for name, _ in _outcomes(node, leaving)]
    effects = [style.width(part, TEXT) + MARK for name in node.effects for part in words(name).split(" ")]
    return min(max([NARROW, *title, *outcomes, *effects]), WIDE) + EPSILON


def content(node: Node, leaving: Sequence[Edge], entering: int, room: float) -> Content:
    """The content of a box, given the edges that leave it, how many arrive on its left, and inches for its text."""
    name = sentence(node.title)
    title = lines_of(name, len(style.wrap(name, room, TITLE, True, most=3)))
    first_entry = (entering + node.begins - 1) * ENTRY / 2
    half = max(len(title) * TITLE_LINE / 2, first_entry)
    outcomes = _outcomes(node, leaving)
    blocks = (
        [Line(part, "note") for part in style.wrap(_note(node), room, TEXT, most=3)] if _note(node) else [],
        [
            Line(style.fit(words(name), room - SIGN, TEXT), "end" if ends else "outcome", name)
            for name, ends in outcomes
        ],
        [line for name in node.effects for line in _effect(name, room)],
    )
    lines, y = [], -half - 0.085
    for block in blocks:
        lines += [replace(line, y=y - k * LINE) for k, line in enumerate(block)]
        y -= LINE * len(block) + (0.03 if block else 0.0)
    ports = {line.fact: line.y for line in lines if line.fact}
    below = -lines[-1].y + LINE / 2 + 0.03 if lines else half + PAD
    return Content(
        node,
        tuple(title),
        tuple(lines),
        {edge.label: ports.get(edge.label, 0.0) for edge in leaving},
        room + 2 * PAD,
        half + PAD,
        below,
        first_entry,
    )


def _effect(name: str, room: float) -> list[Line]:
    first, *more = style.wrap(words(name), room - MARK, TEXT, most=3)
    return [Line(first, "effect"), *(Line(text, "more") for text in more)]


def _note(node: Node) -> str:
    """What a reader must know of how the node runs."""
    runs = {"off": "off in this arm", "never": "cannot happen in this arm", "if": "may be skipped", "always": ""}
    joins = {"": "", "all": "needs all", "any": "needs one", "mixed": "needs some"}
    visits = f"up to {node.visits} visits" if node.visits > 1 else ""
    return ", ".join(text for text in (runs[node.runs], joins[node.join], visits) if text)


def _outcomes(node: Node, leaving: Sequence[Edge]) -> list[tuple[str, bool]]:
    """The rows of a box: facts that others read; if the stage runs and can end in several ways, those too."""
    labels = {edge.label for edge in leaving}
    runs = node.runs in ("always", "if")
    own = [(outcome.name, outcome.ends) for outcome in node.outcomes if runs or outcome.name in labels]
    known = {OVER, *(name for name, _ in own)}
    read = [(label, False) for label in dict.fromkeys(edge.label for edge in leaving) if label not in known]
    return read if len(node.outcomes) == 1 and not node.outcomes[0].ends else read + own


def lines_of(title: str, most: int) -> list[str]:
    """A title in the narrowest column in which it takes so many lines at most."""
    parts = title.split(" ")
    ends = range(len(parts) + 1)
    rooms = {style.width(" ".join(parts[i:j]), TITLE, True) + EPSILON for j in ends for i in range(j)}
    for room in sorted(room for room in rooms if room <= WIDE + EPSILON):
        lines = style.wrap(title, room, TITLE, True, most)
        if not any(line.endswith("…") for line in lines):
            return lines
    return style.wrap(title, WIDE, TITLE, True, most=3)
