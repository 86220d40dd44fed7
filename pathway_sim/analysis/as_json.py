"""The JSON object of a run. Keys may be added, never renamed. Numbers are unrounded; what cannot be given is null."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pathway_sim.analysis.results import (
    ArmResult,
    ComparisonResult,
    Curve,
    Estimate,
    LengthResult,
    MilestoneResult,
    Results,
    WaitResult,
)
from pathway_sim.analysis.summary import all_notes
from pathway_sim.units import MONTH, YEAR, date_of

Json = dict[str, object]

NO_ATTRIBUTION = "by_effect_months: attribution to effects is not computed in this version."


def to_json(results: Results) -> Json:
    """The object that ``run`` and ``compare`` print, made of JSON's own types only."""
    writer = _Writer(results)
    attribution = (NO_ATTRIBUTION,) if results.comparisons else ()
    return {
        "format": 1,
        "manifest": dict(results.manifest),
        "arms": {name: writer.arm(arm) for name, arm in results.arms.items()},
        "comparisons": [writer.comparison(comparison) for comparison in results.comparisons],
        "notes": list(dict.fromkeys((*all_notes(results.arms, results.comparisons, results.notes), *attribution))),
    }


class _Writer:
    """Knows what all parts of one run share: its first day, its last year, and whether there are bands."""

    def __init__(self, results: Results) -> None:
        self.as_of = results.as_of
        self.years = range(1, int(results.horizon // YEAR) + 1)
        self.bands = results.manifest.get("parameter_sets", 1) != 1

    def arm(self, arm: ArmResult) -> Json:
        return {
            "outcomes": {label: float(share) for label, share in arm.outcomes.items()},
            "milestones": {name: self.milestone(milestone) for name, milestone in arm.milestones.items()},
            "intervals": {name: self.length(interval.length) for name, interval in arm.intervals.items()},
            "waits": [self.wait(wait, arm.replications) for wait in arm.waits],
        }

    def milestone(self, milestone: MilestoneResult) -> Json:
        given = {name: self.estimate(value.per(YEAR)) for name, value in milestone.given_reached.items()}
        written: Json = {
            "probability": self.estimate(milestone.probability),
            "given_reached_years": given | {"sd": _number(milestone.given_reached["sd"].per(YEAR).estimate)},
            "cumulative_incidence": self.curve(milestone.curve),
        }
        return (
            written
            if milestone.available_at is None
            else written | {"available_at": self.curve(milestone.available_at)}
        )

    def length(self, length: LengthResult) -> Json:
        """Where an interval ends, or a stage is held: in which share, and for how many months."""
        months = {name: self.estimate(value.per(MONTH)) for name, value in length.lengths.items()}
        return {"share": self.estimate(length.share), "months": months}

    def wait(self, wait: WaitResult, replications: int) -> Json:
        return {
            "stage": wait.stage,
            "ready": wait.ready / replications,
            "held_by": [{"stage": each.name, **self.length(each.length)} for each in wait.stages],
            "held_by_track": [{"track": each.name, **self.length(each.length)} for each in wait.tracks],
        }

    def comparison(self, comparison: ComparisonResult) -> Json:
        gained: Mapping[str, object] = {k: self.estimate(v) for k, v in comparison.months_gained_if_both.items()}
        return {
            "baseline": comparison.baseline,
            "arm": comparison.arm,
            "milestone": comparison.milestone,
            "probability_difference": self.estimate(comparison.probability_difference),
            "difference_by_year": self.curve(comparison.difference_curve),
            "months_gained_if_both": {**gained, "share": float(comparison.both)},
            "faster": _number(comparison.faster),
            "same": _number(comparison.same),
            "slower": _number(comparison.slower),
            "only_in_arm": float(comparison.only_in_arm),
            "only_in_baseline": float(comparison.only_in_baseline),
            "restricted_mean_months_gained": self.estimate(comparison.restricted_mean_months_gained),
            "by_effect_months": None,
        }

    def estimate(self, value: Estimate) -> Json:
        written: Json = {name: _number(getattr(value, name)) for name in ("estimate", "low", "high")}
        if self.bands:
            written["band"] = value.band and {"p5": _number(value.band[0]), "p95": _number(value.band[1])}
        return written

    def curve(self, curve: Curve) -> list[Json]:
        """One entry for each whole year that the curve has, at day floor(365.25 × years)."""
        place = {int(day): k for k, day in enumerate(curve.days)}
        ends = ((year, int(YEAR * year)) for year in self.years)
        return [self._point(curve, year, day, place[day]) for year, day in ends if day in place]

    def _point(self, curve: Curve, year: int, day: int, k: int) -> Json:
        band = None
        if curve.band_low is not None and curve.band_high is not None:
            band = (float(curve.band_low[k]), float(curve.band_high[k]))
        value = Estimate(float(curve.estimate[k]), float(curve.low[k]), float(curve.high[k]), band)
        return {"years": year, "date": date_of(self.as_of, day).isoformat(), **self.estimate(value)}


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
