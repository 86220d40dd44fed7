"""Conditions of a pathway as people write them: ``phase_1.success and cmc_gate_a``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pathway_sim.pathway import SKIPPED, START, All, AnyOf, Condition, Fact, Given, Not, Pathway

OVER = "over"
"""The label of a reference to a whole stage: it is over, however it ended."""


@dataclass(frozen=True)
class Reference:
    """A fact of a stage: `label` is an outcome, ``start``, ``skipped``, ``over``, or the name of a part or visit."""

    stage: str
    label: str

    def __str__(self) -> str:
        return self.stage if self.label == OVER else f"{self.stage}.{self.label}"


class Reader:
    """Turns conditions on numbered steps back into references to stages."""

    def __init__(self, pathway: Pathway) -> None:
        self.steps = pathway.steps
        self.ranks = {stage.name: stage.ranks for stage in pathway.stages}

    def references(self, condition: Condition) -> tuple[Reference, ...]:
        """Every reference in a condition, once, in its order."""
        return tuple(dict.fromkeys(self._references(condition)))

    def text(self, condition: Condition) -> str:
        """The condition in words; ``day 0`` where it is met beforehand, ``never`` where it cannot be met."""
        if isinstance(condition, Given):
            return "day 0"
        if isinstance(condition, Not):
            return f"not {self._inner(condition.of)}"
        if (group := self._of_one_stage(condition)) is not None:
            return " or ".join(map(str, group))
        assert isinstance(condition, (All, AnyOf))
        if not condition.of:
            return "day 0" if isinstance(condition, All) else "never"
        return (" and " if isinstance(condition, All) else " or ").join(map(self._inner, condition.of))

    def _inner(self, condition: Condition) -> str:
        """A member of a join, in brackets where the join would tear it apart."""
        text = self.text(condition)
        return f"({text})" if " and " in text or " or " in text else text

    def _references(self, condition: Condition) -> Iterator[Reference]:
        group = self._of_one_stage(condition)
        if group is not None:
            yield from group
        elif isinstance(condition, Not):
            yield from self._references(condition.of)
        elif isinstance(condition, (All, AnyOf)):
            for member in condition.of:
                yield from self._references(member)

    def _of_one_stage(self, condition: Condition) -> tuple[Reference, ...] | None:
        """A reference to a stage with several steps is resolved into any of their facts; here they are one again."""
        of = condition.of if isinstance(condition, AnyOf) else (condition,)
        members = [fact for fact in of if isinstance(fact, Fact)]
        stages = {self.steps[fact.step].stage for fact in members}
        if len(stages) != 1 or len(members) < len(of):
            return None
        (stage,) = stages
        pairs = {(fact.step, code) for fact in members for code in fact.codes}
        return tuple(Reference(stage, label) for label in self._labels(stage, pairs))

    def _labels(self, stage: str, pairs: set[tuple[int, int]]) -> tuple[str, ...]:
        ranks = self.ranks[stage]
        ended = {(k, code) for k, code in pairs if code != SKIPPED}
        if ended < pairs and ended == {(k, code) for k in ranks for code in self.steps[k].final}:
            return (OVER,)
        for part in {self.steps[k].part for k, _ in pairs} - {""}:
            steps = [k for k in ranks if self.steps[k].part == part]
            if pairs == {(k, code) for k in steps for code in range(len(self.steps[k].outcomes))}:
                return (part,)
        names: dict[str, list[int]] = {}
        for k, code in sorted(pairs):
            names.setdefault(self._outcome(k, code), []).append(k)
        return tuple(label for name, found in names.items() for label in self._named(stage, name, found))

    def _outcome(self, rank: int, code: int) -> str:
        return {START: "start", SKIPPED: "skipped"}.get(code) or self.steps[rank].outcomes[code]

    def _named(self, stage: str, name: str, found: list[int]) -> list[str]:
        """The outcome alone where all steps are meant that can have it, else with the part or the visit."""
        able = [k for k in self.ranks[stage] if name in (*self.steps[k].outcomes, "start", "skipped")]
        if found == able or name == "skipped":
            return [name]
        part = self.steps[found[0]].part
        if found == [k for k in able if self.steps[k].part == part]:
            return [f"{part}.{name}"]
        return [self.steps[k].name.removeprefix(stage).removeprefix(".") + f".{name}" for k in found]
