"""A table: what every output shows, whether as text, CSV or a chart's numbers."""

from __future__ import annotations

import csv
import io
import re
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Cell = str | int | float | None
WIDTH = 80
GAP = "  "
HEADING_LINES, MOST_LINES = 2, 4
"""In how many lines headings stand if there is room, and if there is not."""
LONGEST_NAME = 38
"""Longer names in the first column are wrapped, so that they leave room for the rest."""
_FORMULA = tuple("=+-@\t\r＝＋－＠")
_NUMBER = re.compile(r"[+−–<>]?\s?\d.*|–|")


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

    def records(self) -> list[dict[str, Cell]]:
        """The rows as mappings from column to cell."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def width(self) -> int:
        """How wide the table is as text if no cell but those of the heading is wrapped."""
        return sum(self._widths(MOST_LINES)) + len(GAP) * (len(self.columns) - 1)

    def as_text(self, width: int = WIDTH) -> str:
        """Headings, a rule and rows, wrapped to the width: numbers to the right, text to the left."""
        room = width - len(GAP) * (len(self.columns) - 1)
        right = [all(_NUMBER.fullmatch(_shown(row[k])) for row in self.rows) for k in range(len(self.columns))]
        wide = self._widths(HEADING_LINES)
        widths = wide if sum(wide) <= room else _shrunk(self._widths(MOST_LINES), right, room)
        heading = list(_lines(self.columns, widths, right, bottom=True))
        body = [line for row in self.rows for line in _lines([_shown(cell) for cell in row], widths, right)]
        rule = "─" * (sum(widths) + len(GAP) * (len(widths) - 1))
        return "".join(f"{line}\n" for line in (*heading, rule, *body))

    def _widths(self, lines: int) -> list[int]:
        """The width of each column: its widest cell, or what its heading needs in so many lines."""
        widths = [
            max(_least_width(name, lines), *(screen_width(_shown(row[k])) for row in self.rows), 1)
            for k, name in enumerate(self.columns)
        ]
        return [min(widths[0], LONGEST_NAME), *widths[1:]] if len(widths) > 1 else widths


def screen_width(text: str) -> int:
    """How many columns of a screen a text takes: wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(mark) else 2 if unicodedata.east_asian_width(mark) in "WF" else 1 for mark in text
    )


def _safe(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _shown(cell: Cell) -> str:
    return "–" if cell is None else str(cell)


def _shrunk(widths: list[int], right: list[bool], room: int) -> list[int]:
    """The widths made narrower until all fit: columns of text first, since numbers should stay in one piece."""
    widths = list(widths)
    for least, kinds in ((12, (False,)), (6, (False, True))):
        narrower = [k for k, number in enumerate(right) if number in kinds]
        while sum(widths) > room and any(widths[k] > least for k in narrower):
            widths[max(narrower, key=widths.__getitem__)] -= 1
    return widths


def _lines(cells: Sequence[str], widths: list[int], right: list[bool], *, bottom: bool = False) -> Iterator[str]:
    """One row as lines of text; short cells stand at the top, or at the bottom."""
    wrapped = [_wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped), default=1)
    columns = [[""] * (height - len(text)) + text if bottom else text + [""] * (height - len(text)) for text in wrapped]
    for parts in zip(*columns, strict=True):
        yield GAP.join(map(_padded, parts, widths, right)).rstrip()


def _padded(text: str, width: int, right: bool) -> str:
    blank = " " * (width - screen_width(text))
    return blank + text if right else text + blank


def _wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most this width, broken at blanks and behind hyphens and underscores."""
    if screen_width(text) <= width:
        return [text]
    return _Wrapper(width, break_long_words=True).wrap(text) or [""]


class _Wrapper(textwrap.TextWrapper):
    wordsep_re = re.compile(r"(\s+|[^\s_-]+[_-]+)")


def _least_width(text: str, lines: int) -> int:
    """The least width that shows the text in at most so many lines without breaking a word."""
    pieces = [piece for piece in _Wrapper.wordsep_re.split(text) if piece.strip()]
    least = max(map(screen_width, pieces), default=0)
    return next((width for width in range(least, len(text)) if len(_wrap(text, width)) <= lines), least)
