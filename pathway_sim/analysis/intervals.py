"""95 % intervals: formulas on plain numbers and arrays. `docs/explanation/intervals.md` says what each answers.

`scipy.special` is imported where it is used, so that importing the package stays quick.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

Z = 1.959963984540054  # the 0.975 quantile of the normal distribution
_TAIL = 0.025


def t_critical(freedom: int) -> float:
    """The 0.975 quantile of Student's t; infinite without a degree of freedom: nothing is then known of the spread."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 1 - _TAIL)) if freedom > 0 else float("inf")


def wilson(share: Floats, size: Floats, critical: float = Z) -> tuple[Floats, Floats]:
    """Score interval of a probability (Wilson 1927, JASA 22:209; Brown, Cai & DasGupta 2001, Stat. Sci. 16:101, eq. 4).

    Parameters
    ----------
    share : ndarray
        Observed shares, shape ``(m,)``.
    size : ndarray
        Sample sizes, shape ``(m,)``; effective sizes where observations hang together.
    critical : float
        Normal or t quantile; infinite gives the whole range.

    Returns
    -------
    tuple of ndarray
        Lower and upper limits, shape ``(m,)``, with 0 ≤ low ≤ share ≤ high ≤ 1.
    """
    if np.isinf(critical):
        return np.zeros_like(share), np.ones_like(share)
    k = critical**2 / size
    centre = (share + k / 2) / (1 + k)
    half = np.sqrt(k * share * (1 - share) + k * k / 4) / (1 + k)
    # The limits are exact at shares of 0 and 1, where rounding would leave a hair.
    low = np.where(share == 0, 0.0, np.clip(centre - half, 0, share))
    return low, np.where(share == 1, 1.0, np.clip(centre + half, share, 1))


def clopper_pearson(hits: int, size: int) -> tuple[float, float]:
    """Exact interval of a probability (Clopper & Pearson 1934, Biometrika 26:404): each tail has at most 2.5 %.

    Conservative, and meant for few observations; without any it is the whole range.
    """
    from scipy.special import betaincinv

    low = float(betaincinv(hits, size - hits + 1, _TAIL)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, size - hits, 1 - _TAIL)) if hits < size else 1.0
    return low, high


def paired_score(gained: Floats, lost: Floats, size: Floats, critical: float = Z) -> tuple[Floats, Floats]:
    """Score interval of a difference of paired proportions (Tango 1998, Statistics in Medicine 17:891).

    Parameters
    ----------
    gained, lost : ndarray
        Shares of the pairs in which only the arm, and only the baseline, arrives; shape ``(m,)``.
    size : ndarray
        Numbers of pairs, shape ``(m,)``; effective numbers where pairs hang together.
    critical : float
        Normal or t quantile; infinite gives the whole range.

    Returns
    -------
    tuple of ndarray
        Limits of gained − lost, shape ``(m,)``, within [−1, 1]; of positive width also without any discordant pair.
    """
    if np.isinf(critical):
        return np.full_like(gained, -1.0), np.ones_like(gained)
    k = critical**2 / size
    return -_paired_upper(lost, gained, k), _paired_upper(gained, lost, k)


def _paired_upper(gained: Floats, lost: Floats, k: Floats) -> Floats:
    # The score falls in the difference, so that halving the bracket finds its root; 60 halvings reach the last bit.
    observed = gained - lost
    low, high = observed, np.ones_like(observed)
    for _ in range(60):
        middle = (low + high) / 2
        inside = (observed - middle) ** 2 < k * _null_variance(gained, lost, middle)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return np.asarray((low + high) / 2, dtype=np.float64)


def _null_variance(gained: Floats, lost: Floats, difference: Floats) -> Floats:
    """Variance of one pair's difference if `difference` is true, the rest by maximum likelihood (Tango 1998)."""
    b = (2 - gained + lost) * difference - gained - lost
    c = -lost * difference * (1 - difference)
    only_lost = (np.sqrt(np.maximum(b * b - 8 * c, 0)) - b) / 4
    return np.asarray(2 * only_lost + difference * (1 - difference), dtype=np.float64)


def order_ranks(size: int, percent: int) -> tuple[int, int]:
    """Ranks, from 1, of the two order statistics that hold a quantile with 95 % or more (Conover 1999, section 3.2).

    Each tail has at most 2.5 %, for any distribution, ties included. Rank 0 or ``size + 1`` means that no order
    statistic bounds the quantile on that side.
    """
    from scipy.special import bdtr, bdtrc

    share, numbers = percent / 100, range(size + 1)
    lower = bisect_right(numbers, _TAIL, key=lambda k: float(bdtr(k, size, share)))
    upper = bisect_left(numbers, -_TAIL, key=lambda k: -float(bdtrc(k, size, share))) + 1
    return lower, upper


def spread_ranks(size: int, effective: float, percent: int) -> tuple[int, int]:
    """Order-statistic ranks among `size` times that carry the information of only `effective` independent ones.

    The ranks of a sample of the effective size are taken outwards to the same shares of the whole (the idea of Woodruff
    1952, JASA 47:635); with ``effective == size`` they are those of `order_ranks`.
    """
    small = max(1, min(size, int(effective)))
    lower, upper = order_ranks(small, percent)
    low = (lower - 1) * size // small + 1 if lower > 0 else 0
    high = -(-upper * size // small) if upper <= small else size + 1
    return low, high
