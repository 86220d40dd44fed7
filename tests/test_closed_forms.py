"""The batch engine beside what can be worked out on paper.

A sample statistic must lie within five standard errors of its exact value, where the standard error too is computed
from theory. Seeds are fixed, so a test that passes once passes always.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.special
import scipy.stats
from made import made, only_arm, shipped, simulate, trial, work

from pathway_sim import evidence
from pathway_sim.engines import engine
from pathway_sim.parameters import ParameterSets
from pathway_sim.trajectories import Trajectories
from pathway_sim.units import MONTH, YEAR

N = 200_000
ERRORS = 5
KOLMOGOROV = 1.63
"""The Kolmogorov-Smirnov distance times √n stays below this with probability 0.99."""
TICK = 2.0**-20
LONG = "200 years"

Floats = npt.NDArray[np.float64]


def walk(stages: dict[str, Any], count: int = N, sets: int = 1, **more: Any) -> Trajectories:
    """Trajectories of stages with a far horizon."""
    return simulate("batch", only_arm(made(stages, **{"horizon": LONG} | more)), count, sets=sets)


def arrivals(t: Trajectories) -> Floats:
    """When the goal is reached, in the replications that reach it."""
    times = t.milestone(t.pathway.goal)
    return times[np.isfinite(times)]


def share(t: Trajectories, ending: str) -> float:
    """How many of all replications end so."""
    return float((t.endings() == t.pathway.endings.index(ending)).mean())


def near(value: float, exact: float, error: float) -> None:
    """Within five standard errors, and the rounding of durations."""
    assert abs(value - exact) <= ERRORS * error + TICK, f"{value} against {exact} with a standard error of {error}"


def near_share(value: float, exact: float, count: int = N) -> None:
    near(value, exact, math.sqrt(exact * (1 - exact) / count))


def near_moments(sample: Floats, cumulants: Sequence[float]) -> None:
    """Mean and variance beside the first, second and fourth cumulants."""
    mean, variance, fourth = cumulants
    near(float(sample.mean()), mean, math.sqrt(variance / sample.size))
    near(float(sample.var()), variance, math.sqrt((fourth + 2 * variance**2) / sample.size))


def distance(sample: Floats, cdf: Any) -> float:
    """The Kolmogorov-Smirnov distance of a sample from a distribution, times √n."""
    levels, ranks = cdf(np.sort(sample)), np.arange(sample.size + 1) / sample.size
    return math.sqrt(sample.size) * max(np.max(ranks[1:] - levels), np.max(levels - ranks[:-1]))


def lognormal(median: float, sd_log: float) -> dict[str, Any]:
    return {"kind": "lognormal", "median": f"{median} days", "sd_log": sd_log}


def gamma(shape: float, scale: float) -> dict[str, Any]:
    return {"kind": "gamma", "shape": shape, "scale": f"{scale} days"}


def exponential(mean: float) -> dict[str, Any]:
    return {"kind": "exponential", "mean": f"{mean} days"}


def lognormal_cumulants(median: float, sd_log: float) -> tuple[float, float, float]:
    m1, m2, m3, m4 = (median**k * math.exp((k * sd_log) ** 2 / 2) for k in (1, 2, 3, 4))
    variance = m2 - m1**2
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    return m1, variance, fourth - 3 * variance**2


def gamma_cumulants(shape: float, scale: float) -> tuple[float, float, float]:
    return shape * scale, shape * scale**2, 6 * shape * scale**4


# --- Probabilities ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rates", [(0.52, 0.289, 0.578, 0.906), (0.9, 0.05), (1, 0.5, 1), (0.3,), (0.99,) * 12])
def test_the_chance_of_a_chain_is_the_product_of_its_chances(rates):
    names = [f"s{k}" for k in range(len(rates))]
    stages = {
        name: trial(10, p, f"s{k - 1}.success" if k else None)
        for k, (name, p) in enumerate(zip(names, rates, strict=True))
    }
    t = walk(stages, end=f"{names[-1]}.success")
    near_share(share(t, "end"), math.prod(rates))
    for k, name in enumerate(names):
        if rates[k] < 1:
            near_share(share(t, f"failed:{name}"), math.prod(rates[:k]) * (1 - rates[k]))


@pytest.mark.parametrize(("p", "expected"), [(0, 0.0), (1, 1.0)])
def test_chances_of_nothing_and_of_certainty_are_exact(p, expected):
    t = walk({"a": trial(10, p), "b": work(0, "a.success")})
    assert share(t, "end") == expected
    assert (arrivals(t) == 10).all()


def test_several_outcomes_have_their_shares():
    shares = {"great": 0.2, "good": 0.5, "poor": 0.25}
    t = walk({"a": work(1, outcomes=shares | {"bad": "rest"}, terminal=["bad"]), "b": work(1, "a")})
    near_share(share(t, "bad:a"), 0.05)
    outcomes = t.pathway.steps[0].outcomes
    for name, p in shares.items():
        near_share(float((t.outcome[0] == outcomes.index(name)).mean()), p)


def test_effects_on_chances():
    """Odds times k; a factor, cut at 1; both, the odds first."""
    stages = {"a": work(1)} | {name: work(1, "a", outcomes={"yes": 0.4, "no": "rest"}) for name in ("b", "c", "d", "e")}
    effects = {
        "odds": {"if": "a", "on": ["b.outcomes.yes", "d.outcomes.yes"], "odds": 2},
        "scale": {"if": "a", "on": ["c.outcomes.yes", "d.outcomes.yes"], "scale": 1.5},
        "most": {"if": "a", "on": "e.outcomes.yes", "scale": 3},
    }
    t = walk(stages, effects=effects)
    odds = 0.8 / 1.4
    for name, p in {"b": odds, "c": 0.6, "d": odds * 1.5, "e": 1.0}.items():
        step = t.pathway.steps[t.pathway.rank[f"{name}/1"]]
        near_share(float((t.outcome[t.pathway.rank[f"{name}/1"]] == step.outcomes.index("yes")).mean()), p)


def test_a_scaled_chance_is_cut_at_one():
    """Where it shows: withdrawals keep their share, however sure a grant has become."""
    stage = {"kind": "designation", "clock": "60 days", "grant": 0.5, "withdraw": 0.4, "after": ["a"]}
    effects = {"sure": {"if": "a", "on": "rmat.grant", "scale": 3}}
    t = walk({"a": work(1), "rmat": stage}, end="rmat.granted", effects=effects)
    outcome = t.outcome[t.pathway.rank["rmat.decision/1"]]
    for code, exact in enumerate((0.6, 0.0, 0.4)):
        near_share(float((outcome == code).mean()), exact)


# --- Times ------------------------------------------------------------------------------------------------------------


def test_fixed_times_add_exactly():
    names = [f"s{k}" for k in range(12)]
    stages = {name: work("1.5 months", f"s{k - 1}" if k else None) for k, name in enumerate(names)}
    assert (arrivals(walk(stages, 50)) == 18 * MONTH).all()


def test_moments_of_serial_sums():
    laws = [("lognormal", (500, 0.4)), ("gamma", (3, 40)), ("lognormal", (90, 0.6)), ("gamma", (0.7, 100))]
    makers = {"lognormal": (lognormal, lognormal_cumulants), "gamma": (gamma, gamma_cumulants)}
    stages = {f"s{k}": work(makers[kind][0](*p), f"s{k - 1}" if k else None) for k, (kind, p) in enumerate(laws)}
    cumulants = np.sum([makers[kind][1](*p) for kind, p in laws], axis=0)
    near_moments(arrivals(walk(stages)), cumulants)


def test_pace_joins_the_spread_of_the_stage():
    """One paced stage: the log-sd is √(0.3² + 0.4²), and the median is the level's."""
    stages = {"a": work(lognormal(700, 0.3))}
    logs = np.log(arrivals(walk(stages, pace={"sd_log": 0.4, "level": 1.2, "on": ["a"]})))
    near(float(logs.mean()), math.log(700 * 1.2), 0.5 / math.sqrt(N))
    near(float(logs.std()), 0.5, 0.5 / math.sqrt(2 * N))


def test_pace_is_one_factor_for_all_stages_and_leaves_clocks_alone():
    stages = {"a": work(200), "b": work(300, "a"), "c": work(100, "b")}
    t = walk(stages, pace={"sd_log": 0.25, "on": ["a", "b"]})
    factor = t.end[t.pathway.rank["a/1"]] / 200
    assert np.allclose(t.end[t.pathway.rank["b/1"]], 500 * factor, rtol=0, atol=3 * TICK)
    assert (arrivals(t) - t.end[t.pathway.rank["b/1"]] == 100).all()
    near(float(np.log(factor).std()), 0.25, 0.25 / math.sqrt(2 * N))


def test_moments_of_a_paced_sum():
    """With F the pace and S the sum of the stages: E(FS)^k = E F^k · E S^k."""
    p, laws = 0.25, [(400, 0.35), (300, 0.3)]
    stages = {f"s{k}": work(lognormal(*law), f"s{k - 1}" if k else None) for k, law in enumerate(laws)}
    sample = arrivals(walk(stages, pace={"sd_log": p, "on": list(stages)}))
    singles = [[m**k * math.exp((k * s) ** 2 / 2) for k in range(5)] for m, s in laws]
    sums = [sum(math.comb(k, j) * singles[0][j] * singles[1][k - j] for j in range(k + 1)) for k in range(5)]
    m1, m2, m3, m4 = (math.exp((k * p) ** 2 / 2) * sums[k] for k in (1, 2, 3, 4))
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    near_moments(sample, (m1, m2 - m1**2, fourth - 3 * (m2 - m1**2) ** 2))


def test_all_of_three_exponentials_is_their_maximum():
    means = (100.0, 200.0, 400.0)
    stages = {f"s{k}": work(exponential(m)) for k, m in enumerate(means)} | {
        "end": work(0, {"all": ["s0", "s1", "s2"]})
    }
    sample = arrivals(walk(stages, 100_000))
    assert distance(sample, lambda t: math.prod(-np.expm1(-t / m) for m in means)) < KOLMOGOROV
    rates = [1 / m for m in means]
    pairs = (rates[0] + rates[1], rates[0] + rates[2], rates[1] + rates[2])
    mean = sum(means) - sum(1 / pair for pair in pairs) + 1 / sum(rates)
    square = 2 * (sum(m**2 for m in means) - sum(pair**-2 for pair in pairs) + sum(rates) ** -2)
    near(float(sample.mean()), mean, math.sqrt((square - mean**2) / sample.size))


def test_the_first_of_three_exponentials_is_their_minimum():
    means = (100.0, 200.0, 400.0)
    stages = {f"s{k}": work(exponential(m)) for k, m in enumerate(means)} | {
        "end": work(0, {"any": ["s0", "s1", "s2"]})
    }
    sample = arrivals(walk(stages, 100_000))
    mean = 1 / sum(1 / m for m in means)
    assert distance(sample, lambda t: -np.expm1(-t / mean)) < KOLMOGOROV
    near(float(sample.mean()), mean, mean / math.sqrt(sample.size))


def test_competing_exponentials_share_the_wins_by_their_rates():
    stages = {
        "quit": work(exponential(300), outcomes={"gone": 1, "stay": 0}, terminal=["gone"]),
        "phase": work(exponential(100)),
    }
    t = walk(stages)
    near_share(share(t, "end"), 0.75)
    assert distance(arrivals(t), lambda x: -np.expm1(-x / 75)) < KOLMOGOROV


def test_unequal_exponentials_in_a_row_are_hypo_exponential():
    means = (60.0, 150.0, 400.0)
    stages = {f"s{k}": work(exponential(m), f"s{k - 1}" if k else None) for k, m in enumerate(means)}
    rates = [1 / m for m in means]

    def cdf(t: Floats) -> Floats:
        weights = [math.prod(b / (b - a) for b in rates if b != a) for a in rates]
        return 1 - sum(w * np.exp(-a * t) for w, a in zip(weights, rates, strict=True))

    assert distance(arrivals(walk(stages, 100_000)), cdf) < KOLMOGOROV


def test_equal_exponentials_in_a_row_are_erlang():
    stages = {f"s{k}": work(exponential(80), f"s{k - 1}" if k else None) for k in range(5)}
    assert distance(arrivals(walk(stages, 100_000)), lambda t: scipy.special.gammainc(5, t / 80)) < KOLMOGOROV


def test_two_pivotal_trials_side_by_side_or_in_a_row():
    both = {"duration": exponential(100), "pivotal_trials": 2}
    side = arrivals(walk({"a": trial(1, 1) | both}, 100_000))
    row = arrivals(walk({"a": trial(1, 1) | both | {"run": "sequential"}}, 100_000))
    assert distance(side, lambda t: np.expm1(-t / 100) ** 2) < KOLMOGOROV
    assert distance(row, lambda t: scipy.special.gammainc(2, t / 100)) < KOLMOGOROV


# --- Loops ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("p", "withdraw", "at_most"), [(0.65, 0, 3), (0.4, 0.2, 5), (0.5, 0.1, 0)])
def test_review_cycles_are_truncated_geometric(p, withdraw, at_most):
    stage = {"kind": "application", "goal": "10 months", "approve": p, "at_most": at_most, "withdraw": withdraw}
    stage |= {"response": "3 months", "lapse": "1 month"}
    t = walk({"bla": stage}, end="bla.approved")
    on = (1 - p) * (1 - withdraw)
    by_cycle = [p * on**k for k in range(at_most + 1)]
    near_share(share(t, "end"), sum(by_cycle))
    near_share(share(t, "exhausted:bla"), (1 - p) * on**at_most)
    if withdraw and at_most:
        near_share(share(t, "withdrawn:bla"), (1 - p) * withdraw * sum(on**k for k in range(at_most)))
    # Approved in cycle k + 1: 10 months, then k times a response of 3 and a Class 2 goal of 6.
    months = np.round(arrivals(t) / MONTH).astype(int)
    observed = [np.count_nonzero(months == 10 + 9 * k) for k in range(at_most + 1)]
    rest = N - sum(observed)
    assert rest == N - arrivals(t).size
    expected = [N * q for q in (*by_cycle, 1 - sum(by_cycle))]
    assert scipy.stats.chisquare([*observed, rest], expected).pvalue > 0.001


def test_refusals_to_file():
    refuse = {"probability": 0.3, "answer": "4 months", "at_most": 2}
    stage = {
        "kind": "application",
        "filing": "2 months",
        "goal": "10 months",
        "approve": 1,
        "at_most": 0,
        "refuse": refuse,
    }
    t = walk({"bla": stage}, end="bla.approved")
    near_share(share(t, "not_filed:bla"), 0.3**3)
    # The goal counts from the receipt of the accepted submission; each refusal takes 2 + 4 months before it.
    months = np.round(arrivals(t) / MONTH).astype(int)
    for k in range(3):
        near_share(float((months == 10 + 6 * k).sum() / N), 0.7 * 0.3**k)


@pytest.mark.parametrize(("again", "at_most"), [(0.5, 3), (0.8, 10)])
def test_repeated_work_is_truncated_geometric(again, at_most):
    stage = work(7, outcomes={"again": again, "ready": "rest"}, repeat={"on": "again", "at_most": at_most})
    t = walk({"a": stage}, end="a.ready")
    near_share(share(t, "exhausted:a"), again**at_most)
    visits = arrivals(t) / 7
    for k in range(at_most):
        near_share(float((visits == k + 1).sum() / N), (1 - again) * again**k)


def test_a_repeated_trial():
    t = walk({"a": trial(100, 0.3) | {"repeat": {"on": "failed", "at_most": 2}}}, end="a.success")
    near_share(share(t, "end"), 0.3 + 0.7 * 0.3)
    near_share(share(t, "exhausted:a"), 0.49)
    near_share(float((arrivals(t) == 200).sum() / N), 0.21)


def test_a_designation_asked_again():
    w, first, later = 0.1, 0.4, 0.7
    stage = {"kind": "designation", "clock": "60 days", "grant": {"first": first, "later": later}, "withdraw": w}
    t = walk({"rmat": stage | {"at_most": 2, "again": "200 days"}}, end="rmat.granted")
    one, two = first * (1 - w), (1 - first) * (1 - w) * later * (1 - w)
    near_share(share(t, "end"), one + two)
    near_share(float((arrivals(t) == 60).sum() / N), one)
    near_share(float((arrivals(t) == 320).sum() / N), two)
    assert share(t, "censored") + share(t, "end") == 1.0


def test_a_clinical_hold():
    p, lifted, repair = 0.3, 0.8, 180.0
    stage = {"kind": "hold", "clock": "30 days", "probability": p, "repair": exponential(repair), "lifted": lifted}
    t = walk({"ind": stage, "a": work(0, "ind.effective")})
    held = p * lifted
    near_share(share(t, "never_lifted:ind"), p * (1 - lifted))
    q, sample = held / (1 - p + held), arrivals(t)
    variance = 2 * repair**2 * q - (q * repair) ** 2
    near(float(sample.mean()), 30 + q * repair, math.sqrt(variance / sample.size))
    assert distance(sample[sample > 30], lambda x: -np.expm1(-(x - 30) / repair)) < KOLMOGOROV


def test_priority_review_mixes_two_goals():
    goal = {"standard": "12 months", "priority": "8 months", "share": 0.6}
    extension = {"probability": 0.25, "duration": "3 months"}
    stage = {
        "kind": "application",
        "filing": "60 days",
        "goal": goal,
        "approve": 1,
        "at_most": 0,
        "extension": extension,
    }
    sample = arrivals(walk({"bla": stage})) / MONTH
    assert set(np.round(sample, 6)) == {8, 11, 12, 15}
    mean = 12 - 4 * 0.6 + 3 * 0.25
    near(float(sample.mean()), mean, math.sqrt((16 * 0.24 + 9 * 0.1875) / N))


# --- What is not known ------------------------------------------------------------------------------------------------


def test_an_uncertain_chance_is_beta_binomial_over_the_sets():
    """The successes of a set are beta-binomial: their variance has a part between sets and a part within them."""
    a, b, sets, each = 3.0, 5.0, 2000, 100
    t = walk({"a": trial(1, {"kind": "beta", "alpha": a, "beta": b})}, sets * each, sets, end="a.success")
    successes = np.isfinite(t.milestone("end")).reshape(each, sets).sum(axis=0)
    mean, variance, _, kurtosis = (float(x) for x in scipy.stats.betabinom(each, a, b).stats(moments="mvsk"))
    near(float(successes.mean()), mean, math.sqrt(variance / sets))
    near(float(successes.var()), variance, variance * math.sqrt((kurtosis + 2) / sets))
    between = successes.var() / each**2 - a * b / (a + b) / (a + b + 1) / each
    near(float(between), a * b / (a + b) ** 2 / (a + b + 1), variance * math.sqrt((kurtosis + 2) / sets) / each**2)


def test_strata_make_the_mean_over_sets_exact_to_a_stratum():
    """One point in each of P equal strata: the mean of the sets' values is far nearer than 1/√P."""
    sets = 500
    level = {"kind": "uniform", "low": 1, "high": 3}
    t = walk({"a": work(1000)}, sets, sets, pace={"sd_log": 0, "level": level, "on": ["a"]})
    values = arrivals(t) / 1000
    assert sorted(np.floor((values - 1) / 2 * sets).astype(int)) == list(range(sets))
    near(float(values.mean()), 2.0, 2 / sets / math.sqrt(12 * sets))


def test_an_uncertain_median_widens_the_total():
    """A lognormal whose median is a lognormal unknown: the log-variances add."""
    sets = 2000
    median = {"kind": "lognormal", "median": "400 days", "sd_log": 0.3}
    stages = {"a": work({"kind": "lognormal", "median": median, "sd_log": 0.4})}
    logs = np.log(arrivals(walk(stages, 100 * sets, sets))).reshape(100, sets)
    near(float(logs.std()), 0.5, 0.3 / math.sqrt(2 * sets))
    near(float(logs.mean(axis=0).std()), math.hypot(0.3, 0.04), 0.31 / math.sqrt(2 * sets))
    # With one set the unknown stands at its mean.
    one = np.log(arrivals(walk(stages)))
    near(float(one.mean()), math.log(400) + 0.045, 0.4 / math.sqrt(N))
    near(float(one.std()), 0.4, 0.4 / math.sqrt(2 * N))


# --- The printed tables -----------------------------------------------------------------------------------------------

RATES = ("phase1_to_2", "phase2_to_3", "phase3_to_filing", "filing_to_approval")
MILLION = 10**6
CHUNK = 2**17


@functools.cache
def approvals(arm: str) -> int:
    """How many of a million programs of one population are approved."""
    pathway = shipped("bio-2021").pathways[arm]
    count = 0
    for first in range(0, MILLION, CHUNK):
        t = engine("batch").simulate(pathway, ParameterSets(1), first, min(CHUNK, MILLION - first))
        count += np.count_nonzero(np.isfinite(t.milestone("approval")))
    return count


@pytest.mark.parametrize("arm", sorted(shipped("bio-2021").pathways))
def test_bio_2021_reproduces_the_printed_likelihood_of_approval(arm):
    rates = [evidence.figure(f"suc_bio21_{arm}.{rate}").value for rate in RATES]
    printed = evidence.figure(f"suc_bio21_{arm}.loa_from_phase1").value
    simulated = approvals(arm) / MILLION
    near_share(simulated, math.prod(rates), MILLION)
    assert abs(simulated - printed) <= 0.0015


def test_bio_2021_takes_the_printed_years_when_every_phase_succeeds():
    t = simulate("batch", shipped("bio-2021").pathways["all"], 5000)
    assert len(shipped("bio-2021").pathways) == 17
    assert arrivals(t).size > 200
    assert np.allclose(arrivals(t) / YEAR, 10.5, rtol=0, atol=1e-8)
