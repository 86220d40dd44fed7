"""Options that several commands share. Those of the whole program work before or after the command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

ENGINES = ("batch", "reference")
CHARTS = ("availability", "timeline")
"""Tests hold these against the lists of engines and charts, which cannot be imported here without NumPy."""
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass
class View:
    """How to show things."""

    format: str = "table"
    quiet: bool = False
    color: bool = True
    debug: bool = False


def _store(name: str, value: Any = None) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(context: click.Context, _parameter: click.Parameter, given: Any) -> None:
        if given is not None and given is not False:
            setattr(context.ensure_object(View), name, given if value is None else not value)

    return callback


def common(function: Function) -> Function:
    """The options of the whole program."""
    kinds = click.Choice(["table", "json", "csv"])
    options = (
        click.option("--format", type=kinds, expose_value=False, callback=_store("format"), help="How to print results.  [default: table]"),
        click.option("--quiet", is_flag=True, expose_value=False, callback=_store("quiet"), help="No progress, no hints."),
        click.option("--no-color", is_flag=True, expose_value=False, callback=_store("color", True), help="No colours."),
        click.option("--debug", is_flag=True, expose_value=False, callback=_store("debug"), help="Show tracebacks."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def overrides(function: Function) -> Function:
    """``--set``."""
    text = "Change a value for this run, such as --set stages.phase_2.success=0.3. Priority: default < extends < file < arm < --set. Repeatable."
    return click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help=text)(function)


def running(function: Function) -> Function:
    """What every command that simulates takes."""
    options = (
        click.option("--arm", "arms", multiple=True, metavar="ARM", help="Only this arm (repeatable).  [default: all]"),
        click.option("--baseline", metavar="ARM", help="The arm that others are compared with.  [default: the scenario's]"),
        click.option("--replications", "-n", type=int, default=100_000, show_default=True, help="How many futures to simulate."),
        click.option("--first", type=click.IntRange(min=0), default=0, metavar="K", help="Number of the first replication.  [default: 0]"),
        click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same futures."),
        click.option("--parameter-sets", type=int, metavar="P", help="Joint draws of what is not known.  [default: the scenario's]"),
        click.option("--engine", type=click.Choice(["auto", *ENGINES]), default="auto", show_default=True, help="What walks the pathway."),
        click.option("--workers", type=int, metavar="W", help="Parallel workers; changes no number.  [default: as it pays]"),
    )
    for option in reversed(options):
        function = option(function)
    return overrides(function)
