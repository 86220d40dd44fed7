"""Two arms on the same futures against brute force and cases solved on paper, and the JSON object of a run."""

import datetime
import json

import numpy as np
import pytest
from scipy import stats

from pathway_sim.analysis import intervals, summary
from pathway_sim.analysis.as_json import NO_ATTRIBUTION, to_json
from pathway_sim.analysis.comparison import comparison_result
from pathway_sim.analysis.groups import Groups
from pathway_sim.analysis.reductions import MilestoneReduction, OutcomeReduction, PairReduction
from pathway_sim.analysis.results import Results
from pathway_sim.draws import uniform
from pathway_sim.units import MONTH, YEAR

H = 10 * YEAR
never = np.inf


def draw(stream, size):
    return uniform(11, f"test/{stream}", np.arange(size))


def pair(base, arm, sets=1, horizon=H):
    reduction = PairReduction(horizon, sets)
    columns = np.asarray(base, dtype=np.float64), np.asarray(arm, dtype=np.float64)
    rows = np.flatnonzero(np.minimum(*columns) <= horizon)
    reduction.add(Groups(0, len(base), sets), rows, *(column[rows] for column in columns))
    return reduction


def compare(base, arm, sets=1, horizon=H):
    return comparison_result("standard", "rmat", "approval", pair(base, arm, sets, horizon))


def two_arms(size):
    """An arm that is often earlier, sometimes later or the same, and arrives where the baseline does not."""
    u, v = draw("u", size), draw("v", size)
    base = np.where(u < 0.5, np.rint(6000 * u * 2**20) / 2**20 + 500, never)
    arm = np.select([v < 0.5, v < 0.6, v < 0.65], [base - 100.25, base + 50.5, never], base)
    return base, np.where((u > 0.5) & (v < 0.1), 900.0, arm)


# --- against brute force --------------------------------------------------------------------------------------------


def test_a_comparison_against_brute_force():
    base, arm = two_arms(3000)
    result = compare(base, arm)
    in_base, in_arm = base <= H, arm <= H
    both = in_base & in_arm
    gain = base[both] - arm[both]
    assert (result.baseline, result.arm, result.milestone) == ("standard", "rmat", "approval")
    assert result.both == both.mean()
    assert (result.only_in_arm, result.only_in_baseline) == (np.mean(in_arm & ~in_base), np.mean(in_base & ~in_arm))
    assert (result.faster, result.same, result.slower) == (np.mean(gain > 0), np.mean(gain == 0), np.mean(gain < 0))
    assert result.probability_difference.estimate == pytest.approx(in_arm.mean() - in_base.mean(), abs=1e-15)
    for name, percent in (("p10", 10), ("p50", 50), ("p90", 90)):
        days = np.quantile(np.floor(gain), percent / 100, method="inverted_cdf")
        assert result.months_gained_if_both[name].estimate == days / MONTH
    assert result.months_gained_if_both["mean"].estimate == pytest.approx(gain.mean() / MONTH, rel=1e-13)
    assert result.notes == ()


def test_the_difference_curve_is_the_difference_of_the_curves():
    base, arm = two_arms(2000)
    curve = compare(base, arm).difference_curve
    for day, difference in zip(curve.days, curve.estimate, strict=True):
        assert difference == pytest.approx(np.mean(np.floor(arm) <= day) - np.mean(np.floor(base) <= day), abs=1e-15)
    last = np.mean((arm <= H) & ~(base <= H)), np.mean((base <= H) & ~(arm <= H))
    low, high = intervals.paired_score(*(np.array([share]) for share in last), np.array([2000.0]))
    assert (curve.low[-1], curve.high[-1]) == (low[0], high[0])


def test_means_have_students_intervals():
    base, arm = two_arms(2000)
    result = compare(base, arm)
    restricted = np.minimum(base, H) - np.minimum(arm, H)
    both = (base <= H) & (arm <= H)
    for sample, value in (
        (restricted, result.restricted_mean_months_gained),
        (base[both] - arm[both], result.months_gained_if_both["mean"]),
    ):
        oracle = stats.t.interval(0.95, len(sample) - 1, sample.mean(), stats.sem(sample))
        assert (value.low, value.high) == pytest.approx(np.array(oracle) / MONTH, rel=1e-9)


def test_gains_are_binned_downwards_on_their_own_sign():
    result = compare(np.full(200, 1000.0), np.full(200, 1000.5))
    assert result.months_gained_if_both["p50"].estimate == -1 / MONTH
    assert result.months_gained_if_both["mean"].estimate == -0.5 / MONTH
    assert (result.faster, result.same, result.slower) == (0, 0, 1)


def test_the_largest_gains_and_losses_have_a_place():
    result = compare([H, 0.0] * 100, [0.0, H] * 100)
    assert result.months_gained_if_both["p10"].estimate == np.floor(-H) / MONTH
    assert result.months_gained_if_both["p90"].estimate == np.floor(H) / MONTH
    assert result.months_gained_if_both["mean"].estimate == 0


# --- edges ----------------------------------------------------------------------------------------------------------


def test_nobody_arrives():
    result = compare([never] * 60, [never] * 60)
    difference = result.probability_difference
    assert (difference.estimate, difference.high) == (0, pytest.approx(0.0602, abs=1e-4))
    assert difference.low == -difference.high
    assert (result.faster, result.same, result.slower) == (None, None, None)
    assert set(result.months_gained_if_both.values()) == {summary.NONE}
    assert result.restricted_mean_months_gained.estimate == 0
    assert result.notes[0] == "rmat against standard: no replication reached approval in both arms."
    assert "differs in none of 60 replications" in result.notes[1]


def test_identical_arms_differ_in_nothing_and_say_so():
    base, _ = two_arms(500)
    result = compare(base, base)
    assert (result.same, result.only_in_arm, result.probability_difference.estimate) == (1, 0, 0)
    assert 0 < result.probability_difference.high < 0.01
    assert "differs in none of 500 replications" in result.notes[-1]


def test_arrival_in_one_arm_only():
    result = compare([never] * 100, [H] * 100)
    assert (result.only_in_arm, result.both, result.probability_difference.high) == (1, 0, 1)
    assert result.restricted_mean_months_gained.estimate == 0  # all arrive at the very horizon


@pytest.mark.parametrize("sets", [1, 3])
def test_one_replication_gives_no_interval_of_a_mean(sets):
    result = compare([1000.0], [900.0], sets)
    restricted = result.restricted_mean_months_gained
    assert (restricted.estimate, restricted.low, restricted.high) == (100 / MONTH, None, None)
    assert -1 <= result.probability_difference.low < result.probability_difference.high <= 1


# --- the conditional trap -------------------------------------------------------------------------------------------


def trap():
    """A hundred of 400 gain half a year; 150 others arrive only in the arm, and late."""
    base = np.concatenate([np.full(100, 3 * YEAR), np.full(300, never)])
    arm = np.concatenate([np.full(100, 2.5 * YEAR), np.full(150, 8 * YEAR), np.full(150, never)])
    return base, arm


def test_an_arm_that_lets_slow_ones_through_is_not_called_slower():
    (note,) = (note for note in compare(*trap()).notes if "looks" in note)
    assert note == (
        "rmat against standard: among the futures that reach approval, rmat looks later (its median by 1,827 days), "
        "but over all that start it is earlier by 10.5 months on average. The medians are of different futures: 37.5 % "
        "arrive only in rmat, 0 % only in standard. Compare the curves of all that start."
    )


def test_the_trap_the_other_way_round():
    base, arm = trap()
    (note,) = (note for note in compare(arm, base).notes if "looks" in note)
    assert "rmat looks earlier" in note
    assert "it is later by 10.5 months" in note


def test_the_trap_on_the_same_futures():
    # Nine in ten lose ten days; one in ten gains three years: the median is later, the mean earlier.
    base = np.where(np.arange(400) % 10 == 0, 2500.0, 1000.0)
    arm = np.where(np.arange(400) % 10 == 0, 1500.0, 1010.0)
    (note,) = (note for note in compare(base, arm).notes if "looks" in note)
    assert "its median by 10 days" in note
    assert "A median looks at the typical future" in note


def test_no_alarm_where_median_and_mean_agree_or_noise_decides():
    base, arm = two_arms(3000)
    assert not any("looks" in note for note in compare(base, arm).notes)
    late = np.concatenate([np.full(31, 1000.0), np.full(400, never)])
    noise = np.concatenate([np.full(31, 1001.0), [3000.0], np.full(399, never)])
    assert not any("looks" in note for note in compare(late, noise).notes)


# --- parameter sets -------------------------------------------------------------------------------------------------


def test_sets_keep_estimates_and_widen_intervals():
    k = np.arange(8000)
    base = np.where(draw("sets/u", 8000) < 0.5, np.floor(1000 + 1500 * draw("sets/t", 8000)), never)
    arm = base - np.floor(400 * (k % 20) / 19)
    arm[np.isinf(base) & (draw("sets/v", 8000) < 0.2 * (k % 20) / 19)] = 3000.0
    one, many = compare(base, arm), compare(base, arm, 20)
    for get in (
        lambda c: c.probability_difference,
        lambda c: c.restricted_mean_months_gained,
        lambda c: c.months_gained_if_both["mean"],
        lambda c: c.months_gained_if_both["p50"],
    ):
        narrow, wide = get(one), get(many)
        assert wide.estimate == narrow.estimate
        assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
    assert many.probability_difference.band == pytest.approx((0.0, 0.1), abs=0.02)
    assert many.months_gained_if_both["mean"].band == pytest.approx((0, 380 / MONTH), abs=0.7)
    assert many.restricted_mean_months_gained.band is not None
    assert many.difference_curve.band_low is None  # by month it would rest on too few futures a set
    assert one.restricted_mean_months_gained.band is None


# --- JSON -----------------------------------------------------------------------------------------------------------


def run(sets=1, size=2000, until=None, apart=False):
    """Results of two arms as a run would put them together; `apart`: in half of ten sets nobody arrives."""
    columns = dict(zip(("standard", "rmat"), two_arms(size), strict=True))
    if apart:
        columns = {name: np.where(np.arange(size) % 10 < 5, np.inf, times) for name, times in columns.items()}
    arms = {}
    for name, times in columns.items():
        outcomes, milestone = OutcomeReduction(("approval", "censored")), MilestoneReduction(H, sets)
        outcomes.add((times > H).astype(np.int64))
        rows = np.flatnonzero(times <= H)
        milestone.add(Groups(0, size, sets), rows, times[rows], None if until is None else times[rows] + until)
        arms[name] = summary.arm_result(name, outcomes, {"approval": milestone})
    compared = (compare(*columns.values(), sets),)
    manifest = {"seed": 1, "parameter_sets": sets, "as_of": "2026-11-22"}
    return Results(manifest, "t", "q", datetime.date(2026, 11, 22), H, "approval", arms, compared, ("said once",))


def test_the_json_object_has_the_promised_shape():
    written = json.loads(json.dumps(to_json(run()), allow_nan=False))
    assert list(written) == ["format", "manifest", "arms", "comparisons", "notes"]
    assert written["format"] == 1
    assert written["manifest"]["seed"] == 1
    approval = written["arms"]["rmat"]["milestones"]["approval"]
    assert list(approval) == ["probability", "given_reached_years", "cumulative_incidence"]
    assert list(approval["probability"]) == ["estimate", "low", "high"]
    assert list(approval["given_reached_years"]) == ["mean", "sd", "p10", "p50", "p80", "p90"]
    assert isinstance(approval["given_reached_years"]["sd"], float)
    assert written["notes"] == ["said once", NO_ATTRIBUTION]
    (compared,) = written["comparisons"]
    assert set(compared) >= {"baseline", "arm", "milestone", "faster", "same", "slower", "only_in_arm"}
    assert set(compared["months_gained_if_both"]) == {"mean", "p10", "p50", "p90", "share"}
    assert compared["by_effect_months"] is None
    assert compared["faster"] + compared["same"] + compared["slower"] == pytest.approx(1)


def test_json_numbers_are_the_results_unrounded():
    results = run()
    approval = results.arms["rmat"].milestones["approval"]
    written = to_json(results)["arms"]["rmat"]["milestones"]["approval"]
    assert written["given_reached_years"]["p50"]["estimate"] == approval.given_reached["p50"].estimate / 365.25
    assert written["probability"]["low"] == approval.probability.low
    rows = written["cumulative_incidence"]
    assert [row["years"] for row in rows] == list(range(1, 11))
    assert [rows[0]["date"], rows[3]["date"]] == ["2027-11-22", "2030-11-22"]
    assert rows[-1]["estimate"] == written["probability"]["estimate"]
    times = two_arms(2000)[1]
    assert [row["estimate"] for row in rows] == [np.mean(np.floor(times) <= int(365.25 * k)) for k in range(1, 11)]


def test_json_has_bands_only_with_parameter_sets():
    written = to_json(run(sets=10, apart=True))
    probability = written["arms"]["rmat"]["milestones"]["approval"]["probability"]
    assert set(probability["band"]) == {"p5", "p95"}
    assert written["arms"]["rmat"]["milestones"]["approval"]["given_reached_years"]["p50"]["band"] is None
    assert summary.NO_QUANTILE_BAND in written["notes"]
    assert set(written["comparisons"][0]["restricted_mean_months_gained"]["band"]) == {"p5", "p95"}
    assert '"band"' not in json.dumps(to_json(run()))


def test_a_spread_that_does_not_stand_out_of_the_noise_gives_no_band():
    written = to_json(run(sets=10))
    assert written["arms"]["rmat"]["milestones"]["approval"]["probability"]["band"] is None
    assert summary.HIDDEN_BAND in written["notes"]


def test_json_gives_null_where_nothing_can_be_given_and_says_why():
    written = to_json(run(size=20))
    given_reached = written["arms"]["standard"]["milestones"]["approval"]["given_reached_years"]
    assert given_reached["mean"] == {"estimate": None, "low": None, "high": None}
    assert given_reached["sd"] is None
    assert any(note.startswith("standard:") for note in written["notes"])


def test_json_of_a_milestone_that_can_end():
    rows = to_json(run(until=365.0))["arms"]["rmat"]["milestones"]["approval"]["available_at"]
    assert [row["years"] for row in rows] == list(range(1, 11))
    assert rows[-1]["estimate"] < 0.05 < rows[2]["estimate"]
