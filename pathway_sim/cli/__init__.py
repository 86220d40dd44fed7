"""The command line: a thin layer over the library, and the one place where errors become text and an exit code.

Only click is imported here; what a command needs is imported when it runs, so that ``--help`` is there at once.
"""

from __future__ import annotations

import errno
import itertools
import os
import sys
import traceback
import warnings
from collections.abc import Sequence

import click
from click.shell_completion import shell_complete

from pathway_sim import __version__
from pathway_sim.cli import explain, lint, maps, scenarios, simulate
from pathway_sim.cli.options import View, common
from pathway_sim.cli.screen import accept_any_encoding, visible
from pathway_sim.cli.stopping import Stopped, stoppable
from pathway_sim.errors import (
    PathwayError,
    RequirementError,
    ScenarioError,
    StorageError,
    UnsupportedPathway,
    UsageError,
)

DONE, BUG, USAGE, INVALID, UNMET, STORAGE = 0, 1, 2, 3, 4, 5
CODES = {
    ScenarioError: INVALID,
    UnsupportedPathway: UNMET,
    RequirementError: UNMET,
    StorageError: STORAGE,
    UsageError: USAGE,
}
COMPLETE = "_PATHWAY_SIM_COMPLETE"
"""The environment variable with which a shell asks for completions."""

EPILOG = """\b
Examples:
  pathway-sim compare msc-dpn
  pathway-sim init mine.yaml && pathway-sim run mine.yaml
"""


class InOrder(click.Group):
    """Commands are listed in the order in which one needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """The names of the commands."""
        return list(self.commands)


@click.group(cls=InOrder, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pathway-sim")
@common
def cli() -> None:
    """When will a therapy be available, with what probability, and why?

    A scenario file describes how one therapy gets from the clinic to patients. SCENARIO is a path, the name of a
    shipped scenario (see list), or - for standard input.
    """


COMMANDS = (simulate.FIRST, *(module.COMMANDS for module in (scenarios, explain, lint, maps, simulate)))
for command in itertools.chain(*COMMANDS):
    cli.add_command(command)


def run_command_line(arguments: Sequence[str]) -> int:
    """Run the command line; the exit code. Prints what a user can mend to standard error, without a traceback."""
    view = View()
    accept_any_encoding()
    if instruction := os.environ.get(COMPLETE):
        return shell_complete(cli, {}, "pathway-sim", COMPLETE, instruction)
    with stoppable(), warnings.catch_warnings():
        warnings.showwarning = _warn
        code = _guarded(view, arguments)
    return _flushed(code)


def _guarded(view: View, arguments: Sequence[str]) -> int:
    """Run, and turn whatever is raised into text and an exit code."""
    try:
        with cli.make_context("pathway-sim", list(arguments), obj=view) as context:
            cli.invoke(context)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE
    except (Stopped, KeyboardInterrupt, click.Abort) as stop:
        what = f"after writing {', '.join(map(str, view.written))}" if view.written else "; nothing was written"
        return _say(f"stopped{' ' if view.written else ''}{what}", stop.code if isinstance(stop, Stopped) else 130)
    except (PathwayError, OSError) as error:
        if view.debug:
            traceback.print_exc()
        return DONE if _is_gone(error) else _say(describe(error), code_of(error))
    except Exception as error:
        if view.debug:
            traceback.print_exc()
        advice = "" if view.debug else "\nrun again with --debug for the traceback, and please report it"
        return _say(f"a fault in pathway-sim: {type(error).__name__}: {error}{advice}", BUG)
    return DONE


def describe(error: PathwayError | OSError) -> str:
    """What to print for an error."""
    if isinstance(error, ScenarioError):
        count = len(error.problems)
        return f"{error}\n{count} problem{'s' if count > 1 else ''}"
    if isinstance(error, OSError):
        return f"error: cannot read or write {error.filename or 'the output'}: {error.strerror or error}"
    return f"error: {error}"


def code_of(error: PathwayError | OSError) -> int:
    """The exit code of an error."""
    return next((code for kind, code in CODES.items() if isinstance(error, kind)), STORAGE)


def _is_gone(error: BaseException | None) -> bool:
    """Whether the reader of our output has closed it, as ``head`` does."""
    return isinstance(error, OSError) and error.errno == errno.EPIPE


def _flushed(code: int) -> int:
    """The exit code once the output is really out; what cannot be written must not surface when Python exits."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code if code or _is_gone(error) else _say(describe(error), STORAGE)
    return code


def _warn(message: Warning | str, *_place: object, **_more: object) -> None:
    click.echo(visible(f"warning: {message}"), err=True)


def _say(text: str, code: int) -> int:
    click.echo(visible(text), err=True)
    return code
