"""The chance that the goal is reached by each date, of all programs that start, and what an arm changes in it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pathway_sim.analysis.results import ComparisonResult, Curve, Estimate, Floats, Results
from pathway_sim.report.charts import captions as say
from pathway_sim.report.charts.base import Captions, Chart, Row
from pathway_sim.report.charts.ticks import Tick, calendar_ticks, difference_ticks, elapsed_ticks, share_ticks
from pathway_sim.report.words import iso_date, listed, month_year, percent, points, sentence
from pathway_sim.units import YEAR

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEW = 4  # up to so many arms have bands, medians and differences
MOST_POINTS = 600  # of one curve: closer together than a screen can show
NOT_KNOWING = "what is not known (5 % to 95 % of parameter sets)"
CHANCE = "95 % simulation error"


@dataclass(frozen=True)
class Line:
    """One curve with its band, and the words at its end: a name, a number and a note below.

    ``low`` and ``high`` are empty where no band is drawn. Points are the ends of months, joined by straight lines.
    """

    arm: str
    label: str
    days: npt.NDArray[np.int64]
    values: Floats
    low: Floats
    high: Floats
    name: str
    number: str
    remark: str = ""


@dataclass(frozen=True)
class Median:
    """Where half of those that arrive have arrived: the time, the height of the curve there, and its label."""

    index: int
    days: float
    share: float
    label: str


@dataclass(frozen=True)
class AvailabilityData:
    """What the figure draws. Times are days from the start, shares are of all programs that start."""

    captions: Captions
    horizon: float
    curves: tuple[Line, ...]
    medians: tuple[Median, ...]
    differences: tuple[Line, ...]
    notes: tuple[str, ...]
    shares: tuple[Tick, ...]
    points: tuple[Tick, ...]
    dates: tuple[Tick, ...]
    elapsed: tuple[Tick, ...]
    rows: tuple[Row, ...]

    def table(self) -> tuple[Row, ...]:
        """Every point drawn: ``series``, ``arm``, ``day``, ``date``, ``estimate``, ``low``, ``high``."""
        return self.rows


def data(results: Results) -> AvailabilityData:
    """Everything that the chart shows of these results."""
    names = say.arm_order(results)
    few = len(names) <= FEW
    compared = _comparisons(results, names) if few else []
    band = _has_band(results, names)
    curves = tuple(_curve(results, name, label, few, band) for name, label in zip(names, _labels(names), strict=True))
    differences = tuple(_difference(results, c, len(compared) > 1) for c in compared)
    medians = _medians(results, curves) if few else ()
    reached = any(line.values[-1] > 0 for line in curves)
    return AvailabilityData(
        captions=_captions(results, names, band, compared),
        horizon=results.horizon,
        curves=curves,
        medians=medians,
        differences=differences if reached else (),
        notes=() if reached else (say.nothing_reached(results), say.bound_on_nothing(results)),
        shares=share_ticks(_highest(curves) if reached else 0.01),
        points=difference_ticks([float(v) for d in differences for v in (*d.values, *d.low, *d.high)] or [0.0]),
        dates=calendar_ticks(results.as_of, 0.0, results.horizon),
        elapsed=elapsed_ticks(0.0, results.horizon, "years" if results.horizon >= 3 * YEAR else "months"),
        rows=_rows(results, curves, medians, differences),
    )


def _labels(names: Sequence[str]) -> list[str]:
    return say.arm_labels(names)


def _comparisons(results: Results, names: Sequence[str]) -> list[ComparisonResult]:
    found = (say.comparison_with(results, names[0], name) for name in names[1:])
    return [comparison for comparison in found if comparison is not None]


def _has_band(results: Results, names: Sequence[str]) -> bool:
    return all(results.arms[name].milestones[results.goal].curve.band_low is not None for name in names)


def _highest(curves: Sequence[Line]) -> float:
    return max(float(np.max(np.concatenate((line.values, line.high)))) for line in curves)


def _curve(results: Results, name: str, label: str, few: bool, band: bool) -> Line:
    result = results.arms[name].milestones[results.goal]
    words = (label, percent(result.probability.estimate))
    return _line(name, label, result.curve, results.horizon, words, few, band)


def _difference(results: Results, comparison: ComparisonResult, several: bool) -> Line:
    """A difference with its simulation error: by month, what is not known of it rests on too few futures a set."""
    base, arm = _labels([comparison.baseline, comparison.arm])
    curve = comparison.difference_curve
    value, remark = _change_words(comparison.probability_difference)
    words = (arm, value.removesuffix(" points"), remark) if several else ("", value, remark)
    return _line(comparison.arm, f"{arm} − {base}", curve, results.horizon, words, True, False)


def _change_words(change: Estimate) -> tuple[str, str]:
    """A difference; its interval, and whether 0 lies inside it."""
    if change.estimate is None:
        return "unknown", ""
    interval = say.interval_of(change, False)
    value, *ends = points(change.estimate, *(interval or ()))
    if interval is None or not any((change.estimate, *interval)):
        return f"{value} points", ""
    return f"{value} points", f"({ends[0]} to {ends[1]}{'' if say.excludes_zero(*interval) else ', includes 0'})"


def _line(arm: str, label: str, curve: Curve, horizon: float, words: tuple[str, ...], shaded: bool, band: bool) -> Line:
    """A curve from the start to the horizon, thinned to what can be seen."""
    low = curve.band_low if band and curve.band_low is not None else curve.low
    high = curve.band_high if band and curve.band_high is not None else curve.high
    keep = _kept(curve.days)
    days = curve.days[keep]
    before, after = days[0] > 0, days[-1] < int(horizon)
    whole = functools.partial(_whole, keep=keep, before=bool(before), after=bool(after))
    days = np.concatenate(([0] if before else [], days, [int(horizon)] if after else [])).astype(np.int64)
    days.setflags(write=False)
    ends = (whole(low), whole(high)) if shaded else (np.empty(0), np.empty(0))
    return Line(arm, label, days, whole(curve.estimate), *ends, *words)


def _whole(values: Floats, keep: npt.NDArray[np.intp], before: bool, after: bool) -> Floats:
    """The values that are kept, from the start (0) to the horizon (the last value)."""
    parts = (np.zeros(int(before)), values[keep], values[-1:] if after else values[:0])
    joined: Floats = np.concatenate(parts).astype(np.float64)
    joined.setflags(write=False)
    return joined


def _kept(days: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Indices of at most ``MOST_POINTS`` days, evenly in time, first and last among them."""
    if len(days) <= MOST_POINTS:
        return np.arange(len(days))
    wanted = np.linspace(float(days[0]), float(days[-1]), MOST_POINTS)
    return np.unique(np.searchsorted(days, wanted, side="right") - 1)


def _medians(results: Results, curves: Sequence[Line]) -> tuple[Median, ...]:
    found = []
    for index, line in enumerate(curves):
        days = say.median_days(results, line.arm)
        if days is not None and line.values[-1] > 0:
            share = float(np.interp(days, line.days, line.values))
            found.append(Median(index, days, share, f"median arrival {month_year(results.as_of, days)}"))
    return tuple(found)


def _captions(results: Results, names: Sequence[str], band: bool, compared: Sequence[ComparisonResult]) -> Captions:
    goal = say.goal_words(results.goal)
    subtitle = f"Of all programs that start, the share that {goal.reach} by each date."
    if len(names) <= FEW:
        subtitle += f" Shaded: {NOT_KNOWING if band else CHANCE}."
    else:
        subtitle += " Simulation error and what is not known are not drawn."
    title = _title(results, names)
    return Captions(
        kicker=say.kicker(results),
        title=title,
        subtitle=subtitle,
        footer=say.footer(results),
        alt=f"Line chart. {title}. {subtitle} {_alt(results, names, band, compared)}",
    )


def _title(results: Results, names: Sequence[str]) -> str:
    goal, by = say.goal_words(results.goal), month_year(results.as_of, results.horizon)
    labels, shares = _labels(names), [say.probability_of(results, name) for name in names]
    if not any(shares):
        return say.nothing_reached(results)
    if len(names) == 1:
        median = say.median_month(results, names[0])
        return (
            f"{percent(shares[0])} of programs {goal.reach} by {by}{f', half of those by {median}' if median else ''}"
        )
    if len(names) == 2:
        return _title_of_two(results, names, labels, shares)
    if len(names) <= FEW:
        return _title_of_few(results, names, labels, [percent(share) for share in shares])
    least, most = int(np.argmin(shares)), int(np.argmax(shares))
    ends = f"from {percent(shares[least])} ({labels[least]}) to {percent(shares[most])} ({labels[most]})"
    told = f"By {by}, {ends} of programs {goal.reach}"
    return told if 0 in (least, most) else f"{told}; {labels[0]} {percent(shares[0])}"


def _title_of_few(results: Results, names: Sequence[str], labels: Sequence[str], shares: Sequence[str]) -> str:
    goal, by = say.goal_words(results.goal), month_year(results.as_of, results.horizon)
    if len(set(shares)) > 1:
        others = listed([f"{share} with {label}" for share, label in zip(shares[1:], labels[1:], strict=True)])
        return f"By {by}, {shares[0]} of programs {goal.reach} ({labels[0]}), {others}"
    told = f"{shares[0]} of programs {goal.reach} by {by} in all {len(names)} arms"
    days = [
        (days, label) for name, label in zip(names, labels, strict=True) if (days := say.median_days(results, name))
    ]
    if len(days) < len(names):
        return told
    (first, arm), (last, other) = min(days), max(days)
    ends = f"{month_year(results.as_of, first)} ({arm}) to {month_year(results.as_of, last)} ({other})"
    return f"{told}; median arrival from {ends}"


def _title_of_two(results: Results, names: Sequence[str], labels: Sequence[str], shares: Sequence[float]) -> str:
    goal, by = say.goal_words(results.goal), month_year(results.as_of, results.horizon)
    comparison = say.comparison_with(results, names[0], names[1])
    change = comparison.probability_difference if comparison else Estimate(None)
    told = say.chance_clause(goal, (labels[0], labels[1]), (shares[0], shares[1]), change, by)
    gained = say.gain_words(comparison)
    return told + (f"; where both arrive, {gained}" if gained else "")


def _alt(results: Results, names: Sequence[str], band: bool, compared: Sequence[ComparisonResult]) -> str:
    told = []
    for name, label in zip(names, _labels(names), strict=True):
        chance = results.arms[name].milestones[results.goal].probability
        interval = say.interval_of(chance, band)
        ends = f" ({percent(interval[0])} to {percent(interval[1])})" if interval else ""
        median = say.median_month(results, name)
        half = f", half of those by {median}" if median else ""
        told.append(f"{sentence(label) or 'Chance'}: {percent(chance.estimate)}{ends}{half}.")
    for comparison in compared:
        base, arm = _labels([comparison.baseline, comparison.arm])
        change = " ".join(_change_words(comparison.probability_difference))
        told.append(f"Difference {arm} − {base}: {change}.")
    return " ".join(told)


def _rows(
    results: Results, curves: Sequence[Line], medians: Sequence[Median], differences: Sequence[Line]
) -> tuple[Row, ...]:
    rows: list[Row] = []
    for series, lines in (("share", curves), ("difference", differences)):
        for line in lines:
            for k, day in enumerate(line.days.tolist()):
                low, high = (float(line.low[k]), float(line.high[k])) if line.low.size else (None, None)
                rows.append(_row(results, series, line.arm, float(day), float(line.values[k]), low, high))
    rows += [_row(results, "median", curves[m.index].arm, m.days, m.share, None, None) for m in medians]
    return tuple(rows)


def _row(
    results: Results, series: str, arm: str, day: float, value: float, low: float | None, high: float | None
) -> Row:
    date = iso_date(results.as_of, day)
    return {"series": series, "arm": arm, "day": day, "date": date, "estimate": value, "low": low, "high": high}


def draw(drawn: AvailabilityData) -> Figure:
    """The figure of the data."""
    from pathway_sim.report.charts.availability_figure import figure

    return figure(drawn)


CHART = Chart("availability", "chance that the goal is reached by each date, and what an arm changes", data, draw)
