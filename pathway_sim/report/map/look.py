"""What lines and boxes of a map look like: told apart by dashes, borders and shapes, by colour only besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pathway_sim.report import style
from pathway_sim.report.map.graph import Node

COLOURS = {
    "clinical": "#0072B2",
    "cmc": "#D55E00",
    "designation": "#009E73",
    "review": "#CC79A7",
    "access": "#56B4E9",
}
"""Of the tracks; Okabe and Ito (2008)."""
LINES: dict[str, dict[str, Any]] = {
    "after": {"color": "#333333", "linewidth": 1.1},
    "if": {"color": "#333333", "linewidth": 1.1, "dashes": (4.5, 2.2)},
    "effect": {"color": style.readable("#009E73"), "linewidth": 1.3, "dashes": (1.1, 1.3)},
    "until": {"color": style.QUIET, "linewidth": 1.1, "dashes": (6, 1.6, 1.4, 1.6)},
}
OFF = "#767676"


@dataclass(frozen=True)
class BoxLook:
    """The look of a box: matplotlib's words for its patch, and the colour of its text."""

    patch: dict[str, Any]
    ink: str


def box_look(node: Node) -> BoxLook:
    """The look of a node by what it is and whether it runs."""
    if node.runs in ("off", "never"):
        patch = {"facecolor": style.STRIPE, "edgecolor": OFF, "linewidth": 1.0, "linestyle": (0, (1.2, 1.6))}
        return BoxLook(patch, style.QUIET)
    if node.goal:
        return BoxLook({"facecolor": style.INK, "edgecolor": style.INK, "linewidth": 1.2}, style.BACKGROUND)
    dashes = (0, (4, 2)) if node.runs == "if" else "-"
    patch = {"facecolor": style.BACKGROUND, "edgecolor": style.INK, "linewidth": 1.1, "linestyle": dashes}
    return BoxLook(patch, style.INK)
