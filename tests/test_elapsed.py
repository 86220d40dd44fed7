"""Intervals: the time between two facts that a scenario asks for, from the file to what is printed."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from agreement import read
from made import made, trial, work

from pathway_sim import document
from pathway_sim.analysis.as_json import to_json
from pathway_sim.analysis.tables import tables, tidy
from pathway_sim.run import Settings, run
from pathway_sim.scenario import load
from pathway_sim.scenario.resolved import settled, with_defaults
from pathway_sim.units import MONTH

N = 40_000
ERRORS = 5
STAGES = {
    "trial": trial({"kind": "exponential", "mean": "200 days"}, 0.6, terminal=[]),
    "answer": work({"kind": "exponential", "mean": "90 days"}, ["trial.success"]),
    "early": work(5),
    "never": work(1, ["trial.failed", "answer"]),
}
WHOLE = made(
    STAGES,
    horizon="40 years",
    end="trial",
    intervals={
        "to_answer": {"from": "trial.start", "to": "answer", "of": "from the trial to the answer"},
        "after_success": {"from": "trial.success", "to": "answer"},
        "backwards": {"from": "answer", "to": "early"},
        "whole": {"from": ["trial.start", "early"], "to": {"any": ["answer", "trial.failed"]}},
        "to_nowhere": {"from": "trial.start", "to": "never"},
        "from_nowhere": {"from": "never", "to": "trial"},
    },
)


def intervals(scenario: Any = WHOLE, arm: str = "base", **settings: Any):
    return run(read(scenario), Settings(**{"replications": N} | settings)).arms[arm].intervals


def test_the_share_and_the_time_of_an_exponential():
    length = intervals()["after_success"].length
    assert length.asked == length.count  # nobody who succeeds is left without an answer in 40 years
    assert abs(length.asked / N - 0.6) <= ERRORS * math.sqrt(0.24 / N)
    assert length.share.estimate == 1
    assert abs(length.lengths["mean"].estimate - 90) <= ERRORS * 90 / math.sqrt(length.count)
    for name, p in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
        error = 90 * math.sqrt(p / ((1 - p) * length.count))
        exact = -90 * math.log(1 - p)
        assert abs(length.lengths[name].estimate + 0.5 - exact) <= ERRORS * error + 0.5  # whole days
        assert length.lengths[name].low <= length.lengths[name].estimate <= length.lengths[name].high


def test_the_share_is_of_those_that_reach_the_beginning():
    length = intervals()["to_answer"].length
    assert length.asked == N
    assert abs(length.share.estimate - 0.6) <= ERRORS * math.sqrt(0.24 / N)
    assert length.share.low < length.share.estimate < length.share.high
    assert abs(length.lengths["mean"].estimate - 290) <= ERRORS * math.sqrt((200**2 + 90**2) / length.count)


def test_an_interval_whose_end_comes_first_is_negative():
    found = intervals()
    backwards, forwards = found["backwards"].length, found["to_answer"].length
    assert backwards.lengths["mean"].estimate == pytest.approx(5 - forwards.lengths["mean"].estimate, abs=1e-9)
    assert backwards.lengths["p10"].estimate < backwards.lengths["p90"].estimate < 0


def test_joins_mean_what_they_mean_in_milestones():
    """The beginning is the later of its facts, the end the earlier: a failure, or the answer to a success."""
    length = intervals()["whole"].length
    assert length.share.estimate == 1
    variance = 200**2 + 0.6 * 90**2 + 0.24 * 90**2
    assert abs(length.lengths["mean"].estimate - (200 + 0.6 * 90 - 5)) <= ERRORS * math.sqrt(variance / N)


def test_what_is_never_reached_has_no_numbers_and_a_reason():
    found = run(read(WHOLE), Settings(replications=500))
    to, start = (found.arms["base"].intervals[name].length for name in ("to_nowhere", "from_nowhere"))
    assert (to.asked, to.count, to.share.estimate) == (500, 0, 0.0)
    assert (start.asked, start.count, start.share.estimate) == (0, 0, None)
    assert {each.estimate for each in (*to.lengths.values(), *start.lengths.values())} == {None}
    notes = to_json(found)["notes"]
    assert "base: no replication reached both ends of to_nowhere." in notes
    assert "base: no replication reached both ends of from_nowhere." in notes


def test_the_horizon_ends_intervals_too():
    short = WHOLE | {"horizon": "100 days"}
    length = intervals(short)["to_answer"].length
    # a success, and a sum of two exponentials of at most 100 days
    reach = 0.6 * (1 - (200 * math.exp(-0.5) - 90 * math.exp(-100 / 90)) / 110)
    assert abs(length.share.estimate - reach) <= ERRORS * math.sqrt(reach * (1 - reach) / N)
    assert length.lengths["p90"].estimate <= 100


def test_parameter_sets_widen_the_intervals_and_show_a_band():
    unsure = {"kind": "uniform", "low": "20 days", "high": "400 days"}
    stages = STAGES | {"trial": STAGES["trial"] | {"success": {"kind": "uniform", "low": 0.1, "high": 0.9}}}
    stages["answer"] = STAGES["answer"] | {"duration": {"kind": "exponential", "mean": unsure}}
    found = {sets: intervals(WHOLE | {"stages": stages}, parameter_sets=sets)["to_answer"].length for sets in (1, 50)}
    assert found[1].share.band is None
    assert found[50].share.band == pytest.approx((0.14, 0.86), abs=0.05)
    wide, narrow = (each.share.high - each.share.low for each in (found[50], found[1]))
    assert wide > 5 * narrow
    assert found[50].lengths["mean"].band is not None
    assert found[50].lengths["p50"].high - found[50].lengths["p50"].low > 0


def test_arms_number_their_own_steps():
    """A stage that is off in one arm keeps its place; one that a later start leaves out does not."""
    arms = {"standard": {}, "later": {"set": {"start.stage": "answer"}}}
    document = WHOLE | {"arms": arms, "milestones": {"end": "answer"}}
    found = run(read(document), Settings(replications=2000)).arms
    alone = intervals(WHOLE | {"milestones": {"end": "answer"}}, replications=2000)
    assert found["standard"].intervals == alone
    later = found["later"].intervals["after_success"].length  # from day 0, on which the success is known
    assert (later.asked, later.share.estimate) == (2000, 1.0)
    assert abs(later.lengths["mean"].estimate - 90) <= ERRORS * 90 / math.sqrt(2000)


# --- the file ---------------------------------------------------------------------------------------------------------


def test_the_fingerprint_knows_the_facts_and_not_the_words():
    prints = [read(WHOLE).fingerprint]
    for change in ({"of": "in other words"}, {"to": "early"}, {"from": "early"}):
        changed = WHOLE["intervals"] | {"to_answer": WHOLE["intervals"]["to_answer"] | change}
        prints.append(read(WHOLE | {"intervals": changed}).fingerprint)
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_the_order_of_the_file_means_nothing():
    turned = WHOLE | {"intervals": dict(reversed(WHOLE["intervals"].items()))}
    assert json.dumps(to_json(run(read(turned), Settings(replications=50)))) == json.dumps(
        to_json(run(read(WHOLE), Settings(replications=50)))
    )


def test_an_interval_is_inherited_and_changed_in_part():
    changed = load("msc-dpn", sets=["intervals.rmat_request_to_decision.to=rmat.granted", "parameter_sets=1"])
    found = run(changed, Settings(replications=4000, arms=("rmat",), compare=False)).arms["rmat"].intervals
    assert list(found) == sorted(found)
    request = found["rmat_request_to_decision"]
    assert request.title == "from RMAT request to decision"
    assert 0.4 < request.length.share.estimate < 0.7
    assert {each.estimate for each in request.length.lengths.values()} == {60.0}
    shown = document.dump(with_defaults(settled(changed)))
    assert "intervals:\n" in shown
    assert "    to: rmat.granted\n" in shown


# --- what is printed --------------------------------------------------------------------------------------------------


def test_table_json_and_csv_hold_the_same_numbers():
    found = run(read(WHOLE), Settings(replications=4000))
    data = to_json(found)["arms"]["base"]["intervals"]
    assert list(data) == sorted(WHOLE["intervals"])
    rows = {(row[2], row[4]): row for row in tidy(found).rows if row[2] in data}
    for name, interval in data.items():
        assert set(interval) == {"share", "months"}
        assert set(interval["months"]) == {"mean", "p10", "p50", "p90"}
        measures = {f"months {k}": v for k, v in interval["months"].items()}
        for measure, value in ({"share": interval["share"]} | measures).items():
            assert rows[name, measure][8:11] == tuple("" if v is None else v for v in value.values())
    table = next(table for table in tables(found) if table.caption.startswith("Months between two facts"))
    assert table.columns == ("interval", "reach the second, %", "P10", "P50", "P90", "mean")
    shown = {row[0]: row for row in table.rows}
    mean = data["to_answer"]["months"]["mean"]["estimate"]
    assert shown["from the trial to the answer"][-1] == f"{mean:.1f}"
    assert shown["backwards"][-1].startswith("−")
    assert "from nowhere" not in shown  # of the first fact that never happens there is nothing to say
    assert mean == pytest.approx(found.arms["base"].intervals["to_answer"].length.lengths["mean"].estimate / MONTH)


def test_a_scenario_without_intervals_or_joins_prints_neither():
    found = run(read(made({"a": work(10)})), Settings(replications=50))
    captions = " ".join(table.caption for table in tables(found))
    assert "held" not in captions
    assert "two facts" not in captions
    assert to_json(found)["arms"]["base"]["intervals"] == {}
    assert to_json(found)["arms"]["base"]["waits"] == []
