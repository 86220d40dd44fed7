"""How errors become text and an exit code."""

from __future__ import annotations

import errno
import traceback

import click

from pathway_sim.cli.characters import visible
from pathway_sim.cli.options import View
from pathway_sim.cli.stopping import Stopped
from pathway_sim.errors import (
    PathwayError,
    RequirementError,
    ScenarioError,
    StorageError,
    UnsupportedPathway,
    UsageError,
)

DONE, BUG, USAGE, INVALID, UNMET, STORAGE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
CODES = {
    ScenarioError: INVALID,
    UnsupportedPathway: UNMET,
    RequirementError: UNMET,
    StorageError: STORAGE,
    UsageError: USAGE,
}


def tell(error: BaseException, view: View) -> int:
    """Say on standard error what went wrong, or that the program was stopped; the exit code."""
    if isinstance(error, click.ClickException):
        error.show()
        return USAGE
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return _say(stopped(view), error.code if isinstance(error, Stopped) else INTERRUPTED)
    if view.debug:
        traceback.print_exception(error)
    if not isinstance(error, (PathwayError, OSError)):
        return _say(fault(error, view), BUG)
    return DONE if _is_gone(error) else _say(describe(error), code_of(error))


def stopped(view: View) -> str:
    """What to print when the user, or the system, has ended the program."""
    return (
        f"stopped after writing {', '.join(map(str, view.written))}" if view.written else "stopped; nothing was written"
    )


def fault(error: BaseException, view: View) -> str:
    """What to print for an error that is nobody's but ours."""
    advice = "" if view.debug else "\nrun again with --debug for the traceback, and please report it"
    return f"a fault in pathway-sim: {type(error).__name__}: {error}{advice}"


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


def _is_gone(error: BaseException) -> bool:
    """Whether the reader of our output has closed it, as ``head`` does."""
    return isinstance(error, OSError) and error.errno == errno.EPIPE


def _say(text: str, code: int) -> int:
    click.echo(visible(text), err=True)
    return code
