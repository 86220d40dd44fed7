"""Dated histories of products: what happened to each application, on which day, and how each date is known.

They are data to set a simulation beside, not numbers of a scenario. Every date says whether it was read in a source
(`sourced`), computed from another date (`inferred`) or `recollected`; what may be computed from which is decided in
`pathway_sim.analysis.histories`.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pathway_sim import document

Origin = Literal["sourced", "inferred", "recollected"]
Precision = Literal["day", "month", "year"]
SHIPPED = "us-cell-gene"
"""The histories that come with the package."""


@dataclass(frozen=True)
class Dated:
    """A date and how it is known. A month counts as its 15th, a year as its 1 July."""

    date: datetime.date
    precision: Precision
    origin: Origin


@dataclass(frozen=True)
class Stated:
    """A word, such as an outcome, and how it is known."""

    word: str
    origin: Origin


@dataclass(frozen=True)
class Cycle:
    """One review cycle: a submission and what the agency did with it.

    Attributes
    ----------
    submitted, accepted, goal, extended, action : Dated or None
        `goal` as first stated, `extended` as it was moved. `action` is the day of the outcome.
    outcome : Stated
        ``approved``, ``letter``, ``refused`` (for filing), ``withdrawn`` or ``pending``.
    resubmission : Stated or None
        The Class of a resubmission, ``1`` or ``2``.
    cause : Stated or None
        What a letter was about: ``cmc`` (a facility included), ``clinical`` or ``both``.
    reason, extended_for : str
        The same in words, and why the goal was moved.
    """

    outcome: Stated
    submitted: Dated | None = None
    accepted: Dated | None = None
    goal: Dated | None = None
    extended: Dated | None = None
    action: Dated | None = None
    resubmission: Stated | None = None
    cause: Stated | None = None
    reason: str = ""
    extended_for: str = ""


@dataclass(frozen=True)
class Source:
    """What was read, and what it shows. The address is empty where it was not kept."""

    shows: str
    url: str = ""


@dataclass(frozen=True)
class History:
    """One product. `facts` are dates outside the review, by name; `cycles` are in order."""

    id: str
    name: str
    sponsor: str
    modality: str
    area: str
    designations: tuple[str, ...]
    designations_from: Origin | None
    review: Stated | None
    approval_kind: Stated | None
    facts: Mapping[str, Dated]
    cycles: tuple[Cycle, ...]
    sources: tuple[Source, ...]
    note: str = ""

    @property
    def reviewed(self) -> tuple[Cycle, ...]:
        """The cycles whose submission was filed."""
        return tuple(cycle for cycle in self.cycles if cycle.outcome.word != "refused")

    @property
    def approval(self) -> Dated | None:
        """The day of approval, if there was one."""
        last = self.cycles[-1] if self.cycles else None
        return last.action if last is not None and last.outcome.word == "approved" else None


def read(path: Path | bytes, name: str) -> tuple[History, ...]:
    """The histories of a file, in its order.

    Raises
    ------
    ScenarioError
        With every problem found, each with its line.
    StorageError
        If the file cannot be read.
    """
    from pathway_sim.histories.reading import histories

    return histories(document.read(path, name))


@lru_cache(maxsize=1)
def shipped() -> tuple[History, ...]:
    """The histories that come with the package."""
    return read(Path(__file__).parent / f"{SHIPPED}.yaml", f"histories/{SHIPPED}.yaml")
