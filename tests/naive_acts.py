"""What each step of the naive interpreter does: how long it takes and how it ends.

Written from `docs/reference/semantics.md` alone; see `naive.py` for the readings of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from naive_numbers import choose, is_quantity, rounded
from naive_steps import Step, causes, count, dig, letter, terminal_outcomes, ways

if TYPE_CHECKING:
    from naive import Run

Act = tuple[float, str]


def outcome_of(run: Run, step: Step) -> str:
    """Choose among the outcomes of a work or a meeting, best first."""
    stage = run.stages[step.stage]
    if "outcomes" not in stage:
        return "done"
    probabilities = run.listed(step, "outcomes")
    on, terminal = stage.get("repeat", {}).get("on"), terminal_outcomes(stage)
    order = stage.get("order") or sorted(probabilities, key=lambda o: (2 if o in terminal else int(o == on), o))
    return choose(run.u(step, "outcome"), [(name, probabilities[name]) for name in order])


def repeated(run: Run, step: Step, outcome: str) -> str:
    """Return `exhausted` for the repeated outcome of the last visit."""
    repeat = run.stages[step.stage].get("repeat", {})
    return "exhausted" if outcome == repeat.get("on") and step.visit == count(repeat, "at_most", 1) else outcome


def previous(step: Step) -> Step:
    """Return the step that led to this one."""
    return next(before for before, wanted in step.links if before.outcome is not None and wanted(before.outcome))


def act_work(run: Run, step: Step) -> Act:
    return run.duration(step, "duration"), repeated(run, step, outcome_of(run, step))


def trial_outcome(run: Run, step: Step, drawn: Step | None = None) -> str:
    """Return how a trial ends, by the draw of the step in which patients were first dosed if that is another one."""
    success = run.u(drawn or step, "outcome") < run.probability(step, "success")
    return repeated(run, step, "success" if success else "failed")


def act_dosing(run: Run, step: Step) -> Act:
    """Run a trial without a design."""
    stage = run.stages[step.stage]
    lengths = [run.duration(step, "duration")]
    if stage.get("pivotal_trials", 1) == 2:
        lengths.append(run.duration(step, "duration", purpose="duration_2"))
    total = sum(lengths) if stage.get("run") == "sequential" else max(lengths)
    return clinical_hold(run, step, total) or (total, trial_outcome(run, step))


def act_enrolment(run: Run, step: Step) -> Act:
    total = step.drawn = run.duration(step, "design.enrolment")
    return clinical_hold(run, step, total) or (total, "done")


def clinical_hold(run: Run, step: Step, total: float) -> Act | None:
    """Return when a hold strikes patients who are being dosed, if one does; the step keeps what is left."""
    p, u = run.probability(step, "hold.probability", default=0.0), run.u(step, "hold")
    if u < 1 - p:
        return None
    at = rounded(total * (1 - (u - (1 - p)) / p))
    step.left = total - at
    return at, "held"


def act_trial_hold(run: Run, step: Step) -> Act:
    p = run.probability(step, "hold.lifted")
    outcome = choose(run.u(step, "outcome"), [("lifted", p), ("never_lifted", 1 - p)])
    return run.duration(step, "hold.repair"), outcome


def act_resumed(run: Run, step: Step) -> Act:
    first = previous(previous(step))
    return first.left, "done" if "done" in step.outcomes else trial_outcome(run, step, first)


def act_design(run: Run, step: Step) -> Act:
    length = run.duration(step, f"design.{step.part}")
    return length, trial_outcome(run, step) if step.part == "readout" else "done"


def act_interim(run: Run, step: Step) -> Act:
    """Look at a part of the patients, and stop where the readout would end in the same way."""
    enrolment = step.beside
    assert enrolment is not None
    length = rounded(run.number(step, "design.interim.at") * enrolment.drawn)
    length += run.duration(step, "design.follow_up") + run.duration(step, "design.interim.readout")
    p, u = run.probability(step, "success"), run.uniform(f"{step.stage}.readout", 1, "outcome")
    if u < p * run.probability(step, "design.interim.success"):
        return length, "success"
    futile = u >= 1 - (1 - p) * run.probability(step, "design.interim.futility")
    return length, "failed" if futile else "continues"


def act_hold_review(run: Run, step: Step) -> Act:
    p = run.probability(step, "probability")
    outcome = choose(run.u(step, "outcome"), [("effective", 1 - p), ("held", p)])
    if outcome == "held" and "cause" in run.stages[step.stage]:
        outcome = f"held_{pick(run, step, 'cause', 'cause', [])}"
    return run.duration(step, "clock"), outcome


def act_hold(run: Run, step: Step) -> Act:
    cause = str(previous(step).outcome).removeprefix("held_")
    p = run.probability(step, f"lifted.{cause}", "lifted")
    length = run.duration(step, f"repair.{cause}", "repair", purpose="repair")
    return length, choose(run.u(step, "outcome"), [("effective", p), ("never_lifted", 1 - p)])


def act_preparation(run: Run, step: Step) -> Act:
    """Prepare a meeting or a designation; for a second request, gather more data."""
    if step.visit == 1:
        return run.duration(step, "prepare"), "done"
    return run.duration(step, "again", default=0.0), "done"


def act_meeting(run: Run, step: Step) -> Act:
    length = run.duration(step, "clock", rule=f"meeting.{run.stages[step.stage]['type']}")
    late = run.u(step, "late") < run.probability(step, "late.probability", default=0.0)
    return length + (run.duration(step, "late.duration") if late else 0.0), "done"


def act_minutes(run: Run, step: Step) -> Act:
    return run.duration(step, "minutes", default=0.0), outcome_of(run, step)


def act_request(run: Run, step: Step) -> Act:
    return run.duration(step, "clock"), "done"


def act_decision(run: Run, step: Step) -> Act:
    w = run.probability(step, "withdraw", default=0.0)
    g = run.probability(step, "grant.first" if step.visit == 1 else "grant.later", "grant")
    options = [("granted", g * (1 - w)), ("denied", (1 - g) * (1 - w)), ("withdrawn", w)]
    return 0.0, choose(run.u(step, "outcome"), options)


def act_rescission(run: Run, step: Step) -> Act:
    p = run.probability(step, "rescind.probability")
    outcome = choose(run.u(step, "outcome"), [("kept", 1 - p), ("rescinded", p)])
    return run.duration(step, "rescind.after"), outcome


# --- Applications --------------------------------------------------------------------------------------------------


def act_filing(run: Run, step: Step) -> Act:
    length = run.duration(step, "filing", rule="application.filing")
    others = [outcome for outcome in step.outcomes if outcome != "filed"]
    if not others or (step.visit > 1 and previous(step).outcome == "protest"):
        return length, "filed"
    p = run.probability(step, "refuse.probability")
    return length, choose(run.u(step, "outcome"), [("filed", 1 - p), (others[0], p)])


def act_refusal(run: Run, step: Step) -> Act:
    p = run.probability(step, "refuse.protest", default=0.0)
    if choose(run.u(step, "protest"), [("done", 1 - p), ("protest", p)]) == "done":
        return run.duration(step, "refuse.answer"), "done"
    return run.duration(step, "refuse.conference", rule="application.protest"), "protest"


def has_priority(run: Run, step: Step) -> bool:
    """Tell whether the first review has priority, as the review draws it; the events during it ask too."""
    if dig(run.stages[step.stage], "goal.share") is None:
        return False
    return run.uniform(f"{step.stage}.review", 1, "priority") < run.probability(step, "goal.share")


def act_event(run: Run, step: Step) -> Act:
    path, given = f"during.{step.part}", run.stages[step.stage]["during"][step.part]
    at = f"{path}.at"
    if not is_quantity(given["at"]):
        at += ".priority" if has_priority(run, step) else ".standard"
    end = max(0.0, previous(step).start + run.duration(step, at) - step.start)
    if "held" in given and run.u(step, "held") >= run.probability(step, f"{path}.held"):
        return end, "not_held"
    step.left = run.duration(step, f"{path}.stops", default=0.0)
    p = run.probability(step, f"{path}.negative", default=0.0)
    outcome = choose(run.u(step, "outcome"), [("done", 1 - p), ("negative", p)]) if p > 0 else "done"
    return end + step.left, outcome


def act_review(run: Run, step: Step) -> Act:
    paths = ["approve.first"] if step.visit == 1 else [f"approve.{answered(step)[1]}", "approve.later"]
    p, cause = after_events(run, step, run.probability(step, *paths, "approve"))
    approved = run.u(step, "outcome") < p
    outcome = "approved" if approved else complete_response(run, step, cause)
    slip = run.duration(step, "slip.approved" if approved else "slip.letter", "slip", purpose="slip", default=0.0)
    stops = sum(event.left for event in step.events)
    return max(0.0, review_goal(run, step) + extension(run, step) + stops + slip), outcome


def after_events(run: Run, step: Step, p: float) -> tuple[float, str | None]:
    """Return the probability of approval, and the cause of a letter, after what came up during the first review."""
    cause = None
    for event in step.events:
        if event.promise == "negative":
            p = p * (1.0 - run.probability(step, f"during.{event.part}.letter", default=0.0))
            cause = run.stages[step.stage]["during"][event.part].get("cause", cause)
    return p, cause


def with_odds(p: float, factor: float) -> float:
    """Return a probability of which the odds are multiplied."""
    if factor == 0:
        return 0.0
    return factor * p / (1 - p + factor * p) if p < 1 else 1.0


def complete_response(run: Run, step: Step, cause: str | None) -> str:
    stage = run.stages[step.stage]
    if "exhausted" in step.outcomes:
        return "exhausted"
    return letter(stage, cause or pick(run, step, "cause", "cause", causes(stage)))


def pick(run: Run, step: Step, path: str, purpose: str, names: list[str]) -> str:
    """Choose among shares in order of name; nothing is to choose if the file does not list them."""
    if dig(run.stages[step.stage], path) is None:
        return names[0]
    shares = run.listed(step, path)
    return choose(run.u(step, purpose), [(name, shares[name]) for name in sorted(shares)])


def review_goal(run: Run, step: Step) -> float:
    """Return what is left of the review goal when the review starts."""
    stage = run.stages[step.stage]
    if step.visit > 1:
        path = f"resubmission_goal.class_{answered(step)[0]}"
        return run.duration(step, path, rule=path.replace("_goal", ""))
    filing = previous(step)
    taken = filing.end - filing.start
    if is_quantity(stage["goal"]):
        return run.duration(filing, "goal") - taken
    path = "goal.priority" if has_priority(run, step) else "goal.standard"
    return run.duration(filing, path, rule=path) - taken


def extension(run: Run, step: Step) -> float:
    later = ["extension.later.probability"] if step.visit > 1 else []
    p = run.probability(step, *later, "extension.probability", default=0.0)
    if run.u(step, "extension") >= p:
        return 0.0
    later = ["extension.later.duration"] if step.visit > 1 else []
    return run.duration(step, *later, "extension.duration")


def answered(step: Step) -> tuple[str, str]:
    """Return the class and the way of the resubmission under review."""
    _, number, way = str(previous(step).outcome).split("_", 2)
    return number, way


def act_type_a(run: Run, step: Step) -> Act:
    p = run.probability(step, "type_a.probability")
    if choose(run.u(step, "outcome"), [("held", p), ("not_held", 1 - p)]) == "not_held":
        return 0.0, "not_held"
    return run.duration(step, "type_a.clock", rule="meeting.a"), "held"


def act_response(run: Run, step: Step) -> Act:
    stage = run.stages[step.stage]
    before = previous(step)
    review = previous(before) if before.part == "type_a" else before
    cause = str(review.outcome).removeprefix("crl_")

    def ending(length: float, outcome: str) -> Act:
        """Count the length from the letter; the answer comes no earlier than the step starts."""
        return max(0.0, review.end + length - step.start), outcome

    def given_up() -> Act:
        return ending(run.duration(step, "lapse", rule="resubmission.lapse"), "withdrawn")

    if run.u(step, "withdraw") < run.probability(step, f"withdraw.{cause}", "withdraw", default=0.0):
        return given_up()
    way = pick(run, step, f"answer.{cause}", "answer", ways(stage, cause))
    length = run.duration(step, f"response.{way}", "response", purpose="response")
    too_long = "extend" in stage and length > run.duration(step, "lapse", rule="resubmission.lapse")
    if too_long and run.u(step, "extend") >= run.probability(step, "extend"):
        return given_up()
    number = 1 if run.u(step, "class") < run.probability(step, "class_1", default=0.0) else 2
    return ending(length, f"class_{number}_{way}")


ACTS: dict[tuple[str, str], Callable[[Run, Step], Act]] = {
    ("work", ""): act_work,
    ("trial", ""): act_dosing,
    ("trial", "enrolment"): act_enrolment,
    ("trial", "hold"): act_trial_hold,
    ("trial", "resumed"): act_resumed,
    ("trial", "follow_up"): act_design,
    ("trial", "interim"): act_interim,
    ("trial", "readout"): act_design,
    ("hold", "review"): act_hold_review,
    ("hold", "hold"): act_hold,
    ("meeting", "preparation"): act_preparation,
    ("meeting", "meeting"): act_meeting,
    ("meeting", "minutes"): act_minutes,
    ("designation", "preparation"): act_preparation,
    ("designation", "request"): act_request,
    ("designation", "decision"): act_decision,
    ("designation", "rescission"): act_rescission,
    ("application", "filing"): act_filing,
    ("application", "refusal"): act_refusal,
    ("application", "review"): act_review,
    ("application", "type_a"): act_type_a,
    ("application", "response"): act_response,
}


def act_of(kind: str, part: str) -> Callable[[Run, Step], Act]:
    """Return what a step does; a part of an application that has no name of its own is an event during the review."""
    return act_event if kind == "application" and (kind, part) not in ACTS else ACTS[kind, part]
