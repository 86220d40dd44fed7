"""The engines: one contract for both, the same bits from both, and agreement with the naive interpreter."""

from __future__ import annotations

import functools
import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from agreement import differing, disagreements, simulate
from hypothesis import given, settings
from made import made, only_arm, random_arm, shipped, trial, work
from naive import simulate as naive
from naive import stage_order
from naive_numbers import Numbers
from pathways import pathways, random_pathway

from pathway_sim import document, evidence
from pathway_sim.engines import ENGINES, batch, choose, engine
from pathway_sim.errors import PathwayError
from pathway_sim.pathway import NEVER, SKIPPED, UNFINISHED
from pathway_sim.scenario import SHIPPED
from pathway_sim.trajectories import Trajectories, holds, time_of

PATHWAYS = 300
BLOCK = 25
BLOCKS = range(0, PATHWAYS, BLOCK)
REPLICATIONS = 8
SETS = (1, 3)


@pytest.fixture(params=ENGINES)
def walker(request):
    """Each engine by name."""
    return request.param


@functools.cache
def walked(name: str, k: int, sets: int) -> Trajectories:
    """Random pathway k as walked by an engine; several tests look at the same trajectories."""
    return simulate(name, random_arm(k), REPLICATIONS, sets=sets)


def one_future(walker: str, stages: dict[str, Any], **more: Any) -> tuple[dict[str, Any], str]:
    """Replication 0: the steps that started, as (start, end, outcome), and the ending."""
    pathway = only_arm(made(stages, **more))
    t = simulate(walker, pathway, 1)
    rows = {}
    for rank, step in enumerate(pathway.steps):
        if np.isfinite(t.start[rank, 0]):
            code = t.outcome[rank, 0]
            rows[step.name] = (t.start[rank, 0], t.end[rank, 0], step.outcomes[code] if code >= 0 else None)
    return rows, pathway.endings[t.endings()[0]]


# --- What holds in every trajectory -----------------------------------------------------------------------------------


def check_contract(t: Trajectories) -> None:
    """Everything that must hold in the trajectories of any pathway."""
    check_cells(t)
    check_ending(t)
    for rank in range(len(t.pathway.steps)):
        check_step(t, rank)
    check_final_outcomes(t)


def check_cells(t: Trajectories) -> None:
    """Never is +∞ and nothing is missing; what happens, happens by the horizon."""
    assert not np.isnan(t.start).any()
    assert not np.isnan(t.end).any()
    assert (t.start >= 0).all()
    assert (t.ready <= t.start).all()
    started, ended = np.isfinite(t.start), np.isfinite(t.end)
    assert (t.start[started] < t.pathway.horizon).all()
    assert (t.end[ended] <= t.pathway.horizon).all()
    assert (t.start[started] <= t.end[started]).all()
    assert ((t.outcome >= 0) == (started & ended)).all()
    assert ((t.outcome == SKIPPED) == (~started & ended)).all()
    assert ((t.outcome == UNFINISHED) == ~ended).all()


def check_ending(t: Trajectories) -> None:
    """One terminal completion ends a replication, and nothing comes after it."""
    fatal = np.zeros(t.start.shape, dtype=bool)
    for rank, step in enumerate(t.pathway.steps):
        fatal[rank] = np.isin(t.outcome[rank], list(step.terminal))
    by_it = t.ended_by >= 0
    assert (fatal.sum(axis=0) == by_it).all()
    assert (np.isfinite(t.ended) == by_it).all()
    columns = np.flatnonzero(by_it)
    assert fatal[t.ended_by[columns], columns].all()
    assert (t.end[t.ended_by[columns], columns] == t.ended[columns]).all()
    ranks = np.arange(len(t.pathway.steps))[:, None]
    for times in (t.start, t.end):
        happened = np.isfinite(times)
        early = (times < t.ended) | ((times == t.ended) & (ranks <= t.ended_by))
        assert early[happened].all()


def check_step(t: Trajectories, rank: int) -> None:
    """A step starts or is skipped when the facts that it waits for are there, and not otherwise."""
    step = t.pathway.steps[rank]
    ready = time_of(step.after, t)
    passed = np.full(t.count, True) if step.guard is None else holds(step.guard, ready, t)
    in_time = (ready < t.ended) | ((ready == t.ended) & (rank <= t.ended_by))
    skips = ~passed & (ready <= t.pathway.horizon) & in_time
    starts = passed & (ready < t.pathway.horizon) & in_time
    assert (np.where(starts, ready, NEVER) == t.start[rank]).all()
    assert (skips == (t.outcome[rank] == SKIPPED)).all()
    assert (t.end[rank, skips] == ready[skips]).all()


def check_final_outcomes(t: Trajectories) -> None:
    """A stage is over once, and only while it has begun; but an interim analysis ends a trial beside its readout."""
    for info in t.pathway.stages:
        parts = {t.pathway.steps[rank].part: rank for rank in info.ranks}
        ranks = [rank for rank in info.ranks if "interim" not in parts or rank != parts["readout"]]
        final = [np.isin(t.outcome[rank], list(t.pathway.steps[rank].final)) for rank in ranks]
        skipped = t.outcome[info.ranks[0]] == SKIPPED
        assert (np.sum(final, axis=0) + skipped <= 1).all()
        assert not np.isfinite(t.start[np.ix_(info.ranks, skipped)]).any()
        if "interim" in parts:
            interim, readout = parts["interim"], parts["readout"]
            passed = t.outcome[readout] == SKIPPED
            assert np.isin(t.outcome[interim, passed], list(t.pathway.steps[interim].final)).all()
            assert (t.end[interim, passed] <= t.end[readout, passed]).all()
    codes = t.endings()
    labels = t.pathway.endings
    assert ((codes >= 0) & (codes < len(labels))).all()
    arrived = np.isfinite(t.milestone(t.pathway.goal))
    assert (arrived == (codes == 0)).all()
    assert ((t.ended_by < 0) & ~arrived == (codes == len(labels) - 1)).all()


@pytest.mark.parametrize("first", BLOCKS)
def test_contract_on_random_pathways(walker, first):
    for k in range(first, first + BLOCK):
        for sets in SETS:
            check_contract(walked(walker, k, sets))


@pytest.mark.parametrize("name", SHIPPED.names())
def test_contract_on_shipped_scenarios(name):
    scenario = shipped(name)
    for pathway in scenario.pathways.values():
        check_contract(simulate("batch", pathway, 2000, sets=scenario.parameter_sets))


def has_ties(times: np.ndarray) -> bool:
    """Whether two steps ended at the same instant."""
    happened = times[np.isfinite(times)]
    return np.unique(happened).size < happened.size


def test_random_pathways_tie_and_end_in_every_way():
    """The other tests say little if the pathways do not tie, skip, loop, fail and run out of time."""
    tied, endings, skipped, later_visits = 0, set(), 0, 0
    seen: Counter[str] = Counter()
    for k in range(PATHWAYS):
        t = walked("batch", k, 1)
        seen.update(
            {
                step.outcomes[code]
                for step, codes in zip(t.pathway.steps, t.outcome, strict=True)
                for code in codes
                if code >= 0
            }
        )
        tied += any(has_ties(ends) for ends in t.end.T)
        names = ["goal", *(label.split(":")[0] for label in t.pathway.endings[1:])]
        endings |= {names[code] for code in t.endings()}
        skipped += (t.outcome == SKIPPED).any()
        later = [rank for rank, step in enumerate(t.pathway.steps) if step.visit > 1]
        later_visits += np.isfinite(t.start[later]).any()
    assert tied > 0.9 * PATHWAYS
    assert skipped > 0.3 * PATHWAYS
    assert later_visits > 0.3 * PATHWAYS
    assert {"goal", "censored", "failed", "exhausted", "never_lifted", "withdrawn", "not_filed", "bad"} <= endings
    rare = ("lifted", "protest", "negative", "not_held", "rescinded", "kept", "continues", "held_cmc", "refused")
    assert {name: seen[name] for name in rare if seen[name] < 0.04 * PATHWAYS} == {}


def test_rules_change_on_the_way_of_random_pathways(monkeypatch):
    changed = set()
    later_regimes = Numbers.later_regimes

    def told(self: Numbers, raw: Any, start: float) -> list[tuple[str, Any]]:
        found = later_regimes(self, raw, start)
        changed.update((k, raw["rule"]) for _ in found)
        return found

    monkeypatch.setattr(Numbers, "later_regimes", told)
    for k, replication in itertools.product(range(PATHWAYS), (0, REPLICATIONS - 1)):  # those that are compared below
        naive(random_pathway(k), 1, replication)
    rules = Counter(rule for _, rule in changed)
    assert len({k for k, _ in changed}) > 0.05 * PATHWAYS
    assert {"fda.rmat.grant", "fda.meeting.b_eop", "fda.goal.standard", "fda.goal.priority"} <= rules.keys()


# --- Rules, by hand ---------------------------------------------------------------------------------------------------


def test_stages_in_a_row_add_up(walker):
    rows, ending = one_future(walker, {"a": work(2), "b": work(3, "a"), "c": work(0, ["b"])})
    assert rows == {"a/1": (0, 2, "done"), "b/1": (2, 5, "done"), "c/1": (5, 5, "done")}
    assert ending == "end"


@pytest.mark.parametrize(
    ("after", "start"),
    [
        (["a", "b", "c"], 4),
        ({"any": ["b", "c"]}, 2),
        ({"all": ["a", {"any": ["b", "c"]}]}, 2),
        ({"any": ["c", {"all": ["a", "b.start"]}]}, 1),
    ],
)
def test_joins(walker, after, start):
    rows, _ = one_future(walker, {"a": work(1), "b": work(2), "c": work(4), "d": work(1, after)})
    assert rows["d/1"] == (start, start + 1, "done")


def test_a_completion_at_the_horizon_counts_and_a_start_does_not(walker):
    stages = {"a": work(3), "b": work(0, "a"), "c": work(2), "d": work(2, "c"), "e": work(3)}
    rows, ending = one_future(walker, stages, horizon="3 days")
    assert rows == {"a/1": (0, 3, "done"), "c/1": (0, 2, "done"), "d/1": (2, np.inf, None), "e/1": (0, 3, "done")}
    assert ending == "end"


def test_a_skip_at_the_horizon_counts(walker):
    """A skip is a completion: the stage that waits for it is over, though nothing starts any more."""
    stages = {"a": work(3), "b": work(1, "a", enabled=False), "c": work(1, "b", enabled=False)}
    rows, ending = one_future(walker, stages, horizon="3 days")
    assert rows == {"a/1": (0, 3, "done")}
    assert ending == "end"


def test_a_tie_with_a_terminal_completion_goes_by_rank(walker):
    bad = work(1, outcomes={"bad": 1, "good": 0}, terminal=["bad"])
    stages = {"c": work(1), "z": work(0, "a"), "b": bad, "aa": work(0, "a"), "a": work(1), "d": work(5, "aa")}
    rows, ending = one_future(walker, stages)
    # Ranks: a, aa, b, c, d, z. Of what happens on day 1, a and aa come before b, and c, d and z after it.
    assert rows == {
        "a/1": (0, 1, "done"),
        "b/1": (0, 1, "bad"),
        "c/1": (0, np.inf, None),
        "aa/1": (1, 1, "done"),
    }
    assert ending == "bad:b"


def test_of_two_terminal_completions_the_first_by_time_and_rank_ends_the_program(walker):
    bad = {"outcomes": {"bad": 1, "good": 0}, "terminal": ["bad"]}
    assert one_future(walker, {"b": work(2, **bad), "a": work(2, **bad), "c": work(9)})[1] == "bad:a"
    assert one_future(walker, {"b": work(1, **bad), "a": work(2, **bad), "c": work(9)})[1] == "bad:b"


def test_a_milestone_outlives_a_later_end_of_the_program(walker):
    bad = {"outcomes": {"bad": 1, "good": 0}, "terminal": ["bad"]}
    rows, ending = one_future(walker, {"a": work(1), "b": work(2, **bad)}, end="a")
    assert rows["b/1"] == (0, 2, "bad")
    assert ending == "end"


def test_a_stage_is_skipped_when_its_condition_does_not_hold_at_that_instant(walker):
    stages = {
        "a": work(1),
        "b": work(2),
        "c": work(1, "a", **{"if": "b"}),
        "d": work(1, "b", **{"if": {"not": "a"}}),
        "e": work(1, "b", **{"if": {"all": ["a", "c.skipped"]}}),
        "f": work(1, ["c", "d"]),
        "g": work(1, "c.done"),
    }
    rows, _ = one_future(walker, stages, end="f")
    assert rows.keys() == {"a/1", "b/1", "e/1", "f/1"}
    assert rows["f/1"] == (2, 3, "done")


def test_a_repeated_stage_runs_until_its_last_visit(walker):
    again = work(2, outcomes={"again": 1, "good": 0}, repeat={"on": "again", "at_most": 3})
    rows, ending = one_future(walker, {"a": again, "b": work(50)})
    assert rows["a/1"] == (0, 2, "again")
    assert rows["a/2"] == (2, 4, "again")
    assert rows["a/3"] == (4, 6, "exhausted")
    assert rows["b/1"] == (0, np.inf, None)
    assert ending == "exhausted:a"


def test_an_effect_binds_when_its_step_starts(walker):
    stages = {"a": work(2), "b": work(10), "c": work(10, "a"), "d": work(10, "e"), "e": work(1)}
    effect = {"if": "a", "on": ["b.duration", "c.duration", "d.duration"], "scale": 0.5}
    rows, _ = one_future(walker, stages, effects={"half": effect})
    assert [rows[f"{name}/1"][1] for name in "bcd"] == [10, 7, 11]


def test_effects_act_in_order_of_operator_and_name(walker):
    stages = {"a": work(0), "b": work(10, "a")}
    on = {"if": "a", "on": "b.duration"}
    effects = {
        "a_scale": on | {"scale": 2},
        "b_set": on | {"set": "3 days"},
        "off": on | {"set": "1 day", "enabled": False},
    }
    assert one_future(walker, stages, effects=effects)[0]["b/1"] == (0, 6, "done")


def test_starting_at_a_later_stage(walker):
    stages = {
        "a": work(5),
        "b": work(1, "a.done"),
        "c": work(1, ["a.start", "b"]),
        "d": work(1, ["a", "c"]),
        "x": work(2),
    }
    rows, ending = one_future(walker, stages, start={"stage": "c"}, end="d")
    assert rows == {"c/1": (0, 1, "done"), "d/1": (1, 2, "done"), "x/1": (0, 2, "done")}
    assert ending == "end"


def test_each_engine_says_that_it_can_run_a_pathway_without_resources(walker):
    assert engine(walker).refusals(random_arm(0)) == []
    assert engine(walker).name == walker
    assert choose(walker, [random_arm(0)])[0] is engine(walker)
    assert choose("auto", [random_arm(0)])[0] is engine("batch")


@pytest.mark.parametrize("k", range(0, PATHWAYS, 30))
def test_a_replication_does_not_depend_on_where_the_walk_begins(walker, k):
    whole = simulate(walker, random_arm(k), 12, sets=3)
    part = simulate(walker, random_arm(k), 5, sets=3, first=4)
    for name in ("start", "end", "outcome", "ended", "ended_by"):
        assert np.array_equal(getattr(part, name), getattr(whole, name)[..., 4:9])


# --- The engines are the same -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", BLOCKS)
def test_engines_are_bit_identical_on_random_pathways(first):
    found = {
        (k, sets): names
        for k in range(first, first + BLOCK)
        for sets in SETS
        if (names := differing(walked("batch", k, sets), walked("reference", k, sets)))
    }
    assert found == {}


@settings(derandomize=True, max_examples=40, deadline=None, database=None)
@given(plain=pathways())
def test_engines_are_bit_identical_on_drawn_pathways(plain):
    pathway = only_arm(plain)
    for sets in SETS:
        assert differing(simulate("batch", pathway, 6, sets=sets), simulate("reference", pathway, 6, sets=sets)) == []


def test_a_cut_by_time_alone_would_be_noticed(monkeypatch):
    """The comparison bites: an engine that forgets the rank at the end of a program is told from the other one."""
    monkeypatch.setattr(batch.Walk, "beaten", lambda _self, _rank, rows: np.zeros(rows.shape, dtype=np.bool_))
    wrong = [
        k for k in range(60) if differing(simulate("batch", random_arm(k), REPLICATIONS), walked("reference", k, 1))
    ]
    assert len(wrong) > 5


# --- Agreement with the naive interpreter -----------------------------------------------------------------------------


@pytest.mark.parametrize("first", BLOCKS)
def test_agrees_with_the_naive_interpreter_on_random_pathways(first):
    found = {}
    for k in range(first, first + BLOCK):
        plain = random_pathway(k)
        for sets in SETS:
            for replication in (0, REPLICATIONS - 1):
                future = naive(plain, 1, replication, sets)
                found[k, sets, replication] = disagreements(walked("batch", k, sets), replication, future)
    assert {key: what for key, what in found.items() if what} == {}


@pytest.mark.parametrize("first", BLOCKS)
def test_steps_come_in_the_order_of_the_naive_interpreter(first):
    for k in range(first, first + BLOCK):
        # Steps before a later start are no part of the pathway.
        expected = [name for name in stage_order(random_pathway(k)) if name in random_arm(k).rank]
        assert [step.name for step in random_arm(k).steps] == expected, k


ARMS = [(name, arm) for name in SHIPPED.names() for arm in sorted(shipped(name).pathways)]


def cited_figures(plain: Any) -> dict[str, dict[str, Any]]:
    """What the catalogue lends to a document: by id, value and count, for each number that is only an evidence id."""
    found = {}
    for node in plain.values() if isinstance(plain, dict) else plain if isinstance(plain, list) else ():
        found |= cited_figures(node)
    if isinstance(plain, dict) and isinstance(plain.get("evidence"), str) and not {"value", "kind"} & plain.keys():
        found[plain["evidence"]] = figure_entry(plain["evidence"])
    return found


def figure_entry(name: str) -> dict[str, Any]:
    """A figure of the catalogue as the naive interpreter takes it."""
    figure = evidence.figure(name)
    entry = {"value": figure.value, "n": figure.n, "definition": figure.definition}
    spread = figure.dispersion
    entry["dispersion"] = spread and {
        "kind": spread.kind,
        "value": spread.value,
        "low": spread.low,
        "high": spread.high,
    }
    return entry | {"is_time": figure.unit in ("days", "weeks", "months", "years")}


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_agrees_with_the_naive_interpreter_on_shipped_arms(name, arm):
    scenario = shipped(name)
    plain = document.plain(scenario.documents[arm])
    figures = cited_figures(plain["stages"])
    pathway = scenario.pathways[arm]
    assert [step.name for step in pathway.steps] == stage_order(plain)
    for sets in (1, 250):
        reached = simulate("batch", pathway, 400, sets=sets)
        # The first two, and the four with most steps: most programs fail early and would show little.
        longest = np.argsort(-np.isfinite(reached.start).sum(axis=0), kind="stable")[:4]
        for replication in (0, 1, *map(int, longest)):
            assert disagreements(reached, replication, naive(plain, 1, replication, sets, figures)) == []


def sorts_of_figures() -> dict[str, str]:
    """One figure of the catalogue of each sort that is used in a way of its own."""
    found: dict[str, str] = {}
    for entry, content in dict(evidence.entries()).items():
        value = content.get("value")
        parts = {f"{entry}.{part}": each for part, each in value.items()} if isinstance(value, dict) else {entry: value}
        for name, each in parts.items():
            if not isinstance(each, (int, float)):
                continue
            figure = figure_entry(name)
            spread = figure["dispersion"]["kind"] if figure["dispersion"] else "alone"
            size = "time" if figure["is_time"] else "share" if 0 <= figure["value"] <= 1 else "number"
            counted = "counted" if figure["n"] else "uncounted"
            found.setdefault(f"{size} {spread} {counted} {figure['definition'] == 'median'}", name)
    return found


def test_agrees_with_the_naive_interpreter_on_figures_of_every_sort():
    found, tried = {}, 0
    for sort, name in sorts_of_figures().items():
        for transfer in (0.2, 0):
            number = {"evidence": name} | ({} if sort.startswith("time") else {"transfer": transfer})
            halve = {"halve": {"if": "x", "on": "a.duration", "scale": number}}
            plains = {
                "duration": made({"x": work(number)}, horizon="90 years"),
                "chance": made({"x": trial(1, number)}),
                "factor": made({"x": work(0), "a": work(10, "x")}, effects=halve, horizon="90 years"),
            }
            for place, plain in plains.items():
                try:
                    pathway = only_arm(plain)
                except PathwayError:  # a figure of another sort than the place is for
                    continue
                tried += 1
                for sets, k in itertools.product((1, 5), range(3)):
                    future = naive(plain, 1, k, sets, {name: figure_entry(name)})
                    found[sort, transfer, place, sets, k] = disagreements(
                        simulate("batch", pathway, 3, sets=sets), k, future
                    )
    assert {key: what for key, what in found.items() if what} == {}
    assert tried > 30


def test_a_meeting_has_the_clock_of_its_type_by_default():
    for kind, days in {"a": 30, "b": 60, "b_eop": 70, "c": 75, "d": 50}.items():
        plain = made({"m": {"kind": "meeting", "type": kind}})
        future = naive(plain, 1)
        assert future.milestones == {"end": days}
        assert disagreements(simulate("batch", only_arm(plain), 1), 0, future) == []


def test_agreement_covers_a_slip_that_is_a_mixture():
    """The mixture of the oracle: early, on the day, late, each at the edges of its share."""
    parts = [
        {"weight": 0.25, "of": {"kind": "uniform", "low": "-2 days", "high": "-1 day"}},
        {"weight": 0.5, "of": {"kind": "fixed", "value": "0 days"}},
        {"weight": "rest", "of": {"kind": "lognormal", "median": "3 days", "sd_log": 0.6}},
    ]
    stage = {
        "kind": "application",
        "goal": "100 days",
        "approve": 1,
        "at_most": 0,
        "slip": {"kind": "mixture", "parts": parts},
    }
    plain = made({"bla": stage})
    t = simulate("batch", only_arm(plain), 40)
    assert all(disagreements(t, k, naive(plain, 1, k)) == [] for k in range(40))
    ends = t.milestone("end")
    assert math.isclose((ends == 100).mean(), 0.5, abs_tol=0.2)
    assert (ends < 100).any()
    assert (ends > 100).any()
