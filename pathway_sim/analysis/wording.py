"""Numbers and names as people read them: no digit outruns its interval."""

from __future__ import annotations

import math

from pathway_sim.analysis.results import Estimate

ACRONYMS = frozenset(
    ("bla", "btd", "cber", "cmc", "crl", "ema", "eop1", "eop2", "fda", "ind", "maa", "nda", "pdufa", "ppq", "rmat")
)
DASH = "–"


def places(low: float, high: float, most: int = 2) -> int:
    """How many decimals an interval supports, `most` at most: its half-width shows one digit, or two from 1.0 to 3.5.

    This is how the Particle Data Group rounds.
    """
    half = (high - low) / 2
    return most if half <= 0 else min(max(math.ceil(math.log10(3.55 / half)), 0), most)


def number(value: float, decimals: int) -> str:
    """A number with a true minus sign, and no sign before nothing."""
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def between(value: Estimate, scale: float = 1.0, *, most: int = 2) -> str:
    """An estimate with its interval, such as ``5.0 (4.6–5.4)`` or ``0.0 (−0.2 to 0.1)``."""
    if value.estimate is None:
        return DASH
    if value.low is None or value.high is None:
        return number(scale * value.estimate, 0)
    decimals = places(scale * value.low, scale * value.high, most)
    interval = span(scale * value.low, scale * value.high, decimals)
    return f"{number(scale * value.estimate, decimals)} ({interval})"


def span(low: float, high: float, decimals: int) -> str:
    """Two ends, such as ``4.6–5.4`` or ``−0.2 to 0.1``."""
    least, most = number(low, decimals), number(high, decimals)
    return f"{least} to {most}" if "−" in least else f"{least}–{most}"


def percent(value: Estimate) -> str:
    """A share in percent with its interval."""
    return between(value, 100.0)


def share(value: float | None, decimals: int = 0) -> str:
    """A share in percent."""
    return DASH if value is None else f"{100 * value:.{decimals}f} %"


def words(name: str) -> str:
    """A name for reading: ``cmc_gate_a`` becomes ``CMC gate A``."""
    parts = name.split("_")
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-1] = parts[-1].upper()
    return " ".join(part.upper() if part in ACRONYMS else part for part in parts)
