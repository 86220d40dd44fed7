"""How often something lasts, and how long: a share of those futures that it is asked of, and the lengths of time in it.

What holds a stage and what lies between two facts are both of this form.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pathway_sim.analysis import clusters
from pathway_sim.analysis.counts import DayCounts, length_days
from pathway_sim.analysis.results import Estimate, LengthResult
from pathway_sim.analysis.summary import NONE, mean_estimate, quantile_estimate
from pathway_sim.analysis.sums import ExactSums

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PERCENTS = (10, 50, 90)


class LengthReduction:
    """Counts and lengths, as integers that merge; memory does not grow with replications.

    Parameters
    ----------
    horizon_days : float
        No length is greater.
    sets : int
        Parameter sets P.
    signed : bool
        Whether a length can be negative.
    """

    def __init__(self, horizon_days: float, sets: int = 1, *, signed: bool = False) -> None:
        first = -int(-(-horizon_days // 1)) if signed else 0
        self.sets = sets
        self.asked: Ints = np.zeros(sets, dtype=np.int64)
        self.days = DayCounts(first, length_days(horizon_days, signed=signed), sets)
        self.sums = ExactSums(sets)

    def add(self, asked: Ints, group: Ints, lengths: Floats) -> None:
        """Add a chunk: how many replications of each set it is asked of, shape ``(sets,)``; and of those in which it
        lasts their sets and the lengths in days, both ``(m,)``.
        """
        self.asked += asked
        self.days.add(lengths, group)
        self.sums.add(lengths, group)

    def merge(self, other: LengthReduction) -> None:
        """Add the state of other replications."""
        self.asked += other.asked
        self.days.merge(other.days)
        self.sums.merge(other.sums)

    def result(self) -> LengthResult:
        """The share, and the lengths in days where it lasts."""
        quantiles = {f"p{percent}": quantile_estimate(self.days, percent) for percent in PERCENTS}
        lengths = {"mean": mean_estimate(self.sums), **quantiles}
        return LengthResult(int(self.asked.sum()), self.days.total, self._share(), lengths)

    def _share(self) -> Estimate:
        if not self.asked.any():
            return NONE
        counts = self.sums.count[:, None]
        share, low, high = (float(each[0]) for each in clusters.share_limits(counts, self.asked))
        limits = clusters.share_band(counts, self.asked)
        return Estimate(share, low, high, limits and (float(limits[0][0]), float(limits[1][0])))
