"""What a word stands for: a figure of the evidence catalogue, an agency's rule, a kind of stage, a warning of lint, a
word of the field, or a stage or a number of a scenario.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

from pathway_sim import agencies, document, evidence
from pathway_sim.agencies import listing
from pathway_sim.evidence.figure import own
from pathway_sim.evidence.words import DEFINITIONS
from pathway_sim.scenario.explain_parts import CITATIONS, Explanation, Row, UnknownTermError, of_part, parts
from pathway_sim.scenario.library import SHIPPED
from pathway_sim.scenario.lint.registry import WARNINGS
from pathway_sim.scenario.load import Scenario
from pathway_sim.stages import AnyStage, Stage
from pathway_sim.units import suggest

SPREADS = {
    "quartiles": "quartiles {low} and {high}",
    "p10_p90": "P10 {low}, P90 {high}",
    "p90": "P90 {value}",
    "range": "range {low} to {high}",
    "sd": "sd {value}",
    "sd_log": "sd of logarithms {value}",
    "se": "standard error {value}",
    "interval_95": "95 % interval {low} to {high}",
}


def explain(term: str, scenario: Scenario | None = None) -> Explanation:
    """What a term stands for; in a scenario its stages, effects and numbers come first.

    Raises
    ------
    UnknownTermError
        With a sentence for the user, which says what is near.
    """
    if scenario is not None and (part := of_part(scenario, term)) is not None:
        return part
    if evidence.known(term):
        return _of_figure(term)
    if (rule := _rule(term)) is not None:
        return _of_rule(rule)
    if (kind := _kinds().get(term)) is not None:
        return _of_kind(term, kind)
    if term in WARNINGS:
        each = WARNINGS[term]
        rows = (("what goes wrong", each.wrong), ("to mend it", each.mend), ("source", each.source))
        return Explanation(term, f"warning of lint: {each.title}", rows)
    if (word := _words().get(_folded(term))) is not None:
        return _of_word(word)
    raise UnknownTermError(f"nothing is known of {term!r}{_near(term, scenario)}")


def _near(term: str, scenario: Scenario | None) -> str:
    """What may have been meant; a name of the scenario first."""
    entry_id = term.rpartition(".")[0]
    if entry_id in evidence.entries():
        known = list(evidence.figures(entry_id))
    else:
        words = [name for word in _glossary().values() for name in (word.name, *word.also)]
        known = [*words, *_kinds(), *WARNINGS, *evidence.entries()]
    folded = {word.casefold(): word for word in known}
    inside = suggest(term, parts(scenario)) if scenario is not None else ""
    hint = inside or suggest(term.casefold(), folded)
    return re.sub(r'"(.*)"', lambda match: f'"{folded.get(match[1], match[1])}"', hint) or "; see docs/reference"


# --- figures ----------------------------------------------------------------------------------------------------------


def _of_figure(reference: str) -> Explanation:
    entry_id, name = evidence.named(reference)
    entry = evidence.entries()[entry_id]
    source = entry["source"]
    names = (name,) if name or not isinstance(entry["value"], dict) else tuple(entry["value"])
    counted = sorted({how for each in names if (how := own(entry.get("definition"), each))})
    rows = [
        ("population", entry["population"]),
        *((each or "value", _amount(entry, each)) for each in names),
        *(("counted as", f"{each.replace('_', ' ')}: {DEFINITIONS[each]}") for each in counted),
        ("source", source["citation"]),
        ("link", source.get("url", "")),
        ("year", str(source["year"])),
        ("where", source["locator"]),
        ("verified", "yes, read in the source named" if entry["verified"] else "no: an assumption or a derived figure"),
        ("note", entry.get("note", "")),
        ("subject", evidence.subject(entry_id).replace("_", " ")),
        ("used by", ", ".join(_users(reference)) or "no shipped scenario and no rule"),
    ]
    return Explanation(reference, entry["quantity"], _filled(rows))


def _amount(entry: dict[str, Any], name: str | None) -> str:
    """The value with its unit, its count and its scatter, in the units of its source."""
    value, unit, n = (own(entry.get(key), name) for key in ("value", "unit", "n"))
    text = f"{value:,}" if isinstance(value, int) else str(value)
    text += "" if unit in ("proportion", "date") else f" {unit}"
    scatter = entry.get("dispersion", {})
    ends = {key: own(scatter.get(key), name) for key in ("value", "low", "high")}
    spread = SPREADS[scatter["kind"]].format(**ends) if any(end is not None for end in ends.values()) else ""
    return ", ".join(filter(None, (text, f"n = {n:,}" if n is not None else "", spread)))


def _users(reference: str) -> Iterator[str]:
    """The shipped scenarios and the rules of agencies that name a figure, or any figure of an entry."""
    named = re.compile(rf"(?<![\w.]){re.escape(reference)}(?!\w)")
    for agency in agencies.names():
        for name, rule in agencies.rules(agency).items():
            if any(named.search(str(regime.number.get("evidence", ""))) for regime in rule.regimes):
                yield name
    for name in SHIPPED.names():
        if named.search(SHIPPED.path(name).read_text(encoding="utf-8")):
            yield name


def _filled(rows: list[Row]) -> tuple[Row, ...]:
    return tuple((label, text) for label, text in rows if text)


# --- rules and kinds of stage -----------------------------------------------------------------------------------------


def _rule(term: str) -> agencies.Rule | None:
    try:
        return agencies.rule(term)
    except agencies.UnknownRuleError:
        return None


def _of_rule(rule: agencies.Rule) -> Explanation:
    rows: list[Row] = []
    for regime in rule.regimes:
        dates = f"from {regime.start or 'the beginning'}" + (f" until {regime.end}" if regime.end else "")
        rows += [(dates, f"{listing.number(regime)} ({regime.status})")]
        rows += [("source", f"{key}: {_listed(regime.number[key])}") for key in CITATIONS if key in regime.number]
        rows += [("link", regime.url), ("note", regime.note)]
    return Explanation(rule.name, f"rule of an agency: {rule.title}", _filled(rows))


def _listed(texts: str | list[str]) -> str:
    return texts if isinstance(texts, str) else ", ".join(texts)


@lru_cache(maxsize=1)
def _kinds() -> dict[str, type[Stage]]:
    """The kinds of stage by name."""
    union, _ = get_args(AnyStage)
    return {get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in get_args(union)}


def _of_kind(name: str, kind: type[Stage]) -> Explanation:
    fields = [
        (field.alias or inner, field.description or "")
        for inner, field in kind.model_fields.items()
        if inner not in Stage.model_fields and inner != "kind"
    ]
    summary = " ".join((kind.__doc__ or "").split())
    return Explanation(
        name, f"kind of stage: {summary}", _filled([*fields, ("exactly", "docs/reference/semantics.md")])
    )


# --- words ------------------------------------------------------------------------------------------------------------


class _Word:
    """A word of the glossary."""

    def __init__(self, name: str, data: dict[str, Any]) -> None:
        self.name, self.means, self.source = name, data["means"], data.get("source", "")
        self.also, self.see = tuple(data.get("also", ())), tuple(data.get("see", ()))


@lru_cache(maxsize=1)
def _glossary() -> dict[str, _Word]:
    """The words by name."""
    file = Path(__file__).with_name("glossary.yaml")
    return {name: _Word(name, data) for name, data in document.plain(document.read(file, file.name)).items()}


@lru_cache(maxsize=1)
def _words() -> dict[str, _Word]:
    """The words by all their names, in any writing."""
    return {_folded(name): word for word in _glossary().values() for name in (word.name, *word.also)}


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name.strip().casefold())


def _of_word(word: _Word) -> Explanation:
    rows = [("source", word.source), ("also", ", ".join(word.also)), ("see", ", ".join(word.see))]
    return Explanation(word.name, word.means, _filled(rows))
