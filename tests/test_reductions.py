"""Reductions: any chunking and any merge order give the same bytes; results agree with brute force on small arrays."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathway_sim.analysis import summary
from pathway_sim.analysis.counts import DayCounts, curve_days, length_days, signed_days
from pathway_sim.analysis.groups import Groups
from pathway_sim.analysis.lengths import LengthReduction
from pathway_sim.analysis.reductions import MilestoneReduction, OutcomeReduction, PairReduction, SpanReduction
from pathway_sim.analysis.summary import milestone_result, stage_spans
from pathway_sim.analysis.sums import ExactSums
from pathway_sim.draws import uniform
from pathway_sim.units import MONTH, YEAR

YEARS_5 = 5 * YEAR
never = np.inf


def draw(stream, size):
    return uniform(7, f"test/{stream}", np.arange(size))


def some_times(stream, size, arrive=0.7, horizon=YEARS_5):
    """Times in exact ticks, some never, some beyond the horizon, some at it, some on one whole day."""
    u = draw(stream, size)
    times = np.rint(u / arrive * 1.2 * horizon * 2**20) / 2**20
    times[u > arrive] = never
    times[::17], times[::19] = horizon, 400.0
    return times


def state(value):
    """Everything a reduction holds, as plain values."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, (list, tuple)):
        return [state(part) for part in value]
    return {k: state(v) for k, v in vars(value).items()} if hasattr(value, "__dict__") else value


def milestone(times, sets=1, horizon=YEARS_5, until=None):
    reduction = MilestoneReduction(horizon, sets)
    times = np.asarray(times, dtype=np.float64)
    rows = np.flatnonzero(times <= horizon)
    reduction.add(Groups(0, len(times), sets), rows, times[rows], None if until is None else np.asarray(until)[rows])
    return reduction


class Some:
    """Any replications in any order, as a reduction sees those of a chunk."""

    def __init__(self, replications, sets):
        self.replications, self.sets = replications, sets

    @property
    def sizes(self):
        return np.bincount(self.replications % self.sets, minlength=self.sets)

    def of(self, rows):
        return self.replications[rows] % self.sets

    def count_of(self, rows):
        return np.bincount(self.of(rows), minlength=self.sets)


# --- chunks = whole -------------------------------------------------------------------------------------------------

SIZE = 240


def _columns():
    base, arm = some_times("base", SIZE), some_times("arm", SIZE)
    until = base + 300 * draw("until", SIZE)
    outcome = np.floor(3 * draw("outcome", (3 * SIZE))).astype(np.int64).reshape(3, SIZE) - 1
    start = np.stack([base / 2, base / 3, arm])
    return base, arm, until, outcome, start


BASE, ARM, UNTIL, OUTCOME, START = _columns()


def _make(kind, sets):
    if kind in ("milestone", "ending milestone"):

        def add_milestone(r, c):
            rows = np.flatnonzero(BASE[c] <= YEARS_5)
            until = UNTIL[c][rows] if kind == "ending milestone" else None
            r.add(Some(c, sets), rows, BASE[c][rows], until)

        return MilestoneReduction(YEARS_5, sets), add_milestone
    if kind == "outcomes":
        return OutcomeReduction(("goal", "failed", "censored")), lambda r, c: r.add(OUTCOME[0, c] + 1)
    if kind in ("lengths", "signed lengths"):
        signed = kind == "signed lengths"
        length = BASE - (400.0 if signed else 0.0)

        def add_lengths(r, c):
            lasts = c[BASE[c] <= YEARS_5]
            r.add(Some(c, sets).sizes, lasts % sets, length[lasts])

        return LengthReduction(YEARS_5, sets, signed=signed), add_lengths
    if kind == "pair":

        def add_pair(r, c):
            rows = np.flatnonzero(np.minimum(BASE[c], ARM[c]) <= YEARS_5)
            r.add(Some(c, sets), rows, BASE[c][rows], ARM[c][rows])

        return PairReduction(YEARS_5, sets), add_pair
    return SpanReduction(("a", "b", "c"), YEARS_5, 2), lambda r, c: add_spans(
        r, START[:, c], START[:, c] + 50, OUTCOME[:, c], BASE[c] <= YEARS_5
    )


def add_spans(reduction, start, end, outcome, mask):
    """Add stages in columns of shape (stages, n), as the steps of trajectories are added."""
    reduction.reached += np.count_nonzero(mask)
    for k in range(len(start)):
        reduction.add_start(k, start[k, mask & (start[k] < reduction.horizon)])
        for way in range(reduction.ways.shape[2]):
            ended = (outcome[k] == way) & (start[k] < reduction.horizon) & (end[k] <= reduction.horizon)
            reduction.add_end(k, way, end[k, mask & ended], np.count_nonzero(ended))


KINDS = ("milestone", "ending milestone", "outcomes", "pair", "spans", "lengths", "signed lengths")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(data=st.data(), sets=st.sampled_from([1, 3, 7]))
def test_chunks_in_any_order_are_the_whole(kind, data, sets):
    order = np.array(data.draw(st.permutations(range(SIZE))))
    cuts = sorted(data.draw(st.lists(st.integers(0, SIZE), max_size=6)))
    whole, add = _make(kind, sets)
    add(whole, np.arange(SIZE))
    parts = [_make(kind, sets)[0] for _ in range(len(cuts) + 1)]
    for part, chunk in zip(parts, np.split(order, cuts), strict=True):
        for some in np.array_split(chunk, 2):
            add(part, some)
    parts = data.draw(st.permutations(parts))
    merged = pickle.loads(pickle.dumps(parts[0]))
    for part in parts[1:]:
        merged.merge(pickle.loads(pickle.dumps(part)))
    assert state(merged) == state(whole)


@pytest.mark.parametrize("kind", ["milestone", "pair"])
@pytest.mark.parametrize("sets", [1, 6])
def test_merging_is_associative_with_an_empty_one(kind, sets):
    whole, add = _make(kind, sets)
    add(whole, np.arange(SIZE))
    empty, _ = _make(kind, sets)
    empty.merge(whole)
    whole.merge(_make(kind, sets)[0])
    assert state(empty) == state(whole)


def test_an_ending_milestone_merges_into_an_empty_one():
    empty = MilestoneReduction(YEARS_5)
    empty.merge(milestone(BASE, until=UNTIL))
    assert state(empty) == state(milestone(BASE, until=UNTIL))


def test_memory_does_not_grow_with_replications():
    small, large = milestone([1.0], 5), milestone(np.full(50_000, 800.0), 5)
    assert len(pickle.dumps(small)) == pytest.approx(len(pickle.dumps(large)), rel=0.01)


# --- grids ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("horizon", [0.5, 20, 31, 365.25, 400, YEARS_5, 25 * YEAR, 2000.123])
def test_curves_have_every_month_every_year_and_the_horizon(horizon):
    days = curve_days(horizon).tolist()
    months = [int(MONTH * m) for m in range(1, int(horizon / MONTH) + 1)]
    years = [int(YEAR * k) for k in range(1, int(horizon / YEAR) + 1)]
    assert days == sorted({*months, *years, int(horizon)})


@pytest.mark.parametrize("horizon", [0.5, 31, 400, YEARS_5, 25 * YEAR, 2000.123])
def test_lengths_are_counted_by_the_month_at_first(horizon):
    days, signed = (length_days(horizon, signed=each).tolist() for each in (False, True))
    early = [int(MONTH * m) for m in range(17) if MONTH * m <= horizon]
    assert days[: len(early)] == early
    assert days[-1] == signed[-1] == int(horizon)
    assert all(after <= 1.125 * before + MONTH + 1 for before, after in pairwise(days))
    assert [day for day in signed if day >= 0] == days
    assert {-day for day in signed if day < 0} <= {day + 1 for day in days} | set(days)
    assert min(signed) >= -horizon - 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-2000 * 4, 2000 * 4), max_size=60), st.sampled_from([1, 4]))
def test_counts_by_day_and_by_set(quarters, sets):
    times = np.array(quarters, dtype=np.float64) / 4
    group = np.arange(len(times)) % sets
    counts = DayCounts(-2000, signed_days(2000.0), sets)
    counts.add(times, group)
    expected = [[sum(np.floor(times[group == s]) <= day) for day in counts.grid] for s in range(sets)]
    assert counts.by_set().tolist() == expected
    for percent in (10, 50, 80, 90) if quarters else ():
        ranked = np.sort(np.floor(times))
        smallest = next(d for d in ranked if 100 * np.sum(ranked <= d) >= percent * len(ranked))
        assert counts.quantile(percent) == smallest


# --- a milestone against brute force --------------------------------------------------------------------------------


def test_a_milestone_against_brute_force():
    times = some_times("brute", 2000)
    result = milestone_result("approval", "rmat", milestone(times))
    arrived = np.sort(times[times <= YEARS_5])
    assert result.name == "approval"
    assert result.reached == len(arrived)
    assert result.probability.estimate == len(arrived) / 2000
    assert result.curve.estimate.tolist() == [np.mean(np.floor(times) <= day) for day in result.curve.days]
    given_reached = result.given_reached
    assert given_reached["mean"].estimate == pytest.approx(arrived.mean(), rel=1e-14)
    assert given_reached["sd"].estimate == pytest.approx(arrived.std(ddof=1), rel=1e-12)
    assert given_reached["sd"].low is None
    for percent in (10, 50, 80, 90):
        expected = np.quantile(np.floor(arrived), percent / 100, method="inverted_cdf")
        assert given_reached[f"p{percent}"].estimate == expected
    assert result.notes == ()
    assert result.available_at is None


def test_the_horizon_counts_and_what_is_after_it_does_not():
    result = milestone_result("approval", "base", milestone([YEARS_5, YEARS_5 + 2**-20, never, 0.0]))
    assert result.reached == 2
    assert result.curve.estimate[-2:].tolist() == [0.25, 0.5]
    assert result.probability.estimate == 0.5


def test_a_fact_before_the_start_counts_from_day_0_and_as_itself_in_the_mean():
    result = milestone_result("approval", "base", milestone([-30.5] * 40))
    assert result.curve.estimate.tolist() == [1.0] * len(result.curve.days)
    assert result.given_reached["mean"].estimate == -30.5
    assert result.given_reached["p50"].estimate == 0


def test_no_arrival_gives_a_probability_and_a_reason_and_nothing_else():
    result = milestone_result("approval", "rmat", milestone([never] * 50))
    assert (result.probability.estimate, result.probability.low) == (0, 0)
    assert result.probability.high == pytest.approx(0.0713, abs=1e-4)
    assert all(estimate == summary.NONE for estimate in result.given_reached.values())
    assert result.notes == ("rmat: no replication reached approval.",)


def test_all_arrive_at_one_time():
    result = milestone_result("approval", "rmat", milestone([100.5] * 200))
    assert (result.probability.estimate, result.probability.high) == (1, 1)
    assert result.given_reached["sd"].estimate == 0
    for name in ("p10", "p50", "p80", "p90"):
        value = result.given_reached[name]
        assert (value.estimate, value.low, value.high) == (100, 100, 100)
    mean = result.given_reached["mean"]
    assert (mean.estimate, mean.low, mean.high) == (100.5, 100.5, 100.5)


@pytest.mark.parametrize("sets", [1, 4])
def test_one_replication(sets):
    result = milestone_result("approval", "base", milestone([50.0], sets))
    assert result.probability.estimate == 1
    assert result.probability.low < 0.25
    assert result.given_reached["p50"] == summary.NONE


def test_few_arrivals_give_no_tails_and_say_how_many_replications_would():
    given_reached = milestone_result("approval", "rmat", milestone([*np.linspace(1, 900, 40), *[never] * 460]))
    assert given_reached.given_reached["mean"].low is not None
    assert given_reached.given_reached["p50"].estimate == 438
    assert given_reached.given_reached["p90"] == summary.NONE
    assert given_reached.notes == (
        "rmat: 40 of 500 replications reached approval; P10, P80 and P90 need 100, about 1,250 replications.",
    )
    fewer = milestone_result("approval", "rmat", milestone([*np.linspace(1, 900, 29), never]))
    assert set(fewer.given_reached.values()) == {summary.NONE}
    assert fewer.notes[0].startswith(
        "rmat: 29 of 30 replications reached approval; a mean and a median need 30, about 32"
    )
    assert "P10, P80 and P90 need 100, about 104 replications." in fewer.notes[0]


def test_a_milestone_that_ends_is_available_between_its_two_times():
    until = np.where(np.arange(SIZE) % 3 == 0, never, UNTIL)
    curve = milestone_result("approval", "base", milestone(BASE, until=until)).available_at
    assert curve is not None
    for day, share in zip(curve.days, curve.estimate, strict=True):
        assert share == np.mean((np.floor(BASE) <= day) & (np.floor(until) > day))
    assert curve.estimate[-1] < np.mean(BASE <= YEARS_5)


def test_an_end_before_the_milestone_takes_nothing_from_others():
    curve = milestone_result("approval", "base", milestone([300.0, 100.0], until=np.array([200.0, never]))).available_at
    assert curve is not None
    assert set(curve.estimate.tolist()) == {0.0, 0.5}


# --- parameter sets -------------------------------------------------------------------------------------------------


def test_sets_leave_every_estimate_as_it_is():
    times = some_times("sets", 3000)
    one, many = (milestone_result("approval", "base", milestone(times, sets)) for sets in (1, 30))
    assert many.curve.estimate.tolist() == one.curve.estimate.tolist()
    for name, value in one.given_reached.items():
        assert many.given_reached[name].estimate == value.estimate
    assert one.probability.band is None
    assert one.curve.band_low is None
    assert many.notes == (summary.HIDDEN_BAND, summary.NO_QUANTILE_BAND)


def test_sets_that_differ_widen_intervals_and_show_a_band():
    k = np.arange(6000)
    arrives = draw("hetero", 6000) < 0.1 + 0.8 * (k % 20) / 19
    times = np.where(arrives, np.floor(100 + 50 * (k % 20) + 300 * draw("hetero/time", 6000)), never)
    one, many = (milestone_result("approval", "base", milestone(times, sets)) for sets in (1, 20))
    for name in ("mean", "p10", "p50", "p80", "p90"):
        narrow, wide = one.given_reached[name], many.given_reached[name]
        assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    assert many.probability.high - many.probability.low > 5 * (one.probability.high - one.probability.low)
    assert many.probability.band == pytest.approx((0.1, 0.86), abs=0.06)
    assert many.curve.band_low is not None
    assert many.curve.band_low[-1] == many.probability.band[0]
    assert many.given_reached["mean"].band == pytest.approx((250, 1175), abs=60)
    assert many.given_reached["p50"].band is None


def test_a_band_needs_two_replications_a_set():
    result = milestone_result("approval", "base", milestone(some_times("thin", 40), 50))
    assert result.probability.band is None
    assert summary.NO_BAND in result.notes


# --- outcomes and stages --------------------------------------------------------------------------------------------


def test_outcomes_are_shares_that_sum_to_one():
    reduction = OutcomeReduction(("approval", "failed:phase_2", "censored"))
    reduction.add(np.array([0, 1, 1, 1, 1, 1, 1]))
    assert reduction.result() == {"approval": 1 / 7, "failed:phase_2": 6 / 7, "censored": 0.0}
    assert sum(reduction.result().values()) == pytest.approx(1, abs=1e-15)


def spans(start, end, outcome, mask, names=("a", "b")):
    reduction = SpanReduction(names, 1000.0, 3)
    add_spans(reduction, *(np.asarray(x) for x in (start, end, outcome, mask)))
    return {span.stage: span for span in stage_spans(reduction)}


def test_spans_are_of_the_futures_that_reach_the_goal():
    rows = spans(
        start=[[0.0, 0.0, 0.0, 0.0], [10.0, never, 30.0, 40.0]],
        end=[[10.5, 20.0, 30.0, 40.0], [50.0, never, 70.0, never]],
        outcome=[[0, 0, 1, 0], [2, -1, 2, -1]],
        mask=[True, True, False, True],
    )
    assert (rows["a"].share, rows["a"].start_p50, rows["a"].end_p10, rows["a"].end_p50) == (1, 0, 10, 20)
    assert rows["a"].end_p90 == 40
    assert rows["a"].decides  # the third future shows the other way
    assert rows["a"].certain
    assert (rows["b"].share, rows["b"].start_p50, rows["b"].end_p90) == (2 / 3, 10, 50)
    assert not rows["b"].decides


def test_a_way_that_97_in_100_take_is_certain():
    for rare, certain in ((3, True), (4, False)):
        outcome = np.array([[0] * (100 - rare) + [1] * rare])
        row = spans(np.zeros((1, 100)), np.ones((1, 100)), outcome, np.ones(100, dtype=bool), ("a",))["a"]
        assert row.decides
        assert row.certain is certain


def test_stages_that_never_start_or_never_end():
    rows = spans([[1.0], [never]], [[never], [never]], [[-1], [-1]], [True])
    assert list(rows) == ["a"]
    assert (rows["a"].end_p10, rows["a"].end_p90) == (1000, 1000)
    assert not rows["a"].certain
    assert spans([[1.0], [2.0]], [[3.0], [3.0]], [[0], [0]], [False]) == {}


def test_an_arm_from_its_reductions():
    outcomes = OutcomeReduction(("approval", "censored"))
    outcomes.add((BASE > YEARS_5).astype(np.int64))
    arm = summary.arm_result("rmat", outcomes, {"approval": milestone(BASE)})
    assert (arm.name, arm.replications, arm.spans) == ("rmat", SIZE, ())
    assert arm.outcomes["approval"] == arm.milestones["approval"].probability.estimate
    assert summary.all_notes({"rmat": arm}, first=("a", "a")) == ("a", *arm.milestones["approval"].notes)


def test_sums_by_group_need_no_order():
    forward, backward = ExactSums(3), ExactSums(3)
    forward.add(UNTIL[np.isfinite(UNTIL)], np.arange(np.isfinite(UNTIL).sum()) % 3)
    backward.add(UNTIL[np.isfinite(UNTIL)][::-1], (np.arange(np.isfinite(UNTIL).sum()) % 3)[::-1])
    assert state(forward) == state(backward)
