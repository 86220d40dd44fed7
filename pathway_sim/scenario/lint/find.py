"""From a scenario to what is found in it, once for all arms, without what the file is exempt from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pathway_sim.document import Mapping as Document
from pathway_sim.document import Origin, find, locate, plain
from pathway_sim.scenario.lint.registry import WARNINGS, Found, Path, warning
from pathway_sim.scenario.lint.view import Arm, Seen
from pathway_sim.scenario.load import Scenario
from pathway_sim.units import suggest

NEEDLESS = "needless-exemption"


@dataclass(frozen=True)
class Finding:
    """A warning at a place of the scenario."""

    origin: Origin
    path: str
    name: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.origin}  {self.name}  {self.path}: {self.sentence}"


@warning
def needless_exemption(arm: Arm) -> Found:  # noqa: ARG001  found when all else has been
    """Found by `lint` itself, which knows what the others found."""
    yield from ()


def lint(scenario: Scenario) -> tuple[Finding, ...]:
    """Every known mistake in a scenario, in the order of the file; a mistake that several arms share counts once."""
    found: dict[Finding, None] = {}
    for arm in _arms(scenario):
        for name, known in WARNINGS.items():
            for path, sentence in known.search(arm):
                found.setdefault(_at(arm.document, name, path, sentence))
    exempt, raised = _exempt(scenario), {each.name for each in found}
    kept = [each for each in found if not exempt.get(each.name)]
    for name, reason in exempt.items():
        if name not in raised or not reason:
            kept.append(_needless(scenario, name, reason))
    return tuple(sorted(kept, key=lambda each: (each.origin.file, each.origin.line, each.origin.column, each.name)))


def _arms(scenario: Scenario) -> Iterator[Arm]:
    """The arms, the baseline first; the others know it."""
    baseline: Arm | None = None
    seen: Seen = {}
    checks = tuple(plan.spec for plan in scenario.checks)
    for name, pathway in scenario.pathways.items():
        arm = Arm(scenario.documents[name], scenario.parts[name], pathway, checks, baseline, seen)
        yield arm
        baseline = baseline or arm


def _at(document: Document, name: str, path: Path, sentence: str) -> Finding:
    """A finding at a path, or where the longest part of it stands; a mapping is shown at its key."""
    there = isinstance(find(document, path), Document)
    origin, shown = locate(document, path, key=there)
    return Finding(origin, shown, name, sentence)


def _exempt(scenario: Scenario) -> dict[str, str]:
    """The warnings that the file itself is exempt from, with the reasons; what it extends speaks for itself only."""
    section = scenario.document.entries.get("exempt")
    if not isinstance(section, Document):
        return {}
    own = [name for name, at in section.keys.items() if at.source == "set" or at.file == scenario.files[0]]
    return {name: str(plain(section.entries[name])).strip() for name in own}


def _needless(scenario: Scenario, name: str, reason: str) -> Finding:
    sentence = "is not raised here" if reason else "gives no reason, and so exempts from nothing"
    if name not in WARNINGS:
        sentence = f'there is no warning "{name}"{suggest(name, WARNINGS)}'
    return _at(scenario.document, NEEDLESS, ("exempt", name), sentence)
