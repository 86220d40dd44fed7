"""From the effects and the pace of a file to what acts on each number."""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

from pathway_sim.pathway import Effect, Pace
from pathway_sim.scenario.numbers import Numbers, ends
from pathway_sim.scenario.problems import Path
from pathway_sim.scenario.references import References
from pathway_sim.scenario.schema import EffectSpec
from pathway_sim.stages.terms import INFINITE, figure_of, is_time, wrong_term
from pathway_sim.units import suggest

WIDEST_PACE = 20  # its exponential can still be multiplied with any length of time
OPERATORS = ("set", "odds", "scale")


def meant(name: str, target: str) -> bool:
    """Whether the name of a number, or of a table of numbers, means this one."""
    return target == name or target.startswith(f"{name}.")


class Effects:
    """Binds the effects of one arm to the numbers that they act on."""

    def __init__(self, names: References, numbers: Numbers) -> None:
        self.names, self.numbers, self.problems = names, numbers, names.problems

    def bound(self) -> dict[tuple[str, str], list[Effect]]:
        """The enabled effects by (stage, target), in the order in which they act."""
        bound: dict[tuple[str, str], list[Effect]] = defaultdict(list)
        for name, spec in sorted(self.names.parts.effects.items()):
            condition = self.names.condition(spec.if_, ("effects", name, "if"), negation=True)
            self.numbers.cite(spec)
            targets = self.targets(name)
            fits = [self._fits(name, spec, stage, inner) for stage, inner in targets]
            number = self.numbers.read(spec.term, ("effects", name, spec.operator)) if any(fits) else None
            for (stage, inner), fit in zip(targets, fits, strict=True):
                if fit and spec.enabled and number is not None and stage not in self.names.done:
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

    def targets(self, name: str) -> list[tuple[str, str]]:
        """The stages and numbers that an effect acts on; what is wrong with the others is reported."""
        found: list[tuple[str, str]] = []
        spec = self.names.parts.effects.get(name)
        for path, target in self.names.texts(("effects", name, "on")):
            stage, _, inner = target.partition(".")
            if message := self._no_target(stage, inner):
                if spec is None or spec.enabled:  # what is switched off may name what a file has replaced
                    self.problems.add(path, message)
            elif {(stage, each) for each in self._numbers(stage, inner)} & {*found}:
                self.problems.add(path, f"{target} is named twice")
            elif self.names.parts.stages[stage] is not None:
                found += [(stage, each) for each in self._numbers(stage, inner)]
        return found

    def _numbers(self, stage: str, inner: str) -> list[str]:
        """The number of a stage with this name; or, of a table of numbers, all of them."""
        return sorted(each for each in self.names.inputs(stage) if meant(inner, each))

    def _no_target(self, stage: str, inner: str) -> str:
        """Why there is no such number, or an empty string."""
        if stage not in self.names.parts.stages:
            return f'there is no stage "{stage}"{suggest(stage, self.names.parts.stages)}'
        targets, found = self.names.inputs(stage), self._numbers(stage, inner)
        if len({is_time(targets[each]) for each in found}) > 1:
            return f"means lengths of time and plain numbers; name {', '.join(f'{stage}.{each}' for each in found)}"
        if found or self.names.parts.stages[stage] is None:
            return ""
        if not inner:
            return f"names a stage and not a number in it; write {stage}.{' or '.join(sorted(targets)[:1])}"
        hint = suggest(inner, targets) or f"; effects can act on {', '.join(sorted(targets))}"
        return f'"{stage}" has no number "{inner}"{hint}'

    def _fits(self, name: str, spec: EffectSpec, stage: str, inner: str) -> bool:
        """Whether the operator and its number make sense for a target; else a problem."""
        path: Path = ("effects", name, spec.operator)
        unit: Literal["time", "number"] = "time" if is_time(self.names.inputs(stage)[inner]) else "number"
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

    def pace(self) -> Pace | None:
        """The pace, or None if there is none or it is wrong."""
        for path, name in self.names.texts(("pace", "on")):
            stage = self.names.parts.stages.get(name)
            if name not in self.names.parts.stages:
                self.problems.add(path, f'there is no stage "{name}"{suggest(name, self.names.parts.stages)}')
            elif stage is not None and not any(self.names.drafts[k][2].paced for k in self.names.by_stage[name]):
                self.problems.add(path, f'"{name}" has no duration of the sponsor; agencies\' clocks have no pace')
        spec = self.names.parts.pace
        if spec is None:
            return None
        sd_log, level = (
            self.numbers.number(spec.sd_log, ("pace", "sd_log")),
            self.numbers.number(spec.level, ("pace", "level")),
        )
        if sd_log is not None and max(ends(sd_log)) > WIDEST_PACE:
            self.problems.add(("pace", "sd_log"), f"must be at most {WIDEST_PACE}; 0.25 is usual")
        return None if sd_log is None or level is None else Pace(sd_log, level)
