"""Rules of agencies: what the data must say, and which regime of a rule a scenario meets."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agreement import read, simulate
from made import made, only_arm, work

from pathway_sim import agencies, evidence
from pathway_sim.agencies import listing
from pathway_sim.errors import ScenarioError
from pathway_sim.pathway import Given
from pathway_sim.scenario import regimes

RULES = [rule for agency in agencies.names() for rule in agencies.rules(agency).values()]
REGIMES = [pytest.param(rule.name, k, id=f"{rule.name}/{k}") for rule in RULES for k in range(len(rule.regimes))]
SOURCES = {"evidence", "regulation", "assumption"}


@pytest.mark.parametrize(("name", "place"), REGIMES)
def test_every_regime_is_a_number_with_a_source_and_a_status(name, place):
    rule = agencies.rule(name)
    regime = rule.regimes[place]
    assert rule.title
    assert regime.status in agencies.STATUSES
    assert SOURCES & regime.number.keys(), name
    assert regimes.term(name, place) is not None
    cited = regime.number.get("evidence", [])
    assert all(evidence.known(each) for each in ([cited] if isinstance(cited, str) else cited))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_regimes_are_in_order_of_time_and_do_not_overlap(rule):
    starts = [regime.start for regime in rule.regimes]
    assert None not in starts[1:]
    dated = [start for start in starts if start is not None]
    assert dated == sorted(set(dated))
    for regime, following in zip(rule.regimes, rule.regimes[1:], strict=False):
        assert regime.end is None or regime.end < following.start


def test_a_rule_is_the_one_of_the_day():
    rule = agencies.rule("fda.goal.standard")
    assert rule.on(datetime.date(1992, 10, 28)) == rule.regimes[0], "before its first regime a rule has that one"
    assert rule.on(datetime.date(2012, 9, 30)).number["value"] == "10 months"
    assert rule.on(datetime.date(2012, 10, 1)).number["value"] == "12 months"


def timed(start: str, days: float, rule: str = "fda.goal.standard") -> Any:
    """The length of a stage that begins so many days after a date and lasts as the rule says."""
    stages = {"before": work(days), "stage": work({"rule": rule}, ["before"])}
    trajectories = simulate("batch", only_arm(made(stages, "10 years", as_of=start)), 1)
    rank = trajectories.pathway.rank["stage/1"]
    return trajectories.end[rank, 0] - trajectories.start[rank, 0]


@pytest.mark.parametrize(
    ("start", "days", "months"),
    [("2012-09-01", 29, 10), ("2012-09-01", 30, 12), ("2012-10-01", 0, 12), ("2040-01-01", 0, 12)],
)
def test_a_step_meets_the_rule_of_the_day_on_which_it_starts(start, days, months):
    """1 October 2012 is 30 days after 1 September. After its end a rule goes on."""
    assert timed(start, days) == months * 30.4375


def test_every_later_regime_replaces_the_one_before():
    stages = {"asked": {"kind": "designation", "clock": "60 days", "grant": {"rule": "fda.rmat.grant"}}}
    pathway = only_arm(made(stages, as_of="2016-01-01"))
    effects = pathway.steps[pathway.rank["asked.decision/1"]].inputs["grant"].effects
    days = [
        (datetime.date(*day) - datetime.date(2016, 1, 1)).days for day in ((2016, 12, 13), (2023, 10, 1), (2025, 1, 1))
    ]
    assert [effect.condition for effect in effects] == [Given(day) for day in days]
    assert [effect.number.value for effect in effects] == [0.44, 0.74, 0.55]


def test_the_share_of_grants_is_that_of_the_day_of_the_decision():
    """Requests 40 days before the designation existed are decided 20 days after it did, and some are granted."""
    stages = {"asked": {"kind": "designation", "clock": "60 days", "grant": {"rule": "fda.rmat.grant"}}}
    early, late = (simulate("batch", only_arm(made(stages, as_of=day)), 4000) for day in ("2016-10-01", "2016-11-03"))
    granted = [np.mean(t.outcome[t.pathway.rank["asked.decision/1"]] == 0) for t in (early, late)]
    assert granted[0] == 0
    assert abs(granted[1] - 0.44) < 5 * np.sqrt(0.44 * 0.56 / 4000)


def test_an_unknown_number_of_a_rule_is_one_unknown_wherever_it_stands():
    grant = {"rule": "fda.rmat.grant"}
    stages = {name: {"kind": "designation", "clock": "60 days", "grant": grant} for name in ("one", "other")}
    pathway = only_arm(made(stages, as_of="2026-01-01"))
    names = {pathway.steps[pathway.rank[f"{name}.decision/1"]].inputs["grant"].source.unknown.name for name in stages}
    assert names == {"rule.fda.rmat.grant.3"}


def test_an_agency_is_a_file(tmp_path, monkeypatch):
    """Nothing but data is needed: another agency's clock is used by its name."""
    text = "agency: anvisa\ntitle: A\nrules:\n  goal.standard: {title: G, status: law, value: 1 year, regulation: x}\n"
    (tmp_path / "anvisa.yaml").write_text(text)
    monkeypatch.setattr(agencies, "FOLDER", tmp_path)
    agencies.rules.cache_clear()
    regimes.term.cache_clear()
    try:
        assert agencies.names() == ("anvisa",)
        assert timed("2026-01-01", 0, "anvisa.goal.standard") == 365.25
    finally:
        agencies.rules.cache_clear()
        regimes.term.cache_clear()


def test_the_clocks_that_a_stage_leaves_out_are_those_of_its_agency():
    application = {"kind": "application", "goal": {"share": 0}, "approve": 1, "at_most": 0}
    for agency, months in (("fda", 12 * 30.4375), ("ema", 224)):
        t = simulate("batch", only_arm(made({"maa": application | {"agency": agency}}, "5 years", "maa.approved")), 1)
        assert t.milestone("end")[0] == months


@pytest.mark.parametrize(
    ("rule", "as_of", "words"),
    [
        ("fda.goal.standrad", "2026-01-01", 'did you mean "fda.goal.standard"?'),
        ("fdaa.goal.standard", "2026-01-01", 'there is no agency "fdaa"; did you mean "fda"?'),
        ("fda.rmat.grant", "2026-01-01", "does not fit"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told(rule, as_of, words):
    with pytest.raises(ScenarioError, match=re.escape(words)):
        read(made({"a": work({"rule": rule})}, as_of=as_of))


def test_before_its_first_regime_a_rule_has_that_one():
    assert timed("1990-01-01", 0) == 12 * 30.4375
    names = frozenset({"fda.goal.standard", "fda.rmat.grant"})
    assert regimes.backdated(names, datetime.date(1990, 1, 1)) == {"fda.goal.standard": datetime.date(1992, 10, 29)}
    assert regimes.backdated(names, datetime.date(1992, 10, 29)) == {}


def test_rules_that_end_before_the_horizon_are_extrapolated():
    names = frozenset({"fda.goal.standard", "fda.ind.review"})
    assert regimes.extrapolated(names, datetime.date(2040, 1, 1)) == {"fda.goal.standard": datetime.date(2027, 9, 30)}
    assert regimes.extrapolated(names, datetime.date(2027, 9, 30)) == {}


PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "agencies.md"


def test_the_page_of_rules_is_what_the_data_say(request):
    text = PAGE.read_text(encoding="utf-8")
    end = text.index("-->", text.index("<!-- rules:")) + 4
    made_now = f"{text[:end]}\n{listing.page()}"
    if request.config.getoption("--refresh-golden"):
        PAGE.write_text(made_now, encoding="utf-8")
    assert text == made_now
