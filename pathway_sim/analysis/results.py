"""The results of a run, as plain frozen values. Times are days unless a name says otherwise.

`None` stands for a number that cannot be given; the reason is then among the notes of the run.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % simulation error, and the 5 %-95 % band of what is not known (parameter sets > 1)."""

    estimate: float | None
    low: float | None = None
    high: float | None = None
    band: tuple[float, float] | None = None

    def per(self, unit: float) -> Estimate:
        """The same number in a larger unit: `unit` is how many days a month or a year has."""
        estimate, low, high = (None if days is None else days / unit for days in (self.estimate, self.low, self.high))
        return Estimate(estimate, low, high, None if self.band is None else (self.band[0] / unit, self.band[1] / unit))


@dataclass(frozen=True)
class Curve:
    """Cumulative incidence of all that start, on whole days: shapes ``(m,)``; `days` from the start, ascending."""

    days: npt.NDArray[np.int64]
    estimate: Floats
    low: Floats
    high: Floats
    band_low: Floats | None = None
    band_high: Floats | None = None


@dataclass(frozen=True)
class MilestoneResult:
    """One milestone in one arm. `given_reached` has mean, sd, p10, p50, p80 and p90 in days since the start.

    `notes` say why a number is not given. `available_at` is the share that has the milestone on a day, if it can end.
    """

    name: str
    reached: int
    probability: Estimate
    given_reached: Mapping[str, Estimate]
    curve: Curve
    available_at: Curve | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StageSpan:
    """When a stage runs in the futures in which the goal is reached (shares are of those futures).

    `decides` is true where the stage can end in more than one way; `certain` where those futures nearly always
    take the same way (97 % or more).
    """

    stage: str
    share: float
    start_p50: float
    end_p10: float
    end_p50: float
    end_p90: float
    decides: bool
    certain: bool
    title: str = ""


@dataclass(frozen=True)
class LengthResult:
    """In which share of the futures that it is asked of something lasts; the mean, p10, p50 and p90 there, in days."""

    asked: int
    count: int
    share: Estimate
    lengths: Mapping[str, Estimate]


@dataclass(frozen=True)
class HolderResult:
    """What a stage waited for last: a stage or a track, or several where any one of them is enough.

    `length` is asked of the futures in which the stage was ready. `several` is true of a track that the stage waits for
    more than once, so that the track says more than its stages.
    """

    name: str
    title: str
    length: LengthResult
    several: bool = False


@dataclass(frozen=True)
class WaitResult:
    """What held a stage that waits for several others, by stage and by track; what never held it is left out."""

    stage: str
    title: str
    ready: int
    stages: tuple[HolderResult, ...]
    tracks: tuple[HolderResult, ...]


@dataclass(frozen=True)
class IntervalResult:
    """The time between two facts; the length is asked of the futures that reach the first."""

    name: str
    title: str
    length: LengthResult


@dataclass(frozen=True)
class ArmResult:
    """One arm: how its replications ended (shares that sum to 1, goal first, censored last), milestones and stages;
    what held its stages, and its intervals. `titles` are those of the stages.
    """

    name: str
    replications: int
    outcomes: Mapping[str, float]
    milestones: Mapping[str, MilestoneResult]
    spans: tuple[StageSpan, ...] = ()
    waits: tuple[WaitResult, ...] = ()
    intervals: Mapping[str, IntervalResult] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ComparisonResult:
    """Two arms on the same futures. Differences are arm − baseline; a gain is positive when the arm is earlier."""

    baseline: str
    arm: str
    milestone: str
    probability_difference: Estimate
    difference_curve: Curve
    months_gained_if_both: Mapping[str, Estimate]
    both: float
    faster: float | None
    same: float | None
    slower: float | None
    only_in_arm: float
    only_in_baseline: float
    restricted_mean_months_gained: Estimate
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Results:
    """Everything one run says. `manifest` is the JSON manifest: what was run, with which seed and version."""

    manifest: Mapping[str, object]
    title: str
    question: str
    as_of: datetime.date
    horizon: float
    goal: str
    arms: Mapping[str, ArmResult]
    comparisons: tuple[ComparisonResult, ...] = ()
    notes: tuple[str, ...] = field(default=())
