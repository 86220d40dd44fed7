"""For spreadsheets and data frames: one row a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pathway_sim.analysis.results import Curve, Estimate, LengthResult, Results
from pathway_sim.analysis.tables.common import date
from pathway_sim.table import Cell, Table
from pathway_sim.units import MONTH, YEAR

ENDS = ("futures that reach its beginning", "futures that reach both its ends")
HELD = ("futures in which the stage was ready", "futures in which it was held so")
"""Of what the share of an interval or of a wait is, and of what its lengths are."""


def tidy(results: Results) -> Table:
    """The curves of all arms and their differences, one row a point; then intervals and waits, one row a number."""
    columns = (
        "arm",
        "baseline",
        "milestone",
        "population",
        "measure",
        "days",
        "years",
        "date",
        "estimate",
        "low",
        "high",
        "band_p5",
        "band_p95",
    )
    return Table("Cumulative incidence", columns, (*_tidy_rows(results), *_length_rows(results)))


def _tidy_rows(results: Results) -> Iterator[tuple[Cell, ...]]:
    for name, arm in results.arms.items():
        for milestone, result in arm.milestones.items():
            yield from _points(results, (name, "", milestone, "all that start"), result.curve)
            if result.available_at is not None:
                yield from _points(
                    results, (name, "", milestone, "available then, of all that start"), result.available_at
                )
    for comparison in results.comparisons:
        key = (comparison.arm, comparison.baseline, comparison.milestone, "difference, all that start")
        yield from _points(results, key, comparison.difference_curve)


def _points(results: Results, key: tuple[str, ...], curve: Curve) -> Iterator[tuple[Cell, ...]]:
    blank: Iterable[str] = [""] * len(curve.days)
    bands = (blank if each is None else each.tolist() for each in (curve.band_low, curve.band_high))
    values = (each.tolist() for each in (curve.days, curve.estimate, curve.low, curve.high))
    for day, *rest in zip(*values, *bands, strict=True):
        yield (*key, "share", day, day / YEAR, date(results, day), *rest)


def _length_rows(results: Results) -> Iterator[tuple[Cell, ...]]:
    for name, arm in results.arms.items():
        for interval in arm.intervals.values():
            yield from _length(name, interval.name, *ENDS, interval.length)
        for wait in arm.waits:
            holders = [(each.name, each.length) for each in wait.stages]
            holders += [(f"{each.name} track", each.length) for each in wait.tracks]
            for holder, length in holders:
                yield from _length(name, f"{wait.stage} held by {holder}", *HELD, length)


def _length(arm: str, what: str, asked: str, lasts: str, length: LengthResult) -> Iterator[tuple[Cell, ...]]:
    yield (arm, "", what, asked, "share", "", "", "", *_numbers(length.share))
    for name, days in length.lengths.items():
        yield (arm, "", what, lasts, f"months {name}", "", "", "", *_numbers(days.per(MONTH)))


def _numbers(value: Estimate) -> tuple[Cell, ...]:
    numbers = (value.estimate, value.low, value.high, *(value.band or (None, None)))
    return tuple("" if each is None else each for each in numbers)
