"""Draws through tables: against the exact form, and that a draw depends on its level and its distribution alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import mpmath
import numpy as np
import pytest

from pathway_sim import distributions as d
from pathway_sim.distributions import Distribution
from pathway_sim.distributions.tables import EDGE, ERROR, table
from pathway_sim.draws import uniform

INF = float("inf")
CELLS = np.ravel(EDGE * 2.0 ** np.arange(19)[:, None] * (1.0 + np.arange(64) / 64))  # where they begin
TAILS = np.concatenate(
    [
        CELLS,
        CELLS + EDGE / 64 * 0.4142 * 2.0 ** np.repeat(np.arange(19), 64),
        2.0 ** -np.linspace(1, 52, 400),
        [EDGE, np.nextafter(EDGE, 0), np.nextafter(EDGE, 1), 2.0**-53, 0.5, np.nextafter(0.5, 0)],
    ]
)
LEVELS = np.unique(np.concatenate([TAILS, 1.0 - TAILS, uniform(1, "test/tables", np.arange(4000))]))


def drawn(name: str, count: int, low: float, high: float) -> list[float]:
    """Numbers between low and high, even on the scale of logarithms."""
    return [float(x) for x in low * (high / low) ** uniform(1, f"test/tables/{name}", np.arange(count))]


def three_points(count: int) -> list[d.Pert]:
    shares = uniform(1, "test/tables/mode", np.arange(count))
    return [d.Pert(10.0, 10.0 + 90.0 * float(share), 100.0) for share in (0.0, 0.01, 0.99, 1.0, *shares)]


BELLS = (d.Lognormal(10.0, 0.5), d.Gamma(2.5, 4.0), d.Normal(30.0, 10.0), d.Normal(8.0, 1.0))
RANGES = ((5.0, INF), (-INF, 12.0), (4.0, 40.0), (9.0, 9.5), (25.0, INF), (0.0, INF))
FORMS: list[Distribution] = [
    *(d.Gamma(shape, 3.0) for shape in (0.3, 1.0, 2.0, 200.0, *drawn("gamma", 20, 0.3, 200.0))),
    *three_points(20),
    *(
        d.Enrolment(patients, sites, 0.012, 1.2, ramp, 0.3)
        for patients, sites, ramp in product((10, 45, 300), (1, 4, 100), (0.0, 180.0))
    ),
    *(d.Beta(alpha, beta) for alpha, beta in ((0.5, 20.5), (20.5, 0.5), (2.0, 5.0), (300.5, 437.5), (1.0, 1.0))),
    *(d.Lognormal(20.0, sd_log) for sd_log in (0.05, 2.0, *drawn("sd_log", 10, 0.05, 2.0))),
    *(d.Weibull(shape, 12.0) for shape in (0.5, 0.7, 1.7, 8.0)),
    *(d.LogitNormal(median, sd) for median, sd in ((0.55, 0.4), (0.9, 1.0), (0.02, 2.0))),
    d.Exponential(3.0),
    d.LogQuantiles(12.0, 20.0, 36.0),
    d.Shifted(d.Gamma(2.5, 3.0), 4.0),
    *(d.Truncated(inner, low, high) for inner, (low, high) in product(BELLS, RANGES)),
    d.Truncated(d.Enrolment(200, 40, 0.012, 1.2, 180.0, 0.3), 90.0, 900.0),
    d.Truncated(d.Shifted(d.Truncated(d.Gamma(2.0, 3.0), 1.0, 20.0), 2.0), 4.0, 15.0),
]
EXACT: list[Distribution] = [
    d.Fixed(3.0),
    d.Uniform(2.0, 5.0),
    d.Triangular(1.0, 2.0, 5.0),
    d.Empirical((1.0, 2.0, 7.0)),
    d.Mixture((0.4, 0.6), (d.Uniform(0.0, 1.0), d.Shifted(d.Exponential(2.0), 1.0))),
    d.Quantiles(-1.0, 2.0, 6.0),
    d.Shifted(d.Triangular(1.0, 2.0, 5.0), 1.0),
    d.Truncated(d.Triangular(1.0, 2.0, 5.0), 1.5, 4.0),
    d.Gamma(0.1, 3.0),
    d.Lognormal(10.0, 4.0),
    d.Weibull(0.2, 12.0),
    d.Enrolment(10, 1, 0.012, 0.3, 60.0, 0.0),
]


def tabulated(distribution: Distribution) -> bool:
    standard = distribution._standard()
    return standard is not None and table(standard) is not None


def scale_of(distribution: Distribution, exact: np.ndarray) -> np.ndarray:
    """What an error is relative to: the value, but what a normal distribution adds to its mean."""
    inner = distribution.inner if isinstance(distribution, d.Truncated) else distribution
    if isinstance(inner, d.Normal):
        return np.maximum(np.abs(exact - inner.mean()), inner.sd)
    return np.abs(exact)


@pytest.mark.parametrize("distribution", FORMS, ids=str)
def test_agrees_with_the_exact_form(distribution: Distribution) -> None:
    exact, ours = distribution.ppf(LEVELS), distribution.draw(LEVELS)
    assert np.all(np.abs(ours - exact) <= ERROR * scale_of(distribution, exact))
    far = np.minimum(LEVELS, 1.0 - LEVELS) < EDGE
    np.testing.assert_allclose(ours[far], exact[far], rtol=1e-14)


def test_what_is_drawn_often_has_a_table() -> None:
    """All of the list above but the widest lognormals."""
    without = [distribution for distribution in FORMS if not tabulated(distribution)]
    assert all(isinstance(each, d.Lognormal) and each.sd_log > 1.9 for each in without), without


@pytest.mark.parametrize("level", [2.0**-30, 2.0**-19.7, 0.003, 0.2, 0.25, 0.4, 0.6, 0.7499, 0.99, 1 - 2.0**-18.3])
def test_agrees_with_mpmath(level: float) -> None:
    def solve(distribution: Distribution, cdf) -> None:
        ours = float(distribution.draw(level))
        with mpmath.workdps(30):
            exact = mpmath.findroot(lambda x: cdf(x) - mpmath.mpf(level), (ours, ours * (1 + 1e-6)), tol=1e-40)
        assert abs(ours / exact - 1) < ERROR

    for shape in (0.3, 2.5, 40.0):
        solve(d.Gamma(shape, 1.0), lambda x, shape=shape: mpmath.gammainc(shape, 0, x, regularized=True))
    for alpha, beta in ((0.5, 3.5), (4.5, 1.5)):
        solve(d.Beta(alpha, beta), lambda x, a=alpha, b=beta: mpmath.betainc(a, b, 0, x, regularized=True))
    solve(
        d.Enrolment(20, 3, 0.02, 1.2, 0.0, 0.0),
        lambda x: mpmath.betainc(20, mpmath.mpf(3 * 1.2), 0, x / 60 / (1 + x / 60), regularized=True),
    )


@pytest.mark.parametrize("distribution", FORMS[::3], ids=str)
def test_has_no_steps_between_cells_and_never_falls(distribution: Distribution) -> None:
    borders = np.unique(np.concatenate([CELLS, 1.0 - CELLS, [0.5]]))
    at, before, after = (distribution.draw(u) for u in (borders, np.nextafter(borders, 0), np.nextafter(borders, 1)))
    # The quantile itself moves by a few units in the last place between such levels, and more in a thin tail.
    moves = np.abs(distribution.ppf(np.nextafter(borders, 1)) - distribution.ppf(np.nextafter(borders, 0)))
    # The cubics are summed in powers of the tail, whose terms are as large as values nearby.
    slack = 64 * np.spacing(np.maximum(np.abs(at), np.abs(distribution.ppf(0.5)))) + 2 * moves
    assert np.all(np.abs(at - before) <= slack)
    assert np.all(np.abs(after - at) <= slack)
    x = distribution.draw(LEVELS)
    assert np.all(np.diff(x) >= -64 * np.spacing(np.abs(x[1:])))
    low, high = distribution.support()
    assert np.all((low <= x) & (x <= high))


@pytest.mark.parametrize("distribution", [*FORMS[::4], *EXACT], ids=str)
def test_a_draw_depends_on_its_level_alone(distribution: Distribution) -> None:
    table.cache_clear()
    u = uniform(2, "test/tables", np.arange(40000))
    u[:3] = 0.5, 2.0**-40, 1.0 - 2.0**-40
    x = distribution.draw(u)
    table.cache_clear()
    np.testing.assert_array_equal(distribution.draw(u[::-1]), x[::-1])  # another order, with gaps in memory
    np.testing.assert_array_equal(distribution.draw(u[5:900:7]), x[5:900:7])
    table.cache_clear()
    assert [float(distribution.draw(level)) for level in u[:20]] == x[:20].tolist()
    assert [float(distribution.draw(u[k : k + 1])[0]) for k in range(20)] == x[:20].tolist()
    assert distribution.draw(u[:0]).shape == (0,)
    assert distribution.draw(0.3).shape == ()


def test_threads_agree() -> None:
    u = uniform(3, "test/tables", np.arange(30000))
    alone = [distribution.draw(u) for distribution in FORMS[:24]]
    table.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda distribution: distribution.draw(u), FORMS[:24] * 3))
    for k, x in enumerate(together):
        np.testing.assert_array_equal(x, alone[k % 24])


@dataclass(frozen=True)
class Bent:
    """1 + u, with the slope changed by ``bend`` from the level ``at`` on, or raised there by ``step``."""

    at: float
    bend: float
    step: float

    def _inverse(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        beyond = np.where(lower < 0.5, lower - self.at, (1.0 - self.at) - upper)
        return 1.0 + lower + np.where(beyond > 0, self.bend * beyond + self.step, 0.0)


@pytest.mark.parametrize("at", [2.0**-15.5, 0.003, 0.1, 0.3217, 0.4999, 0.62, 0.8, 0.97, 1 - 2.0**-12.2])
def test_a_kink_or_a_step_is_not_tabulated(at: float) -> None:
    assert table(Bent(at, 0.0, 0.0)) is not None
    assert table(Bent(at, 0.0, 1e-8)) is None
    tail = min(at, 1.0 - at)
    for bend in (1.0, -0.5, 1e-3 / tail):
        assert table(Bent(at, bend, 0.0)) is None


@pytest.mark.parametrize("bend", 10.0 ** -np.arange(0, 12))
def test_a_bend_too_small_to_matter_may_be_tabulated(bend: float) -> None:
    """Whatever the size of a kink and wherever it is, a table that is made is within the bound."""
    for at in drawn("kinks", 40, 1e-5, 0.5):
        form = Bent(at, bend, 0.0)
        made = table(form)
        if made is not None:
            u = np.linspace(0.9 * at, 1.1 * at, 2001)
            assert np.max(np.abs(made(u) / form._inverse(u, 1.0 - u) - 1.0)) < ERROR


@pytest.mark.parametrize("distribution", EXACT, ids=str)
def test_what_has_kinks_or_is_too_steep_is_exact(distribution: Distribution) -> None:
    assert not tabulated(distribution)
    np.testing.assert_array_equal(distribution.draw(LEVELS), distribution.ppf(LEVELS))


def test_an_uncertain_shape_is_exact_and_an_uncertain_place_is_not() -> None:
    u, one = uniform(4, "test/tables", np.arange(500)), np.ones(500)
    exact = [
        *(d.Gamma(2.5 * w, 3.0) for w in (one, one[:1])),
        d.Pert(1.0, 2.0 * one, 5.0),
        d.Beta(2.0, 5.0 * one),
        d.Enrolment(200, 40, 0.012, 1.2 * one, 180.0, 0.3),
        d.Lognormal(10.0, 0.5 * one[:1]),
        d.Truncated(d.Gamma(2.5, 3.0 * one), 1.0, 20.0),
        d.Truncated(d.Gamma(2.5, 3.0), 1.0 * one, INF),
        d.Truncated(d.Shifted(d.Gamma(2.5, 3.0), 1.0 * one[:1]), -INF, INF),
    ]
    for distribution in exact:
        np.testing.assert_array_equal(distribution.draw(u), distribution.ppf(u))
    wide = 1.0 + uniform(5, "test/tables", np.arange(500))
    placed = [
        (d.Gamma(2.5, 3.0 * wide), lambda w: d.Gamma(2.5, 3.0 * w)),
        (d.Lognormal(10.0 * wide, 0.5), lambda w: d.Lognormal(10.0 * w, 0.5)),
        (d.Shifted(d.Beta(2.0, 5.0), wide), lambda w: d.Shifted(d.Beta(2.0, 5.0), w)),
        (d.Normal(10.0 * wide, wide), lambda w: d.Normal(10.0 * w, w)),
        (
            d.Enrolment(200, 40, 0.012 * wide, 1.2, 180.0 * wide, 0.1 * wide),
            lambda w: d.Enrolment(200, 40, 0.012 * w, 1.2, 180.0 * w, 0.1 * w),
        ),
    ]
    for distribution, alone in placed:
        x = distribution.draw(u)
        assert np.any(x != distribution.ppf(u))
        assert x.tolist() == [float(alone(float(w)).draw(float(level))) for w, level in zip(wide, u, strict=True)]


def test_the_kink_of_a_ramp_is_exact() -> None:
    """Two years of opening sites: half of the trials enrol their last patient before the last site opens."""
    with_ramp, without = (d.Enrolment(120, 40, 0.012, 1.2, ramp, 0.3) for ramp in (730.0, 0.0))
    level = float(with_ramp.cdf(730.0))
    assert 0.1 < level < 0.9
    u = level + np.linspace(-1e-3, 1e-3, 2001)
    days = without.draw(u)
    expected = np.where(days < 365.0, np.sqrt(2.0 * 730.0 * days), days + 365.0)
    np.testing.assert_allclose(with_ramp.draw(u), expected, rtol=1e-14)
    np.testing.assert_allclose(with_ramp.draw(u), with_ramp.ppf(u), rtol=ERROR)
