"""From the terms of a file to the numbers of a pathway."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pathway_sim import distributions, evidence
from pathway_sim.distributions.specs import DistributionSpec
from pathway_sim.fields import Borrowed, Cited, Magnitude, Stated
from pathway_sim.parameters import Chance, Number, Unknown
from pathway_sim.scenario.problems import Path, Problems
from pathway_sim.stages import Dirichlet


class Numbers:
    """Resolves terms; unknowns are named by the evidence that they are taken from, else by their path."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.cited: set[str] = set()

    def read(self, term: Any, path: Path, *, name: str = "") -> Number | Chance | None:
        """The number (of any field) or the chance (of a duration field) that a term stands for; None if it is wrong.

        `name` picks one outcome of a Dirichlet.
        """
        if isinstance(term, DistributionSpec) and is_time(term):
            return self._chance(term, path)
        return self.number(term, path, name=name)

    def number(self, term: Any, path: Path, *, name: str = "") -> Number | None:
        """The number that a term stands for: in it, a distribution is what is not known."""
        self.cite(term, path)
        if isinstance(term, Magnitude):
            return Number(term.value)
        if isinstance(term, Stated):
            return Number(term.value.value)
        if isinstance(term, Borrowed):
            return self._borrowed(term, path)
        if isinstance(term, Dirichlet):
            return self._share(term, path, name)
        return self._unknown(term, path)

    def cite(self, term: Any, path: Path) -> None:
        """Remember the evidence that a term names, and say what the catalogue does not have."""
        ids: Iterable[str] = (
            (term.evidence,) if isinstance(term, Borrowed) else term.evidence if isinstance(term, Cited) else ()
        )
        for reference in ids:
            self.cited.add(reference)
            if not evidence.known(reference) and not isinstance(term, Borrowed):
                try:
                    evidence.figure(reference)
                except evidence.UnknownFigureError as error:
                    self.problems.add((*path, "evidence"), str(error))

    def _chance(self, term: DistributionSpec, path: Path) -> Chance | None:
        self.cite(term, path)
        parameters = {name: self.number(inner, (*path, *_split(name))) for name, inner in term.terms().items()}
        if any(number is None for number in parameters.values()):
            return None
        found = {name: number for name, number in parameters.items() if number is not None}
        chance = Chance(found, term.build)
        for message in chance.stated().check():
            self.problems.add((*path, message[0]), message[1])
        return chance

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
        distribution = term.build(values)
        value = float(distribution.mean()) if term.value is None else term.value.value
        return Number(value, Unknown(".".join(map(str, path)), distribution))

    def _share(self, term: Dirichlet, path: Path, name: str) -> Number:
        counts = term.counts
        value = term.values[name] if term.values is not None else counts[name] / sum(counts.values())
        return Number(value, Unknown(".".join((*map(str, path), name)), distributions.Gamma(counts[name], 1.0)))

    def _borrowed(self, term: Borrowed, path: Path) -> Number | None:
        try:
            figure = evidence.figure(term.evidence)
        except evidence.UnknownFigureError as error:
            self.problems.add((*path, "evidence"), str(error))
            return None
        if figure.is_time:
            return Number(figure.value)
        unknown = _doubt(figure, term.transfer)
        if unknown is None and term.transfer == 0:
            self.problems.add(
                (*path, "transfer"), f"0 needs the counts behind {term.evidence}, which the catalogue does not have"
            )
        return Number(figure.value, Unknown(term.evidence, unknown) if unknown is not None else None)


def _doubt(figure: evidence.Figure, transfer: float) -> distributions.Distribution | None:
    """What is not known about a borrowed rate: its counts (Jeffreys' Beta) if the population is the same, else the
    transfer.
    """
    if transfer > 0:
        return distributions.LogitNormal(figure.value, transfer) if 0 < figure.value < 1 else None
    if figure.n is None:
        return None
    yes = figure.value * figure.n
    return distributions.Beta(yes + 0.5, figure.n - yes + 0.5)


def is_time(term: Any) -> bool:
    """Whether a term is a length of time."""
    if isinstance(term, Magnitude):
        return term.dimension == "time"
    if isinstance(term, Stated):
        return term.value.dimension == "time"
    if isinstance(term, Borrowed):
        return evidence.known(term.evidence) and evidence.figure(term.evidence).is_time
    if isinstance(term, DistributionSpec):
        return term.variable() == "time"
    return False


def _split(name: str) -> Path:
    return tuple(int(part) if part.isdigit() else part for part in name.split("."))
