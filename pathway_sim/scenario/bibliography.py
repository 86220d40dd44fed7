"""The references that a scenario rests on, each once, with the places where they are used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pathway_sim import evidence
from pathway_sim.evidence import is_verified
from pathway_sim.scenario.load import Scenario
from pathway_sim.scenario.sources import Cited, numbers
from pathway_sim.table import Table

KINDS = ("publication", "regulation", "assumption")
COLUMNS = ("kind", "reference", "year", "link", "verified", "figures", "used_at")


@dataclass
class Reference:
    """A publication with the figures that were taken from it, a regulation, or an assumption.

    Attributes
    ----------
    figures : dict of str to bool
        The figures of the evidence catalogue, and whether each was read in its source.
    places : list of str
        The numbers of the scenario that rest on it, by path.
    """

    kind: str
    text: str
    year: int | None = None
    link: str = ""
    figures: dict[str, bool] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)

    @property
    def verified(self) -> str:
        """``yes``, ``no`` or, where figures differ, ``partly``; a regulation is, an assumption never."""
        if self.kind != "publication":
            return "yes" if self.kind == "regulation" else "no"
        return "yes" if all(self.figures.values()) else "partly" if any(self.figures.values()) else "no"


def bibliography(scenario: Scenario) -> tuple[Reference, ...]:
    """What the numbers that act in any arm rest on: publications, then regulations, then assumptions, in the order of
    their first use.
    """
    found: dict[tuple[str, str, str], Reference] = {}
    for number in numbers(scenario, scenario.pathways):
        for reference in _of(number):
            known = found.setdefault((reference.kind, reference.text, reference.link), reference)
            known.figures |= reference.figures
            if number.path not in known.places:
                known.places.append(number.path)
    return tuple(sorted(found.values(), key=lambda each: KINDS.index(each.kind)))


def _of(number: Cited) -> Iterator[Reference]:
    """The references of one number."""
    for name in number.evidence:
        source = evidence.source(name)
        figures = {name: is_verified(name)}
        yield Reference("publication", source["citation"], source["year"], source.get("url", ""), figures)
    for kind, text in (("regulation", number.regulation), ("assumption", number.assumption)):
        if text:
            yield Reference(kind, text)


def table(references: Iterable[Reference]) -> Table:
    """One row a reference."""
    rows = (
        (each.kind, each.text, each.year, each.link, each.verified, "; ".join(each.figures), "; ".join(each.places))
        for each in references
    )
    return Table("References", COLUMNS, tuple(rows))
