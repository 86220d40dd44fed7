"""Options that several commands share, and the scenario that they name. Those of the whole program work before or after
the command.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from pathlib import Path

    from pathway_sim.scenario import Scenario

ENGINES = ("batch", "reference")
CHARTS = ("availability", "timeline")
"""Tests hold these against the lists of engines and charts, which cannot be imported here without NumPy."""
FARTHEST = 10**15
"""The largest number that a first replication may have."""
Function = TypeVar("Function", bound=Callable[..., Any])


class View:
    """How to show things, and which files were written so far."""

    def __init__(self) -> None:
        self.format = "table"
        self.quiet = self.debug = False
        self.color = True
        self.written: list[Path] = []


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
        option(
            "--workers",
            metavar="auto|W",
            callback=_workers,
            help="Parallel workers; changes no number.  [default: auto, as many as pay]",
        ),
        option("--cluster", metavar="ADDRESS", help="Let a Dask cluster do it, such as tcp://scheduler:8786."),
    )
    return _with(overrides(function), options)


def _workers(_context: click.Context, _option: click.Parameter, given: str | None) -> int | None:
    """The number of workers; none for as many as pay."""
    if given is None or given == "auto":
        return None
    try:
        return int(given)
    except ValueError:
        raise click.BadParameter(f"{given!r} is neither a whole number nor auto.") from None


def load_scenario(source: str, sets: Sequence[str] = ()) -> Scenario:
    """A scenario that was named on the command line, with its overrides."""
    from pathway_sim.errors import UsageError
    from pathway_sim.scenario import load

    if not source:
        raise UsageError("name a scenario: a path, the name of a shipped one, or - for standard input")
    return load(source, sets=sets)
