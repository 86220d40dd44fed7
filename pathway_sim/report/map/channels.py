"""The order of vertical lines in the gap between two columns, so that few lines cross and none lie on each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

NEAR = 0.03  # inches between lines that would be seen as one
ON_EACH_OTHER = 100  # crossings that two lines on each other are as bad as


@dataclass
class Piece:
    """A vertical line: the heights at which lines reach it from the left and leave it to the right."""

    left: set[float] = field(default_factory=set)
    right: set[float] = field(default_factory=set)

    @property
    def low(self) -> float:
        """Its lower end."""
        return min(self.left | self.right)

    @property
    def high(self) -> float:
        """Its upper end."""
        return max(self.left | self.right)

    def overlaps(self, other: Piece) -> bool:
        """Whether the two would touch in one place."""
        return self.low <= other.high + NEAR and other.low <= self.high + NEAR


def tracks(pieces: Sequence[Piece]) -> list[int]:
    """The place of each piece, from 0 on the left; pieces that do not touch may share one."""
    order = list(range(len(pieces)))
    for _ in order:  # bubble sort by crossings: at most so many rounds
        changed = False
        for k in range(len(order) - 1):
            first, second = pieces[order[k]], pieces[order[k + 1]]
            if crossings(second, first) < crossings(first, second):
                order[k], order[k + 1] = order[k + 1], order[k]
                changed = True
        if not changed:
            break
    places = [0] * len(pieces)
    for k, index in enumerate(order):
        before = [places[other] for other in order[:k] if pieces[other].overlaps(pieces[index])]
        places[index] = max(before, default=-1) + 1
    return places


def crossings(first: Piece, second: Piece) -> int:
    """How many lines cross if `first` stands left of `second`."""
    crossed = [second.low < y < second.high for y in first.right] + [first.low < y < first.high for y in second.left]
    on_each_other = sum(abs(a - b) < NEAR for a in second.left for b in first.right)
    return sum(crossed) + ON_EACH_OTHER * on_each_other


def intervals(wanted: Sequence[tuple[float, float]]) -> list[int]:
    """The lowest track for each interval in which it meets none that came before it."""
    ends: list[list[tuple[float, float]]] = []
    places = []
    for low, high in wanted:
        free = (k for k, used in enumerate(ends) if all(high < a or b < low for a, b in used))
        place = next(free, len(ends))
        ends += [[]] if place == len(ends) else []
        ends[place].append((low, high))
        places.append(place)
    return places
