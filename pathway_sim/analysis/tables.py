"""The tables of a run, for people: what the command line prints and reports show. Every caption names its population."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence

from pathway_sim.analysis.results import ArmResult, ComparisonResult, Curve, Estimate, Results
from pathway_sim.table import Cell, Table
from pathway_sim.units import YEAR, date_of

MOST_ARMS_ACROSS = 3
"""More arms than this become rows, so that tables fit 80 columns."""


def tables(results: Results) -> Iterator[Table]:
    """Every table of a run, in the order in which they are read."""
    yield from (by_year(results), times(results), endings(results))
    yield from (gain(comparison) for comparison in results.comparisons)


def share(value: float | None, places: int = 1) -> str:
    """A share in percent."""
    return "–" if value is None else f"{100 * value:.{places}f} %"


def between(estimate: Estimate, scale: float = 1.0, places: int = 1) -> str:
    """An estimate with its interval, such as ``5.0 (4.6–5.4)``."""
    if estimate.estimate is None:
        return "–"
    value = f"{_number(estimate.estimate / scale, places)}"
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} ({_number(estimate.low / scale, places)} to {_number(estimate.high / scale, places)})"


def _number(value: float, places: int) -> str:
    text = f"{value:.{places}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def at(curve: Curve, days: float) -> tuple[float, float, float]:
    """The curve's estimate and interval on the last of its days that is not later."""
    place = int(curve.days.searchsorted(int(days), side="right")) - 1
    return (
        (float(curve.estimate[place]), float(curve.low[place]), float(curve.high[place]))
        if place >= 0
        else (0.0, 0.0, 0.0)
    )


def by_year(results: Results) -> Table:
    """The chance of the goal by each year, of all that start."""
    curves = {name: arm.milestones[results.goal].curve for name, arm in results.arms.items()}
    years = _years(results, list(curves.values()))
    if len(curves) > MOST_ARMS_ACROSS:
        return _by_year_down(results, curves, years)
    columns = [
        "year",
        "date",
        *(f"{name}, %" for name in curves),
        *(f"{each.arm} − {each.baseline}" for each in results.comparisons),
    ]
    rows = []
    for year in years:
        row: list[Cell] = [year, _date(results.as_of, year)]
        row += [_percent(*at(curve, YEAR * year)) for curve in curves.values()]
        row += [_points_cell(*at(comparison.difference_curve, YEAR * year)) for comparison in results.comparisons]
        rows.append(tuple(row))
    return Table(
        f"Chance of {results.goal} by year, of all that start",
        tuple(columns),
        tuple(rows),
        "Differences in percentage points. In brackets: 95 % simulation error.",
    )


def _by_year_down(results: Results, curves: Mapping[str, Curve], years: Sequence[int]) -> Table:
    shown = [year for year in (5, 8, 10, 12, 15, 20, 25) if year in years] or list(years)[-5:]
    rows = tuple((name, *(share(at(curve, YEAR * year)[0]) for year in shown)) for name, curve in curves.items())
    return Table(
        f"Chance of {results.goal} by year, of all that start", ("arm", *(f"year {year}" for year in shown)), rows
    )


def _years(results: Results, curves: Sequence[Curve]) -> range:
    """The years to show: from the last one in which nothing has happened yet."""
    last = int(results.horizon // YEAR) or 1
    first = next((year for year in range(1, last + 1) if any(at(curve, YEAR * year)[0] > 0 for curve in curves)), 1)
    return range(max(1, first), last + 1)


def _percent(estimate: float, low: float, high: float) -> str:
    """``5.0 (4.6–5.4)``, in percent."""
    places = 1 if estimate >= 0.1 else 2
    return f"{100 * estimate:.{places}f} ({100 * low:.{places}f}–{100 * high:.{places}f})"


def _points_cell(estimate: float, low: float, high: float) -> str:
    """``+0.10 (+0.05 to +0.19)``, in percentage points."""
    value, least, most = (f"{_number(100 * each, 2)}" for each in (estimate, low, high))
    return f"{value} ({least} to {most})"


def _date(as_of: datetime.date, year: int) -> str:
    return date_of(as_of, YEAR * year).isoformat()


def times(results: Results) -> Table:
    """When milestones are reached, given that they are."""
    names = ("p10", "p50", "p80", "p90", "mean")
    rows: list[tuple[Cell, ...]] = []
    for name, arm in results.arms.items():
        for milestone, result in arm.milestones.items():
            if len(results.arms) > MOST_ARMS_ACROSS and milestone != results.goal:
                continue
            given = result.given_reached
            cells = [_years_cell(given[quantile]) for quantile in names]
            rows.append((name, milestone, share(result.probability.estimate), *cells))
    columns = ("arm", "milestone", "chance", "P10", "P50", "P80", "P90", "mean")
    return Table(
        "Years to each milestone, given that it is reached",
        columns,
        tuple(rows),
        "P50: half of those that get there are there by then.",
    )


def _years_cell(estimate: Estimate) -> str:
    return "–" if estimate.estimate is None else f"{estimate.estimate / YEAR:.1f}"


def endings(results: Results) -> Table:
    """How programs end, of all that start."""
    labels = list(dict.fromkeys(label for arm in results.arms.values() for label in arm.outcomes))
    goal_first = [label for label in labels if label not in ("censored",)] + ["censored"]
    shown = [
        label
        for label in goal_first
        if label in labels and any(arm.outcomes.get(label, 0.0) > 0 for arm in results.arms.values())
    ]
    caption = "Where programs end, of all that start"
    if len(results.arms) <= MOST_ARMS_ACROSS:
        rows = tuple(
            (_ending(label), *(share(arm.outcomes.get(label, 0.0), 2) for arm in results.arms.values()))
            for label in shown
        )
        return Table(caption, ("ending", *results.arms), rows)
    rows = tuple(
        (name, *(share(arm.outcomes.get(label, 0.0)) for label in shown)) for name, arm in results.arms.items()
    )
    return Table(caption, ("arm", *(_ending(label) for label in shown)), rows)


def _ending(label: str) -> str:
    outcome, _, stage = label.partition(":")
    return {"censored": "still running at the horizon"}.get(
        label, f"{outcome.replace('_', ' ')} in {stage}" if stage else label
    )


def gain(comparison: ComparisonResult) -> Table:
    """What an arm changes, on the same futures."""
    months = comparison.months_gained_if_both
    rows: list[tuple[Cell, ...]] = [
        ("chance by the horizon, percentage points", between(comparison.probability_difference, 0.01, 2)),
        ("months gained where both arrive, mean", between(months["mean"])),
        ("    half gain at most", between(months["p50"])),
        ("    one in ten gains more than", between(months["p90"])),
        (
            "earlier / same / later, where both arrive",
            " / ".join(share(value, 0) for value in (comparison.faster, comparison.same, comparison.slower)),
        ),
        (
            f"arrive only with {comparison.arm} / only with {comparison.baseline}",
            f"{share(comparison.only_in_arm, 2)} / {share(comparison.only_in_baseline, 2)}",
        ),
        ("months gained to the horizon, of all that start", between(comparison.restricted_mean_months_gained, 1.0, 2)),
    ]
    return Table(
        f"{comparison.arm} against {comparison.baseline}, on the same futures ({comparison.milestone})",
        ("", "estimate (95 % simulation error)"),
        tuple(rows),
    )


def provenance(results: Results) -> str:
    """What was run, in one line."""
    run = results.manifest
    sets = f", {run['parameter_sets']} parameter sets" if run["parameter_sets"] != 1 else ""
    return (
        f"{run['scenario']} as of {run['as_of']}: {run['replications']:,} replications{sets}, seed {run['seed']}, "
        f"{run['engine']} engine ({run['engine_reason']}), version {run['version']}. Licensed supply in the US; unlicensed clinics are not counted."
    )


def tidy(results: Results) -> Table:
    """The curves of all arms and their differences, one row a point: what a spreadsheet or a data frame takes."""
    columns = ("arm", "baseline", "milestone", "population", "days", "years", "date", "estimate", "low", "high")
    rows: list[tuple[Cell, ...]] = []
    for name, arm in results.arms.items():
        for milestone, result in arm.milestones.items():
            rows += _points(results, (name, "", milestone, "all that start"), result.curve)
    for comparison in results.comparisons:
        key = (comparison.arm, comparison.baseline, comparison.milestone, "difference, all that start")
        rows += _points(results, key, comparison.difference_curve)
    return Table("Cumulative incidence", columns, tuple(rows))


def _points(results: Results, key: tuple[str, ...], curve: Curve) -> Iterator[tuple[Cell, ...]]:
    for day, *values in zip(
        curve.days.tolist(), curve.estimate.tolist(), curve.low.tolist(), curve.high.tolist(), strict=True
    ):
        yield (*key, day, day / YEAR, date_of(results.as_of, day).isoformat(), *values)


def headline(results: Results) -> str:
    """The answer in one or two sentences; it says so where arms cannot be told apart."""
    parts = [_arm_sentence(results, results.arms[name]) for name in list(results.arms)[:1]]
    parts += [_change_sentence(results, comparison) for comparison in results.comparisons[:1]]
    return " ".join(parts)


def _arm_sentence(results: Results, arm: ArmResult) -> str:
    milestone = results.arms[arm.name].milestones[results.goal]
    horizon = date_of(results.as_of, results.horizon).year
    chance = share(milestone.probability.estimate)
    p50 = milestone.given_reached["p50"].estimate
    when = (
        f"; half of those that do are there by {date_of(results.as_of, p50).strftime('%B %Y')}"
        if p50 is not None
        else ""
    )
    return f"{arm.name}: {chance} of programs reach {results.goal} by {horizon}{when}."


def _change_sentence(results: Results, comparison: ComparisonResult) -> str:
    mean = comparison.months_gained_if_both["mean"]
    if mean.estimate is None or mean.low is None or mean.high is None:
        return f"{comparison.arm}: too few futures arrive in both arms to compare them."
    pace = (
        "arrives neither earlier nor later"
        if mean.low <= 0 <= mean.high
        else f"arrives {abs(mean.estimate):.1f} months {'earlier' if mean.estimate > 0 else 'later'} on average"
    )
    same = f" ({share(comparison.same, 0)} gain nothing)" if comparison.same else ""
    difference = comparison.probability_difference
    if difference.low is None or difference.high is None or difference.estimate is None:
        return f"{comparison.arm} {pace}{same}."
    moved = not difference.low <= 0 <= difference.high
    chance = (
        f"and moves the chance by {_number(100 * difference.estimate, 2)} points"
        if moved
        else "and leaves the chance as it is, within simulation error"
    )
    return f"{comparison.arm} {pace} where both arrive{same}, {chance}."
