"""Dated histories: what they say, that nothing is computed in a circle, and the model's review beside them."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import importlib.util
import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from made import by_name, shipped
from scipy import stats

from pathway_sim import document
from pathway_sim.analysis import mechanics
from pathway_sim.analysis.histories import SAMPLES, Figure, Row, days, row, sample
from pathway_sim.analysis.intervals import clopper_pearson
from pathway_sim.analysis.replay import actual_dates, placed
from pathway_sim.errors import ScenarioError
from pathway_sim.histories import Cycle, Dated, History, Stated, read
from pathway_sim.histories import shipped as histories

ROOT = Path(__file__).resolve().parent.parent
PRODUCTS = {history.id: history for history in histories()}
KRESLADI = PRODUCTS["kresladi"]


@functools.cache
def benchmark():
    """The benchmark that makes the tables of the page."""
    spec = importlib.util.spec_from_file_location("histories_benchmark", ROOT / "benchmarks" / "histories.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def rows() -> list[Row]:
    return mechanics.rows(histories())


@functools.cache
def page() -> str:
    return benchmark().PAGE.read_text(encoding="utf-8")


# --- What the file holds ----------------------------------------------------------------------------------------------


def test_a_history_is_read_with_its_dates_and_how_they_are_known():
    first, second = KRESLADI.cycles
    assert KRESLADI.facts["first_in_human"] == Dated(datetime.date(2019, 4, 15), "day", "sourced")
    assert first.submitted == Dated(datetime.date(2023, 7, 31), "day", "inferred")
    assert (first.outcome, first.cause) == (Stated("letter", "sourced"), Stated("cmc", "sourced"))
    assert second.resubmission == Stated("2", "inferred")
    assert KRESLADI.approval == Dated(datetime.date(2026, 3, 26), "day", "sourced")
    assert KRESLADI.designations == ("RMAT", "Fast Track", "Orphan", "RPD")


def test_a_month_counts_as_its_15th_and_a_year_as_its_middle():
    assert PRODUCTS["avance"].facts["rmat_granted"] == Dated(datetime.date(2018, 10, 15), "month", "recollected")
    assert PRODUCTS["kebilidi"].facts["first_in_human"] == Dated(datetime.date(2010, 7, 1), "year", "sourced")


def test_a_refused_filing_is_no_review():
    assert [cycle.outcome.word for cycle in PRODUCTS["nurown"].cycles] == ["refused", "withdrawn"]
    assert [cycle.outcome.word for cycle in PRODUCTS["nurown"].reviewed] == ["withdrawn"]
    assert PRODUCTS["nurown"].approval is None


def in_order(*dates: Dated | None) -> bool:
    """Whether the dates that there are follow each other; a month may be any of its days."""
    known = [each for each in dates if each is not None]
    slack = {"day": 0, "month": 16, "year": 184}
    return all(
        (later.date - earlier.date).days >= -slack[later.precision] - slack[earlier.precision]
        for earlier, later in itertools.pairwise(known)
    )


@pytest.mark.parametrize("history", histories(), ids=lambda history: history.id)
def test_a_history_is_possible(history: History):
    assert history.sources
    assert in_order(history.facts.get("first_in_human"), history.facts.get("pivotal_start"), history.approval)
    for before, after in itertools.pairwise(history.cycles):
        assert before.outcome.word in ("letter", "refused")
        assert in_order(before.action, after.submitted)
    for cycle in history.cycles:
        assert in_order(cycle.submitted, cycle.accepted, cycle.action)
        assert in_order(cycle.submitted, cycle.goal, cycle.extended)
        assert cycle.outcome.word != "letter" or cycle.cause is not None
        assert (cycle.action is None) == (cycle.outcome.word == "pending")


WHOLE = """\
one:
  name: One
  sponsor: Somebody
  modality: ex_vivo_gt
  area: neuro
  designations: [RMAT]
  designations_from: sourced
  review: priority sourced
  facts: {first_in_human: 2019-04 sourced}
  cycles:
    - {goal: 2024-03-31 sourced, action: 2024-06-28 sourced, outcome: letter sourced, cause: cmc sourced}
  sources:
    - {url: "https://example.org", shows: the goal}
"""


def test_a_small_file_is_read():
    (history,) = read(WHOLE.encode(), "small.yaml")
    assert history.cycles[0].cause == Stated("cmc", "sourced")


@pytest.mark.parametrize(
    ("good", "bad", "path", "message"),
    [
        ("  cycles:", "  cycle:", "one.cycle", 'unknown field; did you mean "cycles"?'),
        ("  area: neuro\n", "", "one", 'the field "area" is missing'),
        ("name: One", "name: 1", "one.name", "must be a text"),
        ("2024-03-31 sourced", "2024-02-31 sourced", "one.cycles.0.goal", "must be a date and how it is known"),
        ("2024-03-31 sourced", "20240331 sourced", "one.cycles.0.goal", "must be a date and how it is known"),
        ("2024-03-31 sourced", "2024-03-31 sorced", "one.cycles.0.goal", 'did you mean "sourced"?'),
        ("2024-03-31 sourced", "2024-03-31", "one.cycles.0.goal", "must end in how it is known"),
        ("letter sourced", "leter sourced", "one.cycles.0.outcome", 'did you mean "letter"?'),
        ("cmc sourced", "money sourced", "one.cycles.0.cause", "must begin with one of both, clinical, cmc"),
        ("priority sourced", "quick sourced", "one.review", "must begin with one of standard, priority"),
        ("https://example.org", "example", "one.sources.0.url", "must be a web address"),
        ("[RMAT]", "RMAT", "one.designations", "must be a list"),
        ("{first_in_human: 2019-04 sourced}", "often", "one.facts", "must be a mapping"),
        ("first_in_human", "first_in_mouse", "one.facts.first_in_mouse", 'did you mean "first_in_human"?'),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(good, bad, path, message):
    assert good in WHOLE
    with pytest.raises(ScenarioError) as refused:
        read(WHOLE.replace(good, bad).encode(), "small.yaml")
    (problem,) = refused.value.problems
    assert problem.path == path
    assert message in problem.message
    assert problem.line > 0


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ScenarioError) as refused:
        read(WHOLE.replace("2024-03-31", "soon").replace("cmc", "money").replace("area", "aera").encode(), "small.yaml")
    assert len(refused.value.problems) == 4


# --- Nothing is computed in a circle ----------------------------------------------------------------------------------

SOURCED = Dated(datetime.date(2024, 3, 31), "day", "sourced")
LATER = Dated(datetime.date(2024, 6, 28), "day", "sourced")


def test_days_between_sourced_dates():
    assert days(goal=SOURCED, action=LATER) == 89.0


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        (None, "no goal"),
        (dataclasses.replace(SOURCED, origin="inferred"), "goal inferred"),
        (dataclasses.replace(SOURCED, origin="recollected"), "goal recollected"),
        (dataclasses.replace(SOURCED, precision="year"), "goal by year only"),
    ],
)
def test_an_end_that_was_not_read_in_a_source_gives_a_reason(goal, reason):
    assert days(goal=goal, action=LATER) == reason
    assert days(start=LATER, goal=goal) == reason


def weakened(history: History, names: tuple[str, ...]) -> History:
    """The history with some dates of its cycles, or its facts, computed from another date."""

    def weak(cycle: Cycle) -> Cycle:
        known = {name: getattr(cycle, name) for name in names if getattr(cycle, name, None) is not None}
        return dataclasses.replace(cycle, **{n: dataclasses.replace(d, origin="inferred") for n, d in known.items()})

    facts = {name: dataclasses.replace(dated, origin="inferred") for name, dated in history.facts.items()}
    return dataclasses.replace(history, cycles=tuple(map(weak, history.cycles)), facts=facts)


NEEDS = {
    "first_approved": ("outcome",),
    "first_extended": ("goal",),
    "first_goal": ("goal",),
    "later_goal": ("action",),
    "priority_clock": ("accepted",),
    "next_goal": ("goal",),
    "next_goal_cmc": ("cause",),
    "letter_cmc": ("cause",),
    "approved_after_cmc": ("outcome",),
    "first_patient": (),
    "pivotal_start": (),
    "launch": (),
}


@pytest.mark.parametrize("name", NEEDS)
def test_a_sample_is_empty_if_what_it_needs_was_inferred(name):
    assert sample(SAMPLES[name](histories())).used
    assert sample(SAMPLES[name]([weakened(history, NEEDS[name]) for history in histories()])).used == {}


def test_no_resubmission_in_the_histories_is_sourced_so_none_is_used():
    for cause in ("cmc", "clinical", "both"):
        found = sample(SAMPLES[f"resubmission_{cause}"](histories()))
        assert found.used == {}
        assert found.left_out


def test_what_is_used_and_left_out_of_the_first_actions():
    found = sample(SAMPLES["first_goal"](histories()))
    assert found.used["kresladi"] == 89.0
    assert found.left_out["nurown"] == "withdrawn before an action"
    assert found.reasons.startswith("no goal 4, goal recollected 2")
    assert sample(SAMPLES["later_goal"](histories())).used["kresladi 2"] == -2.0


def test_a_launch_that_was_only_planned_is_no_launch():
    assert sample(SAMPLES["launch"](histories())).left_out["avance"] == "launch only planned"


# --- Figures and their intervals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hits", "size"), [(0, 5), (5, 5), (1, 2), (19, 26), (3, 13), (0, 1)])
def test_the_exact_interval_of_a_share_is_that_of_scipy_stats(hits, size):
    exact = stats.binomtest(hits, size).proportion_ci(0.95, method="exact")
    np.testing.assert_allclose(clopper_pearson(hits, size), (exact.low, exact.high), rtol=1e-9, atol=1e-12)


def test_without_an_observation_a_share_may_be_anything():
    assert clopper_pearson(0, 0) == (0.0, 1.0)


def test_a_quantile_and_its_order_statistics():
    values = np.array([30.0, 10.0, 20.0, 60.0, 50.0, 40.0])
    assert Figure("median", "launch", 50).of(values) == 30.0
    assert Figure("P80", "launch", 80).of(values) == 50.0
    assert Figure("median", "launch", 50).interval(values) == (10.0, 60.0)
    assert Figure("median", "launch", 50).interval(values[:5]) == (-np.inf, np.inf)
    assert Figure("share", "launch", low=20.0, high=40.0).of(values) == 0.5


@pytest.mark.parametrize(("simulated", "verdict"), [(0.6, "within"), (0.3, "miss"), (0.95, "miss")])
def test_the_verdict_on_a_share(simulated, verdict):
    values = (np.arange(1000) < 1000 * simulated).astype(float)
    assert row(Figure("first action approves", "first_approved"), histories(), values).verdict == verdict


def test_a_figure_of_five_cases_cannot_be_missed():
    assert row(Figure("later", "later_goal", 50), histories(), np.array([1e6])).verdict == "too few"


# --- What is read from a simulation -----------------------------------------------------------------------------------


def test_the_goal_is_read_from_runs_with_the_same_outcomes():
    changes = ((), mechanics.ON_GOAL, mechanics.UNMOVED)
    plain, on_goal, unmoved = (
        by_name(mechanics.simulated("fda-cell-therapy", ("start.stage=bla", *sets), 2000)) for sets in changes
    )
    for other in (on_goal, unmoved):
        np.testing.assert_array_equal(plain["bla.review/1"][2], other["bla.review/1"][2])
    begun, over, _ = unmoved["bla.review/1"]
    lengths = np.unique(np.round(over[np.isfinite(over)] - begun[np.isfinite(over)], 4))
    assert lengths.tolist() == [8 * 30.4375 - 60, 12 * 30.4375 - 60]
    moved = on_goal["bla.review/1"][1] - over
    assert np.unique(np.round(moved[np.isfinite(over)], 4)).tolist() == [0.0, 3 * 30.4375]


def test_samples_of_the_review_against_what_the_scenario_states():
    bla = document.plain(shipped("fda-cell-therapy").document)["stages"]["bla"]
    moved, later = bla["extension"]["probability"]["value"], bla["extension"]["later"]["probability"]["value"]
    early = bla["slip"]["letter"]["parts"][0]["weight"]
    found = mechanics.reviews("fda-cell-therapy")
    assert found["first_approved"].mean() == pytest.approx(bla["approve"]["first"]["value"], abs=0.015)
    assert found["first_extended"].mean() == pytest.approx(moved, abs=0.015)
    assert found["later_extended"].mean() == pytest.approx(later, abs=0.015)
    assert (found["first_goal_letter"] < -7).mean() == pytest.approx(early * (1 - moved), abs=0.02)
    assert found["letter_cmc"].mean() == pytest.approx(bla["cause"]["values"]["cmc"], abs=0.02)
    for cause in ("cmc", "clinical", "both"):
        np.testing.assert_allclose(found[f"next_goal_{cause}"] - found[f"resubmission_{cause}"], 6 * 30.4375, atol=1)


def test_both_scenarios_have_the_same_review():
    reviews = [document.plain(shipped(name).document)["stages"]["bla"] for name in mechanics.FIGURES]
    assert reviews[0] == reviews[1]


# --- The verdicts, and the page that states them ----------------------------------------------------------------------


def section(title: str) -> str:
    """The text of the page under a heading."""
    return page().split(f"## {title}\n")[1].split("\n## ")[0]


def test_every_sample_is_asked_for():
    assert {each.sample for figures in mechanics.FIGURES.values() for each in figures} == SAMPLES.keys()


def test_each_figure_is_within_or_stated_as_a_miss_with_its_reason():
    misses = {each.figure.text for each in rows() if each.verdict == "miss"}
    stated = dict(re.findall(r"^\* \*\*(.+?)\*\*: (.+)", section("What it misses"), re.MULTILINE))
    assert misses == stated.keys()
    assert all(len(reason) > 40 for reason in stated.values())


def test_most_figures_can_be_missed_and_are_not():
    verdicts = [each.verdict for each in rows()]
    assert verdicts.count("within") >= 15


def test_the_tables_of_the_page_are_those_of_the_program():
    tables = {"beside": benchmark().beside(rows()), "left-out": benchmark().left_out(), "replay": benchmark().replay()}
    assert benchmark().filled(page(), tables) == page()


def test_a_page_without_a_place_for_a_table_is_refused():
    with pytest.raises(ValueError, match="no place for the table"):
        benchmark().filled("nothing here", {"beside": "| a |\n"})


# --- A program replayed -----------------------------------------------------------------------------------------------


def test_the_replay_begins_with_the_first_patient_and_uses_no_later_date():
    scenario = shipped("replay-kresladi")
    assert scenario.as_of == KRESLADI.facts["first_in_human"].date
    text = (ROOT / "scenarios" / "replay-kresladi.yaml").read_text(encoding="utf-8")
    later = {str(dated.date) for dated in actual_dates(KRESLADI).values()}
    assert not later & set(re.findall(r"\d{4}-\d\d-\d\d", text))


def test_actual_dates_are_sourced_and_in_order():
    assert [(name, str(dated.date)) for name, dated in actual_dates(KRESLADI).items()] == [
        ("rmat_granted", "2021-03-09"),
        ("first_action", "2024-06-28"),
        ("approval", "2026-03-26"),
    ]
    assert "rmat_granted" not in actual_dates(PRODUCTS["vyjuvek"])


def test_an_early_and_a_late_date_are_placed_at_the_ends():
    scenario = shipped("replay-kresladi")
    early, late = (Dated(datetime.date(year, 1, 1), "day", "sourced") for year in (2019, 2060))
    low, high = ({each.arm: each for each in placed(scenario, {"approval": date}, 4000)} for date in (early, late))
    assert all(each.percentile == 0 and not each.inside for each in low.values())
    assert all(each.percentile == 1 and not each.inside for each in high.values())
    assert high["one_trial"].p50 < high["rmat"].p50
    assert 0.1 < high["one_trial"].reached < 0.4


def test_the_median_date_is_at_its_own_percentile():
    scenario = shipped("replay-kresladi")
    (half,) = (each for each in placed(scenario, {"approval": LATER}, 4000) if each.arm == "one_trial")
    dated = Dated(half.p50, "day", "sourced")
    (again,) = (each for each in placed(scenario, {"approval": dated}, 4000) if each.arm == "one_trial")
    assert again.percentile == pytest.approx(0.5, abs=0.01)
    assert again.inside
