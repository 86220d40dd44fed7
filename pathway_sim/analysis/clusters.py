"""Simulation error and not-knowing when replications share parameter sets.

Replications of one set share its numbers, so that they are no independent witnesses of the mean over sets. Intervals
take the sets as clusters: the variance comes from the spread of whole sets, quantiles of Student's t from the number of
sets, and formulas that need a sample size get an effective one (Korn & Graubard 1998, Survey Methodology 24:193). With
one set all of it falls back to independent replications.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pathway_sim.analysis.counts import DayCounts
from pathway_sim.analysis.intervals import Z, paired_score, spread_ranks, t_critical, wilson
from pathway_sim.analysis.sums import ExactSums

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Limits = tuple[Floats, Floats, Floats]

Z_ONE_SIDED = 1.6448536269514722
"""The 95 % quantile of the standard normal distribution."""


def ratio_variance(parts: npt.NDArray[np.generic], sizes: npt.NDArray[np.generic]) -> Floats:
    """Variance of sum(parts)/sum(sizes) over sets (ratio estimator with sets as units, Cochran 1977, chapter 6).

    Parameters
    ----------
    parts : ndarray
        Totals by set, shape ``(sets, ...)``.
    sizes : ndarray
        What they are shares or means of, by set, shape ``(sets,)``; sets of size 0 do not count.

    Returns
    -------
    ndarray
        Shape ``(...)``; 0 where fewer than two sets count (`critical` is then infinite or the sets do not matter).
    """
    parts, sizes = np.asarray(parts, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    active, total = np.count_nonzero(sizes), sizes.sum()
    if active < 2:
        return np.zeros(parts.shape[1:])
    column = sizes.reshape(-1, *(1,) * (parts.ndim - 1))
    residual = parts - parts.sum(axis=0) / total * column
    return np.asarray(active / (active - 1) * (residual**2).sum(axis=0) / total**2, dtype=np.float64)


def critical(sizes: npt.NDArray[np.generic]) -> float:
    """The normal quantile for one set, else Student's t with (sets that count) − 1 degrees of freedom."""
    return Z if len(sizes) == 1 else t_critical(int(np.count_nonzero(sizes)) - 1)


def effective_size(simple: Floats, variance: Floats, total: float) -> Floats:
    """Total divided by the design effect variance/simple, which is never taken below 1."""
    worse = (variance > simple) & (simple > 0)
    return np.asarray(total * np.divide(simple, variance, out=np.ones_like(variance), where=worse))


def share_limits(counts: Ints, sizes: Ints) -> Limits:
    """Probability with its Wilson interval: counts ``(sets, m)`` of sizes ``(sets,)`` give three arrays ``(m,)``."""
    total = float(sizes.sum())
    share = counts.sum(axis=0) / total
    size = effective_size(share * (1 - share) / total, ratio_variance(counts, sizes), total)
    return share, *wilson(share, size, critical(sizes))


def difference_limits(gained: Ints, lost: Ints, sizes: Ints) -> Limits:
    """Paired difference of probabilities with Tango's interval.

    Parameters
    ----------
    gained, lost : ndarray
        Pairs in which only the arm, and only the baseline, has arrived; shape ``(sets, m)``.
    sizes : ndarray
        Pairs, shape ``(sets,)``.
    """
    total = float(sizes.sum())
    up, down = gained.sum(axis=0) / total, lost.sum(axis=0) / total
    simple = (up + down - (up - down) ** 2) / total
    size = effective_size(simple, ratio_variance(gained - lost, sizes), total)
    return up - down, *paired_score(up, down, size, critical(sizes))


def mean_error(sums: ExactSums) -> float:
    """Half the 95 % interval of a mean, in days: Student's t over times or over sets; infinite if nothing tells it."""
    if len(sums.count) > 1:
        quantile, variance = critical(sums.count), float(ratio_variance(sums.totals, sums.count))
    else:
        count = int(sums.count[0])
        quantile, variance = t_critical(count - 1), sums.variance() / count if count > 1 else 0.0
    return float("inf") if np.isinf(quantile) else float(quantile * np.sqrt(variance))


def quantile_limits(counts: DayCounts, percent: int) -> tuple[int, int, int]:
    """Quantile and its order-statistic interval, as whole days; the limits of the days kept where no time bounds it."""
    total = counts.total
    low, high = spread_ranks(total, _quantile_size(counts, percent), percent)
    lowest, highest = counts.first, counts.first + len(counts.days) - 1
    return (
        counts.quantile(percent),
        counts.at_rank(low) if low > 0 else lowest,
        counts.at_rank(high) if high <= total else highest,
    )


def _quantile_size(counts: DayCounts, percent: int) -> float:
    """Effective number of times at a quantile: the design effect of the share up to the nearest grid day."""
    if counts.sets == 1:
        return counts.total
    by_set = counts.by_set()
    arrivals = by_set[:, -1]
    total = float(arrivals.sum())
    share = by_set.sum(axis=0) / total
    simple = share * (1 - share) / total
    nearest = int(np.argmin(np.where(simple > 0, np.abs(share - percent / 100), np.inf)))
    size = float(effective_size(simple, ratio_variance(by_set, arrivals), total)[nearest])
    return size * (Z / critical(arrivals)) ** 2


def band(values: Floats, within: Floats) -> tuple[Floats, Floats] | None:
    """5 % and 95 % of what differs between sets, with the inner-sample noise removed.

    None for fewer than two sets, and where the spread between sets does not stand out of the noise within them (at the
    end of a curve, for curves): a band without width would claim that nothing is unknown.

    Each set's estimate is its true value plus noise. Estimates are drawn towards their mean by √(between/total), with
    between = max(0, total − mean within), so that their variance is the one between true values (Louis 1984, JASA
    79:393).

    Parameters
    ----------
    values : ndarray
        One estimate a set, shape ``(sets, ...)``.
    within : ndarray
        Variances of the noise of each, same shape.
    """
    if len(values) < 2:
        return None
    mean, total = values.mean(axis=0), values.var(axis=0, ddof=1)
    between = np.maximum(0, total - within.mean(axis=0))
    # The sample variance of k normal values has the relative standard error √(2/(k − 1)).
    noise = Z_ONE_SIDED * np.sqrt(2 / (len(values) - 1)) * total
    if np.any((between <= noise).reshape(-1)[-1:] & (total > 0).reshape(-1)[-1:]):
        return None
    kept = np.sqrt(np.divide(between, total, out=np.zeros_like(total), where=total > 0))
    low, high = np.quantile(mean + kept * (values - mean), [0.05, 0.95], axis=0, method="inverted_cdf")
    return low, high


def share_band(counts: Ints, sizes: Ints) -> tuple[Floats, Floats] | None:
    """Band of a probability: counts ``(sets, m)`` of sizes ``(sets,)``; sets with one replication cannot tell noise."""
    wide = sizes > 1
    size = sizes[wide].astype(np.float64)[:, None]
    share = counts[wide] / size
    return band(share, share * (1 - share) / (size - 1))


def difference_band(gained: Ints, lost: Ints, sizes: Ints) -> tuple[Floats, Floats] | None:
    """Band of a paired difference of probabilities; arguments as in `difference_limits`."""
    wide = sizes > 1
    size = sizes[wide].astype(np.float64)[:, None]
    up, down = gained[wide] / size, lost[wide] / size
    return band(up - down, (up + down - (up - down) ** 2) / (size - 1))


def mean_band(sums: ExactSums) -> tuple[float, float] | None:
    """Band of a mean, in days, over the sets with two times or more."""
    wide = sums.count > 1
    size = sums.count[wide]
    limits = band(sums.totals[wide] / size, sums.variances() / size)
    return None if limits is None else (float(limits[0]), float(limits[1]))
