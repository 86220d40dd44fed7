"""From a rule of an agency to the number that holds on day 0, and to what replaces it later."""

from __future__ import annotations

import datetime
from functools import lru_cache
from typing import Any

from pathway_sim import agencies
from pathway_sim.scenario.schema import Entry

Path = tuple[str | int, ...]


@lru_cache(maxsize=256)
def term(name: str, place: int) -> Any:
    """The number of one regime of a rule, read as a scenario file would be."""
    return Entry.model_validate({"rule": agencies.rule(name).regimes[place].number}).rule


def path(name: str, place: int) -> Path:
    """How an unknown number of a regime is named: the same in every stage and arm."""
    return ("rule", *name.split("."), place)


def in_force(name: str, date: datetime.date) -> int:
    """The place of the regime in force on a day."""
    rule = agencies.rule(name)
    return rule.regimes.index(rule.on(date))


def later(name: str, date: datetime.date) -> list[tuple[int, float]]:
    """The regimes that replace the one of a day, each with the days until it does."""
    rule, now = agencies.rule(name), in_force(name, date)
    after = [(place, each.start) for place, each in enumerate(rule.regimes) if place > now]
    return [(place, float((start - date).days)) for place, start in after if start is not None]


def extrapolated(names: frozenset[str], until: datetime.date) -> dict[str, datetime.date]:
    """The rules that are taken to go on after the end of their last regime, with that end, for a run until a day."""
    ends = {name: agencies.rule(name).regimes[-1].end for name in sorted(names)}
    return {name: end for name, end in ends.items() if end is not None and end < until}


def backdated(names: frozenset[str], since: datetime.date) -> dict[str, datetime.date]:
    """The rules that are taken to hold before their first regime, with its start, for a run from a day."""
    starts = {name: agencies.rule(name).regimes[0].start for name in sorted(names)}
    return {name: start for name, start in starts.items() if start is not None and start > since}
