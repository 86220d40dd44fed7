"""The drawing of the timeline: data to figure, with matplotlib and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pathway_sim.report import style
from pathway_sim.report.charts import frame
from pathway_sim.report.charts.frame import Box

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from pathway_sim.report.charts.timeline import Arrival, TimelineData

LABELS = 2.4  # inches at most for the names of the stages
PITCH = (0.19, 0.19, 0.215)  # inches at least from row to row, by arms; many rows make the page higher than a slide
FILLED = 0.78  # of a row's height: its bars
KEY = 0.23  # inches for a line of the key
SIGN = {"certain": 0.2, "open": 0.2}  # inches before the words of the key; bars and whiskers take more
BAR_TINT = (0.72, 0.5, 0.6)  # how far towards white the bars of an arm are


def figure(data: TimelineData) -> Figure:
    """The picture of the data."""
    with style.context():
        goal = _goal_height(data)
        key = _key(data)
        above = KEY * (key[-1][1] + 1) if key else 0.0
        page, box = frame.new_figure(data.captions, above + 0.6 + PITCH[len(data.arms) - 1] * (len(data.stages) + goal))
        _draw_key(page, box, key)
        left = box.left + _names_width(data) + 0.12
        place = Box(left, box.bottom + 0.3, box.right, box.top - above - 0.3)
        axes = frame.bare_axes(page, place, data.span, (-len(data.stages) - goal + 0.5, 0.5))
        _ground(axes, data)
        for arm in range(len(data.arms)):
            _bars(axes, data, arm)
        _names(axes, data, goal)
        _arrivals(axes, data, goal)
        frame.time_marks(axes, data.dates)
        frame.time_marks(axes, data.elapsed, top=True)
    return page


def _names_width(data: TimelineData) -> float:
    """Inches for the longest name with its note."""
    if data.notes:
        return 0.0
    widths = [style.width(row.label) + _note_width(row.note) for row in data.stages]
    return min(LABELS, max([style.width(data.goal, style.NORMAL, True), *widths]))


def _note_width(note: str) -> float:
    return style.width(note, style.SMALL) + 0.1 if note else 0.0


def _goal_height(data: TimelineData) -> float:
    """Height of the last row in rows: a line of words for each arm."""
    return max(1.2, 0.88 * len(data.arrivals))


def _ground(axes: Axes, data: TimelineData) -> None:
    """Every second row in a faint shade, faint lines at dates, a line above the goal, words where there is nothing."""
    frame.time_grid(axes, data.dates)
    count = len(data.stages)
    low, high = data.span
    stripes = range(0, count, 2)
    axes.barh([-k for k in stripes], high - low, 1.0, left=low, color=style.STRIPE, zorder=0)
    axes.hlines([0.5 - count], low, high, colors=style.RULE, linewidths=0.8)
    axes.hlines([axes.get_ylim()[0]], low, high, colors=style.RULE, linewidths=0.8, clip_on=False)
    for row, note in enumerate(data.notes):
        place = {"transform": axes.transAxes, "ha": "center", "va": "center"}
        height = 0.6 - row * frame.upward(axes, 0.24)
        style.put(axes, 0.5, height, note, size=style.NORMAL + (1 if row == 0 else 0), color=style.QUIET, **place)


def _slot(data: TimelineData, arm: int) -> tuple[float, float]:
    """Offset from the middle of a row and height of the bars of an arm; the baseline is above."""
    height = FILLED / max(len(data.arms), 1.3)
    return height * ((len(data.arms) - 1) / 2 - arm), height * 0.86


def bar_look(arm: int) -> dict[str, Any]:
    """Face, edge and hatch of the bars of an arm: told apart in grey too."""
    colour = style.arm_colour(arm)
    edge = style.mixed(colour, style.BACKGROUND, 0.35 if arm == 0 else 0.0)
    face = style.mixed(colour, style.BACKGROUND, BAR_TINT[arm])
    return {"facecolor": face, "edgecolor": edge, "hatch": style.HATCHES[arm], "linewidth": 0.7}


def _bars(axes: Axes, data: TimelineData, arm: int) -> None:
    """Bars from median start to median end, whiskers of the end, and decisions, of one arm."""
    offset, height = _slot(data, arm)
    found = [(-k + offset, bar) for k, row in enumerate(data.stages) for bar in row.bars if bar.arm == arm]
    if not found:
        return
    ys, bars = [y for y, _ in found], [bar for _, bar in found]
    widths = [bar.end_p50 - bar.start_p50 for bar in bars]
    drawn = axes.barh(ys, widths, height, left=[bar.start_p50 for bar in bars], zorder=2, **bar_look(arm))
    for patch in drawn.patches:
        patch.set_gid(f"timeline-bar-{arm}")
    colour = style.readable(style.arm_colour(arm))
    thin = style.mixed(colour, style.BACKGROUND, 0.3)
    ends = [bar.end_p10 for bar in bars], [bar.end_p90 for bar in bars]
    axes.hlines(ys, *ends, colors=thin, linewidths=0.9, zorder=3).set_gid(f"timeline-whisker-{arm}")
    size = 5.2 if len(data.arms) < 3 else 4.2
    axes.plot([*ends[0], *ends[1]], ys * 2, "|", color=thin, markersize=size - 1, markeredgewidth=0.9, zorder=3)
    for certain in (True, False):
        decided = [(bar.end_p50, y) for y, bar in found if bar.decides and bar.certain is certain]
        (marks,) = _diamonds(axes, decided, colour, certain, size)
        marks.set_gid(f"timeline-{'certain' if certain else 'open'}-{arm}")


def _diamonds(
    axes: Axes, places: Sequence[tuple[float, float]], colour: str, filled: bool, size: float = 5.2
) -> list[Line2D]:
    face = colour if filled else style.BACKGROUND
    look: dict[str, Any] = {
        "markersize": size,
        "markeredgewidth": 1.1,
        "markerfacecolor": face,
        "markeredgecolor": colour,
    }
    return axes.plot([x for x, _ in places], [y for _, y in places], "D", linestyle="none", zorder=4, **look)


def _names(axes: Axes, data: TimelineData, goal: float) -> None:
    """Names of the stages on the left, with a note between name and bars where a stage does not always run."""
    if data.notes:
        return
    place = {"transform": axes.get_yaxis_transform(), "va": "center_baseline", "ha": "right"}
    for k, row in enumerate(data.stages):
        x, taken = -frame.across(axes, 0.1), _note_width(row.note)
        if row.note:
            style.put(axes, x, -k, row.note, size=style.SMALL, color=style.QUIET, **place)
        style.put(axes, x - frame.across(axes, taken), -k, style.fit(row.label, LABELS - taken), **place)
    middle = 0.5 - len(data.stages) - goal / 2
    name = style.fit(data.goal, LABELS, style.NORMAL, True)
    style.put(axes, -frame.across(axes, 0.1), middle, name, bold=True, **place)


def _arrivals(axes: Axes, data: TimelineData, goal: float) -> None:
    """The goal: a dot at the median with its date, a whisker from P10 to P90, a line up through the stages."""
    top = 0.5 - len(data.stages)
    if not data.arrivals and not data.notes:
        place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "center", "va": "center_baseline"}
        style.put(axes, 0.5, top - goal / 2, "too few arrivals to give a median", color=style.QUIET, **place)
    for rank, arrival in enumerate(data.arrivals):
        y = top - goal * (rank + 0.5) / len(data.arrivals)
        colour = style.readable(style.arm_colour(arrival.arm))
        axes.hlines([y], arrival.p10, arrival.p90, colors=colour, linewidths=1.2, zorder=3).set_gid(
            f"timeline-arrival-{arrival.arm}"
        )
        axes.plot([arrival.p10, arrival.p90], [y, y], "|", color=colour, markersize=6, markeredgewidth=1.1, zorder=3)
        dashes = style.arm_dashes(arrival.arm)
        axes.plot([arrival.p50] * 2, [y, 0.5], color=colour, linewidth=0.9, linestyle=dashes, zorder=1)
        (dot,) = axes.plot([arrival.p50], [y], "o", color=colour, markersize=6, zorder=4)
        dot.set_gid(f"timeline-median-{arrival.arm}")
        _arrival_words(axes, data, arrival, y, colour)


def _arrival_words(axes: Axes, data: TimelineData, arrival: Arrival, y: float, colour: str) -> None:
    """Arm and date, left of the whisker if they go there, else right of it; only the name is ever cut."""
    low, high = data.span
    per_inch = frame.across(axes, 1.0) * (high - low)
    room = (arrival.p10 - low) / per_inch - 0.15
    size, bold = style.NORMAL - 0.5, arrival.arm == 0
    date = style.width(f": {arrival.date}", size, bold)
    left = room > date + 0.5
    name = style.fit(arrival.name, room - date if left else 2.0, size, bold)
    x = arrival.p10 - 0.1 * per_inch if left else arrival.p90 + 0.1 * per_inch
    place = {"ha": "right" if left else "left", "va": "center_baseline"}
    style.put(
        axes,
        x,
        y,
        ": ".join(part for part in (name, arrival.date) if part),
        size=size,
        bold=bold,
        color=colour,
        **place,
    )


def _key(data: TimelineData) -> list[tuple[float, int, str, str]]:
    """What the signs mean: inches from the left, line, sign and words of each."""
    if not data.stages:
        return []
    several = len(data.arms) > 1
    signs = [(f"arm {k}", style.fit(label, 2.2, style.SMALL + 0.5)) for k, label in enumerate(data.arms) if several]
    decisions = {bar.certain for row in data.stages for bar in row.bars if bar.decides}
    signs.append(("whisker", "range of the end, P10 to P90"))
    signs += [("certain", "decision, same outcome in nearly all")] if True in decisions else []
    signs += [("open", "decision, outcomes differ")] if False in decisions else []
    places, x, line = [], 0.0, 0
    for sign, text in signs:
        needed = SIGN.get(sign, 0.36) + style.width(text, style.SMALL + 0.5)
        if x and x + needed > style.SLIDE[0] - 2 * style.MARGIN:
            x, line = 0.0, line + 1
        places.append((x, line, sign, text))
        x += needed + 0.24
    return places


def _draw_key(page: Figure, box: Box, key: Sequence[tuple[float, int, str, str]]) -> None:
    if not key:
        return
    room = Box(box.left, box.top - KEY * (key[-1][1] + 1), box.right, box.top)
    axes = frame.bare_axes(page, room, (0, room.right - room.left), (room.bottom - box.top, 0))
    for x, line, sign, text in key:
        y = -KEY * (line + 0.5)
        _sign(axes, x, y, sign)
        x += SIGN.get(sign, 0.36)
        style.put(axes, x, y, text, size=style.SMALL + 0.5, color=style.QUIET, va="center_baseline")


def _sign(axes: Axes, x: float, y: float, sign: str) -> None:
    """One sign of the key."""
    if sign.startswith("arm"):
        axes.barh([y], [0.28], 0.1, left=[x], clip_on=False, **bar_look(int(sign.removeprefix("arm "))))
    elif sign == "whisker":
        axes.plot([x, x + 0.28], [y, y], "|-", color=style.QUIET, linewidth=0.9, markersize=4.2, clip_on=False)
    else:
        _diamonds(axes, [(x + 0.08, y)], style.QUIET, sign == "certain")
