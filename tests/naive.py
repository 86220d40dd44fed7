"""A naive interpreter of scenario files: scalar, slow, one future at a time.

It was written from `docs/reference/semantics.md` alone, is an oracle for the engines, and shares no code with the
package. It keeps a heap of events (time, rank) and, after each fact, asks every step that has not been woken whether
it is ready now. Nothing is known in advance: a cut is an event that comes too late. `naive_steps.py` turns stages into
steps, `naive_acts.py` says what each step does, and `naive_numbers.py` has the arithmetic.

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
#  4. Reading `x.start` or a bare part reads *all* its steps (a minimum over them), so that the reader comes after the
#     last of them in the order. `x.outcome` reads the steps that can end so, a bare stage those that can end it and
#     the first, which is the one that is skipped.
#  5. Disabled effects are not read and give no place in the order; `after` and `if` of a disabled stage are, although
#     its `if` is not asked.
#  7. The repeated outcome is not terminal by default (a trial's `failed` with `repeat: {on: failed}`); `exhausted`
#     is. `terminal:` replaces the whole default list, `exhausted` included.
#  8. The last visit's `exhausted` has the place of the repeated outcome in the order of the choice.
#  9. `set` on a duration replaces what the pace made of it: first pace, then effects. A `set` may be a distribution;
#     it takes the same u.
# 11. "G = goal − filing" takes the duration of the accepted filing as it was, effects included.
# 13. Of several events that ended negative and name a cause, the last by name gives it.
# 14. `pivotal_trials` acts on `duration` only, not on a `design`. `design` is {enrolment, follow_up, readout}; a
#     target is either `x.enrolment` or `x.design.enrolment`. An outcome's probability is the target
#     `x.outcomes.<name>`.
# 15. A target names a number as the file writes it, or a mapping above it (then it acts on every number below).
# 16. The pace acts on all visits, and on the readout of an interim, and not on the repair of a clinical hold.
#     A designation's visits after the first one always have a preparation, of 0 days if `again` is not given.
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
# 24. A number that is left to the agency is a field like any other: effects act on it.
# 25. An event during the review reads what gives priority, so it comes after what acts on `goal.share`. How the event
#     ends counts in the review even if its end is later than the review's.
# 26. Of the later regimes of a rule in an effect's own number nothing is known: it has the regime of `as_of`.
# 27. The readout that an interim analysis made needless is left out without a fact: the stage is not skipped.

import heapq
import math
import re
from typing import Any, NamedTuple

from naive_acts import act_of, with_odds
from naive_numbers import NORMAL, Numbers, is_law, plain, rounded, uniform
from naive_steps import (
    KINDS,
    NEVER,
    Reference,
    Step,
    dig,
    enabled,
    leaves,
    parts_of,
    split_reference,
    targets,
    terminal_outcomes,
    written,
)


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


def row(step: Step) -> Row:
    end = None if step.outcome is None else step.end
    return Row(f"{step.name}/{step.visit}", step.visit, step.ready, step.start, end, step.outcome)


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
        return split_reference(text, parts_of(self.stages[re.split(r"[./]", text)[0]]))

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
        own = {before for before, _ in step.links} | set(step.events) | ({step.beside} if step.beside else set())
        return own | {found for text in texts for found in self.named(text)}

    def named(self, text: str) -> list[Step]:
        """Return the steps whose facts a reference reads."""
        ref = self.refer(text)
        if ref.stage in self.past:
            return []
        if ref.fact == "skipped":
            return [self.heads[ref.stage]]
        found = [s for s in self.steps if matches(s, ref)]
        if ref == Reference(ref.stage, None, None, None):
            return [s for s in found if any(s.outcomes.values()) or s is self.heads[ref.stage]]
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
        self.numbers = Numbers(seed, replication, sets, evidence, document.get("as_of"))
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
        if step.beside is not None:
            return step.beside.start
        return min((s.end for s, wanted in step.links if s.outcome is not None and wanted(s.outcome)), default=NEVER)

    def begin(self, step: Step, now: float) -> None:
        stage = self.stages[step.stage]
        if step is self.plan.heads[step.stage] and not (enabled(stage) and self.holds(stage.get("if"), now)):
            if now <= self.horizon and (now, step.rank) <= self.stop:
                self.skipped[step.stage] = now
                self.wake(now)
        elif any(s.outcome in ("success", "failed") for s in step.events):
            pass  # the interim analysis has ended the trial before its readout
        elif now < self.horizon and (now, step.rank) <= self.stop:
            step.start = now
            length, outcome = act_of(stage["kind"], step.part)(self, step)
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
        rows = [row(s) for s in steps]
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
        return self.uniform(step.name, step.visit, purpose)

    def uniform(self, name: str, visit: int, purpose: str) -> float:
        return uniform(self.seed, f"program/{name}/{visit}/{purpose}", self.replication)

    def field(self, step: Step, paths: tuple[str, ...], rule: str | None) -> tuple[str, Any] | None:
        """Return the first of the paths that the stage has and its number, else the number of the agency's rule."""
        stage = self.stages[step.stage]
        found = written(stage, *paths)
        if found is None and rule is not None:
            return paths[0], {"rule": f"{stage.get('agency', 'fda')}.{rule}"}
        return found

    def duration(
        self,
        step: Step,
        *paths: str,
        purpose: str | None = None,
        default: float | None = None,
        rule: str | None = None,
    ) -> float:
        """Return d(x) for the first of the paths that the stage has, on the grid."""
        found = self.field(step, paths, rule)
        if found is None:
            if default is None:
                raise ValueError(f"{step.stage} has no {paths[-1]}")
            return default
        path, raw = found
        u = self.u(step, purpose or path)
        length = self.draw(f"stages.{step.stage}.{path}", raw, u) * self.pace(step, path)
        for name, regime in self.numbers.later_regimes(raw, step.start):
            length = self.draw(name, regime, u)
        active = self.active(step, path)
        for name, effect in active:
            if "set" in effect:
                length = self.draw(f"effects.{name}.set", effect["set"], u)
        if any("odds" in effect for _, effect in active):
            raise ValueError("odds on a duration")
        return rounded(length * self.scale(active))

    def draw(self, path: str, raw: Any, u: float) -> float:
        """Return the inverse CDF of a duration field at u."""
        path, cited = self.numbers.cited(path, raw, in_duration=True)
        return self.numbers.law(path, cited).ppf(u) if is_law(cited) else self.numbers.number(path, cited)

    def pace(self, step: Step, path: str) -> float:
        pace, kind = self.document.get("pace"), self.stages[step.stage]["kind"]
        if not pace or step.stage not in pace["on"]:
            return 1.0
        unpaced = ("hold.repair", "design.follow_up", "follow_up")
        paced = path in ("prepare", "again") or (kind in ("work", "trial") and path not in unpaced)
        if not paced:
            return 1.0
        level = self.numbers.number("pace.level", pace.get("level", 1.0))
        sd_log = self.numbers.number("pace.sd_log", pace.get("sd_log", 0.0))
        return level * math.exp(sd_log * NORMAL.inv_cdf(uniform(self.seed, "program/pace", self.replication)))

    def probability(self, step: Step, *paths: str, default: float | None = None) -> float:
        """Return p(x) for the first of the paths that the stage has."""
        return self.number(step, *paths, default=default, most=1.0)

    def number(self, step: Step, *paths: str, default: float | None = None, most: float = math.inf) -> float:
        """Return a number, which is at most so much, for the first of the paths that the stage has."""
        found = self.field(step, paths, None)
        if found is None:
            if default is None:
                raise ValueError(f"{step.stage} has no {paths[-1]}")
            return default
        path, raw = found
        return self.after_effects(step, path, raw, self.numbers.number(f"stages.{step.stage}.{path}", raw), most)

    def after_effects(self, step: Step, path: str, raw: Any, p: float, most: float) -> float:
        """Return a number after the regimes of its rule and the effects that hold when the step starts."""
        for name, regime in self.numbers.later_regimes(raw, step.start):
            p = self.numbers.number(name, regime)
        active = self.active(step, path)
        for name, effect in active:
            if "set" in effect:
                p = self.numbers.number(f"effects.{name}.set", effect["set"])
        for name, effect in active:
            if "odds" in effect:
                p = with_odds(p, self.numbers.number(f"effects.{name}.odds", effect["odds"]))
        for name, effect in active:
            if "scale" in effect:
                p *= self.numbers.number(f"effects.{name}.scale", effect["scale"])
        return min(p, most)

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
        found = {
            name: self.after_effects(step, f"{path}.{name}", raw.get(name), p, most=1.0) for name, p in shares.items()
        }
        for name in raw.keys() - stated.keys():
            found[name] = max(0.0, 1 - sum(found.values()))
        return found


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
