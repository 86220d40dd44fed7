"""From the terms of a file to the numbers of a pathway."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from pathway_sim import agencies, distributions, evidence
from pathway_sim.distributions.terms import ENDS, DistributionSpec
from pathway_sim.document import find
from pathway_sim.fields import Borrowed, Cited, Magnitude, Ruled, Stated
from pathway_sim.parameters import Chance, Number, Unknown
from pathway_sim.scenario import borrowed, regimes
from pathway_sim.scenario.problems import Path, Problems
from pathway_sim.stages import Dirichlet
from pathway_sim.stages.terms import is_time


class Numbers:
    """Resolves terms; unknowns are named by the evidence that they are taken from, else by their path."""

    def __init__(self, problems: Problems, as_of: datetime.date) -> None:
        self.problems, self.as_of = problems, as_of
        self.cited: set[str] = set()
        self.rules: set[str] = set()
        self._read: dict[tuple[Path, str], Number | Chance | None] = {}

    def read(self, term: Any, path: Path, *, name: str = "") -> Number | Chance | None:
        """The number (of any field) or the chance (of a duration field) that a term stands for; None if it is wrong.

        `name` picks one outcome of a Dirichlet. Each path is read once, however many visits use it.
        """
        if isinstance(term, Ruled):
            inner, path = self._ruled(term, path)
            return None if inner is None else self.read(inner, path)
        if (path, name) not in self._read:
            chance = isinstance(term, DistributionSpec) and is_time(term)
            number = self._chance(term, path) if chance else self.number(term, path, name=name)
            self._read[path, name] = borrowed.chance(term) or number
        return self._read[path, name]

    def number(self, term: Any, path: Path, *, name: str = "") -> Number | None:
        """The number that a term stands for: in it, a distribution is what is not known."""
        self.cite(term)
        if isinstance(term, Magnitude):
            return Number(term.value)
        if isinstance(term, Stated):
            return Number(term.value.value)
        if isinstance(term, Borrowed):
            return self._borrowed(term, path)
        if isinstance(term, Ruled):
            inner, path = self._ruled(term, path)
            return None if inner is None else self.number(inner, path)
        if isinstance(term, Dirichlet):
            return self._share(term, path, name)
        return self._unknown(term, path)

    def replaced(self, term: Any) -> list[tuple[float, Number | Chance]]:
        """What replaces the number of a rule later: the days from which it holds, in order, and the number."""
        if not isinstance(term, Ruled) or term.rule not in self.rules:
            return []
        places = [(*each, regimes.term(term.rule, each[0])) for each in regimes.later(term.rule, self.as_of)]
        read = [(days, self.read(inner, regimes.path(term.rule, place))) for place, days, inner in places]
        return [(days, number) for days, number in read if number is not None]

    def _ruled(self, term: Ruled, path: Path) -> tuple[Any, Path]:
        """What a rule says on day 0, and the path of that; None, with a problem, if there is no such rule."""
        try:
            place = regimes.in_force(term.rule, self.as_of)
        except agencies.UnknownRuleError as error:
            if find(self.problems.document, (*path, "rule")) is None:
                self.problems.add(path, f"must be given here, since {error}")
            else:
                self.problems.add((*path, "rule"), str(error))
            return None, path
        self.rules.add(term.rule)
        return regimes.term(term.rule, place), regimes.path(term.rule, place)

    def cite(self, term: Any) -> None:
        """Remember the evidence that a term names; what the catalogue does not have is reported with the file."""
        if isinstance(term, Borrowed):
            self.cited.add(term.evidence)
        elif isinstance(term, Cited):
            self.cited.update(term.evidence)

    def _chance(self, term: DistributionSpec, path: Path) -> Chance | None:
        self.cite(term)
        parameters = {name: self.number(inner, (*path, *_split(name))) for name, inner in term.terms().items()}
        if any(number is None for number in parameters.values()):
            return None
        found = {name: number for name, number in parameters.items() if number is not None}
        return Chance(found, term.build) if self._holds(term, found, path) else None

    def _holds(self, term: DistributionSpec, parameters: Mapping[str, Number], path: Path) -> bool:
        """Whether a distribution can be drawn from whatever its unknown parameters turn out to be; else a problem."""
        if all(isinstance(inner, (Magnitude, Stated)) for inner in term.terms().values()) and not any(term.nested()):
            return True  # all is certain, and was tried when the file was read
        wrong = list(term.at_ends({name: (number.value,) for name, number in parameters.items()}))
        if not wrong and any(number.unknown is not None for number in parameters.values()):
            unsure = term.at_ends({name: ends(number) for name, number in parameters.items()})
            where = "where what is not known lies at its ends; bound that with min and max"
            wrong = [(at, f"{message} {where}") for at, message in unsure]
        for at, message in wrong:
            self.problems.add((*path, *at), message)
        return not wrong

    def _unknown(self, term: DistributionSpec, path: Path) -> Number | None:
        values: dict[str, float] = {}
        for name, inner in term.terms().items():
            number = self.number(inner, (*path, *_split(name)))
            if number is not None and number.unknown is not None:
                self.problems.add(
                    (*path, *_split(name)),
                    "must be certain: a distribution of what is not known has no unknown parameters of its own",
                )
            if number is None or number.unknown is not None:
                return None
            values[name] = number.value
        if not self._holds(term, {name: Number(value) for name, value in values.items()}, path):
            return None
        distribution = term.build(values)
        with np.errstate(all="ignore"):
            value = float(distribution.mean()) if term.value is None else term.value.value
        if not math.isfinite(value):
            self.problems.add(path, 'has no mean to use where nothing is drawn; add "value"')
            return None
        return Number(value, Unknown(".".join(map(str, path)), distribution))

    def _share(self, term: Dirichlet, path: Path, name: str) -> Number:
        counts = term.counts
        value = term.values[name] if term.values is not None else counts[name] / sum(counts.values())
        return Number(value, Unknown(".".join((*map(str, path), name)), distributions.Gamma(counts[name], 1.0)))

    def _borrowed(self, term: Borrowed, path: Path) -> Number | None:
        try:
            figure = evidence.figure(term.evidence)
        except evidence.UnknownFigureError:
            return None  # reported with the file
        if figure.is_time:
            return Number(figure.value)
        unknown = borrowed.doubt(figure, term.transfer)
        if unknown is None and term.transfer == 0:
            self.problems.add(
                (*path, "transfer"),
                f"0 needs the counts or an interval behind {term.evidence}, which the catalogue does not have",
            )
        return Number(figure.value, Unknown(term.evidence, unknown) if unknown is not None else None)


def ends(number: Number) -> tuple[float, ...]:
    """The least and the greatest value that a number can turn out to have."""
    if number.unknown is None:
        return (number.value,)
    return tuple(float(x) for x in number.unknown.distribution.ppf(np.array(ENDS)))


def _split(name: str) -> Path:
    return tuple(int(part) if part.isdigit() else part for part in name.split("."))
