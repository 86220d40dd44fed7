"""Options that several commands share, and the scenario that they name. Those of the whole program work before or after
the command.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pathway_sim.errors import UsageError

if TYPE_CHECKING:
    from pathway_sim.scenario import Scenario

ENGINES = ("batch", "reference")
CHARTS = ("availability", "timeline")
"""Tests hold these against the lists of engines and charts, which cannot be imported here without NumPy."""
FARTHEST = 10**15
"""The largest number that a first replication may have."""
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass
class View:
    """How to show things, and which files were written so far."""

    format: str = "table"
    quiet: bool = False
    color: bool = True
    debug: bool = False
    written: list[Path] = field(default_factory=list)


def _store(name: str, value: Any = None) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(context: click.Context, _parameter: click.Parameter, given: Any) -> None:
        if given is not None and given is not False:
            setattr(context.ensure_object(View), name, given if value is None else not value)

    return callback


def _with(function: Function, options: tuple[Callable[[Function], Function], ...]) -> Function:
    for option in reversed(options):
        function = option(function)
    return function


def common(function: Function) -> Function:
    """The options of the whole program."""
    kinds = click.Choice(["table", "json", "csv"])
    hidden: dict[str, Any] = {"expose_value": False}
    flag: dict[str, Any] = {"is_flag": True, **hidden}
    options = (
        click.option(
            "--format", type=kinds, callback=_store("format"), help="How to print results.  [default: table]", **hidden
        ),
        click.option("--quiet", callback=_store("quiet"), help="No progress, no hints.", **flag),
        click.option("--no-color", callback=_store("color", True), help="No colours, no bold.", **flag),
        click.option("--debug", callback=_store("debug"), help="Show tracebacks.", **flag),
    )
    return _with(function, options)


def overrides(function: Function) -> Function:
    """``--set``."""
    text = "Change a value, such as stages.phase_2.success=0.3; wins over extends, file and arm. Repeatable."
    return click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help=text)(function)


def running(function: Function) -> Function:
    """What every command that simulates takes."""
    option = click.option
    options = (
        option(
            "-n",
            "--replications",
            type=int,
            metavar="N",
            default=100_000,
            help="Futures to simulate.  [default: 100,000]",
        ),
        option("--arm", "arms", multiple=True, metavar="ARM", help="Only this arm; repeatable.  [default: all]"),
        option("--baseline", metavar="ARM", help="The arm to compare with.  [default: the scenario's]"),
        option("--seed", type=int, metavar="S", default=1, help="The same seed gives the same futures.  [default: 1]"),
        option("--first", type=int, metavar="K", default=0, help="Number of the first replication.  [default: 0]"),
        option(
            "--parameter-sets",
            type=int,
            metavar="P",
            help="Joint draws of what is not known.  [default: the scenario's]",
        ),
        option(
            "--engine",
            type=click.Choice(["auto", *ENGINES]),
            default="auto",
            help="What walks the pathway.  [default: auto]",
        ),
        option("--workers", type=int, metavar="W", help="Parallel workers; changes no number.  [default: as it pays]"),
    )
    return _with(overrides(function), options)


def load_scenario(source: str, sets: Sequence[str] = ()) -> Scenario:
    """A scenario that was named on the command line, with its overrides."""
    from pathway_sim.scenario import load

    if not source:
        raise UsageError("name a scenario: a path, the name of a shipped one, or - for standard input")
    return load(source, sets=sets)
