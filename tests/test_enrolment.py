"""The time to enrol a trial against the counting process behind it, and against trials simulated site by site."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy import stats

from pathway_sim.distributions import Enrolment, Truncated

ROOT = Path(__file__).parents[1]
LEVELS = np.array([1e-12, 1e-6, 0.01, 0.1, 0.5, 0.9, 0.99, 1 - 1e-6, 1 - 1e-12])
# patients, sites, rate, alpha, ramp, screen_failure
DESIGNS = [
    (200, 40, 0.012, 1.2, 180.0, 0.3),
    (20, 3, 0.02, 1.2, 90.0, 0.0),
    (20, 3, 0.02, 0.5, 0.0, 0.0),
    (60, 40, 0.02, 1.2, 600.0, 0.3),  # enrolled while sites still open
    (1000, 150, 0.01, 1.2, 365.0, 0.4),
    (1, 1, 0.01, 2.0, 30.0, 0.0),
]


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    """The site-level simulation, which is also what the documentation's table comes from."""
    spec = importlib.util.spec_from_file_location("enrolment_error", ROOT / "benchmarks" / "enrolment_error.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["enrolment_error"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def openness(t: np.ndarray, ramp: float) -> np.ndarray:
    """Integral of the share of sites open."""
    return np.where(t < ramp, t * t / (2 * max(ramp, 1e-9)), t - ramp / 2)


@pytest.mark.parametrize("design", DESIGNS)
def test_at_least_n_patients_are_there_by_then(design: tuple[Any, ...]) -> None:
    """Patients there by t are negative binomial: Poisson counts with a gamma distributed pooled rate."""
    patients, sites, rate, alpha, ramp, failure = design
    ours = Enrolment(*design)
    t = ours.ppf(LEVELS)
    scale = alpha / (rate * (1 - failure))
    count = stats.nbinom(sites * alpha, scale / (scale + openness(t, ramp)))
    np.testing.assert_allclose(count.sf(patients - 1), LEVELS, rtol=1e-9, atol=1e-15)  # rounded where p is near 1
    np.testing.assert_allclose(count.cdf(patients - 1), 1 - LEVELS, rtol=1e-9)
    np.testing.assert_allclose(ours.cdf(t), LEVELS, rtol=1e-9)
    np.testing.assert_allclose(ours.sf(t), 1 - LEVELS, rtol=1e-9)
    assert np.all(np.diff(t) > 0)


@pytest.mark.parametrize("design", DESIGNS)
def test_mean(design: tuple[Any, ...]) -> None:
    patients, sites, rate, alpha, ramp, failure = design
    shape, scale, half = sites * alpha, alpha / (rate * (1 - failure)), ramp / 2
    ours = Enrolment(*design)
    edges = openness(ours.ppf(np.array([1e-14, 1e-6, 0.01, 0.2, 0.5, 0.8, 0.99, 1 - 1e-6, 1 - 1e-14])), ramp)
    far = [float(edges[-1]) * 10.0**k for k in (1, 2, 4, 8, 16)]

    def integrand(t: Any) -> Any:
        density = (patients - 1) * mpmath.log(t / scale) - (patients + shape) * mpmath.log(1 + t / scale)
        days = t + half if t >= half else 2 * mpmath.sqrt(half * t)
        return days * mpmath.exp(density - log_beta) / scale

    with mpmath.workdps(16):
        log_beta = mpmath.log(mpmath.beta(patients, shape))
        exact = float(mpmath.quad(integrand, sorted({0.0, half, *edges.tolist(), *far})))
    assert ours.mean() == pytest.approx(exact, rel=1e-9)
    assert Truncated(ours, 0.0, np.inf).mean() == pytest.approx(exact, rel=1e-9)  # by quadrature


def test_without_a_mean() -> None:
    assert Enrolment(5, 2, 0.01, 0.5, 10.0, 0.0).mean() == np.inf
    assert np.isfinite(Enrolment(5, 2, 0.01, 0.51, 10.0, 0.0).mean())


def test_arrays_of_whole_designs() -> None:
    columns = [np.array(column) for column in zip(*DESIGNS, strict=True)]
    together = Enrolment(*columns)
    x = together.ppf(np.full(len(DESIGNS), 0.3))
    assert x.tolist() == [Enrolment(*design).ppf(0.3) for design in DESIGNS]
    assert together.mean().tolist() == [Enrolment(*design).mean() for design in DESIGNS]
    assert together.check() == []


def test_what_makes_enrolment_longer() -> None:
    def days(**changes: float) -> np.ndarray:
        plain = {"patients": 100, "sites": 20, "rate": 0.02, "alpha": 1.2, "ramp": 200.0, "screen_failure": 0.2}
        return Enrolment(**(plain | changes)).ppf(LEVELS)

    assert np.all(days(patients=101) > days())
    assert np.all(days(sites=19) > days())
    assert np.all(days(rate=0.019) > days())
    assert np.all(days(ramp=210.0) > days())
    assert np.all(days(screen_failure=0.25) > days())
    np.testing.assert_allclose(days(screen_failure=0.6), days(screen_failure=0.2, rate=0.01), rtol=1e-12)
    np.testing.assert_allclose(days(ramp=1e-9), days(ramp=0.0), rtol=1e-9)


def test_sites_that_open_at_once_need_no_approximation(benchmark: ModuleType) -> None:
    design = next(design for design in benchmark.DESIGNS if design.ramp == 0)
    by_site, by_clock = benchmark.simulate(design, 500)
    np.testing.assert_allclose(by_site, by_clock, rtol=1e-12)


def test_the_simulated_days_are_exact(benchmark: ModuleType) -> None:
    rates, opening = np.array([[0.5], [1.0], [0.25]]), np.array([[1.0], [3.0], [10.0]])
    for day in (2.0, 3.0, 7.0, 40.0):
        work = np.sum(rates * np.maximum(day - opening, 0.0), axis=0)
        np.testing.assert_allclose(benchmark.days_until(work, rates, opening), [day], rtol=1e-12)


def test_the_error_of_the_ramp_is_small(benchmark: ModuleType) -> None:
    for design in benchmark.DESIGNS:
        if design.sites > 20:
            continue
        _, error = benchmark.errors(design, 2000)
        enrolled_early = "before all are open" in design.name
        assert np.all(np.abs(error) < (0.09 if enrolled_early else 0.02)), design.name
        assert abs(error[1]) < (0.03 if enrolled_early else 0.01), design.name


def test_the_documented_errors_are_the_measured_ones(benchmark: ModuleType) -> None:
    text = (ROOT / "docs" / "explanation" / "enrolment.md").read_text(encoding="utf-8")
    for design in benchmark.DESIGNS:
        assert f"| {design.name} |" in text
        if design.sites <= 10:
            assert benchmark.row(design) in text
