"""From validated stages to a pathway. After this nobody looks at a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pathway_sim.document import Mapping as Document
from pathway_sim.pathway import (
    ALWAYS,
    IMPOSSIBLE,
    All,
    AnyOf,
    Condition,
    Effect,
    Fact,
    Given,
    Input,
    Interval,
    Milestone,
    Not,
    Pathway,
    StageInfo,
    Step,
)
from pathway_sim.scenario.effects import Effects
from pathway_sim.scenario.numbers import Numbers
from pathway_sim.scenario.order import in_order, moved, renumbered
from pathway_sim.scenario.problems import Path, Problems
from pathway_sim.scenario.references import Parts, References
from pathway_sim.scenario.schema import Ending
from pathway_sim.stages import Draft, Stage
from pathway_sim.stages.base import Links
from pathway_sim.stages.expressions import Expression
from pathway_sim.units import suggest


class Resolver(References):
    """Resolves one arm. Steps are numbered as drafted until `pathway` puts them in order."""

    def __init__(self, parts: Parts, problems: Problems) -> None:
        super().__init__(parts, problems)
        self.numbers = Numbers(problems, parts.header.as_of)
        self.effects = Effects(self, self.numbers)

    def pathway(self, arm: str, title: str, baseline_goal: str) -> Pathway:
        """The pathway; not to be used if problems were found."""
        self._salvage_all()
        effects = self.effects.bound()
        steps = [self._step(k, effects) for k in range(len(self.drafts))]
        milestones = {name: self._milestone(name, spec) for name, spec in sorted(self.parts.milestones.items())}
        intervals = {name: self._interval(name) for name in sorted(self.parts.intervals)}
        pace = self.effects.pace()
        kept = [k for k in range(len(steps)) if steps[k].stage not in self.done]
        inner = {k for k in kept if self.drafts[k][2].follows}
        order = in_order(steps, kept, inner, self.problems)
        rank = {k: place for place, k in enumerate(order)}
        return Pathway(
            arm=arm,
            title=title,
            steps=tuple(renumbered(steps[k], rank) for k in order),
            stages=self._stages(rank),
            milestones={
                name: Milestone(moved(m.reached, rank), moved(m.until, rank)) for name, m in milestones.items()
            },
            goal=baseline_goal,
            horizon=self.parts.header.horizon.value,
            as_of=self.parts.header.as_of,
            pace=pace,
            intervals={
                name: Interval(moved(each.begin, rank), moved(each.end, rank), each.title)
                for name, each in intervals.items()
            },
        )

    def ranked(self, condition: Condition, pathway: Pathway) -> Condition:
        """A condition with steps numbered as the pathway is."""
        rank = {
            k: pathway.rank[_name(name, draft)]
            for k, (name, _, draft) in enumerate(self.drafts)
            if name not in self.done
        }
        return moved(condition, rank)

    def _salvage_all(self) -> None:
        """Check the references of what is not valid, so that all that is wrong is reported at once."""
        for name in (name for name, stage in self.parts.stages.items() if stage is None):
            self.salvage(("stages", name, "after"))
            self.salvage(("stages", name, "if"), negation=True)
        parts = self.parts
        named = (("effects", parts.effects), ("milestones", parts.milestones), ("intervals", parts.intervals))
        for section, valid in named:
            node = self.problems.document.entries.get(section)
            for name in node.entries if isinstance(node, Document) else ():
                if name in valid:
                    continue
                if section == "effects":
                    self.salvage((section, name, "if"), negation=True)
                    self.effects.targets(name)
                    continue
                for key in (("from",), ("to",)) if section == "intervals" else ((), ("reached",), ("until",)):
                    self.salvage((section, name, *key))

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
        after, guard = self._entry(name, stage) if not draft.follows else self._inner(name, draft)
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
            beside=tuple(self._sibling(name, part, visit) for part, visit in draft.beside),
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

    def _inner(self, name: str, draft: Draft) -> tuple[Condition, Condition | None]:
        """The steps of the same stage that lead here, and that those which lead elsewhere have not happened."""
        return self._link(name, draft.follows), Not(self._link(name, draft.unless)) if draft.unless else None

    def _link(self, name: str, links: Links) -> Condition:
        """The first of several outcomes of the same stage."""
        facts = []
        for part, visit, outcomes in links:
            index = self._sibling(name, part, visit)
            facts.append(Fact(index, tuple(self.drafts[index][2].outcomes.index(outcome) for outcome in outcomes)))
        return facts[0] if len(facts) == 1 else AnyOf(tuple(facts))

    def _sibling(self, name: str, part: str, visit: int) -> int:
        """The number of another step of the same stage."""
        drafts = ((k, self.drafts[k][2]) for k in self.by_stage[name])
        return next(k for k, draft in drafts if (draft.part, draft.visit) == (part, visit))

    def _input(self, name: str, target: str, term: Any, draft: Draft, effects: list[Effect]) -> Input | None:
        head, _, last = target.rpartition(".")
        joint = hasattr(term, "counts")
        path: Path = ("stages", name, *(head if joint else target).split("."))
        source = self.numbers.read(term, path, name=last if joint else "")
        paced = self.parts.pace is not None and name in self.parts.pace.on and target in draft.paced
        dated = [Effect("", Given(days), "set", number) for days, number in self.numbers.replaced(term)]
        return None if source is None else Input(source, paced, (*dated, *effects))

    # --- effects, pace, milestones ----------------------------------------------------------------------------------

    def _milestone(self, name: str, spec: Expression | Ending) -> Milestone:
        path: Path = ("milestones", name)
        if isinstance(spec, Ending):
            return Milestone(
                self.condition(spec.reached, (*path, "reached")), self.condition(spec.until, (*path, "until"))
            )
        return Milestone(self.condition(spec, path))

    def _interval(self, name: str) -> Interval:
        spec, path = self.parts.intervals[name], ("intervals", name)
        begin, end = self.condition(spec.from_, (*path, "from")), self.condition(spec.to, (*path, "to"))
        return Interval(begin, end, spec.of or "")


def _name(stage: str, draft: Draft) -> str:
    return f"{stage}.{draft.part}/{draft.visit}" if draft.part else f"{stage}/{draft.visit}"
