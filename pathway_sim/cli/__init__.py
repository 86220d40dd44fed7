"""The command line: a thin layer over the library, and the one place where errors become text and an exit code.

Only click is imported here; what a command needs is imported when it runs, so that ``--help`` is there at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from pathway_sim import __version__
from pathway_sim.cli import scenarios, simulate
from pathway_sim.cli.options import View, common
from pathway_sim.errors import PathwayError, RequirementError, ScenarioError, StorageError, UnsupportedPathway, UsageError

DONE, BUG, USAGE, INVALID, UNMET, STORAGE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

EPILOG = "\b\nExamples:\n  pathway-sim compare msc-dpn\n  pathway-sim init mine.yaml && pathway-sim run mine.yaml\n  pathway-sim check mine.yaml"


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="pathway-sim")
@common
def cli() -> None:
    """When will a therapy be available, with what probability, and why?

    A scenario file describes how one therapy gets from the clinic to patients. SCENARIO is a path, the name of a shipped
    scenario (see list), or - for standard input.
    """


for command in (*scenarios.COMMANDS, *simulate.COMMANDS):
    cli.add_command(command)


def run_command_line(arguments: Sequence[str]) -> int:
    """Run the command line; the exit code. Prints what a user can mend to standard error, without a traceback."""
    view = View()
    try:
        cli.main(args=list(arguments), prog_name="pathway-sim", standalone_mode=False, obj=view)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        return _say(view, "stopped; nothing was written", INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except PathwayError as error:
        if view.debug:
            raise
        return _say(view, describe(error), code_of(error))
    except Exception as error:
        if view.debug:
            raise
        return _say(view, f"a fault in pathway-sim: {type(error).__name__}: {error}\nrun again with --debug for the traceback, and please report it", BUG)
    return DONE


def describe(error: PathwayError) -> str:
    """What to print for an error."""
    if isinstance(error, ScenarioError):
        count = len(error.problems)
        return f"{error}\n{count} problem{'s' if count > 1 else ''}"
    return f"error: {error}"


def code_of(error: PathwayError) -> int:
    """The exit code of an error."""
    kinds = {ScenarioError: INVALID, UnsupportedPathway: UNMET, RequirementError: UNMET, StorageError: STORAGE, UsageError: USAGE}
    return next((code for kind, code in kinds.items() if isinstance(error, kind)), STORAGE)


def _say(view: View, text: str, code: int) -> int:
    from pathway_sim.cli.screen import visible

    click.echo(visible(text), err=True)
    return code
