"""What a designation does and does not do, in the shipped pathway."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from made import by_name, shipped, simulate, unlike

from pathway_sim.pathway import Pathway, facts_of
from pathway_sim.scenario import load
from pathway_sim.trajectories import Trajectories
from pathway_sim.units import MONTH

DESIGNATION = ("rmat", "rmat_meeting")
N = 20_000
SETS = 50
EFFECTS = {name: spec for name, spec in shipped("msc-dpn").parts["rmat"].effects.items() if "rmat" in str(spec.if_)}
REAL = [name for name, spec in EFFECTS.items() if getattr(spec.term, "kind", "") == "triangular"]
NEUTRAL = [name for name in EFFECTS if name not in REAL]


def walk(*sets: str, name: str = "msc-dpn", arm: str = "rmat") -> Trajectories:
    return simulate("batch", load(name, sets=list(sets)).pathways[arm], N, sets=SETS)


def only(*effects: str) -> list[str]:
    """Overrides that switch off every effect of RMAT but these."""
    return [f"effects.{name}.enabled=false" for name in EFFECTS if name not in effects]


@functools.cache
def standard() -> Trajectories:
    return walk(arm="standard")


def reached_from(pathway: Pathway, stages: set[str]) -> set[str]:
    """The steps of stages, and every step that a fact of them can change, directly or not."""
    touched = {rank for rank, step in enumerate(pathway.steps) if step.stage in stages}
    for rank, step in enumerate(pathway.steps):  # in order, so one pass is enough
        if any(fact.step in touched for fact in step.reads()):
            touched.add(rank)
    return {pathway.steps[rank].name for rank in touched}


def test_there_are_real_effects_and_neutral_switches():
    assert len(REAL) == 5
    assert {"review_goal", "priority_share", "phase_3_success", "first_action"} <= set(NEUTRAL)


@pytest.mark.parametrize("effect", REAL)
def test_an_effect_alone_changes_its_target_and_what_follows_and_nothing_else(effect):
    t = walk(*only(effect))
    targets = {target.partition(".")[0] for target in EFFECTS[effect].on}
    changed = set(unlike(standard(), t, leave=DESIGNATION))
    assert changed
    assert changed <= reached_from(t.pathway, targets)
    assert {name for name in changed if name.split("/")[0].split(".")[0] in targets}


def test_with_every_effect_off_rmat_is_standard():
    t = walk(*only())
    assert unlike(standard(), t, leave=DESIGNATION) == []
    assert (t.outcome[t.pathway.rank["rmat.decision/1"]] == 0).any()


def test_an_effect_can_be_switched_off_alone():
    whole = walk()
    for effect in REAL:
        assert unlike(whole, walk(f"effects.{effect}.enabled=false"), leave=DESIGNATION) != []
    for effect in NEUTRAL:
        assert unlike(whole, walk(f"effects.{effect}.enabled=false")) == []


def test_without_a_surrogate_nothing_is_approved_early():
    """The accelerated effect asks for no designation, but for an accepted surrogate (FD&C Act 506(c))."""
    off, sure = "effects.accelerated_approval.enabled=false", "stages.surrogate.outcomes.accepted=1"
    assert unlike(standard(), walk(off, arm="standard")) == []
    assert "phase_3/1" in unlike(standard(), walk(sure, arm="standard"))
    assert unlike(walk(sure, off, arm="standard"), standard(), leave="surrogate") == []


def test_a_designation_that_is_rescinded_acts_no_longer():
    late = only(
        "agreed_design", "rolling_submission", "fewer_reworks"
    )  # what they act on starts months after the grant
    assert {"phase_3/1", "assembly/1"} <= set(unlike(standard(), walk(*late), leave=DESIGNATION))
    lost = walk(*late, "stages.rmat.rescind.probability=1", "stages.rmat.rescind.after=1 day")
    assert unlike(standard(), lost, leave=DESIGNATION) == []


def first_reviews(t: Trajectories) -> Any:
    """Months from the receipt of the accepted filing to the first action, of the replications that have one."""
    columns = by_name(t)
    acted = np.isfinite(columns["bla.review/1"][1])
    received = np.min(
        [np.where(columns[f"bla.filing/{k}"][2] == "filed", columns[f"bla.filing/{k}"][0], np.inf) for k in (1, 2, 3)],
        axis=0,
    )
    return (columns["bla.review/1"][1][acted] - received[acted]) / MONTH


AT_THE_GOAL = ["stages.bla.slip=0 days", "stages.bla.extension.probability=0"]


@pytest.mark.parametrize(("share", "months"), [(0, 12), (1, 8)])
def test_an_application_that_does_not_qualify_has_no_eight_months(share, months):
    """RMAT or not, the clock follows the application."""
    for arm in ("standard", "rmat"):
        spent = first_reviews(walk(*AT_THE_GOAL, f"stages.bla.goal.share={share}", arm=arm))
        assert spent.size > 100
        assert np.allclose(spent, months, rtol=0, atol=1e-6)


def test_a_voucher_gives_eight_months_whatever_the_application():
    sets = [*AT_THE_GOAL, "stages.bla.goal.share=0", "stages.voucher.enabled=true"]
    assert np.allclose(first_reviews(walk(*sets)), 8, rtol=0, atol=1e-6)


def test_nothing_is_granted_while_the_ind_is_on_hold():
    sets = ["stages.rmat.after=[ind.start]", "stages.ind.probability=0.5"]
    t = walk(*sets)
    columns = by_name(t)
    decided, _, outcome = columns["rmat.decision/1"]
    start, end, _ = columns["ind.hold/1"]
    on_hold = (start <= decided) & (decided < end)
    assert on_hold.sum() > 1000
    assert not (outcome[on_hold] == "granted").any()
    assert (outcome[np.isfinite(decided) & ~on_hold] == "granted").any()
    free = walk(*sets, "effects.no_grant_on_hold.enabled=false")
    assert (by_name(free)["rmat.decision/1"][2][on_hold] == "granted").any()


def test_fast_track_opens_the_rolling_submission_and_nothing_else():
    fast = walk("stages.rmat.enabled=false", "stages.fast_track.enabled=true")
    leave = ("fast_track", *DESIGNATION)
    changed = set(unlike(standard(), fast, leave=leave))
    assert "assembly/1" in changed
    assert changed <= reached_from(fast.pathway, {"assembly"})


def test_an_orphan_product_needs_no_pediatric_plan():
    t = walk("stages.orphan.enabled=true", "stages.orphan.grant=1")
    assert not np.isfinite(by_name(t)["pediatric_plan/1"][0]).any()
    assert np.isfinite(by_name(standard())["pediatric_plan/1"][0]).any()


def test_no_clinical_step_waits_for_a_designation():
    pathway = shipped("msc-dpn").pathways["rmat"]
    designation = {rank for rank, step in enumerate(pathway.steps) if step.stage in DESIGNATION}
    for step in pathway.steps:
        if step.stage not in DESIGNATION:
            assert not {fact.step for fact in facts_of(step.after)} & designation, step.name
