"""Two arms on the same futures. Differences are arm − baseline; a gain is positive when the arm is earlier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pathway_sim.analysis import clusters
from pathway_sim.analysis.clusters import Ints
from pathway_sim.analysis.reductions import PairReduction
from pathway_sim.analysis.results import ComparisonResult, Curve, Estimate
from pathway_sim.analysis.summary import (
    FEW,
    arrival_notes,
    at_horizon,
    band_notes,
    mean_estimate,
    quantile_estimate,
)
from pathway_sim.units import MONTH


def comparison_result(baseline: str, arm: str, milestone: str, pair: PairReduction) -> ComparisonResult:
    """The comparison from its finished reduction; needs one replication or more."""
    curve, both, total = difference_curve(pair), pair.both.total, int(pair.starts.sum())
    faster, same, slower = _order(pair)
    restricted = mean_estimate(pair.restricted, few=1).per(MONTH)
    return ComparisonResult(
        baseline=baseline,
        arm=arm,
        milestone=milestone,
        probability_difference=replace(at_horizon(curve), band=_horizon_band(pair)),
        difference_curve=curve,
        months_gained_if_both=_months_gained(pair),
        both=both / total,
        faster=faster,
        same=same,
        slower=slower,
        only_in_arm=(pair.arm.total - both) / total,
        only_in_baseline=(pair.baseline.total - both) / total,
        restricted_mean_months_gained=restricted,
        notes=(*_count_notes(baseline, arm, milestone, pair), *trap_notes(baseline, arm, milestone, pair, restricted)),
    )


def difference_curve(pair: PairReduction) -> Curve:
    """Difference of the two cumulative incidences by day, with Tango's paired interval at each.

    It has no band of what is not known: month by month that would rest on a handful of futures in each set.
    """
    return Curve(pair.both.grid, *clusters.difference_limits(*_only(pair), pair.starts))


def _only(pair: PairReduction) -> tuple[Ints, Ints]:
    """Pairs in which only the arm, and only the baseline, has arrived, each of shape ``(sets, days of the grid)``."""
    both = pair.both.by_set()
    return pair.arm.by_set() - both, pair.baseline.by_set() - both


def _horizon_band(pair: PairReduction) -> tuple[float, float] | None:
    up, down = (counts[:, -1:] for counts in _only(pair))
    limits = clusters.difference_band(up, down, pair.starts)
    return None if limits is None else (float(limits[0][0]), float(limits[1][0]))


def _months_gained(pair: PairReduction) -> Mapping[str, Estimate]:
    quantiles = {f"p{percent}": quantile_estimate(pair.gains, percent).per(MONTH) for percent in (10, 50, 90)}
    return {"mean": mean_estimate(pair.gained).per(MONTH), **quantiles}


def _order(pair: PairReduction) -> tuple[float | None, float | None, float | None]:
    both = pair.both.total
    if both == 0:
        return None, None, None
    faster, same, slower = (int(count) / both for count in pair.order)
    return faster, same, slower


def _count_notes(baseline: str, arm: str, milestone: str, pair: PairReduction) -> tuple[str, ...]:
    sentence = f"{arm} against {baseline}: {{}} reached {milestone} in both arms"
    return (
        *arrival_notes(sentence, "P10 and P90 of the months gained", pair.both.total, int(pair.starts.sum())),
        *_difference_notes(baseline, arm, milestone, pair),
        *band_notes(pair.starts),
    )


def _difference_notes(baseline: str, arm: str, milestone: str, pair: PairReduction) -> tuple[str, ...]:
    total, both = int(pair.starts.sum()), pair.both.total
    differ = pair.arm.total + pair.baseline.total - 2 * both + int(pair.order[0] + pair.order[2])
    if differ >= FEW:
        return ()
    said = f"{arm} against {baseline}: the time of {milestone} differs in {differ or 'none'} of {total:,} replications"
    return (f"{said}; the interval of the mean gain is too narrow to trust below {FEW}.",)


def trap_notes(baseline: str, arm: str, milestone: str, pair: PairReduction, restricted: Estimate) -> tuple[str, ...]:
    """A warning where the medians of those that arrive point the other way than the gain of all that start.

    It is given only where the gain is clear of its simulation error, so that noise raises no alarm.
    """
    if min(pair.baseline.total, pair.arm.total) < FEW or restricted.estimate is None:
        return ()
    ahead = pair.baseline.quantile(50) - pair.arm.quantile(50)
    low, high = restricted.low or 0.0, restricted.high or 0.0
    if not (ahead < 0 < low or high < 0 < ahead):
        return ()
    looks, truly = ("later", "earlier") if ahead < 0 else ("earlier", "later")
    return (
        f"{arm} against {baseline}: among the futures that reach {milestone}, {arm} looks {looks} (its median by "
        f"{abs(ahead):,} days), but over all that start it is {truly} by {abs(restricted.estimate):.1f} months on "
        f"average. {_why(baseline, arm, pair)} Compare the curves of all that start.",
    )


def _why(baseline: str, arm: str, pair: PairReduction) -> str:
    total, both = int(pair.starts.sum()), pair.both.total
    more, fewer = (100 * (counts.total - both) / total for counts in (pair.arm, pair.baseline))
    if more == fewer == 0:
        return "A median looks at the typical future, a mean at all of them."
    return f"The medians are of different futures: {more:.3g} % arrive only in {arm}, {fewer:.3g} % only in {baseline}."
