"""What tables of different subjects share."""

from __future__ import annotations

from collections.abc import Iterable

from pathway_sim.analysis.results import ArmResult, Estimate, Results
from pathway_sim.analysis.wording import places, span
from pathway_sim.table import Cell
from pathway_sim.units import date_of

Rows = tuple[tuple[str, ...], tuple[tuple[Cell, ...], ...]]

MOST_ARMS = 3
"""With more arms than this, tables show the main milestone only and sentences speak of the baseline only."""
ONLY_ARM = "base"
"""What the arm of a scenario without arms is called."""


def shown_arms(results: Results) -> tuple[list[ArmResult], str]:
    """The arms that a table of many rows speaks of: all, or of many the first; and what to add to its caption."""
    arms = list(results.arms.values())
    return (arms, "") if len(arms) <= MOST_ARMS else (arms[:1], f", {arms[0].name}")


def for_arms(results: Results, columns: tuple[str, ...], rows: Iterable[tuple[str, tuple[Cell, ...]]]) -> Rows:
    """The columns, and the rows without the names of their arms where there is only one to speak of."""
    shown, _ = shown_arms(results)
    if len(shown) == 1:
        return columns, tuple(cells for _, cells in rows)
    return ("arm", *columns), tuple((arm, *cells) for arm, cells in rows)


def band(value: Estimate, scale: float, most: int) -> str:
    """The band of what is not known, such as ``0.9–3.8``."""
    if value.band is None:
        return ""
    low, high = (scale * each for each in value.band)
    return span(low, high, places(low, high, most))


def date(results: Results, days: float) -> str:
    """The calendar date of a time."""
    return date_of(results.as_of, days).isoformat()
