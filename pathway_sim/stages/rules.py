"""Rules that several kinds of stage share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pathway_sim.parameters import Floats, Integers, Value
from pathway_sim.pathway import Arrival


def choose(u: Floats, shares: Sequence[Value | None], *, normalise: bool = False) -> Integers:
    """The outcome codes, shape ``(n,)``: the first k with u < p₁ + … + pₖ, else the last; `None` is the rest, cut at 0.

    Outcomes are listed best first, so that a smaller u is never worse.
    """
    given = [share for share in shares if share is not None]
    total: Value = sum(given[1:], start=given[0]) if given else 0.0
    if normalise:
        shares = [None if share is None else share / total for share in shares]
    rest = np.maximum(1.0 - total, 0.0)
    codes = np.zeros(u.shape, dtype=np.int64)
    reached: Value = 0.0
    for share in shares[:-1]:
        reached = reached + (rest if share is None else share)
        codes += u >= reached
    return codes


def sometimes(arrival: Arrival, path: str, purpose: str) -> Floats:
    """Days that `path.duration` adds with probability `path.probability`, else 0, shape ``(n,)``."""
    added = arrival.uniform(purpose) < arrival.probability(f"{path}.probability")
    return np.where(added, arrival.duration(f"{path}.duration"), 0.0)


@dataclass(frozen=True)
class Choice:
    """A choice among outcomes: for each, best first, the input that holds its probability; `None` is the rest."""

    names: tuple[str | None, ...]
    purpose: str = "outcome"
    normalise: bool = False

    def codes(self, arrival: Arrival, drawn: Arrival | None = None) -> Integers:
        """The outcome of each replication, shape ``(n,)``, with the draw of another step if one is given."""
        if len(self.names) == 1:
            return np.zeros(arrival.start.shape, dtype=np.int64)
        shares = [None if name is None else arrival.probability(name) for name in self.names]
        return choose((drawn or arrival).uniform(self.purpose), shares, normalise=self.normalise)


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

    def evaluate(self, arrival: Arrival) -> tuple[Floats, Integers]:
        """See `pathway_sim.pathway.Rule`."""
        columns = [arrival.duration(name, purpose) for name, purpose in self.durations]
        spent = columns[0]
        for column in columns[1:]:
            spent = spent + column if self.combine == "sum" else np.maximum(spent, column)
        return arrival.start + spent, self.choice.codes(arrival)


def lapse(name: str, choice: Choice = SURE) -> Lapse:
    """One duration, drawn with its own name as the purpose."""
    return Lapse(((name, name),), choice)
