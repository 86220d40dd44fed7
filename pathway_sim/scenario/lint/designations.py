"""Mistakes about what a designation does: RMAT as one factor or as a clock, approval on an endpoint nobody accepts."""

from __future__ import annotations

import datetime
import re
from collections import defaultdict

from pathway_sim import evidence
from pathway_sim.scenario.lint.registry import Found, warning
from pathway_sim.scenario.lint.view import Arm, Input, certain, cited, met, near, speaks_of, value_of
from pathway_sim.scenario.schema import EffectSpec
from pathway_sim.stages import Application, Designation, Hold
from pathway_sim.stages.designation import Grants
from pathway_sim.stages.expressions import Expression
from pathway_sim.units import MONTH

SEVERAL, LARGEST_SHARE = 3, 1 / 3
"""One factor on this many stages, and on this share of all, is no longer a mechanism."""
SURE = 0.99
GREATEST_GAIN = 12 * MONTH
ACCELERATED = re.compile(r"accelerat|506\(c\)|\b601\.4[0-6]\b")
ENDPOINT = re.compile(r"surrogate|endpoint|marker")
NEGATIVE = re.compile(r"^(not|no|un|reject|refus|fail|denied|skipped)")
REGIMES, CUMULATIVE = "rmat.grant_regimes", "rmat.recent_memory"
END_OF_FIRST_REGIME = datetime.date(2023, 9, 30)


@warning
def rmat_as_factor(arm: Arm) -> Found:
    """Effects of a grant that multiply the durations of many stages by the same number."""
    alike: dict[float, list[tuple[str, set[str]]]] = defaultdict(list)
    for name, spec in arm.on_grant.items():
        factor = value_of(spec.term) if spec.operator == "scale" else None
        if factor is not None:
            alike[factor].append((name, {each.stage for each in arm.targets(spec) if each in arm.sponsor}))
    everywhere = {each.stage for each in arm.sponsor}
    for factor, effects in alike.items():
        touched = set[str]().union(*(stages for _, stages in effects))
        if len(touched) >= max(SEVERAL, LARGEST_SHARE * len(everywhere)):
            many = f"{len(touched)} of {len(everywhere)} stages"
            yield ("effects", effects[0][0], "scale"), f"a grant multiplies the durations of {many} by {factor:.3g}"


@warning
def rmat_shortens_goal(arm: Arm) -> Found:
    """Effects of a grant on review goals, filing and holds; goals that differ between arms by the request alone."""
    for name, spec in arm.on_grant.items():
        clocks = (each for each in arm.targets(spec) if _is_agency_clock(arm, each) and _shortens(spec, each))
        priority = (each for each in arm.targets(spec) if _gives_priority(arm, spec, each))
        if where := " and ".join(f"{each.stage}.{each.target}" for each in (*clocks, *priority)):
            yield ("effects", name, spec.operator), f"a grant by itself changes {where}; RMAT has no clock of its own"
    if arm.baseline is not None and arm.designations - arm.baseline.designations:
        yield from _shorter_than(arm, arm.baseline)


def _is_agency_clock(arm: Arm, number: Input) -> bool:
    stage, first = arm.stages[number.stage], number.target.partition(".")[0]
    if isinstance(stage, Application):
        return number.is_time and first in ("goal", "filing", "extension", "resubmission_goal")
    return isinstance(stage, (Hold, Designation)) and first == "clock"


def _shortens(spec: EffectSpec, number: Input) -> bool:
    value, before = value_of(spec.term), 1.0 if spec.operator == "scale" else number.value
    return value is not None and (before is None or value < before)


def _gives_priority(arm: Arm, spec: EffectSpec, number: Input) -> bool:
    value = value_of(spec.term)
    sure = spec.operator == "set" and value is not None and value >= SURE
    return sure and number.stage in arm.applications and number.target == "goal.share"


def _shorter_than(arm: Arm, baseline: Arm) -> Found:
    """Goals that are shorter, or priority that is surer, where a designation is requested."""
    before = {(each.stage, each.target): each.value for each in baseline.inputs}
    for each in arm.inputs:
        old, new = before.get((each.stage, each.target)), each.value
        if each.stage not in arm.applications or old is None or new is None or not each.target.startswith("goal"):
            continue
        if (new < old) if each.is_time else (old < SURE <= new):
            yield each.path, f"{each.stage}.{each.target} is better only because this arm asks for a designation"


@warning
def accelerated_without_surrogate(arm: Arm) -> Found:
    """Accelerated approval that can happen although no endpoint was accepted."""
    paths = Paths(arm)
    why = "gives accelerated approval although no endpoint need be accepted; nothing else can open this path"
    for name, spec in arm.parts.effects.items():
        texts = (name, spec.regulation, getattr(spec.term, "regulation", None))
        if spec.enabled and speaks_of(ACCELERATED, *texts) and any(arm.targets(spec)) and paths.open(spec.if_):
            yield ("effects", name, "if"), why
    for name, stage in arm.stages.items():
        if speaks_of(ACCELERATED, name, stage.title) and paths.stages[name]:
            yield ("stages", name, "if" if stage.if_ is not None else "after"), why


class Paths:
    """What can come about in an arm although no endpoint was accepted; `stages` says it of each stage."""

    def __init__(self, arm: Arm) -> None:
        self.arm = arm
        self.stages: dict[str, bool] = {}
        for step in arm.pathway.steps:  # in their order, so that what a stage waits for is known before it
            stage = arm.stages.get(step.stage)
            if stage is not None and step.stage not in self.stages:
                self.stages[step.stage] = self.open(stage.after) and self.open(stage.if_)

    def open(self, expression: Expression | None) -> bool:
        """Whether an expression can be true."""
        return expression is None or met(expression, self._fact, negated=lambda _: True)

    def _fact(self, reference: Expression) -> bool:
        name, outcome = reference.names[0], reference.names[-1]
        stage = self.arm.stages.get(name)
        if len(reference.names) == 1 or outcome == "start":
            return True
        if not NEGATIVE.search(outcome) and speaks_of(ENDPOINT, name, outcome, None if stage is None else stage.title):
            return False
        return self.stages.get(name, True)


@warning
def pooled_grant(arm: Arm) -> Found:
    """A grant whose probability is the share over several regimes, or that of a regime that is over."""
    pooled = _pooled()
    for name in sorted(arm.designations):
        stage = arm.stages[name]
        grant = getattr(stage, "grant", None)
        at, term = (("grant", "first"), grant.first) if isinstance(grant, Grants) else (("grant",), grant)
        ids = [each for each in cited(term) if each.startswith("rmat.")]
        if not ids:
            continue
        value = value_of(term)
        path = ("stages", name, *at)
        if any(near(value, each, 0.02) for each in pooled):
            yield path, f"{value:.3g} is the share granted over all years; no year had it"
        elif certain(term) and len(ids) > 1:
            yield path, f"one certain {value:.3g} for several regimes, as if it were known which one holds"
        elif set(ids) == {f"{REGIMES}.fy2017_2023"} and arm.pathway.as_of > END_OF_FIRST_REGIME:
            yield path, "is the share of a regime that ended in 2023, before any request of this scenario"


def _pooled() -> tuple[float, ...]:
    """The shares that come out if all requests are thrown together."""
    regimes, since = (evidence.entries().get(name, {}) for name in (REGIMES, CUMULATIVE))
    counts = regimes.get("n", {})
    decided = sum(counts.values())
    granted = sum(counts[name] * share for name, share in regimes.get("value", {}).items())
    told = since.get("value", {"requests": 1, "granted": 0})
    return granted / decided if decided else 0.0, told["granted"] / told["requests"]


@warning
def large_rmat_gain(arm: Arm) -> Found:
    """The sum of what the effects of a grant alone take off the expected durations."""
    gains = {name: _gain(arm, spec) for name, spec in arm.on_grant.items() if _by_grant_alone(arm, spec)}
    total = sum(gains.values())
    if total > GREATEST_GAIN:
        name = max(gains, key=lambda each: gains[each])
        path = ("effects", name, arm.parts.effects[name].operator)
        yield path, f"a grant alone takes {total / MONTH:.0f} months off the expected durations; about 3 are plausible"


def _by_grant_alone(arm: Arm, spec: EffectSpec) -> bool:
    return met(spec.if_, arm.is_grant, negated=lambda inner: not inner)


def _gain(arm: Arm, spec: EffectSpec) -> float:
    """Days that an effect takes off the expected durations of the clinical and the review track."""
    total = 0.0
    for each in arm.targets(spec):
        before, value = each.value, value_of(spec.term)
        if before is None or value is None or not each.is_time or not _serial(arm, each):
            continue
        total += before - (before * value if spec.operator == "scale" else value)
    return total


def _serial(arm: Arm, number: Input) -> bool:
    """Whether a duration lies on the way of every program: not beside it, and not after a letter or a refusal."""
    usual = number in arm.sponsor or (_is_agency_clock(arm, number) and number.target != "goal.priority")
    return usual and arm.stages[number.stage].track in ("clinical", "review") and "later" not in number.target
