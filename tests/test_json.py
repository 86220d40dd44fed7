"""What ``run`` and ``compare`` print as JSON, and what ``show`` prints: every key, type and sum."""

from __future__ import annotations

import datetime
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from pathway_sim import cli, document
from pathway_sim.analysis.as_json import to_json
from pathway_sim.run import Settings, run
from pathway_sim.scenario import Scenario, load
from pathway_sim.scenario.resolved import of_arm, settled, values, with_defaults
from pathway_sim.units import YEAR

ENDING = b"""
format: 1
name: ending
title: Availability that may end
as_of: 2026-01-01
horizon: 6 years
stages:
  review: {kind: work, duration: 1 year, outcomes: {approved: 0.8, refused: rest}, terminal: [refused]}
  confirm: {kind: trial, duration: {kind: uniform, low: 1 year, high: 4 years}, success: 0.5, after: [review.approved],
            terminal: []}
milestones:
  approval: {reached: review.approved, until: confirm.failed}
"""
ESTIMATE = {"estimate", "low", "high"}
EDGES = {
    "one replication": ("msc-dpn", (), {"replications": 1}),
    "no arrivals": ("msc-dpn", ("stages.phase_1.success=0",), {"replications": 400}),
    "no arrivals, one set": ("msc-dpn", ("stages.phase_1.success=0",), {"replications": 40, "parameter_sets": 1}),
    "few arrivals": ("msc-dpn", (), {"replications": 1000}),
    "a short horizon": ("msc-dpn", ("horizon=3 weeks",), {"replications": 100}),
    "17 arms": ("bio-2021", (), {"replications": 500}),
    "one arm": ("msc-dpn", (), {"replications": 500, "arms": ("standard",), "compare": False}),
    "many sets": ("msc-dpn", (), {"replications": 20_000}),
    "an ending": (ENDING, (), {"replications": 500}),
}


@cache
def made(edge: str) -> tuple[Scenario, dict[str, Any]]:
    """The scenario and its object."""
    source, sets, settings = EDGES[edge]
    scenario = load(source, sets=sets)
    return scenario, to_json(run(scenario, Settings(**settings)))  # type: ignore[arg-type]


def walk(node: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value with its path."""
    yield path, node
    if isinstance(node, dict):
        for key, value in node.items():
            yield from walk(value, *path, key)
    elif isinstance(node, list):
        for k, value in enumerate(node):
            yield from walk(value, *path, str(k))


@pytest.mark.parametrize("edge", EDGES)
def test_it_is_json_and_nothing_else(edge):
    _, data = made(edge)
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert set(data) == {"format", "manifest", "arms", "comparisons", "notes"}
    assert data["format"] == 1
    for _, value in walk(data):
        assert type(value) in (dict, list, str, int, float, bool, type(None))
        assert not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize("edge", EDGES)
def test_the_manifest_says_what_was_run(edge):
    scenario, data = made(edge)
    manifest = data["manifest"]
    kinds = {
        "scenario": str, "fingerprint": str, "seed": int, "replications": int, "first": int, "parameter_sets": int,
        "engine": str, "engine_reason": str, "version": str, "as_of": str, "horizon_years": float, "goal": str,
        "baseline": str, "arms": list,
    }  # fmt: skip
    assert {name: type(value) for name, value in manifest.items() if name in kinds} == kinds
    assert manifest["fingerprint"] == scenario.fingerprint
    assert len(manifest["fingerprint"]) == len("sha256:") + 64
    assert manifest["as_of"] == scenario.as_of.isoformat()
    assert manifest["arms"] == list(data["arms"])
    assert manifest["baseline"] == manifest["arms"][0]


@pytest.mark.parametrize("edge", EDGES)
def test_outcomes_sum_to_one_with_the_goal_first(edge):
    scenario, data = made(edge)
    for arm in data["arms"].values():
        assert math.isclose(math.fsum(arm["outcomes"].values()), 1.0, abs_tol=1e-12)
        assert next(iter(arm["outcomes"])) == scenario.goal
        assert list(arm["outcomes"])[-1] == "censored"
        assert all(0 <= share <= 1 for share in arm["outcomes"].values())
        assert all(":" in label for label in list(arm["outcomes"])[1:-1])
        probability = arm["milestones"][scenario.goal]["probability"]["estimate"]
        assert math.isclose(arm["outcomes"][scenario.goal], probability, abs_tol=1e-12)


@pytest.mark.parametrize("edge", EDGES)
def test_milestones_have_their_keys(edge):
    _, data = made(edge)
    years = int(data["manifest"]["horizon_years"])
    sets = data["manifest"]["parameter_sets"]
    keys = ESTIMATE | ({"band"} if sets > 1 else set())
    for arm in data["arms"].values():
        for name, milestone in arm["milestones"].items():
            ending = {"available_at"} if edge == "an ending" else set()
            assert set(milestone) == {"probability", "given_reached_years", "cumulative_incidence"} | ending, name
            assert set(milestone["given_reached_years"]) == {"mean", "sd", "p10", "p50", "p80", "p90"}
            for key, value in milestone["given_reached_years"].items():
                assert type(value) in (float, type(None)) if key == "sd" else set(value) == keys
            for curve in ({"cumulative_incidence"} | ending) & set(milestone):
                points = milestone[curve]
                assert [point["years"] for point in points] == list(range(1, years + 1))
                assert all(set(point) == keys | {"years", "date"} for point in points)
            shares = [point["estimate"] for point in milestone["cumulative_incidence"]]
            assert shares == sorted(shares)


@pytest.mark.parametrize("edge", EDGES)
def test_estimates_lie_in_their_intervals(edge):
    _, data = made(edge)
    for path, value in walk({"arms": data["arms"], "comparisons": data["comparisons"]}):
        if isinstance(value, dict) and set(value) >= ESTIMATE and value["low"] is not None:
            assert value["low"] <= value["estimate"] <= value["high"], path
        if isinstance(value, dict) and value.get("band") is not None:
            assert set(value["band"]) == {"p5", "p95"}
            assert value["band"]["p5"] <= value["band"]["p95"]


def test_dates_are_whole_days_after_as_of():
    scenario, data = made("few arrivals")
    points = data["arms"]["rmat"]["milestones"]["availability"]["cumulative_incidence"]
    assert len(points) == 25
    for point in points:
        wanted = scenario.as_of + datetime.timedelta(days=math.floor(YEAR * point["years"]))
        assert point["date"] == wanted.isoformat()


@pytest.mark.parametrize("edge", [name for name in EDGES if name not in ("one arm", "an ending")])
def test_comparisons_have_their_keys_and_sums(edge):
    _, data = made(edge)
    names = list(data["arms"])
    assert [each["arm"] for each in data["comparisons"]] == names[1:]
    for each in data["comparisons"]:
        assert set(each) >= {
            "baseline", "arm", "milestone", "probability_difference", "months_gained_if_both", "faster", "same",
            "slower", "only_in_arm", "only_in_baseline", "restricted_mean_months_gained", "by_effect_months",
        }  # fmt: skip
        assert each["baseline"] == names[0]
        assert set(each["months_gained_if_both"]) == {"mean", "p10", "p50", "p90", "share"}
        order = [each["faster"], each["same"], each["slower"]]
        if each["months_gained_if_both"]["share"] == 0:
            assert order == [None, None, None]
        else:
            assert math.isclose(math.fsum(order), 1.0, abs_tol=1e-12)
        arms = [data["arms"][name]["milestones"][each["milestone"]]["probability"] for name in (each["arm"], names[0])]
        difference = arms[0]["estimate"] - arms[1]["estimate"]
        assert math.isclose(each["probability_difference"]["estimate"], difference, abs_tol=1e-12)
        assert math.isclose(each["only_in_arm"] - each["only_in_baseline"], difference, abs_tol=1e-12)
        assert len(each["difference_by_year"]) == int(data["manifest"]["horizon_years"])


@pytest.mark.parametrize("edge", EDGES)
def test_every_null_has_its_reason_among_the_notes(edge):
    _, data = made(edge)
    notes = " ".join(data["notes"])
    for name, arm in data["arms"].items():
        for milestone, result in arm["milestones"].items():
            given = result["given_reached_years"]
            if any(value is None or value["estimate"] is None for key, value in given.items() if key != "sd"):
                assert f"{name}: " in notes
                assert f"reached {milestone}" in notes
    for each in data["comparisons"]:
        assert each["by_effect_months"] is None
        assert "by_effect_months" in notes
        if each["months_gained_if_both"]["p10"]["estimate"] is None:
            assert f"{each['arm']} against {each['baseline']}" in notes
    bandless = [path for path, value in walk(data) if path and path[-1] == "band" and value is None]
    assert not bandless or "band" in notes


def test_run_compares_nothing_and_compare_does(capsys):
    def printed(command: str) -> dict[str, Any]:
        assert cli.run_command_line([command, "msc-dpn", "-n", "200", "--format", "json"]) == 0
        return json.loads(capsys.readouterr().out)

    run_, compare = printed("run"), printed("compare")
    assert run_["comparisons"] == []
    assert len(compare["comparisons"]) == 1
    assert run_["arms"] == compare["arms"]


def test_the_same_run_prints_the_same_bytes():
    command = [sys.executable, "-m", "pathway_sim", "compare", "msc-dpn", "-n", "500", "--format", "json"]
    first, second = (subprocess.run(command, capture_output=True, check=True, timeout=60).stdout for _ in range(2))
    assert first == second
    assert first.endswith(b"}\n")


def test_list_and_check_print_json(capsys):
    assert cli.run_command_line(["list", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [set(each) for each in listed] == [{"name", "title", "question"}] * len(listed)
    assert "msc-dpn" in [each["name"] for each in listed]
    assert all(each["question"] for each in listed)
    assert cli.run_command_line(["check", "bio-2021", "--format", "json"]) == 0
    for each in json.loads(capsys.readouterr().out):
        assert set(each) == {"figure", "simulated", "accepted", "published", "source", "n", "result"}


# show: a scenario as one file


def same_numbers(one: Scenario, other: Scenario) -> None:
    """Two scenarios give the same arms and comparisons."""
    settings = Settings(replications=400)
    first, second = (to_json(run(scenario, settings)) for scenario in (one, other))
    assert first["arms"] == second["arms"]
    assert first["comparisons"] == second["comparisons"]


SHOWN = [
    ("bio-2021", ()),
    ("fda-cell-therapy", ()),
    ("msc-dpn", ()),
    ("msc-dpn-accelerated", ("stages.surrogate.outcomes.accepted=0.7", "stages.phase_2.duration.sd_log=0.5")),
    ("msc-dpn", ("stages.rmat.enabled=true", "stages.phase_2.success=0.5")),
    (ENDING, ("stages.confirm.success={kind: beta, alpha: 2, beta: 2}",)),
]


@pytest.mark.parametrize("origins", [False, True])
@pytest.mark.parametrize(("source", "sets"), SHOWN, ids=str)
def test_a_resolved_scenario_reads_back_to_the_same_numbers(source, sets, origins):
    scenario = load(source, sets=sets)
    text = document.dump(with_defaults(settled(scenario)), origins)
    again = load(text.encode())
    same_numbers(scenario, again)
    assert document.dump(with_defaults(settled(again))) == document.dump(with_defaults(settled(scenario)))


@pytest.mark.parametrize("arm", ["standard", "rmat"])
def test_an_arm_reads_back_as_a_scenario_of_its_own(arm):
    scenario = load("msc-dpn", sets=["parameter_sets=2"])
    alone = load(document.dump(with_defaults(of_arm(scenario, arm))).encode())
    assert list(alone.pathways) == [arm]
    settings = Settings(replications=400, arms=(arm,), compare=False)
    assert to_json(run(alone, settings))["arms"] == to_json(run(scenario, settings))["arms"]


def test_show_says_where_every_value_comes_from(capsys):
    arguments = ["show", "msc-dpn", "--resolved", "--origins", "--arm", "rmat", "--set", "stages.phase_2.success=0.3"]
    assert cli.run_command_line(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "    success: 0.3  # --set stages.phase_2.success=0.3" in lines
    assert "    enabled: true  # default" in lines
    assert any(line.endswith("# scenarios/msc-dpn.yaml:5:7") for line in lines)
    assert any("fda-cell-therapy.yaml:" in line for line in lines)
    for line in lines:
        assert line.endswith(":") or "  # " in line, line


def test_show_defaults_only_where_asked(capsys):
    cli.run_command_line(["show", "msc-dpn"])
    plain = capsys.readouterr().out
    cli.run_command_line(["show", "msc-dpn", "--resolved"])
    resolved = capsys.readouterr().out
    assert "pivotal_trials: 1" not in plain
    assert "pivotal_trials: 1" in resolved
    assert "extends:" not in plain


def test_show_as_rows_and_as_json(capsys):
    cli.run_command_line(["show", "msc-dpn", "--format", "json"])
    assert json.loads(capsys.readouterr().out) == document.plain(load("msc-dpn").document)
    cli.run_command_line(["show", "msc-dpn", "--format", "json", "--origins"])
    rows = json.loads(capsys.readouterr().out)
    assert rows[0] == {"path": "format", "value": "1", "origin": "scenarios/msc-dpn.yaml:4:9"}
    cli.run_command_line(["show", "msc-dpn", "--format", "csv"])
    assert capsys.readouterr().out.startswith("path,value\nformat,1\n")
    assert {path: value for path, value, _ in values(load("msc-dpn").document)}["stages.ind.kind"] == "hold"
