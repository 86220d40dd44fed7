"""The drawing of the availability chart: data to figure, with matplotlib and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pathway_sim.report import style
from pathway_sim.report.charts import frame
from pathway_sim.report.charts.frame import Box

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pathway_sim.report.charts.availability import AvailabilityData, Line, Median

LABELS = 2.6  # inches at most for the words at the ends of the lines
DIFFERENCE = 1.05  # inches for the difference panel
PITCH = 0.15  # inches from name to name where many lines end; more than a slide holds make the page higher
SAMPLE = 0.34  # inches of line before its label


def figure(data: AvailabilityData) -> Figure:
    """The picture of the data."""
    with style.context():
        page, box = frame.new_figure(data.captions, 1.2 + PITCH * len(data.curves))
        many = len(data.curves) > len(style.HATCHES) + 1
        size = style.NORMAL if not many else style.SMALL
        left, right, bottom = box.left + 0.5, box.right - _column(data, size), box.bottom + 0.32
        split = bottom + (DIFFERENCE + 0.3 if data.differences else 0)
        top = data.shares[-1].position
        main = frame.bare_axes(page, Box(left, split, right, box.top - 0.3), (0, data.horizon), (0, top))
        lowest = main
        _curves(main, data, many)
        if data.differences:
            limits = _limits(data)
            lowest = frame.bare_axes(page, Box(left, bottom, right, bottom + DIFFERENCE), (0, data.horizon), limits)
            _differences(lowest, data)
        frame.time_marks(main, data.elapsed, top=True)
        frame.time_marks(lowest, data.dates)
    return page


def _column(data: AvailabilityData, size: float) -> float:
    """Width of the column of words at the ends of the lines."""
    lines = (*data.curves, *data.differences)
    words = [text for line in lines for text in (_named(line.name, line.number), line.remark)]
    return min(LABELS, max(style.width(text, size, True) for text in words) + SAMPLE + 0.25)


def _named(name: str, number: str) -> str:
    return f"{name}: {number}" if name else number


def _curves(axes: Axes, data: AvailabilityData, many: bool) -> None:
    frame.time_grid(axes, data.dates)
    frame.value_grid(axes, data.shares)
    for index, line in enumerate(data.curves):
        _plot(axes, line, index, f"availability-curve-{index}", 1.1 if many else 1.9)
    for row, note in enumerate(data.notes):
        place = {"transform": axes.transAxes, "ha": "center", "va": "center"}
        height = 0.55 - row * frame.upward(axes, 0.24)
        style.put(axes, 0.5, height, note, size=style.NORMAL + (1 if row == 0 else 0), color=style.QUIET, **place)
    _end_labels(axes, data.curves, style.SMALL if many else style.NORMAL, list(range(len(data.curves))))
    _medians(axes, data)


def _plot(axes: Axes, line: Line, index: int, gid: str, thickness: float) -> None:
    colour = style.arm_colour(index)
    if line.low.size:
        band = axes.fill_between(line.days, line.low, line.high, color=colour, alpha=0.16, linewidth=0)
        band.set_gid(gid + "-band")
    (curve,) = axes.plot(
        line.days,
        line.values,
        color=colour,
        linestyle=style.arm_dashes(index),
        linewidth=thickness,
        zorder=3,
    )
    curve.set_gid(gid)


def _end_labels(axes: Axes, lines: Sequence[Line], size: float, styles: Sequence[int]) -> None:
    """A sample of each line and its words, at the height of its end where there is room."""
    low, high = axes.get_ylim()
    ends = [(float(line.values[-1]) - low) / (high - low) for line in lines]
    gap = frame.upward(axes, size * 1.35 * (2 if any(line.remark for line in lines) else 1) / 72)
    heights = frame.spread(ends, gap, gap / 4, 1.0)
    for line, end, y, index in zip(lines, ends, heights, styles, strict=True):
        begin, stop = 1 + frame.across(axes, 0.1), 1 + frame.across(axes, 0.1 + SAMPLE - 0.08)
        sample: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False, "color": style.arm_colour(index)}
        axes.plot([1, begin], [end, y], linewidth=0.6, **sample)
        axes.plot([begin, stop], [y, y], linewidth=1.5, linestyle=style.arm_dashes(index), **sample)
        _end_text(axes, line, y, size, index)


def _end_text(axes: Axes, line: Line, y: float, size: float, index: int) -> None:
    """The name, cut if need be, and the whole number; the remark below."""
    bold, room = index == 0, LABELS - SAMPLE - 0.2
    place = {"transform": axes.transAxes, "va": "center_baseline", "color": style.readable(style.arm_colour(index))}
    x = 1 + frame.across(axes, 0.1 + SAMPLE)
    name = style.fit(line.name, room - style.width(f": {line.number}", size, bold), size, bold)
    lift = frame.upward(axes, 0.075) if line.remark else 0.0
    style.put(axes, x, y + lift, _named(name, line.number), size=size, bold=bold, **place)
    if line.remark:
        style.put(axes, x, y - lift, style.fit(line.remark, room, size - 1), size=size - 1, **place)


def _medians(axes: Axes, data: AvailabilityData) -> None:
    """A dot where half of those that arrive have arrived; the earliest and the latest have words."""
    if not data.medians:
        return
    ordered = sorted(data.medians, key=lambda m: (m.days, -m.share))
    for median in data.medians:
        colour = style.arm_colour(median.index)
        (dot,) = axes.plot([median.days], [median.share], "o", color=colour, markersize=5.5, zorder=4)
        dot.set_gid(f"availability-median-{median.index}")
    if len(ordered) > 1:
        _median_words(axes, ordered[0], (-1,))
    _median_words(axes, ordered[-1], (1,) if len(ordered) > 1 else (1, -1))


def _median_words(axes: Axes, median: Median, sides: Sequence[int]) -> None:
    """The date beside a dot, on the first of these sides (1 is right) that has room for it."""
    (low, high), (_, top) = axes.get_xlim(), axes.get_ylim()
    inch = frame.across(axes, 1.0) * (high - low)
    size = style.SMALL + 0.5
    needed = (style.width(median.label, size) + 0.1) * inch
    for side in sides:
        if needed <= (high - median.days if side > 0 else median.days - low):
            below = side > 0 and median.share > 0.12 * top
            place = {"ha": "left" if side > 0 else "right", "va": "top" if below else "bottom"}
            style.put(axes, median.days + side * 0.1 * inch, median.share, median.label, size=size, **place)
            return


def _limits(data: AvailabilityData) -> tuple[float, float]:
    """Of the difference panel: its ticks, and all that is drawn."""
    values = [float(v) for line in data.differences for end in (line.values, line.low, line.high) for v in end]
    return min(data.points[0].position, *values), max(data.points[-1].position, *values)


def _differences(axes: Axes, data: AvailabilityData) -> None:
    frame.time_grid(axes, data.dates)
    frame.value_grid(axes, data.points, style.SMALL)
    styles = [[curve.arm for curve in data.curves].index(line.arm) for line in data.differences]
    for index, line in zip(styles, data.differences, strict=True):
        _plot(axes, line, index, f"availability-difference-{index}", 1.5)
    _end_labels(axes, data.differences, style.NORMAL - 0.5, styles)
    several = len(data.differences) > 1
    names = f"each arm − {data.curves[0].name}" if several else data.differences[0].label
    heading = style.fit(
        f"Difference in percentage points: {names}. Shaded: 95 % simulation error", 6.5, style.SMALL + 0.5
    )
    place = {"transform": axes.transAxes, "va": "bottom", "color": style.INK}
    style.put(axes, 0, 1 + frame.upward(axes, 0.05), heading, size=style.SMALL + 0.5, **place)
