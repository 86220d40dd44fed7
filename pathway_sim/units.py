"""The one unit of time and the quantities that people write.

Time is float days. A week is 7 days, a month 365.25/12 = 30.4375 days, a year 365.25 days, so every whole number of
sixteenths of a day is exact. Drawn durations are rounded to ``QUANTUM`` = 2**-20 day (0.08 s): sums of times are then
exact in double precision and free of order, and a last-bit difference in a processor's ``exp`` hardly ever shows.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable
from math import copysign, isfinite
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DAY = 1.0
WEEK = 7.0
YEAR = 365.25
MONTH = YEAR / 12
QUANTUM = 2.0**-20
TICKS_PER_DAY = 2**20

_SINGULAR = {"day": DAY, "week": WEEK, "month": MONTH, "year": YEAR}
UNITS = {f"{unit}{plural}": days for unit, days in _SINGULAR.items() for plural in ("", "s")}
NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?"
_QUANTITY = re.compile(rf"({NUMBER})\s*([A-Za-z]+)")
_RATE = re.compile(rf"({NUMBER})\s*(?:/|\s+per\s+)\s*([A-Za-z]+)")


@overload
def quantise(days: float) -> float: ...
@overload
def quantise(days: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]: ...
def quantise(days: float | npt.NDArray[np.float64]) -> float | npt.NDArray[np.float64]:
    """Round durations in days, shape ``(n,)`` or one alone, to the nearest multiple of ``QUANTUM`` (ties to even)."""
    if isinstance(days, (float, int)):
        ticks = days * TICKS_PER_DAY
        # Rounded to a whole number of any size, which has no sign of zero; infinity and NaN round to none.
        return (copysign(round(ticks), ticks) if isfinite(ticks) else ticks) * QUANTUM
    import numpy as np

    column = days * TICKS_PER_DAY
    np.rint(column, out=column)
    column *= QUANTUM
    return column


def parse_days(text: str) -> float:
    """Days in a quantity such as ``18 months``.

    Raises
    ------
    ValueError
        With a sentence for the user, if the text is not a number and a unit of time.
    """
    return _parse(text, _QUANTITY, 'write a number and a unit, such as "18 months"', lambda value, unit: value * unit)


def parse_rate(text: str) -> float:
    """Events per day in a rate such as ``0.4 per month`` or ``0.4/month``; raises ValueError as `parse_days` does."""
    return _parse(text, _RATE, 'write a rate such as "0.4 per month"', lambda value, unit: value / unit)


def _parse(text: str, pattern: re.Pattern[str], hint: str, combine: Callable[[float, float], float]) -> float:
    match = pattern.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{hint}, not {text!r}")
    number, unit = match.groups()
    if unit not in UNITS:
        raise ValueError(f"unknown unit {unit!r}{suggest(unit, UNITS)}; units of time are days, weeks, months, years")
    return combine(float(number), UNITS[unit])


def suggest(word: str, known: Iterable[str]) -> str:
    """``; did you mean "x"?`` if a known word is near, else an empty string."""
    import difflib

    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def date_of(as_of: datetime.date, days: float) -> datetime.date:
    """The calendar date of a time: ``as_of`` plus whole days, rounded down."""
    return as_of + datetime.timedelta(days=int(days // 1))
