"""The command line: a thin layer over the library, and the one place where errors become text and an exit code.

Only click is imported here. The module of a command is imported when the command is asked for, and what it needs when
it runs, so that ``--help`` is there at once.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import import_module

import click

from pathway_sim import __version__
from pathway_sim.cli.characters import accept_any_encoding, visible
from pathway_sim.cli.options import View, common

DONE = 0
COMPLETE = "_PATHWAY_SIM_COMPLETE"
"""The environment variable with which a shell asks for completions."""

EPILOG = """\b
Examples:
  pathway-sim compare msc-dpn
  pathway-sim init mine.yaml && pathway-sim run mine.yaml
"""

COMMANDS = {
    "demo": ("simulate", "Compare msc-dpn, small, and draw its charts: the place to start."),
    "list": ("scenarios", "The shipped scenarios, with the question that each answers."),
    "init": ("scenarios", "Write a commented scenario file that runs at once, to edit."),
    "check": ("scenarios", "Is it valid, and how do its figures compare to published ones?"),
    "show": ("scenarios", "Everything that a scenario says, and where it says it."),
    "schema": ("scenarios", "The JSON Schema of scenario files, for your editor."),
    "explain": ("explain", "What does a word, a figure or a number stand for, and who says so?"),
    "lint": ("lint", "Does a valid scenario make a known mistake?"),
    "map": ("maps", "Draw the pathway: what each stage waits for, and where it ends."),
    "run": ("simulate", "When does it arrive, with what chance, where does it fail?"),
    "compare": ("simulate", "What does each arm change, on the same random futures?"),
    "chart": ("simulate", "Draw one chart, or print the numbers that it would draw."),
}
"""In the order in which one needs them: the module of each command, and what it is for in one line."""


class Commands(click.Group):
    """The commands as they are listed; the one that is asked for is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """The names of the commands."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name, and the arguments that are left for it."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed if name is None else _imported(name), rest


def _imported(name: str) -> click.Command:
    """The command of a name, from its module."""
    commands: tuple[click.Command, ...] = import_module(f"pathway_sim.cli.{COMMANDS[name][0]}").COMMANDS
    return next(command for command in commands if command.name == name)


LISTED = {name: click.Command(name, short_help=text) for name, (_, text) in COMMANDS.items()}


@click.group(cls=Commands, commands=LISTED, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pathway-sim")
@common
def cli() -> None:
    """When will a therapy be available, with what probability, and why?

    A scenario file describes how one therapy gets from the clinic to patients. SCENARIO is a path, the name of a
    shipped scenario (see list), or - for standard input.
    """


def run_command_line(arguments: Sequence[str]) -> int:
    """Run the command line; the exit code. Prints what a user can mend to standard error, without a traceback."""
    accept_any_encoding()
    if instruction := os.environ.get(COMPLETE):
        from click.shell_completion import shell_complete

        return shell_complete(cli, {}, "pathway-sim", COMPLETE, instruction)
    with ExitStack() as until_told:
        code = _guarded(View(), arguments, until_told)
    return _flushed(code)


def _guarded(view: View, arguments: Sequence[str], until_told: ExitStack) -> int:
    """Run, and turn whatever is raised into text and an exit code."""
    try:
        with cli.make_context("pathway-sim", list(arguments), obj=view) as context:
            _prepare(until_told)
            cli.invoke(context)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except (Exception, KeyboardInterrupt) as error:
        from pathway_sim.cli.failures import tell

        return tell(error, view)
    return DONE


def _prepare(until_told: ExitStack) -> None:
    """Mind signals and show warnings, until the user was told how it ended."""
    from pathway_sim.cli.stopping import stoppable

    until_told.enter_context(stoppable())
    until_told.enter_context(warnings.catch_warnings())
    warnings.showwarning = _warn


def _flushed(code: int) -> int:
    """The exit code once the output is really out; what cannot be written must not surface when Python exits."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        from pathway_sim.cli.failures import tell

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or tell(error, View())
    return code


def _warn(message: Warning | str, *_place: object, **_more: object) -> None:
    click.echo(visible(f"warning: {message}"), err=True)
