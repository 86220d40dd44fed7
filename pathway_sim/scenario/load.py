"""From a scenario file to the pathways of its arms."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pathway_sim import document
from pathway_sim.document import Mapping as Document
from pathway_sim.errors import Problem, ScenarioError, StorageError, UsageError
from pathway_sim.pathway import Pathway
from pathway_sim.scenario import regimes
from pathway_sim.scenario.checks import CheckPlan, read_checks
from pathway_sim.scenario.library import SHIPPED
from pathway_sim.scenario.problems import Problems, Seen
from pathway_sim.scenario.references import Parts
from pathway_sim.scenario.resolve import Resolver
from pathway_sim.scenario.schema import Header
from pathway_sim.scenario.sections import entries, header_of, unknown_evidence
from pathway_sim.units import suggest

MAX_STAGES, MAX_ARMS = 200, 50
ARM_SECTIONS = ("stages", "effects", "pace", "start")
REMARKS = ("title", "assumption", "regulation", "joined", "of")
DESCRIPTIVE = ("name", "title", "question", "context_of_use", "not_for")


@dataclass(frozen=True)
class Scenario:
    """A scenario file, validated and resolved.

    Attributes
    ----------
    document : Mapping
        The document after `extends` and overrides, before arms; every value knows its origin.
    pathways : mapping of str to Pathway
        By arm; the baseline first, then by name.
    parts : mapping of str to Parts
        By arm: the validated sections that its pathway was resolved from.
    fingerprint : str
        ``sha256:…`` of everything that can change a number: not of the scenario's name, titles, texts and reasons, of
        comments, or of the order of keys.
    """

    name: str
    title: str
    question: str
    context_of_use: str
    not_for: str
    as_of: datetime.date
    horizon: float
    goal: str
    baseline: str
    parameter_sets: int
    document: Document
    documents: Mapping[str, Document]
    pathways: Mapping[str, Pathway]
    parts: Mapping[str, Parts]
    checks: tuple[CheckPlan, ...]
    cited: frozenset[str]
    rules: frozenset[str]
    files: tuple[str, ...]
    fingerprint: str

    def require_arm(self, name: str) -> None:
        """Raise a UsageError that says which arms there are, if there is none of this name."""
        if name not in self.pathways:
            hint = suggest(name, self.pathways) or f"; arms are {', '.join(self.pathways)}"
            raise UsageError(f"there is no arm {name!r}{hint}")

    def extrapolated(self) -> dict[str, datetime.date]:
        """The rules of agencies that are taken to go on after the end that their source sets, with that end."""
        last = self.as_of + datetime.timedelta(days=int(self.horizon))
        return regimes.extrapolated(self.rules, last)

    def backdated(self) -> dict[str, datetime.date]:
        """The rules of agencies that are taken to hold before they began, with the day on which they did."""
        return regimes.backdated(self.rules, self.as_of)


def load(source: str | Path | bytes, *, sets: Sequence[str] = ()) -> Scenario:
    """A scenario from a path, the name of a shipped one, ``-`` for standard input, or bytes.

    Parameters
    ----------
    sets : sequence of str
        Overrides ``path=value``. Priority: default < extends < file < arm < these.

    Raises
    ------
    ScenarioError
        With every problem found, in file order.
    StorageError
        If the file cannot be read.
    """
    path, name = _located(source)
    base, files = document.load(path, name, SHIPPED)
    overrides, found = _overrides(sets)
    for override in overrides:
        base = document.overlay(base, override)
    scenario, more = _resolve(base, overrides, tuple(files))
    if found or more or scenario is None:
        raise ScenarioError([*found, *more])
    return scenario


def _located(source: str | Path | bytes) -> tuple[Path | str | bytes, str]:
    """Where to read, and what to call it: a file that exists wins over a shipped name."""
    if isinstance(source, bytes):
        return source, "<bytes>"
    if str(source) == "-":
        return "-", "<stdin>"
    path = Path(source)
    if not path.exists() and str(source) in SHIPPED.names():
        return SHIPPED.path(str(source)), f"scenarios/{source}.yaml"
    if not path.exists() and path.suffix != ".yaml" and "/" not in str(source):
        hint = suggest(str(source), SHIPPED.names())
        raise ScenarioNotFound(f"there is no file and no shipped scenario {str(source)!r}{hint}")
    return path, str(source)


class ScenarioNotFound(StorageError):
    """Neither a file nor a shipped scenario has this name."""


def _overrides(sets: Sequence[str]) -> tuple[list[Document], list[Problem]]:
    read: list[Document] = []
    found: list[Problem] = []
    for text in sets:
        try:
            read.append(document.parse_set(text))
        except ScenarioError as error:
            found += error.problems
    return read, found


def _resolve(
    base: Document, overrides: list[Document], files: tuple[str, ...]
) -> tuple[Scenario | None, list[Problem]]:
    problems = Problems(base)
    header = header_of(base, problems)
    arms = entries(base, "arms", problems) or {}
    documents, found = _arm_documents(base, arms, overrides)
    pathways: dict[str, Pathway] = {}
    parts: dict[str, Parts] = {}
    cited: set[str] = set()
    rules: set[str] = set()
    checks: tuple[CheckPlan, ...] = ()
    baseline = _baseline(header, documents, problems)
    checked = baseline if baseline in documents else next(iter(documents))
    for arm in sorted(documents, key=lambda arm: (arm != baseline, arm)):
        title = arms[arm].title if arm in arms and arms[arm] is not None else None
        pathway, resolver, wrong = _arm(documents[arm], arm, title or arm.replace("_", " "), header, problems.seen)
        if pathway is not None and resolver is not None:
            pathways[arm], parts[arm], cited = pathway, resolver.parts, cited | resolver.numbers.cited
            rules |= resolver.numbers.rules
        if resolver is not None and arm == checked:
            checks = read_checks(documents[arm], resolver, pathway)
        found += wrong
    found += problems.found
    if found or not pathways:
        return None, found
    described = {name: getattr(header, name) for name in (*DESCRIPTIVE, "as_of", "parameter_sets")}
    scenario = Scenario(
        **described,
        horizon=header.horizon.value,
        goal=next(iter(pathways.values())).goal,
        baseline=baseline,
        document=base,
        documents=documents,
        pathways=pathways,
        parts=parts,
        checks=checks,
        cited=frozenset(cited),
        rules=frozenset(rules),
        files=files,
        fingerprint=_fingerprint(base),
    )
    return scenario, []


def _arm_documents(
    base: Document, arms: Mapping[str, Any], overrides: list[Document]
) -> tuple[dict[str, Document], list[Problem]]:
    """The document of each arm: its changes laid over the file, and the command line's over those."""
    if not arms:
        return {"base": base}, []
    found: list[Problem] = []
    documents: dict[str, Document] = {}
    if len(arms) > MAX_ARMS:
        found.append(base.keys["arms"].problem("arms", f"at most {MAX_ARMS} arms, not {len(arms)}"))
        return dict.fromkeys(arms, base), found
    for arm in arms:
        documents[arm] = base
        changes = document.find(base, ("arms", arm, "set"))
        if not isinstance(changes, Document):
            continue
        try:
            expanded = document.expand(changes)
        except ScenarioError as error:
            below = f"arms.{arm}.set"
            found += [replace(each, path=f"{below}.{each.path}" if each.path else below) for each in error.problems]
            continue
        for section in expanded.entries:
            if section not in ARM_SECTIONS:
                found.append(
                    expanded.keys[section].problem(
                        f"arms.{arm}.set.{section}",
                        f"cannot differ between arms; {', '.join(ARM_SECTIONS)} can{suggest(section, ARM_SECTIONS)}",
                    )
                )
        documents[arm] = document.overlay(base, expanded)
        for override in overrides:
            documents[arm] = document.overlay(documents[arm], override)
    return documents, found


def _baseline(header: Header, documents: Mapping[str, object], problems: Problems) -> str:
    if header.baseline is not None:
        if header.baseline not in documents:
            problems.add(("baseline",), f'there is no arm "{header.baseline}"{suggest(header.baseline, documents)}')
        return header.baseline
    if "standard" in documents or len(documents) == 1:
        return "standard" if "standard" in documents else next(iter(documents))
    problems.add(("arms",), 'say which arm the others are compared with: add "baseline: NAME"', key=True)
    return ""


def _arm(
    base: Document, arm: str, title: str, header: Header, seen: Seen
) -> tuple[Pathway | None, Resolver | None, list[Problem]]:
    """The pathway of one arm's document, or what is wrong with it."""
    problems = Problems(base, seen)
    for name in ("stages", "effects", "pace", "carved"):
        if name in base.entries:
            unknown_evidence(base.entries[name], (name,), problems)
    sections = {name: entries(base, name, problems) for name in ("stages", "effects", "milestones", "intervals")}
    stages = sections["stages"]
    if stages is not None and "stages" in base.entries and not 0 < len(stages) <= MAX_STAGES:
        problems.add(("stages",), f"must name between 1 and {MAX_STAGES} stages, not {len(stages)}", key=True)
    pace, start = (problems.read(name, (name,)) if name in base.entries else None for name in ("pace", "start"))
    if not stages or sections["milestones"] is None:
        return None, None, problems.found
    goal = _goal(header, sections["milestones"], problems) if "milestones" in base.entries else ""
    parts = Parts(
        header=header, stages=stages, effects={k: v for k, v in (sections["effects"] or {}).items() if v is not None},
        milestones={k: v for k, v in sections["milestones"].items() if v is not None},
        intervals={k: v for k, v in (sections["intervals"] or {}).items() if v is not None}, pace=pace, start=start,
    )  # fmt: skip
    resolver = Resolver(parts, problems)
    if resolver.too_long():
        return None, None, problems.found
    pathway = resolver.pathway(arm, title, goal)
    return (None if problems.found else pathway), resolver, problems.found


def _goal(header: Header, milestones: Mapping[str, object], problems: Problems) -> str:
    if header.goal is not None:
        if header.goal not in milestones:
            problems.add(("goal",), f'there is no milestone "{header.goal}"{suggest(header.goal, milestones)}')
        return header.goal
    for name in ("availability", "approval"):
        if name in milestones:
            return name
    message = 'say which milestone is the main one: add "goal: NAME"'
    problems.add(("milestones",), message if milestones else "must name at least one milestone", key=True)
    return ""


def _fingerprint(base: Document) -> str:
    data = {name: value for name, value in document.plain(base).items() if name not in (*DESCRIPTIVE, "exempt")}
    text = json.dumps(_numbers_only(data), sort_keys=True, ensure_ascii=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _numbers_only(data: Any) -> Any:
    """The data without the texts that only describe or justify a number, wherever they stand."""
    if isinstance(data, list):
        return [_numbers_only(item) for item in data]
    if not isinstance(data, dict):
        return data
    kept = {name: value for name, value in data.items() if not (name in REMARKS and isinstance(value, str))}
    return {name: _numbers_only(value) for name, value in kept.items()}
