"""What every chart is: results to data (pure), data to a figure, and the words around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pathway_sim.analysis.results import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = Mapping[str, str | float | bool | None]


@dataclass(frozen=True)
class Captions:
    """The words around a picture, in full; a figure wraps and cuts them to its size.

    `kicker` is the title of the scenario, `title` the finding, `subtitle` the population and what is drawn, `footer`
    what was run, `alt` the picture in words.
    """

    kicker: str
    title: str
    subtitle: str
    footer: str
    alt: str


class ChartData(Protocol):
    """Everything that a figure draws: numbers, labels and words."""

    @property
    def captions(self) -> Captions:
        """The words around the picture."""

    def table(self) -> tuple[Row, ...]:
        """The numbers drawn, as rows with equal keys."""


@dataclass(frozen=True)
class Chart:
    """A kind of chart: its name on the command line, a sentence of help, and its two steps."""

    name: str
    summary: str
    data: Callable[[Results], ChartData]
    draw: Callable[[Any], Figure]

    def figure(self, results: Results) -> Figure:
        """The picture of these results."""
        return self.draw(self.data(results))

    def render(self, results: Results, kind: str = "svg") -> bytes:
        """The picture as the bytes of an ``svg``, ``png`` or ``pdf`` file, with its title and alternative text."""
        from pathway_sim.report.save_figure import render

        data = self.data(results)
        return render(self.draw(data), kind, title=data.captions.title, alt=data.captions.alt)

    def save(self, results: Results, path: Path | str) -> None:
        """Write the picture; the suffix of the path says in which format."""
        from pathway_sim.report.save_figure import write

        data = self.data(results)
        write(self.draw(data), path, title=data.captions.title, alt=data.captions.alt)
