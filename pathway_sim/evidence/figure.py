"""One figure of the catalogue, and what its entry says of how sure or how scattered it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from pathway_sim.evidence.catalogue import entries
from pathway_sim.units import UNITS, suggest

Z75, Z90, Z975 = 0.6744897501960817, 1.2815515655446004, 1.959963984540054
"""The 75th, 90th and 97.5th percentile of the standard normal distribution."""
PROPORTION = "proportion"


@dataclass(frozen=True)
class Dispersion:
    """How the values behind a figure scatter (quartiles, p10_p90, p90, range, sd, sd_log), or how sure the figure
    itself is (se, interval_95). Two-sided kinds have `low` and `high`, the others `value`; times are days.
    """

    kind: str
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Figure:
    """One figure of the catalogue: its value (days if it is a time), what was counted if it is a proportion, and its
    source.
    """

    id: str
    value: float
    unit: str
    n: float | None
    dispersion: Dispersion | None
    definition: str
    quantity: str
    population: str
    citation: str
    url: str
    year: int | None
    locator: str
    verified: bool
    note: str

    @property
    def is_time(self) -> bool:
        """Whether it is a length of time."""
        return self.unit in UNITS

    @property
    def is_median(self) -> bool:
        """Whether it is the median of what was observed."""
        return self.definition == "median"

    @property
    def sd_log(self) -> float | None:
        """The standard deviation of the logarithm of a log-normal variable with this median and this scatter; None if
        the figure is no median or its entry gives neither quartiles, nor a 90th percentile, nor the deviation itself.
        """
        scatter = self.dispersion
        if scatter is None or not self.is_median:
            return None
        if scatter.kind == "sd_log":
            return scatter.value
        if scatter.kind == "p90" and scatter.value is not None:
            return math.log(scatter.value / self.value) / Z90
        score = {"quartiles": Z75, "p10_p90": Z90}.get(scatter.kind)
        if score is None or scatter.low is None or scatter.high is None:
            return None
        return math.log(scatter.high / scatter.low) / (2 * score)

    @property
    def standard_error(self) -> float | None:
        """Of the figure: as its entry gives it, or from its 95 % interval; of a proportion, of its log-odds."""
        error = self.dispersion
        if error is None:
            return None
        odds = self.unit == PROPORTION and 0 < self.value < 1
        if error.kind == "se" and error.value is not None:
            return error.value / (self.value * (1 - self.value)) if odds else error.value
        if error.kind != "interval_95" or error.low is None or error.high is None:
            return None
        low, high = (_log_odds(error.low), _log_odds(error.high)) if odds else (error.low, error.high)
        return (high - low) / (2 * Z975)


class UnknownFigureError(LookupError):
    """No figure has this id. The text says what is near."""


def known(reference: str) -> bool:
    """Whether an entry, or a figure of an entry, has this id."""
    try:
        named(reference)
    except UnknownFigureError:
        return False
    return True


@cache
def figure(reference: str) -> Figure:
    """The figure ``id`` or ``id.name``.

    Raises
    ------
    UnknownFigureError
        With a sentence for the user, also if the entry holds several figures and none is named.
    """
    entry_id, name = named(reference)
    found = entries()[entry_id]
    value = found["value"]
    if isinstance(value, dict) and name is None:
        raise UnknownFigureError(f"{entry_id} holds several figures; name one of {', '.join(value)}")
    value, unit, n, definition = (own(found.get(key), name) for key in ("value", "unit", "n", "definition"))
    if not isinstance(value, (int, float)):
        raise UnknownFigureError(f"{reference} is not a number")
    source, scale = found["source"], UNITS.get(unit, 1.0)
    return Figure(
        id=reference,
        value=value * scale,
        unit=unit,
        n=None if n is None else float(n),
        dispersion=_dispersion(found.get("dispersion"), name, scale),
        definition=definition or "",
        quantity=found["quantity"],
        population=found["population"],
        citation=source["citation"],
        url=source.get("url", ""),
        year=source["year"],
        locator=source["locator"],
        verified=found["verified"],
        note=found.get("note", ""),
    )


def named(reference: str) -> tuple[str, str | None]:
    """The entry's id, which may contain dots, and the figure's name within it; raises as `figure` does."""
    if reference in entries():
        return reference, None
    entry_id, _, name = reference.rpartition(".")
    if entry_id in entries():
        value = entries()[entry_id]["value"]
        if isinstance(value, dict) and name in value:
            return entry_id, name
        names = value if isinstance(value, dict) else ()
        raise UnknownFigureError(f"{entry_id} has no figure {name!r}{suggest(name, names)}")
    raise UnknownFigureError(f"the evidence catalogue has no entry {reference!r}{suggest(reference, entries())}")


def own(given: Any, name: str | None) -> Any:
    """What an entry says of one of its figures: said of all at once, or by name."""
    return given.get(name) if isinstance(given, dict) else given


def _dispersion(given: dict[str, Any] | None, name: str | None, scale: float) -> Dispersion | None:
    if given is None:
        return None
    numbers = {key: each for key in ("value", "low", "high") if (each := own(given.get(key), name)) is not None}
    if not numbers:
        return None
    factor = 1.0 if given["kind"] == "sd_log" else scale
    return Dispersion(given["kind"], **{key: each * factor for key, each in numbers.items()})


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share))
