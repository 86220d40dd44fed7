"""Interval formulas against closed forms, published examples, scipy.stats, and their own promises of coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from pathway_sim.analysis import clusters, intervals
from pathway_sim.analysis.counts import DayCounts, curve_days
from pathway_sim.analysis.sums import ExactSums
from pathway_sim.draws import uniform


def draws(stream, *shape):
    """Uniform numbers of the given shape; the same in every run."""
    return uniform(20261122, f"test/{stream}", np.arange(int(np.prod(shape)))).reshape(shape)


def array(*values):
    return np.array(values, dtype=np.float64)


# --- one probability ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "size", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_examples_of_newcombe_1998(hits, size, low, high):
    limits = intervals.wilson(array(hits / size), array(size))
    assert np.round(limits, 4).ravel().tolist() == [low, high]


@settings(deadline=None)
@given(st.integers(1, 10**7), st.floats(0, 1))
def test_wilson_limits_solve_the_score_equation_and_hold_the_share(size, part):
    share = np.floor(part * size) / size
    for limit in np.concatenate(intervals.wilson(array(share), array(size))):
        assert 0 <= limit <= 1
        assert (share - limit) ** 2 == pytest.approx(intervals.Z**2 * limit * (1 - limit) / size, abs=1e-12)
    low, high = intervals.wilson(array(share), array(size))
    assert low <= share <= high


def test_wilson_is_exact_at_the_ends_and_says_nothing_without_freedom():
    low, high = intervals.wilson(array(0, 1), array(7, 7))
    assert low[0] == 0
    assert high[1] == 1
    assert low[1] == pytest.approx(1 - high[0])
    assert [limit.tolist() for limit in intervals.wilson(array(0.3), array(7), np.inf)] == [[0], [1]]


@pytest.mark.parametrize("freedom", [1, 2, 9, 49, 999, 10**6])
def test_t_quantiles_are_those_of_scipy_stats(freedom):
    assert intervals.t_critical(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-12)


def test_the_normal_quantile_and_the_t_quantile_without_freedom():
    assert pytest.approx(stats.norm.ppf(0.975), rel=1e-15) == intervals.Z
    assert intervals.t_critical(0) == np.inf


# --- a difference of paired probabilities ---------------------------------------------------------------------------


def null_variance_by_search(gained, lost, same, difference):
    """Variance of a pair's difference, with the multinomial likelihood maximised numerically under the difference."""

    def minus_log_likelihood(only_lost):
        shares = (only_lost + difference, only_lost, 1 - 2 * only_lost - difference)
        return -sum(n * np.log(max(p, 1e-300)) for n, p in zip((gained, lost, same), shares, strict=True) if n)

    bounds = (max(0, -difference), (1 - difference) / 2)
    best = optimize.minimize_scalar(minus_log_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    return 2 * best + difference - difference**2


@pytest.mark.parametrize(("gained", "lost", "same"), [(9, 16, 75), (12, 2, 36), (1, 0, 99), (3, 7, 0), (40, 1, 9)])
def test_tangos_limits_have_a_score_of_z(gained, lost, same):
    size = gained + lost + same
    limits = intervals.paired_score(array(gained / size), array(lost / size), array(size))
    for limit in np.concatenate(limits):
        variance = null_variance_by_search(gained, lost, same, limit) / size
        assert abs((gained - lost) / size - limit) == pytest.approx(intervals.Z * np.sqrt(variance), rel=1e-4)


@pytest.mark.parametrize("size", [1, 10, 100_000])
def test_tangos_interval_without_discordant_pairs_is_closed_form(size):
    low, high = intervals.paired_score(array(0), array(0), array(size))
    assert high[0] == pytest.approx(intervals.Z**2 / (size + intervals.Z**2), rel=1e-9)
    assert low == -high


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 1000))
def test_tangos_interval_is_antisymmetric_within_range_and_holds_the_difference(gained, lost, same):
    size = max(1, gained + lost + same)
    up, down = array(gained / size), array(lost / size)
    low, high = intervals.paired_score(up, down, array(size))
    assert -1 <= low[0] <= up[0] - down[0] <= high[0] <= 1
    assert low < high
    assert np.array(intervals.paired_score(down, up, array(size))).tolist() == [(-high).tolist(), (-low).tolist()]


def test_tangos_interval_at_the_extremes():
    low, high = intervals.paired_score(array(1, 0), array(0, 1), array(40, 40))
    assert high[0] == 1
    assert low[1] == -1
    assert low[0] == -high[1] > 0.8
    assert [limit.tolist() for limit in intervals.paired_score(array(0.1), array(0), array(9), np.inf)] == [[-1], [1]]


@pytest.mark.parametrize(("p_gained", "p_lost"), [(0.02, 0.0), (0.03, 0.01), (0.2, 0.2), (0.5, 0.1)])
def test_tangos_interval_covers_with_few_and_many_discordant_pairs(p_gained, p_lost):
    u = draws(f"tango/{p_gained}/{p_lost}", 2000, 150)
    gained = (u < p_gained).mean(axis=1)
    lost = ((u >= p_gained) & (u < p_gained + p_lost)).mean(axis=1)
    low, high = intervals.paired_score(gained, lost, np.full(2000, 150.0))
    assert 0.93 <= np.mean((low <= p_gained - p_lost) & (p_gained - p_lost <= high)) <= 0.985


# --- quantiles ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "ranks"), [(30, (10, 21)), (100, (40, 61)), (5, (0, 6)), (6, (1, 6))])
def test_ranks_of_the_median_are_the_tabulated_ones(size, ranks):
    assert intervals.order_ranks(size, 50) == ranks


@pytest.mark.parametrize("percent", [10, 50, 80, 90])
@pytest.mark.parametrize("size", [1, 2, 17, 99, 100, 1000, 100_003])
def test_ranks_are_the_narrowest_with_at_most_a_fortieth_in_each_tail(size, percent):
    low, high = intervals.order_ranks(size, percent)
    binomial = stats.binom(size, percent / 100)
    assert low == 0 or binomial.cdf(low - 1) <= 0.025
    assert binomial.cdf(low) > 0.025
    assert high == size + 1 or binomial.sf(high - 1) <= 0.025
    assert binomial.sf(high - 2) > 0.025


@settings(deadline=None)
@given(st.integers(1, 5000), st.floats(0.5, 6000), st.sampled_from([10, 50, 80, 90]))
def test_fewer_effective_times_never_narrow_the_ranks(size, effective, percent):
    low, high = intervals.spread_ranks(size, effective, percent)
    exact_low, exact_high = intervals.order_ranks(size, percent)
    assert 0 <= low <= percent * size / 100 + 1
    assert percent * size / 100 <= high <= size + 1
    if effective >= size:
        assert (low, high) == (exact_low, exact_high)


@pytest.mark.parametrize("percent", [10, 50, 90])
def test_order_statistic_intervals_cover_also_with_heaped_days(percent):
    days = np.sort(np.floor(-20 * np.log(draws(f"order/{percent}", 1000, 120))), axis=1)  # many ties
    low, high = intervals.order_ranks(120, percent)
    true = np.floor(-20 * np.log(1 - percent / 100))
    assert np.mean((days[:, low - 1] <= true) & (true <= days[:, high - 1])) >= 0.95


# --- exact sums -----------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-(2**37), 2**37), min_size=2, max_size=40))
def test_moments_are_those_of_whole_numbers(ticks):
    sums = ExactSums()
    sums.add(np.array(ticks) / 2**20, np.zeros(len(ticks), dtype=np.int64))
    n, total, squares = len(ticks), sum(ticks), sum(t * t for t in ticks)
    assert sums.mean() == total / (n * 2**20)
    assert sums.variance() == (n * squares - total**2) / (n * (n - 1) * 2**40)


def test_moments_do_not_overflow():
    sums, day = ExactSums(2), 182_625 - 2**-20  # 500 years
    sums.add(array(day, day, day - 1), np.array([0, 0, 1]))
    for _ in range(25):
        sums.merge(sums)  # 100 million replications
    n, ticks = 2**25, int(day * 2**20)
    assert sums.count.tolist() == [2 * n, n]
    total, squares = n * (3 * ticks - 2**20), n * (2 * ticks**2 + (ticks - 2**20) ** 2)
    assert sums.mean() == total / (3 * n * 2**20)
    assert sums.variance() == (3 * n * squares - total**2) / (3 * n * (3 * n - 1) * 2**40)


# --- parameter sets -------------------------------------------------------------------------------------------------


def test_two_sets_on_paper():
    # Sets of 4 with 1 and 3 arrivals: variance of 4/8 is 2/1 · (1 + 1)/8² = 1/16, twice that of 8 strangers.
    counts, sizes = np.array([[1], [3]]), np.array([4, 4])
    assert clusters.ratio_variance(counts, sizes) == 1 / 16
    share, low, high = clusters.share_limits(counts, sizes)
    t = stats.t.ppf(0.975, 1)
    expected = intervals.wilson(array(0.5), array(4), t)
    assert share == 0.5
    assert (low[0], high[0]) == pytest.approx((expected[0][0], expected[1][0]))
    assert clusters.share_band(counts, sizes) is None  # two sets of four cannot tell a spread from noise


def test_a_band_on_paper():
    # Forty sets of 40 with 10 and 30 arrivals in turn: total variance 40/39/16, noise ¼·¾/39 in each.
    total, noise = 40 / 39 / 16, 3 / 16 / 39
    low, high = clusters.share_band(np.tile([[10], [30]], (20, 1)), np.full(40, 40))
    kept = np.sqrt((total - noise) / total)
    assert (low[0], high[0]) == pytest.approx((0.5 - 0.25 * kept, 0.5 + 0.25 * kept))


def test_a_mean_over_two_sets_on_paper():
    # Set 0: 1, 3; set 1: 5, 7, 9. Mean 5; residual totals 4 − 2·5 and 21 − 3·5; variance 2/1 · (36 + 36)/25.
    sums = ExactSums(2)
    sums.add(array(1, 3, 5, 7, 9), np.array([0, 0, 1, 1, 1]))
    assert clusters.mean_error(sums) == pytest.approx(stats.t.ppf(0.975, 1) * np.sqrt(2 * 72 / 25))
    assert clusters.mean_band(sums) is None  # two sets cannot tell a spread from noise


def test_the_band_of_a_mean_on_paper():
    # Twenty pairs of sets as above: means 2 and 7, total variance 6.25·40/39, mean noise (2/2 + 4/3)/2 = 7/6.
    sums = ExactSums(40)
    for k in range(0, 40, 2):
        sums.add(array(1, 3, 5, 7, 9), np.array([k, k, k + 1, k + 1, k + 1]))
    total = 6.25 * 40 / 39
    kept = np.sqrt((total - 7 / 6) / total)
    assert clusters.mean_band(sums) == pytest.approx((4.5 - 2.5 * kept, 4.5 + 2.5 * kept))


def test_pairs_over_two_sets_on_paper():
    gained, lost, sizes = np.array([[3], [0]]), np.array([[0], [1]]), np.array([10, 10])
    difference, *limits = clusters.difference_limits(gained, lost, sizes)
    # Simple: (0.2 − 0.01)/20; over sets: 2 · (2² + 2²)/20²  = 0.04.
    expected = intervals.paired_score(array(0.15), array(0.05), array(20 * 0.0095 / 0.04), stats.t.ppf(0.975, 1))
    assert difference[0] == pytest.approx(0.1)
    assert np.ravel(limits) == pytest.approx(np.ravel(expected))


def test_sets_that_agree_have_no_band_and_no_design_effect():
    counts, sizes = np.full((10, 1), 30), np.full(10, 100)
    assert clusters.share_band(counts, sizes) is None
    assert clusters.effective_size(array(0.1), array(0.0), 1000.0) == 1000


def test_one_set_or_one_active_set():
    assert clusters.share_band(np.array([[3]]), np.array([10])) is None
    _, low, high = clusters.share_limits(np.array([[3], [0]]), np.array([10, 0]))
    assert (low[0], high[0]) == (0, 1)


def coverage(inside):
    return float(np.mean(inside))


def cluster_runs(stream, runs=400, sets=24, size=50):
    """Arrivals by set ``(runs, sets)`` when each set has its own probability, uniform on 0.1–0.5."""
    p = 0.1 + 0.4 * draws(f"{stream}/set", runs, sets)
    return (draws(f"{stream}/within", runs, sets, size) < p[..., None]).sum(axis=2), np.full(sets, size)


def test_probability_intervals_cover_when_sets_differ_where_independence_would_not():
    counts, sizes = cluster_runs("share")
    limits = [clusters.share_limits(run[:, None], sizes)[1:] for run in counts]
    naive = [intervals.wilson(array(run.sum() / sizes.sum()), array(sizes.sum())) for run in counts]
    assert coverage([low[0] <= 0.3 <= high[0] for low, high in naive]) < 0.75
    assert 0.925 <= coverage([low[0] <= 0.3 <= high[0] for low, high in limits]) <= 0.98


def test_bands_take_the_noise_within_sets_out():
    # The truth is uniform on 0.1–0.5; estimates from 20 replications spread wider. The band is right in its variance,
    # and so a little too wide for a distribution without tails.
    counts, sizes = cluster_runs("band", 1, 400, 20)
    low, high = np.ravel(clusters.share_band(counts[0][:, None], sizes))
    raw_low, raw_high = np.quantile(counts / 20, [0.05, 0.95])
    assert raw_low <= 0.05
    assert raw_high >= 0.55
    assert (low, high) == pytest.approx((0.12, 0.48), abs=0.05)


def test_mean_and_median_intervals_cover_when_sets_differ():
    runs, sets, size = 300, 20, 30
    shift = 200 * draws("times/set", runs, sets)
    times = np.floor(shift[..., None] + 800 * draws("times/within", runs, sets, size))
    means, medians = [], []
    group = np.repeat(np.arange(sets), size)
    for run in times.reshape(runs, -1):
        sums, counts = ExactSums(sets), DayCounts(0, curve_days(1100), sets)
        sums.add(run, group)
        counts.add(run, group)
        means.append(abs(sums.mean() - 499.5) <= clusters.mean_error(sums))
        _, low, high = clusters.quantile_limits(counts, 50)
        medians.append(low <= 499 <= high)
    assert 0.92 <= coverage(means) <= 0.985
    assert coverage(medians) >= 0.93


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 6), st.integers(1, 200))
def test_limits_of_quantiles_hold_the_quantile(sets, size):
    counts = DayCounts(0, curve_days(400), sets)
    counts.add(400 * draws("hold", size), np.arange(size) % sets)
    for percent in (10, 50, 80, 90):
        day, low, high = clusters.quantile_limits(counts, percent)
        assert 0 <= low <= day <= high <= 400
