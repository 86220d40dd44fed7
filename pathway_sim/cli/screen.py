"""What commands print: tables and text on standard output, progress and hints on standard error.

Text from scenarios is never interpreted: no markup, and control characters are shown as escapes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from pathway_sim.cli.options import View
from pathway_sim.table import Cell, Table

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 80


def visible(text: str) -> str:
    """The text with control characters as escapes; line ends and tabs stay."""
    return "".join(c if c in "\n\t" or not (ord(c) < 32 or 127 <= ord(c) < 160) else f"\\x{ord(c):02x}" for c in text)


def console(view: View, *, err: bool = False) -> Console:
    """A console; 80 columns wide unless a terminal says otherwise."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    return Console(file=stream, no_color=not view.color, width=None if stream.isatty() else WIDTH, highlight=False, emoji=False, markup=False)


def paragraph(view: View, text: str, style: str = "") -> None:
    """Print a paragraph, wrapped to the screen."""
    if text:
        screen = console(view)
        screen.print(_text(text, style))
        screen.print()


def show(view: View, tables: Iterable[Table]) -> None:
    """Print tables as text."""
    screen = console(view)
    for table in tables:
        _show_one(screen, table)


def _show_one(screen: Console, table: Table) -> None:
    from rich import box
    from rich.table import Table as Grid

    screen.print(_text(table.caption, "bold"))
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    numeric = [all(not isinstance(row[k], str) or _like_number(row[k]) for row in table.rows) for k in range(len(table.columns))]
    for name, right in zip(table.columns, numeric, strict=True):
        grid.add_column(_text(name), justify="right" if right else "left", overflow="fold")
    for row in table.rows:
        grid.add_row(*(_text("–" if cell is None else str(cell)) for cell in row))
    screen.print(grid)
    if table.note:
        screen.print(_text(table.note, "dim"))
    screen.print()


def _like_number(cell: Cell) -> bool:
    return isinstance(cell, str) and bool(cell) and (cell[0] in "0123456789+−-–<>~" or cell == "")


def _text(text: str, style: str = "") -> Any:
    from rich.text import Text

    return Text(visible(text), style=style)


def say(view: View, text: str) -> None:
    """A hint or note on standard error, unless --quiet."""
    if not view.quiet:
        click.echo(visible(text), err=True)


@contextmanager
def progress(view: View, total: int, label: str) -> Iterator[Callable[[int], None] | None]:
    """A progress bar on standard error if that is a terminal and the work is long enough to see one; else None."""
    if view.quiet or not sys.stderr.isatty() or total < 50_000:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn())
    with Progress(*columns, console=console(view, err=True), transient=True) as bar:
        task = bar.add_task(visible(label), total=total)
        yield lambda count: bar.advance(task, count)
