"""From validated stages to a pathway: references, effects, order. After this nobody looks at a file."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Any, Literal

from pathway_sim.document import Mapping as Document
from pathway_sim.document import find, plain
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
    facts_of,
)  # fmt: skip
from pathway_sim.scenario.numbers import Numbers, ends
from pathway_sim.scenario.problems import Path, Problems
from pathway_sim.scenario.schema import EffectSpec, Ending, Header, PaceSpec, Start
from pathway_sim.stages import Draft, Stage
from pathway_sim.stages.base import INFINITE, figure_of, is_time, wrong_term
from pathway_sim.stages.expressions import Expression, readable
from pathway_sim.units import suggest

MAX_STEPS = 2000
MAX_DRAFTS = 4 * MAX_STEPS  # with the stages before the first one, which are not walked
WIDEST_PACE = 20  # its exponential can still be multiplied with any length of time
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
        drafts = (
            (name, stage, draft) for name, stage in sorted(parts.stages.items()) if stage for draft in stage.drafts()
        )
        self.drafts = list(islice(drafts, MAX_DRAFTS))
        self.by_stage: dict[str, list[int]] = {name: [] for name in sorted(parts.stages)}
        for index, (name, _, _) in enumerate(self.drafts):
            self.by_stage[name].append(index)
        self.done = self._done_before()
        self.awaited = self._awaited() if self.done else set()

    def too_long(self) -> bool:
        """Whether the stages have more steps than are walked; then a problem is collected."""
        count = sum(name not in self.done for name, _, _ in self.drafts)
        if count > MAX_STEPS:
            message = f"make more than {MAX_STEPS:,} steps, each visit counted; lower at_most, or use fewer stages"
            self.problems.add(("stages",), message, key=True)
        return count > MAX_STEPS

    # --- references -------------------------------------------------------------------------------------------------

    def condition(self, expression: Expression, path: Path, *, negation: bool = False) -> Condition:
        """The condition that an expression stands for; with problems collected and `IMPOSSIBLE` in their place."""
        if expression.operator == "reference":
            return self._reference(expression, path)
        members = tuple(self.condition(inner, (*path, *below), negation=negation) for below, inner in expression.of)
        if expression.operator == "not":
            if not negation:
                self.problems.add(path, "not has no time of its own, so it can stand under if only")
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

    def salvage(self, path: Path, *, negation: bool = False) -> None:
        """Check the references of an expression in a part of the file that is not valid as a whole."""
        node = find(self.problems.document, path)
        expression = None if node is None else readable(plain(node))
        if expression is not None:
            self.condition(expression, path, negation=negation)

    def _salvage_all(self) -> None:
        """Check the references of what is not valid, so that all that is wrong is reported at once."""
        for name in (name for name, stage in self.parts.stages.items() if stage is None):
            self.salvage(("stages", name, "after"))
            self.salvage(("stages", name, "if"), negation=True)
        for section, valid in (("effects", self.parts.effects), ("milestones", self.parts.milestones)):
            node = self.problems.document.entries.get(section)
            for name in node.entries if isinstance(node, Document) else ():
                if name in valid:
                    continue
                if section == "effects":
                    self.salvage((section, name, "if"), negation=True)
                    self._targets(name)
                    continue
                for key in ((), ("reached",), ("until",)):
                    self.salvage((section, name, *key))

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
        stage = reference.names[0]
        drafts = [self.drafts[k][2] for k in self.by_stage[stage]]
        parts = sorted({draft.part for draft in drafts} - {""})
        here = [draft for draft in drafts if part in (None, draft.part)]
        names = sorted({name for draft in here for name in draft.outcomes} | {"start", "skipped"})
        if not here and part is not None:
            hint = suggest(part, parts) or f"; it has {', '.join(parts) or 'none'}"
            return f'"{stage}" has no part "{part}"{hint}'
        if outcome is not None and outcome not in names:
            hint = suggest(outcome, names) or f"; it has {', '.join(names)}"
            return f'"{stage}" has no outcome "{outcome}"{hint}'
        last = max(draft.visit for draft in here)
        if reference.visit is not None and reference.visit > last:
            return f'"{stage}" has no visit {reference.visit}; its last is {last}'
        return f'"{reference.text}" can never happen; another visit or part of the stage ends so'

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
        self._salvage_all()
        effects = self._effects()
        steps = [self._step(k, effects) for k in range(len(self.drafts))]
        milestones = {name: self._milestone(name, spec) for name, spec in sorted(self.parts.milestones.items())}
        pace = self._pace()
        kept = [k for k in range(len(steps)) if steps[k].stage not in self.done]
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

    def ranked(self, condition: Condition, pathway: Pathway) -> Condition:
        """A condition with steps numbered as the pathway is."""
        rank = {
            k: pathway.rank[_name(name, draft)]
            for k, (name, _, draft) in enumerate(self.drafts)
            if name not in self.done
        }
        return _moved(condition, rank)

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
        for place, outcome in enumerate(stage.terminal or ()):
            if not draft.follows and outcome not in self._outcomes(name):
                hint = suggest(outcome, self._outcomes(name)) or f"; it has {', '.join(sorted(self._outcomes(name)))}"
                self.problems.add((*path, "terminal", place), f'"{outcome}" is not an outcome of this stage{hint}')
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
            self.numbers.cite(spec)
            targets = self._targets(name)
            fits = [self._fits(name, spec, stage, inner) for stage, inner in targets]
            number = self.numbers.read(spec.term, ("effects", name, spec.operator)) if any(fits) else None
            for (stage, inner), fit in zip(targets, fits, strict=True):
                if fit and spec.enabled and number is not None and stage not in self.done:
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

    def _targets(self, name: str) -> list[tuple[str, str]]:
        """The stages and numbers that an effect acts on; what is wrong with the others is reported."""
        found: list[tuple[str, str]] = []
        for path, target in self._texts(("effects", name, "on")):
            stage, _, inner = target.partition(".")
            if message := self._no_target(stage, inner):
                self.problems.add(path, message)
            elif (stage, inner) in found:
                self.problems.add(path, f"{target} is named twice")
            elif self.parts.stages[stage] is not None:
                found.append((stage, inner))
        return found

    def _texts(self, path: Path) -> Iterator[tuple[Path, str]]:
        """The text at a path of the file, or the texts of the list there, each with its own path."""
        node = find(self.problems.document, path)
        data = None if node is None else plain(node)
        yield from ((path, text) for text in (data,) if isinstance(text, str))
        yield from (
            ((*path, k), text) for k, text in enumerate(data if isinstance(data, list) else ()) if isinstance(text, str)
        )

    def _no_target(self, stage: str, inner: str) -> str:
        """Why there is no such number, or an empty string."""
        if stage not in self.parts.stages:
            return f'there is no stage "{stage}"{suggest(stage, self.parts.stages)}'
        targets = self._inputs(stage)
        if self.parts.stages[stage] is None or inner in targets:
            return ""
        if not inner:
            return f"names a stage and not a number in it; write {stage}.{' or '.join(sorted(targets)[:1])}"
        hint = suggest(inner, targets) or f"; effects can act on {', '.join(sorted(targets))}"
        return f'"{stage}" has no number "{inner}"{hint}'

    def _inputs(self, stage: str) -> dict[str, Any]:
        return {target: term for k in self.by_stage[stage] for target, term in self.drafts[k][2].inputs.items()}

    def _fits(self, name: str, spec: EffectSpec, stage: str, inner: str) -> bool:
        """Whether the operator and its number make sense for a target; else a problem."""
        path: Path = ("effects", name, spec.operator)
        unit: Literal["time", "number"] = "time" if is_time(self._inputs(stage)[inner]) else "number"
        before = len(self.problems.found)
        if spec.operator == "odds" and unit == "time":
            self.problems.add(
                path, f"acts on probabilities, but {stage}.{inner} is a length of time; use scale", key=True
            )
        elif spec.operator == "odds" and (value := figure_of(spec.term)) is not None and value <= 0:
            self.problems.add(path, "must be greater than 0")
        elif spec.operator == "set":
            low, high, what = (
                (0.0, INFINITE, "must not be negative") if unit == "time" else (0.0, 1.0, "must lie between 0 and 1")
            )
            low = -INFINITE if inner.startswith("slip") else low
            for below, message in wrong_term(spec.term, unit, low, high, what):
                self.problems.add((*path, *below), f"{message} (it replaces {stage}.{inner})")
        return len(self.problems.found) == before

    def _pace(self) -> Pace | None:
        for path, name in self._texts(("pace", "on")):
            stage = self.parts.stages.get(name)
            if name not in self.parts.stages:
                self.problems.add(path, f'there is no stage "{name}"{suggest(name, self.parts.stages)}')
            elif stage is not None and not any(self.drafts[k][2].paced for k in self.by_stage[name]):
                self.problems.add(path, f'"{name}" has no duration of the sponsor; agencies\' clocks have no pace')
        spec = self.parts.pace
        if spec is None:
            return None
        sd_log, level = (
            self.numbers.number(spec.sd_log, ("pace", "sd_log")),
            self.numbers.number(spec.level, ("pace", "level")),
        )
        if sd_log is not None and max(ends(sd_log)) > WIDEST_PACE:
            self.problems.add(("pace", "sd_log"), f"must be at most {WIDEST_PACE}; 0.25 is usual")
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
            self._report_circles(steps, before, set(kept) - set(order))
            order += [k for k in kept if k not in set(order)]
        return order

    def _report_circles(self, steps: list[Step], before: Mapping[int, set[int]], left: set[int]) -> None:
        """Report circles of steps that wait for each other until what is left has none."""
        while left:
            trail = [min(left)]
            while (cause := min(before[trail[-1]] & left)) not in trail:
                trail.append(cause)
            circle = trail[trail.index(cause) :]
            self._report_circle(steps, [*circle, cause])
            left = left - set(circle)
            while free := {k for k in left if not before[k] & left}:
                left = left - free

    def _report_circle(self, steps: list[Step], circle: list[int]) -> None:
        """Report one circle at one of the places that make it, best at an effect."""
        reasons = [self._reason(steps, k, cause) for k, cause in pairwise(circle)]
        given = [reason for reason in reasons if reason is not None]
        path, _ = min(given, key=lambda reason: reason[0])
        waits = ", ".join(dict.fromkeys(text for _, text in given))
        self.problems.add(path, f"makes a circle: {waits}; remove one of these, or use repeat to do a stage again")

    def _reason(self, steps: list[Step], index: int, cause: int) -> tuple[Path, str] | None:
        """Where it is written that a step waits for another; None if it is how their stage goes."""
        step, other = steps[index], steps[cause].stage
        whom = "itself" if other == step.stage else other
        for value in step.inputs.values():
            for effect in value.effects:
                if any(fact.step == cause for fact in facts_of(effect.condition)):
                    return ("effects", effect.name, "if"), f"{step.stage} waits for {whom} (effect {effect.name})"
        if step.guard is not None and any(fact.step == cause for fact in facts_of(step.guard)):
            return ("stages", step.stage, "if"), f"{step.stage} waits for {whom} (if)"
        if self.drafts[index][2].follows:
            return None
        return ("stages", step.stage, "after"), f"{step.stage} waits for {whom} (after)"


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
