"""From the references of a file to the steps that they mean, and the stages that are over where a scenario begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pathway_sim.document import find, plain
from pathway_sim.pathway import IMPOSSIBLE, SKIPPED, START, All, AnyOf, Condition, Fact, Given, Not
from pathway_sim.scenario.problems import Path, Problems
from pathway_sim.scenario.schema import EffectSpec, Ending, Header, IntervalSpec, PaceSpec, Start
from pathway_sim.stages import Stage
from pathway_sim.stages.expressions import Expression, readable
from pathway_sim.units import suggest

MAX_STEPS = 2000
MAX_DRAFTS = 4 * MAX_STEPS  # with the stages before the first one, which are not walked


@dataclass(frozen=True)
class Parts:
    """The validated sections of one arm; a stage that is not valid is None, so that references to it raise no second
    problem.
    """

    header: Header
    stages: Mapping[str, Stage | None]
    effects: Mapping[str, EffectSpec]
    milestones: Mapping[str, Expression | Ending]
    intervals: Mapping[str, IntervalSpec]
    pace: PaceSpec | None
    start: Start | None


class References:
    """What the names in one arm stand for. Steps are numbered as drafted."""

    def __init__(self, parts: Parts, problems: Problems) -> None:
        self.parts, self.problems = parts, problems
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

    def texts(self, path: Path) -> Iterator[tuple[Path, str]]:
        """The text at a path of the file, or the texts of the list there, each with its own path."""
        node = find(self.problems.document, path)
        data = None if node is None else plain(node)
        yield from ((path, text) for text in (data,) if isinstance(text, str))
        yield from (
            ((*path, k), text) for k, text in enumerate(data if isinstance(data, list) else ()) if isinstance(text, str)
        )

    def inputs(self, stage: str) -> dict[str, Any]:
        """The numbers of a stage that effects can act on, by target."""
        return {target: term for k in self.by_stage[stage] for target, term in self.drafts[k][2].inputs.items()}
