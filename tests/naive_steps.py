"""The stages of the naive interpreter: what the grammar says, and the steps that each kind of stage becomes.

Written from `docs/reference/semantics.md` alone; see `naive.py` for the readings of it.
"""

import functools
import itertools
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from naive_numbers import is_quantity

NEVER = math.inf
PARTS = {
    "trial": ("enrolment", "hold", "resumed", "follow_up", "interim", "readout"),
    "hold": ("review", "hold"),
    "meeting": ("preparation", "meeting", "minutes"),
    "designation": ("preparation", "request", "decision", "rescission"),
    "application": ("filing", "refusal", "review", "type_a", "response"),
}
RESPONSE_FIELDS = ("withdraw", "lapse", "answer", "response", "class_1", "extend")
TERMINAL = {
    "trial": {"failed", "never_lifted"},
    "hold": {"never_lifted"},
    "application": {"not_filed", "withdrawn", "exhausted"},
}

Part = tuple[str, tuple[str, ...]]  # the name of a part and the fields that it has


class Reference(NamedTuple):
    """A reference of the file, taken apart; what it does not name is None."""

    stage: str
    part: str | None
    visit: int | None
    fact: str | None


@dataclass(eq=False)
class Step:
    """One visit to one part of one stage; `links` are the earlier steps of the stage, one of which must end so."""

    stage: str
    part: str
    visit: int
    uses: tuple[str, ...]
    outcomes: dict[str, bool]  # what it can end in, and whether that is final
    links: list[tuple["Step", Callable[[str], bool]]] = field(default_factory=list)
    beside: "Step | None" = None  # the step with which this one starts, if it has no links
    events: list["Step"] = field(default_factory=list)  # steps beside it that it takes into account
    rank: int = -1
    woken: bool = False
    ready: float = NEVER
    start: float = NEVER
    end: float = NEVER
    outcome: str | None = None
    promise: str | None = None  # the outcome to come, which is no fact before the end
    left: float = 0.0  # what a clinical hold leaves of a trial, or the time for which an event stops the clock
    drawn: float = 0.0  # the length of an enrolment, on which an interim analysis depends

    @property
    def key(self) -> tuple[str, str, int]:
        return self.stage, self.part, self.visit

    @property
    def name(self) -> str:
        """The name without the visit, as the streams have it."""
        return f"{self.stage}.{self.part}" if self.part else self.stage


Link = tuple[Step, Callable[[str], bool]]


# --- Reading the grammar -------------------------------------------------------------------------------------------


def dig(stage: dict[str, Any], path: str) -> Any:
    """Return what a stage has at a dotted path, or None; a number or a distribution has nothing below it."""
    node: Any = stage
    for depth, part in enumerate(path.split(".")):
        if node is None or (depth > 0 and is_quantity(node)):
            return None
        node = node.get(part)
    return node


def written(stage: dict[str, Any], *paths: str) -> tuple[str, Any] | None:
    """Return the first of several paths at which the stage has a number or a distribution, and that number."""
    for path in paths:
        raw = dig(stage, path)
        if raw is not None and is_quantity(raw):
            return path, raw
    return None


def leaves(join: Any) -> Iterator[str]:
    """Yield the references of a join or a condition."""
    if isinstance(join, str):
        yield join
    elif isinstance(join, list):
        for member in join:
            yield from leaves(member)
    elif join:
        yield from leaves(next(iter(join.values())))


def parts_of(stage: dict[str, Any]) -> tuple[str, ...]:
    """Return the names that a reference may give to parts of a stage."""
    return (*PARTS.get(stage["kind"], ()), *stage.get("during", ()))


@functools.cache
def split_reference(text: str, parts: tuple[str, ...]) -> Reference:
    """Take a reference to a stage with these parts apart."""
    match = re.fullmatch(r"([a-z][a-z0-9_-]*)(?:\.([a-z0-9_-]+))?(?:/(\d+))?(?:\.([a-z0-9_-]+))?", text)
    if not match:
        raise ValueError(f"not a reference: {text!r}")
    stage, middle, visit, last = match.groups()
    if last is None and visit is None and middle not in parts:
        middle, last = None, middle
    return Reference(stage, middle, int(visit) if visit else None, last)


def targets(effect: dict[str, Any]) -> list[str]:
    on = effect["on"]
    return [on] if isinstance(on, str) else list(on)


def enabled(node: dict[str, Any]) -> bool:
    return bool(node.get("enabled", True))


def count(node: dict[str, Any], name: str, default: int) -> int:
    """Return a whole number of a mapping, which the file may write with its source as `{value: 3, assumption: …}`."""
    raw = node.get(name, default)
    return int(raw["value"] if isinstance(raw, dict) else raw)


def terminal_outcomes(stage: dict[str, Any]) -> set[str]:
    if "terminal" in stage:
        return set(stage["terminal"])
    found = set(TERMINAL.get(stage["kind"], ()))
    if "repeat" in stage:
        found = (found | {"exhausted"}) - {stage["repeat"]["on"]}
    return found


# --- From stages to steps ------------------------------------------------------------------------------------------


def is_done(outcome: str) -> bool:
    return outcome == "done"


def serial(name: str, parts: list[Part], last: dict[str, bool]) -> list[Step]:
    """Return the steps of parts in a row, of which the last has the outcomes."""
    steps = [Step(name, part, 1, uses, {"done": False}) for part, uses in parts]
    for before, step in itertools.pairwise(steps):
        step.links = [(before, is_done)]
    steps[-1].outcomes = last
    return steps


def again_and_again(
    stage: dict[str, Any], outcomes: dict[str, bool], visit: Callable[[int, dict[str, bool]], list[Step]]
) -> list[Step]:
    """Return the steps of all visits; the next one follows whichever step of the last one ended in outcome `on`."""
    repeat = stage.get("repeat", {})
    on, visits = repeat.get("on"), count(repeat, "at_most", 1)
    steps: list[Step] = []
    before: list[Step] = []
    for v in range(1, visits + 1):
        if v == visits:
            ends = {"exhausted" if outcome == on else outcome: final for outcome, final in outcomes.items()}
        else:
            ends = {outcome: final and outcome != on for outcome, final in outcomes.items()}
        made = visit(v, ends)
        made[0].links = [(step, on.__eq__) for step in before if on in step.outcomes]
        steps, before = steps + made, made
    return steps


def expand_work(name: str, stage: dict[str, Any]) -> list[Step]:
    outcomes = dict.fromkeys(stage.get("outcomes", ["done"]), True)
    uses = ("duration", "outcomes")
    return again_and_again(stage, outcomes, lambda v, ends: [Step(name, "", v, uses, ends)])


def expand_trial(name: str, stage: dict[str, Any]) -> list[Step]:
    with_design = "design" in stage

    def visit(v: int, ends: dict[str, bool]) -> list[Step]:
        first = ("enrolment", "design.enrolment") if with_design else ("duration", "success")
        steps = dosing(name, stage, v, first, {"done": False} if with_design else ends)
        if with_design:
            before = [step for step in steps if "done" in step.outcomes]
            for part, ended in (("follow_up", {"done": False}), ("readout", ends)):
                uses = (part, f"design.{part}", *(("success",) if part == "readout" else ()))
                steps.append(Step(name, part, v, uses, ended, [(step, is_done) for step in before]))
                before = [steps[-1]]
            if "interim" in stage["design"]:
                steps.insert(-1, interim(name, steps[0]))
                steps[-1].events = [steps[-2]]
        return steps

    return again_and_again(stage, {"success": True, "failed": True}, visit)


def interim(name: str, enrolment: Step) -> Step:
    """Return the interim analysis of a trial, which starts with it."""
    fields = ("at", "readout", "success", "futility")
    uses = ("success", "follow_up", "design.follow_up", *(f"design.interim.{each}" for each in fields))
    ends = {"success": True, "continues": False, "failed": True}
    return Step(name, "interim", 1, uses, ends, beside=enrolment)


def dosing(name: str, stage: dict[str, Any], v: int, uses: tuple[str, ...], ends: dict[str, bool]) -> list[Step]:
    """Return the step in which patients are dosed, and what a clinical hold makes of it."""
    part = "enrolment" if "design" in stage else ""
    if "hold" not in stage:
        return [Step(name, part, v, uses, ends)]
    first = Step(name, part, v, (*uses, "hold.probability"), {**ends, "held": False})
    hold = Step(name, "hold", v, ("hold.repair", "hold.lifted"), {"lifted": False, "never_lifted": True})
    hold.links = [(first, "held".__eq__)]
    resumed = Step(name, "resumed", v, () if part else ("success",), ends, [(hold, "lifted".__eq__)])
    return [first, hold, resumed]


def expand_hold(name: str, stage: dict[str, Any]) -> list[Step]:
    held = [f"held_{cause}" for cause in causes(stage)] if "cause" in stage else ["held"]
    ends = {"effective": True, **dict.fromkeys(held, False)}
    review = Step(name, "review", 1, ("clock", "probability", "cause"), ends)
    hold = Step(name, "hold", 1, ("repair", "lifted"), {"effective": True, "never_lifted": True})
    hold.links = [(review, held.__contains__)]
    return [review, hold]


def expand_meeting(name: str, stage: dict[str, Any]) -> list[Step]:
    parts: list[Part] = [("meeting", ("clock", "late.probability", "late.duration"))]
    if "prepare" in stage:
        parts.insert(0, ("preparation", ("prepare",)))
    if "minutes" in stage or "outcomes" in stage:
        parts.append(("minutes", ("minutes", "outcomes")))
    return serial(name, parts, dict.fromkeys(stage.get("outcomes", ["done"]), True))


def expand_designation(name: str, stage: dict[str, Any]) -> list[Step]:
    visits = count(stage, "at_most", 1)
    steps: list[Step] = []
    for v in range(1, visits + 1):
        work = "prepare" if v == 1 else "again"
        made = [Step(name, "preparation", v, (work,), {"done": False})] if v > 1 or "prepare" in stage else []
        made.append(Step(name, "request", v, ("clock",), {"done": False}))
        ends = {"granted": True, "denied": v == visits, "withdrawn": True}
        made.append(Step(name, "decision", v, ("withdraw", "grant.first" if v == 1 else "grant.later"), ends))
        for before, step in itertools.pairwise(made):
            step.links = [(before, is_done)]
        if steps:
            made[0].links = [(steps[-1], "denied".__eq__)]
        steps += made
    if "rescind" in stage:
        granted = [(step, "granted".__eq__) for step in steps if step.part == "decision"]
        uses = ("rescind.probability", "rescind.after")
        steps.append(Step(name, "rescission", 1, uses, {"kept": False, "rescinded": False}, granted))
    return steps


def expand_application(name: str, stage: dict[str, Any]) -> list[Step]:
    filings = expand_filings(name, stage)
    before = [(step, "filed".__eq__) for step in filings if step.part == "filing"]
    events = [event_step(name, stage, event, before) for event in sorted(stage.get("during", {}))]
    steps = [*filings, *events]
    last = count(stage, "at_most", 3) + 1
    for cycle in range(1, last + 1):
        review = Step(name, "review", cycle, review_uses(stage, cycle), review_outcomes(stage, cycle == last), before)
        review.events = events if cycle == 1 else []
        steps.append(review)
        if cycle < last:
            steps += after_letter(name, stage, review)
            before = [(steps[-1], lambda outcome: outcome.startswith("class_"))]
    return steps


def event_step(name: str, stage: dict[str, Any], event: str, filed: list[Link]) -> Step:
    """Return an event during the first review; where it depends on priority, it reads what gives priority."""
    given = stage["during"][event]
    ends = {"done": False} | ({"not_held": False} if "held" in given else {})
    ends |= {"negative": False} if "negative" in given else {}
    uses = tuple(f"during.{event}.{each}" for each in ("at", "held", "stops", "negative"))
    return Step(name, event, 1, uses if is_quantity(given["at"]) else (*uses, "goal.share"), ends, filed)


def after_letter(name: str, stage: dict[str, Any], review: Step) -> list[Step]:
    """Return what follows a complete response: a meeting, if there may be one, and the answer."""
    response = Step(name, "response", review.visit, RESPONSE_FIELDS, answers(stage))
    letter_came = [(review, lambda outcome: outcome.startswith("crl"))]
    if "type_a" not in stage:
        response.links = letter_came
        return [response]
    uses = ("type_a.probability", "type_a.clock")
    meeting = Step(name, "type_a", review.visit, uses, {"held": False, "not_held": False}, letter_came)
    response.links = [(meeting, meeting.outcomes.__contains__)]
    return [meeting, response]


def expand_filings(name: str, stage: dict[str, Any]) -> list[Step]:
    refuse = stage.get("refuse")
    visits = count(refuse, "at_most", 1) + 1 if refuse else 1
    steps: list[Step] = []
    goals = ("goal",) if is_quantity(stage["goal"]) else ("goal.standard", "goal.priority")
    for k in range(1, visits + 1):
        other = {} if not refuse else {"not_filed": True} if k == visits else {"refused": False}
        filing = Step(name, "filing", k, ("filing", "refuse.probability", *goals), {"filed": False, **other})
        if steps:
            filing.links = [(steps[-1], steps[-1].outcomes.__contains__)]
        steps.append(filing)
        if k < visits:
            ends = {"done": False} | ({"protest": False} if "protest" in refuse else {})
            uses = ("refuse.answer", "refuse.protest", "refuse.conference")
            steps.append(Step(name, "refusal", k, uses, ends, [(filing, "refused".__eq__)]))
    return steps


def review_uses(stage: dict[str, Any], cycle: int) -> tuple[str, ...]:
    if cycle == 1:
        letters = [f"during.{event}.letter" for event in stage.get("during", {})]
        return "goal.share", "extension.probability", "extension.duration", "approve.first", "cause", "slip", *letters
    extension = "extension.later" if dig(stage, "extension.later") is not None else "extension.probability"
    approve = [f"approve.{way}" for way in ("later", *all_ways(stage))]
    return "resubmission_goal", extension, "extension.duration", "cause", "slip", *approve


def causes(stage: dict[str, Any]) -> list[str]:
    """Return the causes of complete response letters, or of holds."""
    names = stage.get("cause", {}).get("counts", stage.get("cause", {}))
    return sorted(names) if names else ["crl"]


def letter(stage: dict[str, Any], cause: str) -> str:
    return f"crl_{cause}" if "cause" in stage else "crl"


def ways(stage: dict[str, Any], cause: str) -> list[str]:
    """Return the ways in which letters of this cause are answered."""
    answer = dig(stage, "answer") or {}
    return sorted(set(answer[cause]) - {"kind", "values", "assumption"}) if cause in answer else [cause]


def all_ways(stage: dict[str, Any]) -> list[str]:
    return sorted({way for cause in causes(stage) for way in ways(stage, cause)})


def review_outcomes(stage: dict[str, Any], is_last: bool) -> dict[str, bool]:
    if is_last:
        return {"approved": True, "exhausted": True}
    return {"approved": True, **{letter(stage, cause): False for cause in causes(stage)}}


def answers(stage: dict[str, Any]) -> dict[str, bool]:
    return {"withdrawn": True, **{f"class_{c}_{way}": False for c in (1, 2) for way in all_ways(stage)}}


KINDS: dict[str, Callable[[str, dict[str, Any]], list[Step]]] = {
    "work": expand_work,
    "trial": expand_trial,
    "hold": expand_hold,
    "meeting": expand_meeting,
    "designation": expand_designation,
    "application": expand_application,
}
