"""The evidence catalogue: one entry a published figure, with its source. Scenarios refer to entries by id."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pathway_sim import document
from pathway_sim.units import UNITS

UNIT_ALIASES = {"proportion": 1.0, "share": 1.0, "ratio": 1.0}


@dataclass(frozen=True)
class Figure:
    """One figure of the catalogue: its value (days if it is a time), what was counted if it is a proportion, and its
    source.
    """

    id: str
    value: float
    is_time: bool
    n: float | None
    quantity: str
    population: str
    citation: str
    url: str
    year: int | None
    locator: str
    verified: bool
    definition: str


class UnknownFigureError(LookupError):
    """No figure has this id. The text says what is near."""


@lru_cache(maxsize=1)
def entries() -> dict[str, dict[str, Any]]:
    """Every entry by id, as plain data."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(Path(__file__).parent.glob("*.yaml")):
        found |= document.plain(document.read(file, f"evidence/{file.name}"))
    return found


def known(reference: str) -> bool:
    """Whether an entry, or a figure of an entry, has this id."""
    try:
        _split(reference)
    except UnknownFigureError:
        return False
    return True


def figure(reference: str) -> Figure:
    """The figure ``id`` or ``id.name``.

    Raises
    ------
    UnknownFigureError
        With a sentence for the user, also if the entry holds several figures and none is named.
    """
    entry_id, name = _split(reference)
    entry = entries()[entry_id]
    value, n = entry.get("value"), entry.get("n")
    if isinstance(value, dict):
        if name is None:
            raise UnknownFigureError(f"{entry_id} holds several figures; name one of {', '.join(value)}")
        value, n = value[name], n.get(name) if isinstance(n, dict) else n
    if not isinstance(value, (int, float)):
        raise UnknownFigureError(f"{reference} is not a number")
    unit = str(entry.get("unit", "")).split()[0] if entry.get("unit") else ""
    source = entry.get("source", {})
    return Figure(
        id=reference,
        value=float(value) * UNITS.get(unit, 1.0),
        is_time=unit in UNITS,
        n=float(n) if isinstance(n, (int, float)) else None,
        quantity=str(entry.get("quantity", "")),
        population=str(entry.get("population", "")),
        citation=str(source.get("citation", "")),
        url=str(source.get("url", "")),
        year=source.get("year"),
        locator=str(source.get("locator", "")),
        verified=bool(entry.get("verified", False)),
        definition=str(entry.get("definition", "")),
    )


def _split(reference: str) -> tuple[str, str | None]:
    """The entry's id, which may contain dots, and the figure's name within it."""
    from pathway_sim.units import suggest

    if reference in entries():
        return reference, None
    entry_id, _, name = reference.rpartition(".")
    if entry_id in entries():
        value = entries()[entry_id].get("value")
        if isinstance(value, dict) and name in value:
            return entry_id, name
        names = value if isinstance(value, dict) else ()
        raise UnknownFigureError(f"{entry_id} has no figure {name!r}{suggest(name, names)}")
    raise UnknownFigureError(f"the evidence catalogue has no entry {reference!r}{suggest(reference, entries())}")
