"""The other shipped diseases: they run the same on both engines, and what must hold whatever their numbers are."""

from __future__ import annotations

import copy
import functools
from typing import Any

import numpy as np
import pytest
from agreement import differing, read
from made import shipped, simulate, unlike

from pathway_sim import document
from pathway_sim.analysis.as_json import to_json
from pathway_sim.run import Settings, run
from pathway_sim.scenario.lint import lint
from pathway_sim.trajectories import Trajectories

NAMES = ("aav-rare-disease", "car-t-oncology", "msc-cidp", "msc-cipn", "msc-trigeminal")
ENDING = ("aav-rare-disease", "car-t-oncology")
COUNT = 200


@functools.cache
def walked(name: str, arm: str, count: int = 20_000) -> Trajectories:
    """One arm of a shipped scenario."""
    return simulate("batch", shipped(name).pathways[arm], count, sets=250)


def column(trajectories: Trajectories, step: str) -> int:
    """The place of a step by its name."""
    return [each.name for each in trajectories.pathway.steps].index(step)


def started(trajectories: Trajectories, step: str) -> np.ndarray:
    return np.isfinite(trajectories.start[column(trajectories, step)])


def ended(trajectories: Trajectories, step: str, outcome: str) -> np.ndarray:
    """Where a step ended so."""
    place = column(trajectories, step)
    code = trajectories.pathway.steps[place].outcomes.index(outcome)
    return trajectories.outcome[place] == code


# --- All of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_both_engines_give_the_same_bits(name):
    for pathway in shipped(name).pathways.values():
        batch, reference = (simulate(engine, pathway, COUNT, sets=250) for engine in ("batch", "reference"))
        assert differing(batch, reference) == []


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_for_and_has_both_arms(name):
    scenario = shipped(name)
    header = scenario.parts[scenario.baseline].header
    assert header.question
    assert header.context_of_use
    assert header.not_for
    assert {"standard", "rmat"} <= set(scenario.pathways)
    assert not [each for each in lint(scenario) if each.origin.file.endswith(f"{name}.yaml")]


def without_effects(name: str, **stages: Any) -> dict[str, Any]:
    """The scenario with every effect off, and stages changed."""
    plain = copy.deepcopy(document.plain(shipped(name).document))
    for effect in plain["effects"].values():
        effect["enabled"] = False
    for stage, changes in stages.items():
        plain["stages"][stage] |= changes
    return plain


MODULES = {
    "msc-cidp": {
        "module_nonclinical": {"after": ["phase_3.start", "phase_3.success"]},
        "module_cmc": {"after": ["cmc_gate_b", "cmc_rework", "phase_3.success"]},
    }
}
"""Where a grant also decides when work may begin, that is taken away with the effects."""


@pytest.mark.parametrize("name", NAMES)
def test_without_effects_a_designation_changes_nothing_else(name):
    arms = read(without_effects(name, **MODULES.get(name, {}))).pathways
    standard, rmat = (simulate("batch", arms[arm], 5000, sets=250) for arm in ("standard", "rmat"))
    assert {each.split("/")[0].split(".")[0] for each in unlike(standard, rmat)} == {"rmat", "rmat_meeting"}


# --- Orphan designation -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["aav-rare-disease", "car-t-oncology", "msc-cidp", "msc-trigeminal"])
def test_an_orphan_needs_no_pediatric_plan(name):
    trajectories = walked(name, "standard")
    orphan = ended(trajectories, "orphan.decision/1", "granted")
    plan = started(trajectories, "pediatric_plan/1")
    assert orphan.any()
    assert not (plan & orphan).any()
    assert plan.any()


def test_without_orphan_designation_every_program_has_a_pediatric_plan():
    trajectories = walked("msc-cipn", "standard")
    met = np.isfinite(trajectories.end[column(trajectories, "eop2.minutes/1")])
    assert (started(trajectories, "pediatric_plan/1") == met).all()


# --- Modules ----------------------------------------------------------------------------------------------------------


def test_modules_begin_before_the_readout_only_with_a_designation():
    for arm, step in (("standard", None), ("rmat", "rmat.decision/1"), ("fast_track", "fast_track.decision/1")):
        trajectories = walked("msc-cidp", arm)
        module, phase_3 = column(trajectories, "module_nonclinical/1"), column(trajectories, "phase_3/1")
        began = np.isfinite(trajectories.start[module])
        early = began & (trajectories.start[module] < trajectories.end[phase_3])
        granted = np.zeros_like(early) if step is None else ended(trajectories, step, "granted")
        assert (early == (granted & began)).all()
        assert early.any() == (step is not None)


def test_the_complete_application_waits_for_its_modules():
    trajectories = walked("msc-cidp", "rmat")
    bla = trajectories.start[column(trajectories, "bla.filing/1")]
    filed = np.isfinite(bla)
    for step in ("module_nonclinical/1", "module_cmc/1", "assembly/1"):
        assert (trajectories.end[column(trajectories, step)][filed] <= bla[filed]).all()


# --- Accelerated approval, and availability that ends -----------------------------------------------------------------


@pytest.mark.parametrize("arm", ["traditional", "traditional_rmat"])
def test_without_a_surrogate_there_is_no_accelerated_approval(arm):
    trajectories = walked("aav-rare-disease", arm)
    assert not started(trajectories, "confirmatory/1").any()
    assert np.isinf(trajectories.milestone("conversion")).all()
    assert np.isinf(trajectories.milestone_until("availability")).all()
    without = read(without_effects("aav-rare-disease")).pathways[arm]
    other = simulate("batch", without, 20_000, sets=250)
    phase_3 = column(trajectories, "phase_3/1")
    ungranted = ~ended(trajectories, "rmat.decision/1", "granted")
    both = ungranted & np.isfinite(trajectories.end[phase_3]) & np.isfinite(other.end[phase_3])
    length, plain = (each.end[phase_3, both] - each.start[phase_3, both] for each in (trajectories, other))
    assert both.any()
    assert (length == plain).all()


@pytest.mark.parametrize("name", ["msc-cidp", "msc-cipn", "msc-trigeminal", "car-t-oncology"])
def test_no_other_disease_has_a_surrogate(name):
    for arm in shipped(name).pathways:
        assert not ended(walked(name, arm), "surrogate/1", "accepted").any()


@pytest.mark.parametrize("arm", ["standard", "rmat"])
def test_the_confirmatory_trial_is_under_way_before_the_approval(arm):
    trajectories = walked("aav-rare-disease", arm)
    approved = np.isfinite(trajectories.milestone("approval"))
    assert approved.any()
    began = trajectories.start[column(trajectories, "confirmatory/1")]
    assert (began[approved] <= trajectories.start[column(trajectories, "bla.filing/1")][approved]).all()


def test_nothing_is_approved_after_the_confirmatory_trial_has_failed():
    trajectories = walked("aav-rare-disease", "standard")
    failed = ended(trajectories, "confirmatory/1", "failed")
    end = np.where(failed, trajectories.end[column(trajectories, "confirmatory/1")], np.inf)
    for visit in range(1, 5):
        place = column(trajectories, f"bla.review/{visit}")
        too_late = trajectories.start[place] >= end
        assert not (ended(trajectories, f"bla.review/{visit}", "approved") & too_late & np.isfinite(end)).any()


def test_an_approval_is_converted_or_withdrawn_but_not_both():
    trajectories = walked("aav-rare-disease", "standard")
    converted, withdrawn = (np.isfinite(trajectories.milestone(name)) for name in ("conversion", "withdrawal"))
    assert converted.any()
    assert withdrawn.any()
    assert not (converted & withdrawn).any()


@pytest.mark.parametrize("name", ENDING)
def test_what_is_available_is_at_most_what_ever_was_and_less_late(name):
    results = to_json(run(shipped(name), Settings(replications=20_000, arms=("standard",))))
    milestone = results["arms"]["standard"]["milestones"]["availability"]
    ever = [point["estimate"] for point in milestone["cumulative_incidence"]]
    now = [point["estimate"] for point in milestone["available_at"]]
    years = [point["years"] for point in milestone["available_at"]]
    assert years == [point["years"] for point in milestone["cumulative_incidence"]]
    assert all(one <= other for one, other in zip(now, ever, strict=True))
    assert now[-1] < ever[-1]
    assert now[0] == ever[0]


# --- CAR-T: two gates, an inspection, and payers ----------------------------------------------------------------------


def test_gates_open_with_the_last_of_what_they_join():
    trajectories = walked("car-t-oncology", "standard")
    for gate, joined in (
        ("cmc_gate_a/1", ("process_lock/1", "potency_assay/1", "comparability/1")),
        ("cmc_gate_b/1", ("ppq/1", "stability/1", "plant/1")),
    ):
        opened = trajectories.start[column(trajectories, gate)]
        last = np.maximum.reduce([trajectories.end[column(trajectories, step)] for step in joined])
        there = np.isfinite(opened)
        assert there.any()
        assert (opened[there] == last[there]).all()


def test_a_bad_inspection_is_followed_by_a_letter_on_manufacturing():
    trajectories = walked("car-t-oncology", "standard")
    bad = ended(trajectories, "bla.inspection/1", "negative")
    acted = np.isfinite(trajectories.end[column(trajectories, "bla.review/1")])
    assert (bad & acted).any()
    assert ended(trajectories, "bla.review/1", "crl_cmc")[bad & acted].all()


def test_standard_of_care_needs_medicare_and_one_other_payer():
    trajectories = walked("car-t-oncology", "standard")
    reached = trajectories.milestone("standard_of_care")
    there = np.isfinite(reached)
    ends = {
        step: trajectories.end[column(trajectories, f"{step}/1")][there]
        for step in ("medicare", "coverage", "medicaid")
    }
    assert there.any()
    assert (ends["medicare"] <= reached[there]).all()
    assert (np.minimum(ends["coverage"], ends["medicaid"]) <= reached[there]).all()


# --- Designs of trials ------------------------------------------------------------------------------------------------


def test_shorter_designs_are_earlier_and_no_likelier():
    standard, seamless, single = (
        walked("msc-trigeminal", arm).milestone("availability") for arm in ("standard", "seamless", "single_pivotal")
    )
    late, *early = (np.median(each[np.isfinite(each)]) for each in (standard, seamless, single))
    assert all(each < late - 365 for each in early)
    for each in (seamless, single):
        assert abs(np.isfinite(each).mean() - np.isfinite(standard).mean()) < 0.006
