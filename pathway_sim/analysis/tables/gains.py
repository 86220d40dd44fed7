"""What arms change, on the same futures."""

from __future__ import annotations

from collections.abc import Iterator

from pathway_sim.analysis.results import ComparisonResult, Estimate, Results
from pathway_sim.analysis.tables.common import MOST_ARMS, band
from pathway_sim.analysis.wording import DASH, between, number, share, words
from pathway_sim.table import Table

NOT_KNOWN = "not known, 5–95 %"


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
    return estimate, interval.removesuffix(")"), band(value, scale, most)


def _bare(value: float | None, decimals: int = 0) -> str:
    return DASH if value is None else number(100 * value, decimals)


def _order(comparison: ComparisonResult) -> str:
    return " / ".join(map(_bare, (comparison.faster, comparison.same, comparison.slower)))
