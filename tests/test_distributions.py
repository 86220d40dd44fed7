"""The distributions against independent implementations (`scipy.stats`, mpmath) and against their own definition."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import integrate, special, stats

from pathway_sim import distributions as d
from pathway_sim.distributions import FAMILIES, Distribution, feasible
from pathway_sim.draws import uniform

INF = float("inf")
LEVELS = np.array(
    [1e-12, 1e-9, 1e-6, 1e-3, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.999, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12]
)
THIRDS = (0.3, 0.5, 0.2)


def draws(name: str, count: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    return low + (high - low) * uniform(1, f"test/{name}", np.arange(count))


def three_humps(scale: float) -> d.Mixture:
    parts = (d.Uniform(0.0 * scale, 1.0 * scale), d.Triangular(1.0 * scale, 2.0 * scale, 3.0 * scale))
    return d.Mixture(THIRDS, (*parts, d.Shifted(d.Exponential(2.0 * scale), 3.0 * scale)))


# name: (how to make it, its parameters). Every parameter may be multiplied by 0.9 … 1.1, all by the same factor.
CASES: dict[str, tuple[Callable[..., Distribution], tuple[float, ...]]] = {
    "fixed": (d.Fixed, (3.0,)),
    "uniform": (d.Uniform, (2.0, 5.0)),
    "triangular": (d.Triangular, (1.0, 2.0, 5.0)),
    "triangular-mode-at-low": (d.Triangular, (1.0, 1.0, 5.0)),
    "triangular-mode-at-high": (d.Triangular, (1.0, 5.0, 5.0)),
    "pert": (d.Pert, (1.0, 2.0, 5.0)),
    "pert-mode-at-low": (d.Pert, (1.0, 1.0, 5.0)),
    "exponential": (d.Exponential, (3.0,)),
    "weibull-rising": (d.Weibull, (1.7, 12.0)),
    "weibull-falling": (d.Weibull, (0.6, 12.0)),
    "gamma": (d.Gamma, (2.5, 3.0)),
    "gamma-small-shape": (d.Gamma, (0.5, 3.0)),
    "gamma-large-shape": (d.Gamma, (400.0, 0.1)),
    "lognormal": (d.Lognormal, (10.0, 0.5)),
    "normal": (d.Normal, (3.0, 2.0)),
    "beta": (d.Beta, (2.0, 5.0)),
    "beta-counts": (d.Beta, (300.5, 437.5)),
    "beta-ends": (d.Beta, (0.5, 0.7)),
    "logitnormal": (d.LogitNormal, (0.55, 0.4)),
    "quantiles": (d.LogQuantiles, (12.0, 20.0, 36.0)),
    "quantiles-unbounded": (d.Quantiles, (-1.0, 2.0, 6.0)),
    "mixture": (three_humps, (1.0,)),
    "enrolment": (d.Enrolment, (200.0, 40.0, 0.012, 1.2, 180.0, 0.3)),
    "enrolment-no-ramp": (d.Enrolment, (20.0, 3.0, 0.02, 1.2, 0.0, 0.0)),
    "shifted": (lambda shape, scale, shift: d.Shifted(d.Gamma(shape, scale), shift), (2.0, 3.0, 5.0)),
    "truncated": (lambda shape, scale, low, high: d.Truncated(d.Gamma(shape, scale), low, high), (2.0, 3.0, 1.0, 9.0)),
    "truncated-far": (lambda mean, sd, low: d.Truncated(d.Normal(mean, sd), low, INF), (1.0, 1.0, 8.0)),
}
ATOMS = {"fixed"}
ITERATED = {"gamma", "beta", "pert", "enrolment", "shifted", "truncated"}
CONTINUOUS = [name for name in CASES if name not in ATOMS]


def make(name: str) -> Distribution:
    family, arguments = CASES[name]
    return family(*arguments)


ORACLES: dict[str, Any] = {
    "uniform": stats.uniform(2.0, 3.0),
    "triangular": stats.triang(0.25, 1.0, 4.0),
    "triangular-mode-at-low": stats.triang(0.0, 1.0, 4.0),
    "triangular-mode-at-high": stats.triang(1.0, 1.0, 4.0),
    "pert": stats.beta(2.0, 4.0, 1.0, 4.0),
    "pert-mode-at-low": stats.beta(1.0, 5.0, 1.0, 4.0),
    "exponential": stats.expon(scale=3.0),
    "weibull-rising": stats.weibull_min(1.7, scale=12.0),
    "weibull-falling": stats.weibull_min(0.6, scale=12.0),
    "gamma": stats.gamma(2.5, scale=3.0),
    "gamma-small-shape": stats.gamma(0.5, scale=3.0),
    "gamma-large-shape": stats.gamma(400.0, scale=0.1),
    "lognormal": stats.lognorm(0.5, scale=10.0),
    "normal": stats.norm(3.0, 2.0),
    "beta": stats.beta(2.0, 5.0),
    "beta-counts": stats.beta(300.5, 437.5),
    "beta-ends": stats.beta(0.5, 0.7),
    "shifted": stats.gamma(2.0, 5.0, 3.0),
    "enrolment-no-ramp": stats.betaprime(20.0, 3.6, scale=60.0),
}


@pytest.mark.parametrize("name", ORACLES)
def test_agrees_with_scipy_stats(name: str) -> None:
    ours, oracle = make(name), ORACLES[name]
    x = oracle.ppf(LEVELS)
    np.testing.assert_allclose(ours.ppf(LEVELS), x, rtol=1e-9)
    if name != "enrolment-no-ramp":  # the oracle's own isf subtracts from 1 there
        np.testing.assert_allclose(ours.isf(LEVELS), oracle.isf(LEVELS), rtol=1e-9)
    np.testing.assert_allclose(ours.cdf(x), oracle.cdf(x), rtol=1e-9)
    np.testing.assert_allclose(ours.sf(x), oracle.sf(x), rtol=1e-9)
    np.testing.assert_allclose(ours.mean(), oracle.mean(), rtol=1e-9)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_cdf_of_quantile_is_the_level(name: str) -> None:
    ours = make(name)
    x = ours.ppf(LEVELS)
    low, _ = ours.support()
    offset = 1.0 if np.isfinite(low) and low != 0 else 0.0  # x − low keeps only the last digits of x there
    np.testing.assert_allclose(ours.cdf(x), LEVELS, rtol=1e-10, atol=1e-13 * offset)
    np.testing.assert_allclose(ours.cdf(x) + ours.sf(x), 1.0, rtol=1e-12)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_far_upper_tail(name: str) -> None:
    ours = make(name)
    tail = np.array([1e-100, 1e-30, 1e-15, 1e-9])
    x = ours.isf(tail)
    assert np.all(np.isfinite(x))
    if np.isinf(ours.support()[1]):
        np.testing.assert_allclose(ours.sf(x), tail, rtol=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_quantiles_ascend_inside_the_support(name: str) -> None:
    ours = make(name)
    edge = 10.0 ** -np.linspace(2, 16, 300)
    x = ours.ppf(np.concatenate([edge[::-1], np.linspace(0.01, 0.99, 4001), 1 - edge]))
    low, high = ours.support()
    # Levels 1e-16 apart: inverses that iterate may be a few units in the last place out of order, nothing else may.
    slack = 64 * np.spacing(np.abs(x[1:])) if name.split("-")[0] in ITERATED else 0.0
    assert np.all(np.diff(x) >= -slack)
    assert np.all((low <= x) & (x <= high))


@pytest.mark.parametrize("name", CASES)
def test_cdf_beyond_the_support(name: str) -> None:
    ours = make(name)
    low, high = ours.support()
    below, above = np.array([-INF, low - 1.0]), np.array([high + 1.0, INF])
    assert np.all(ours.cdf(below) == 0)
    assert np.all(ours.sf(below) == 1)
    assert np.all(ours.cdf(above) == 1)
    assert np.all(ours.sf(above) == 0)


def columns(name: str, count: int) -> tuple[Distribution, list[Distribution]]:
    """A case with every parameter an array, and the same as a list of cases with scalar parameters."""
    family, arguments = CASES[name]
    factors = draws(f"factor/{name}", count, 0.9, 1.1)
    return family(*(value * factors for value in arguments)), [
        family(*(value * factor for value in arguments)) for factor in factors
    ]


@pytest.mark.parametrize("name", CASES)
def test_an_element_does_not_depend_on_the_others(name: str) -> None:
    ours, u = make(name), draws(f"u/{name}", 1000)
    whole = ours.ppf(u)
    assert np.array_equal(whole, [ours.ppf(float(one)) for one in u])
    assert np.array_equal(whole[7:10], ours.ppf(u[7:10]))
    assert np.array_equal(whole[::3], ours.ppf(u[::3]))
    assert np.array_equal(whole[::-1], ours.ppf(u[::-1]))
    assert np.array_equal(ours.cdf(whole)[:50], [ours.cdf(float(one)) for one in whole[:50]])
    assert np.array_equal(ours.sf(whole)[:50], [ours.sf(float(one)) for one in whole[:50]])


@pytest.mark.parametrize("name", CASES)
def test_array_parameters_equal_scalar_ones(name: str) -> None:
    count = 250
    together, apart = columns(name, count)
    u = draws(f"u/{name}", count)
    x = together.ppf(u)
    assert x.shape == (count,)
    assert np.array_equal(x, [one.ppf(level) for one, level in zip(apart, u, strict=True)])
    assert np.array_equal(together.cdf(x)[:50], [one.cdf(at) for one, at in zip(apart[:50], x, strict=False)])
    assert np.array_equal(together.sf(x)[:50], [one.sf(at) for one, at in zip(apart[:50], x, strict=False)])
    assert np.array_equal(np.broadcast_to(together.mean(), count)[:20], [one.mean() for one in apart[:20]])
    one_level = together.ppf(0.3)
    assert np.array_equal(one_level[:20], [one.ppf(0.3) for one in apart[:20]])


@pytest.mark.parametrize("name", CONTINUOUS)
def test_mean_is_the_integral_of_the_quantiles(name: str) -> None:
    ours = make(name)
    # u = 1/(1 + exp(−l)); the tails beyond |l| = 600 weigh nothing here.
    pieces = [
        -600,
        -100,
        -30,
        -10,
        -3,
        *np.log(np.divide((0.25, 0.3, 0.75, 0.8), (0.75, 0.7, 0.25, 0.2))),
        10,
        30,
        100,
        600,
    ]

    def integrand(logit: float) -> float:
        upper = special.expit(-logit)
        x = ours.ppf(special.expit(logit)) if logit < 0 else ours.isf(upper)
        return float(x * special.expit(logit) * upper)

    total = sum(
        integrate.quad(integrand, left, right, epsrel=1e-11, epsabs=1e-13, limit=200)[0]
        for left, right in pairwise(pieces)
    )
    np.testing.assert_allclose(ours.mean(), total, rtol=2e-9)


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_a_value(name: str) -> None:
    ours = make(name)
    assert ours == make(name)
    assert hash(ours) == hash(make(name))
    assert pickle.loads(pickle.dumps(ours)) == ours
    assert ours != d.Fixed(-1.0)
    assert ours.check() == []


def test_lognormal_from_what_people_know() -> None:
    np.testing.assert_allclose(d.Lognormal.from_p75(29.0, 41.0).ppf(np.array([0.5, 0.75])), [29.0, 41.0], rtol=1e-14)
    np.testing.assert_allclose(d.Lognormal.from_p90(29.0, 48.0).ppf(np.array([0.5, 0.9])), [29.0, 48.0], rtol=1e-14)
    fitted = d.Lognormal.from_mean_sd(30.0, 12.0)
    oracle = stats.lognorm(fitted.sd_log, scale=fitted.median)
    np.testing.assert_allclose([oracle.mean(), oracle.std()], [30.0, 12.0], rtol=1e-12)
    with pytest.raises(ValueError, match=r"^p90 must be greater than median, is 20$"):
        d.Lognormal.from_p90(29.0, 20.0)
    with pytest.raises(ValueError, match=r"^sd must be greater than 0, is 0$"):
        d.Lognormal.from_mean_sd(29.0, 0.0)


@pytest.mark.parametrize(
    ("median", "sd"), [(0.55, 0.4), (0.05, 0.35), (0.9, 1.0), (1e-4, 1.5), (0.3, 5.0), (0.01, 10.0)]
)
def test_logitnormal_mean(median: float, sd: float) -> None:
    with mpmath.workdps(16):
        centre = mpmath.log(mpmath.mpf(median) / (1 - mpmath.mpf(median)))
        exact = mpmath.quad(lambda z: mpmath.npdf(z) / (1 + mpmath.exp(-centre - sd * z)), list(range(-16, 17, 4)))
    np.testing.assert_allclose(d.LogitNormal(median, sd).mean(), float(exact), rtol=1e-9)


# --- quantiles -------------------------------------------------------------------------------------------------------


def triplets(count: int) -> np.ndarray:
    """Ascending triplets with every skewness, shape (3, count)."""
    p10 = draws("p10", count, -5.0, 5.0)
    spread = 10.0 ** draws("spread", count, -3.0, 3.0)
    return np.stack([p10, p10 + draws("share", count) * spread, p10 + spread])


def test_quantiles_are_hit() -> None:
    level = np.array([0.1, 0.5, 0.9])
    for p10, p50, p90 in triplets(300).T:
        if feasible(p10, p50, p90):
            np.testing.assert_allclose(d.Quantiles(p10, p50, p90).ppf(level), [p10, p50, p90], rtol=1e-6, atol=1e-9)
        positive = np.exp(np.array([p10, p50, p90]) / 100)
        if feasible(*np.log(positive)):
            np.testing.assert_allclose(d.LogQuantiles(*positive).ppf(level), positive, rtol=1e-12)


def slope(p10: np.ndarray, p50: np.ndarray, p90: np.ndarray, y: float) -> np.ndarray:
    """Derivative of the metalog's quantile function at y, times y(1 − y), from Keelin's formulae alone."""
    log9, spread = np.log(9.0), p90 - p10
    a2 = spread / (2 * log9)
    a3 = (1 - 2 * (p50 - p10) / spread) * spread / (0.8 * log9)
    return a2 + a3 * ((y - 0.5) + y * (1 - y) * np.log(y / (1 - y)))


def test_feasible_means_positive_density() -> None:
    points = triplets(20_000)
    allowed = feasible(*points)
    least = np.min([slope(*points, y) for y in np.linspace(0.005, 0.995, 199)], axis=0) / (points[2] - points[0])
    assert np.all(least[allowed] > 0)
    assert np.all(least[~allowed] < 1e-4)  # the grid misses the least slope by a little
    assert 0.3 < np.mean(~allowed) < 0.37  # shares outside (0.1666, 0.8334)


def test_the_limit_of_feasibility_is_exact() -> None:
    with mpmath.workdps(30):
        root = mpmath.findroot(lambda x: x * mpmath.tanh(x) - 1, 1.2)
        limit = float((1 - mpmath.mpf("0.8") / root) / 2)
    assert limit == pytest.approx(0.5 * (1 - 1.66711 * 0.4), abs=1e-6)  # Keelin's rounded constant
    for nearest in (limit, 1 - limit):
        inside, outside = (nearest + sign * 1e-12 * np.sign(0.5 - nearest) for sign in (1, -1))
        assert feasible(0.0, inside, 1.0)
        assert not feasible(0.0, outside, 1.0)


def test_infeasible_triplets_are_refused() -> None:
    points = triplets(40_000)
    refused = points[:, ~feasible(*points)][:, :10_000]
    assert refused.shape == (3, 10_000)
    for p10, p50, p90 in refused.T:
        with pytest.raises(ValueError, match="too near"):
            d.Quantiles(p10, p50, p90)
    with pytest.raises(ValueError, match="each greater than the one before"):
        d.Quantiles(1.0, 0.5, 2.0)
    with pytest.raises(ValueError, match="must be greater than 0, is -1"):
        d.LogQuantiles(-1.0, 0.5, 2.0)
    with pytest.raises(ValueError, match="each greater than the one before"):
        d.LogQuantiles(1.0, 2.0, np.nan)
    with pytest.raises(ValueError, match=r"on the scale of logarithms must lie between 0\.167 and 0\.833"):
        d.LogQuantiles(1.0, 1.1, 10.0)
    with pytest.raises(ValueError, match="too near"):
        d.Quantiles(np.zeros(2), np.array([0.5, 0.1]), np.ones(2))


@pytest.mark.parametrize("share", [0.16658, 0.2, 0.5, 0.8, 0.8334])
def test_metalog_cdf_is_the_inverse(share: float) -> None:
    ours = d.Quantiles(10.0, 10.0 + 3 * share, 13.0)
    u = np.concatenate([LEVELS, draws("metalog", 500)])
    x = ours.ppf(u)
    again = np.where(u < 0.5, ours.ppf(np.minimum(ours.cdf(x), 0.6)), ours.isf(np.minimum(ours.sf(x), 0.6)))
    np.testing.assert_allclose(again, x, rtol=1e-12)
    np.testing.assert_allclose(ours.cdf(np.array([-1e6, 1e6])), [0.0, 1.0], atol=1e-12)
    if 0.17 < share < 0.83:
        np.testing.assert_allclose(ours.cdf(x), u, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("triplet", [(1.0, 2.0, 4.0), (12.0, 24.0, 60.0), (1.0, 2.0, 10.0), (10.0, 30.0, 40.0)])
def test_bounded_metalog_mean(triplet: tuple[float, float, float]) -> None:
    with mpmath.workdps(25):
        q10, q50, q90 = (mpmath.log(x) for x in triplet)
        a2 = (q90 - q10) / (2 * mpmath.log(9))
        a3 = (q90 - 2 * q50 + q10) / (mpmath.mpf("0.8") * mpmath.log(9))

        def integrand(logit: Any) -> Any:
            y = 1 / (1 + mpmath.exp(-logit))
            return mpmath.exp(q50 + a2 * logit + a3 * (y - 0.5) * logit) * y / (1 + mpmath.exp(logit))

        exact = mpmath.quad(integrand, [-400, -100, -30, -10, -3, 0, 3, 10, 30, 100, 400])
    np.testing.assert_allclose(d.LogQuantiles(*triplet).mean(), float(exact), rtol=1e-9)


def test_bounded_metalog_without_a_mean() -> None:
    assert d.LogQuantiles(1.0, 5.0, 60.0).mean() == INF


# --- composite distributions -----------------------------------------------------------------------------------------

OBSERVED = (1.0, 2.0, 2.0, 7.0, 9.0)


def test_empirical_is_the_smallest_value_with_enough_below() -> None:
    ours = d.Empirical(OBSERVED)
    for u in [*np.arange(1, 5) / 5, *draws("empirical", 200)]:
        assert ours.ppf(u) == min(x for x in OBSERVED if np.mean(np.array(OBSERVED) <= x) >= u)
    np.testing.assert_allclose(ours.cdf(np.array([0.9, 1.0, 2.0, 8.0, 9.0])), [0, 0.2, 0.6, 0.8, 1.0], rtol=1e-15)
    np.testing.assert_allclose(ours.sf(np.array([0.9, 1.0, 2.0, 8.0, 9.0])), [1, 0.8, 0.4, 0.2, 0.0], rtol=1e-15)
    assert ours.mean() == pytest.approx(4.2, rel=1e-15)
    inner = d.Truncated(ours, 2.0, 7.0)
    assert inner.mean() == pytest.approx(11 / 3, rel=1e-15)
    assert inner.ppf(np.array([1e-9, 0.6, 0.7, 1 - 1e-9])).tolist() == [2.0, 2.0, 7.0, 7.0]
    np.testing.assert_allclose(inner.cdf(np.array([1.9, 2.0, 6.9, 7.0])), [0, 2 / 3, 2 / 3, 1], rtol=1e-14)
    np.testing.assert_allclose(inner.sf(np.array([1.9, 2.0, 6.9, 7.0])), [1, 1 / 3, 1 / 3, 0], rtol=1e-14)


def test_mixture_is_exact() -> None:
    low, high = stats.uniform(0.0, 1.0), stats.expon(1.0, 2.0)
    weights = (0.3, 0.7)
    ours = d.Mixture(weights, (d.Uniform(0.0, 1.0), d.Shifted(d.Exponential(2.0), 1.0)))
    np.testing.assert_allclose(ours.ppf(np.array([0.15, 0.3 + 0.7 * 0.25])), [0.5, high.ppf(0.25)], rtol=1e-14)
    x = np.linspace(0.01, 30, 400)
    np.testing.assert_allclose(ours.cdf(x), 0.3 * low.cdf(x) + 0.7 * high.cdf(x), rtol=1e-14)
    np.testing.assert_allclose(ours.sf(x), 0.3 * low.sf(x) + 0.7 * high.sf(x), rtol=1e-14)
    assert ours.mean() == pytest.approx(0.3 * 0.5 + 0.7 * 3.0, rel=1e-15)
    assert ours.support() == (0.0, INF)
    np.testing.assert_allclose(d.Mixture((3.0, 7.0), ours.parts).ppf(LEVELS), ours.ppf(LEVELS), rtol=1e-13)


def test_mixture_weights_may_be_arrays_and_zero() -> None:
    parts = (d.Fixed(1.0), d.Uniform(2.0, 3.0), d.Fixed(4.0))
    first = np.array([0.0, 0.5, 1.0, 0.25])
    ours = d.Mixture((first, 1.0 - first, 0.0 * first), parts)
    u = np.array([1e-12, 0.75, 1 - 1e-12, 0.25])
    np.testing.assert_allclose(ours.ppf(u), [2.0, 2.5, 1.0, 1.0], rtol=1e-12)
    for k in range(4):
        alone = d.Mixture((first[k], 1.0 - first[k], 0.0), parts)
        assert alone.ppf(u[k]) == ours.ppf(u)[k]
        assert alone.mean() == ours.mean()[k]


def test_mixture_refuses_overlap() -> None:
    with pytest.raises(ValueError, match="part 2 of a mixture must begin where part 1 ends, or above"):
        d.Mixture((0.5, 0.5), (d.Uniform(0.0, 1.0), d.Uniform(0.9, 2.0)))


CUTS = [
    ("gamma", 1.0, 9.0),
    ("gamma", 30.0, INF),
    ("normal", 4.0, 4.5),
    ("normal", -INF, -10.0),
    ("lognormal", 60.0, 61.0),
    ("exponential", 5.0, INF),
    ("weibull-falling", 0.0, 3.0),
    ("triangular", 1.5, 4.0),
    ("pert", 4.9, 5.0),
    ("beta", 0.9, 1.0),
]


@pytest.mark.parametrize(("name", "low", "high"), CUTS)
def test_truncation_is_conditioning(name: str, low: float, high: float) -> None:
    ours, oracle = d.Truncated(make(name), low, high), ORACLES[name]
    u = np.linspace(0.001, 0.999, 99)
    if oracle.cdf(low) > 0.5:
        top, bottom = oracle.sf(low), oracle.sf(high)
        x = oracle.isf(top - u * (top - bottom))
        cdf = (top - oracle.sf(x)) / (top - bottom)
    else:
        bottom, top = oracle.cdf(low), oracle.cdf(high)
        x = oracle.ppf(bottom + u * (top - bottom))
        cdf = (oracle.cdf(x) - bottom) / (top - bottom)
    np.testing.assert_allclose(ours.ppf(u), x, rtol=1e-9)
    np.testing.assert_allclose(ours.cdf(x), cdf, rtol=1e-9)
    np.testing.assert_allclose(ours.sf(x), 1 - cdf, rtol=1e-9)
    lowest, highest = ours.support()
    assert low <= lowest <= ours.ppf(1e-16) <= ours.ppf(1 - 1e-16) <= highest <= high


def test_truncated_means() -> None:
    def check(ours: Distribution, exact: float) -> None:
        assert ours.mean() == pytest.approx(exact, rel=1e-9)

    check(d.Truncated(d.Exponential(3.0), 5.0, INF), 8.0)
    check(d.Truncated(d.Normal(0.0, 1.0), 6.0, INF), stats.norm.pdf(6) / stats.norm.sf(6))
    check(d.Truncated(d.Normal(1.0, 2.0), 0.0, INF), 1 + 2 * stats.norm.pdf(0.5) / stats.norm.cdf(0.5))
    check(d.Truncated(d.Uniform(0.0, 4.0), 1.0, 9.0), 2.5)
    below, above = special.gammainc(2, [1 / 3, 3]), special.gammainc(3, [1 / 3, 3])
    check(d.Truncated(d.Gamma(2.0, 3.0), 1.0, 9.0), 6 * (above[1] - above[0]) / (below[1] - below[0]))
    # Density (x − 1)/2 below the mode and (5 − x)/6 above it: first moment 1/3 + 17/9, probability 3/16 + 2/3.
    check(d.Truncated(d.Triangular(1.0, 2.0, 5.0), 1.5, 4.0), 320 / 123)
    check(d.Truncated(d.Shifted(three_humps(1.0), 1.0), 1.5, 2.0), 1.75)
    check(d.Truncated(d.Truncated(d.Exponential(3.0), 2.0, INF), 5.0, INF), 8.0)
    check(d.Truncated(d.Fixed(3.0), 3.0, 3.0), 3.0)


def test_truncation_gives_a_mean_where_there_was_none() -> None:
    for endless in (d.LogQuantiles(1.0, 5.0, 60.0), d.Enrolment(20, 1, 0.03, 0.5, 60.0, 0.0)):
        assert endless.mean() == INF
        assert d.Truncated(endless, 2.0, INF).mean() == INF
        ours = d.Truncated(endless, 2.0, np.array([500.0, INF]))
        levels = (np.arange(100_000) + 0.5) / 100_000
        assert ours.mean()[0] == pytest.approx(np.mean(d.Truncated(endless, 2.0, 500.0).ppf(levels)), rel=1e-7)
        assert ours.mean()[1] == INF


def test_truncation_to_nothing_is_refused() -> None:
    for inner, low, high in [(d.Uniform(0.0, 1.0), 2.0, 3.0), (d.Fixed(1.0), 1.5, INF), (d.Gamma(2.0, 3.0), 9.0, 8.0)]:
        with pytest.raises(ValueError, match="no probability"):
            d.Truncated(inner, low, high)
    with pytest.raises(ValueError, match="no probability"):
        d.Truncated(d.Uniform(np.array([0.0, 5.0]), 9.0), -INF, 4.0)


# --- validity, registry, imports -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "messages"),
    [
        (d.Triangular(1.0, 5.0, 3.0), [("high", "must be at least mode, is 3")]),
        (d.Triangular(1.0, 0.5, 3.0), [("mode", "must be at least low, is 0.5")]),
        (d.Pert(2.0, 2.0, 2.0), [("high", "must be greater than low, is 2")]),
        (d.Uniform(2.0, 1.0), [("high", "must be greater than low, is 1")]),
        (d.Fixed(INF), [("value", "must be a finite number, is inf")]),
        (d.Exponential(-3.0), [("mean", "must be greater than 0, is -3")]),
        (d.Weibull(0.0, 1.0), [("shape", "must be greater than 0, is 0")]),
        (d.Gamma(1.0, np.nan), [("scale", "must be a finite number, is nan")]),
        (d.Lognormal(0.0, 1.0), [("median", "must be greater than 0, is 0")]),
        (d.Lognormal(1.0, -1.0), [("sd_log", "must be greater than 0, is -1")]),
        (d.Normal(0.0, 0.0), [("sd", "must be greater than 0, is 0")]),
        (d.Beta(1.0, -1.0), [("beta", "must be greater than 0, is -1")]),
        (d.LogitNormal(1.5, 1.0), [("median", "must lie between 0 and 1, is 1.5")]),
        (d.Empirical(()), [("values", "must have at least one value")]),
        (d.Empirical((2.0, 1.0)), [("values", "must be in ascending order")]),
        (d.Mixture((1.0,), (d.Fixed(1.0), d.Fixed(2.0))), [("weights", "must be as many as the parts: 2, not 1")]),
        (d.Mixture((0.0, 0.0), (d.Fixed(1.0), d.Fixed(2.0))), [("weights", "must not all be 0")]),
        (d.Mixture((-1.0, 2.0), (d.Fixed(1.0), d.Fixed(2.0))), [("weights[0]", "must be at least 0, is -1")]),
        (d.Mixture((1.0,), (d.Exponential(0.0),)), [("parts[0].mean", "must be greater than 0, is 0")]),
        (d.Shifted(d.Normal(0.0, -1.0), 1.0), [("sd", "must be greater than 0, is -1")]),
        (d.Shifted(d.Normal(0.0, 1.0), np.nan), [("shift", "must be a finite number, is nan")]),
        (d.Enrolment(0, 1.5, 1.0, 1.0, -2.0, 1.0), [
            ("patients", "must be at least 1, is 0"), ("sites", "must be a whole number, is 1.5"),
            ("ramp", "must be at least 0, is -2"), ("screen_failure", "must be at least 0 and less than 1, is 1"),
        ]),
        (d.Gamma(np.array([1.0, -2.0]), 1.0), [("shape", "must be greater than 0, is -2")]),
        (d.Uniform(np.array([1.0, 4.0]), 3.0), [("high", "must be greater than low, is 3")]),
    ],
)  # fmt: skip
def test_check_says_what_is_wrong(wrong: Distribution, messages: list[tuple[str, str]]) -> None:
    assert wrong.check() == messages


def test_registry_names_every_kind() -> None:
    kinds = (
        "fixed uniform triangular pert exponential weibull gamma lognormal normal beta logitnormal quantiles empirical"
    )
    assert list(FAMILIES) == [*kinds.split(), "mixture", "enrolment"]
    assert all(issubclass(family, Distribution) for family in FAMILIES.values())


def test_results_are_float64_scalars_or_arrays() -> None:
    for name in CASES:
        ours = make(name)
        for value in (ours.ppf(0.3), ours.isf(0.3), ours.cdf(2.5), ours.sf(2.5)):
            assert isinstance(value, np.float64)
        assert float(ours.mean()) == ours.mean()
        assert ours.ppf(np.array([0.3])).dtype == np.float64


def test_importing_does_not_load_scipy() -> None:
    code = "import sys, pathway_sim.distributions; sys.exit(any(name.split('.')[0] == 'scipy' for name in sys.modules))"
    root = Path(__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=root).returncode == 0
