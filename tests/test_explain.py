"""What a word, a figure or a number stands for; and what a scenario rests on."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from pathway_sim import agencies, evidence
from pathway_sim.cli import run_command_line
from pathway_sim.run import Settings, run
from pathway_sim.scenario import SHIPPED, load
from pathway_sim.scenario.bibliography import bibliography
from pathway_sim.scenario.explain import _glossary, _kinds, _words, explain
from pathway_sim.scenario.explain_parts import UnknownTermError
from pathway_sim.scenario.sources import inputs, numbers

FILE = """\
format: 1
name: x
title: x
as_of: 2026-01-01
horizon: 20 years
parameter_sets: 4
pace: {sd_log: {value: 0.2, assumption: sponsors differ}, on: [read]}
stages:
  read:
    kind: work
    duration: {kind: lognormal, median: 10 months, sd_log: 0.3, evidence: dur_bio21_all.phase1, joined: shorter}
  counted:
    kind: trial
    after: read
    duration: {value: 1 year, evidence: tally.fih_to_bla}
    success: {kind: logitnormal, median: 0.4, sd: 0.3, value: 0.4, evidence: [suc_bio21_all.phase2_to_3, rtf.rate]}
  ruled: {kind: work, after: counted.success, duration: {value: 30 days, regulation: 21 CFR 312.40}}
  off: {kind: work, duration: {value: 1 day, assumption: never used}, enabled: false}
  plain: {kind: work, after: ruled, duration: 1 day}
effects:
  faster: {if: read, on: counted.duration, scale: 0.9, assumption: a guess}
  idle: {if: read, on: counted.duration, scale: 0.5, assumption: another, enabled: false}
milestones: {approval: plain}
arms:
  standard: {set: {effects.faster.enabled: false}}
  quick: {set: {stages.read.duration.median: 5 months}}
"""


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(FILE, encoding="utf-8")
    return load(path)


def rows(term: str, scenario: Any = None) -> dict[str, str]:
    """What is said of a term, by label; a label that stands twice has its texts joined."""
    found: dict[str, str] = {}
    for label, text in explain(term, scenario).rows:
        found[label] = f"{found[label]}; {text}" if label in found else text
    return found


# --- words and figures ------------------------------------------------------------------------------------------------


def test_a_figure_is_told_with_all_that_its_entry_says():
    said = rows("dur_wongak_bla_none")
    assert said["value"] == "7.5 years, n = 33, quartiles 5.7 and 10.1"
    assert said["population"] == "biologics approved 2015 to 2022 without an expedited program"
    assert (said["year"], said["where"]) == ("2023", "table 1")
    assert said["source"].startswith("Wong AK et al.")
    assert said["link"].startswith("https://pmc.ncbi.nlm.nih.gov/")
    assert said["verified"] == "yes, read in the source named"


def test_an_entry_with_several_figures_tells_each():
    said = rows("suc_bio21_chronic")
    assert (said["phase1_to_2"], said["loa_from_phase1"]) == ("0.46, n = 745", "0.059")
    one = rows("suc_bio21_chronic.phase1_to_2")
    assert (one["phase1_to_2"], "phase2_to_3" in one) == ("0.46, n = 745", False)
    assert {"bio-2021", "msc-dpn"} <= set(said["used by"].split(", "))


def test_what_was_not_read_is_said_to_be_so():
    assert rows("rtf.rate")["verified"] == "no: an assumption or a derived figure"


def test_every_entry_can_be_explained():
    for entry_id, entry in evidence.entries().items():
        found = explain(entry_id)
        assert (found.term, found.summary) == (entry_id, entry["quantity"])
        assert all(text.strip() for _, text in found.rows), entry_id


@pytest.mark.parametrize(
    "word",
    [
        "RMAT",
        "BLA",
        "CRL",
        "IND",
        "EOP2",
        "PPQ",
        "Class 2",
        "Type A",
        "filing",
        "goal date",
        "refuse to file",
        "availability",
    ],
)
def test_words_of_the_field_are_known(word):
    assert len(explain(word).summary) > 30


@pytest.mark.parametrize("writing", ["class 2", "CLASS-2", "class_2", " Class  2 ", "Class 2 resubmission"])
def test_a_word_is_known_in_any_writing(writing):
    assert explain(writing).term == "Class 2"


def test_words_lead_on_only_to_what_there_is():
    for word in _glossary().values():
        for other in word.see:
            assert explain(other).term, (word.name, other)
    names = [name for word in _glossary().values() for name in (word.name, *word.also)]
    assert len(_words()) == len(names), "two words share a name"


@pytest.mark.parametrize("kind", ["work", "trial", "hold", "meeting", "designation", "application"])
def test_a_kind_of_stage_is_told_with_its_fields(kind):
    own = set(rows(kind))
    assert own - {"exactly"} <= set(_kinds()[kind].known_keys())
    assert len(own) > 2


def test_a_rule_is_told_with_its_dates_and_sources():
    said = rows("fda.goal.standard")
    first = agencies.rule("fda.goal.standard").regimes[0]
    dates = f"from {first.start}" + (f" until {first.end}" if first.end else "")
    assert said[dates].endswith(f"months ({first.status})")
    assert "PDUFA VII commitment letter, section I.A" in said["source"]
    for agency in agencies.names():
        for name in agencies.rules(agency):
            assert explain(name).term == name


@pytest.mark.parametrize(
    ("term", "near"),
    [
        ("RMTA", "RMAT"),
        ("suc_bio21_chronik", "suc_bio21_chronic"),
        ("suc_bio21_chronic.phase_1_to_2", "suc_bio21_chronic.phase1_to_2"),
        ("aplication", "application"),
    ],
)
def test_an_unknown_term_is_met_with_what_is_near(term, near):
    with pytest.raises(UnknownTermError, match=re.escape(f'did you mean "{near}"?')):
        explain(term)


# --- parts of a scenario ----------------------------------------------------------------------------------------------


def test_a_number_is_told_with_its_place_its_source_and_its_range(scenario):
    said = rows("stages.counted.success", scenario)
    assert said["stated at"].endswith("x.yaml:16:14")
    assert said["value"] == "kind: logitnormal, median: 0.4, sd: 0.3, value: 0.4"
    assert "suc_bio21_all.phase2_to_3: BIO, Informa and QLS" in said["evidence"]
    assert "(2026; not verified)" in said["evidence"]
    # log-odds −0.405465 ± 1.644854 · 0.3
    assert said["not known"].startswith("0.4 with one parameter set; with more, 5 % to 95 %: 0.289 to 0.522")


def test_a_duration_is_told_as_chance_and_as_other_arms_have_it(scenario):
    said = rows("read.duration", scenario)
    # 10 months · exp(±1.281552 · 0.3)
    assert said["chance"] == "each future draws its own: median 10.0 months, P10 6.8 months, P90 14.7 months"
    assert said["joined"] == "shorter"
    assert said["in arm quick"] == "kind: lognormal, median: 5 months, sd_log: 0.3"


def test_a_certain_number_says_so(scenario):
    assert rows("stages.ruled.duration", scenario)["certain"] == "30 days"
    assert rows("effects.faster.scale", scenario)["certain"] == "0.9"


def test_a_stage_and_an_effect_are_told_whole(scenario):
    assert rows("counted", scenario)["acts on it"] == "effect faster on duration"
    assert rows("faster", scenario)["assumption"] == "a guess"


def test_a_name_of_the_scenario_comes_before_a_word(scenario):
    assert explain("read", scenario).term == "stages.read"
    assert explain("RMAT", scenario).term == "RMAT"
    with pytest.raises(UnknownTermError, match='did you mean "counted"'):
        explain("countd", scenario)


def test_an_override_is_told_with_its_origin(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(FILE, encoding="utf-8")
    said = rows("stages.read.duration", load(path, sets=["stages.read.duration.sd_log=0.5"]))
    assert said["sd_log stated at"] == "--set stages.read.duration.sd_log=0.5"
    assert "evidence" not in said


# --- what a scenario rests on -----------------------------------------------------------------------------------------


def test_inputs_counts_the_numbers_that_act(scenario):
    # standard: pace*, read, counted.duration*, counted.success, ruled, plain*; quick: with its own read*, and faster*
    assert inputs(scenario, ["standard"]) == {"numbers": 6, "unverified": 3}
    assert inputs(scenario, ["quick"]) == {"numbers": 7, "unverified": 5}
    assert inputs(scenario, ["standard", "quick"]) == {"numbers": 8, "unverified": 5}
    places = {number.path for number in numbers(scenario, scenario.pathways)}
    assert "stages.plain.duration" in places  # a number without any source is not left out of the count
    assert not {"stages.off.duration", "effects.idle"} & places


def test_a_run_says_how_many_of_its_inputs_are_not_verified(scenario):
    settings = Settings(replications=100, arms=("standard",), compare=False)
    assert run(scenario, settings).manifest["inputs"] == {"numbers": 6, "unverified": 3}


def test_numbers_that_are_left_to_an_agency_rest_on_its_rules():
    text = FILE.replace("kind: work, after: ruled, duration: 1 day", "kind: meeting, after: ruled, type: b")
    loaded = load(text.encode())
    left = {number.path: number for number in numbers(loaded, ["standard"]) if number.rule}
    assert left["stages.plain.clock"].rule == "fda.meeting.b"
    assert left["stages.plain.clock"].verified


def test_references_are_named_once_with_the_places_that_use_them(scenario):
    found = {(each.kind, each.text): each for each in bibliography(scenario)}
    assert len(found) == len(bibliography(scenario))
    tally = found["publication", "Own tally of dated public histories of 32 US cell, gene and tissue products"]
    assert (tally.places, tally.verified, tally.year) == (["stages.counted.duration"], "no", 2026)
    assert found["regulation", "21 CFR 312.40"].places == ["stages.ruled.duration"]
    assert found["assumption", "a guess"].places == ["effects.faster"]
    assert ("assumption", "never used") not in found


@pytest.mark.parametrize("name", SHIPPED.names())
def test_references_of_shipped_scenarios_are_those_that_they_cite(name):
    loaded = load(name)
    figures = {figure for each in bibliography(loaded) for figure in each.figures}
    assert figures <= loaded.cited
    cited = {each for number in numbers(loaded, loaded.pathways) for each in number.evidence}
    assert figures == cited


# --- the command line -------------------------------------------------------------------------------------------------


def printed(capsys: Any, *arguments: str) -> str:
    assert run_command_line(arguments) == 0
    return capsys.readouterr().out


def test_explain_prints_a_table_json_or_csv(capsys):
    assert "Regenerative medicine advanced therapy" in printed(capsys, "explain", "RMAT")
    found = json.loads(printed(capsys, "explain", "rtf.rate", "--format", "json"))
    assert found["term"] == "rtf.rate"
    assert {"label": "value", "text": "0.03"} in found["rows"]
    read = list(csv.reader(io.StringIO(printed(capsys, "explain", "rtf.rate", "--format", "csv"))))
    assert read[:2] == [["label", "text"], ["summary", found["summary"]]]


def test_explain_of_an_unknown_term_is_wrong_usage(capsys):
    assert run_command_line(["explain", "RMTA"]) == 2
    assert 'did you mean "RMAT"?' in capsys.readouterr().err


def test_no_line_of_explain_is_wider_than_the_screen_but_for_links(capsys):
    text = printed(capsys, "explain", "phase_3.duration", "msc-dpn") + printed(
        capsys, "show", "msc-dpn", "--references"
    )
    assert [line for line in text.splitlines() if len(line) > 80 and "http" not in line] == []


def test_show_references_prints_each_once_in_every_format(capsys):
    rows = json.loads(printed(capsys, "show", "msc-dpn", "--references", "--format", "json"))
    assert {row["kind"] for row in rows} == {"publication", "regulation", "assumption"}
    table = printed(capsys, "show", "msc-dpn", "--references")
    read = list(csv.DictReader(io.StringIO(printed(capsys, "show", "msc-dpn", "--references", "--format", "csv"))))
    assert [row["reference"] for row in read] == [row["reference"] for row in rows]
    flat = " ".join(table.split())
    for row in rows:
        assert " ".join(row["reference"].split()) in flat
