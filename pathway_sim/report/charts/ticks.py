"""Where the marks of an axis stand and what they say. Positions on time axes are days from the start."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass

from pathway_sim.report.words import MONTHS, signed
from pathway_sim.units import MONTH, YEAR

_YEAR_STEPS = tuple(m * 10**power for power in range(6) for m in (1, 2, 5))
_MONTH_STEPS = (1, 2, 3, 6, *(12 * years for years in _YEAR_STEPS))


@dataclass(frozen=True)
class Tick:
    """A mark on an axis and its label."""

    position: float
    label: str


def calendar_ticks(as_of: datetime.date, low: float, high: float, most: int = 14) -> tuple[Tick, ...]:
    """First days of months or years between two times, in round steps; both ends where the span is short."""
    span = (high - low) / MONTH
    step = next((s for s in _MONTH_STEPS if span / s <= most), _MONTH_STEPS[-1])
    first = math.ceil((as_of.year * 12 + as_of.month - 1 + low / MONTH) / step) * step
    ticks = []
    for count in range(first, min(first + step * (most + 2), 12 * 10_000), step):
        date = datetime.date(count // 12, count % 12 + 1, 1)
        position = float((date - as_of).days)
        if low <= position <= high:
            label = str(date.year) if step >= 12 else f"{MONTHS[date.month - 1]} {date.year}"
            ticks.append(Tick(position, label))
    return tuple(ticks) if len(ticks) > 1 else (Tick(low, _day(as_of, low)), Tick(high, _day(as_of, high)))


def _day(as_of: datetime.date, days: float) -> str:
    try:
        date = as_of + datetime.timedelta(days=int(days // 1))
    except OverflowError:
        return ""
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def elapsed_ticks(low: float, high: float, unit: str = "years", most: int = 14) -> tuple[Tick, ...]:
    """Time since the start in round steps of years or months; the first one after the start names the unit."""
    length, steps = (YEAR, _YEAR_STEPS) if unit == "years" else (MONTH, _MONTH_STEPS)
    step = next((s for s in steps if (high - low) / length / s <= most), steps[-1])
    counts = range(step * math.ceil(low / length / step), math.floor(high / length) + 1, step)
    return tuple(Tick(count * length, _elapsed(count, step, unit)) for count in counts)


def _elapsed(count: int, step: int, unit: str) -> str:
    if count == 0:
        return "start"
    named = unit if count > 1 else unit.removesuffix("s")
    return f"{count} {named}" if count == step else str(count).replace("-", "−")


def round_step(span: float, most: int) -> float:
    """The least of 1, 2, 2.5 or 5 times a power of ten that divides ``span`` into at most ``most`` parts."""
    power = 10.0 ** math.floor(math.log10(span / most))
    return next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0, 20.0) if span / (m * power) <= most * (1 + 1e-9))


def share_ticks(highest: float, most: int = 5) -> tuple[Tick, ...]:
    """Round shares from 0 to the first one that is not below ``highest``; never beyond all."""
    step = round_step(min(max(highest, 1e-9), 1.0), most)
    count = math.ceil(min(highest, 1.0) / step - 1e-9)
    places = _places(step)
    return tuple(Tick(k * step, f"{100 * k * step:.{places}f} %") for k in range(max(count, 1) + 1))


def _places(step: float) -> int:
    """Decimal places that tell the multiples of a round step of shares apart in per cent."""
    return next(places for places in range(12) if abs(round(100 * step, places) / (100 * step) - 1) < 1e-6)


def difference_ticks(values: Sequence[float], most: int = 4) -> tuple[Tick, ...]:
    """Round differences around all the values (but for a hair's breadth) and 0, as percentage points."""
    low, high = min(0.0, *values), max(0.0, *values)
    if high - low < 1e-12:
        low, high = -0.01, 0.01
    step = round_step(high - low, most - 1)
    counts = range(math.floor(low / step + 0.04), math.ceil(high / step - 0.04) + 1)
    return tuple(Tick(k * step, signed(100 * k * step, _places(step))) for k in counts)
