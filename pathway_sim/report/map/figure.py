"""The drawing of a map: layout to figure, with matplotlib and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pathway_sim.analysis.wording import words
from pathway_sim.report import style
from pathway_sim.report.charts import frame
from pathway_sim.report.charts.base import Captions
from pathway_sim.report.charts.frame import Box
from pathway_sim.report.map import key
from pathway_sim.report.map.boxes import PAD, TEXT, TITLE, TITLE_LINE
from pathway_sim.report.map.graph import PathwayMap
from pathway_sim.report.map.layout import Layout, Placed, Wire, layout
from pathway_sim.report.map.look import COLOURS, LINES, box_look
from pathway_sim.report.words import sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAND = 0.3  # inches on the left for the names of the tracks


def figure(drawn: PathwayMap, captions: Captions) -> Figure:
    """The picture of a map. It is as wide and as high as the pathway needs, and at least as wide as a slide."""
    with style.context():
        room = style.SLIDE[0] - 2 * style.MARGIN - BAND
        placed = layout(drawn, room)
        wide = max(room, placed.width) + 2 * style.MARGIN + BAND
        signs = key.signs(drawn, wide - 2 * style.MARGIN)
        above = key.height(signs)
        page, box = frame.new_figure(captions, above + placed.height + 0.1, (wide, 0.0))
        key.draw(page, box, signs)
        top = box.top - above
        place = Box(box.left, top - placed.height, box.right, top)
        axes = frame.bare_axes(page, place, (-BAND, box.right - box.left - BAND), (0.0, placed.height))
        _lanes(axes, placed)
        for wire in sorted(placed.wires, key=lambda wire: wire.edge.kind != "effect"):
            _wire(axes, wire)
        _joints(axes, placed)
        for each in placed.boxes.values():
            _box(axes, each)
    return page


def _lanes(axes: Axes, placed: Layout) -> None:
    """A shade for every second track, and its name upright on the left."""
    low, high = axes.get_xlim()
    for k, (track, top, bottom) in enumerate(placed.lanes):
        shade = style.STRIPE if k % 2 == 0 else style.BACKGROUND
        axes.barh([(top + bottom) / 2], [high - low], top - bottom, left=[low], color=shade, zorder=0)
        axes.hlines([bottom], low, high, colors=style.GRID, linewidths=0.8, zorder=0.5, clip_on=False)
        axes.barh([(top + bottom) / 2], [0.05], top - bottom, left=[low], color=COLOURS[track], zorder=0.6)
        name = style.fit(sentence(words(track)), top - bottom - 0.05, style.NORMAL, True)
        colour = style.readable(COLOURS[track])
        place: dict[str, Any] = {"rotation": 90, "ha": "center", "va": "center", "rotation_mode": "anchor"}
        style.put(axes, low + 0.17, (top + bottom) / 2, name, bold=True, color=colour, **place)


def _wire(axes: Axes, wire: Wire) -> None:
    """A line with a white edge, so that crossings read as bridges, and an arrowhead."""
    look = LINES[wire.edge.kind]
    xs, ys = zip(*wire.points, strict=True)
    (line,) = axes.plot(xs, ys, **look, zorder=2, solid_joinstyle="round", solid_capstyle="butt")
    line.set_gid(f"map-edge-{wire.edge.kind}")
    (x, y), before = wire.points[-1], wire.points[-2]
    marker = ">" if before[0] < x else "^"
    shift = (-0.035, 0.0) if marker == ">" else (0.0, -0.035)
    axes.plot([x + shift[0]], [y + shift[1]], marker, color=look["color"], markersize=5, markeredgewidth=0, zorder=4)


def _joints(axes: Axes, placed: Layout) -> None:
    """A dot where a line splits: lines that only cross have none."""
    found = set()
    for wire in placed.wires:
        for other in placed.wires:
            if other.net == wire.net and other.edge != wire.edge:
                corners = {point for point in other.points[1:-1] if _inside(point, wire)}
                found |= {(*point, wire.edge.kind) for point in corners}
    for x, y, kind in sorted(found):
        axes.plot([x], [y], "o", color=LINES[kind]["color"], markersize=3.2, markeredgewidth=0, zorder=3)


def _inside(point: tuple[float, float], wire: Wire) -> bool:
    """Whether a point lies within a straight part of a line, and is no end of it."""
    x, y = point
    for (x0, y0), (x1, y1) in zip(wire.points, wire.points[1:], strict=False):
        if abs(y0 - y1) < 1e-9 and abs(y - y0) < 1e-9 and min(x0, x1) + 1e-6 < x < max(x0, x1) - 1e-6:
            return True
        if abs(x0 - x1) < 1e-9 and abs(x - x0) < 1e-9 and min(y0, y1) + 1e-6 < y < max(y0, y1) - 1e-6:
            return True
    return False


def _box(axes: Axes, placed: Placed) -> None:
    """Border, title, and the lines below the title."""
    from matplotlib.patches import FancyBboxPatch

    content, node = placed.content, placed.content.node
    look = box_look(node)
    high, round_ = placed.top - placed.bottom, min(0.16, (placed.top - placed.bottom) / 2 - 0.01)
    shape = f"round,pad=0,rounding_size={round_ if node.kind == 'milestone' else 0.03:.4f}"
    patch = FancyBboxPatch((placed.left, placed.bottom), placed.right - placed.left, high, boxstyle=shape, **look.patch)
    patch.set(zorder=3.5, gid=f"map-{node.kind}-{node.id}")
    axes.add_patch(patch)
    if node.begins:
        y = placed.y + content.first_entry
        axes.plot([placed.left], [y], "o", color=style.INK, markersize=6.5, markeredgewidth=0, zorder=5)
    count = len(content.title)
    for k, text in enumerate(content.title):
        y = placed.y + TITLE_LINE * ((count - 1) / 2 - k)
        style.put(
            axes, placed.left + PAD, y, text, size=TITLE, bold=True, color=look.ink, va="center_baseline", zorder=5
        )
    for line in content.lines:
        _line(axes, placed, line.text, line.look, placed.y + line.y, look.ink)


def _line(axes: Axes, placed: Placed, text: str, kind: str, y: float, ink: str) -> None:
    """A line of a box: outcomes stand on the right, where their edges leave; effects are marked as their edges are."""
    place: dict[str, Any] = {"size": TEXT, "va": "center_baseline", "zorder": 5}
    if kind == "note":
        quiet = style.QUIET if ink == style.INK else ink
        style.put(axes, placed.left + PAD, y, text, color=quiet, **place)
    elif kind in ("effect", "more"):
        colour = LINES["effect"]["color"]
        if kind == "effect":
            axes.plot([placed.left + PAD + 0.02], [y], "^", color=colour, markersize=3.4, markeredgewidth=0, zorder=5)
        style.put(axes, placed.left + PAD + 0.1, y, text, color=colour, **place)
    else:
        style.put(axes, placed.right - PAD, y, text, color=ink, ha="right", **place)
        if kind == "end":
            axes.plot([placed.right], [y], "s", color=style.INK, markersize=5.5, markeredgewidth=0, zorder=5)
