"""The tables of a run, for people: every one names its population, and no digit outruns its interval."""

from __future__ import annotations

from collections.abc import Iterator

from pathway_sim.analysis.results import Results
from pathway_sim.analysis.tables.by_year import by_year, still
from pathway_sim.analysis.tables.common import MOST_ARMS, ONLY_ARM
from pathway_sim.analysis.tables.endings import endings
from pathway_sim.analysis.tables.gains import gains
from pathway_sim.analysis.tables.lengths import intervals, waits
from pathway_sim.analysis.tables.milestones import times, unknown
from pathway_sim.analysis.tables.tidy import tidy
from pathway_sim.table import Table

__all__ = ["MOST_ARMS", "ONLY_ARM", "tables", "tidy"]


def tables(results: Results) -> Iterator[Table]:
    """Every table of a run, in the order in which they are read."""
    yield from by_year(results)
    yield from still(results)
    yield times(results)
    yield from intervals(results)
    yield from unknown(results)
    yield from endings(results)
    yield from waits(results)
    yield from gains(results)
