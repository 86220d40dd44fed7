"""The chance of the goal by each year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pathway_sim.analysis.results import Curve, Estimate, Results
from pathway_sim.analysis.tables.common import ONLY_ARM, date
from pathway_sim.analysis.wording import percent, words
from pathway_sim.table import WIDTH, Table
from pathway_sim.units import YEAR


def at(curve: Curve, days: float) -> Estimate:
    """The curve on the last of its days that is not later."""
    place = int(curve.days.searchsorted(int(days), side="right")) - 1
    if place < 0:
        return Estimate(0.0, 0.0, 0.0)
    return Estimate(float(curve.estimate[place]), float(curve.low[place]), float(curve.high[place]))


@dataclass(frozen=True)
class _Series:
    """A column or row of the tables by year: the chance in an arm, or the change that an arm makes."""

    heading: str
    curve: Curve

    def cell(self, year: float) -> str:
        return percent(at(self.curve, YEAR * year))


def by_year(results: Results) -> Iterator[Table]:
    """The chance of the goal by each year, and what arms change in it, of all that start."""
    goal, years = words(results.goal), _years(results)
    arms = [_Series(name, arm.milestones[results.goal].curve) for name, arm in results.arms.items()]
    if list(results.arms) == [ONLY_ARM]:
        arms = [_Series("chance", arms[0].curve)]
    compared = [(each.arm, each.difference_curve) for each in results.comparisons]
    chance = f"Chance of {goal} by year, % of all that start"
    note = f"In brackets: 95 % simulation error.{_after(results, years)}"
    if len(compared) == 1:
        changed = _Series("change, points", compared[0][1])
        together = _across(results, chance, [*arms, changed], years, note)
        if together.width() <= WIDTH:
            yield together
            return
    yield _fitting(results, chance, arms, years, note)
    if compared:
        changes = [_Series(arm, curve) for arm, curve in compared]
        against = results.comparisons[0].baseline
        caption = f"Change in the chance of {goal} by year against {against}, points of all that start"
        yield _fitting(results, caption, changes, years, note)


def still(results: Results) -> Iterator[Table]:
    """What is left of the goal at the end of each year, where it can end again."""
    found = [(name, arm.milestones[results.goal].available_at) for name, arm in results.arms.items()]
    lasting = [_Series("chance" if name == ONLY_ARM else name, curve) for name, curve in found if curve is not None]
    if lasting:
        caption = f"Chance that {words(results.goal)} is reached and has not ended, by year, % of all that start"
        yield _fitting(results, caption, lasting, _years(results), "In brackets: 95 % simulation error.")


def _years(results: Results) -> list[float]:
    """The years in which something changes; the horizon too if it is no whole year; at least the last one."""
    last = results.horizon / YEAR
    candidates = [float(year) for year in range(1, int(last) + 1)] + ([last] if last % 1 else [])
    curves = [arm.milestones[results.goal].curve for arm in results.arms.values()]
    shares = [[at(curve, YEAR * year).estimate for curve in curves] for year in (0.0, *candidates)]
    moving = [k for k in range(len(candidates)) if shares[k + 1] != shares[k]]
    return candidates[moving[0] : moving[-1] + 1] if moving else candidates[-1:]


def _after(results: Results, years: Sequence[float]) -> str:
    last = results.horizon / YEAR
    return (
        f" Nothing changes after year {_year(years[-1])}; the horizon is year {_year(last)}."
        if years[-1] < last
        else ""
    )


def _year(year: float) -> str:
    return f"{year:.2f}".rstrip("0").rstrip(".")


def _fitting(results: Results, caption: str, series: Sequence[_Series], years: Sequence[float], note: str) -> Table:
    """Years down if that fits the screen, else arms down and some of the years across."""
    across = _across(results, caption, series, years, note)
    if across.width() <= WIDTH:
        return across
    few = sorted({years[len(years) // 3], years[2 * len(years) // 3], years[-1]})
    tables = (_down(caption, series, few[skip:], note) for skip in range(len(few)))
    return next((table for table in tables if table.width() <= WIDTH), _down(caption, series, few[-1:], note))


def _down(caption: str, series: Sequence[_Series], years: Sequence[float], note: str) -> Table:
    rows = tuple((each.heading, *(each.cell(year) for year in years)) for each in series)
    return Table(caption, ("arm", *(f"year {_year(year)}" for year in years)), rows, note)


def _across(results: Results, caption: str, series: Sequence[_Series], years: Sequence[float], note: str) -> Table:
    rows = tuple((_year(year), date(results, YEAR * year), *(each.cell(year) for each in series)) for year in years)
    return Table(caption, ("year", "date", *(each.heading for each in series)), rows, note)
