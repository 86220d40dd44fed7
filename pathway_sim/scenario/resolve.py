"""From validated stages to a pathway: references, effects, order. After this nobody looks at a file."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pathway_sim.parameters import Chance, Number
from pathway_sim.pathway import (
    ALWAYS,
    IMPOSSIBLE,
    SKIPPED,
    START,
    All,
    AnyOf,
    Condition,
    Effect,
    Fact,
    Given,
    Input,
    Milestone,
    Not,
    Pace,
    Pathway,
    StageInfo,
    Step,
)  # fmt: skip
from pathway_sim.scenario.numbers import Numbers, is_time
from pathway_sim.scenario.problems import Path, Problems
from pathway_sim.scenario.schema import EffectSpec, Ending, Header, PaceSpec, Start
from pathway_sim.stages import Draft, Stage
from pathway_sim.stages.expressions import Expression
from pathway_sim.units import suggest

MAX_STEPS = 2000
OPERATORS = ("set", "odds", "scale")


@dataclass(frozen=True)
class Parts:
    """The validated sections of one arm; a stage that is not valid is None, so that references to it raise no second
    problem.
    """

    header: Header
    stages: Mapping[str, Stage | None]
    effects: Mapping[str, EffectSpec]
    milestones: Mapping[str, Expression | Ending]
    pace: PaceSpec | None
    start: Start | None


class Resolver:
    """Resolves one arm. Steps are numbered as drafted until `pathway` puts them in order."""

    def __init__(self, parts: Parts, problems: Problems) -> None:
        self.parts, self.problems, self.numbers = parts, problems, Numbers(problems)
        self.drafts = [
            (name, stage, draft) for name, stage in sorted(parts.stages.items()) if stage for draft in stage.drafts()
        ]
        self.by_stage: dict[str, list[int]] = {name: [] for name in sorted(parts.stages)}
        for index, (name, _, _) in enumerate(self.drafts):
            self.by_stage[name].append(index)
        self.done = self._done_before()
        self.awaited = self._awaited() if self.done else set()

    # --- references -------------------------------------------------------------------------------------------------

    def condition(self, expression: Expression, path: Path, *, negation: bool = False) -> Condition:
        """The condition that an expression stands for; with problems collected and `IMPOSSIBLE` in their place."""
        if expression.operator == "reference":
            return self._reference(expression, path)
        members = tuple(self.condition(inner, (*path, *below), negation=negation) for below, inner in expression.of)
        if expression.operator == "not":
            if not negation:
                self.problems.add(path, "not has no time of its own and can stand in if only")
            return Not(members[0]) if members else IMPOSSIBLE
        if expression.operator == "all":
            return members[0] if len(members) == 1 else All(members)
        return members[0] if len(members) == 1 else AnyOf(members)

    def _reference(self, reference: Expression, path: Path) -> Condition:
        name = reference.names[0]
        if name not in self.parts.stages:
            self.problems.add(path, f'there is no stage "{name}"{suggest(name, self.parts.stages)}')
            return IMPOSSIBLE
        if self.parts.stages[name] is None:
            return IMPOSSIBLE  # the stage's own problems are reported
        part, outcome = self._part_and_outcome(reference)
        if name in self.done:
            met = outcome in (None, "start") or (name, outcome) in self.awaited
            return Given(0.0) if met else IMPOSSIBLE
        steps = [
            k
            for k in self.by_stage[name]
            if (part is None or self.drafts[k][2].part == part) and reference.visit in (None, self.drafts[k][2].visit)
        ]
        facts = tuple(
            fact
            for k in steps
            if (fact := self._fact(k, outcome, whole=part is None and reference.visit is None)) is not None
        )
        if not facts:
            self.problems.add(path, self._no_such_fact(reference, part, outcome))
        return facts[0] if len(facts) == 1 else AnyOf(facts)

    def _part_and_outcome(self, reference: Expression) -> tuple[str | None, str | None]:
        parts = {self.drafts[k][2].part for k in self.by_stage[reference.names[0]]} - {""}
        rest = reference.names[1:]
        if len(rest) == 2:
            return rest[0], rest[1]
        if len(rest) == 1:
            return (None, rest[0]) if reference.late or rest[0] not in parts else (rest[0], None)
        return None, None

    def _fact(self, index: int, outcome: str | None, *, whole: bool) -> Fact | None:
        """The fact of one step that a reference means; `whole`: the end of the stage rather than of the step."""
        draft = self.drafts[index][2]
        if outcome == "start":
            return Fact(index, (START,))
        if outcome == "skipped":
            return None if draft.follows else Fact(index, (SKIPPED,))
        if outcome is not None:
            return Fact(index, (draft.outcomes.index(outcome),)) if outcome in draft.outcomes else None
        codes = (
            tuple(draft.outcomes.index(name) for name in draft.final) if whole else tuple(range(len(draft.outcomes)))
        )
        if whole and not draft.follows:
            codes = (*codes, SKIPPED)
        return Fact(index, codes) if codes else None

    def _no_such_fact(self, reference: Expression, part: str | None, outcome: str | None) -> str:
        drafts = [self.drafts[k][2] for k in self.by_stage[reference.names[0]]]
        names = sorted({name for draft in drafts if part in (None, draft.part) for name in draft.outcomes} | {"start"})
        if part is not None and part not in {draft.part for draft in drafts}:
            return f'"{reference.names[0]}" has no part "{part}"{suggest(part, {draft.part for draft in drafts})}'
        if outcome is not None and outcome not in names:
            return (
                f'"{reference.names[0]}" has no outcome "{outcome}"{suggest(outcome, names)}; it has {", ".join(names)}'
            )
        return f'"{reference.text}" can never happen'

    # --- starting at a later stage ----------------------------------------------------------------------------------

    def _done_before(self) -> set[str]:
        """The stages that the first stage waits for, directly or not."""
        if self.parts.start is None:
            return set()
        name, done = self.parts.start.stage, set[str]()
        if name not in self.parts.stages:
            self.problems.add(("start", "stage"), f'there is no stage "{name}"{suggest(name, self.parts.stages)}')
        waiting = [name]
        while waiting:
            stage = self.parts.stages.get(waiting.pop())
            names = (
                {ref.names[0] for _, ref in stage.after.references()}
                if stage is not None and stage.after is not None
                else set()
            )
            waiting += sorted(names - done - {name})
            done |= names - {name}
        return done & set(self.parts.stages)

    def _awaited(self) -> set[tuple[str, str]]:
        """The outcomes that the first stage, or a stage before it, waits for."""
        names = (*sorted(self.done), self.parts.start.stage if self.parts.start else "")
        stages = [
            stage for name in names if (stage := self.parts.stages.get(name)) is not None and stage.after is not None
        ]
        references = [ref for stage in stages if stage.after for _, ref in stage.after.references()]
        return {
            (ref.names[0], outcome) for ref in references if (outcome := self._part_and_outcome(ref)[1]) is not None
        }

    # --- steps ------------------------------------------------------------------------------------------------------

    def pathway(self, arm: str, title: str, baseline_goal: str) -> Pathway:
        """The pathway; not to be used if problems were found."""
        effects = self._effects()
        steps = [self._step(k, effects) for k in range(len(self.drafts))]
        milestones = {name: self._milestone(name, spec) for name, spec in sorted(self.parts.milestones.items())}
        pace = self._pace()
        kept = [k for k in range(len(steps)) if steps[k].stage not in self.done]
        if len(kept) > MAX_STEPS:
            self.problems.add(("stages",), f"these stages unroll to {len(kept)} steps; at most {MAX_STEPS} are walked")
        order = self._order(steps, kept)
        rank = {k: place for place, k in enumerate(order)}
        return Pathway(
            arm=arm,
            title=title,
            steps=tuple(_renumbered(steps[k], rank) for k in order),
            stages=self._stages(rank),
            milestones={
                name: Milestone(_moved(m.reached, rank), _moved(m.until, rank)) for name, m in milestones.items()
            },
            goal=baseline_goal,
            horizon=self.parts.header.horizon.value,
            as_of=self.parts.header.as_of,
            pace=pace,
        )

    def ranked(self, expression: Expression, path: Path, pathway: Pathway) -> Condition:
        """The condition of an expression, numbered as the pathway is."""
        rank = {
            k: pathway.rank[_name(name, draft)]
            for k, (name, _, draft) in enumerate(self.drafts)
            if name not in self.done
        }
        return _moved(self.condition(expression, path), rank)

    def _stages(self, rank: Mapping[int, int]) -> tuple[StageInfo, ...]:
        """What outputs say of each stage, in the order of their first steps."""
        found = []
        for name, stage in self.parts.stages.items():
            ranks = tuple(sorted(rank[k] for k in self.by_stage[name] if k in rank))
            if stage is not None and ranks:
                found.append(StageInfo(name, stage.title or name.replace("_", " "), stage.track, ranks))
        return tuple(sorted(found, key=lambda info: info.ranks))

    def _step(self, index: int, effects: Mapping[tuple[str, str], list[Effect]]) -> Step:
        name, stage, draft = self.drafts[index]
        path: Path = ("stages", name)
        after, guard = self._entry(name, stage) if not draft.follows else (self._link(name, draft), None)
        inputs = {
            target: self._input(name, target, term, draft, effects.get((name, target), []))
            for target, term in draft.inputs.items()
        }
        fatal = stage.ends_program()
        if not draft.follows and (unknown := fatal - self._outcomes(name)) and stage.terminal is not None:
            for outcome in sorted(unknown):
                self.problems.add(
                    (*path, "terminal"),
                    f'"{outcome}" is not an outcome of this stage{suggest(outcome, self._outcomes(name))}',
                )
        return Step(
            stage=name,
            part=draft.part,
            visit=draft.visit,
            outcomes=draft.outcomes,
            rule=draft.rule,
            inputs={target: value for target, value in inputs.items() if value is not None},
            after=after,
            guard=guard,
            final=frozenset(draft.outcomes.index(outcome) for outcome in draft.final),
            terminal=frozenset(
                draft.outcomes.index(outcome)
                for outcome in fatal
                if outcome in draft.outcomes and outcome not in draft.again
            ),
        )

    def _outcomes(self, name: str) -> set[str]:
        return {outcome for k in self.by_stage[name] for outcome in self.drafts[k][2].outcomes}

    def _entry(self, name: str, stage: Stage) -> tuple[Condition, Condition | None]:
        first = self.parts.start is not None and self.parts.start.stage == name
        after = ALWAYS if stage.after is None or first else self.condition(stage.after, ("stages", name, "after"))
        guard = None if stage.if_ is None else self.condition(stage.if_, ("stages", name, "if"), negation=True)
        if stage.enabled:
            return after, guard
        return after, IMPOSSIBLE if guard is None else All(
            (guard, IMPOSSIBLE)
        )  # the same place in the order, on or off

    def _link(self, name: str, draft: Draft) -> Condition:
        """The steps of the same stage that lead here."""
        facts = []
        for part, visit, outcomes in draft.follows:
            index = next(
                k for k in self.by_stage[name] if (self.drafts[k][2].part, self.drafts[k][2].visit) == (part, visit)
            )
            facts.append(Fact(index, tuple(self.drafts[index][2].outcomes.index(outcome) for outcome in outcomes)))
        return facts[0] if len(facts) == 1 else AnyOf(tuple(facts))

    def _input(self, name: str, target: str, term: Any, draft: Draft, effects: list[Effect]) -> Input | None:
        head, _, last = target.rpartition(".")
        joint = hasattr(term, "counts")
        path: Path = ("stages", name, *(head if joint else target).split("."))
        source = self.numbers.read(term, path, name=last if joint else "")
        paced = self.parts.pace is not None and name in self.parts.pace.on and target in draft.paced
        return None if source is None else Input(source, paced, tuple(effects))

    # --- effects, pace, milestones ----------------------------------------------------------------------------------

    def _effects(self) -> dict[tuple[str, str], list[Effect]]:
        """The enabled effects by (stage, target), in the order in which they act."""
        bound: dict[tuple[str, str], list[Effect]] = defaultdict(list)
        for name, spec in sorted(self.parts.effects.items()):
            condition = self.condition(spec.if_, ("effects", name, "if"), negation=True)
            number = self.numbers.read(spec.term, ("effects", name, spec.operator))
            self.numbers.cite(spec, ("effects", name))
            for place, target in enumerate(spec.on):
                path: Path = ("effects", name, "on", place) if len(spec.on) > 1 else ("effects", name, "on")
                stage, _, inner = target.partition(".")
                if (
                    self._fits(stage, inner, spec, number, path)
                    and spec.enabled
                    and number is not None
                    and stage not in self.done
                ):
                    bound[stage, inner].append(Effect(name, condition, spec.operator, number))
        for (stage, inner), effects in bound.items():
            replacing = [effect.name for effect in effects if effect.operator == "set"]
            if len(replacing) > 1:
                self.problems.add(
                    ("effects", replacing[1], "on"),
                    f"{' and '.join(replacing)} both set {stage}.{inner}; only one effect may",
                )
            effects.sort(key=lambda effect: (OPERATORS.index(effect.operator), effect.name))
        return bound

    def _fits(self, stage: str, inner: str, spec: EffectSpec, number: Number | Chance | None, path: Path) -> bool:
        """Whether the target exists and the operator makes sense for it; else a problem."""
        if stage not in self.parts.stages:
            self.problems.add(path, f'there is no stage "{stage}"{suggest(stage, self.parts.stages)}')
            return False
        targets = {target: term for k in self.by_stage[stage] for target, term in self.drafts[k][2].inputs.items()}
        if self.parts.stages[stage] is None:
            return False
        if inner not in targets:
            self.problems.add(
                path,
                f'"{stage}" has no number "{inner}"{suggest(inner, targets)}; it has {", ".join(sorted(targets))}',
            )
            return False
        time = is_time(targets[inner])
        if spec.operator == "odds" and time:
            self.problems.add(path, f"odds acts on a probability, but {stage}.{inner} is a length of time")
        elif spec.operator == "set" and is_time(spec.term) != time:
            self.problems.add(path, f"the value does not have the unit of {stage}.{inner}")
        elif spec.operator == "odds" and isinstance(number, Number) and number.value <= 0:
            self.problems.add(path, "odds must be multiplied by a number greater than 0")
        else:
            return True
        return False

    def _pace(self) -> Pace | None:
        spec = self.parts.pace
        if spec is None:
            return None
        for place, name in enumerate(spec.on):
            stage = self.parts.stages.get(name)
            if name not in self.parts.stages:
                self.problems.add(
                    ("pace", "on", place), f'there is no stage "{name}"{suggest(name, self.parts.stages)}'
                )
            elif stage is not None and not any(self.drafts[k][2].paced for k in self.by_stage[name]):
                self.problems.add(
                    ("pace", "on", place), f'"{name}" has no duration of the sponsor; agencies\' clocks have no pace'
                )
        sd_log, level = (
            self.numbers.number(spec.sd_log, ("pace", "sd_log")),
            self.numbers.number(spec.level, ("pace", "level")),
        )
        return None if sd_log is None or level is None else Pace(sd_log, level)

    def _milestone(self, name: str, spec: Expression | Ending) -> Milestone:
        path: Path = ("milestones", name)
        if isinstance(spec, Ending):
            return Milestone(
                self.condition(spec.reached, (*path, "reached")), self.condition(spec.until, (*path, "until"))
            )
        return Milestone(self.condition(spec, path))

    # --- order ------------------------------------------------------------------------------------------------------

    def _order(self, steps: list[Step], kept: list[int]) -> list[int]:
        """Topological order; among the steps that could come next the least by (stage, part, visit)."""
        present = set(kept)
        before = {k: {fact.step for fact in steps[k].reads()} & present for k in kept}
        after: dict[int, list[int]] = defaultdict(list)
        for k, causes in before.items():
            for cause in causes:
                after[cause].append(k)
        free = [(steps[k].stage, steps[k].part, steps[k].visit, k) for k in kept if not before[k]]
        heapq.heapify(free)
        order: list[int] = []
        while free:
            k = heapq.heappop(free)[-1]
            order.append(k)
            for follower in after[k]:
                before[follower].discard(k)
                if not before[follower]:
                    heapq.heappush(free, (steps[follower].stage, steps[follower].part, steps[follower].visit, follower))
        if len(order) < len(kept):
            self._report_cycle(steps, before, set(kept) - set(order))
            order += [k for k in kept if k not in set(order)]
        return order

    def _report_cycle(self, steps: list[Step], before: Mapping[int, set[int]], left: set[int]) -> None:
        """Name one circle of stages that wait for each other."""
        k, trail = min(left), list[int]()
        while k not in trail:
            trail.append(k)
            k = min(before[k] & left)
        circle = trail[trail.index(k) :][::-1]
        names = list(dict.fromkeys(steps[k].stage for k in circle))
        text = " → ".join([*names, names[0]])
        self.problems.add(
            ("stages", names[0]),
            f"these stages wait for each other: {text}; a loop is written as repeat on one stage",
            key=True,
        )


def _name(stage: str, draft: Draft) -> str:
    return f"{stage}.{draft.part}/{draft.visit}" if draft.part else f"{stage}/{draft.visit}"


def _moved(condition: Condition, rank: Mapping[int, int]) -> Condition:
    """The condition with steps numbered by rank."""
    if isinstance(condition, Fact):
        return Fact(rank[condition.step], condition.codes)
    if isinstance(condition, Not):
        return Not(_moved(condition.of, rank))
    if isinstance(condition, Given):
        return condition
    return type(condition)(tuple(_moved(inner, rank) for inner in condition.of))


def _renumbered(step: Step, rank: Mapping[int, int]) -> Step:
    inputs = {
        name: replace(
            value, effects=tuple(replace(effect, condition=_moved(effect.condition, rank)) for effect in value.effects)
        )
        for name, value in step.inputs.items()
    }
    guard = None if step.guard is None else _moved(step.guard, rank)
    return replace(step, after=_moved(step.after, rank), guard=guard, inputs=inputs)
