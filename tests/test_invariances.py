"""What must not change a number, and what must change it in one direction only or by an exact amount."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agreement import differing, read
from made import made, only_arm, random_arm, shipped, simulate, trial, unlike, work
from pathways import Dice, random_pathway

import pathway_sim
from pathway_sim import document
from pathway_sim.analysis.as_json import to_json
from pathway_sim.run import Settings, run
from pathway_sim.scenario import SHIPPED, load

SCENARIOS = SHIPPED.names()
RANDOM = range(0, 300, 6)
COUNT = 40
HALF_YEAR = 6 * 30.4375
DESIGNATION = ("rmat", "rmat_meeting")


def plain(name: str) -> dict[str, Any]:
    """A shipped scenario written out, as plain data that a test may change."""
    return document.plain(shipped(name).document)


def same_on(pathway: Any, other: Any, count: int = COUNT, sets: int = 3, leave: str = "") -> None:
    assert unlike(simulate("batch", pathway, count, sets=sets), simulate("batch", other, count, sets=sets), leave) == []


# --- Nothing but the thing itself changes a number --------------------------------------------------------------------

UNRELATED = {
    "kind": "trial",
    "duration": {"kind": "lognormal", "median": "2 days", "sd_log": 0.5},
    "success": {"kind": "beta", "alpha": 2, "beta": 2},
    "terminal": [],
}


@pytest.mark.parametrize("name", ["a0-new", "zzz-new"])
def test_an_unrelated_stage_changes_no_other_column(name):
    for k in RANDOM:
        plain = random_pathway(k)
        plain["stages"] |= {name: UNRELATED}
        same_on(random_arm(k), only_arm(plain), leave=name)


@pytest.mark.parametrize("name", ["a0-new", "zzz-new"])
def test_an_unrelated_stage_changes_no_other_column_of_shipped_scenarios(name):
    for scenario in ("msc-dpn", "fda-cell-therapy"):
        more = plain(scenario)
        more["stages"] |= {name: UNRELATED}
        for arm, pathway in read(more).pathways.items():
            same_on(pathway, shipped(scenario).pathways[arm], 3000, 250, leave=name)


@pytest.mark.parametrize("scenario", ["msc-dpn"])
def test_an_arm_more_changes_no_other_arm(scenario):
    more = plain(scenario)
    more["arms"]["another"] = {"set": {"stages.phase_3.success": 0.9}}
    given = Settings(replications=2000, arms=("rmat",))
    one, other = (to_json(run(s, given)) for s in (shipped(scenario), read(more)))
    assert one["arms"] == other["arms"]
    assert one["comparisons"] == other["comparisons"]


def reordered(node: Any) -> Any:
    """The same data with every mapping's keys in reverse."""
    if isinstance(node, dict):
        return {name: reordered(node[name]) for name in reversed(list(node))}
    return [reordered(item) for item in node] if isinstance(node, list) else node


def test_the_order_of_keys_means_nothing_on_random_pathways():
    for k in RANDOM:
        same_on(random_arm(k), only_arm(reordered(random_pathway(k))))


def renamed(node: dict[str, Any]) -> dict[str, Any]:
    """Other names and descriptions of the scenario itself."""
    texts = ("title", "question", "context_of_use", "not_for")
    return node | {"name": "other"} | {name: f"Other {name}" for name in texts if name in node}


@pytest.mark.parametrize("change", [reordered, renamed, copy.deepcopy], ids=["keys", "names", "extends-written-out"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_what_means_nothing_changes_neither_numbers_nor_fingerprint(name, change):
    scenario, other = shipped(name), read(change(plain(name)))
    assert other.fingerprint == scenario.fingerprint
    assert list(other.pathways) == list(scenario.pathways)
    for arm, pathway in scenario.pathways.items():
        t, u = (simulate("batch", each, 500, sets=250) for each in (pathway, other.pathways[arm]))
        assert differing(t, u) == []
        assert (t.endings() == u.endings()).all()


@pytest.mark.parametrize("name", SCENARIOS)
def test_comments_and_spacing_change_neither_numbers_nor_fingerprint(name):
    text = document.dump(shipped(name).document, origins=True)
    spaced = "\n# a comment\n\n" + text.replace("\n", "\n\n")
    assert load(spaced.encode()).fingerprint == shipped(name).fingerprint


@pytest.mark.parametrize("name", SCENARIOS)
def test_titles_and_notes_change_no_number(name):
    """Texts inside the scenario: titles of stages and arms, what a number rests on, what a check is of."""

    def retold(node: Any) -> Any:
        if isinstance(node, dict):
            texts = {
                key: "Other"
                for key in ("title", "joined", "assumption", "regulation", "of")
                if isinstance(node.get(key), str)
            }
            return {key: retold(value) for key, value in node.items()} | texts
        return [retold(item) for item in node] if isinstance(node, list) else node

    other = read(retold(plain(name)))
    for arm, pathway in shipped(name).pathways.items():
        t, u = (simulate("batch", each, 500, sets=250) for each in (pathway, other.pathways[arm]))
        assert differing(t, u) == []


def test_a_number_changes_the_fingerprint():
    other = plain("msc-dpn")
    other["stages"]["bla"]["approve"]["first"]["alpha"] = 14
    assert read(other).fingerprint != shipped("msc-dpn").fingerprint


def in_days(node: Any) -> Any:
    """The same data with every month, week and year written as days."""
    if isinstance(node, dict):
        return {name: in_days(value) for name, value in node.items()}
    if isinstance(node, list):
        return [in_days(item) for item in node]
    units = {"week": Decimal(7), "month": Decimal("30.4375"), "year": Decimal("365.25")}
    match = re.fullmatch(r"(-?[0-9.]+) (week|month|year)s?", node) if isinstance(node, str) else None
    return f"{Decimal(match[1]) * units[match[2]]} days" if match else node


@pytest.mark.parametrize("name", SCENARIOS)
def test_units_of_time_change_no_number(name):
    changed = in_days(plain(name))
    assert changed["horizon"] == "9131.25 days"
    other = read(changed)
    for arm, pathway in shipped(name).pathways.items():
        assert pathway.horizon == other.pathways[arm].horizon
        t, u = (simulate("batch", each, 4000, sets=250) for each in (pathway, other.pathways[arm]))
        assert differing(t, u) == []


# --- One direction only -----------------------------------------------------------------------------------------------


def linear(k: int) -> tuple[dict[str, Any], list[tuple[str, ...]]]:
    """Random linear model k: stages in a row, with the paths of its chances of success."""
    dice, stages, chances = Dice(10_000 + k), {}, []
    before = None
    for place in range(2 + dice.below(5)):
        name, length = f"s{place}", {"kind": "lognormal", "median": f"{20 + dice.below(200)} days", "sd_log": 0.5}
        p = 0.2 + dice.below(60) / 100
        kind = dice.below(3)
        if kind == 0:
            stages[name], end, path = trial(length, p), "success", ("success",)
        elif kind == 1:
            stages[name] = work(length, outcomes={"good": p, "bad": "rest"}, terminal=["bad"])
            end, path = "good", ("outcomes", "good")
        else:
            stages[name] = {"kind": "hold", "clock": "30 days", "probability": 0.5, "repair": length, "lifted": p}
            end, path = "effective", ("lifted",)
        stages[name] |= {"after": [before]} if before else {}
        before = f"{name}.{end}"
        chances.append((name, *path))
    stages["bla"] = {
        "kind": "application",
        "after": [before],
        "goal": "300 days",
        "approve": 0.5,
        "response": "90 days",
    }
    stages["bla"] |= {"withdraw": 0.2, "cause": {"cmc": 0.5, "clinical": 0.5}, "at_most": 2}
    return made(stages, "6 years", "bla.approved"), [*chances, ("bla", "approve")]


@pytest.mark.parametrize("first", range(0, 100, 20))
def test_a_better_chance_turns_no_arrival_into_a_failure(first):
    gained = 0
    for k in range(first, first + 20):
        model, chances = linear(k)
        name, *path, last = Dice(k).pick(chances)
        better = copy.deepcopy(model)
        node = better["stages"][name]
        for key in path:
            node = node[key]
        node[last] = min(1.0, node[last] * 1.3)
        t, u = (simulate("batch", only_arm(each), 10_000) for each in (model, better))
        assert (u.milestone("end") <= t.milestone("end")).all()
        gained += np.count_nonzero(u.milestone("end") < t.milestone("end"))
    assert gained > 0


def unconditional(k: int) -> dict[str, Any]:
    """Random pathway k without what reads a clock: no conditions, effects, deadlines or ends of the program."""
    plain = {name: value for name, value in random_pathway(k).items() if name not in ("effects", "pace")}
    plain["as_of"] = "2026-01-01"  # no rule changes after that
    for stage in plain["stages"].values():
        stage.pop("if", None)
        stage.pop("extend", None)
        stage["terminal"] = []
    return plain


def longer(stage: dict[str, Any]) -> bool:
    """Lengthen the first duration of a stage by 2 days; False if it has none."""
    for name in ("duration", "repair", "clock", "response", "goal"):
        if isinstance(stage.get(name), str):
            stage[name] = f"{int(stage[name].split()[0]) + 2} days"
            return True
        if isinstance(stage.get(name), dict) and "kind" in stage[name]:
            stage[name]["shift"] = "2 days"
            return True
    return False


def test_a_longer_stage_makes_nothing_earlier():
    later, tried = 0, 0
    for k in range(0, 300, 2):
        model = unconditional(k)
        changed = copy.deepcopy(model)
        stages = list(changed["stages"].values())
        if not longer(stages[Dice(k).below(len(stages))]):
            continue
        t, u = (simulate("batch", only_arm(each), 200, sets=3) for each in (model, changed))
        assert (u.start >= t.start).all(), k
        assert (u.end >= t.end).all(), k
        assert (u.milestone("arrival") >= t.milestone("arrival")).all(), k
        tried, later = tried + 1, later + (u.end > t.end).any()
    assert tried > 100
    assert later > 0.6 * tried


def test_a_constant_stage_in_front_adds_exactly():
    for k in range(0, 100, 5):
        model, _ = linear(k)
        changed = copy.deepcopy(model)
        changed["stages"]["s0"]["after"] = ["wait"]
        changed["stages"]["wait"] = work("6 months")
        for each in (model, changed):
            each["horizon"] = "200 years"
        t, u = (simulate("batch", only_arm(each), 1000) for each in (model, changed))
        for rank, step in enumerate(t.pathway.steps):
            other = u.pathway.rank[step.name]
            assert (u.start[other] == t.start[rank] + HALF_YEAR).all()
            assert (u.end[other] == t.end[rank] + HALF_YEAR).all()
            assert (u.outcome[other] == t.outcome[rank]).all()


def test_a_constant_stage_before_the_ind_adds_exactly():
    changed = plain("msc-dpn") | {"horizon": "100 years"}
    longest = read(changed).pathways
    changed["stages"]["ind"]["after"] = ["wait"]
    changed["stages"]["wait"] = work("6 months")
    for arm, pathway in read(changed).pathways.items():
        t, u = (simulate("batch", each, 20_000, sets=250) for each in (longest[arm], pathway))
        assert (u.milestone("availability") == t.milestone("availability") + HALF_YEAR).all()
        assert np.isfinite(t.milestone("availability")).sum() > 300


# --- A designation without effects ------------------------------------------------------------------------------------


def neutral(name: str) -> list[str]:
    """Overrides that put the number of every effect at 1, or switch it off if it replaces a number."""
    effects = plain(name)["effects"]
    operators = {effect: [op for op in ("scale", "odds") if op in spec] for effect, spec in effects.items()}
    numbers = [f"effects.{effect}.{each[0]}=1" for effect, each in operators.items() if each]
    return numbers + [f"effects.{effect}.enabled=false" for effect, each in operators.items() if not each]


@pytest.mark.parametrize("name", ["msc-dpn", "fda-cell-therapy"])
def test_rmat_with_neutral_effects_is_standard_in_every_column(name):
    scenario = load(name, sets=neutral(name))
    t, u = (simulate("batch", scenario.pathways[arm], 100_000, sets=250) for arm in ("standard", "rmat"))
    assert np.isfinite(u.start[u.pathway.rank["rmat.decision/1"]]).any()
    assert unlike(t, u, leave=DESIGNATION) == []
    assert (t.ended == u.ended).all()
    assert all((t.milestone(each) == u.milestone(each)).all() for each in t.pathway.milestones)


@pytest.mark.parametrize("name", ["msc-dpn", "fda-cell-therapy"])
def test_rmat_that_is_never_granted_is_standard_in_every_column(name):
    scenario = load(name, sets=["stages.rmat.grant=0"])
    t, u = (simulate("batch", scenario.pathways[arm], 20_000, sets=250) for arm in ("standard", "rmat"))
    assert unlike(t, u, leave=DESIGNATION) == []


def test_rmat_with_its_effects_is_not_standard():
    """The two tests above would notice an effect."""
    t, u = (simulate("batch", shipped("msc-dpn").pathways[arm], 20_000, sets=250) for arm in ("standard", "rmat"))
    assert {"phase_3/1", "assembly/1", "eop2.minutes/1"} <= set(unlike(t, u, leave=DESIGNATION))


# --- Comparisons ------------------------------------------------------------------------------------------------------


def two_arms(first: dict[str, Any], second: dict[str, Any], baseline: str) -> dict[str, Any]:
    arms = {"one": {"set": first}, "two": {"set": second}}
    stages = {"a": trial({"kind": "lognormal", "median": "300 days", "sd_log": 0.4}, 0.5)}
    return made(stages, "4 years", "a.success", arms=arms, baseline=baseline)


def test_equal_arms_gain_exactly_nothing():
    for baseline in ("one", "two"):
        (pair,) = to_json(run(read(two_arms({}, {}, baseline)), Settings(replications=5000)))["comparisons"]
        for what in ("restricted_mean_months_gained", "probability_difference"):
            assert pair[what]["estimate"] == 0.0
        assert pair["months_gained_if_both"]["mean"]["estimate"] == 0.0
        assert (pair["same"], pair["faster"], pair["slower"]) == (1.0, 0.0, 0.0)
        assert pair["only_in_arm"] == pair["only_in_baseline"] == 0.0
        assert all(point["estimate"] == 0.0 for point in pair["difference_by_year"])


def test_swapped_arms_are_a_mirror_image():
    faster = {"stages.a.success": 0.6, "stages.a.duration.median": "200 days"}
    (pair,), (back,) = (
        to_json(run(read(two_arms({}, faster, baseline)), Settings(replications=5000)))["comparisons"]
        for baseline in ("one", "two")
    )
    for what in ("restricted_mean_months_gained", "probability_difference"):
        assert pair[what]["estimate"] == -back[what]["estimate"] != 0
    assert (pair["faster"], pair["slower"]) == (back["slower"], back["faster"])
    assert (pair["only_in_arm"], pair["only_in_baseline"]) == (back["only_in_baseline"], back["only_in_arm"])


# --- One replication is one future ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["msc-dpn", "bio-2021"])
@pytest.mark.parametrize("count", [1, 100, 1000])
def test_a_replication_is_the_same_in_a_run_of_any_size(name, count):
    """Also at the start of a run of another size, and wherever the run begins."""
    for pathway in list(shipped(name).pathways.values())[:2]:
        whole = simulate("batch", pathway, 10_000, sets=250)
        for first in (0, 137, 9_000):
            part = simulate("batch", pathway, count, sets=250, first=first)
            for column in ("start", "end", "outcome", "ended", "ended_by"):
                assert np.array_equal(getattr(part, column), getattr(whole, column)[..., first : first + count])


def test_counts_of_two_halves_add_up():
    whole, *halves = (
        run(shipped("msc-dpn"), Settings(replications=n, first=k)) for n, k in ((4000, 0), (1500, 0), (2500, 1500))
    )
    for arm, result in whole.arms.items():
        for ending, share in result.outcomes.items():
            counted = sum(half.arms[arm].outcomes[ending] * half.arms[arm].replications for half in halves)
            assert round(share * 4000) == round(counted)


# --- Where and when it runs -------------------------------------------------------------------------------------------

PLACES = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Kiritimati", "LC_ALL": "de_DE.UTF-8", "LANG": "tr_TR.UTF-8"},
)


def saved(folder: Path, environment: dict[str, str]) -> dict[str, bytes]:
    """The files of a run saved by the command line from this folder, in this environment, and what it printed."""
    folder.mkdir()
    command = [sys.executable, "-m", "pathway_sim", "compare", "msc-dpn", "--replications", "2000"]
    command += ["--save", "saved", "--events", "log.csv", "--format", "json"]
    root = str(Path(pathway_sim.__file__).parent.parent)
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": root, **environment}, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return files | {"printed": done.stdout}


def test_hash_seed_time_zone_locale_and_folder_change_no_byte(tmp_path):
    one, other = (saved(tmp_path / f"place {k}", place) for k, place in enumerate(PLACES))
    assert one.keys() == other.keys()
    assert {"saved/manifest.json", "saved/results.json", "saved/curves.csv", "saved/scenario.yaml", "log.csv"} < set(
        one
    )
    assert [name for name in one if one[name] != other[name]] == []
