"""How long it takes from one fact to another, and what holds a stage for how long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pathway_sim.analysis.results import ArmResult, LengthResult, Results, WaitResult
from pathway_sim.analysis.tables.common import for_arms, shown_arms
from pathway_sim.analysis.wording import DASH, between, words
from pathway_sim.table import Cell, Table
from pathway_sim.units import MONTH

Line = tuple[str, tuple[Cell, ...]]


def intervals(results: Results) -> Iterator[Table]:
    """The intervals of the scenario, if it has any."""
    arms, of_one = shown_arms(results)
    columns = ("interval", "reach the second, %", "P10", "P50", "P90", "mean")
    named, rows = for_arms(results, columns, (line for arm in arms for line in _interval_lines(arm)))
    if rows:
        yield Table(
            f"Months between two facts, of the futures that reach the first{of_one}", named, rows, _dashes(rows)
        )


def _interval_lines(arm: ArmResult) -> Iterator[Line]:
    asked = (interval for interval in arm.intervals.values() if interval.length.asked)
    for k, interval in enumerate(asked):
        cells = (interval.title or words(interval.name), _share(interval.length))
        yield "" if k else arm.name, (*cells, *_months(interval.length, "p10", "p50", "p90", "mean"))


def waits(results: Results) -> Iterator[Table]:
    """What held what, if any stage waits for several others."""
    arms, of_one = shown_arms(results)
    columns = ("stage", "waited last for", "in % of them", "months, mean", "P50", "P90")
    named, rows = for_arms(results, columns, (line for arm in arms for line in _wait_lines(arm)))
    if rows:
        caption = f"What held what, of the futures in which the stage was ready{of_one}"
        note = "Months: how much later than all others. A track is all in it that was waited for."
        yield Table(caption, named, rows, f"{note} {_dashes(rows)}".rstrip())


def _wait_lines(arm: ArmResult) -> Iterator[Line]:
    lines = [cells for wait in arm.waits for cells in _wait_cells(wait)]
    yield from (("" if k else arm.name, cells) for k, cells in enumerate(lines))


def _wait_cells(wait: WaitResult) -> Iterator[tuple[Cell, ...]]:
    """Each stage that held it, and each track that says more than its stages."""
    shown = (*wait.stages, *(track for track in wait.tracks if track.several))
    for k, holder in enumerate(shown):
        cells = ("" if k else wait.title, holder.title, _share(holder.length))
        yield (*cells, *_months(holder.length, "mean", "p50", "p90"))


def _dashes(rows: Iterable[tuple[Cell, ...]]) -> str:
    """What a dash means, where there is one."""
    return f"{DASH}: too few futures to tell." if any(DASH in row for row in rows) else ""


def _share(length: LengthResult) -> str:
    return between(length.share, 100.0, most=1)


def _months(length: LengthResult, *names: str) -> tuple[str, ...]:
    return tuple(between(length.lengths[name], 1 / MONTH, most=1).partition(" (")[0] for name in names)
