"""What a stage, an effect or a number of a scenario is, where it is stated, what it rests on, and how sure it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pathway_sim import agencies, evidence
from pathway_sim.agencies import listing
from pathway_sim.distributions import Distribution
from pathway_sim.document import Mapping, Node, Scalar, dump, find, plain
from pathway_sim.evidence import is_verified
from pathway_sim.parameters import Chance, Number
from pathway_sim.pathway import Pathway
from pathway_sim.scenario import regimes
from pathway_sim.scenario.load import Scenario
from pathway_sim.scenario.references import Parts
from pathway_sim.scenario.resolved import of_arm, with_defaults
from pathway_sim.scenario.sources import CITING, Cited, cited, numbers, ruled
from pathway_sim.stages import Stage
from pathway_sim.stages.terms import is_time
from pathway_sim.units import MONTH

Row = tuple[str, str]
CITATIONS = (*CITING, "joined")
SECTIONS = ("stages", "effects", "milestones")
"""Where the second name of a path is a part of its own, and not a number."""


@dataclass(frozen=True)
class Explanation:
    """What a term stands for: one sentence, and rows of a label with its text."""

    term: str
    summary: str
    rows: tuple[Row, ...]


class UnknownTermError(LookupError):
    """Nothing has this name. The text says what is near."""


def parts(scenario: Scenario) -> list[str]:
    """The names in a scenario that can be explained."""
    sections = [scenario.document.entries.get(section) for section in SECTIONS]
    short = [name for section in sections if isinstance(section, Mapping) for name in section.entries]
    return [*short, *(number.path for number in numbers(scenario, scenario.pathways))]


def of_part(scenario: Scenario, term: str) -> Explanation | None:
    """The part of a scenario with this name or path; None if it has none."""
    path = tuple(term.split("."))
    whole = with_defaults(of_arm(scenario, scenario.baseline))
    for each in (path, *((section, *path) for section in SECTIONS)):
        node = find(whole, each)
        if node is not None:
            return _explained(scenario, ".".join(each), node)
    known = (number for number in numbers(scenario, scenario.pathways) if number.rule)
    left = [number for number in known if f".{number.path}".endswith(f".{term}")]
    return _left(scenario, left[0]) if left else None


def _left(scenario: Scenario, number: Cited) -> Explanation:
    """A number that a stage leaves to an agency's rule."""
    rows = [("value", f"as the rule {number.rule} has it"), *_sources(number), *_certainty(scenario, number.path)]
    return Explanation(number.path, "left to the agency's rule", (*rows, *_later(scenario, number.rule)))


def _later(scenario: Scenario, rule: str) -> Iterator[Row]:
    """What replaces the number of a rule on later days."""
    for place, _ in regimes.later(rule, scenario.as_of):
        regime = agencies.rule(rule).regimes[place]
        yield f"from {regime.start}", listing.number(regime)


def _explained(scenario: Scenario, path: str, node: Node) -> Explanation:
    names = path.split(".")
    rows: list[Row] = [("stated at", str(node.origin))]
    if isinstance(node, Mapping) and len(names) == 2 and names[0] in SECTIONS:
        shown = ((name, _short(inner)) for name, inner in node.entries.items() if name not in CITATIONS)
        rows += [(name, text) for name, text in shown if text]
        rows += _sources(cited(plain(node), path))
        rows += [("acts on it", text) for text in _acting(scenario, names[1])] if names[0] == "stages" else []
        return Explanation(path, _summary(scenario, names), tuple(rows))
    rows.append(("value", _short(node)))
    rule = node.entries.get("rule") if isinstance(node, Mapping) else None
    if isinstance(node, Mapping):
        rows += _stated_elsewhere(node)
        rows += _sources(ruled(scenario, str(plain(rule)), path) if rule else cited(plain(node), path))
    rows += [(f"in arm {arm}", text) for arm, text in _elsewhere(scenario, names, node)]
    rows += _certainty(scenario, path)
    rows += _later(scenario, str(plain(rule))) if rule else ()
    return Explanation(path, _summary(scenario, names), tuple(rows))


def _stated_elsewhere(node: Mapping) -> Iterator[Row]:
    """The parts of a value that come from another file than the rest, or from the command line."""
    for name, inner in node.entries.items():
        if inner.origin.file != node.origin.file and name not in CITATIONS:
            yield f"{name} stated at", str(inner.origin)


def _summary(scenario: Scenario, names: list[str]) -> str:
    """What the place is: the description of the field, or of the kind of stage."""
    stage = scenario.parts[scenario.baseline].stages.get(names[1]) if names[0] == "stages" and len(names) > 1 else None
    if stage is None:
        own = names[0].removesuffix("s") if len(names) == 2 and names[0] in SECTIONS else f"part of {names[0]}"
        return own if len(names) > 1 else "section of the file"
    if len(names) == 2:
        return f"stage of kind {getattr(stage, 'kind', '')}: {' '.join((type(stage).__doc__ or '').split())}"
    return _described(stage, names[2]) or f"part of the stage {names[1]}"


def _described(stage: Stage, name: str) -> str:
    fields = {field.alias or inner: field for inner, field in type(stage).model_fields.items()}
    return (fields[name].description or "") if name in fields else ""


def _short(node: Node) -> str:
    """A value on one line, without its citations."""
    if isinstance(node, Mapping):
        return ", ".join(f"{name}: {_inner(inner)}" for name, inner in node.entries.items() if name not in CITATIONS)
    if isinstance(node, Scalar):
        return dump(node).strip().strip('"')
    return ", ".join(_inner(item) for item in node.items)


def _inner(node: Node) -> str:
    return f"{{{_short(node)}}}" if isinstance(node, Mapping) else _short(node)


def _sources(number: Cited) -> Iterator[Row]:
    """What a number says of where it comes from."""
    for name in number.evidence:
        source = evidence.source(name)
        read = "read in the source" if is_verified(name) else "not verified"
        yield "evidence", f"{name}: {source['citation']} ({source['year']}; {read})"
    for label in ("regulation", "joined", "assumption"):
        if text := getattr(number, label):
            yield label, text


def _elsewhere(scenario: Scenario, names: list[str], node: Node) -> Iterator[tuple[str, str]]:
    """The same value in arms that state another one."""
    stated = find(scenario.documents[scenario.baseline], names)
    for arm, document in scenario.documents.items():
        other = find(document, names)
        if other is not None and plain(other) != plain(stated or node):
            yield arm, _short(other)


def _acting(scenario: Scenario, stage: str) -> list[str]:
    """The effects on a stage, in any arm."""
    bound = {
        f"effect {effect.name} on {target}"
        for pathway in scenario.pathways.values()
        for step in pathway.steps
        for target, value in step.inputs.items()
        for effect in value.effects
        if step.stage == stage and effect.name
    }
    return sorted(bound)


# --- how sure a number is ---------------------------------------------------------------------------------------------


def _certainty(scenario: Scenario, path: str) -> Iterator[Row]:
    """Whether a number is chance, unknown or certain, with its range; nothing if no pathway has it."""
    for arm, pathway in scenario.pathways.items():
        times = _times(scenario.parts[arm])
        for place, source, days in _numbers(pathway, times):
            if place == path:
                yield _how_sure(source, days=days)
                return


def _times(parts: Parts) -> set[tuple[str, str]]:
    """The stages and inputs that are lengths of time."""
    found = set()
    for name, stage in parts.stages.items():
        for draft in stage.drafts() if stage is not None else ():
            found |= {(name, target) for target, term in draft.inputs.items() if is_time(term)}
    return found


def _numbers(pathway: Pathway, times: set[tuple[str, str]]) -> Iterator[tuple[str, Number | Chance, bool]]:
    """The numbers of a pathway by path, and whether they are lengths of time."""
    for step in pathway.steps:
        for target, value in step.inputs.items():
            days = (step.stage, target) in times
            yield from _inside(f"stages.{step.stage}.{target}", value.source, days=days)
            for effect in value.effects:
                inner = days and effect.operator == "set"
                yield from _inside(f"effects.{effect.name}.{effect.operator}", effect.number, days=inner)
    if pathway.pace is not None:
        yield "pace.sd_log", pathway.pace.sd_log, False
        yield "pace.level", pathway.pace.level, False


def _inside(path: str, source: Number | Chance, *, days: bool) -> Iterator[tuple[str, Number | Chance, bool]]:
    yield path, source, days
    if isinstance(source, Chance):
        for name, number in source.parameters.items():
            yield f"{path}.{name}", number, name not in ("sd_log", "shape", "alpha", "patients", "sites", "rate")


def _how_sure(source: Number | Chance, *, days: bool) -> Row:
    if isinstance(source, Chance):
        low, middle, high = _quantiles(source.stated(), 0.1, 0.5, 0.9)
        return "chance", f"each future draws its own: median {_time(middle)}, P10 {_time(low)}, P90 {_time(high)}"
    show = _time if days else _number
    if source.unknown is None:
        return "certain", show(source.value)
    low, high = _quantiles(source.unknown.distribution, 0.05, 0.95)
    text = f"{show(source.value)} with one parameter set; with more, 5 % to 95 %: {show(low)} to {show(high)}"
    return "not known", f"{text} (drawn as {source.unknown.name})"


def _quantiles(distribution: Distribution, *levels: float) -> list[float]:
    return [float(value) for value in distribution.ppf(np.array(levels))]


def _time(days: float) -> str:
    return f"{days / MONTH:.1f} months" if abs(days) > 3 * MONTH else f"{days:.0f} days"


def _number(value: float) -> str:
    return f"{value:.3g}"
