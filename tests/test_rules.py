"""Rules of the agencies on dated histories that can be worked out with a calendar.

Every probability is 0 or 1 and every duration is fixed, unless a share is the matter itself. A month is 30.4375 days,
so 2, 3, 6, 8, 10 and 12 months are 60.875, 91.3125, 182.625, 243.5, 304.375 and 365.25 days. A date is that of the day
on which the moment falls.
"""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from agreement import differing, read
from made import by_name, made, only_arm, simulate, trial, work

from pathway_sim.trajectories import Trajectories

Stage = dict[str, Any]
Row = tuple[str, str, str]


def walked(as_of: str, stages: dict[str, Stage], count: int = 1, **more: Any) -> Trajectories:
    """Futures of a document that begins on a date, by both engines."""
    pathway = only_arm(made(stages, horizon="30 years", as_of=as_of, **more))
    found = simulate("batch", pathway, count)
    assert differing(found, simulate("reference", pathway, count)) == []
    return found


def history(as_of: str, stages: dict[str, Stage], **more: Any) -> dict[str, Row]:
    """Each step that ended: the dates on which it started and ended, and how."""
    first = datetime.date.fromisoformat(as_of)
    rows = {}
    for name, (start, end, outcome) in by_name(walked(as_of, stages, **more)).items():
        if np.isfinite(start[0]) and np.isfinite(end[0]):
            days = [str(first + datetime.timedelta(days=float(each[0]))) for each in (start, end)]
            rows[name] = (days[0], days[1], str(outcome[0]))
    return rows


def ends(rows: dict[str, Row]) -> dict[str, str]:
    """The day on which each step ended."""
    return {name: end for name, (_, end, _) in rows.items()}


def ending(as_of: str, stages: dict[str, Stage], **more: Any) -> str:
    """How the program ended."""
    found = walked(as_of, stages, **more)
    return found.pathway.endings[found.endings()[0]]


# --- IND --------------------------------------------------------------------------------------------------------------


def ind(probability: float, lifted: float = 1) -> Stage:
    clock = {"rule": "fda.ind.review"}
    return {"kind": "hold", "clock": clock, "probability": probability, "repair": "100 days", "lifted": lifted}


def test_an_ind_takes_effect_after_30_days():
    assert history("2024-03-01", {"ind": ind(0)}) == {"ind.review/1": ("2024-03-01", "2024-03-31", "effective")}


def test_a_hold_on_an_ind_lasts_until_it_is_repaired():
    stages = {"ind": ind(1), "phase_1": work(0, "ind.effective")}
    assert history("2024-03-01", stages) == {
        "ind.review/1": ("2024-03-01", "2024-03-31", "held"),
        "ind.hold/1": ("2024-03-31", "2024-07-09", "effective"),
        "phase_1/1": ("2024-07-09", "2024-07-09", "done"),
    }
    never = {"ind": ind(1, lifted=0), "phase_1": work(0, "ind.effective")}
    assert "phase_1/1" not in history("2024-03-01", never)
    assert ending("2024-03-01", never) == "never_lifted:ind"


def test_the_cause_of_a_hold_says_how_long_it_lasts_and_whether_it_is_lifted():
    stage = ind(1) | {"cause": {"cmc": 1, "protocol": 0}, "repair": {"cmc": "150 days", "protocol": "30 days"}}
    rows = history("2024-03-01", {"ind": stage | {"lifted": {"cmc": 1, "protocol": 0}}})
    assert rows == {
        "ind.review/1": ("2024-03-01", "2024-03-31", "held_cmc"),
        "ind.hold/1": ("2024-03-31", "2024-08-28", "effective"),
    }
    stage |= {"cause": {"cmc": 0, "protocol": 1}, "lifted": {"cmc": 1, "protocol": 0}}
    assert history("2024-03-01", {"ind": stage})["ind.hold/1"] == ("2024-03-31", "2024-04-30", "never_lifted")


# --- Meetings ---------------------------------------------------------------------------------------------------------


def meeting(kind: str, after: Any = None) -> Stage:
    return {"kind": "meeting", "type": kind} | ({} if after is None else {"after": after})


@pytest.mark.parametrize(
    ("as_of", "kind", "held_on"),
    [
        ("2017-09-01", "a", "2017-10-01"),  # 30 days
        ("2017-09-01", "b", "2017-10-31"),  # 60
        ("2017-10-01", "b", "2017-11-30"),
        ("2017-09-01", "c", "2017-11-15"),  # 75
        ("2022-10-01", "d", "2022-11-20"),  # 50, and there were none before
        ("2017-09-30", "b_eop", "2017-11-29"),  # 60 before October 2017, as for any Type B
        ("2017-10-01", "b_eop", "2017-12-10"),  # 70 since
    ],
)
def test_the_clock_of_each_type_of_meeting(as_of, kind, held_on):
    assert history(as_of, {"m": meeting(kind)}) == {"m.meeting/1": (as_of, held_on, "done")}


def test_an_end_of_phase_meeting_has_the_clock_of_the_day_on_which_it_is_requested():
    stages = {"a": work(29), "b": work(30), "before": meeting("b_eop", "a"), "after": meeting("b_eop", "b")}
    rows = history("2017-09-01", stages)
    assert rows["before.meeting/1"] == ("2017-09-30", "2017-11-29", "done")
    assert rows["after.meeting/1"] == ("2017-10-01", "2017-12-10", "done")


def test_a_meeting_held_late_is_late_by_what_is_stated():
    late = {"probability": 1, "duration": "10 days"}
    assert ends(history("2024-03-01", {"m": meeting("a") | {"late": late}})) == {"m.meeting/1": "2024-04-10"}
    late["probability"] = 0
    assert ends(history("2024-03-01", {"m": meeting("a") | {"late": late}})) == {"m.meeting/1": "2024-03-31"}


def test_a_rule_that_begins_later_than_the_scenario_holds_before_and_is_reported():
    for start, end, reported in (("2022-09-30", "2022-11-19", ["fda.meeting.d"]), ("2022-10-01", "2022-11-20", [])):
        assert ends(history(start, {"m": meeting("d")})) == {"m.meeting/1": end}
        assert [*read(made({"m": meeting("d")}, as_of=start)).backdated()] == reported


# --- Designations -----------------------------------------------------------------------------------------------------


def rmat(grant: Any, after: Any = None, **more: Any) -> Stage:
    stage = {"kind": "designation", "clock": {"rule": "fda.rmat.decision"}, "grant": grant}
    return stage | ({} if after is None else {"after": after}) | more


def share_granted(as_of: str, requested: int, clock: str = "60 days") -> float:
    """The share of RMAT requests that are granted, of those submitted some days after a date."""
    stages = {"wait": work(requested), "rmat": rmat({"rule": "fda.rmat.grant"}, "wait", clock=clock)}
    return float((by_name(walked(as_of, stages, 4000))["rmat.decision/1"][2] == "granted").mean())


def test_a_request_is_decided_after_60_days():
    rows = history("2024-03-01", {"rmat": rmat(1)})
    assert rows == {
        "rmat.request/1": ("2024-03-01", "2024-04-30", "done"),
        "rmat.decision/1": ("2024-04-30", "2024-04-30", "granted"),
    }


def test_nothing_is_granted_before_there_was_such_a_designation():
    # The law is of 13 December 2016. From 1 October, 12 days and 60 more end on the 12th, 13 days and 60 on the 13th.
    assert share_granted("2016-10-01", 12) == 0
    assert share_granted("2016-10-01", 13) == pytest.approx(0.44, abs=0.03)


def test_the_share_that_is_granted_is_that_of_the_day_of_the_decision():
    # 40 days from 21 August 2023 end on 30 September, from 22 August on 1 October. In 2025 the share falls again.
    assert share_granted("2023-08-01", 20, "40 days") == pytest.approx(0.44, abs=0.03)
    assert share_granted("2023-08-01", 21, "40 days") == pytest.approx(0.74, abs=0.03)
    assert share_granted("2023-08-01", 600, "40 days") == pytest.approx(0.55, abs=0.03)
    # A scenario that begins in the newer regime has never heard of the older ones.
    assert share_granted("2023-10-01", 0, "0 days") == pytest.approx(0.74, abs=0.03)


def test_nothing_is_granted_while_the_ind_is_on_hold():
    # The hold is from 31 March to 9 July 2024. Decisions fall on 10 May (in it), 9 July (just lifted) and 8 August.
    stages = {
        "ind": ind(1),
        "a": work(10),
        "b": work(70),
        "c": work(100),
        "early": rmat(1, "a"),
        "lifted": rmat(1, "b"),
        "late": rmat(1, "c"),
    }
    on_hold = {"all": ["ind.held", {"not": "ind.effective"}]}
    on = ["early.grant", "lifted.grant", "late.grant"]
    rows = history("2024-03-01", stages, effects={"on_hold": {"if": on_hold, "on": on, "scale": 0}})
    assert rows["early.decision/1"][1:] == ("2024-05-10", "denied")
    assert rows["lifted.decision/1"][1:] == ("2024-07-09", "granted")
    assert rows["late.decision/1"][1:] == ("2024-08-08", "granted")


def test_a_second_request_has_a_share_of_its_own():
    grant = {"first": 0, "later": 1}
    rows = history("2024-03-01", {"rmat": rmat(grant, at_most=2, again="90 days", prepare="14 days")})
    assert rows == {
        "rmat.preparation/1": ("2024-03-01", "2024-03-15", "done"),
        "rmat.request/1": ("2024-03-15", "2024-05-14", "done"),
        "rmat.decision/1": ("2024-05-14", "2024-05-14", "denied"),
        "rmat.preparation/2": ("2024-05-14", "2024-08-12", "done"),
        "rmat.request/2": ("2024-08-12", "2024-10-11", "done"),
        "rmat.decision/2": ("2024-10-11", "2024-10-11", "granted"),
    }


@pytest.mark.parametrize(("probability", "outcome"), [(1, "rescinded"), (0, "kept")])
def test_a_designation_may_be_rescinded(probability, outcome):
    rescind = {"probability": probability, "after": "365 days"}
    rows = history("2024-03-01", {"rmat": rmat(1, rescind=rescind), "next": work(1, "rmat")})
    assert rows["rmat.rescission/1"] == ("2024-04-30", "2025-04-30", outcome)
    assert rows["next/1"] == ("2024-04-30", "2024-05-01", "done")  # the grant is what others waited for


# --- Filing and goal --------------------------------------------------------------------------------------------------


def bla(**more: Any) -> Stage:
    """An application on the agency's clocks, with a standard review, approved in the first cycle."""
    return {"kind": "application", "goal": {"share": 0}, "approve": 1, "response": "30 days", "at_most": 1} | more


@pytest.mark.parametrize(
    ("received", "filed", "standard", "priority"),
    [
        ("2011-06-01", "2011-07-31", "2012-03-31", "2011-11-30"),  # 10 and 6 months
        ("2013-01-01", "2013-03-02", "2014-01-01", "2013-09-01"),  # 12 and 8 months
    ],
)
def test_the_goal_counts_from_receipt_with_the_filing_inside(received, filed, standard, priority):
    for share, goal in ((0, standard), (1, priority)):
        assert history(received, {"bla": bla(goal={"share": share})}) == {
            "bla.filing/1": (received, filed, "filed"),
            "bla.review/1": (filed, goal, "approved"),
        }


def test_the_goals_of_october_2012_hold_for_applications_received_then():
    # Received on 30 September 2012, the goal is 10 months from receipt; received a day later, 12 months.
    stages = {"wait": work(1), "a": bla(), "b": bla(after="wait")}
    rows = history("2012-09-30", stages, end=["a", "b"])
    assert rows["a.review/1"] == ("2012-11-29", "2013-07-31", "approved")
    assert rows["b.review/1"] == ("2012-11-30", "2013-10-01", "approved")


def test_a_refused_application_is_filed_again_and_its_goal_counts_from_the_second_receipt():
    refuse = {"probability": 1, "answer": "90 days"}
    complete = {"if": "repair", "on": "bla.refuse.probability", "scale": 0}  # what was missing is there on 30 April
    stages = {"repair": work(120), "bla": bla(refuse=refuse)}
    assert history("2024-01-01", stages, effects={"complete": complete}) == {
        "repair/1": ("2024-01-01", "2024-04-30", "done"),
        "bla.filing/1": ("2024-01-01", "2024-03-01", "refused"),
        "bla.refusal/1": ("2024-03-01", "2024-05-30", "done"),
        "bla.filing/2": ("2024-05-30", "2024-07-29", "filed"),
        "bla.review/1": ("2024-07-29", "2025-05-30", "approved"),  # 12 months from 30 May 2024
    }
    assert history("2024-01-01", {"bla": bla(refuse=refuse)})["bla.filing/2"][1:] == ("2024-07-29", "not_filed")
    assert ending("2024-01-01", {"bla": bla(refuse=refuse)}, end="bla.approved") == "not_filed:bla"


def test_an_application_is_filed_over_protest():
    # The request comes within 30 days, and the application is filed 60 days after the request (21 CFR 314.101(a)(3)).
    refuse = {"probability": 1, "answer": "400 days", "protest": 1}
    assert history("2024-01-01", {"bla": bla(refuse=refuse)}) == {
        "bla.filing/1": ("2024-01-01", "2024-03-01", "refused"),
        "bla.refusal/1": ("2024-03-01", "2024-03-31", "protest"),
        "bla.filing/2": ("2024-03-31", "2024-05-30", "filed"),
        "bla.review/1": ("2024-05-30", "2025-03-31", "approved"),  # 12 months from the request
    }


# --- During the review ------------------------------------------------------------------------------------------------


def both(rule: str) -> Stage:
    return {each: {"rule": f"fda.application.{rule}.{each}"} for each in ("standard", "priority")}


EVENTS = {
    "day_74": {"at": {"rule": "fda.application.day_74"}},
    "mid_cycle": {"at": both("mid_cycle")},
    "late_cycle": {"at": both("late_cycle")},
    "inspection": {"at": both("inspection")},
}


@pytest.mark.parametrize(
    ("share", "days", "goal"),
    [
        # 74 days; 7, 9 and 10 months; 12 months
        (0, ["2024-03-15", "2024-08-01", "2024-09-30", "2024-10-31"], "2024-12-31"),
        # 74 days; 5, 6 and 6 months; 8 months
        (1, ["2024-03-15", "2024-06-01", "2024-07-01", "2024-07-01"], "2024-08-31"),
    ],
)
def test_what_happens_during_a_review_counts_from_receipt_and_does_not_move_the_goal(share, days, goal):
    rows = history("2024-01-01", {"bla": bla(goal={"share": share}, during=EVENTS)})
    assert [rows[f"bla.{name}/1"] for name in EVENTS] == [("2024-03-01", day, "done") for day in days]
    assert rows["bla.review/1"] == ("2024-03-01", goal, "approved")


def test_a_bad_inspection_brings_a_letter_about_manufacturing_at_the_goal():
    bad = EVENTS["inspection"] | {"negative": 1, "letter": 1, "cause": "cmc"}
    stage = bla(cause={"clinical": 1, "cmc": 0}, during={"inspection": bad}, approve={"first": 1, "later": 1})
    rows = history("2024-01-01", {"bla": stage})
    assert rows["bla.inspection/1"][1:] == ("2024-10-31", "negative")
    assert rows["bla.review/1"][1:] == ("2024-12-31", "crl_cmc")
    assert rows["bla.review/2"][2] == "approved"  # the inspection weighs on the first review only
    for change in ({"negative": 0}, {"held": 0}, {"letter": 0}):
        stage["during"] = {"inspection": bad | change}
        assert history("2024-01-01", {"bla": stage})["bla.review/1"][1:] == ("2024-12-31", "approved")


def test_a_major_amendment_moves_the_goal_by_three_months_once_in_a_cycle():
    amended = {"probability": 1, "duration": {"rule": "fda.application.extension"}}
    rows = history("2024-01-01", {"bla": bla(extension=amended, approve={"first": 0, "later": 1})})
    assert ends(rows) == {
        "bla.filing/1": "2024-03-01",
        "bla.review/1": "2025-04-01",  # 12 and 3 months: 456.5625 days
        "bla.response/1": "2025-05-01",
        "bla.review/2": "2026-01-30",  # 6 and 3 months: 273.9375 days after day 486.5625
    }
    later = {"probability": 0, "duration": "1 day"}
    rows = history("2024-01-01", {"bla": bla(extension=amended | {"later": later}, approve={"first": 0, "later": 1})})
    assert ends(rows)["bla.review/2"] == "2025-10-31"  # 6 months


def test_a_clock_stop_of_the_european_agency_moves_the_opinion():
    # Validation takes 14 days and the opinion comes on day 224; the list of questions on day 134 stops the clock.
    questions = {"at": {"rule": "ema.questions.standard"}, "stops": "90 days"}
    maa = bla(agency="ema", during={"questions": questions})
    assert history("2024-01-01", {"maa": maa}) == {
        "maa.filing/1": ("2024-01-01", "2024-01-15", "filed"),
        "maa.questions/1": ("2024-01-15", "2024-08-12", "done"),  # 134 days to the list and 90 to the answers
        "maa.review/1": ("2024-01-15", "2024-11-10", "approved"),  # 224 and 90 days
    }
    not_asked = bla(agency="ema", during={"questions": questions | {"held": 0}})
    assert ends(history("2024-01-01", {"maa": not_asked}))["maa.review/1"] == "2024-08-12"


# --- After a complete response ----------------------------------------------------------------------------------------

LETTER = "2024-12-31"
"""The day of the letter to an application received on 1 January 2024; to be exact, day 365.25."""


def refused(**more: Any) -> Stage:
    """An application that gets a letter in the first cycle and is approved in the second one."""
    return bla(approve={"first": 0, "later": 1}) | more


@pytest.mark.parametrize(
    ("answer", "type_a", "meets", "answers"),
    [
        ("10 days", 1, "2025-01-30", "2025-01-30"),  # ready before the meeting, 30 days after the letter
        ("100 days", 1, "2025-01-30", "2025-04-10"),  # 100 days from the letter, not from the meeting
        ("10 days", 0, LETTER, "2025-01-10"),
    ],
)
def test_an_answer_counts_from_the_letter_and_waits_for_the_meeting(answer, type_a, meets, answers):
    rows = history("2024-01-01", {"bla": refused(response=answer, type_a={"probability": type_a})})
    assert rows["bla.review/1"][1:] == (LETTER, "crl")
    assert rows["bla.type_a/1"] == (LETTER, meets, "held" if type_a else "not_held")
    assert rows["bla.response/1"] == (meets, answers, "class_2_crl")


@pytest.mark.parametrize(
    ("fields", "until", "outcome"),
    [
        ({"withdraw": 1}, "2025-12-31", "withdrawn"),  # a year after the letter: day 730.5
        ({"response": "18 months", "extend": 0}, "2025-12-31", "withdrawn"),
        ({"response": "18 months", "extend": 1}, "2026-07-02", "class_2_crl"),  # day 365.25 + 547.875
        ({"response": "18 months"}, "2026-07-02", "class_2_crl"),  # the rule is applied only where it is stated
        ({"response": "1 year", "extend": 0}, "2025-12-31", "class_2_crl"),  # in time, on the last day
        ({"response": "18 months", "extend": 0, "lapse": "2 years"}, "2026-07-02", "class_2_crl"),
    ],
)
def test_a_letter_that_is_not_answered_within_a_year(fields, until, outcome):
    rows = history("2024-01-01", {"bla": refused(**fields)})
    assert rows["bla.response/1"] == (LETTER, until, outcome)
    end = ending("2024-01-01", {"bla": refused(**fields)}, end="bla.approved")
    assert end == ("withdrawn:bla" if outcome == "withdrawn" else "end")


@pytest.mark.parametrize(
    ("class_1", "outcome", "decided"),
    [
        (1, "class_1_crl", "2025-04-01"),  # two months: day 395.25 + 60.875
        (0, "class_2_crl", "2025-07-31"),  # six months: day 395.25 + 182.625
    ],
)
def test_the_review_of_a_resubmission(class_1, outcome, decided):
    rows = history("2024-01-01", {"bla": refused(class_1=class_1)})
    assert rows["bla.response/1"] == (LETTER, "2025-01-30", outcome)
    assert rows["bla.review/2"] == ("2025-01-30", decided, "approved")


def test_the_cause_of_a_second_letter_is_drawn_anew():
    stage = bla(approve=0, at_most=2, cause={"clinical": 0.25, "cmc": 0.75})
    found = by_name(walked("2024-01-01", {"bla": stage}, 4000))
    first, second = (found[f"bla.review/{cycle}"][2] == "crl_clinical" for cycle in (1, 2))
    assert second[first].mean() == pytest.approx(0.25, abs=0.06)
    assert second[~first].mean() == pytest.approx(0.25, abs=0.04)


def test_letters_end_with_the_last_permitted_answer():
    rows = history("2024-01-01", {"bla": bla(approve=0, at_most=2, class_1=1)})
    assert {name: row[1:] for name, row in rows.items() if "review" in name} == {
        "bla.review/1": (LETTER, "crl"),
        "bla.review/2": ("2025-04-01", "crl"),  # 30 days and 2 months later each
        "bla.review/3": ("2025-07-01", "exhausted"),
    }
    assert ending("2024-01-01", {"bla": bla(approve=0, at_most=2, class_1=1)}, end="bla.approved") == "exhausted:bla"


# --- Clinical holds during a trial ------------------------------------------------------------------------------------


def test_a_trial_ends_later_by_the_length_of_its_hold():
    struck = trial(400, 1, hold={"probability": 1, "repair": "120 days", "lifted": 1})
    found = walked("2024-01-01", {"phase_2": struck}, 200)
    held, resumed = by_name(found)["phase_2/1"][1], by_name(found)["phase_2.resumed/1"]
    assert (resumed[0] == held + 120).all()
    assert (resumed[1] == 520).all()  # to the bit, whenever the hold struck
    assert np.histogram(held, bins=4, range=(0, 400))[0].min() > 25  # at any time while patients are dosed
    assert history("2024-01-01", {"phase_2": struck})["phase_2.resumed/1"][1:] == ("2025-06-04", "success")


def test_a_hold_lengthens_the_enrolment_of_a_trial_with_a_design():
    design = {"enrolment": "100 days", "follow_up": "30 days", "readout": "10 days"}
    stage = {"kind": "trial", "design": design, "success": 1}
    stage["hold"] = {"probability": 1, "repair": "60 days", "lifted": 1}
    rows = history("2024-01-01", {"phase_2": stage})
    assert rows["phase_2.resumed/1"][1:] == ("2024-06-09", "done")  # day 160
    assert rows["phase_2.readout/1"] == ("2024-07-09", "2024-07-19", "success")


def test_a_trial_without_a_hold_and_one_that_never_goes_on():
    hold = {"probability": 0, "repair": "120 days", "lifted": 0}
    assert history("2024-01-01", {"phase_2": trial(400, 1, hold=hold)}) == {
        "phase_2/1": ("2024-01-01", "2025-02-04", "success")
    }
    hold["probability"] = 1
    assert ending("2024-01-01", {"phase_2": trial(400, 1, hold=hold)}, end="phase_2.success") == "never_lifted:phase_2"


# --- Interim analyses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("success", "stops", "outcome", "over"),
    [
        (1, 1, "success", "2024-04-10"),
        (0, 1, "failed", "2024-04-10"),
        (1, 0, "continues", "2024-05-30"),
        (0, 0, "continues", "2024-05-30"),
    ],
)
def test_an_interim_analysis_ends_a_trial_as_its_readout_would(success, stops, outcome, over):
    # Half of 100 days of enrolment, 30 of follow-up and 20 of analysis end on day 100; the readout would on day 150.
    interim = {"at": 0.5, "readout": "20 days", "success": stops, "futility": stops}
    design = {"enrolment": "100 days", "follow_up": "30 days", "readout": "20 days", "interim": interim}
    stage = {"kind": "trial", "design": design, "success": success, "terminal": []}
    rows = history("2024-01-01", {"phase_3": stage, "next": work(1, "phase_3")})
    assert rows["phase_3.interim/1"] == ("2024-01-01", "2024-04-10", outcome)
    assert rows["phase_3.follow_up/1"] == ("2024-04-10", "2024-05-10", "done")  # those who are in it are followed up
    assert rows["next/1"][0] == over
    assert ("phase_3.readout/1" in rows) == (outcome == "continues")
