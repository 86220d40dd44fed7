"""A naive interpreter of scenario files: scalar, slow, one future at a time.

It was written from `docs/reference/semantics.md` alone, is an oracle for the engines, and shares no code with the
package. It keeps a heap of events (time, rank) and, after each fact, asks every step that has not been woken whether
it is ready now. Nothing is known in advance: a cut is an event that comes too late.

    future = simulate(document, seed=1, replication=0, parameter_sets=1, evidence={"some_id": {"value": 0.5, "n": 40}})
    future.rows         # list of Row(step, visit, ready, start, end, outcome), in the order (start, rank)
    future.milestones   # name -> time in days, math.inf if it was not reached
    future.ending       # '<goal>', '<outcome>:<stage>' or 'censored'

`document` is the plain data of one arm in the grammar of the file, with `extends` and the overrides already applied.
"""

# Where the page leaves room, this is how it was read.
#
#  1. A bare `stage.part` with several visits is over with the first visit that ends; `stage/visit` means all parts
#     with that visit.
#  2. A part or a visit of a skipped stage is never over: only the stage is (no step of it ends).
#  3. `x.skipped` is a fact of the first step of x.
#  4. Reading `x.start`, a bare part or a bare stage reads *all* its steps (a minimum over them), so that the reader
#     comes after the last of them in the order. `x.outcome` reads the steps that can end so.
#  5. Disabled effects are not read and give no place in the order; `after` and `if` of a disabled stage are, although
#     its `if` is not asked.
#  7. The repeated outcome is not terminal by default (a trial's `failed` with `repeat: {on: failed}`); `exhausted`
#     is. `terminal:` replaces the whole default list, `exhausted` included.
#  8. The last visit's `exhausted` has the place of the repeated outcome in the order of the choice.
#  9. `set` on a duration replaces what the pace made of it: first pace, then effects. A `set` may be a distribution;
#     it takes the same u.
# 11. "G = goal − filing" takes the duration of the accepted filing as it was, effects included.
# 14. `pivotal_trials` acts on `duration` only, not on a `design`. `design` is {enrolment, follow_up, readout}; a
#     target is either `x.enrolment` or `x.design.enrolment`. An outcome's probability is the target
#     `x.outcomes.<name>`.
# 15. A target names a number as the file writes it, or a mapping above it (then it acts on every number below).
# 16. The pace acts on all visits, and on all three parts of a design.
# 17. The path of an unknown number is dotted: `stages.x.success`, `effects.e.scale`, `stages.x.duration.median`,
#     `pace.sd_log`.
# 19. The page names no parameters of laws. `shift` moves, then `min` and `max` condition (truncate). Beta is {a, b}
#     or {alpha, beta}; logitnormal {median, sd_logit | sd}; quantiles are an unbounded metalog of three terms; `pert`
#     has the usual weight 4.
# 20. `start: {stage: X}`: X waits for what its `after` names, and theirs, not for what an `if` reads. Outcomes are
#     compared by stage and outcome, without part and visit. X's own `if` and `enabled` still count, on day 0.
# 21. A milestone `{reached: x, until: y}` is read as x.
# 22. The order compares (stage, part, visit) as text, text and number; no part is the empty text.
# 23. Of two parts with the same outcome (`done` of a trial's design) `stage.done` is the first to end; `stage.done`
#     is not "over".

import functools
import heapq
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from naive_numbers import DAYS, NORMAL, Numbers, choose, is_law, is_quantity, plain, rounded, uniform

NEVER = math.inf
PARTS = {
    "trial": ("enrolment", "follow_up", "readout"),
    "hold": ("review", "hold"),
    "meeting": ("preparation", "meeting", "minutes"),
    "application": ("filing", "refusal", "review", "response"),
}
RESPONSE_FIELDS = ("withdraw", "lapse", "answer", "response", "class_1")
MEETING_CLOCKS = {"a": 30.0, "b": 60.0, "b_eop": 70.0, "c": 75.0, "d": 50.0}
TERMINAL = {"trial": {"failed"}, "hold": {"never_lifted"}, "application": {"not_filed", "withdrawn", "exhausted"}}


Part = tuple[str, tuple[str, ...]]  # the name of a part and the fields that it has


class Row(NamedTuple):
    """One line of the event log: a step that started. `end` and `outcome` are None if the end was cut."""

    step: str
    visit: int
    ready: float
    start: float
    end: float | None
    outcome: str | None


class Future(NamedTuple):
    """What happened in one replication."""

    rows: list[Row]
    milestones: dict[str, float]
    ending: str


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
    rank: int = -1
    woken: bool = False
    ready: float = NEVER
    start: float = NEVER
    end: float = NEVER
    outcome: str | None = None
    promise: str | None = None  # the outcome to come, which is no fact before the end

    @property
    def key(self) -> tuple[str, str, int]:
        return self.stage, self.part, self.visit

    @property
    def name(self) -> str:
        """The name without the visit, as the streams have it."""
        return f"{self.stage}.{self.part}" if self.part else self.stage

    def row(self) -> Row:
        end = None if self.outcome is None else self.end
        return Row(f"{self.name}/{self.visit}", self.visit, self.ready, self.start, end, self.outcome)


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


@functools.cache
def split_reference(text: str, kind: str) -> Reference:
    """Take a reference to a stage of this kind apart."""
    match = re.fullmatch(r"([a-z][a-z0-9_-]*)(?:\.([a-z0-9_-]+))?(?:/(\d+))?(?:\.([a-z0-9_-]+))?", text)
    if not match:
        raise ValueError(f"not a reference: {text!r}")
    stage, middle, visit, last = match.groups()
    if last is None and visit is None and middle not in PARTS.get(kind, ()):
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


def serial(name: str, parts: list[Part], last: dict[str, bool], repeat: dict[str, Any]) -> list[Step]:
    """Return the steps of parts in a row, of which the last has the outcomes, visited again after outcome `on`."""
    steps: list[Step] = []
    visits = count(repeat, "at_most", 1)
    for visit in range(1, visits + 1):
        for place, (part, uses) in enumerate(parts):
            is_last = place == len(parts) - 1
            outcomes = visit_outcomes(last, repeat, visit == visits) if is_last else {"done": False}
            step = Step(name, part, visit, uses, outcomes)
            if steps:
                wanted = repeat["on"] if place == 0 else "done"
                step.links = [(steps[-1], wanted.__eq__)]
            steps.append(step)
    return steps


def visit_outcomes(outcomes: dict[str, bool], repeat: dict[str, Any], is_last_visit: bool) -> dict[str, bool]:
    on = repeat.get("on")
    if is_last_visit and repeat.get("exhausts", True):
        return {"exhausted" if name == on else name: final for name, final in outcomes.items()}
    return {name: final and (name != on or is_last_visit) for name, final in outcomes.items()}


def expand_work(name: str, stage: dict[str, Any]) -> list[Step]:
    outcomes = dict.fromkeys(stage.get("outcomes", ["done"]), True)
    return serial(name, [("", ("duration", "outcomes"))], outcomes, stage.get("repeat", {}))


def expand_trial(name: str, stage: dict[str, Any]) -> list[Step]:
    parts: list[Part] = [("", ("duration", "success"))]
    if "design" in stage:
        parts = [(part, (part, f"design.{part}")) for part in PARTS["trial"]]
        parts[-1] = (parts[-1][0], (*parts[-1][1], "success"))
    return serial(name, parts, {"success": True, "failed": True}, stage.get("repeat", {}))


def expand_hold(name: str, stage: dict[str, Any]) -> list[Step]:  # noqa: ARG001
    review = Step(name, "review", 1, ("clock", "probability"), {"effective": True, "held": False})
    hold = Step(name, "hold", 1, ("repair", "lifted"), {"effective": True, "never_lifted": True})
    hold.links = [(review, "held".__eq__)]
    return [review, hold]


def expand_meeting(name: str, stage: dict[str, Any]) -> list[Step]:
    parts: list[Part] = [("meeting", ("clock",))]
    if "prepare" in stage:
        parts.insert(0, ("preparation", ("prepare",)))
    if "minutes" in stage or "outcomes" in stage:
        parts.append(("minutes", ("minutes", "outcomes")))
    return serial(name, parts, dict.fromkeys(stage.get("outcomes", ["done"]), True), {})


def expand_designation(name: str, stage: dict[str, Any]) -> list[Step]:
    repeat = {"on": "denied", "at_most": count(stage, "at_most", 1), "exhausts": False}
    steps = serial(name, [("", ())], dict.fromkeys(("granted", "denied", "withdrawn"), True), repeat)
    for step in steps:
        step.uses = ("clock", "withdraw", *(("grant.first",) if step.visit == 1 else ("again", "grant.later")))
    return steps


def expand_application(name: str, stage: dict[str, Any]) -> list[Step]:
    filings = expand_filings(name, stage)
    steps, before = list(filings), [(step, "filed".__eq__) for step in filings if step.part == "filing"]
    last = count(stage, "at_most", 3) + 1
    for cycle in range(1, last + 1):
        review = Step(name, "review", cycle, review_uses(stage, cycle), review_outcomes(stage, cycle == last), before)
        steps.append(review)
        if cycle < last:
            response = Step(name, "response", cycle, RESPONSE_FIELDS, answers(stage))
            response.links = [(review, lambda outcome: outcome.startswith("crl"))]
            steps.append(response)
            before = [(response, lambda outcome: outcome.startswith("class_"))]
    return steps


def expand_filings(name: str, stage: dict[str, Any]) -> list[Step]:
    refuse = stage.get("refuse")
    visits = count(refuse, "at_most", 1) + 1 if refuse else 1
    steps: list[Step] = []
    for k in range(1, visits + 1):
        other = {} if not refuse else {"not_filed": True} if k == visits else {"refused": False}
        filing = Step(name, "filing", k, ("filing", "refuse.probability"), {"filed": False, **other})
        if steps:
            filing.links = [(steps[-1], "done".__eq__)]
        steps.append(filing)
        if k < visits:
            steps.append(Step(name, "refusal", k, ("refuse.answer",), {"done": False}, [(filing, "refused".__eq__)]))
    return steps


def review_uses(stage: dict[str, Any], cycle: int) -> tuple[str, ...]:
    if cycle == 1:
        return "goal", "extension.probability", "extension.duration", "approve.first", "cause", "slip"
    extension = "extension.later" if dig(stage, "extension.later") is not None else "extension.probability"
    approve = [f"approve.{way}" for way in ("later", *all_ways(stage))]
    return "resubmission_goal", extension, "extension.duration", "cause", "slip", *approve


def causes(stage: dict[str, Any]) -> list[str]:
    """Return the causes of complete response letters."""
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


# --- The plan: steps in their order --------------------------------------------------------------------------------


class Plan:
    """What is the same in every replication: the steps, what they read, and their order."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.stages: dict[str, dict[str, Any]] = document["stages"]
        self.effects = {name: e for name, e in sorted(document.get("effects", {}).items()) if enabled(e)}
        self.first: str | None = document.get("start", {}).get("stage")
        self.past = self.behind(self.first) if self.first else set()
        self.waited = {
            (ref.stage, ref.fact)
            for name in self.past | ({self.first} if self.first else set())
            for ref in map(self.refer, leaves(self.stages[name].get("after")))
        }
        to_come = {name: stage for name, stage in self.stages.items() if name not in self.past}
        self.steps = [step for name, stage in to_come.items() for step in KINDS[stage["kind"]](name, stage)]
        self.heads = {name: next(s for s in self.steps if s.stage == name) for name in to_come}
        self.refuse_two_sets()
        self.rank()

    def refer(self, text: str) -> Reference:
        """Return a reference taken apart; whether a name is a part depends on the kind of its stage."""
        return split_reference(text, self.stages[re.split(r"[./]", text)[0]]["kind"])

    def behind(self, stage: str) -> set[str]:
        """Return the stages that a stage waits for, directly or not."""
        found: set[str] = set()
        for text in leaves(self.stages[stage].get("after")):
            name = self.refer(text).stage
            found |= {name} | self.behind(name)
        return found

    def refuse_two_sets(self) -> None:
        sets = [target for effect in self.effects.values() if "set" in effect for target in targets(effect)]
        if len(sets) != len(set(sets)):
            raise ValueError("two enabled effects set one target")

    def acting(self, step: Step) -> list[dict[str, Any]]:
        """Return the effects on any field of the step."""
        fields = [f"{step.stage}.{use}" for use in step.uses]
        return [e for e in self.effects.values() if any(overlaps(t, f) for t in targets(e) for f in fields)]

    def after(self, name: str) -> Any:
        """Return what a stage waits for: nothing, if the program starts with it."""
        return None if name == self.first else self.stages[name].get("after")

    def read_by(self, step: Step) -> set[Step]:
        """Return the steps whose facts a step reads."""
        texts = [text for effect in self.acting(step) for text in leaves(effect.get("if"))]
        if step is self.heads[step.stage]:
            texts += [*leaves(self.after(step.stage)), *leaves(self.stages[step.stage].get("if"))]
        return {before for before, _ in step.links} | {found for text in texts for found in self.named(text)}

    def named(self, text: str) -> list[Step]:
        """Return the steps whose facts a reference reads."""
        ref = self.refer(text)
        if ref.stage in self.past:
            return []
        if ref.fact == "skipped":
            return [self.heads[ref.stage]]
        found = [s for s in self.steps if matches(s, ref)]
        return found if ref.fact in (None, "start") else [s for s in found if ref.fact in s.outcomes]

    def rank(self) -> None:
        waiting = {step: self.read_by(step) for step in self.steps}
        for rank in range(len(self.steps)):
            free = [step for step, reads in waiting.items() if not reads & waiting.keys()]
            if not free:
                raise ValueError("a cycle")
            step = min(free, key=lambda s: s.key)
            step.rank = rank
            del waiting[step]
        self.steps.sort(key=lambda s: s.rank)


def matches(step: Step, ref: Reference) -> bool:
    return step.stage == ref.stage and ref.part in (None, step.part) and ref.visit in (None, step.visit)


def overlaps(target: str, path: str) -> bool:
    """Tell whether a target and a field are the same, or one lies in the other."""
    return target == path or target.startswith(f"{path}.") or path.startswith(f"{target}.")


# --- One replication -----------------------------------------------------------------------------------------------

START, END = 0, 1


class Run:
    """One future: the facts so far, and the events to come."""

    def __init__(
        self, document: dict[str, Any], seed: int, replication: int, sets: int, evidence: dict[str, Any]
    ) -> None:
        self.document, self.seed, self.replication = document, seed, replication
        self.plan = Plan(document)
        self.stages = self.plan.stages
        self.numbers = Numbers(seed, replication, sets, evidence)
        self.horizon = plain(document["horizon"])
        self.skipped: dict[str, float] = {}
        self.events: list[tuple[float, int, int]] = []
        self.stop: tuple[float, float] = (NEVER, NEVER)
        self.last: Step | None = None  # the step whose completion ended the program

    # Facts

    def time(self, text: str) -> float:
        """Return the time of a reference by the facts so far."""
        ref = self.plan.refer(text)
        if ref.stage in self.plan.past:
            return 0.0 if ref.fact in (None, "start") or (ref.stage, ref.fact) in self.plan.waited else NEVER
        steps = [s for s in self.plan.steps if matches(s, ref)]
        if ref.fact == "start":
            return min((s.start for s in steps), default=NEVER)
        if ref.fact is not None:
            skip = self.skipped.get(ref.stage, NEVER) if ref.fact == "skipped" else NEVER
            return min([s.end for s in steps if s.outcome == ref.fact] + [skip])
        if ref.part or ref.visit:
            return min((s.end for s in steps), default=NEVER)
        final = [s.end for s in steps if s.outcome is not None and s.outcomes[s.outcome]]
        return min([*final, self.skipped.get(ref.stage, NEVER)])

    def join(self, join: Any) -> float:
        """Return the time of a join: the latest of a list or `all`, the earliest of `any`."""
        if not join:
            return 0.0
        if isinstance(join, str):
            return self.time(join)
        if isinstance(join, list):
            return max(self.join(member) for member in join)
        if "any" in join:
            return min(self.join(member) for member in join["any"])
        return self.join(join["all"])

    def holds(self, condition: Any, now: float) -> bool:
        """Tell whether a condition holds now; without one it does."""
        if condition is None:
            return True
        if isinstance(condition, str):
            return self.time(condition) <= now
        if isinstance(condition, list):
            return all(self.holds(member, now) for member in condition)
        if "not" in condition:
            return not self.holds(condition["not"], now)
        if "any" in condition:
            return any(self.holds(member, now) for member in condition["any"])
        return self.holds(condition["all"], now)

    # Events

    def run(self) -> Future:
        self.wake(0.0)
        while self.events:
            now, rank, what = heapq.heappop(self.events)
            step = self.plan.steps[rank]
            (self.begin if what == START else self.finish)(step, now)
        return self.future()

    def wake(self, now: float) -> None:
        """Queue every step that has become ready."""
        for step in self.plan.steps:
            if not step.woken and self.ready(step) <= now:
                step.woken, step.ready = True, now
                heapq.heappush(self.events, (now, step.rank, START))

    def ready(self, step: Step) -> float:
        if step is self.plan.heads[step.stage]:
            return self.join(self.plan.after(step.stage))
        return min((s.end for s, wanted in step.links if s.outcome is not None and wanted(s.outcome)), default=NEVER)

    def begin(self, step: Step, now: float) -> None:
        stage = self.stages[step.stage]
        if step is self.plan.heads[step.stage] and not (enabled(stage) and self.holds(stage.get("if"), now)):
            if now <= self.horizon and (now, step.rank) <= self.stop:
                self.skipped[step.stage] = now
                self.wake(now)
        elif now < self.horizon and (now, step.rank) <= self.stop:
            step.start = now
            length, outcome = ACTS[stage["kind"], step.part](self, step)
            step.promise = outcome
            heapq.heappush(self.events, (now + length, step.rank, END))
            self.wake(now)

    def finish(self, step: Step, now: float) -> None:
        if now > self.horizon or (now, step.rank) > self.stop:
            return
        step.end, step.outcome = now, step.promise
        if step.outcome in terminal_outcomes(self.stages[step.stage]):
            self.stop, self.last = (now, step.rank), step
        self.wake(now)

    def future(self) -> Future:
        steps = sorted((s for s in self.plan.steps if s.start < NEVER), key=lambda s: (s.start, s.rank))
        rows = [s.row() for s in steps]
        milestones = {name: self.milestone(join) for name, join in self.document["milestones"].items()}
        return Future(rows, milestones, self.ending(milestones))

    def milestone(self, join: Any) -> float:
        if isinstance(join, dict) and "reached" in join:
            join = join["reached"]
        time = self.join(join)
        return time if time <= self.horizon else NEVER

    def ending(self, milestones: dict[str, float]) -> str:
        goal = self.document.get("goal") or ("availability" if "availability" in milestones else "approval")
        if milestones[goal] < NEVER:
            return goal
        return f"{self.last.outcome}:{self.last.stage}" if self.last else "censored"

    # Draws and numbers of a step

    def u(self, step: Step, purpose: str) -> float:
        return uniform(self.seed, f"program/{step.name}/{step.visit}/{purpose}", self.replication)

    def duration(self, step: Step, *paths: str, purpose: str | None = None, default: float | None = None) -> float:
        """Return d(x) for the first of the paths that the stage has, on the grid."""
        found = written(self.stages[step.stage], *paths)
        if found is None:
            if default is None:
                raise ValueError(f"{step.stage} has no {paths[-1]}")
            return default
        path, raw = found
        u = self.u(step, purpose or path)
        length = self.draw(f"stages.{step.stage}.{path}", raw, u) * self.pace(step, path)
        active = self.active(step, path)
        for name, effect in active:
            if "set" in effect:
                length = self.draw(f"effects.{name}.set", effect["set"], u)
        if any("odds" in effect for _, effect in active):
            raise ValueError("odds on a duration")
        return rounded(length * self.scale(active))

    def draw(self, path: str, raw: Any, u: float) -> float:
        """Return the inverse CDF of a duration field at u."""
        _, cited = self.numbers.cited(path, raw)
        return self.numbers.law(path, cited).ppf(u) if is_law(cited) else self.numbers.number(path, raw)

    def pace(self, step: Step, path: str) -> float:
        pace, kind = self.document.get("pace"), self.stages[step.stage]["kind"]
        if not pace or step.stage not in pace["on"] or not (kind in ("work", "trial") or path == "prepare"):
            return 1.0
        level = self.numbers.number("pace.level", pace.get("level", 1.0))
        sd_log = self.numbers.number("pace.sd_log", pace.get("sd_log", 0.0))
        return level * math.exp(sd_log * NORMAL.inv_cdf(uniform(self.seed, "program/pace", self.replication)))

    def probability(self, step: Step, *paths: str, default: float | None = None) -> float:
        """Return p(x) for the first of the paths that the stage has."""
        found = written(self.stages[step.stage], *paths)
        if found is None:
            if default is None:
                raise ValueError(f"{step.stage} has no {paths[-1]}")
            return default
        path, raw = found
        return self.after_effects(step, path, self.numbers.number(f"stages.{step.stage}.{path}", raw))

    def after_effects(self, step: Step, path: str, p: float) -> float:
        """Return a probability after the effects that hold when the step starts."""
        active = self.active(step, path)
        for name, effect in active:
            if "set" in effect:
                p = self.numbers.number(f"effects.{name}.set", effect["set"])
        for name, effect in active:
            if "odds" in effect:
                odds = self.numbers.number(f"effects.{name}.odds", effect["odds"])
                p = odds * p / (1 - p + odds * p) if p < 1 else 1.0
        return min(p * self.scale(active), 1.0)

    def scale(self, active: list[tuple[str, dict[str, Any]]]) -> float:
        scales = [(f"effects.{name}.scale", effect["scale"]) for name, effect in active if "scale" in effect]
        return math.prod(self.numbers.number(path, raw) for path, raw in scales)

    def active(self, step: Step, path: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the effects on a number of the step that hold at its start, by name."""
        names = {f"{step.stage}.{path}", f"{step.stage}.{path.removeprefix('design.')}"}
        return [
            (name, effect)
            for name, effect in self.plan.effects.items()
            if any(n == t or n.startswith(f"{t}.") for t in targets(effect) for n in names)
            and self.holds(effect.get("if"), step.start)
        ]

    def listed(self, step: Step, path: str) -> dict[str, float]:
        """Return the probabilities of the names in a mapping, after effects; `rest` is what the others leave."""
        raw = dig(self.stages[step.stage], path)
        stated = {name: value for name, value in raw.items() if value != "rest"}
        shares = self.numbers.shares(f"stages.{step.stage}.{path}", stated)
        found = {name: self.after_effects(step, f"{path}.{name}", p) for name, p in shares.items()}
        for name in raw.keys() - stated.keys():
            found[name] = max(0.0, 1 - sum(found.values()))
        return found


# --- What each step does: its length and its outcome ---------------------------------------------------------------

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


def act_work(run: Run, step: Step) -> Act:
    return run.duration(step, "duration"), repeated(run, step, outcome_of(run, step))


def trial_outcome(run: Run, step: Step) -> str:
    success = run.u(step, "outcome") < run.probability(step, "success")
    return repeated(run, step, "success" if success else "failed")


def act_trial(run: Run, step: Step) -> Act:
    stage = run.stages[step.stage]
    lengths = [run.duration(step, "duration")]
    if stage.get("pivotal_trials", 1) == 2:
        lengths.append(run.duration(step, "duration", purpose="duration_2"))
    total = sum(lengths) if stage.get("run") == "sequential" else max(lengths)
    return total, trial_outcome(run, step)


def act_design(run: Run, step: Step) -> Act:
    length = run.duration(step, f"design.{step.part}")
    return length, trial_outcome(run, step) if step.part == "readout" else "done"


def act_hold_review(run: Run, step: Step) -> Act:
    p = run.probability(step, "probability")
    return run.duration(step, "clock"), choose(run.u(step, "outcome"), [("effective", 1 - p), ("held", p)])


def act_hold(run: Run, step: Step) -> Act:
    p = run.probability(step, "lifted")
    return run.duration(step, "repair"), choose(run.u(step, "outcome"), [("effective", p), ("never_lifted", 1 - p)])


def act_preparation(run: Run, step: Step) -> Act:
    return run.duration(step, "prepare"), "done"


def act_meeting(run: Run, step: Step) -> Act:
    return run.duration(step, "clock", default=MEETING_CLOCKS.get(run.stages[step.stage]["type"])), "done"


def act_minutes(run: Run, step: Step) -> Act:
    return run.duration(step, "minutes", default=0.0), outcome_of(run, step)


def act_designation(run: Run, step: Step) -> Act:
    length = run.duration(step, "clock")
    if step.visit > 1:
        length += run.duration(step, "again", default=0.0)
    w = run.probability(step, "withdraw", default=0.0)
    g = run.probability(step, "grant.first" if step.visit == 1 else "grant.later", "grant")
    options = [("granted", g * (1 - w)), ("denied", (1 - g) * (1 - w)), ("withdrawn", w)]
    return length, choose(run.u(step, "outcome"), options)


def act_filing(run: Run, step: Step) -> Act:
    length = run.duration(step, "filing", default=60.0)
    if "refused" not in step.outcomes and "not_filed" not in step.outcomes:
        return length, "filed"
    p = run.probability(step, "refuse.probability")
    other = "refused" if "refused" in step.outcomes else "not_filed"
    return length, choose(run.u(step, "outcome"), [("filed", 1 - p), (other, p)])


def act_refusal(run: Run, step: Step) -> Act:
    return run.duration(step, "refuse.answer"), "done"


def act_review(run: Run, step: Step) -> Act:
    paths = ["approve.first"] if step.visit == 1 else [f"approve.{answered(step)[1]}", "approve.later"]
    approved = run.u(step, "outcome") < run.probability(step, *paths, "approve")
    outcome = "approved" if approved else complete_response(run, step)
    slip = run.duration(step, "slip.approved" if approved else "slip.letter", "slip", purpose="slip", default=0.0)
    return max(0.0, review_goal(run, step) + extension(run, step) + slip), outcome


def complete_response(run: Run, step: Step) -> str:
    stage = run.stages[step.stage]
    if "exhausted" in step.outcomes:
        return "exhausted"
    return letter(stage, pick(run, step, "cause", "cause", causes(stage)))


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
        number = answered(step)[0]
        months = {"1": 2, "2": 6}[number]
        path = f"resubmission_goal.class_{number}"
        return run.duration(step, path, "resubmission_goal", default=months * DAYS["month"])
    goal = "goal"
    if not is_quantity(stage["goal"]):
        goal = "goal.priority" if run.u(step, "priority") < run.probability(step, "goal.share") else "goal.standard"
    filing = next(s for s, _ in step.links if s.outcome == "filed")
    return run.duration(step, goal) - (filing.end - filing.start)


def extension(run: Run, step: Step) -> float:
    later = ["extension.later.probability"] if step.visit > 1 else []
    p = run.probability(step, *later, "extension.probability", default=0.0)
    if run.u(step, "extension") >= p:
        return 0.0
    later = ["extension.later.duration"] if step.visit > 1 else []
    return run.duration(step, *later, "extension.duration")


def answered(step: Step) -> tuple[str, str]:
    """Return the class and the way of the resubmission under review."""
    response, _ = step.links[0]
    _, number, way = str(response.outcome).split("_", 2)
    return number, way


def act_response(run: Run, step: Step) -> Act:
    stage = run.stages[step.stage]
    outcome = str(step.links[0][0].outcome)
    cause = outcome.removeprefix("crl_")
    if run.u(step, "withdraw") < run.probability(step, f"withdraw.{cause}", "withdraw", default=0.0):
        return run.duration(step, "lapse", default=365.25), "withdrawn"
    way = pick(run, step, f"answer.{cause}", "answer", ways(stage, cause))
    number = 1 if run.u(step, "class") < run.probability(step, "class_1", default=0.0) else 2
    return run.duration(step, f"response.{way}", "response", purpose="response"), f"class_{number}_{way}"


ACTS: dict[tuple[str, str], Callable[[Run, Step], Act]] = {
    ("work", ""): act_work,
    ("trial", ""): act_trial,
    ("trial", "enrolment"): act_design,
    ("trial", "follow_up"): act_design,
    ("trial", "readout"): act_design,
    ("hold", "review"): act_hold_review,
    ("hold", "hold"): act_hold,
    ("meeting", "preparation"): act_preparation,
    ("meeting", "meeting"): act_meeting,
    ("meeting", "minutes"): act_minutes,
    ("designation", ""): act_designation,
    ("application", "filing"): act_filing,
    ("application", "refusal"): act_refusal,
    ("application", "review"): act_review,
    ("application", "response"): act_response,
}


# --- The interface -------------------------------------------------------------------------------------------------


def simulate(
    document: dict[str, Any],
    seed: int,
    replication: int = 0,
    parameter_sets: int = 1,
    evidence: dict[str, Any] | None = None,
) -> Future:
    """Return one future of one arm.

    Parameters
    ----------
    document
        The plain data of one arm in the grammar of the scenario file, with overrides applied.
    seed, replication, parameter_sets
        Name the future: the same numbers give the same one.
    evidence
        What `{evidence: id}` stands for: id -> number, `{value, n}`, or a distribution.

    Returns
    -------
    Future
        The rows of the steps that started, the times of the milestones (inf: not reached), and the ending.
    """
    return Run(document, seed, replication, parameter_sets, evidence or {}).run()


def simulate_many(
    document: dict[str, Any],
    seed: int,
    replications: int,
    parameter_sets: int = 1,
    evidence: dict[str, Any] | None = None,
) -> list[Future]:
    """Return the futures 0 … replications − 1."""
    return [simulate(document, seed, k, parameter_sets, evidence) for k in range(replications)]


def stage_order(document: dict[str, Any]) -> list[str]:
    """Return the names of all steps by rank."""
    return [f"{s.name}/{s.visit}" for s in Plan(document).steps]
