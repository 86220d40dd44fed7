"""The pictures of docs/validation/speed.md, from the records."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from measures.figure import ROOT, power, shown
from measures.history import Record
from measures.names import BY_HAND, CASES, SIZES, by_hand, command_name, count_of, rate_name, ratio_name, warm_name
from pathway_sim.report import style
from pathway_sim.report.charts import frame
from pathway_sim.report.charts.base import Captions
from pathway_sim.report.charts.ticks import Tick, share_ticks
from pathway_sim.report.save_figure import write as write_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Picture = tuple[Captions, Figure]

FOLDER = ROOT / "docs" / "images"
OURS = {"batch, milestones": "batch engine", "batch, trajectories": "batch engine, full trajectories"} | {
    "run()": "batch engine, all statistics",
    "reference": "reference engine (SimPy)",
}
"""What the package does, and what it is called in a picture."""
MARKERS = {"attrition": "o", "dense": "s"}
OUR_COLOUR, OTHER = style.COLOURS[1], style.INK
TARGET = 0.6
"""Of the speed of hand-written NumPy."""
DATES = 5
"""How many records at most are named below."""
PAPER = {"facecolor": style.BACKGROUND, "edgecolor": "none", "pad": 0.8}
"""What numbers stand on, so that no grid line runs through them."""
LABELS = 2.35
"""Inches for the names at the left."""


@dataclass(frozen=True)
class Row:
    """One who was timed: its name, whether it is the package's, and its rates by case, replications per second."""

    name: str
    ours: bool
    rates: dict[str, float]


def pictures(records: Sequence[Record]) -> dict[str, Picture]:
    """The pictures of the last record, and from two records on the one of all, by the name of their file."""
    last = records[-1]
    found = {"speed-models": _models(last), "speed-replications": _replications(last)}
    return found | {"speed-history": _history(records)} if len(records) > 1 else found


def write(records: Sequence[Record], folder: Path = FOLDER) -> Iterator[Path]:
    """Write them; the files."""
    for name, (words, drawn) in pictures(records).items():
        path = folder / f"{name}.svg"
        write_picture(drawn, path, title=words.title, alt=words.alt)
        yield path


def _captions(record: Record, title: str, subtitle: str, data: str) -> Captions:
    footer = f"pathway-sim {record.version}, {record.date}, {record.machine}"
    return Captions("Speed on the reference pathway", title, subtitle, footer, f"{title}. {subtitle} {data}")


# --- Who is how fast --------------------------------------------------------------------------------------------------


def rows(record: Record) -> list[Row]:
    """Everyone in the record, the fastest first."""
    names = {by_hand(name): False for name in BY_HAND}
    found = [
        Row(OURS.get(name, name), ours, rates)
        for name, ours in (names | dict.fromkeys(OURS, True)).items()
        if (rates := _rates(record, name))
    ]
    return sorted(found, key=lambda row: -row.rates[CASES[0]])


def _rates(record: Record, name: str) -> dict[str, float]:
    found = {case: record.figures.get(rate_name(case, name, count_of(name, SIZES[0]))) for case in CASES}
    return {case: each.value for case, each in found.items() if each is not None}


def _models(record: Record) -> Picture:
    everyone = rows(record)
    data = "; ".join(
        f"{row.name}: " + ", ".join(f"{shown(rate)} ({case})" for case, rate in row.rates.items()) for row in everyone
    )
    subtitle = (
        "Replications per second on one core, medians. Blue: this package; black: written by hand. "
        "Circles: most programs fail on the way; squares: all walk every stage."
    )
    words = _captions(record, _models_title(record), subtitle, f"{data}.")
    drawn, box = frame.new_figure(words, least=0.34 * len(everyone) + 0.5)
    box = frame.Box(box.left + LABELS, box.bottom + 0.3, box.right - 0.4, box.top - 0.1)
    values = [rate for row in everyone for rate in row.rates.values()]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    axes = frame.bare_axes(drawn, box, (low, high), (len(everyone) - 0.5, -0.5))
    _decades(axes, range(low, high + 1))
    for place, row in enumerate(everyone):
        _row(axes, place, row)
    return words, drawn


def _models_title(record: Record) -> str:
    rate = record.figures[rate_name(CASES[0], "batch, milestones", SIZES[0])]
    numpy, simpy = (_ratio(record, CASES[0], yardstick) for yardstick in ("NumPy", "SimPy"))
    return (
        f"On one core the batch engine walks {rate.value / 1e6:.1f} million futures a second: "
        f"{simpy:.0f} times hand-written SimPy, {100 * numpy:.0f} % of hand-written NumPy"
    )


def _ratio(record: Record, case: str, yardstick: str) -> float:
    """Milestones of the batch engine in units of a hand-written model."""
    return record.figures[ratio_name(case, "batch, milestones", by_hand(yardstick), SIZES[0])].value


def _row(axes: Axes, place: int, row: Row) -> None:
    """A name, and for each case a mark with its rate beside it."""
    colour = OUR_COLOUR if row.ours else OTHER
    inch = frame.across(axes, 1.0) * (axes.get_xlim()[1] - axes.get_xlim()[0])
    x = {case: math.log10(rate) for case, rate in row.rates.items()}
    axes.hlines(place, min(x.values()), max(x.values()), colors=colour, linewidths=1.2, zorder=2)
    for case, at in x.items():
        side, align = (1, "left") if at == max(x.values()) else (-1, "right")
        axes.plot([at], [place], MARKERS[case], color=colour, mfc=style.BACKGROUND if case == "dense" else colour, ms=7)
        look = {"size": style.SMALL, "va": "center", "ha": align, "color": style.QUIET, "bbox": PAPER}
        style.put(axes, at + side * 0.12 * inch, place, shown(row.rates[case]), **look)
    name = {"transform": axes.get_yaxis_transform(), "va": "center", "ha": "right", "color": style.readable(colour)}
    style.put(axes, -frame.across(axes, 0.15), place, row.name, bold=row.ours, **name)


# --- How long a command takes -----------------------------------------------------------------------------------------


def _series(record: Record) -> dict[str, dict[int, float]]:
    """Seconds by the number of replications."""
    names = {"the whole command": command_name, "in a warm process": warm_name}
    counts = [10**k for k in range(3, 10) if command_name(10**k) in record.figures]
    return {what: {n: record.figures[name(n)].value for n in counts} for what, name in names.items()}


def _decades(axes: Axes, powers: Sequence[int]) -> None:
    """Faint lines at powers of ten, named below."""
    ticks = [Tick(k, f"{10**k:,}") for k in powers]
    frame.time_grid(axes, ticks)
    frame.time_marks(axes, ticks)


def _replications(record: Record) -> Picture:
    series = _series(record)
    command, warm = series.values()
    most = max(command)
    title = (
        f"Two arms are compared on a million futures in {_seconds(command[10**6])} from the command line, "
        f"on {_counted(most)} in {_seconds(command[most])}"
    )
    data = "; ".join(f"{power(n)}: {shown(command[n])} s, warm {shown(warm[n])} s" for n in command)
    words = _captions(
        record, title, "Seconds that pass, by the number of replications; both scales by powers of ten.", f"{data}."
    )
    drawn, box = frame.new_figure(words)
    box = frame.Box(box.left + 0.7, box.bottom + 0.5, box.right - 2.0, box.top - 0.1)
    values = [*command.values(), *warm.values()]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    axes = frame.bare_axes(drawn, box, (3, math.log10(most)), (low, high))
    for k in range(low, high + 1):
        axes.axhline(k, color=style.GRID, lw=0.8, zorder=1)
        style.put(
            axes, 3 - frame.across(axes, 0.14) * (math.log10(most) - 3), k, f"{10**k:g} s", va="center", ha="right"
        )
    frame.time_marks(axes, [Tick(math.log10(n), f"{n:,}") for n in command])
    _lines(axes, {what: [(math.log10(n), math.log10(t)) for n, t in points.items()] for what, points in series.items()})
    return words, drawn


def _lines(axes: Axes, lines: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """Lines with marks, and their names at their ends, kept apart."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    ends = [points[-1][1] for points in lines.values()]
    heights = frame.spread(ends, frame.upward(axes, 0.2) * (high - low), low, high)
    for number, ((name, points), height) in enumerate(zip(lines.items(), heights, strict=True)):
        colour = style.COLOURS[number]
        look = {"color": colour, "ls": style.arm_dashes(number), "marker": "os"[number], "ms": 6, "lw": 1.8}
        axes.plot(*zip(*points, strict=True), clip_on=False, **look)
        at = right + frame.across(axes, 0.14) * (right - left)
        style.put(axes, at, height, name, bold=True, color=style.readable(colour), va="center")


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 9.95 else f"{value:.0f} s"


def _counted(count: int) -> str:
    """A round number of millions in words."""
    words = {1: "a million", 10: "ten million", 100: "a hundred million"}
    return words.get(count // 10**6, f"{count:,}")


# --- What became of it ------------------------------------------------------------------------------------------------


def _history(records: Sequence[Record]) -> Picture:
    shares = {case: [_ratio(record, case, "NumPy") for record in records] for case in CASES}
    ends = [f"{100 * shares[CASES[0]][place]:.0f} %" for place in (0, -1)]
    title = f"In {len(records)} records the batch engine came from {ends[0]} to {ends[1]} of hand-written NumPy"
    data = "; ".join(
        f"{record.date}: " + ", ".join(f"{100 * shares[case][k]:.0f} % ({case})" for case in CASES)
        for k, record in enumerate(records)
    )
    subtitle = f"Milestones of the batch engine, one core, {power(SIZES[0])} replications. Grey line: the target."
    words = _captions(records[-1], title, subtitle, f"{data}.")
    drawn, box = frame.new_figure(words)
    box = frame.Box(box.left + 0.7, box.bottom + 0.5, box.right - 1.2, box.top - 0.1)
    axes = frame.bare_axes(drawn, box, (0, len(records) - 1), (0, max(1.0, *map(max, shares.values()))))
    frame.value_grid(axes, share_ticks(axes.get_ylim()[1]))
    step = math.ceil(len(records) / DATES)
    ticks = [Tick(k, f"{record.date} ({record.commit})") for k, record in enumerate(records)]
    frame.time_marks(axes, ticks[::step])
    axes.axhline(TARGET, color=style.RULE, lw=1.4, zorder=1.5)
    _lines(axes, {case: list(enumerate(shares[case])) for case in CASES})
    return words, drawn
