"""A table: what every output shows, whether as text, CSV or a chart's numbers."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

Cell = str | int | float | None
_FORMULA = tuple("=+-@\t\r")


@dataclass(frozen=True)
class Table:
    """Columns of cells under a caption that names the population; `note` says how to read it."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def as_csv(self) -> str:
        """The table as CSV. A text cell that a spreadsheet would run as a formula gets a leading apostrophe."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_safe(cell) for cell in row] for row in self.rows)
        return stream.getvalue()


def _safe(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
