"""The naive interpreter on pathways that can be worked out by hand, and the generator of random pathways."""

import math

import pytest
import scipy.stats
from hypothesis import given, settings
from naive import NEVER, Run, simulate, stage_order
from naive_numbers import Numbers, choose, days, make_law, mean_of, mix13, rounded, uniform
from pathways import pathways, random_pathway


def document(stages, horizon="1000 days", end=None, **more):
    """Return a document whose goal is `end`: the last stage, unless another reference is given."""
    head = {"as_of": "2026-01-01", "horizon": horizon}
    return head | {"stages": stages, "milestones": {"end": end or list(stages)[-1]}, "goal": "end"} | more


def work(length, after=None, **more):
    return {"kind": "work", "duration": f"{length} days"} | ({} if after is None else {"after": after}) | more


def log(future):
    """Return the rows without visit and ready time."""
    return [(row.step, row.start, row.end, row.outcome) for row in future.rows]


def run(stages, **more):
    return simulate(document(stages, **more), seed=1)


# --- Walking ----------------------------------------------------------------------------------------------------------


def test_stages_in_a_row_add_up():
    future = run({"a": work(2), "b": work(3, "a"), "c": work(0, ["b"])})
    assert log(future) == [("a/1", 0, 2, "done"), ("b/1", 2, 5, "done"), ("c/1", 5, 5, "done")]
    assert future.milestones == {"end": 5}
    assert future.ending == "end"


@pytest.mark.parametrize(
    ("after", "start"),
    [
        (["a", "b", "c"], 4),
        ({"all": ["a", "b"]}, 2),
        ({"any": ["b", "c"]}, 2),
        ({"all": ["a", {"any": ["b", "c"]}]}, 2),
        ({"any": ["c", {"all": ["a", "b.start"]}]}, 1),
        ([], 0),
    ],
)
def test_a_join_is_the_latest_or_the_earliest(after, start):
    future = run({"a": work(1), "b": work(2), "c": work(4), "d": work(1, after)})
    assert ("d/1", start, start + 1, "done") in log(future)


def test_order_is_topological_then_by_name():
    stages = {"z": work(1), "b": work(1, "z"), "a": work(1, "b"), "y": work(1)}
    assert stage_order(document(stages)) == ["y/1", "z/1", "b/1", "a/1"]


def test_a_tie_with_a_terminal_completion_goes_by_rank():
    bad = work(1, outcomes={"bad": 1, "good": 0}, terminal=["bad"])
    stages = {"c": work(1), "z": work(0, "a"), "b": bad, "aa": work(0, "a"), "a": work(1), "d": work(5, "aa")}
    future = run(stages)
    # Ranks: a, aa, b, c, d, z. Of what happens on day 1, a and aa come before b, and c, d and z after it.
    assert log(future) == [
        ("a/1", 0, 1, "done"),
        ("b/1", 0, 1, "bad"),
        ("c/1", 0, None, None),
        ("aa/1", 1, 1, "done"),
    ]
    assert future.ending == "bad:b"
    assert future.milestones == {"end": NEVER}


def test_a_completion_at_the_horizon_counts_and_a_start_does_not():
    future = run({"a": work(3), "b": work(0, "a"), "c": work(2), "d": work(2, "c"), "e": work(3)}, horizon="3 days")
    assert log(future) == [
        ("a/1", 0, 3, "done"),
        ("c/1", 0, 2, "done"),
        ("e/1", 0, 3, "done"),
        ("d/1", 2, None, None),
    ]
    assert future.milestones == {"end": 3}


def test_a_skipped_stage_is_over_when_it_is_ready():
    stages = {"a": work(2), "b": work(5, "a", enabled=False), "c": work(1, "b"), "d": work(1, "b.done")}
    future = simulate(document(stages) | {"milestones": {"end": "d", "b": "b", "s": "b.skipped"}}, seed=1)
    assert log(future) == [("a/1", 0, 2, "done"), ("c/1", 2, 3, "done")]
    assert future.milestones == {"end": NEVER, "b": 2, "s": 2}
    assert future.ending == "censored"


@pytest.mark.parametrize(
    ("condition", "runs"), [("b", True), ("c", False), ({"not": "c"}, True), ({"not": "b"}, False)]
)
def test_if_is_read_when_the_stage_is_ready(condition, runs):
    stages = {"a": work(2), "b": work(2), "c": work(3), "d": work(1, "a", **{"if": condition})}
    assert (("d/1", 2, 3, "done") in log(run(stages))) is runs


def test_a_repeated_outcome_is_exhausted_on_the_last_visit():
    stages = {
        "a": work(2, outcomes={"again": 1, "good": "rest"}, repeat={"on": "again", "at_most": 3}),
        "b": work(1, "a"),
    }
    future = run(stages)
    assert log(future) == [("a/1", 0, 2, "again"), ("a/2", 2, 4, "again"), ("a/3", 4, 6, "exhausted")]
    assert future.ending == "exhausted:a"
    stages["a"]["terminal"] = []
    assert run(stages).milestones == {"end": 7}


def test_start_at_a_later_stage():
    stages = {
        "p": work(9),
        "a": {"kind": "trial", "duration": "9 days", "success": 0, "after": "p.start"},
        "b": work(1, "a.success"),
        "c": work(2, ["b", "a.success"]),
        "d": work(1, "a.failed"),
        "e": work(3),
    }
    future = simulate(document(stages, start={"stage": "b"}) | {"milestones": {"end": "c", "p": "p"}}, seed=1)
    assert log(future) == [("b/1", 0, 1, "done"), ("e/1", 0, 3, "done"), ("c/1", 1, 3, "done")]
    assert future.milestones == {"end": 3, "p": 0}


# --- Effects and pace -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fact", "length"), [(1, 8), (2, 8), (3, 4)])
def test_an_effect_binds_by_the_facts_at_the_start(fact, length):
    stages = {"x": work(fact), "a": work(2), "b": work(4, "a")}
    future = run(stages, effects={"e": {"if": "x.done", "on": "b.duration", "scale": 2}})
    assert ("b/1", 2, 2 + length, "done") in log(future)


def test_set_comes_before_odds_and_odds_before_scale():
    effects = {
        "a": {"if": "x", "on": "t.success", "scale": 1.5},
        "b": {"if": "x", "on": ["t.success"], "odds": 4},
        "c": {"if": "x", "on": "t.success", "set": 0.2},
        "d": {"if": "x", "on": "t.success", "scale": 9, "enabled": False},
    }
    stages = {"x": work(0), "t": {"kind": "trial", "duration": "1 day", "success": 0.9, "after": "x"}}
    started = Run(document(stages, effects=effects), 1, 0, 1, {})
    started.run()
    step = next(s for s in started.plan.steps if s.stage == "t")
    assert started.probability(step, "success") == pytest.approx(0.75)  # 0.2 has odds 1/4; times 4 is 1/2
    with pytest.raises(ValueError, match="two enabled"):
        run(stages, effects=effects | {"d": {"if": "x", "on": "t.success", "set": 0.1}})


def test_rest_is_what_the_others_leave_after_the_effects():
    stages = {"x": work(0), "a": work(1, "x", outcomes={"good": 0.5, "bad": "rest"})}
    future = run(stages, effects={"e": {"if": "x", "on": "a.outcomes.good", "scale": 3}})
    assert ("a/1", 0, 1, "good") in log(future)


def test_the_pace_is_one_factor_on_the_listed_work():
    stages = {
        "a": work(10),
        "b": work(10, "a"),
        "h": {"kind": "designation", "clock": "10 days", "grant": 1},
        "c": work(0, "b"),
    }
    future = run(stages, pace={"sd_log": 0.5, "level": 2, "on": ["a", "b", "h"]})
    factor = 2 * math.exp(0.5 * scipy.stats.norm.ppf(uniform(1, "program/pace", 0)))
    assert future.milestones["end"] == pytest.approx(20 * factor, abs=1e-5)
    assert ("h.request/1", 0, 10, "done") in log(future)


# --- Kinds ------------------------------------------------------------------------------------------------------------


def test_a_trial_with_a_design_has_three_steps():
    design = {"enrolment": "3 days", "follow_up": "2 days", "readout": "1 day"}
    stages = {"t": {"kind": "trial", "design": design, "success": 1}, "a": work(1, "t.follow_up.start")}
    assert log(run(stages)) == [
        ("t.enrolment/1", 0, 3, "done"),
        ("t.follow_up/1", 3, 5, "done"),
        ("a/1", 3, 4, "done"),
        ("t.readout/1", 5, 6, "success"),
    ]


@pytest.mark.parametrize(("form", "combine"), [("parallel", max), ("sequential", lambda a, b: a + b)])
def test_two_pivotal_trials(form, combine):
    law = {"kind": "exponential", "mean": "10 days"}
    stages = {"t": {"kind": "trial", "duration": law, "success": 1, "pivotal_trials": 2, "run": form}}
    draws = [-10 * math.log(1 - uniform(1, f"program/t/1/{purpose}", 0)) for purpose in ("duration", "duration_2")]
    assert run(stages).milestones["end"] == pytest.approx(combine(*draws), abs=1e-5)


def test_a_failed_trial_ends_the_program():
    future = run({"t": {"kind": "trial", "duration": "2 days", "success": 0}, "a": work(1, "t")})
    assert log(future) == [("t/1", 0, 2, "failed")]
    assert future.ending == "failed:t"


def test_a_hold_is_repaired_or_never_lifted():
    hold = {"kind": "hold", "clock": "30 days", "probability": 1, "repair": "100 days", "lifted": 1}
    assert log(run({"h": hold})) == [("h.review/1", 0, 30, "held"), ("h.hold/1", 30, 130, "effective")]
    assert run({"h": hold | {"lifted": 0}}, end="h.effective").ending == "never_lifted:h"
    assert log(run({"h": hold | {"probability": 0}})) == [("h.review/1", 0, 30, "effective")]


def test_a_meeting_has_up_to_three_parts():
    meeting = {"kind": "meeting", "type": "B", "clock": "60 days", "prepare": "5 days", "outcomes": {"ok": 1}}
    assert log(run({"m": meeting})) == [
        ("m.preparation/1", 0, 5, "done"),
        ("m.meeting/1", 5, 65, "done"),
        ("m.minutes/1", 65, 65, "ok"),
    ]


def test_a_designation_may_be_asked_for_again():
    stages = {"d": {"kind": "designation", "clock": "60 days", "again": "7 days", "at_most": 2, "grant": 0}}
    future = run(stages)
    assert log(future) == [
        ("d.request/1", 0, 60, "done"),
        ("d.decision/1", 60, 60, "denied"),
        ("d.preparation/2", 60, 67, "done"),
        ("d.request/2", 67, 127, "done"),
        ("d.decision/2", 127, 127, "denied"),
    ]
    assert future.milestones == {"end": 127}
    stages["d"]["grant"] = {"first": 0, "later": 1}
    assert log(run(stages))[-1] == ("d.decision/2", 127, 127, "granted")
    stages["d"] |= {"withdraw": 1, "prepare": "3 days"}
    assert log(run(stages)) == [
        ("d.preparation/1", 0, 3, "done"),
        ("d.request/1", 3, 63, "done"),
        ("d.decision/1", 63, 63, "withdrawn"),
    ]


# --- Applications -----------------------------------------------------------------------------------------------------


def application(**more):
    base = {"kind": "application", "filing": "60 days", "goal": "300 days", "approve": 1, "at_most": 1}
    return base | {"response": "100 days", "resubmission_goal": {"class_1": "60 days", "class_2": "180 days"}} | more


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({}, 300),
        ({"goal": {"standard": "360 days", "priority": "240 days", "share": 1}}, 240),
        ({"goal": {"standard": "360 days", "priority": "240 days", "share": 0}}, 360),
        ({"extension": {"probability": 1, "duration": "90 days"}}, 390),
        ({"extension": {"probability": 0, "duration": "90 days"}}, 300),
        ({"slip": "-10 days"}, 290),
        ({"slip": {"approved": "5 days", "letter": "50 days"}}, 305),
        ({"goal": "50 days"}, 60),  # a review never ends before it starts
        ({"slip": "-400 days"}, 60),
    ],
)
def test_the_goal_counts_from_the_receipt_of_the_filing(fields, end):
    assert log(run({"a": application(**fields)})) == [
        ("a.filing/1", 0, 60, "filed"),
        ("a.review/1", 60, end, "approved"),
    ]


def test_a_refused_filing_is_filed_again_or_not():
    refuse = {"probability": 1, "answer": "30 days", "at_most": 1}
    future = run({"a": application(refuse=refuse)}, end="a.approved")
    assert log(future) == [
        ("a.filing/1", 0, 60, "refused"),
        ("a.refusal/1", 60, 90, "done"),
        ("a.filing/2", 90, 150, "not_filed"),
    ]
    assert future.ending == "not_filed:a"
    effects = {"e": {"if": "a.refusal.done", "on": "x.duration", "scale": 2}}
    future = run({"a": application(refuse=refuse), "x": work(2, "a.refusal/1")}, effects=effects)
    assert ("x/1", 90, 94, "done") in log(future)


def test_complete_responses_up_to_the_cap():
    fields = {"cause": {"cmc": 1, "clinical": 0}, "slip": {"approved": "0 days", "letter": "1 day"}}
    future = run({"a": application(approve=0, class_1=1, at_most=2, **fields)}, end="a.approved")
    assert log(future) == [
        ("a.filing/1", 0, 60, "filed"),
        ("a.review/1", 60, 301, "crl_cmc"),
        ("a.response/1", 301, 401, "class_1_cmc"),
        ("a.review/2", 401, 462, "crl_cmc"),
        ("a.response/2", 462, 562, "class_1_cmc"),
        ("a.review/3", 562, 623, "exhausted"),
    ]
    assert future.ending == "exhausted:a"


def test_an_answer_has_a_way_and_the_way_its_chance():
    fields = {
        "cause": {"clinical": 1, "cmc": 0},
        "answer": {"clinical": {"analysis": 0, "trial": 1}},
        "response": {"cmc": "1 day", "analysis": "2 days", "trial": "40 days"},
        "approve": {"first": 0, "cmc": 0, "analysis": 0, "trial": 1},
    }
    future = run({"a": application(**fields)})
    assert log(future)[2:] == [("a.response/1", 300, 340, "class_2_trial"), ("a.review/2", 340, 520, "approved")]
    fields["approve"] = {"first": 0, "later": 1}
    assert log(run({"a": application(**fields)})) == log(future)


def test_withdrawn_after_the_lapse():
    future = run({"a": application(approve=0, withdraw=1, lapse="365 days")}, end="a.approved")
    assert log(future)[1:] == [("a.review/1", 60, 300, "crl"), ("a.response/1", 300, 665, "withdrawn")]
    assert future.ending == "withdrawn:a"


def test_no_resubmission_allowed():
    future = run({"a": application(approve=0, at_most=0)})
    assert log(future)[1:] == [("a.review/1", 60, 300, "exhausted")]


# --- Numbers ----------------------------------------------------------------------------------------------------------


def test_the_hash_has_the_published_finaliser():
    assert mix13(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF  # the first output of SplitMix64 with seed 0


def test_choices_and_quantities():
    assert [choose(u, [("a", 0.25), ("b", 0.5), ("c", 0)]) for u in (0.1, 0.25, 0.74, 0.75, 0.99)] == list("abbcc")
    assert days("2 months") + days("1 year") + days("1 week") == 60.875 + 365.25 + 7
    assert days("-1.5 days") == -1.5
    assert rounded(1 + 0.5 * 2**-20) == 1
    assert rounded(1 + 1.5 * 2**-20) == 1 + 2 * 2**-20
    with pytest.raises(ValueError, match="duration"):
        days("3")


LAWS = [
    ({"kind": "uniform", "low": 1, "high": 3}, scipy.stats.uniform(1, 2)),
    ({"kind": "triangular", "low": 1, "mode": 2, "high": 5}, scipy.stats.triang(0.25, 1, 4)),
    ({"kind": "exponential", "mean": 3}, scipy.stats.expon(scale=3)),
    ({"kind": "weibull", "shape": 2, "scale": 3}, scipy.stats.weibull_min(2, scale=3)),
    ({"kind": "gamma", "shape": 2, "scale": 3}, scipy.stats.gamma(2, scale=3)),
    ({"kind": "lognormal", "median": 4, "sd_log": 0.5}, scipy.stats.lognorm(0.5, scale=4)),
    (
        {"kind": "lognormal", "median": 4, "p90": 4 * math.exp(0.5 * scipy.stats.norm.ppf(0.9))},
        scipy.stats.lognorm(0.5, scale=4),
    ),
    ({"kind": "lognormal", "mean": 4, "sd": 3}, None),
    ({"kind": "logitnormal", "median": 0.3, "sd_logit": 0.5}, None),
    ({"kind": "beta", "a": 2, "b": 3}, scipy.stats.beta(2, 3)),
]


@pytest.mark.parametrize(("raw", "other"), LAWS)
def test_laws(raw, other):
    law = make_law(raw["kind"], raw)
    for u in (0.01, 0.3, 0.5, 0.97):
        assert law.cdf(law.ppf(u)) == pytest.approx(u)
        assert other is None or law.ppf(u) == pytest.approx(other.ppf(u))
    assert other is None or mean_of(law) == pytest.approx(other.mean())
    inside = make_law(raw["kind"], raw | {"min": law.ppf(0.2), "max": law.ppf(0.6)})
    assert inside.ppf(0.5) == pytest.approx(law.ppf(0.4))


def test_an_unknown_number_fills_every_stratum_once():
    raw = {"kind": "uniform", "low": 0, "high": 8, "value": 1}
    found = [Numbers(1, k, 8, {}).number("stages.a.success", raw) for k in range(9)]
    assert sorted(int(x) for x in found[:8]) == list(range(8))
    assert found[8] == found[0]
    assert Numbers(1, 3, 1, {}).number("stages.a.success", raw) == 1
    assert Numbers(1, 3, 1, {}).number("stages.a.success", {"kind": "beta", "a": 1, "b": 3}) == 0.25


def test_evidence_gives_the_value_and_the_name():
    evidence = {"x": {"value": 0.25, "n": 40}, "y": {"kind": "uniform", "low": 0, "high": 1}}
    assert Numbers(1, 0, 1, evidence).number("stages.a.success", {"evidence": "x"}) == 0.25
    both = [
        Numbers(1, 2, 5, evidence).number(path, {"evidence": "y"}) for path in ("stages.a.success", "stages.b.success")
    ]
    assert both[0] == both[1]


def test_dirichlet_shares_sum_to_one():
    raw = {"kind": "dirichlet", "counts": {"a": 5.5, "b": 4.5}}
    assert Numbers(1, 0, 1, {}).shares("stages.x.cause", raw) == {"a": 0.55, "b": 0.45}
    assert Numbers(1, 0, 1, {}).shares("stages.x.cause", raw | {"values": {"a": 0.3, "b": 0.7}}) == {"a": 0.3, "b": 0.7}
    found = [Numbers(1, k, 100, {}).shares("stages.x.cause", raw) for k in range(100)]
    assert all(sum(shares.values()) == pytest.approx(1) for shares in found)
    assert sum(shares["a"] for shares in found) / 100 == pytest.approx(0.55, abs=0.03)


# --- Random pathways --------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(pathways())
def test_random_pathways_are_valid_and_keep_the_rules(document):
    horizon = days(document["horizon"])
    names = stage_order(document)
    assert 5 <= len(document["stages"]) <= 14
    future = simulate(document, seed=3, replication=2, parameter_sets=2)
    order = [(row.start, names.index(row.step)) for row in future.rows]
    assert order == sorted(order)
    for row in future.rows:
        assert row.ready == row.start < horizon
        assert row.end is None or row.start <= row.end <= horizon
        assert (row.end is None) == (row.outcome is None)
    assert future == simulate(document, seed=3, replication=2, parameter_sets=2)


def test_a_random_pathway_is_the_same_for_ever():
    assert random_pathway(5) == random_pathway(5)
    assert random_pathway(5) != random_pathway(6)
