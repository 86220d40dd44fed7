"""What commands print: tables and text on standard output, progress, warnings and hints on standard error.

Text from scenarios is never interpreted: no markup, and control characters are shown as escapes.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import click

from pathway_sim.cli.characters import visible
from pathway_sim.cli.options import View
from pathway_sim.table import WIDTH, Table

WIDEST = 100


def width() -> int:
    """The width of the screen, 80 if there is none; wider lines than 100 are hard to read."""
    if sys.stdout is None or not sys.stdout.isatty():
        return WIDTH
    return max(40, min(shutil.get_terminal_size().columns, WIDEST))


def styled(view: View, text: str, **style: bool) -> str:
    """The text in a style, if the user wants any."""
    return click.style(visible(text), **style) if view.color and "NO_COLOR" not in os.environ else visible(text)


def paragraph(view: View, text: str, **style: bool) -> None:
    """Print a paragraph, wrapped to the screen, and a blank line."""
    if text:
        lines = textwrap.wrap(visible(text), width(), break_long_words=False, break_on_hyphens=False)
        click.echo("\n".join(styled(view, line, **style) for line in lines) + "\n")


def show(view: View, tables: Iterable[Table]) -> None:
    """Print tables as text, each under its caption."""
    for table in tables:
        caption = textwrap.wrap(table.caption, width())
        click.echo("\n".join(styled(view, line, bold=True) for line in caption))
        click.echo(visible(table.as_text(width())), nl=not table.note)
        if table.note:
            paragraph(view, table.note, dim=True)


def write_json(data: object) -> None:
    """Print JSON."""
    from json import dumps

    click.echo(dumps(data, indent=1, ensure_ascii=False, allow_nan=False))


def say(view: View, text: str) -> None:
    """A hint on standard error, unless --quiet."""
    if not view.quiet:
        click.echo(visible(text), err=True)


@contextmanager
def progress(view: View, total: int, label: str) -> Iterator[Callable[[int], None] | None]:
    """A progress bar on standard error if that is a terminal and the work is long enough to see one; else None."""
    if view.quiet or sys.stderr is None or not sys.stderr.isatty() or total < 50_000:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    screen = Console(stderr=True, no_color=not view.color, highlight=False, emoji=False, markup=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(visible(label), total=total)
        yield lambda count: bar.advance(task, count)
