"""When milestones are reached, and how far that moves with what is not known."""

from __future__ import annotations

from collections.abc import Iterator

from pathway_sim.analysis.results import Estimate, Results
from pathway_sim.analysis.tables.common import MOST_ARMS, ONLY_ARM, band
from pathway_sim.analysis.wording import DASH, between, percent, words
from pathway_sim.table import Cell, Table
from pathway_sim.units import YEAR

TIMES = ("p10", "p50", "p80", "p90", "mean")


def times(results: Results) -> Table:
    """When milestones are reached, given that they are; with what chance, of all that start."""
    many, lone = len(results.arms) > MOST_ARMS, list(results.arms) == [ONLY_ARM]
    rows: list[tuple[Cell, ...]] = []
    for name, arm in results.arms.items():
        for k, milestone in enumerate([results.goal] if many else arm.milestones):
            result = arm.milestones[milestone]
            cells = (percent(result.probability), *(_years_cell(result.given_reached[each]) for each in TIMES))
            rows.append((*(() if lone else (name if k == 0 else "",)), *(() if many else (words(milestone),)), *cells))
    named = (*(() if lone else ("arm",)), *(() if many else ("milestone",)))
    columns = (*named, "reached, % of all", "P10", "P50", "P80", "P90", "mean")
    caption = f"Years to {words(results.goal) if many else 'each milestone'}, given that it is reached"
    return Table(caption, columns, tuple(rows), "P50: half of the futures that reach it have done so by then.")


def _years_cell(value: Estimate) -> str:
    return between(value, 1 / YEAR, most=1).partition(" (")[0]


def unknown(results: Results) -> Iterator[Table]:
    """How far the answer moves with what is not known, where that can be told."""
    rows: list[tuple[Cell, ...]] = []
    for name, arm in results.arms.items():
        goal = arm.milestones[results.goal]
        chance, mean = band(goal.probability, 100.0, 1), band(goal.given_reached["mean"], 1 / YEAR, 1)
        if chance or mean:
            rows.append((name, chance or DASH, mean or DASH))
    if rows:
        columns = ("arm", "chance by the horizon, % of all that start", "mean years, given that it is reached")
        sets = results.manifest["parameter_sets"]
        yield Table(
            f"What is not known ({words(results.goal)}): 5 % to 95 % of {sets:,} parameter sets", columns, tuple(rows)
        )
