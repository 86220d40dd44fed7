"""From finished reductions to the results of an arm. Times are days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from pathway_sim.analysis import clusters
from pathway_sim.analysis.counts import DayCounts
from pathway_sim.analysis.reductions import MilestoneReduction, OutcomeReduction, SpanReduction
from pathway_sim.analysis.results import ArmResult, ComparisonResult, Curve, Estimate, MilestoneResult, StageSpan
from pathway_sim.analysis.sums import ExactSums

Ints = npt.NDArray[np.int64]

FEW = 30  # fewer arrivals give neither a mean nor a median
TAIL = 100  # fewer give no p10, p80 or p90
NONE = Estimate(None)
NO_QUANTILE_BAND = "With several parameter sets quantiles are given without a band of what is not known."
NO_BAND = "A band of what is not known needs two replications or more in at least two parameter sets."
HIDDEN_BAND = (
    "Where no band of what is not known is given, the spread between parameter sets does not stand out of the noise; "
    "more replications would show it."
)


def arm_result(
    name: str,
    outcomes: OutcomeReduction,
    milestones: Mapping[str, MilestoneReduction],
    spans: SpanReduction | None = None,
) -> ArmResult:
    """One arm from its finished reductions; needs one replication or more."""
    return ArmResult(
        name=name,
        replications=outcomes.total,
        outcomes=outcomes.result(),
        milestones={
            milestone: milestone_result(milestone, name, reduction) for milestone, reduction in milestones.items()
        },
        spans=() if spans is None else stage_spans(spans),
    )


def milestone_result(name: str, arm: str, reduction: MilestoneReduction) -> MilestoneResult:
    """One milestone of one arm; probability and curve are of all that start, times are given that it is reached."""
    reached = reduction.reached
    curve = share_curve(reached.grid, reached.by_set(), reduction.starts)
    return MilestoneResult(
        name=name,
        reached=reached.total,
        probability=at_horizon(curve),
        given_reached=given_reached(reached, reduction.times),
        curve=curve,
        available_at=_available(reduction),
        notes=(
            *arrival_notes(
                f"{arm}: {{}} reached {name}", "P10, P80 and P90", reached.total, int(reduction.starts.sum())
            ),
            *band_notes(reduction.starts),
        ),
    )


def _available(reduction: MilestoneReduction) -> Curve | None:
    reached, ended = reduction.reached, reduction.ended
    if ended is None:
        return None
    return share_curve(reached.grid, reached.by_set() - ended.by_set(), reduction.starts)


def share_curve(days: Ints, counts: Ints, sizes: Ints) -> Curve:
    """Share of all that start by day, from counts ``(sets, m)`` and replications ``(sets,)``."""
    band = clusters.share_band(counts, sizes) or (None, None)
    return Curve(days, *clusters.share_limits(counts, sizes), *band)


def at_horizon(curve: Curve) -> Estimate:
    """The last point of a curve."""
    band = None
    if curve.band_low is not None and curve.band_high is not None:
        band = (float(curve.band_low[-1]), float(curve.band_high[-1]))
    return Estimate(float(curve.estimate[-1]), float(curve.low[-1]), float(curve.high[-1]), band)


def given_reached(counts: DayCounts, times: ExactSums) -> Mapping[str, Estimate]:
    """Mean, sd and quantiles of the times of those that arrive; None where too few do."""
    enough = counts.total >= FEW
    return {
        "mean": mean_estimate(times),
        "sd": Estimate(float(np.sqrt(times.variance()))) if enough else NONE,
        **{f"p{percent}": quantile_estimate(counts, percent) for percent in (10, 50, 80, 90)},
    }


def mean_estimate(sums: ExactSums, few: int = FEW) -> Estimate:
    """Mean with its t interval and band; None where fewer than `few` times were added."""
    if int(sums.count.sum()) < few:
        return NONE
    mean, error = sums.mean(), clusters.mean_error(sums)
    band = clusters.mean_band(sums)
    return Estimate(mean, mean - error, mean + error, band) if np.isfinite(error) else Estimate(mean, band=band)


def quantile_estimate(counts: DayCounts, percent: int) -> Estimate:
    """Quantile with its order-statistic interval; None where too few times were counted."""
    if counts.total < (FEW if percent == 50 else TAIL):
        return NONE
    day, low, high = clusters.quantile_limits(counts, percent)
    return Estimate(float(day), float(low), float(high))


def arrival_notes(sentence: str, tails: str, arrivals: int, total: int) -> tuple[str, ...]:
    """Why numbers given arrival are missing, and how many replications would give them.

    Parameters
    ----------
    sentence : str
        With a place for the count: ``rmat: {} reached approval``.
    tails : str
        The quantiles that need `TAIL` arrivals.
    arrivals, total : int
        Arrivals among all replications.
    """
    if arrivals == 0:
        return (sentence.format("no replication") + ".",)
    wanted = [("a mean and a median", FEW)] * (arrivals < FEW) + [(tails, TAIL)] * (arrivals < TAIL)
    needs = (f"{what} need {need}, about {-(-need * total // arrivals):,} replications" for what, need in wanted)
    said = sentence.format(f"{arrivals:,} of {total:,} replications")
    return (f"{'; '.join((said, *needs))}.",) if wanted else ()


def band_notes(sizes: Ints) -> tuple[str, ...]:
    """What is said of bands with several parameter sets; `sizes` are the replications of each, shape ``(sets,)``."""
    if len(sizes) == 1:
        return ()
    return (HIDDEN_BAND, NO_QUANTILE_BAND) if np.count_nonzero(sizes > 1) > 1 else (NO_BAND, NO_QUANTILE_BAND)


def stage_spans(reduction: SpanReduction) -> tuple[StageSpan, ...]:
    """Rows of the timeline, in pathway order; a stage that never starts on the way to the goal has none.

    Quantiles of the end are over those that end by the horizon; where none does, the end stands at the horizon.
    """
    return tuple(_stage_span(reduction, k) for k in range(len(reduction.stages)) if reduction.starts[k].total)


def _stage_span(reduction: SpanReduction, k: int) -> StageSpan:
    starts, ends = reduction.starts[k], reduction.ends[k]
    last = len(ends.days) - 1
    end = {percent: float(ends.quantile(percent) if ends.total else last) for percent in (10, 50, 90)}
    everywhere, on_the_way = reduction.ways[:, k]
    return StageSpan(
        stage=reduction.stages[k],
        share=starts.total / reduction.reached,
        start_p50=float(starts.quantile(50)),
        end_p10=end[10],
        end_p50=end[50],
        end_p90=end[90],
        decides=int(np.count_nonzero(everywhere)) > 1,
        certain=100 * int(on_the_way.max(initial=0)) >= 97 * max(1, int(on_the_way.sum())),
    )


def all_notes(
    arms: Mapping[str, ArmResult], comparisons: Iterable[ComparisonResult] = (), first: Iterable[str] = ()
) -> tuple[str, ...]:
    """Every note of a run, once each: `first`, then those of the arms' milestones, then those of the comparisons, then
    those of the arms' intervals and waits.
    """
    reached = (note for arm in arms.values() for milestone in arm.milestones.values() for note in milestone.notes)
    compared = (note for comparison in comparisons for note in comparison.notes)
    lengths = (note for arm in arms.values() for note in length_notes(arm))
    return tuple(dict.fromkeys((*first, *reached, *compared, *lengths)))


def length_notes(arm: ArmResult) -> Iterator[str]:
    """Why numbers of the intervals and waits of an arm are missing."""
    counts = {f"both ends of {name}": interval.length.count for name, interval in arm.intervals.items()}
    for wait in arm.waits:
        holders = {each.name: each for each in wait.stages} | {f"the {each.name} track": each for each in wait.tracks}
        for name, holder in holders.items():
            counts[f"{wait.stage} with {name} as the last to be over"] = holder.length.count
    for what, count in counts.items():
        yield from arrival_notes(f"{arm.name}: {{}} reached {what}", "P10 and P90", count, arm.replications)
