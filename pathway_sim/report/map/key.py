"""What the signs of a map mean: one or more lines of words above it, with only the signs that occur."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pathway_sim.report import style
from pathway_sim.report.charts import frame
from pathway_sim.report.charts.frame import Box
from pathway_sim.report.map.graph import Node, PathwayMap
from pathway_sim.report.map.look import LINES, box_look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW = 0.23  # inches from line to line
SIZE = style.SMALL + 0.5
ROOM, LITTLE = 0.36, 0.14  # inches for a sign
WORDS = {
    "begins": "ready on day 0",
    "after": "waits for",
    "if": "read when ready: run or skip",
    "effect": "named effect",
    "until": "ends a milestone",
    "may be skipped": "may be skipped",
    "off": "off in this arm",
    "ends": "ends the program",
    "milestone": "milestone",
    "goal": "the goal",
}


@dataclass(frozen=True)
class Sign:
    """A sign of the key: its name, and where it stands in inches from the left and in lines from the top."""

    name: str
    x: float
    line: int


def signs(drawn: PathwayMap, room: float) -> tuple[Sign, ...]:
    """The signs that occur in a map, as many on a line as fit."""
    found: list[Sign] = []
    x, line = 0.0, 0
    for name in (name for name in WORDS if _occurs(drawn, name)):
        needed = room_of(name) + style.width(WORDS[name], SIZE)
        if x and x + needed > room:
            x, line = 0.0, line + 1
        found.append(Sign(name, x, line))
        x += needed + 0.24
    return tuple(found)


def room_of(name: str) -> float:
    """Inches for a sign."""
    return LITTLE if name in ("begins", "ends") else ROOM


def height(found: tuple[Sign, ...]) -> float:
    """Inches that the key takes, with the gap below it."""
    return ROW * (found[-1].line + 1) + 0.1 if found else 0.0


def _occurs(drawn: PathwayMap, name: str) -> bool:
    if name in LINES:
        return any(edge.kind == name for edge in drawn.edges)
    tests = {
        "begins": lambda node: node.begins,
        "may be skipped": lambda node: node.runs == "if",
        "off": lambda node: node.runs in ("off", "never"),
        "ends": lambda node: any(outcome.ends for outcome in node.outcomes),
        "milestone": lambda node: node.kind == "milestone" and not node.goal,
        "goal": lambda node: node.goal,
    }
    return any(map(tests[name], drawn.nodes))


def draw(page: Figure, box: Box, found: tuple[Sign, ...]) -> None:
    """Write the key at the top of a rectangle."""
    if not found:
        return
    high = ROW * (found[-1].line + 1)
    room = Box(box.left, box.top - high, box.right, box.top)
    axes = frame.bare_axes(page, room, (0, room.right - room.left), (-high, 0))
    for sign in found:
        y = -ROW * (sign.line + 0.5)
        _sign(axes, sign, y)
        style.put(
            axes, sign.x + room_of(sign.name), y, WORDS[sign.name], size=SIZE, color=style.QUIET, va="center_baseline"
        )


def _sign(axes: Axes, sign: Sign, y: float) -> None:
    x, name = sign.x, sign.name
    if name in LINES:
        axes.plot([x, x + 0.27], [y, y], clip_on=False, **LINES[name])
        axes.plot([x + 0.27], [y], ">", color=LINES[name]["color"], markersize=4.5, markeredgewidth=0, clip_on=False)
    elif name in ("begins", "ends"):
        marker = "o" if name == "begins" else "s"
        axes.plot([x + 0.05], [y], marker, color=style.INK, markersize=6, markeredgewidth=0, clip_on=False)
    else:
        _little_box(axes, name, x, y)


def _little_box(axes: Axes, name: str, x: float, y: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    runs: Any = {"may be skipped": "if", "off": "off"}.get(name, "always")
    kind: Any = "milestone" if name in ("milestone", "goal") else "stage"
    look = box_look(Node("", "", "", kind, runs, "", "", goal=name == "goal"))
    round_ = 0.06 if kind == "milestone" else 0.02
    shape = f"round,pad=0,rounding_size={round_}"
    axes.add_patch(FancyBboxPatch((x, y - 0.065), 0.28, 0.13, boxstyle=shape, clip_on=False, **look.patch))
