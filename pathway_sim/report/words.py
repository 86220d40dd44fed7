"""Numbers, dates and names as people write them. Text from a scenario is cleaned, never interpreted."""

from __future__ import annotations

import datetime
import unicodedata

from pathway_sim.units import MONTH, date_of

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DROPPED = frozenset({"Cc", "Cf", "Cn", "Cs"})  # controls, direction overrides, surrogates, what XML forbids


def plain(text: object) -> str:
    """One line of text: white space becomes single blanks, control and direction characters go."""
    spaced = "".join(" " if character.isspace() else character for character in str(text))
    kept = (character for character in spaced if unicodedata.category(character) not in _DROPPED)
    return " ".join("".join(kept).split())


def cut(text: str, limit: int) -> str:
    """The text, or its beginning and ``…``, in at most ``limit`` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def sentence(text: str) -> str:
    """The text with a capital at its start; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def percent(share: float | None) -> str:
    """A share such as ``6.8 %``; shares that only round to all or nothing do not claim to be all or nothing."""
    if share is None:
        return "unknown"
    value = 100 * share
    if value in (0.0, 100.0):
        return f"{value:.0f} %"
    if value > 99.9:
        return "> 99.9 %"
    if value < 0.001:
        return "< 0.001 %"
    places = 1 if value >= 1 else 2 if value >= 0.1 else 3
    return f"{value:.{places}f} %"


def points(*shares: float) -> tuple[str, ...]:
    """Differences of shares as signed percentage points, all with the places that the widest of them calls for."""
    widest = max(abs(100 * share) for share in shares)
    places = 1 if widest >= 10 else 2 if widest >= 0.1 else 3
    return tuple(signed(100 * share, places) for share in shares)


def signed(value: float, places: int) -> str:
    """A number with its sign, ``+0.10`` or ``−0.10``; what rounds to nothing is ``0``."""
    rounded = round(value, places)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return f"{sign}{abs(rounded):.{places}f}" if rounded else "0"


def months(value: float) -> str:
    """A length of time such as ``3.1 months`` or ``14 months``."""
    number = f"{value:.1f}".removesuffix(".0") if abs(value) < 9.95 else f"{value:.0f}"
    return f"{number} month" if number == "1" else f"{number} months"


def month_year(as_of: datetime.date, days: float) -> str:
    """The month in which a time falls, such as ``Mar 2039``."""
    try:
        date = date_of(as_of, days)
    except (OverflowError, ValueError):  # past the last year that a calendar date can have
        return f"month {days / MONTH:,.0f}"
    return f"{MONTHS[date.month - 1]} {date.year}"


def iso_date(as_of: datetime.date, days: float) -> str:
    """The date of a time as ``2039-03-14``; empty past the last year that a date can have."""
    try:
        return date_of(as_of, days).isoformat()
    except (OverflowError, ValueError):
        return ""


def listed(items: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
