"""What held what: closed forms, futures made by hand, and every join of random pathways told one future at a time."""

from __future__ import annotations

import json
import math
from collections import Counter
from itertools import chain
from typing import Any

import pytest
from agreement import read
from made import made, only_arm, random_arm, simulate, work

from pathway_sim.analysis.as_json import to_json
from pathway_sim.analysis.groups import Groups
from pathway_sim.analysis.tables import tables, tidy
from pathway_sim.analysis.waits import WaitReduction, joins
from pathway_sim.pathway import SKIPPED, START, All, Fact, Given
from pathway_sim.run import Settings, run
from pathway_sim.units import MONTH

N = 40_000
ERRORS = 5
NEVER = math.inf


def exponential(mean: float) -> dict[str, Any]:
    return {"kind": "exponential", "mean": f"{mean} days"}


def held(stages: dict[str, Any], count: int = 50, **more: Any):
    """What held each stage that waits for others."""
    pathway = only_arm(made(stages, **more))
    results = {}
    for join in joins(pathway):
        reduction = WaitReduction(join, pathway.horizon)
        reduction.add(Groups(0, count), simulate("batch", pathway, count))
        results[join.info.name] = reduction.result()
    return results


def shares(wait: Any, level: str = "stages") -> dict[str, float]:
    return {each.name: each.length.share.estimate for each in getattr(wait, level)}


def means(wait: Any, level: str = "stages") -> dict[str, float]:
    return {each.name: each.length.lengths["mean"].estimate for each in getattr(wait, level)}


# --- closed forms -----------------------------------------------------------------------------------------------------


def test_of_two_exponential_members_the_slower_is_the_last_in_proportion():
    """P(A > B) = a / (a + b), and by how much is exponential with mean a again: it has no memory."""
    mean = {"a": 30.0, "b": 60.0}
    stages = {name: work(exponential(each)) for name, each in mean.items()} | {"c": work(1, ["a", "b"])}
    wait = held(stages, N, horizon="20 years")["c"]
    assert wait.ready == N
    for each in wait.stages:
        share, m = mean[each.name] / 90.0, mean[each.name]
        assert abs(each.length.share.estimate - share) <= ERRORS * math.sqrt(share * (1 - share) / N)
        n = each.length.count
        assert abs(each.length.lengths["mean"].estimate - m) <= ERRORS * m / math.sqrt(n)
        for name, p in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
            exact, error = -m * math.log(1 - p), m * math.sqrt(p / ((1 - p) * n))
            assert abs(each.length.lengths[name].estimate + 0.5 - exact) <= ERRORS * error + 0.5  # whole days


def test_three_equal_members_hold_a_third_each_by_the_mean_of_one():
    """The last of three exponentials comes an exponential after the second, whoever it is."""
    stages = {name: work(exponential(50.0)) for name in "abc"} | {"d": work(1, ["a", "b", "c"])}
    wait = held(stages, N, horizon="20 years")["d"]
    assert set(shares(wait)) == {"a", "b", "c"}
    for share in shares(wait).values():
        assert abs(share - 1 / 3) <= ERRORS * math.sqrt(2 / 9 / N)
    for mean in means(wait).values():
        assert abs(mean - 50) <= ERRORS * 50 / math.sqrt(N / 3)


# --- who holds --------------------------------------------------------------------------------------------------------


def test_the_latest_holds_by_what_it_is_later_than_the_next():
    wait = held({"a": work(10), "b": work(25), "c": work(60), "d": work(1, ["a", "b", "c"])})["d"]
    assert shares(wait) == {"c": 1.0}  # a and b never hold, so they are not named
    assert means(wait) == {"c": 35.0}
    assert wait.stages[0].length.lengths["p50"].estimate == 35


def test_a_tie_is_nobodys():
    wait = held({"a": work(10), "b": work(10), "c": work(5), "d": work(1, ["a", "b", "c"])})["d"]
    assert (wait.ready, wait.stages, wait.tracks) == (50, (), ())


def test_one_member_is_no_join():
    stages = {"a": work(10), "b": work(3, ["a"]), "c": work(3, {"any": ["a", "b"]}), "d": work(1, ["c.start", "c"])}
    assert held(stages) == {}


def test_a_stage_that_was_passed_gives_way_to_what_it_followed():
    """Without rework the process held the filing, and not the rework that never was."""
    stages = {
        "writing": work(10),
        "process": work(30, outcomes={"ready": 0.5, "faulty": "rest"}, track="cmc"),
        "rework": work(8, ["process"], track="cmc") | {"if": "process.faulty"},
        "filing": work(1, ["writing", "process", "rework"]),
    }
    wait = held(stages, N)["filing"]
    assert means(wait) == {"process": 20.0, "rework": 8.0}
    assert sum(shares(wait).values()) == 1
    assert abs(shares(wait)["rework"] - 0.5) <= ERRORS * 0.5 / math.sqrt(N)
    (track,) = wait.tracks
    assert (track.name, track.title, track.several, track.length.share.estimate) == ("cmc", "CMC track", True, 1.0)
    rework = shares(wait)["rework"]
    assert track.length.lengths["mean"].estimate == pytest.approx(20 + 8 * rework)


def test_a_stage_that_was_passed_counts_as_met_when_it_was_passed():
    stages = {
        "writing": work(10),
        "process": work(30),
        "rework": work(8, ["process"], enabled=False),
        "filing": work(1, ["writing", "rework"]),
    }
    assert means(held(stages)["filing"]) == {"rework": 20.0}
    del stages["writing"]
    stages["filing"] = work(1, ["process", "rework"])  # nothing else to be later than
    assert held(stages)["filing"].stages == ()


def test_a_stage_that_is_itself_passed_was_held_too_unless_it_is_switched_off():
    stages = {"a": work(10), "b": work(25), "c": work(1, ["a", "b"]) | {"if": "d.yes"}}
    stages["d"] = work(1, outcomes={"yes": 0, "no": "rest"}, terminal=[])
    assert (held(stages)["c"].ready, means(held(stages)["c"])) == (50, {"b": 15.0})
    stages["c"]["enabled"] = False
    assert "c" not in held(stages)


def test_only_futures_that_are_ready_count():
    stages = {
        "a": work(10, outcomes={"yes": 0.25, "no": "rest"}, terminal=[]),
        "b": work(25),
        "c": work(1, ["a.yes", "b"]),
    }
    wait = held(stages, N)["c"]
    assert abs(wait.ready / N - 0.25) <= ERRORS * math.sqrt(0.1875 / N)
    assert shares(wait) == {"b": 1.0}


def test_members_of_one_stage_are_one_and_alternatives_are_named_together():
    stages = {
        "a": work(10, track="review"),
        "b": work(40, track="cmc", title="The second"),
        "c": work(30, track="review"),
        "d": work(1, ["a.start", "a", {"all": [{"any": ["b", "c"]}]}]),
    }
    wait = held(stages)["d"]
    assert [(each.name, each.title) for each in wait.stages] == [("b or c", "The second or c")]
    assert means(wait) == {"b or c": 20.0}  # c was enough, and a is met once
    assert [each.name for each in wait.tracks] == ["cmc or review"]


def test_a_track_that_is_waited_for_once_holds_as_its_stage_does():
    stages = {
        "a": work(exponential(30.0)),
        "b": work(exponential(60.0), track="cmc"),
        "c": work(exponential(20.0)),
        "d": work(1, ["a", "b", "c"]),
    }
    wait = held(stages, 5000, horizon="20 years")["d"]
    track, stage = (next(each for each in found if each.name in ("b", "cmc")) for found in (wait.tracks, wait.stages))
    assert track.length == stage.length
    assert [each.several for each in wait.tracks] == [True, False]
    assert sum(shares(wait, "tracks").values()) == 1


def test_what_is_over_where_a_scenario_begins_holds_nothing():
    stages = {"a": work(10), "b": work(25, "a"), "c": work(40), "d": work(1, ["a", "b", "c"]), "e": work(1, ["a", "c"])}
    waits = held(stages, start={"stage": "b"})
    assert list(waits) == ["d"]  # e waits for c alone
    assert means(waits["d"]) == {"c": 15.0}


# --- one future at a time ---------------------------------------------------------------------------------------------


def met(condition: Any, t: Any, row: int) -> tuple[float, bool]:
    """When a condition was met, and whether by nothing but stages that were passed."""
    if isinstance(condition, Given):
        return condition.time, False
    if isinstance(condition, Fact):
        code = t.outcome[condition.step, row]
        if condition.codes == (START,):
            return float(t.start[condition.step, row]), False
        return (float(t.end[condition.step, row]) if code in condition.codes else NEVER), bool(code == SKIPPED)
    found = [met(inner, t, row) for inner in condition.of]
    if not found:
        return (0.0 if isinstance(condition, All) else NEVER), False
    time = (max if isinstance(condition, All) else min)(time for time, _ in found)
    return time, all(passed for each, passed in found if each == time)


def stages_of(condition: Any, t: Any) -> list[str]:
    if isinstance(condition, Fact):
        return [t.pathway.steps[condition.step].stage]
    return list(dict.fromkeys(chain(*(stages_of(inner, t) for inner in getattr(condition, "of", ())))))


def flat(condition: Any) -> list[Any]:
    return list(chain(*map(flat, condition.of))) if isinstance(condition, All) else [condition]


def holder(members: list[Any], t: Any, row: int, name: Any) -> tuple[str, float] | None:
    """Who was strictly the last in one future, and by how many days."""
    found = [(*met(each, t, row), " or ".join(dict.fromkeys(map(name, stages_of(each, t))))) for each in members]
    found = [each for each in found if each[2]]
    last = max(time for time, _, _ in found)
    if any(time == last and not passed for time, passed, _ in found):
        found = [each for each in found if not (each[0] == last and each[1])]
    by_name: dict[str, float] = {}
    for time, _, owner in found:
        by_name[owner] = max(time, by_name.get(owner, -NEVER))
    if len(by_name) < 2:
        return None
    (second, _), (first, who) = sorted((time, owner) for owner, time in by_name.items())[-2:]
    return (who, first - second) if first > second else None


def told(t: Any, join: Any) -> tuple[int, Counter[str], Counter[str]]:
    """How many futures were ready, how often each stage or track held, and for how many days in all."""
    tracks = {info.name: info.track for info in t.pathway.stages}
    count, days, ready = Counter[str](), Counter[str](), 0
    for row in range(t.count):
        if t.start[join.rank, row] < NEVER or t.outcome[join.rank, row] == SKIPPED:
            ready += 1
            for level, name in (("stage", str), ("track", tracks.__getitem__)):
                members = flat(t.pathway.steps[join.rank].after)
                if found := holder(members, t, row, name):
                    count[f"{level} {found[0]}"] += 1
                    days[f"{level} {found[0]}"] += found[1]
    return ready, count, days


def test_random_pathways_are_told_alike():
    seen = Counter[str]()
    for k in range(0, 240, 2):
        pathway = random_arm(k)
        t = simulate("batch", pathway, 40)
        for join in joins(pathway):
            reduction = WaitReduction(join, pathway.horizon)
            reduction.add(Groups(0, t.count), t)
            wait = reduction.result()
            ready, count, days = told(t, join)
            assert wait.ready == ready
            levels = {"stage": wait.stages, "track": wait.tracks}
            ours = {f"{level} {each.name}": each.length for level, found in levels.items() for each in found}
            assert {name: length.count for name, length in ours.items()} == dict(count), k
            sums = {f"{level} {each.name}": _total(reduction, join, each) for level, f in levels.items() for each in f}
            assert sums == pytest.approx(dict(days)), k
            seen += count + Counter(joins=1)
    assert seen["joins"] > 50
    assert sum(seen.values()) > 1000


def _total(reduction: WaitReduction, join: Any, result: Any) -> float:
    named = next(each for each in (*join.stages, *join.tracks) if each.title == result.title)
    return float(reduction.held[named.members].sums.totals.sum())


# --- as a whole and in parts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"chunk": 700}, {"chunk": 113, "workers": 2}, {"engine": "reference"}], ids=str)
def test_chunks_workers_and_engines_change_no_byte(settings):
    whole, parts = (
        to_json(run(read(SCENARIO), Settings(replications=1000, parameter_sets=7, **each)))["arms"]
        for each in ({"chunk": 10**6}, settings)
    )
    assert json.dumps(parts) == json.dumps(whole)
    assert whole["slow"]["waits"][0]["held_by"]


SCENARIO = made(
    {
        "writing": work({"kind": "lognormal", "median": "100 days", "sd_log": 0.5}, track="clinical"),
        "process": work({"kind": "lognormal", "median": "90 days", "sd_log": 0.5}, track="cmc", title="The process"),
        "filing": work(1, ["writing", "process"], title="The filing"),
    },
    arms={"standard": {}, "slow": {"set": {"stages.process.duration.median": "150 days"}}},
    intervals={"from_process_to_filing": {"from": "process", "to": "filing"}},
)


# --- what is printed --------------------------------------------------------------------------------------------------


def results(**settings: Any):
    return run(read(SCENARIO), Settings(**{"replications": 2000} | settings))


def test_the_table_says_what_the_numbers_say():
    found = results()
    table = next(table for table in tables(found) if table.caption.startswith("What held what"))
    assert table.columns == ("arm", "stage", "waited last for", "in % of them", "months, mean", "P50", "P90")
    assert [row[:3] for row in table.rows] == [
        ("standard", "The filing", "writing"),
        ("", "", "The process"),
        ("slow", "The filing", "writing"),
        ("", "", "The process"),
    ]
    process = found.arms["slow"].waits[0].stages[1].length
    assert table.rows[3][3].startswith(f"{100 * process.share.estimate:.0f}")
    assert table.rows[3][4] == f"{process.lengths['mean'].estimate / MONTH:.1f}"
    one = next(table for table in tables(results(arms=("slow",), compare=False)) if "held" in table.caption)
    assert one.columns[0] == "stage"


def test_json_and_csv_hold_the_same_numbers():
    found = results()
    (wait,) = to_json(found)["arms"]["slow"]["waits"]
    assert (wait["stage"], wait["ready"]) == ("filing", 1.0)
    assert [each["track"] for each in wait["held_by_track"]] == ["clinical", "cmc"]
    assert [set(each) for each in wait["held_by"]] == [{"stage", "share", "months"}] * 2
    rows = {(row[0], row[2], row[4]): row for row in tidy(found).rows}
    for each in wait["held_by"]:
        what = f"filing held by {each['stage']}"
        assert rows["slow", what, "share"][8:11] == tuple(each["share"][k] for k in ("estimate", "low", "high"))
        assert set(each["months"]) == {"mean", "p10", "p50", "p90"}
        for name, value in each["months"].items():
            assert rows["slow", what, f"months {name}"][8:11] == tuple(value[k] for k in ("estimate", "low", "high"))


def test_too_few_futures_give_no_number_and_a_reason():
    found = to_json(results(replications=20))
    assert {each["months"]["mean"]["estimate"] for each in found["arms"]["slow"]["waits"][0]["held_by"]} == {None}
    assert any("reached filing with process as the last to be over" in note for note in found["notes"])


def test_a_stage_that_is_never_ready_was_held_by_nobody():
    wait = held({"a": work(10), "b": work(2000), "c": work(1, ["a", "b"])}, end="a")["c"]
    assert (wait.ready, wait.stages, wait.tracks) == (0, (), ())
