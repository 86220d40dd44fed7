"""The evidence catalogue: every entry says what was counted, of whom, how sure it is and who says so; and what its
figures are worth as numbers of a scenario.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agreement import disagreements
from naive import simulate as naive

from pathway_sim import document, evidence
from pathway_sim.distributions import Beta, LogitNormal
from pathway_sim.engines import engine
from pathway_sim.evidence import Dispersion
from pathway_sim.evidence.words import DEFINITIONS, DISPERSIONS, UNITS
from pathway_sim.parameters import Chance, Number, ParameterSets
from pathway_sim.scenario import load
from pathway_sim.scenario.borrowed import doubt

FOLDER = Path(evidence.__file__).parent
FIELDS = {"quantity", "population", "value", "unit", "n", "dispersion", "definition", "source", "verified", "note"}
REQUIRED = {"quantity", "population", "value", "unit", "source", "verified"}
ENDS = {kind: {"low", "high"} for kind in ("quartiles", "p10_p90", "range", "interval_95")}
THIS_YEAR = 2026
NAME = re.compile(r"[a-z][a-z0-9_]*")


def said(given: Any, name: str | None) -> Any:
    """What an entry says of one figure."""
    return given.get(name) if isinstance(given, dict) else given


def faults(entry: dict[str, Any]) -> Iterator[str]:
    """All that is wrong with an entry of the catalogue."""
    yield from (f"has no {key}" for key in REQUIRED - entry.keys())
    yield from (f"has a field {key}" for key in entry.keys() - FIELDS)
    if REQUIRED - entry.keys():
        return
    for key in ("quantity", "population", "note"):
        text = entry.get(key, "x")
        if not isinstance(text, str) or not text or text.endswith("."):
            yield f"{key} is {text!r}"
    if not isinstance(entry["verified"], bool):
        yield "verified is neither true nor false"
    yield from wrong_source(entry["source"], entry["verified"])
    names = tuple(entry["value"]) if isinstance(entry["value"], dict) else (None,)
    yield from (f"{name} is no name" for name in names if name is not None and not NAME.fullmatch(name))
    for key in ("unit", "n", "definition"):
        if isinstance(entry.get(key), dict):
            yield from (f"{key} names {name}" for name in entry[key].keys() - set(names))
    for name in names:
        yield from wrong_figure(entry, name)
    yield from wrong_dispersion(entry.get("dispersion"), entry["value"])


def wrong_source(source: dict[str, Any], verified: bool) -> Iterator[str]:
    """What is wrong with the source: a figure that was read has a link, unless we counted ourselves."""
    yield from (f"source has a field {key}" for key in source.keys() - {"citation", "url", "year", "locator"})
    for key in ("citation", "locator"):
        if not isinstance(source.get(key), str) or not source[key]:
            yield f"source has no {key}"
    year = source.get("year")
    if not isinstance(year, int) or not 1900 <= year <= THIS_YEAR:
        yield f"year is {year!r}"
    if not re.match(r"https?://\S+$", source.get("url", "" if verified else "https://x")):
        yield "source has no link"


def wrong_figure(entry: dict[str, Any], name: str | None) -> Iterator[str]:
    """What is wrong with one figure: its value, unit, count and definition."""
    value, unit, n, definition = (said(entry.get(key), name) for key in ("value", "unit", "n", "definition"))
    if unit not in UNITS:
        yield f"{name}: unit {unit!r}"
    if unit == "date":
        try:
            datetime.date.fromisoformat(value)
        except (TypeError, ValueError):
            yield f"{name}: {value!r} is no date"
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        yield f"{name}: value {value!r}"
    elif unit == "proportion" and not 0 <= value <= 1:
        yield f"{name}: proportion {value}"
    if n is not None and (not isinstance(n, int) or n <= 0):
        yield f"{name}: n {n!r}"
    if definition is not None and definition not in DEFINITIONS:
        yield f"{name}: definition {definition!r}"


def wrong_dispersion(given: Any, value: Any) -> Iterator[str]:
    """What is wrong with how the values scatter, or with how sure the figure is."""
    if given is None:
        return
    kind = given.get("kind") if isinstance(given, dict) else None
    if kind not in DISPERSIONS or given.keys() - {"kind"} != ENDS.get(kind, {"value"}):
        yield f"dispersion {given!r}"
        return
    for key in given.keys() - {"kind"}:
        if isinstance(given[key], dict) and (not isinstance(value, dict) or given[key].keys() - value.keys()):
            yield f"dispersion names {', '.join(given[key])}"
            return
    for name in value if isinstance(value, dict) else (None,):
        ends = [said(given.get(key), name) for key in ("low", "high")]
        if ends != [None, None] and (None in ends or not ends[0] <= said(value, name) <= ends[1]):
            yield f"{name}: {ends} around {said(value, name)}"
        if (own := said(given.get("value"), name)) is not None and own <= 0:
            yield f"{name}: {kind} {own}"


def test_every_entry_is_complete():
    found = {name: problems for name, entry in evidence.entries().items() if (problems := list(faults(entry)))}
    assert found == {}
    assert len(evidence.entries()) > 300


GOOD = {
    "quantity": "share that moved on",
    "population": "all",
    "value": {"a": 0.2, "b": 0.3},
    "unit": "proportion",
    "n": {"a": 10},
    "dispersion": {"kind": "interval_95", "low": {"a": 0.1}, "high": {"a": 0.4}},
    "definition": "phase_by_phase",
    "source": {"citation": "Someone 2020", "url": "https://example.org", "year": 2020, "locator": "table 1"},
    "verified": True,
}
BAD = {
    "a field more": {"colour": "red"},
    "no population": {"population": ""},
    "an unknown unit": {"unit": "furlongs"},
    "a proportion of 2": {"value": {"a": 2, "b": 0.3}},
    "a text": {"value": "a fifth"},
    "a count of nothing": {"n": 0},
    "a count of another figure": {"n": {"c": 10}},
    "an unknown definition": {"definition": "by_eye"},
    "an unknown spread": {"dispersion": {"kind": "wide", "low": 0, "high": 1}},
    "a spread with one end": {"dispersion": {"kind": "quartiles", "low": 0.1}},
    "a figure outside its interval": {"dispersion": {"kind": "range", "low": 0.25, "high": 0.4}},
    "a standard error of 0": {"dispersion": {"kind": "se", "value": 0}},
    "verified by word": {"verified": "yes"},
    "no citation": {"source": {"url": "https://example.org", "year": 2020, "locator": "x"}},
    "read, but no link": {"source": {"citation": "x", "year": 2020, "locator": "x"}},
    "a year to come": {"source": {"citation": "x", "url": "https://example.org", "year": 2090, "locator": "x"}},
    "no date": {"unit": "date"},
}


def test_a_good_entry_has_no_fault():
    assert list(faults(GOOD)) == []


@pytest.mark.parametrize("name", BAD)
def test_a_bad_entry_is_found(name):
    assert list(faults(GOOD | BAD[name])) != []


@pytest.mark.parametrize("field", sorted(REQUIRED))
def test_a_field_that_is_missing_is_found(field):
    assert list(faults({key: value for key, value in GOOD.items() if key != field})) == [f"has no {field}"]


def test_entries_that_are_read_one_by_one_are_those_of_the_files():
    whole = {}
    for file in FOLDER.glob("*.yaml"):
        found = document.plain(document.read(file, file.name))
        assert not whole.keys() & found.keys()
        whole |= found
        assert {evidence.subject(entry_id) for entry_id in found} == {file.stem}
    assert dict(evidence.entries()) == whole


def test_the_words_of_entries_are_explained_in_the_reference():
    text = (FOLDER.parent.parent / "docs" / "reference" / "files.md").read_text(encoding="utf-8")
    assert [word for word in (*DEFINITIONS, *DISPERSIONS, *FIELDS) if f"`{word}`" not in text] == []


# --- figures ----------------------------------------------------------------------------------------------------------


def test_a_figure_has_what_its_entry_says_of_it():
    figure = evidence.figure("dur_wongak_onc.expedited")
    assert figure.value == 5.7 * 365.25
    assert (figure.unit, figure.is_time, figure.is_median, figure.n) == ("years", True, True, 92)
    assert (figure.dispersion.low, figure.dispersion.high) == (4.0 * 365.25, 7.9 * 365.25)


def test_units_can_differ_within_an_entry():
    assert evidence.figure("enr_steady.months").value == 12 * 365.25 / 12
    assert not evidence.figure("enr_steady.sites").is_time


def test_a_date_is_no_number():
    with pytest.raises(evidence.UnknownFigureError, match="av_ryoncil_available is not a number"):
        evidence.figure("av_ryoncil_available")


@pytest.mark.parametrize(
    ("reference", "published"),
    [
        ("dur_wongak_bla_none", 0.424),
        ("dur_wongak_bla_exp", 0.541),
        ("dur_wongak_neuro_none", 0.275),
        ("dur_wongak_neuro_exp", 0.395),
        ("dur_wongak_none", 0.433),
        ("dur_wongak_exp", 0.532),
        ("dur_wongak_other.none", 0.564),
        ("dur_wongak_other.expedited", 0.466),
    ],
)
def test_the_sd_of_logarithms_comes_from_the_quartiles(reference, published):
    # log(Q3/Q1)/1.349, computed by hand to three places
    assert evidence.figure(reference).sd_log == pytest.approx(published, abs=6e-4)


def made(value: float, unit: str, dispersion: Dispersion, definition: str = "median") -> evidence.Figure:
    """A figure that is in no catalogue."""
    return evidence.Figure("x", value, unit, None, dispersion, definition, "", "", "", "", 2020, "", True, "")


@pytest.mark.parametrize(
    ("figure", "sd_log"),
    [
        (made(100, "days", Dispersion("p90", value=200)), math.log(2) / 1.2815515655446),
        (made(100, "days", Dispersion("p10_p90", low=50, high=200)), math.log(4) / 2.5631031310892),
        (made(100, "days", Dispersion("sd_log", value=0.3)), 0.3),
        (made(100, "days", Dispersion("range", low=50, high=200)), None),
        (made(100, "days", Dispersion("quartiles", low=50, high=200), "mean"), None),
    ],
)
def test_the_sd_of_logarithms_needs_a_median_and_its_scatter(figure, sd_log):
    assert figure.sd_log == (None if sd_log is None else pytest.approx(sd_log, rel=1e-9))


# --- chance -----------------------------------------------------------------------------------------------------------

SCENARIO = """\
format: 1
name: x
title: x
as_of: 2026-01-01
horizon: 40 years
stages:
  wait: {kind: work, duration: WAIT}
  trial: {kind: trial, after: wait, duration: 1 year, success: SUCCESS}
milestones: {approval: trial.success}
"""


def scenario(wait: str = "1 day", success: str = "0.5") -> Any:
    return load(SCENARIO.replace("WAIT", wait).replace("SUCCESS", success).encode())


def source(loaded: Any, place: str, target: str) -> Any:
    pathway = loaded.pathways["base"]
    return next(step for step in pathway.steps if step.stage == place).inputs[target].source


def test_a_median_with_quartiles_is_chance_in_a_duration_field():
    found = source(scenario("{evidence: dur_wongak_bla_none}"), "wait", "duration")
    assert isinstance(found, Chance)
    sd_log = math.log(10.1 / 5.7) / (2 * 0.6744897501960817)
    expected = [7.5 * 365.25 * math.exp(z * sd_log) for z in (-1.2815515655446004, 0, 0.6744897501960817)]
    assert found.stated().ppf(np.array([0.1, 0.5, 0.75])) == pytest.approx(expected, rel=1e-12)


def test_a_mean_a_range_and_a_parameter_are_certain():
    mean = source(scenario("{evidence: dur_bio21_all.phase1}"), "wait", "duration")
    assert mean == Number(2.3 * 365.25)
    within = source(
        scenario("{kind: lognormal, median: {evidence: dur_wongak_bla_none}, sd_log: 0.1}"), "wait", "duration"
    )
    assert within.parameters["median"] == Number(7.5 * 365.25)


def test_chance_from_the_catalogue_is_what_the_naive_interpreter_has():
    loaded = scenario("{evidence: dur_wongak_neuro_exp}", "{evidence: suc_pain_neuropathic}")
    sd_log, sd = math.log(7.5 / 4.4) / (2 * 0.6744897501960817), math.hypot(0.35, 0.019 / 0.071 / 0.929)
    lent = {
        "dur_wongak_neuro_exp": {"kind": "lognormal", "median": "5.2 years", "sd_log": sd_log},
        "suc_pain_neuropathic": {
            "kind": "logitnormal",
            "median": 0.071,
            "sd": sd,
            "value": 0.071,
        },
    }
    for sets in (1, 50):
        reached = engine("batch").simulate(loaded.pathways["base"], ParameterSets(1, sets), 0, 60)
        for replication in range(60):
            future = naive(document.plain(loaded.document), 1, replication, sets, lent)
            assert disagreements(reached, replication, future) == []


# --- what is not known ------------------------------------------------------------------------------------------------


def drawn(reference: str, transfer: float) -> list[float]:
    """Quartiles and median of what is not known about a figure."""
    return list(doubt(evidence.figure(reference), transfer).ppf(np.array([0.25, 0.5, 0.75])))


def logit_normal(median: float, sd: float) -> list[float]:
    odds = [math.log(median / (1 - median)) + sd * z for z in (-0.6744897501960817, 0, 0.6744897501960817)]
    return [1 / (1 + math.exp(-each)) for each in odds]


def test_a_standard_error_is_one_of_the_log_odds():
    # 0.019 / (0.071 · 0.929) = 0.28806
    assert drawn("suc_pain_neuropathic", 0) == pytest.approx(logit_normal(0.071, 0.288057), rel=1e-5)


def test_a_standard_error_and_the_transfer_add_as_variances():
    # √(0.28806² + 0.35²) = 0.45330
    assert drawn("suc_pain_neuropathic", 0.35) == pytest.approx(logit_normal(0.071, 0.453296), rel=1e-5)


def test_an_interval_gives_the_standard_error():
    # log-odds of 0.069 and 0.040 are −2.60217 and −3.17805; their difference over 2 · 1.95996 is 0.14691
    assert drawn("suc_els_cgt", 0) == pytest.approx(logit_normal(0.053, 0.146911), rel=1e-4)


def test_counts_go_before_a_standard_error_in_the_same_population():
    figure = evidence.figure("suc_wong_cns.phase1_to_2")
    assert doubt(figure, 0).ppf(np.array([0.3])) == Beta(0.732 * 4924 + 0.5, 0.268 * 4924 + 0.5).ppf(np.array([0.3]))


def test_without_counts_and_error_only_the_transfer_counts():
    figure = evidence.figure("suc_iqvia.phase1_to_2")
    assert doubt(figure, 0.35).ppf(np.array([0.3])) == LogitNormal(0.45, 0.35).ppf(np.array([0.3]))
    assert doubt(figure, 0) is None


def test_what_is_no_proportion_is_normal_and_cut_at_0():
    unknown = doubt(made(0.5, "ratio", Dispersion("se", value=0.5)), 0.35)
    # Of the standard normal 0.158655 lies below −1; the median of the rest is at 0.158655 + 0.841345 / 2 = 0.579328.
    assert unknown.ppf(np.array([0.5])) == pytest.approx(0.5 + 0.5 * 0.200174, rel=1e-4)
    assert unknown.ppf(np.array([1e-9]))[0] >= 0


def test_an_unknown_of_the_catalogue_is_drawn_under_its_id():
    unknown = source(scenario(success="{evidence: suc_els_cgt, transfer: 0}"), "trial", "success").unknown
    assert unknown.name == "suc_els_cgt"


def test_what_was_read_in_its_source_is_found_without_parsing():
    for entry_id, entry in evidence.entries().items():
        for reference in (entry_id, *evidence.figures(entry_id)):
            assert evidence.is_verified(reference) is entry["verified"], reference
