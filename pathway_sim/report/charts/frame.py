"""What stands around every chart: the words above and below, axes without ornaments, marks, and labels kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pathway_sim.report import style
from pathway_sim.report.charts.base import Captions
from pathway_sim.report.charts.ticks import Tick

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


FOOT = 0.36  # inches under the drawing
LARGEST = 1.4  # how many times larger the words around a page wider than a slide may be


@dataclass(frozen=True)
class Box:
    """A rectangle on the page in inches from its lower left corner."""

    left: float
    bottom: float
    right: float
    top: float


def new_figure(captions: Captions, least: float = 0.0, page: tuple[float, float] = style.SLIDE) -> tuple[Figure, Box]:
    """A page with its words, and the rectangle that they leave for the drawing: at least so many inches high."""
    from matplotlib.figure import Figure

    wide, usual = page
    scale = min(max(wide / style.SLIDE[0], 1.0), LARGEST)
    words = _heading(captions, (wide - 2 * style.MARGIN) / scale)
    used = scale * (sum(step for *_, step in words) + 0.26)
    high = max(usual, used + least + FOOT)
    figure = Figure(figsize=(wide, high), facecolor=style.BACKGROUND)
    y = high - scale * 0.34
    for text, size, colour, step in words:
        look = {"size": scale * size, "bold": colour == style.INK, "color": colour}
        style.put(figure, style.MARGIN / wide, y / high, text, **look)
        y -= scale * step
    small = scale * (style.SMALL - 0.5)
    footer = style.fit(captions.footer, wide - 2 * style.MARGIN, small)
    style.put(figure, style.MARGIN / wide, 0.14 / high, footer, size=small, color=style.QUIET)
    return figure, Box(style.MARGIN, FOOT, wide - style.MARGIN, high - used)


def _heading(captions: Captions, room: float) -> list[tuple[str, float, str, float]]:
    """Lines above the drawing: text, size, colour, and inches to the next one."""
    lines = []
    if captions.kicker:
        small = style.SMALL + 0.5
        lines.append((style.fit(captions.kicker, room, small), small, style.QUIET, 0.26))
    size, titles = _title(captions.title, room)
    lines += [(text, size, style.INK, 0.25) for text in titles]
    subtitles = style.wrap(captions.subtitle, room, style.NORMAL)
    return lines + [(text, style.NORMAL, style.QUIET, 0.17) for text in subtitles]


def _title(text: str, room: float) -> tuple[float, list[str]]:
    """The largest size in which a title goes into two lines, and those lines."""
    for size in style.TITLES:
        lines = style.wrap(text, room, size, bold=True)
        if not lines[-1].endswith("…"):
            break
    return size, lines


def bare_axes(figure: Figure, box: Box, x: tuple[float, float], y: tuple[float, float]) -> Axes:
    """Axes without ticks, spines or labels, in a rectangle given in inches."""
    wide, high = figure.get_size_inches()
    place = (box.left / wide, box.bottom / high, (box.right - box.left) / wide, (box.top - box.bottom) / high)
    axes = figure.add_axes(place)
    axes.set_axis_off()
    axes.set(xticks=[], yticks=[])
    axes.set_xlim(*x)
    axes.set_ylim(*y)
    return axes


def across(axes: Axes, inches: float) -> float:
    """A width in inches as a share of the width of the axes."""
    return inches / (axes.get_position().width * _page(axes).get_figwidth())


def upward(axes: Axes, inches: float) -> float:
    """A height in inches as a share of the height of the axes."""
    return inches / (axes.get_position().height * _page(axes).get_figheight())


def _page(axes: Axes) -> Figure:
    return cast("Figure", axes.figure)  # no chart has figures within figures


def value_grid(axes: Axes, ticks: Sequence[Tick], size: float = style.NORMAL - 0.5) -> None:
    """Horizontal lines at the ticks of a value axis, the one at 0 stronger, with labels on the left."""
    low, high = axes.get_xlim()
    colours = [style.RULE if tick.position == 0 else style.GRID for tick in ticks]
    axes.hlines([tick.position for tick in ticks], low, high, colors=colours, linewidths=0.8, zorder=1)
    x = -across(axes, 0.08)
    for tick in ticks:
        place = {"transform": axes.get_yaxis_transform(), "va": "center_baseline", "ha": "right"}
        style.put(axes, x, tick.position, tick.label, size=size, color=style.QUIET, **place)


def time_marks(axes: Axes, ticks: Sequence[Tick], top: bool = False) -> None:
    """Marks and labels of a time axis at the bottom or the top edge of the axes."""
    edge, sign = (1.0, 1.0) if top else (0.0, -1.0)
    mark = edge + sign * upward(axes, 0.05)
    across_data = axes.get_xaxis_transform()
    xs = [tick.position for tick in ticks]
    axes.vlines(xs, edge, mark, colors=style.RULE, linewidths=0.8, transform=across_data, clip_on=False)
    y = edge + sign * upward(axes, 0.09)
    colour = style.QUIET if top else style.INK
    for tick in ticks:
        place = {"transform": across_data, "va": "bottom" if top else "top", "ha": "center"}
        style.put(axes, tick.position, y, tick.label, size=style.NORMAL - (1 if top else 0.5), color=colour, **place)


def time_grid(axes: Axes, ticks: Sequence[Tick]) -> None:
    """Faint vertical lines at the ticks of a time axis."""
    xs = [tick.position for tick in ticks]
    axes.vlines(xs, 0, 1, colors=style.GRID, linewidths=0.6, transform=axes.get_xaxis_transform(), zorder=0.5)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions nearest to the wanted ones that are at least ``gap`` apart, in the same order, within the limits.

    Where they cannot all be so far apart, they share the room evenly.
    """
    if not wanted:
        return []
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    blocks: list[tuple[float, int]] = []  # sums and sizes: the pool-adjacent-violators rule
    for rank, index in enumerate(order):
        block = (wanted[index] - rank * gap, 1)
        while blocks and blocks[-1][0] / blocks[-1][1] >= block[0] / block[1]:
            previous = blocks.pop()
            block = (previous[0] + block[0], previous[1] + block[1])
        blocks.append(block)
    levels = [total / count for total, count in blocks for _ in range(count)]
    ceiling = max(low, high - (len(wanted) - 1) * gap)
    placed = [0.0] * len(wanted)
    for rank, index in enumerate(order):
        placed[index] = min(max(levels[rank], low), ceiling) + rank * gap
    return placed
