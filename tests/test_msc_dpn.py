"""The worked case: what it is carved from, what RMAT does in it, and a source for every shipped number."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from made import shipped, simulate

from pathway_sim import agencies, document, evidence
from pathway_sim.analysis.checks import measure, passes
from pathway_sim.scenario import SHIPPED
from pathway_sim.trajectories import Trajectories
from pathway_sim.units import MONTH

N = 100_000
CASE = shipped("msc-dpn")
CHECKS = {plan.name: plan for plan in CASE.checks}


@functools.cache
def measured() -> dict[str, tuple[float, int]]:
    return measure(CASE, N)


@functools.cache
def walked(arm: str) -> Trajectories:
    return simulate("batch", CASE.pathways[arm], N, sets=CASE.parameter_sets)


# --- Checks of the file itself ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_what_the_case_is_carved_from(name):
    value, count = measured()[name]
    low, high = CHECKS[name].spec.accept
    assert count > 500
    assert passes(CHECKS[name], value), f"{value} is outside {low.value} to {high.value}"


@pytest.mark.parametrize("name", [name for name in SHIPPED.names() if name != "msc-dpn"])
def test_what_the_other_shipped_scenarios_are_carved_from(name):
    scenario = shipped(name)
    found = measure(scenario, 50_000)
    assert [plan.name for plan in scenario.checks if not passes(plan, found[plan.name][0])] == []


# --- What RMAT does ---------------------------------------------------------------------------------------------------


@functools.cache
def gains() -> tuple[np.ndarray, np.ndarray]:
    """Months gained by RMAT where the therapy becomes available either way, and whether the request was granted."""
    standard, rmat = (walked(arm).milestone("availability") for arm in ("standard", "rmat"))
    both = np.isfinite(standard) & np.isfinite(rmat)
    t = walked("rmat")
    rank = t.pathway.rank["rmat.decision/1"]
    granted = t.outcome[rank] == t.pathway.steps[rank].outcomes.index("granted")
    return (standard[both] - rmat[both]) / MONTH, granted[both]


def test_months_gained_by_a_grant():
    months, granted = gains()
    assert granted.sum() > 1000
    assert 2.0 < months[granted].mean() < 4.5
    assert 5 < np.quantile(months[granted], 0.9) < 12


def test_without_a_grant_nothing_is_gained():
    months, granted = gains()
    assert (months[~granted] == 0.0).all()


def test_about_half_of_the_arrivals_gain_nothing():
    months, _ = gains()
    assert 0.35 < (months == 0.0).mean() < 0.65


def test_rmat_hardly_changes_the_chance():
    standard, rmat = (np.isfinite(walked(arm).milestone("availability")).mean() for arm in ("standard", "rmat"))
    assert abs(rmat - standard) < 0.001
    assert 0.02 < standard < 0.08


# --- Every number says where it comes from ----------------------------------------------------------------------------

SOURCES = {"evidence", "regulation", "assumption"}
TEXTS = {
    "kind",
    "title",
    "track",
    "type",
    "after",
    "if",
    "on",
    "order",
    "terminal",
    "enabled",
    "run",
    "tag",
    *SOURCES,
    "joined",
}
STRUCTURE = {"pivotal_trials", "transfer", "at_most", "repeat"}
"""Not numbers of the world: how a stage is built; `transfer` says how far a cited figure travels."""
QUANTITY = re.compile(r"-?[0-9.]+( .*)?")


def uncited(node: Any, path: str = "", cited: bool = False) -> Iterator[str]:
    """The paths of numbers that have no source beside or above them."""
    if isinstance(node, dict):
        cited = cited or bool(SOURCES & node.keys())
        for name, inner in node.items():
            if name not in TEXTS | STRUCTURE:
                yield from uncited(inner, f"{path}.{name}", cited)
    elif isinstance(node, list):
        for place, inner in enumerate(node):
            yield from uncited(inner, f"{path}.{place}", cited)
    elif not cited and (isinstance(node, (int, float)) or QUANTITY.fullmatch(node)):
        yield path


def sections(name: str) -> Iterator[tuple[str, Any]]:
    """The fields of stages, effects, pace and arms, each of which must stand by itself."""
    plain = document.plain(shipped(name).document)
    for stage, fields in plain["stages"].items():
        yield from ((f"stages.{stage}.{field}", {field: value}) for field, value in fields.items())
    for effect, fields in plain.get("effects", {}).items():
        yield f"effects.{effect}", fields
    yield from ((f"pace.{field}", value) for field, value in plain.get("pace", {}).items() if field != "on")
    for arm, fields in plain.get("arms", {}).items():
        yield from ((f"arms.{arm}.{path}", {path: value}) for path, value in fields.get("set", {}).items())
    yield from ((f"carved.{check}", fields.get("published", {})) for check, fields in plain.get("carved", {}).items())


def switches(path: str) -> bool:
    """Whether a change in an arm only switches a stage or an effect on or off."""
    return path.endswith(".enabled")


@pytest.mark.parametrize("name", SHIPPED.names())
def test_every_number_of_a_shipped_scenario_has_a_source(name):
    found = [f"{path}{gap}" for path, fields in sections(name) if not switches(path) for gap in uncited(fields)]
    assert found == []


def test_the_search_for_numbers_without_a_source_finds_them():
    bare = {"duration": "18 months", "success": {"kind": "beta", "alpha": 2, "beta": 3}, "track": "cmc"}
    cited = {"success": {"value": 0.5, "assumption": "a guess"}, "clock": {"value": "30 days", "regulation": "21 CFR"}}
    assert list(uncited(bare)) == [".duration", ".success.alpha", ".success.beta"]
    assert list(uncited(cited)) == []
    assert list(uncited({"parts": [{"weight": 0.5}, {"weight": "rest"}]})) == [".parts.0.weight"]


def cited_ids(node: Any) -> Iterator[str]:
    """Every evidence id of a document."""
    if isinstance(node, dict):
        ids = node.get("evidence", [])
        yield from [ids] if isinstance(ids, str) else ids
        node = list(node.values())
    for inner in node if isinstance(node, list) else ():
        yield from cited_ids(inner)


@pytest.mark.parametrize("name", SHIPPED.names())
def test_every_evidence_id_of_a_shipped_scenario_is_in_the_catalogue(name):
    scenario = shipped(name)
    ids = set(cited_ids(document.plain(scenario.document)))
    assert len(ids) > 4
    assert [each for each in sorted(ids) if not evidence.known(each)] == []
    used = [agencies.rule(name) for name in scenario.rules]
    ids |= {each for rule in used for regime in rule.regimes for each in cited_ids(regime.number)}
    assert scenario.cited <= ids


def test_entries_of_the_catalogue_say_what_was_counted_and_where():
    for name, entry in evidence.entries().items():
        assert entry["quantity"], name
        assert isinstance(entry["verified"], bool), name
        assert entry["source"]["citation"], name
