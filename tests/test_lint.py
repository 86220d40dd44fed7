"""Known mistakes: each file in ``tests/lint`` makes one, on the line marked ``# here``; its twin does not."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from agreement import read
from made import made
from pathways import random_pathway

from pathway_sim.cli import run_command_line
from pathway_sim.scenario import SHIPPED, load
from pathway_sim.scenario.lint import WARNINGS, Finding, lint

FILES = Path(__file__).parent / "lint"
PAGE = Path(__file__).parents[1] / "docs" / "reference" / "lint.md"
INTRODUCTION = """# Warnings of `lint`

`pathway-sim lint SCENARIO` looks in a valid scenario for known mistakes. A warning does not stop a run; `run` and
`compare` say in one line that there are some. A benchmark that makes one on purpose says so, and why, under
[`exempt`](files.md#exemptions). The numbers below are of the worked case, `msc-dpn`, unless another source is named.
"""


def found(source: Any, *sets: str) -> list[Finding]:
    return list(lint(load(source, sets=sets)))


def names(source: Any, *sets: str) -> list[str]:
    return [each.name for each in found(source, *sets)]


# --- Each mistake is found where it stands, and nothing else is -------------------------------------------------------


@pytest.mark.parametrize("name", WARNINGS)
def test_a_mistake_is_found_where_it_stands(name, monkeypatch):
    monkeypatch.chdir(FILES)
    lines = Path(f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    marked = [number for number, line in enumerate(lines, 1) if line.endswith("# here")]
    assert [(each.name, each.origin.file, each.origin.line) for each in found(f"{name}.yaml")] == [
        (name, f"{name}.yaml", number) for number in marked
    ]
    assert len(marked) == 1


@pytest.mark.parametrize("name", WARNINGS)
def test_the_mended_twin_has_no_warning(name, monkeypatch):
    monkeypatch.chdir(FILES)
    assert found(f"{name}-mended.yaml") == []


def test_every_file_belongs_to_a_warning():
    assert {path.stem for path in FILES.glob("*.yaml")} == {
        f"{name}{end}" for name in WARNINGS for end in ("", "-mended")
    }


@pytest.mark.parametrize("name", SHIPPED.names())
def test_shipped_scenarios_have_no_warning(name):
    assert found(name) == []


# --- Other ways to make the same mistakes -----------------------------------------------------------------------------

GRANTED = "{if: rmat.granted, on: %s, %s: {value: %s, assumption: a guess}}"
WAYS = {
    "rmat-as-factor": [
        *(
            f"effects.part_{k}=" + GRANTED % (f"{stage}.duration", "scale", 0.95)
            for k, stage in enumerate(("phase_3", "phase_3_startup", "assembly", "cmc_gate_b"))
        )
    ],
    "rmat-shortens-goal": ["effects.by_right=" + GRANTED % ("bla.goal.standard", "set", "8 months")],
    "accelerated-without-surrogate": [
        "effects.accelerated_way={if: {any: [rmat.granted, surrogate.accepted]}, on: phase_3.duration, scale: 0.95}",
    ],
    "pooled-grant": ["stages.rmat.grant={value: 0.437, evidence: rmat.grant_regimes.fy2017_2023}"],
    "letter-is-end": ["stages.bla.withdraw=1"],
    "goal-is-action": ["stages.bla.slip=0 days"],
    "filing-counted-twice": ["stages.bla.goal.standard=10 months"],
    "filing-to-approval-chained": ["stages.assembly.duration={evidence: dur_bio21_all.regulatory}"],
    "killed-twice": ["stages.phase_3.success={evidence: suc_bio21_all.filing_to_approval}"],
    "chained-definitions": ["stages.phase_2.success={value: 0.08, evidence: suc_els_nononc.not_oncology}"],
    "mean-as-median": [
        "stages.phase_1.duration={kind: lognormal, median: {evidence: dur_bio21_all.phase1}, sd_log: 0.4}"
    ],
}


@pytest.mark.parametrize("name", WAYS)
def test_another_way_to_make_the_mistake(name):
    assert names("msc-dpn", *WAYS[name]) == [name]


NEIGHBOURS = {
    "two stages alike": ["effects.part=" + GRANTED % ("[phase_3.duration, assembly.duration]", "scale", 0.95)],
    "priority more often": ["effects.priority_share.odds=1.5"],
    "a goal that a grant makes longer": ["effects.review_goal.scale=1.1"],
    "a path that needs an endpoint": ["stages.surrogate.outcomes.accepted=1"],
    "a regime that holds": ["stages.rmat.grant={evidence: rmat.grant_regimes.fy2024_q1_2025}"],
    "one cause that nobody answers": ["stages.bla.at_most=1", "stages.bla.withdraw.cmc=1"],
    "late actions": ["stages.bla.slip.approved=3 days", "stages.bla.slip.letter=0 days"],
    "another agency's goal": ["stages.bla.goal.standard=224 days"],
    "a published time that is checked": ["stages.phase_1.duration={evidence: dur_bio21_all.phase1}"],
    "a hold that is always lifted": ["stages.ind.lifted=1"],
    "a stage switched off": ["stages.bla.at_most=0", "stages.bla.enabled=false"],
    "a median beside a mean": [
        "stages.phase_1.duration={kind: lognormal, median: 27.6 months, sd_log: 0.4, "
        "evidence: [dur_bio21_all.phase1, dur_wongak_bla_none], joined: a guess}"
    ],
    "the mean as a mean": [
        "stages.phase_1.duration={kind: lognormal, mean: 27.6 months, sd: 11 months, evidence: dur_bio21_all.phase1}"
    ],
}


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_what_only_looks_like_a_mistake_has_no_warning(name):
    assert found("msc-dpn", *NEIGHBOURS[name]) == []


def test_a_goal_that_is_shorter_in_the_arm_that_asks():
    text = b"""
format: 1
name: arms
title: A shorter goal in one arm
extends: msc-dpn
arms:
  rmat:
    set:
      stages.bla.goal.standard: 8 months
"""
    (finding,) = found(text)
    assert (finding.name, finding.origin.line, finding.path) == ("rmat-shortens-goal", 9, "stages.bla.goal.standard")


def test_an_effect_on_a_table_acts_on_all_of_it():
    override = "effects.sooner=" + GRANTED % ("bla.resubmission_goal", "scale", 0.9)
    assert names("msc-dpn", override) == ["rmat-shortens-goal"]


def test_filing_days_are_added_to_a_goal_that_is_left_to_the_agency():
    application = {
        "kind": "application",
        "after": "filing",
        "goal": {"share": 0.5},
        "approve": 0.5,
        "response": "1 year",
    }
    stages = {"filing": {"kind": "work", "duration": "60 days"}, "bla": application | {"slip": "3 days"}}
    assert [each.name for each in lint(read(made(stages)))] == ["filing-counted-twice"]


def test_a_letter_that_is_terminal():
    text = b"""
format: 1
name: letter
title: A letter that ends everything
as_of: 2026-01-01
horizon: 9 years
stages:
  review: {kind: work, duration: 1 year, outcomes: {approved: 0.7, crl: rest},
           terminal: [crl]}
milestones: {approval: review.approved}
"""
    assert [(each.name, each.origin.line, each.origin.column) for each in found(text)] == [("letter-is-end", 9, 23)]


def test_an_accelerated_stage_needs_the_endpoint_through_all_that_it_waits_for():
    text = """
format: 1
name: stage
title: A stage
as_of: 2026-01-01
horizon: 9 years
stages:
  endpoint: {kind: work, duration: 0 days, outcomes: {accepted: 0.3, not_accepted: rest}}
  short: {kind: trial, duration: 1 year, success: 0.5, after: [endpoint.%s]}
  accelerated_review: {kind: work, duration: 1 year, after: [short.success]}
milestones: {approval: accelerated_review.done}
"""
    assert names((text % "accepted").encode()) == []
    assert names((text % "not_accepted").encode()) == ["accelerated-without-surrogate"]


def test_the_first_regime_was_right_while_it_held():
    grant = "stages.rmat.grant={value: 0.437, evidence: rmat.grant_regimes.fy2017_2023}"
    assert names("msc-dpn", grant, "as_of=2023-06-01") == []


def test_stages_before_the_start_are_not_looked_at():
    lifted = [
        "stages.phase_1.duration={kind: lognormal, median: 27.6 months, sd_log: 0.4, evidence: dur_bio21_all.phase1}"
    ]
    assert names("msc-dpn", *lifted) == ["mean-as-median"]
    assert names("msc-dpn", *lifted, "start.stage=phase_2") == []


@pytest.mark.parametrize("k", range(40))
def test_any_valid_scenario_can_be_looked_at(k):
    scenario = read(random_pathway(k))
    assert {each.name for each in lint(scenario)} <= WARNINGS.keys()
    assert lint(scenario) == lint(scenario)


def test_many_ways_through_a_scenario_are_followed_once():
    """A chain of 90 diamonds between two published phases, with 2**90 ways from one to the other."""
    trial = {"kind": "trial", "duration": {"evidence": "dur_bio21_all.phase1"}, "success": 0.5}
    stages: dict[str, Any] = {"phase_1": trial}
    last = "phase_1.success"
    for k in range(90):
        for side in "ab":
            stages[f"{side}{k}"] = {"kind": "work", "duration": "1 day", "after": last}
        last = [f"a{k}.done", f"b{k}.done"]
    stages["accelerated"] = trial | {"after": last}
    (on_top,) = [each for each in lint(read(made(stages))) if each.name == "stages-on-top-of-total"]
    assert on_top.sentence.count(",") == 179


# --- Exemptions -------------------------------------------------------------------------------------------------------


def test_a_file_is_exempt_with_a_reason():
    text = (FILES / "letter-is-end.yaml").read_bytes()
    assert names(text + b"exempt: {letter-is-end: a yardstick}\n") == []


def test_an_exemption_changes_no_fingerprint():
    text = (FILES / "letter-is-end.yaml").read_bytes()
    assert load(text).fingerprint == load(text + b"exempt: {letter-is-end: a yardstick}\n").fingerprint


def test_an_exemption_is_not_inherited():
    assert names("bio-2021") == []
    text = b"format: 1\nname: over\ntitle: Over a benchmark\nextends: bio-2021\n"
    assert names(text) == ["pace-missing"]


def test_an_exemption_without_a_reason_exempts_from_nothing():
    text = (FILES / "letter-is-end.yaml").read_bytes()
    assert names(text + b"exempt: {letter-is-end: ' '}\n") == ["letter-is-end", "needless-exemption"]


def test_an_exemption_without_a_warning_of_its_name():
    (finding,) = found("msc-dpn", "exempt={letter-is-over: a typing error}")
    assert (finding.name, str(finding.origin)) == (
        "needless-exemption",
        "--set exempt={letter-is-over: a typing error}",
    )
    assert finding.sentence == 'there is no warning "letter-is-over"; did you mean "letter-is-end"?'


# --- The command ------------------------------------------------------------------------------------------------------


def told(capsys, *arguments: str) -> tuple[int, str, str]:
    code = run_command_line(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_command_prints_a_line_a_warning(capsys, monkeypatch):
    monkeypatch.chdir(FILES)
    code, out, error = told(capsys, "lint", "letter-is-end.yaml")
    assert code == 4
    assert out == (
        "letter-is-end.yaml:7:14  letter-is-end  stages.bla.at_most: no letter can be answered, so every complete "
        "response is the end\n"
    )
    assert error.splitlines()[-1] == "error: 1 lint warning"


def test_the_command_says_nothing_of_a_clean_file(capsys):
    assert told(capsys, "lint", "msc-dpn") == (0, "", "")


def test_the_command_explains(capsys, monkeypatch):
    monkeypatch.chdir(FILES)
    _, out, _ = told(capsys, "lint", "letter-is-end.yaml", "--explain")
    said, known = " ".join(out.split()), WARNINGS["letter-is-end"]
    for text in (known.title, known.wrong, known.mend, known.source):
        assert text in said


def test_the_command_gives_data(capsys, monkeypatch):
    monkeypatch.chdir(FILES)
    code, out, _ = told(capsys, "lint", "letter-is-end.yaml", "--format", "json")
    (row,) = json.loads(out)
    assert code == 4
    assert (row["file"], row["line"], row["column"], row["warning"]) == ("letter-is-end.yaml", 7, 14, "letter-is-end")
    assert row["explanation"] == WARNINGS["letter-is-end"].explanation
    assert told(capsys, "lint", "msc-dpn", "--format", "json")[:2] == (0, "[]\n")
    assert told(capsys, "lint", "letter-is-end.yaml", "--format", "csv")[1].startswith(
        "file,line,column,warning,path,sentence\n"
    )


@pytest.mark.parametrize("command", ["run", "compare"])
def test_a_run_says_in_one_line_that_there_are_warnings(command, capsys, monkeypatch):
    monkeypatch.chdir(FILES)
    code, _, error = told(capsys, command, "letter-is-end.yaml", "-n", "200")
    assert (code, error) == (0, "1 lint warning; see pathway-sim lint letter-is-end.yaml\n")
    assert told(capsys, command, "letter-is-end.yaml", "-n", "200", "--quiet")[2] == ""
    assert told(capsys, command, "letter-is-end-mended.yaml", "-n", "200")[2] == ""


# --- The page ---------------------------------------------------------------------------------------------------------


def page() -> str:
    """The page that lists all warnings."""
    parts = [INTRODUCTION]
    for name, known in WARNINGS.items():
        texts = (known.wrong, f"**To mend it:** {known.mend}", f"Source: {known.source}.")
        parts.append(
            f"## {name}\n\n*{known.title}.*\n\n"
            + "\n\n".join(textwrap.fill(text, 140, break_long_words=False, break_on_hyphens=False) for text in texts)
            + "\n"
        )
    return "\n".join(parts)


def test_the_page_lists_all_warnings(pytestconfig):
    if pytestconfig.getoption("--refresh-golden"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("name", WARNINGS)
def test_an_explanation_says_what_goes_wrong_in_numbers(name):
    known = WARNINGS[name]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert re.search(r"\d", known.wrong) or name in ("sets-without-unknowns", "needless-exemption")
    assert known.mend
    assert known.source
