"""The sections of a scenario file, each entry validated, with all that is wrong with them collected."""

from __future__ import annotations

import re
from typing import Any

from pathway_sim import document, evidence
from pathway_sim.document import Mapping as Document
from pathway_sim.scenario.problems import Path, Problems, not_a_name
from pathway_sim.scenario.schema import SECTIONS, Header
from pathway_sim.stages.terms import RESERVED
from pathway_sim.units import suggest


def header_of(base: Document, problems: Problems) -> Header:
    """The header, with unknown top-level keys and missing sections reported; if it is wrong, one to go on with."""
    top = {name: node for name, node in base.entries.items() if name not in SECTIONS}
    inner = Problems(Document(top, {name: base.keys[name] for name in top}, base.origin))
    found: Header | None = inner.read("header", ())
    problems.found += inner.found
    for section in ("stages", "milestones"):
        if section not in base.entries and not any(f'"{section}"' in problem.message for problem in inner.found):
            problems.add((), f'the field "{section}" is missing')
    if found is not None:
        return found
    given = {name: document.plain(node) for name, node in base.entries.items() if name in ("goal", "baseline")}
    names: dict[str, Any] = {name: text for name, text in given.items() if isinstance(text, str)}
    stand_in = {"format": 1, "name": "x", "title": "", "as_of": "2026-01-01", "horizon": "1 year"}
    return Header.model_validate(stand_in).model_copy(update=names)


def entries(base: Document, section: str, problems: Problems) -> dict[str, Any] | None:
    """The validated entries of a section that is a mapping by name; an entry that is not valid is None."""
    node = base.entries.get(section)
    if node is None:
        return {}
    if not isinstance(node, Document):
        problems.add((section,), "must be a mapping of names")
        return None
    for name in node.entries:
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", name):
            problems.add((section, name), not_a_name(name), key=True)
        elif name in RESERVED or (section, name) == ("milestones", "censored"):
            problems.add((section, name), f'"{name}" has a meaning of its own; choose another name', key=True)
    return {name: _entry(node, section, name, problems) for name in node.entries}


def _entry(among: Document, section: str, name: str, problems: Problems) -> Any:
    """One validated entry, or None with its problems collected."""
    entry = among.entries[name]
    if section == "stages" and isinstance(entry, Document) and "kind" not in entry.entries:
        # Most often a misspelt name over another file or in an arm, where the stage that is meant has a kind.
        hint = suggest(name, [other for other in among.entries if other != name])
        problems.add((section, name), f'the field "kind" is missing, which a new stage needs{hint}')
        return None
    return problems.read(section, (section, name))


def unknown_evidence(node: document.Node, path: Path, problems: Problems) -> None:
    """Report every id below a node that the evidence catalogue does not have."""
    if isinstance(node, document.Sequence):
        for place, item in enumerate(node.items):
            unknown_evidence(item, (*path, place), problems)
    elif isinstance(node, Document):
        alone = node.entries.keys() <= {"evidence", "transfer", "joined"}  # then it must be one figure
        for name, entry in node.entries.items():
            if name == "evidence":
                ids = entry.items if isinstance(entry, document.Sequence) else (entry,)
                for place, each in enumerate(ids):
                    at = (*path, name, place) if isinstance(entry, document.Sequence) else (*path, name)
                    _unknown_id(each, at, problems, alone=alone)
            unknown_evidence(entry, (*path, name), problems)


def _unknown_id(node: document.Node, path: Path, problems: Problems, *, alone: bool) -> None:
    reference = document.plain(node)
    if isinstance(reference, str) and (alone or not evidence.known(reference)):
        try:
            evidence.figure(reference)
        except evidence.UnknownFigureError as error:
            problems.add(path, str(error))
