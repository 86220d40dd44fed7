"""Rules that several kinds of stage share; all rules evaluate columns and single numbers alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from math import nan
from operator import add
from typing import Literal

from pathway_sim.elementwise import code, maximum, where, widened
from pathway_sim.pathway import Arrival, Column


def choose(u: Column, shares: Sequence[Column | None]) -> Column:
    """The outcome codes: the first k with u < p₁ + … + pₖ, else the last; `None` is the rest, cut at 0.

    Outcomes are listed best first, so that a smaller u is never worse.
    """
    codes: Column = 0
    reached: Column = 0.0
    for share in shares[:-1]:
        reached = reached + (_rest(shares) if share is None else share)
        codes = codes + code(u >= reached)
    return codes


def _rest(shares: Sequence[Column | None]) -> Column:
    return maximum(1.0 - reduce(add, [share for share in shares if share is not None]), 0.0)


def worse(u: Column, p: Column) -> Column:
    """Where the worse of two outcomes happens, which has probability p: what `choose` gives for the rest and p."""
    return u >= 1.0 - p


def normalised(shares: Sequence[Column]) -> list[Column]:
    """Shares whose sum is 1. Where effects have left nothing of any they are NaN, and the first outcome is chosen."""
    total = reduce(add, shares)
    total = where(total > 0.0, total, nan)
    return [share / total for share in shares]


def sometimes(arrival: Arrival, path: str, purpose: str) -> Column:
    """Days that `path.duration` adds with probability `path.probability`, else 0."""
    added = arrival.uniform(purpose) < arrival.probability(f"{path}.probability")
    return where(added, arrival.duration(f"{path}.duration"), 0.0)


@dataclass(frozen=True)
class Choice:
    """A choice among outcomes: for each, best first, the input that holds its probability; `None` is the rest."""

    names: tuple[str | None, ...]
    purpose: str = "outcome"
    normalise: bool = False

    def codes(self, arrival: Arrival, drawn: Arrival | None = None) -> Column:
        """The outcome, with the draw of another step if one is given; where there is only one, 0 for all."""
        if len(self.names) == 1:
            return 0
        shares = [None if name is None else arrival.probability(name) for name in self._read]
        return choose((drawn or arrival).uniform(self.purpose), normalised(shares) if self.normalise else shares)

    @cached_property
    def _read(self) -> tuple[str | None, ...]:
        """The inputs that decide: the last outcome's does not, unless the total of all matters."""
        *before, _ = self.names
        return self.names if self.normalise or None in before else (*before, None)


SURE = Choice((None,))
"""One outcome only."""


@dataclass(frozen=True)
class Lapse:
    """Time passes, then a choice. With several durations their sum, or the longest where they run in parallel.

    Each duration is an input's name and the purpose of its draw.
    """

    durations: tuple[tuple[str, str], ...]
    choice: Choice = SURE
    combine: Literal["sum", "longest"] = "sum"

    def evaluate(self, arrival: Arrival) -> tuple[Column, Column]:
        """See `pathway_sim.pathway.Rule`."""
        each = [arrival.duration(name, purpose) for name, purpose in self.durations]
        end = arrival.start + reduce(add if self.combine == "sum" else maximum, each)
        return end, widened(self.choice.codes(arrival), end)


def lapse(name: str, choice: Choice = SURE) -> Lapse:
    """One duration, drawn with its own name as the purpose."""
    return Lapse(((name, name),), choice)
