"""The words around charts: they name population, run and interval, and claim no more than the numbers allow."""

from __future__ import annotations

import dataclasses

import pytest
from example_results import example_results
from matplotlib.text import Text

from pathway_sim.analysis import wording
from pathway_sim.analysis.results import Estimate
from pathway_sim.report import words
from pathway_sim.report.charts import CHARTS

BY = "by Nov 2051"


def texts(name, results):
    """Everything that the picture says."""
    data = CHARTS[name].data(results)
    return [text.get_text() for text in CHARTS[name].draw(data).findobj(Text)]


def title(name, results):
    return CHARTS[name].data(results).captions.title


def with_change(estimate, low, high, months=3.1, gain=(2.9, 3.3), band=None, gain_band=None):
    """Two arms whose comparison says so."""
    results = example_results(change=estimate)
    compared = dataclasses.replace(
        results.comparisons[0],
        probability_difference=Estimate(estimate, low, high, band),
        months_gained_if_both={"mean": Estimate(months, *gain, gain_band)},
    )
    return dataclasses.replace(results, comparisons=(compared,))


REACHING = f"the chance of reaching patients {BY}"
CHANCES = {
    f"RMAT hardly moves {REACHING}: 6.8 % against 6.7 %": (0.001, 0.0002, 0.0018),
    f"No clear difference in {REACHING}: 6.8 % with RMAT, 6.7 % with standard": (0.001, -0.01, 0.012),
    f"No clear difference in {REACHING}: 6.7 % in both arms": (0.0, -0.01, 0.012),
    f"RMAT raises {REACHING} from 6.7 % to 8.2 %": (0.015, 0.012, 0.018),
    f"RMAT lowers {REACHING} from 6.7 % to 5.2 %": (-0.015, -0.018, -0.012),
    f"RMAT raises {REACHING} from 6.7 % to 8.2 %, though not in every parameter set": (
        0.015,
        0.012,
        0.018,
        (-0.01, 0.03),
    ),
    "By Nov 2051, 6.7 % of programs reach patients with standard and 8.2 % with RMAT": (0.015, None, None),
}


@pytest.mark.parametrize("expected", CHANCES)
def test_titles_of_two_arms_claim_what_the_interval_allows(expected):
    estimate, low, high, *band = CHANCES[expected]
    results = with_change(estimate, low, high, band=band[0] if band else None)
    assert title("availability", results).split(";")[0] == expected


@pytest.mark.parametrize(
    ("months", "gain", "band", "expected"),
    [
        (3.1, (2.9, 3.3), None, "where both arrive, 3.1 months earlier on average"),
        (-3.1, (-3.3, -2.9), None, "3.1 months later on average"),
        (0.1, (-0.2, 0.4), None, "where both arrive, at no clearly different time"),
        (3.1, (2.9, 3.3), (-1.0, 7.0), "3.1 months earlier on average, though not in every parameter set"),
        (1.0, (0.9, 1.1), None, "1 month earlier on average"),
        (14.4, (14, 15), None, "14 months earlier on average"),
    ],
)
def test_titles_state_the_time_gained(months, gain, band, expected):
    results = with_change(0.001, 0.0002, 0.0018, months, gain, gain_band=band)
    assert title("availability", results).endswith(expected)
    assert title("timeline", results).startswith(
        f"With RMAT, availability comes {expected.removeprefix('where both arrive, ')}"
    )


MANY = {
    ("availability", 1, 0): "6.7 % of programs reach patients by Nov 2051, half of those by May 2039",
    ("timeline", 1, 0): "Half of the programs that reach patients do so by May 2039, after 12.5 years",
    ("availability", 3, 0.012): "By Nov 2051, 6.7 % of programs reach patients (standard), 7.9 % with RMAT and "
    "9.1 % with accelerated approval",
    (
        "timeline",
        3,
        0.012,
    ): "Median availability: May 2039 (standard), Dec 2038 (RMAT) and Jul 2038 (accelerated approval)",
    ("availability", 4, 0): "6.7 % of programs reach patients by Nov 2051 in all 4 arms; median arrival from "
    "Feb 2038 (option 4) to May 2039 (standard)",
    ("availability", 17, 0.003): "By Nov 2051, from 6.7 % (standard) to 11.5 % (option 17) of programs reach patients",
}


@pytest.mark.parametrize(("name", "arms", "change"), MANY)
def test_titles_of_one_and_of_many_arms(name, arms, change):
    assert title(name, example_results(arms, change=change)) == MANY[name, arms, change]


@pytest.mark.parametrize("name", CHARTS)
def test_a_goal_that_is_never_reached_is_said_to_be(name):
    results = example_results(zero=True)
    assert title(name, results) == "No replication reached availability by Nov 2051"
    assert "the chance is below 0.003 % (95 % simulation error)" in texts(name, results)


def test_too_few_arrivals_for_a_median_are_said_to_be():
    results = example_results(1)
    goal = dataclasses.replace(
        results.arms["standard"].milestones["availability"], given_reached={"p50": Estimate(None)}
    )
    arms = {"standard": dataclasses.replace(results.arms["standard"], milestones={"availability": goal})}
    results = dataclasses.replace(results, arms=arms)
    assert title("availability", results) == "6.7 % of programs reach patients by Nov 2051"
    assert title("timeline", results) == "Too few programs reach patients to give a median date"
    assert "too few arrivals to give a median" in texts("timeline", results)


@pytest.mark.parametrize("name", CHARTS)
def test_population_run_and_interval_are_named(name):
    captions = CHARTS[name].data(example_results(band=True)).captions
    assert (
        captions.footer
        == "msc-dpn · 100,000 replications · 500 parameter sets · seed 1 · pathway-sim 0.1.0 · as of 2026-11-22"
    )
    assert (
        "Of all programs that start" if name == "availability" else "Only programs that reach patients"
    ) in captions.subtitle
    if name == "availability":
        assert "5 % to 95 % of parameter sets" in captions.subtitle
        assert "95 % simulation error" in CHARTS[name].data(example_results()).captions.subtitle
    assert captions.title in captions.alt
    assert "RMAT" in captions.alt


def test_the_difference_is_drawn_for_few_arms_only_and_says_whether_it_holds_nothing():
    assert CHARTS["availability"].data(example_results(17)).differences == ()
    assert CHARTS["availability"].data(dataclasses.replace(example_results(), comparisons=())).differences == ()
    line = CHARTS["availability"].data(with_change(0.001, -0.002, 0.004)).differences[0]
    assert (line.number, line.remark) == ("+0.10 points", "(−0.20 to +0.40, includes 0)")


def test_numbers_as_people_write_them():
    shares = (0, 1e-6, 0.0004, 0.0067, 0.068, 0.5, 0.99996, 1)
    told = ["0 %", "< 0.001 %", "0.040 %", "0.67 %", "6.8 %", "50.0 %", "> 99.9 %", "100 %"]
    assert [words.percent(share) for share in shares] == told
    assert words.percent(None) == "unknown"
    assert words.points(0.024, -0.001, 0.0) == ("+2.40", "−0.10", "0")
    assert words.points(0.3, 0.25) == ("+30.0", "+25.0")
    assert [words.months(value) for value in (0.4, 1, 3.14, 9.96, 14.4)] == [
        "0.4 months", "1 month", "3.1 months", "10 months", "14 months",
    ]  # fmt: skip
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b", "c"]) == "a, b and c"


def test_names_as_people_write_them():
    assert [wording.words(name) for name in ("cmc_gate_a", "bla", "phase_3", "a")] == [
        "CMC gate A",
        "BLA",
        "phase 3",
        "a",
    ]
    assert words.plain(" two\n\tlines\x00 \u202eleft\ud800 ") == "two lines left"
    assert words.cut("abcdef", 4) == "abc…"
    assert words.sentence("") == ""


def test_dates_past_the_last_year_of_the_calendar():
    as_of = example_results().as_of
    assert words.month_year(as_of, 4.5e6) == "month 147,844"
    assert words.iso_date(as_of, 4.5e6) == ""
