"""More rules on dated histories, most of them in the shipped pathways, with fixed times and chances of 0 or 1.

The first test goes through a whole program of 1 January 2024 day by day; the others change one thing in it and say what
that moves. Days count from there. A month is 30.4375 days, so 6, 8 and 12 months are 182.625, 243.5 and 365.25 days.
"""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from agreement import differing
from made import by_name, made, only_arm, shipped, simulate

from pathway_sim.analysis.as_json import to_json
from pathway_sim.pathway import Pathway
from pathway_sim.run import Settings, run
from pathway_sim.scenario import Scenario, load
from pathway_sim.trajectories import Trajectories

Row = tuple[float, float, str]

FIXED = {
    "parameter_sets": 1,
    "as_of": "2024-01-01",
    "pace.sd_log": 0,
    "pace.level": 1,
    "stages.ind.probability": 0,
    "stages.phase_1": "{duration: 300 days, success: 1}",
    "stages.gap_1_2.duration": "60 days",
    "stages.phase_2": "{duration: 400 days, success: 1}",
    "stages.eop2.prepare": "40 days",
    "stages.eop2.outcomes.redesign": 0,
    "stages.redesign.duration": "200 days",
    "stages.phase_3_startup.duration": "100 days",
    "stages.cmc_gate_a.duration": "300 days",
    "stages.phase_3": "{duration: 500 days, success: 1}",
    "stages.assembly.duration": "100 days",
    "stages.cmc_gate_b": "{duration: 200 days, outcomes: {rework: 0}}",
    "stages.cmc_rework.duration": "90 days",
    "stages.rmat.grant": 1,
    "stages.bla.refuse.probability": 0,
    "stages.bla.goal.share": 0,
    "stages.bla.extension.probability": 0,
    "stages.bla.slip": "0 days",
    "stages.bla.approve.first": 1,
    "stages.launch": "{duration: 50 days, outcomes: {never: 0}}",
    "stages.coverage.duration": "400 days",
}
"""Every number of the shared pathway that is drawn, fixed. Effects are off unless a test gives one."""


def scenario(name: str, changes: dict[str, Any]) -> Scenario:
    """A shipped scenario with all of its numbers fixed, and changed; an effect that is not changed is off."""
    effects = next(iter(shipped(name).parts.values())).effects
    off = {f"effects.{each}.enabled": "false" for each in effects if f"effects.{each}" not in _effects(changes)}
    return load(name, sets=[f"{path}={value}" for path, value in (FIXED | off | changes).items()])


def _effects(changes: dict[str, Any]) -> set[str]:
    return {".".join(path.split(".")[:2]) for path in changes if path.startswith("effects.")}


def walked(pathway: Pathway, count: int = 1) -> Trajectories:
    """Futures of a pathway, the same by both engines."""
    found = simulate("batch", pathway, count)
    assert differing(found, simulate("reference", pathway, count)) == []
    return found


def rows_of(trajectories: Trajectories) -> dict[str, Row]:
    """Each step that ended: the days on which it started and ended, and how; without the visit if it is the first."""
    return {
        name.removesuffix("/1"): (float(start[0]), float(end[0]), str(outcome[0]))
        for name, (start, end, outcome) in by_name(trajectories).items()
        if np.isfinite(start[0]) and np.isfinite(end[0])
    }


def program(name: str = "fda-cell-therapy", arm: str = "standard", **changes: Any) -> dict[str, Row]:
    """The only future of an arm in which all is fixed."""
    return rows_of(walked(scenario(name, changes).pathways[arm]))


def milestone(milestone: str, name: str = "fda-cell-therapy", arm: str = "standard", **changes: Any) -> float:
    """The day on which a milestone is reached."""
    return float(walked(scenario(name, changes).pathways[arm]).milestone(milestone)[0])


def ending(name: str = "fda-cell-therapy", arm: str = "standard", **changes: Any) -> str:
    """How the only future ends."""
    found = walked(scenario(name, changes).pathways[arm])
    return found.pathway.endings[found.endings()[0]]


def small(stages: dict[str, Any], **more: Any) -> dict[str, Row]:
    """The only future of a document that a test makes."""
    return rows_of(walked(only_arm(made(stages, horizon="30 years", as_of="2024-01-01", **more))))


def day(days: float) -> str:
    """The date of a day."""
    return str(datetime.date(2024, 1, 1) + datetime.timedelta(days=days))


def application(**more: Any) -> dict[str, Any]:
    """An application received on 1 January 2024, on the agency's clocks."""
    return {"kind": "application", "goal": {"share": 0}, "approve": 1, "response": "30 days", "at_most": 1} | more


# --- The whole pathway ------------------------------------------------------------------------------------------------

PROGRAM = {
    "ind.review": (0, 30, "effective"),
    "phase_1": (30, 330, "success"),
    "gap_1_2": (330, 390, "done"),
    "phase_2": (390, 790, "success"),
    "cmc_gate_a": (390, 690, "done"),
    "surrogate": (790, 790, "not_accepted"),
    "eop2.preparation": (790, 830, "done"),
    "eop2.meeting": (830, 880, "done"),  # 50 days from the package
    "eop2.minutes": (880, 910, "agreed"),
    "pediatric_plan": (910, 1120, "done"),
    "phase_3_startup": (910, 1010, "done"),
    "phase_3": (1010, 1510, "success"),
    "cmc_gate_b": (1010, 1210, "ready"),
    "assembly": (1510, 1610, "done"),
    "bla.filing": (1610, 1670, "filed"),
    "bla.day_74": (1670, 1684, "done"),
    "bla.mid_cycle": (1670, 1823.0625, "done"),  # 7, 9, 10 and 12 months from day 1610
    "bla.late_cycle": (1670, 1883.9375, "done"),
    "bla.inspection": (1670, 1914.375, "done"),
    "bla.review": (1670, 1975.25, "approved"),
    "launch": (1975.25, 2025.25, "launched"),
    "coverage": (1975.25, 2375.25, "done"),
}


def moved(rows: dict[str, Row]) -> dict[str, Row]:
    """The steps that are not as in the program above."""
    return {name: row for name, row in rows.items() if PROGRAM.get(name) != row}


def test_a_whole_program_day_by_day():
    assert program() == PROGRAM
    assert [day(each) for each in (30, 1610, 1975.25, 2025.25)] == [
        "2024-01-31",
        "2028-05-29",
        "2029-05-29",
        "2029-07-18",
    ]
    assert milestone("standard_of_care") == 2375.25  # the later of the first patient and coverage


# --- IND --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cmc", "cause", "end", "outcome"), [(1, "cmc", 130, "effective"), (0, "protocol", 330, "never_lifted")]
)
def test_the_cause_of_a_hold_sets_its_repair_and_whether_it_is_lifted(cmc, cause, end, outcome):
    stage = {
        "kind": "hold",
        "clock": {"rule": "fda.ind.review"},
        "probability": 1,
        "cause": {"cmc": cmc, "protocol": "rest"},
        "repair": {"cmc": "100 days", "protocol": "300 days"},
        "lifted": {"cmc": 1, "protocol": 0},
    }
    assert small({"ind": stage}) == {
        "ind.review": (0, 30, f"held_{cause}"),
        "ind.hold": (30, end, outcome),
    }


def test_the_agencys_answer_to_a_hold_is_inside_its_repair():
    rows = program(
        **{
            "stages.ind.probability": 1,
            "stages.ind.lifted": 1,
            "stages.ind.repair": "{kind: fixed, value: 70 days, shift: 30 days}",
        }
    )
    assert rows["ind.hold"][:2] == (30, 130)
    assert rows["phase_1"][0] == 130


# --- Trials -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("run", "end"), [("parallel", 400), ("sequential", 800)])
def test_two_pivotal_trials(run, end):
    stage = {"kind": "trial", "duration": "400 days", "success": 1, "pivotal_trials": 2, "run": run}
    assert small({"phase_3": stage}) == {"phase_3": (0, end, "success")}


DESIGN = {"enrolment": "200 days", "follow_up": "60 days", "readout": "20 days"}


def test_a_trial_by_its_design():
    assert small({"phase_3": {"kind": "trial", "design": DESIGN, "success": 1}}) == {
        "phase_3.enrolment": (0, 200, "done"),
        "phase_3.follow_up": (200, 260, "done"),
        "phase_3.readout": (260, 280, "success"),
    }


def test_enrolment_takes_patients_over_the_rate_of_its_sites():
    """400 patients at 20 sites with one a month each take 20 months, and 25 if one in five screened is not enrolled."""
    design = DESIGN | {
        "enrolment": {
            "kind": "enrolment",
            "patients": 400,
            "sites": 20,
            "rate": "1 per month",
            "alpha": 10_000,
            "ramp": "0 days",
        }
    }
    for failure, months in ((0, 20), (0.2, 25)):
        design["enrolment"]["screen_failure"] = failure
        pathway = only_arm(made({"phase_3": {"kind": "trial", "design": design, "success": 1}}, horizon="30 years"))
        spent = by_name(walked(pathway, 2000))["phase_3.enrolment/1"][1]
        assert spent.mean() == pytest.approx(months * 30.4375, rel=0.01)


@pytest.mark.parametrize(
    ("success", "stops", "interim", "over"),
    [
        (1, {"success": 1, "futility": 0}, "success", 170),  # half of 200, 60 of follow-up, 10 to the result
        (1, {"success": 0, "futility": 1}, "continues", 280),
        (0, {"success": 1, "futility": 1}, "failed", 170),
        (0, {"success": 1, "futility": 0}, "continues", 280),
    ],
)
def test_an_interim_analysis_brings_a_result_forward_and_changes_none(success, stops, interim, over):
    design = DESIGN | {"interim": {"at": 0.5, "readout": "10 days"} | stops}
    stage = {"kind": "trial", "design": design, "success": success, "terminal": []}
    rows = small({"phase_3": stage, "next": {"kind": "work", "duration": "1 day", "after": "phase_3"}})
    assert rows["phase_3.interim"] == (0, 170, interim)
    assert rows["next"][0] == over
    assert ("phase_3.readout" in rows) == (interim == "continues")
    if interim == "continues":
        assert rows["phase_3.readout"] == (260, 280, "success" if success else "failed")


def test_phase_1_and_2_as_one_trial():
    changes = {"stages.phase_1": "{duration: 0 days, success: 1}", "stages.phase_2.duration": "600 days"}
    rows = program("msc-trigeminal", "seamless", **changes, **{"stages.orphan.grant": 0})
    assert rows["phase_2"] == (30, 630, "success")
    assert "gap_1_2" not in rows
    assert rows["phase_3"] == (850, 1350, "success")
    assert rows["launch"][1] == 1865.25  # 160 days sooner: 300, 60 and 400 less 600


def test_one_pivotal_trial_and_no_phase_3():
    changes = {"stages.phase_2.duration": "500 days", "stages.phase_3": "{duration: 0 days, success: 1}"}
    rows = program("msc-trigeminal", "single_pivotal", **changes, **{"stages.orphan.grant": 0})
    assert rows["eop2.minutes"] == (420, 450, "agreed")  # after Phase 1
    assert rows["cmc_gate_a"] == (30, 330, "done")
    assert rows["phase_2"] == (550, 1050, "success")
    assert rows["bla.filing"] == (1150, 1210, "filed")
    assert rows["launch"][1] == 1565.25


def test_a_safety_hold_moves_all_that_follows_by_its_length():
    hold = "{probability: 1, repair: 150 days, lifted: 1}"
    rows = program(**{"stages.phase_2.hold": hold})
    assert rows["phase_2.resumed"][1:] == (940, "success")
    assert rows["launch"][1] == 2175.25


def test_long_term_safety_is_awaited_before_filing_where_it_is_asked_for():
    rows = program(**{"stages.long_term_safety.enabled": "true"})
    assert rows["long_term_safety"] == (1510, 1692.625, "done")
    assert rows["bla.filing"] == (1692.625, 1752.625, "filed")


# --- Meetings ---------------------------------------------------------------------------------------------------------


def test_a_design_that_is_not_agreed_is_made_again_before_phase_3():
    rows = program(**{"stages.eop2.outcomes.redesign": 1})
    assert rows["eop2.minutes"] == (880, 910, "redesign")
    assert rows["redesign"] == (910, 1110, "done")
    assert rows["phase_3_startup"] == (1110, 1210, "done")
    assert rows["launch"][1] == 2225.25


# --- RMAT -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "asked"), [("ind.start", 0), ("phase_1.success", 330), ("phase_2.success", 790), ("phase_3.start", 1010)]
)
def test_a_request_may_come_with_the_ind_or_later_and_holds_nothing(after, asked):
    rows = program(arm="rmat", **{"stages.rmat.after": f"[{after}]"})
    assert moved(rows) == {
        "rmat.request": (asked, asked + 60, "done"),
        "rmat.decision": (asked + 60, asked + 60, "granted"),
        "rmat_meeting.meeting": (asked + 60, asked + 120, "done"),  # a Type B meeting, 60 days
        "rmat_meeting.minutes": (asked + 120, asked + 150, "done"),
        "rmat.rescission": (asked + 60, asked + 425.25, "kept"),
    }


def test_the_sponsor_prepares_a_request():
    rows = program(arm="rmat", **{"stages.rmat.prepare": "45 days"})
    assert rows["rmat.preparation"] == (790, 835, "done")
    assert rows["rmat.decision"] == (895, 895, "granted")


@pytest.mark.parametrize(
    ("changes", "outcome"), [({"stages.rmat.grant": 0}, "denied"), ({"stages.rmat.withdraw": 1}, "withdrawn")]
)
def test_a_request_is_denied_or_withdrawn_and_nothing_else_happens(changes, outcome):
    scales = {"effects.agreed_design.scale": 0.5, "effects.rolling_submission.scale": 0.5}
    assert moved(program(arm="rmat", **changes, **scales)) == {
        "rmat.request": (790, 850, "done"),
        "rmat.decision": (850, 850, outcome),
    }


def test_after_the_application_there_is_no_first_meeting():
    rows = program(arm="rmat", **{"stages.rmat.after": "[assembly]"})
    assert rows["rmat.decision"] == (1670, 1670, "granted")
    assert not {name for name in rows if name.startswith("rmat_meeting")}


def test_a_grant_acts_on_what_starts_after_it_and_on_nothing_before():
    """On day 850 the package and the wait for the meeting have begun; minutes, Phase 3 and assembly have not."""
    scales = {"earlier_meeting": 0.5, "agreed_design": 0.8, "rolling_submission": 0.6}
    rows = program(arm="rmat", **{f"effects.{name}.scale": scale for name, scale in scales.items()})
    assert [rows[name] for name in ("eop2.preparation", "eop2.meeting", "eop2.minutes")] == [
        (790, 830, "done"),
        (830, 880, "done"),
        (880, 895, "agreed"),
    ]
    assert rows["phase_3"] == (995, 1395, "success")
    assert rows["assembly"] == (1395, 1455, "done")
    assert rows["bla.review"][1:] == (1820.25, "approved")  # 12 months from day 1455: no clock of its own


def test_fewer_redesigns_and_reworks_after_a_grant():
    changes = {"stages.eop2.outcomes.redesign": 1, "stages.cmc_gate_b.outcomes.rework": 1}
    effects = {"effects.fewer_redesigns.scale": 0, "effects.fewer_reworks.scale": 0}
    assert moved(program(**changes, **effects))["launch"][1] == 2225.25
    assert program(arm="rmat", **changes, **effects)["launch"][1] == 2025.25


@pytest.mark.parametrize(("share", "end"), [(0, 1975.25), (1, 1853.5)])
@pytest.mark.parametrize("arm", ["standard", "rmat"])
def test_priority_review_belongs_to_the_application_and_not_to_the_designation(arm, share, end):
    assert program(arm=arm, **{"stages.bla.goal.share": share})["bla.review"] == (1670, end, "approved")


@pytest.mark.parametrize(("accepted", "days"), [(1, 300), (0, 500)])
def test_accelerated_approval_needs_an_accepted_surrogate(accepted, days):
    rows = program(
        arm="rmat", **{"stages.surrogate.outcomes.accepted": accepted, "effects.accelerated_approval.scale": 0.6}
    )
    assert rows["phase_3"] == (1010, 1010 + days, "success")


def test_nothing_is_granted_on_hold_in_the_shared_pathway():
    changes = {"stages.rmat.after": "[ind.start]", "stages.ind.repair": "100 days", "stages.ind.lifted": 1}
    changes["effects.no_grant_on_hold.enabled"] = "true"
    held = program(arm="rmat", **changes, **{"stages.ind.probability": 1})
    assert held["ind.hold"][:2] == (30, 130)
    assert held["rmat.decision"] == (60, 60, "denied")
    assert program(arm="rmat", **changes)["rmat.decision"] == (60, 60, "granted")


@pytest.mark.parametrize(("after", "outcome"), [("ind.start", "denied"), ("phase_1.success", "granted")])
def test_a_request_without_clinical_evidence_of_its_own_can_be_left_without_a_chance(after, outcome):
    needs = "{if: {not: phase_1.success}, on: rmat.grant, scale: 0}"
    rows = program(arm="rmat", **{"stages.rmat.after": f"[{after}]", "effects.eligibility": needs})
    assert rows["rmat.decision"][2] == outcome


def test_a_denied_request_is_made_again_with_more_data():
    changes = {"stages.rmat": "{at_most: 2, grant: {first: 0, later: 1}, again: 200 days}"}
    changes["effects.no_grant_on_hold.on"] = "[rmat.grant.first, rmat.grant.later]"
    rows = program(arm="rmat", **changes)
    assert [rows[f"rmat.{step}"] for step in ("decision", "preparation/2", "request/2", "decision/2")] == [
        (850, 850, "denied"),
        (850, 1050, "done"),
        (1050, 1110, "done"),
        (1110, 1110, "granted"),
    ]


@pytest.mark.parametrize(
    ("condition", "days"), [("rmat.granted", 60), ("{all: [rmat.granted, {not: rmat.rescinded}]}", 100)]
)
def test_what_a_rescission_takes_away_is_what_the_effects_say(condition, days):
    """Lost on day 1050; the assembly begins on day 1510."""
    rescind = {"stages.rmat.rescind": "{probability: 1, after: 200 days}"}
    effect = {"effects.rolling_submission.if": condition, "effects.rolling_submission.scale": 0.6}
    rows = program(arm="rmat", **rescind, **effect)
    assert rows["rmat.rescission"] == (850, 1050, "rescinded")
    assert rows["assembly"] == (1510, 1510 + days, "done")


# --- Other designations -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "asked", "days"), [("fast_track", 390, 60), ("breakthrough", 790, 60)])
def test_fast_track_and_breakthrough_are_decided_in_60_days_and_open_the_rolling_submission(name, asked, days):
    changes = {f"stages.{name}": "{enabled: true, grant: 1}", "effects.rolling_submission.scale": 0.6}
    rows = program(**changes)
    assert rows[f"{name}.decision"] == (asked + days, asked + days, "granted")
    assert rows["assembly"] == (1510, 1570, "done")
    assert rows["bla.review"][1] == 1935.25


@pytest.mark.parametrize(("grant", "outcome"), [(1, "granted"), (0, "denied")])
def test_an_orphan_product_has_no_pediatric_plan(grant, outcome):
    rows = program(**{"stages.orphan": f"{{enabled: true, grant: {grant}}}"})
    assert rows["orphan.decision"] == (90, 90, outcome)
    assert ("pediatric_plan" in rows) == (outcome == "denied")
    assert rows["launch"] == PROGRAM["launch"]


def test_a_voucher_gives_the_goal_of_a_priority_review():
    rows = program(**{"stages.voucher.enabled": "true", "effects.voucher_priority.enabled": "true"})
    assert rows["voucher"] == (1010, 1010, "held")
    assert rows["bla.review"] == (1670, 1853.5, "approved")  # 8 months from receipt, though it does not qualify itself


def test_a_national_priority_voucher_is_acted_on_in_one_to_two_months():
    stage = application(goal={"priority": {"rule": "fda.goal.national_priority"}, "share": 1}, filing="0 days")
    pathway = only_arm(made({"bla": stage}, as_of="2026-01-01"))
    end = by_name(walked(pathway, 500))["bla.review/1"][1]
    assert 30.4375 <= end.min() < 32
    assert 59 < end.max() <= 60.875


# --- Pediatric plan ---------------------------------------------------------------------------------------------------


def test_a_pediatric_plan_is_agreed_in_210_days_and_holds_only_a_program_that_is_faster():
    rows = program(
        **{
            "stages.phase_3.duration": "50 days",
            "stages.assembly.duration": "10 days",
            "stages.cmc_gate_b.duration": "20 days",
        }
    )
    assert rows["pediatric_plan"] == (910, 1120, "done")
    assert rows["assembly"] == (1060, 1070, "done")
    assert rows["bla.filing"][0] == 1120


# --- CMC --------------------------------------------------------------------------------------------------------------


def test_gate_a_holds_the_start_of_phase_3():
    rows = program(**{"stages.cmc_gate_a.duration": "700 days"})
    assert rows["cmc_gate_a"] == (390, 1090, "done")
    assert rows["phase_3"] == (1090, 1590, "success")


def test_gate_b_and_late_rework_hold_the_complete_application():
    rows = program(**{"stages.cmc_gate_b.duration": "700 days"})
    assert rows["bla.filing"][0] == 1710
    again = program(**{"stages.cmc_gate_b.duration": "700 days", "stages.cmc_gate_b.outcomes.rework": 1})
    assert again["cmc_rework"] == (1710, 1800, "done")
    assert again["bla.filing"][0] == 1800


CAR_T = {
    "stages.orphan.grant": 1,
    "stages.gap_1_2.enabled": "false",
    "stages.phase_2": "{duration: 0 days, success: 1}",
    "stages.cmc_gate_a.duration": "0 days",
    "stages.cmc_gate_b": "{duration: 0 days, outcomes: {rework: 0}}",
    "stages.process_lock.duration": "100 days",
    "stages.potency_assay.duration": "200 days",
    "stages.comparability.duration": "150 days",
    "stages.ppq.duration": "300 days",
    "stages.stability.duration": "250 days",
    "stages.plant.duration": "350 days",
    "stages.bla.during.inspection.negative": 0,
    "stages.centres.duration": "120 days",
    "stages.slots.duration": "30 days",
    "stages.medicare.duration": "90 days",
    "stages.coverage.duration": "200 days",
    "stages.medicaid.duration": "500 days",
    "stages.market_exit": "{duration: 1000 days, outcomes: {leaves: 0}}",
}


def test_a_contract_plant_is_one_of_those_that_open_gate_b():
    """Phase 1 from day 30 to 330, minutes on day 450, the pivotal trial from 550 to 1050, assembly to 1150."""
    rows = program("car-t-oncology", **CAR_T)
    assert rows["phase_3"] == (550, 1050, "success")
    assert rows["cmc_gate_a"][0] == 230  # the potency assay is the last
    assert rows["cmc_gate_b"][0] == 900  # the plant is the last
    late = program("car-t-oncology", **CAR_T | {"stages.plant.duration": "800 days"})
    assert late["bla.filing"][0] == 1350


# --- Rolling parts ----------------------------------------------------------------------------------------------------

MODULES = {
    "stages.orphan.grant": 1,
    "stages.module_nonclinical.duration": "150 days",
    "stages.module_cmc.duration": "120 days",
}


def test_parts_of_an_application_may_be_written_before_the_readout_with_a_designation():
    rolling = program("msc-cidp", "rmat", **MODULES)
    assert rolling["module_nonclinical"] == (1010, 1160, "done")
    assert rolling["module_cmc"] == (1210, 1330, "done")  # not before gate B
    assert rolling["bla.filing"][0] == 1610  # the clinical part is the last, and the clock starts with it
    alone = program("msc-cidp", "standard", **MODULES)
    assert alone["module_nonclinical"] == (1510, 1660, "done")
    assert alone["module_cmc"] == (1510, 1630, "done")
    assert alone["bla.filing"][0] == 1660


# --- Inside the review ------------------------------------------------------------------------------------------------


def committee(**more: Any) -> dict[str, Any]:
    """An application whose advisory committee meets nine months after receipt."""
    during = {"committee": {"at": "9 months", "held": 1, "negative": 1, "letter": 1, "cause": "clinical"} | more}
    return application(during=during, cause={"clinical": 0, "cmc": 1}, approve={"first": 0.5, "later": 1})


def test_an_advisory_committee_that_votes_against_brings_a_clinical_letter_at_the_goal():
    rows = small({"bla": committee()})
    assert rows["bla.committee"] == (60, 273.9375, "negative")
    assert rows["bla.review"] == (60, 365.25, "crl_clinical")


def test_a_vote_turns_a_share_of_the_approvals_into_letters():
    """Three in five of every second one leave one in five; a vote in favour, or none, leaves one in two."""
    for change, share in (({"letter": 0.6}, 0.2), ({"negative": 0}, 0.5), ({"held": 0}, 0.5)):
        pathway = only_arm(made({"bla": committee(**change)}, horizon="30 years"))
        outcome = by_name(walked(pathway, 4000))["bla.review/1"][2]
        assert (outcome == "approved").mean() == pytest.approx(share, abs=0.04)


def test_a_bad_inspection_of_the_plant_in_the_shared_pathway():
    rows = program("car-t-oncology", **CAR_T | {"stages.bla.during.inspection.negative": 1})
    assert rows["bla.inspection"] == (1210, 1454.375, "negative")  # ten months from day 1150
    assert rows["bla.review"] == (1210, 1515.25, "crl_cmc")


# --- Action -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("approve", "slip", "end", "outcome"),
    [
        (1, "-20 days", 345.25, "approved"),
        (1, "100 days", 465.25, "approved"),  # the agency is late
        (0, "-40 days", 325.25, "crl"),  # a letter weeks before the goal
        (1, "-400 days", 60, "approved"),  # but nothing before the filing decision
    ],
)
def test_an_action_is_early_or_late_against_the_goal(approve, slip, end, outcome):
    slips = {"approved": slip, "letter": slip}
    rows = small({"bla": application(approve={"first": approve, "later": 1}, slip=slips)})
    assert rows["bla.review"] == (60, end, outcome)


def test_an_approval_and_a_letter_have_slips_of_their_own():
    slips = {"approved": "-20 days", "letter": "-40 days"}
    rows = small({"bla": application(approve={"first": 0, "later": 1}, slip=slips)})
    assert rows["bla.review"][1:] == (325.25, "crl")
    assert rows["bla.review/2"] == (355.25, 517.875, "approved")  # 6 months less 20 days after the answer


# --- After a complete response ----------------------------------------------------------------------------------------


def letter(cause: str, way: str) -> dict[str, Any]:
    """An application that gets a letter for one cause, answered in one way."""
    return application(
        cause={"clinical": int(cause == "clinical"), "cmc": int(cause == "cmc")},
        answer={"clinical": {"argue": int(way == "argue"), "new_trial": int(way != "argue")}},
        response={"cmc": "300 days", "argue": "150 days", "new_trial": "900 days"},
        approve={"first": 0, "cmc": 1, "argue": 0, "new_trial": 1},
        withdraw={"clinical": 0, "cmc": 0},
    )


@pytest.mark.parametrize(
    ("cause", "way", "days", "outcome"),
    [
        ("cmc", "cmc", 300, "approved"),
        ("clinical", "argue", 150, "exhausted"),
        ("clinical", "new_trial", 900, "approved"),
    ],
)
def test_the_cause_of_a_letter_sets_the_answer_and_the_answer_its_chance(cause, way, days, outcome):
    rows = small({"bla": letter(cause, way)})
    assert rows["bla.review"] == (60, 365.25, f"crl_{cause}")
    assert rows["bla.response"] == (365.25, 365.25 + days, f"class_2_{way}")
    assert rows["bla.review/2"][1:] == (365.25 + days + 182.625, outcome)


def test_a_letter_is_given_up_by_its_cause():
    for cause, outcome in (("cmc", "class_2_cmc"), ("clinical", "withdrawn")):
        stage = letter(cause, "argue") | {"withdraw": {"clinical": 1, "cmc": 0}}
        assert small({"bla": stage})["bla.response"][2] == outcome


def test_a_second_letter_may_have_another_cause():
    """The committee's letter was clinical; the next one is drawn among the causes, here always manufacturing."""
    stage = committee() | {"approve": 0, "at_most": 2}
    rows = small({"bla": stage})
    assert [rows[name][2] for name in ("bla.review", "bla.review/2", "bla.review/3")] == [
        "crl_clinical",
        "crl_cmc",
        "exhausted",
    ]


# --- Accelerated approval ---------------------------------------------------------------------------------------------

SURROGATE = {
    "stages.orphan.grant": 1,
    "stages.surrogate.outcomes.accepted": 1,
    "stages.phase_1.hold.probability": 0,
    "stages.long_term_safety.enabled": "false",
    "stages.confirmatory_startup.duration": "300 days",
    "stages.confirmatory": "{duration: 1000 days, success: 1}",
    "stages.conversion.duration": "400 days",
    "stages.withdrawal": "{duration: 700 days, outcomes: {kept: 0}}",
    "effects.accelerated_approval.scale": 0.6,
    "effects.failed_before_action.enabled": "true",
}
"""Pivotal trial from day 1010 to 1310, submission on 1410, approval 1775.25; confirmatory trial from 1310 to 2310."""


def test_a_confirmatory_trial_converts_the_approval():
    rows = program("aav-rare-disease", **SURROGATE)
    assert rows["phase_3"] == (1010, 1310, "success")
    assert rows["bla.review"] == (1470, 1775.25, "approved")
    assert rows["confirmatory"] == (1310, 2310, "success")
    assert rows["conversion"] == (2310, 2710, "done")
    assert "withdrawal" not in rows


def test_the_confirmatory_trial_is_under_way_before_the_application():
    rows = program("aav-rare-disease", **SURROGATE | {"stages.confirmatory_startup.duration": "500 days"})
    assert rows["confirmatory"][0] == 1510
    assert rows["bla.filing"][0] == 1510  # a hundred days after the assembly


FAILED = SURROGATE | {"stages.confirmatory": "{duration: 1000 days, success: 0}"}


def test_an_approval_is_withdrawn_after_its_confirmatory_trial_has_failed_and_availability_ends():
    trajectories = walked(scenario("aav-rare-disease", FAILED).pathways["standard"])
    rows = rows_of(trajectories)
    assert rows["confirmatory"] == (1310, 2310, "failed")
    assert rows["withdrawal"] == (2310, 3010, "withdrawn")
    assert "conversion" not in rows
    assert trajectories.milestone("availability")[0] == 1825.25
    assert trajectories.milestone_until("availability")[0] == 3010
    kept = program("aav-rare-disease", **FAILED | {"stages.withdrawal.outcomes.kept": 1})
    assert kept["withdrawal"] == (2310, 3010, "kept")


def test_ever_available_and_available_on_a_date_are_two_curves():
    """First patient on day 1825.25, in the fifth year; withdrawn on day 3010, in the ninth."""
    results = to_json(run(scenario("aav-rare-disease", FAILED), Settings(replications=4, arms=("standard",))))
    curves = results["arms"]["standard"]["milestones"]["availability"]
    ever, now = (
        {point["years"]: point["estimate"] for point in curves[name]}
        for name in ("cumulative_incidence", "available_at")
    )
    assert [ever[year] for year in (4, 5, 8, 9, 25)] == [0, 1, 1, 1, 1]
    assert [now[year] for year in (4, 5, 8, 9, 25)] == [0, 1, 1, 0, 0]


def test_nothing_is_approved_after_the_confirmatory_trial_has_failed():
    early = FAILED | {"stages.confirmatory": "{duration: 150 days, success: 0}"}
    rows = program("aav-rare-disease", **early | {"stages.bla.withdraw": "{cmc: 1, clinical: 1, both: 1}"})
    assert rows["confirmatory"] == (1310, 1460, "failed")  # ten days before the application is accepted
    assert rows["bla.review"][2].startswith("crl_")


# --- After approval ---------------------------------------------------------------------------------------------------


def test_a_product_that_is_never_sold():
    assert ending(**{"stages.launch.outcomes.never": 1}) == "never:launch"
    assert np.isinf(milestone("availability", **{"stages.launch.outcomes.never": 1}))
    assert milestone("approval", **{"stages.launch.outcomes.never": 1}) == 1975.25


def test_standard_of_care_needs_the_first_patient_and_coverage():
    assert milestone("standard_of_care", **{"stages.coverage.duration": "10 days"}) == 2025.25


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        ({}, 200),  # commercial plans, with Medicare on day 90
        ({"coverage": 600}, 500),  # Medicaid stands in for them
        ({"medicare": 300}, 300),  # but nothing stands in for Medicare
        ({"centres": 450}, 450),
        ({"slots": 600}, 650),  # slots follow the launch, 50 days after the approval
    ],
)
def test_standard_of_care_by_centres_slots_and_payers(changes, days):
    """Days after the approval, which is on day 1515.25."""
    sets = {f"stages.{stage}.duration": f"{each} days" for stage, each in changes.items()}
    assert milestone("standard_of_care", "car-t-oncology", **CAR_T | sets) == 1515.25 + days


def test_a_product_that_leaves_the_market():
    changes = CAR_T | {"stages.market_exit.outcomes.leaves": 1}
    found = walked(scenario("car-t-oncology", changes).pathways["standard"])
    assert found.milestone("availability")[0] == 1565.25
    assert found.milestone_until("availability")[0] == 2565.25


# --- Financing --------------------------------------------------------------------------------------------------------


def test_money_for_phase_3_holds_its_start_or_is_never_found():
    changes = {"stages.financing": "{enabled: true, duration: 400 days, outcomes: {abandoned: 0}}"}
    rows = program(**changes)
    assert rows["financing"] == (790, 1190, "funded")
    assert rows["phase_3"] == (1190, 1690, "success")
    beside = program(**changes | {"stages.financing": "{enabled: true, duration: 100 days, outcomes: {abandoned: 0}}"})
    assert beside["phase_3"] == PROGRAM["phase_3"]
    none = {"stages.financing": "{enabled: true, duration: 400 days, outcomes: {abandoned: 1}}"}
    assert ending(**none) == "abandoned:financing"


# --- Dated rules ------------------------------------------------------------------------------------------------------


def test_a_clock_goes_on_after_the_end_of_its_rule_and_that_is_said():
    """The application comes on 29 May 2028, after the end of PDUFA VII on 30 September 2027."""
    assert program()["bla.review"][1] - program()["bla.filing"][0] == 365.25
    extrapolated = scenario("fda-cell-therapy", {}).extrapolated()
    assert extrapolated["fda.goal.standard"] == datetime.date(2027, 9, 30)
    assert "fda.ind.review" not in extrapolated  # the law has no end


def test_the_shared_pathway_can_begin_before_the_youngest_clock_in_it_and_says_so():
    assert "fda.meeting.package_ahead" in scenario("fda-cell-therapy", {"as_of": "2017-09-30"}).backdated()
    assert scenario("fda-cell-therapy", {"as_of": "2017-10-01"}).backdated() == {}


# --- Europe -----------------------------------------------------------------------------------------------------------

EUROPE = {
    "stages.prime.grant": 1,
    "stages.maa.goal.share": 0,
    "stages.maa.during.questions.stops": "200 days",
    "stages.maa.during.outstanding_issues.held": 1,
    "stages.maa.during.outstanding_issues.stops": "100 days",
    "stages.maa.slip": "0 days",
    "stages.maa.approve.first": 1,
    "stages.maa.withdraw": 0,
}


def test_a_program_in_europe_day_by_day():
    rows = program("msc-dpn-us-eu", "ema", **EUROPE)
    assert rows["ind.review"] == (0, 141, "effective")
    assert rows["prime.decision"] == (941, 941, "granted")  # 40 days after Phase 2, which ends on day 901
    assert rows["eop2.meeting"] == (941, 1011, "done")  # 70 days of scientific advice after 40 of preparation
    assert rows["pediatric_plan"] == (1011, 1221, "done")
    assert rows["phase_3"] == (1111, 1611, "success")
    assert rows["maa.filing"] == (1711, 1725, "filed")
    assert rows["maa.questions"] == (1725, 2045, "done")  # day 134, and a stop of 200
    assert rows["maa.review"] == (1725, 2235, "approved")  # 224 days from receipt and 300 of stops
    assert rows["commission"] == (2235, 2302, "done")
    assert rows["launch"][:2] == (2302, 2352)


def test_a_negative_opinion_is_examined_again_once():
    changes = EUROPE | {"stages.maa.approve": "{first: 0, later: 1}"}
    rows = program("msc-dpn-us-eu", "ema", **changes)
    assert rows["maa.review"] == (1725, 2235, "crl")
    assert rows["maa.response"] == (2235, 2295, "class_2_crl")  # grounds within 60 days
    assert rows["maa.review/2"] == (2295, 2355, "approved")  # and 60 days of examination
    assert ending("msc-dpn-us-eu", "ema", **EUROPE | {"stages.maa.approve": "{first: 0, later: 0}"}) == "exhausted:maa"
