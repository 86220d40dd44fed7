"""What a benchmark gives: figures with their units and targets."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pathway_sim.table import Table

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "benchmarks" / "reference.yaml"
DENSE = tuple(f"stages.{trial}.success=1" for trial in ("phase_1", "phase_2", "phase_3"))
"""Overrides that let every replication walk all stages."""
WIDTH = 118
COLUMNS = ("figure", "median", "best", "unit", "target", "verdict")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Plan:
    """How much is measured: rounds of turns, and the largest number of replications."""

    rounds: int = 5
    largest: int = 10**7

    def powers(self, low: int) -> list[int]:
        """The powers of ten from `low` to the largest number of replications."""
        return [10**k for k in range(round(math.log10(low)), round(math.log10(self.largest)) + 1)]

    def runs(self, count: int) -> int:
        """How often something with so many replications is run: what takes long is run less often."""
        return max(1, min(self.rounds, 3 * 10**7 // count))


@dataclass(frozen=True)
class Target:
    """What a figure should be: at least or at most so much."""

    sign: Literal["≥", "≤"]
    value: float

    @classmethod
    def read(cls, text: str) -> Target | None:
        """A target from its text; none from none."""
        sign, _, value = text.partition(" ")
        return cls("≥" if sign == "≥" else "≤", float(value)) if text else None

    def met(self, figure: float) -> bool:
        """Whether a figure is as it should be."""
        return figure >= self.value if self.sign == "≥" else figure <= self.value

    def __str__(self) -> str:
        return f"{self.sign} {self.value:.3g}"


@dataclass(frozen=True)
class Figure:
    """One figure: the median of several runs, which is held against the target, and the best of them.

    The part of the name before the colon is its topic.
    """

    name: str
    value: float
    best: float
    unit: str
    target: Target | None = None

    @property
    def topic(self) -> str:
        """Under what it is listed."""
        return self.name.partition(": ")[0]

    def cells(self) -> tuple[str, ...]:
        """One row of a table."""
        target = "" if self.target is None else str(self.target)
        return self.name.partition(": ")[2], shown(self.value), shown(self.best), self.unit, target, self.verdict()

    def verdict(self) -> str:
        """Whether the target is met, if there is one."""
        return "" if self.target is None else "met" if self.target.met(self.value) else "MISSED"


def at_least(value: float) -> Target:
    """A target."""
    return Target("≥", value)


def at_most(value: float) -> Target:
    """A target."""
    return Target("≤", value)


def of_seconds(name: str, seconds: Sequence[float], target: Target | None = None) -> Figure:
    """How long something took."""
    return Figure(name, statistics.median(seconds), min(seconds), "s", target)


def of_nanoseconds(name: str, seconds: Sequence[float], count: int) -> Figure:
    """How long one of `count` things took."""
    whole = of_seconds(name, seconds)
    return Figure(name, whole.value / count * 1e9, whole.best / count * 1e9, "ns")


def of_rate(name: str, count: int, seconds: Sequence[float]) -> Figure:
    """Replications per second."""
    return Figure(name, count / statistics.median(seconds), count / min(seconds), "per second")


def ratio(name: str, part: Figure, whole: Figure, target: Target | None = None) -> Figure:
    """One figure in units of another: median by median, best by best."""
    return Figure(name, part.value / whole.value, part.best / whole.best, "×", target)


def text(figures: Iterable[Figure]) -> str:
    """All figures as one table, a heading for each topic."""
    figures = list(figures)
    topics = dict.fromkeys(figure.topic for figure in figures)
    parts = ((topic, *(each.cells() for each in figures if each.topic == topic)) for topic in topics)
    rows = [row for topic, *cells in parts for row in ((topic.upper(), "", "", "", "", ""), *cells)]
    return Table("", COLUMNS, tuple(rows)).as_text(WIDTH)


def shown(value: float) -> str:
    """A number with three digits that count, or in full from a thousand on."""
    if value >= 999.5:
        return f"{float(f'{value:.3g}'):,.0f}"
    places = max(0, 2 - math.floor(math.log10(value))) if value > 0 else 0
    return f"{value:.{places}f}"


def power(count: int) -> str:
    """A round number such as 10⁶ or 2·10⁴; another one in full."""
    zeros = len(str(count)) - len(str(count).rstrip("0"))
    if zeros < 3:
        return f"{count:,}"
    lead = count // 10**zeros
    raised = f"10{str(zeros).translate(_RAISED)}"
    return raised if lead == 1 else f"{lead}·{raised}"
