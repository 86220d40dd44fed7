"""The tables of a run, for people: every one names its population, and no digit outruns its interval."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pathway_sim.analysis.results import ArmResult, ComparisonResult, Curve, Estimate, Results
from pathway_sim.analysis.wording import DASH, between, number, percent, places, share, span, words
from pathway_sim.table import WIDTH, Cell, Table
from pathway_sim.units import YEAR, date_of

MOST_ARMS = 3
"""With more arms than this, tables show the main milestone only and sentences speak of the baseline only."""
ONLY_ARM = "base"
"""What the arm of a scenario without arms is called."""
TIMES = ("p10", "p50", "p80", "p90", "mean")
NOT_KNOWN = "not known, 5–95 %"


def tables(results: Results) -> Iterator[Table]:
    """Every table of a run, in the order in which they are read."""
    yield from by_year(results)
    yield times(results)
    yield from unknown(results)
    yield from endings(results)
    yield from gains(results)


def at(curve: Curve, days: float) -> Estimate:
    """The curve on the last of its days that is not later."""
    place = int(curve.days.searchsorted(int(days), side="right")) - 1
    if place < 0:
        return Estimate(0.0, 0.0, 0.0)
    return Estimate(float(curve.estimate[place]), float(curve.low[place]), float(curve.high[place]))


# The chance by year


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
    rows = tuple((_year(year), _date(results, YEAR * year), *(each.cell(year) for each in series)) for year in years)
    return Table(caption, ("year", "date", *(each.heading for each in series)), rows, note)


def _date(results: Results, days: float) -> str:
    return date_of(results.as_of, days).isoformat()


# Times, endings, gains


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


def endings(results: Results) -> Iterator[Table]:
    """How programs end, of all that start: endings down if that fits, else arms down, else in several tables."""
    arms = list(results.arms.values())
    labels = list(dict.fromkeys(label for arm in arms for label in arm.outcomes if label != "censored"))
    shown = [label for label in (*labels, "censored") if any(arm.outcomes.get(label, 0.0) > 0 for arm in arms)]
    caption = "Where programs end, % of all that start"
    down = Table(caption, ("arm", *map(_ending, shown)), tuple((arm.name, *_shares(arm, shown)) for arm in arms))
    across = _endings(caption, arms, shown)
    if across.width() <= WIDTH or down.width() > WIDTH:
        per = next((k for k in range(len(arms), 1, -1) if _endings(caption, arms[:k], shown).width() <= WIDTH), 1)
        yield from (_endings(caption, arms[k : k + per], shown) for k in range(0, len(arms), per))
    else:
        yield down


def _endings(caption: str, arms: Sequence[ArmResult], labels: Sequence[str]) -> Table:
    cells = [_shares(arm, labels) for arm in arms]
    rows = tuple((_ending(label), *(column[k] for column in cells)) for k, label in enumerate(labels))
    names = ("share",) if [arm.name for arm in arms] == [ONLY_ARM] else tuple(arm.name for arm in arms)
    return Table(caption, ("ending", *names), rows)


def _shares(arm: ArmResult, labels: Sequence[str]) -> list[str]:
    """Shares in percent, with the digits that as many replications support."""
    return [_share(arm.outcomes.get(label, 0.0), arm.replications) for label in labels]


def _share(value: float, replications: int) -> str:
    if value == 0 or 0 < value < 0.00005:
        return "<0.01" if value else "0"
    error = 196 * math.sqrt(value * (1 - value) / replications)
    return number(100 * value, places(-error, error, 1 if value >= 0.001 else 2))


def _ending(label: str) -> str:
    outcome, _, stage = label.partition(":")
    if label == "censored":
        return "still running at the horizon"
    return f"{words(stage)}: {words(outcome)}" if stage else f"{words(label)} reached"


def gains(results: Results) -> Iterator[Table]:
    """What each arm changes, on the same futures."""
    if len(results.comparisons) < MOST_ARMS:
        yield from map(gain, results.comparisons)
        return
    columns = (
        "arm",
        "months gained by the horizon, mean of all that start",
        "months gained, mean where both arrive",
        "earlier / same / later, % where both arrive",
    )
    rows = tuple((each.arm, *_gain_cells(each)) for each in results.comparisons)
    baseline = results.comparisons[0].baseline
    yield Table(f"Each arm against {baseline}, on the same futures ({words(results.goal)})", columns, rows)


def _gain_cells(comparison: ComparisonResult) -> tuple[str, ...]:
    mean = comparison.months_gained_if_both["mean"]
    return between(comparison.restricted_mean_months_gained), between(mean, most=1), _order(comparison)


def gain(comparison: ComparisonResult) -> Table:
    """What one arm changes, on the same futures."""
    months, point = comparison.months_gained_if_both, 100.0
    lines: list[tuple[str, Estimate | str, float, int]] = [
        ("of all that start", "", 1.0, 0),
        ("  chance by the horizon, points", comparison.probability_difference, point, 2),
        ("  months gained by the horizon, mean", comparison.restricted_mean_months_gained, 1.0, 2),
        ("  arrive in this arm only, %", _bare(comparison.only_in_arm, 2), 1.0, 0),
        ("  arrive in the baseline only, %", _bare(comparison.only_in_baseline, 2), 1.0, 0),
        (f"of those that arrive in both, {share(comparison.both, 1)}", "", 1.0, 0),
        ("  months gained, mean", months["mean"], 1.0, 1),
        ("  half of them gain at most", months["p50"], 1.0, 1),
        ("  one in ten gains more than", months["p90"], 1.0, 1),
        ("  earlier / same / later, %", _order(comparison), 1.0, 0),
    ]
    bands = any(isinstance(value, Estimate) and value.band is not None for _, value, _, _ in lines)
    columns = ("", "estimate", "95 % simulation error", *((NOT_KNOWN,) if bands else ()))
    rows = tuple((text, *_parts(value, scale, most)[: len(columns) - 1]) for text, value, scale, most in lines)
    caption = f"{comparison.arm} against {comparison.baseline}, on the same futures ({words(comparison.milestone)})"
    return Table(caption, columns, rows)


def _parts(value: Estimate | str, scale: float, most: int) -> tuple[str, str, str]:
    """Estimate, interval and band, each as text."""
    if isinstance(value, str):
        return value, "", ""
    estimate, _, interval = between(value, scale, most=most).partition(" (")
    return estimate, interval.removesuffix(")"), _band(value, scale, most)


def _band(value: Estimate, scale: float, most: int) -> str:
    """The band of what is not known, such as ``0.9–3.8``."""
    if value.band is None:
        return ""
    low, high = (scale * each for each in value.band)
    return span(low, high, places(low, high, most))


def _bare(value: float | None, decimals: int = 0) -> str:
    return DASH if value is None else number(100 * value, decimals)


def _order(comparison: ComparisonResult) -> str:
    return " / ".join(map(_bare, (comparison.faster, comparison.same, comparison.slower)))


def unknown(results: Results) -> Iterator[Table]:
    """How far the answer moves with what is not known, where that can be told."""
    rows: list[tuple[Cell, ...]] = []
    for name, arm in results.arms.items():
        goal = arm.milestones[results.goal]
        chance, mean = _band(goal.probability, 100.0, 1), _band(goal.given_reached["mean"], 1 / YEAR, 1)
        if chance or mean:
            rows.append((name, chance or DASH, mean or DASH))
    if rows:
        columns = ("arm", "chance by the horizon, % of all that start", "mean years, given that it is reached")
        sets = results.manifest["parameter_sets"]
        yield Table(
            f"What is not known ({words(results.goal)}): 5 % to 95 % of {sets:,} parameter sets", columns, tuple(rows)
        )


# For spreadsheets and data frames


def tidy(results: Results) -> Table:
    """The curves of all arms and their differences, one row a point."""
    columns = (
        "arm",
        "baseline",
        "milestone",
        "population",
        "days",
        "years",
        "date",
        "estimate",
        "low",
        "high",
        "band_p5",
        "band_p95",
    )
    return Table("Cumulative incidence", columns, tuple(_tidy_rows(results)))


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
        yield (*key, day, day / YEAR, _date(results, day), *rest)
