"""Results made up for tests of what people look at: an S-shaped chance around 12.5 years, and stages in between."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

import numpy as np

from pathway_sim.analysis.results import (
    ArmResult,
    ComparisonResult,
    Curve,
    Estimate,
    MilestoneResult,
    Results,
    StageSpan,
)
from pathway_sim.units import MONTH, YEAR

AS_OF = datetime.date(2026, 11, 22)
HORIZON = 25 * YEAR
# stage: months of start_p50, end_p10, end_p50, end_p90; share; decides; certain
STAGES: Mapping[str, tuple[float, float, float, float, float, bool, bool]] = {
    "ind": (0, 1, 1, 1, 1, True, True),
    "phase_1": (1, 12, 19, 31, 1, True, True),
    "gap_1_2": (19, 17, 26, 39, 1, False, False),
    "phase_2": (26, 37, 52, 73, 1, True, True),
    "rmat": (52, 39, 54, 75, 1, True, False),
    "eop2": (52, 41, 56, 78, 1, True, False),
    "redesign": (56, 47, 63, 86, 0.25, False, False),
    "phase_3_startup": (58, 50, 66, 89, 1, False, False),
    "cmc_gate_a": (26, 40, 56, 82, 1, False, False),
    "phase_3": (66, 80, 104, 135, 1, True, True),
    "cmc_gate_b": (66, 76, 98, 127, 1, True, False),
    "cmc_rework": (98, 86, 107, 137, 0.24, False, False),
    "assembly": (104, 87, 112, 144, 1, False, False),
    "bla": (112, 98, 125, 163, 1, True, True),
    "launch": (125, 102, 129, 168, 1, True, True),
}


def logistic_curve(
    final: float, centre: float, width: float = 1.6, band: bool = False, points: int = int(HORIZON) + 1
) -> Curve:
    """An S-shaped cumulative incidence on whole days to the horizon; centre and width in years."""
    days = np.arange(points, dtype=np.int64)
    start = 1 / (1 + np.exp(centre / width))
    estimate = np.clip(final * (1 / (1 + np.exp(-(days / YEAR - centre) / width)) - start), 0, 1)
    error = 1.96 * np.sqrt(estimate * (1 - estimate) / 100_000)
    lows = (0.4 * estimate, 1.25 * estimate) if band else (None, None)
    return Curve(days, estimate, estimate - error, estimate + error, *lows)


def milestone(name: str, final: float, centre: float, band: bool = False) -> MilestoneResult:
    """A milestone reached by ``final`` of all, with its quantiles around ``centre`` years."""
    curve = logistic_curve(final, centre, band=band)
    chance = float(curve.estimate[-1])
    error = 1.96 * (chance * (1 - chance) / 100_000) ** 0.5
    limits = (0.4 * chance, 1.25 * chance) if band else None
    if final == 0:
        return MilestoneResult(name, 0, Estimate(0.0, 0.0, 0.00003), {}, curve)
    years = {"mean": 0.2, "p10": -3.4, "p50": 0.0, "p80": 2.3, "p90": 3.6}
    given = {
        k: Estimate((centre + v) * YEAR, (centre + v - 0.05) * YEAR, (centre + v + 0.05) * YEAR)
        for k, v in years.items()
    }
    probability = Estimate(chance, chance - error, chance + error, limits)
    return MilestoneResult(name, int(chance * 100_000), probability, given, curve)


def spans(earlier: float = 0.0, without: tuple[str, ...] = (), factor: float = 1.0) -> tuple[StageSpan, ...]:
    """The stages, from Phase 3 on ``earlier`` months earlier; those in ``without`` never ran."""
    made = []
    for stage, (start, p10, p50, p90, share, decides, certain) in STAGES.items():
        shift = earlier if start >= 58 else 0.0
        times = [max(0.0, (t - shift) * factor) * MONTH for t in (start, p10, p50, p90)]
        present = 0.0 if stage in without else share
        made.append(StageSpan(stage, present, *times, decides=decides, certain=certain))
    return tuple(made)


def arm(name: str, final: float, centre: float, band: bool = False, **stages: object) -> ArmResult:
    """One arm whose chance is about ``final``, half of it reached at ``centre`` years."""
    goal = milestone("availability", final, centre, band)
    chance = goal.probability.estimate or 0.0
    outcomes = {"availability": chance, "failed:phase_1": 1 - chance, "censored": 0.0}
    return ArmResult(name, 100_000, outcomes, {"availability": goal}, spans(**stages) if final else ())  # type: ignore[arg-type]


def comparison(base: ArmResult, other: ArmResult, months: float = 3.1, spread: float = 0.0008) -> ComparisonResult:
    """Two arms compared on availability, with ``spread`` as half the interval of the difference at the horizon."""
    one, two = (a.milestones["availability"] for a in (base, other))
    change = two.curve.estimate - one.curve.estimate
    error = spread * np.sqrt(one.curve.estimate / max(one.curve.estimate[-1], 1e-12))
    banded = one.curve.band_low is not None
    bands = (change - 4 * error, change + 6 * error) if banded else (None, None)
    curve = Curve(one.curve.days, change, change - error, change + error, *bands)
    last = float(change[-1])
    limits = (float(bands[0][-1]), float(bands[1][-1])) if banded else None
    gains = {k: Estimate(m, m - 0.2, m + 0.2) for k, m in (("mean", months), ("p10", 0.0), ("p50", 0.9), ("p90", 8.4))}
    return ComparisonResult(
        base.name, other.name, "availability", Estimate(last, last - spread, last + spread, limits), curve, gains,
        0.063, 0.52, 0.33, 0.15, 0.004, 0.002, Estimate(0.21, 0.19, 0.23),
    )  # fmt: skip


def example_results(
    arms: int = 2, *, band: bool = False, change: float = 0.001, names: tuple[str, ...] = (), zero: bool = False
) -> Results:
    """A run with so many arms, the first one the baseline; ``change`` is what each arm adds to the chance."""
    names = names or ("standard", "rmat", "accelerated_approval", *(f"option_{k}" for k in range(4, arms + 1)))[:arms]
    made = {}
    for k, name in enumerate(names):
        final = 0.0 if zero else 0.067 + change * k
        without = ("rmat",) if k == 0 else ()
        made[name] = arm(name, final, 12.5 - 0.42 * k % 4, band, earlier=5.0 * k % 16, without=without)
    base, *others = made.values()
    compared = () if zero else tuple(comparison(base, other) for other in others)
    manifest = {
        "scenario": "msc-dpn",
        "fingerprint": "sha256:0",
        "seed": 1,
        "replications": 100_000,
        "parameter_sets": 500 if band else 1,
        "engine": "batch",
        "version": "0.1.0",
        "as_of": "2026-11-22",
        "horizon_years": 25.0,
    }
    title = "Allogeneic umbilical-cord MSC for diabetic peripheral neuropathy"
    return Results(manifest, title, "When?", AS_OF, HORIZON, "availability", made, compared)
