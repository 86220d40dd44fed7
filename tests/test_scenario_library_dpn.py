"""The scenarios beside msc-dpn for one disease: what their arms share, what differs, and bounds on what they say."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from agreement import differing
from made import by_name, shipped, simulate, unlike

from pathway_sim import document
from pathway_sim.analysis.checks import measure, passes
from pathway_sim.scenario.lint import lint
from pathway_sim.trajectories import Trajectories
from pathway_sim.units import MONTH, YEAR

NAMES = ("dpn-cell-sources", "dpn-claims", "dpn-delivery", "dpn-designations", "dpn-rmat-timing", "msc-dpn-us-eu")
ARMS = [(name, arm) for name in NAMES for arm in shipped(name).pathways]
OTHERS = [(name, arm) for name, arm in ARMS if arm != "standard"]
N = 20_000
SETS = 250


@functools.cache
def walked(name: str, arm: str) -> Trajectories:
    return simulate("batch", shipped(name).pathways[arm], N, sets=SETS)


@functools.cache
def columns(name: str, arm: str) -> dict[str, tuple[npt.NDArray[Any], ...]]:
    """Start, end and outcome by step."""
    return by_name(walked(name, arm))


def share(name: str, arm: str, milestone: str = "availability") -> float:
    return float(np.isfinite(walked(name, arm).milestone(milestone)).mean())


def years(name: str, arm: str, milestone: str = "availability") -> npt.NDArray[np.float64]:
    times = walked(name, arm).milestone(milestone)
    return times[np.isfinite(times)] / YEAR


def months_gained(name: str, arm: str, baseline: str = "standard") -> npt.NDArray[np.float64]:
    one, other = (walked(name, each).milestone("availability") for each in (baseline, arm))
    both = np.isfinite(one) & np.isfinite(other)
    return (one[both] - other[both]) / MONTH


def spent(name: str, arm: str, step: str) -> npt.NDArray[np.float64]:
    """Days that a step takes, where it ends."""
    start, end, _ = columns(name, arm)[step]
    over = np.isfinite(start) & np.isfinite(end)
    return end[over] - start[over]


def flat(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """The numbers and texts of a document by dotted path."""
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from flat(inner, (*path, name))
    else:
        yield ".".join(path), node


def changed(name: str, arm: str) -> set[str]:
    """The fields `stage.field` and the effects in which an arm's document is not the baseline's."""
    one, other = (dict(flat(document.plain(shipped(name).documents[each]))) for each in ("standard", arm))
    paths = {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}
    return {".".join(path.split(".")[1:3]) for path in paths if path.split(".")[0] in ("stages", "effects")}


def differs(name: str, arm: str, stages: set[str], baseline: str = "standard") -> set[str]:
    """Of these stages, those of which a step is not the same, bit for bit, in two arms."""
    return {step.split("/")[0].split(".")[0] for step in unlike(walked(name, baseline), walked(name, arm))} & stages


# --- All of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_both_engines_agree_bit_for_bit(name, arm):
    pathway = shipped(name).pathways[arm]
    one, other = (simulate(engine, pathway, 300, sets=SETS) for engine in ("batch", "reference"))
    assert differing(one, other) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_published_totals_still_stand_and_nothing_is_warned_of(name):
    scenario = shipped(name)
    found = measure(scenario, N)
    assert len(scenario.checks) >= 14
    assert [plan.name for plan in scenario.checks if not passes(plan, found[plan.name][0])] == []
    assert lint(scenario) == ()


@pytest.mark.parametrize("name", NAMES)
def test_each_says_what_it_is_for(name):
    header = shipped(name)
    plain = document.plain(header.document)
    own = document.plain(shipped("msc-dpn").document)
    for key in ("title", "question", "context_of_use", "not_for"):
        assert plain[key]
        assert plain[key] != own[key]


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_the_chance_lies_where_the_published_likelihoods_do(name, arm):
    """Published: 0.7 % (new pain drugs) to 8 % (cell therapies outside oncology); the low end as in msc-dpn."""
    assert 0.025 < share(name, arm) < 0.08


@pytest.mark.parametrize(("name", "arm"), ARMS)
def test_nobody_is_there_before_the_fastest_program_known(name, arm):
    """IND to first approval took 4.8 years in the median with breakthrough designation: ours take twice that."""
    assert np.quantile(years(name, arm), 0.001) > 4.0
    assert 9.6 < np.median(years(name, arm)) < 15


@pytest.mark.parametrize(
    ("name", "arm"), [(name, arm) for name, arm in OTHERS if "rmat" in arm and arm.count("_") == 0]
)
def test_a_request_alone_moves_the_date_by_months_and_not_the_chance(name, arm):
    assert abs(share(name, arm) - share(name, "standard")) < 0.002
    assert 0.5 < months_gained(name, arm).mean() < 4


# --- Where the cells come from ----------------------------------------------------------------------------------------

BEFORE_CMC = {"ind", "phase_1", "gap_1_2", "phase_2", "eop2", "redesign", "phase_3_startup", "surrogate"}
SUPPLY = {"cmc_gate_a.duration"}
OWN = SUPPLY | {
    "cmc_gate_b.duration",
    "cmc_gate_b.outcomes",
    "collection_sites.enabled",
    "collection_centres.enabled",
    "phase_3.duration",
    "launch.duration",
}


def test_sources_differ_in_manufacturing_and_supply_only():
    name = "dpn-cell-sources"
    assert changed(name, "bone_marrow") == SUPPLY
    assert changed(name, "own_bone_marrow") == OWN
    assert changed(name, "own_fat") == OWN | {"collection_sites.duration", "collection_centres.duration"}
    for arm in ("bone_marrow", "own_bone_marrow", "own_fat"):
        assert differs(name, arm, BEFORE_CMC) == set()
        assert abs(share(name, arm) - share(name, "standard")) < 0.002


def test_cells_of_the_patient_are_ready_for_phase_3_sooner_and_for_patients_later():
    name = "dpn-cell-sources"
    assert np.median(spent(name, "own_fat", "cmc_gate_a/1")) < np.median(spent(name, "standard", "cmc_gate_a/1"))
    for arm in ("own_bone_marrow", "own_fat"):
        assert -12 < months_gained(name, arm).mean() < -1
        late, early = (np.median(years(name, each, "standard_of_care")) for each in (arm, "standard"))
        assert late - early > np.median(years(name, arm)) - np.median(years(name, "standard"))


# --- The way in -------------------------------------------------------------------------------------------------------


def test_routes_differ_in_holds_and_early_trials_only():
    name = "dpn-delivery"
    early = {"ind.probability", "phase_2.duration"}
    assert changed(name, "local") == early
    assert changed(name, "intrathecal") == early | {"phase_1.duration", "phase_1.hold", "phase_2.hold", "phase_3.hold"}


def test_more_holds_by_the_spinal_canal_than_by_vein_and_fewer_in_the_muscle():
    name = "dpn-delivery"
    held = {
        arm: np.isfinite(columns(name, arm)["ind.hold/1"][0]).mean() for arm in ("local", "standard", "intrathecal")
    }
    assert held["local"] < held["standard"] < held["intrathecal"]
    assert held["intrathecal"] == pytest.approx(0.20, abs=0.02)
    struck = {arm: np.isfinite(columns(name, arm)["phase_1.hold/1"][0]).sum() for arm in ("standard", "intrathecal")}
    assert struck["intrathecal"] > 1.5 * struck["standard"]
    assert share(name, "intrathecal") < share(name, "standard") <= share(name, "local") + 0.001


# --- The claim --------------------------------------------------------------------------------------------------------

UNTIL_PHASE_2 = {"ind", "phase_1", "gap_1_2"}
CHOICE = {"nerve_claim.enabled"}


def test_claims_share_everything_before_phase_2():
    name = "dpn-claims"
    assert changed(name, "nerve") == CHOICE
    assert changed(name, "nerve_rmat") == CHOICE | {"rmat.enabled"}
    for arm in ("nerve", "nerve_rmat", "nerve_rmat_surrogate_30"):
        assert differs(name, arm, UNTIL_PHASE_2) == set()


def test_each_claim_runs_its_own_trials():
    name = "dpn-claims"
    for arm in shipped(name).pathways:
        runs = {step.split(".")[0] for step, (start, _, _) in columns(name, arm).items() if np.isfinite(start).any()}
        assert runs & {"pain_trials", "nerve_trials", "phase_3"} == {
            "nerve_trials" if "nerve" in arm else "pain_trials"
        }


def test_the_plans_give_the_lengths_that_such_trials_had():
    """Five trials of MSC and in this disease took 32 to 62 months: pain near the low end, the nerve at the high end."""

    def length(arm: str, stage: str) -> float:
        parts = [columns("dpn-claims", arm)[f"{stage}.{part}/1"] for part in ("enrolment", "readout")]
        read = np.isfinite(parts[1][1])
        return float(np.median(parts[1][1][read] - parts[0][0][read]) / MONTH)

    assert 32 < length("standard", "pain_trials") < 42
    assert 50 < length("nerve", "nerve_trials") < 65


def test_the_claim_on_the_nerve_comes_years_later_and_a_surrogate_gives_back_months():
    name = "dpn-claims"
    assert 12 < -months_gained(name, "nerve").mean() < 40
    assert 0 < months_gained(name, "nerve_rmat_surrogate_30", "nerve_rmat").mean() < 6


# --- Designations -----------------------------------------------------------------------------------------------------


def test_designations_are_switched_and_nothing_else():
    name = "dpn-designations"
    assert changed(name, "fast_track") == {"fast_track.enabled"}
    assert changed(name, "breakthrough") == {"breakthrough.enabled"}
    assert changed(name, "rmat") == {"rmat.enabled"}
    assert changed(name, "rmat_and_voucher") == {"rmat.enabled", "voucher.enabled"}


def test_fast_track_acts_on_the_assembly_only():
    first = {*BEFORE_CMC, "cmc_gate_a", "phase_3", "cmc_gate_b", "cmc_rework"}
    assert differs("dpn-designations", "fast_track", first) == set()
    assert differs("dpn-designations", "fast_track", {"assembly"}) == {"assembly"}


def test_only_the_voucher_gives_priority():
    """Days from receipt to the goal are drawn with the same share in all arms but that of the voucher."""
    name = "dpn-designations"

    def mid_cycle(arm: str) -> float:
        start, end, _ = columns(name, arm)["bla.mid_cycle/1"]
        receipt = columns(name, arm)["bla.filing/1"][0]
        accepted = (columns(name, arm)["bla.filing/1"][1] == start) & np.isfinite(end)
        days = end[accepted] - receipt[accepted]
        return float((days < 6 * MONTH).mean())

    assert mid_cycle("rmat") == pytest.approx(mid_cycle("standard"), abs=0.03)
    assert mid_cycle("breakthrough") == pytest.approx(mid_cycle("standard"), abs=0.03)
    assert mid_cycle("rmat_and_voucher") == 1
    assert months_gained(name, "rmat_and_voucher").mean() > months_gained(name, "rmat").mean()
    before = {*BEFORE_CMC, "cmc_gate_a", "phase_3", "cmc_gate_b", "cmc_rework", "assembly", "rmat"}
    assert differs(name, "rmat_and_voucher", before, "rmat") == set()


# --- When to ask ------------------------------------------------------------------------------------------------------

TIMES = ("with_ind", "after_phase_1", "interim", "rmat")


def decided(arm: str, visit: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Days of the decisions on a request, and which were grants, where they were made."""
    _, end, outcome = columns("dpn-rmat-timing", arm)[f"rmat.decision/{visit}"]
    made = np.isfinite(end) & np.isin(outcome, ["granted", "denied"])
    return end[made], outcome[made] == "granted"


def test_the_arms_differ_in_the_time_of_the_request():
    name = "dpn-rmat-timing"
    assert changed(name, "interim") == {"rmat.enabled", "rmat.after"}
    assert changed(name, "rmat") == {"rmat.enabled"}
    early = {"rmat.enabled", "rmat.after", "advised_phase_2.enabled", "at_interim_only.if", "no_grant_on_hold.if"}
    assert changed(name, "with_ind") == changed(name, "after_phase_1") == early
    for arm in TIMES:
        assert differs(name, arm, UNTIL_PHASE_2) == set()
    for arm in ("interim", "rmat"):
        assert differs(name, arm, {"phase_2", "cmc_gate_a"}) == set()


def test_the_later_the_request_the_likelier_the_grant():
    shares = [decided(arm, 1)[1].mean() for arm in TIMES]
    assert shares == sorted(shares)
    assert shares[0] < 0.25
    assert shares[-1] == pytest.approx(0.55, abs=0.03)
    # A denial says something: a second request never does as well as a first one with all the data does.
    for arm in ("with_ind", "after_phase_1"):
        assert decided(arm, 2)[1].mean() < 0.40 + 0.03


def test_nothing_is_granted_while_a_hold_lasts():
    for arm in TIMES:
        found = columns("dpn-rmat-timing", arm)
        for stage in ("ind", "phase_1", "phase_2") if arm in ("interim", "rmat") else ("ind", "phase_1"):
            start, end, _ = found[f"{stage}.hold/1"]
            for visit in (1, 2):
                _, at, outcome = found[f"rmat.decision/{visit}"]
                assert not ((start < at) & (at < end) & (outcome == "granted")).any()


def test_an_early_grant_reaches_phase_2_and_a_late_one_does_not():
    name = "dpn-rmat-timing"
    assert differs(name, "after_phase_1", {"phase_2"}) == {"phase_2"}
    for arm in TIMES:
        assert 0.5 < months_gained(name, arm).mean() < 5
        assert abs(share(name, arm) - share(name, "standard")) < 0.003


# --- Two agencies -----------------------------------------------------------------------------------------------------

COMMON = {
    "phase_1",
    "gap_1_2",
    "phase_2",
    "redesign",
    "phase_3_startup",
    "cmc_gate_a",
    "phase_3",
    "cmc_gate_b",
    "assembly",
}
EUROPES = {"ind", "eop2", "pediatric_plan", "prime", "maa", "commission", "launch", "coverage"}


def running(arm: str) -> set[str]:
    """The stages of which a step starts in some future."""
    found = columns("msc-dpn-us-eu", arm)
    return {name.split("/")[0].split(".")[0] for name, (start, _, _) in found.items() if np.isfinite(start).any()}


def test_what_runs_in_europe():
    assert running("ema") >= COMMON | EUROPES
    assert running("ema").isdisjoint({"bla", "rmat", "rmat_meeting"})
    assert running("standard").isdisjoint({"prime", "maa", "commission"})


def test_no_number_of_the_us_agency_is_used_in_europe():
    stages = document.plain(shipped("msc-dpn-us-eu").documents["ema"])["stages"]
    for name in sorted(running("ema")):
        texts = [str(value) for _, value in flat(stages[name])]
        assert not [text for text in texts if text.startswith("fda.")], name
        if name in EUROPES:
            # What is left of the shared pathway is the sponsor's: the package, the redesign, a product never sold.
            agency = [text for text in texts if text.startswith(("tally.", "hold.", "ind.", "bla.", "perf.", "rtf."))]
            assert agency == [], name


def test_one_clinical_track_serves_both():
    us, eu = columns("msc-dpn-us-eu", "standard"), columns("msc-dpn-us-eu", "ema")
    for stage in ("phase_1", "gap_1_2", "phase_2", "cmc_gate_a", "phase_3", "cmc_gate_b"):
        one, other = us[f"{stage}/1"], eu[f"{stage}/1"]
        both = np.isfinite(one[1]) & np.isfinite(other[1]) & np.isfinite(one[0]) & np.isfinite(other[0])
        assert (one[2][both] == other[2][both]).all(), stage
        np.testing.assert_allclose(one[1][both] - one[0][both], other[1][both] - other[0][both], atol=1e-5)


def test_the_european_procedure_takes_its_days_and_the_stops():
    name = "msc-dpn-us-eu"
    found = columns(name, "ema")
    receipt, decision = found["maa.filing/1"][0], found["commission/1"][1]
    decided = np.isfinite(decision)
    days = decision[decided] - receipt[decided]
    # 164 + 67 days at least; with 277 active days and about a year of stops 1.3 to 2.3 years in the mean.
    assert days.min() > 231
    assert 1.3 < days.mean() / YEAR < 2.3
    reviewed = np.isfinite(found["maa.review/1"][1])
    assert (found["maa.review/1"][2][reviewed] == "approved").mean() == pytest.approx(0.70, abs=0.05)
    assert np.allclose(spent(name, "ema", "commission/1"), 67)


def test_a_negative_opinion_is_re_examined_once_at_most():
    found = columns("msc-dpn-us-eu", "ema")
    assert "maa.review/2" in found
    assert "maa.review/3" not in found
    again = np.isfinite(found["maa.review/2"][1])
    assert (found["maa.review/2"][2][again] == "approved").mean() < 0.35


def test_the_us_chance_is_higher_because_letters_can_be_answered():
    name = "msc-dpn-us-eu"
    assert share(name, "ema") < share(name, "standard")
    assert -18 < months_gained(name, "ema").mean() < -3
