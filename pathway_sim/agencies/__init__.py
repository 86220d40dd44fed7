"""Agencies as data: one file an agency, one entry a rule. Scenarios refer to rules as ``fda.goal.standard``.

A rule has one or several *regimes* in order of time. Each says from when it holds, until when (a regime may go on being
used after its end; it is then *extrapolated*), its status, its source, and its value: a plain number, or any number
that a scenario file may hold. To add an agency is to add a file.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pathway_sim import document
from pathway_sim.units import suggest

FOLDER = Path(__file__).parent
STATUSES = ("law", "final", "draft", "pilot", "announcement", "practice")
"""Law and regulations; final guidance and commitment letters; drafts; pilots; announcements; what is observed."""
DESCRIPTIVE = ("from", "until", "status", "url", "note")
"""Keys of a regime that are not part of its number."""


@dataclass(frozen=True)
class Regime:
    """A rule as it was or is in force.

    Attributes
    ----------
    start, end : datetime.date or None
        The first day on which it holds, and the last one if an end is set; `None` is open.
    number : Any
        Plain data of a number with its source, as a scenario file would have it.
    """

    start: datetime.date | None
    end: datetime.date | None
    status: str
    number: Any
    url: str
    note: str


@dataclass(frozen=True)
class Rule:
    """One rule of an agency, by its name ``agency.rule``."""

    name: str
    title: str
    regimes: tuple[Regime, ...]

    def on(self, date: datetime.date) -> Regime:
        """The regime in force on a day; before the first one, that. The last one goes on for ever."""
        return next((r for r in reversed(self.regimes) if r.start is None or r.start <= date), self.regimes[0])


class UnknownRuleError(LookupError):
    """No rule has this name. The text says what is near."""


def names() -> tuple[str, ...]:
    """The agencies."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@lru_cache(maxsize=8)
def rules(agency: str) -> dict[str, Rule]:
    """The rules of an agency by full name.

    Raises
    ------
    UnknownRuleError
        If there is no such agency.
    """
    if agency not in names():
        raise UnknownRuleError(f'there is no agency "{agency}"{suggest(agency, names())}; known: {", ".join(names())}')
    data = document.plain(document.read(FOLDER / f"{agency}.yaml", f"agencies/{agency}.yaml"))
    return {f"{agency}.{name}": _rule(f"{agency}.{name}", entry) for name, entry in data["rules"].items()}


def rule(name: str) -> Rule:
    """The rule ``agency.rule``.

    Raises
    ------
    UnknownRuleError
        With a sentence for the user.
    """
    known = rules(name.partition(".")[0])
    if name not in known:
        raise UnknownRuleError(f'no agency has a rule "{name}"{suggest(name, known)}')
    return known[name]


def _rule(name: str, entry: dict[str, Any]) -> Rule:
    shared = {key: value for key, value in entry.items() if key not in ("title", "regimes")}
    regimes = [_regime({**shared, **each}) for each in entry.get("regimes", [{}])]
    return Rule(name, entry["title"], tuple(regimes))


def _regime(entry: dict[str, Any]) -> Regime:
    return Regime(
        start=_date(entry.get("from")),
        end=_date(entry.get("until")),
        status=entry["status"],
        number={key: value for key, value in entry.items() if key not in DESCRIPTIVE},
        url=entry.get("url", ""),
        note=entry.get("note", ""),
    )


def _date(text: str | None) -> datetime.date | None:
    return None if text is None else datetime.date.fromisoformat(text)
