"""Known mistakes in a scenario: the command lint, and the line that run and compare say of it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from pathway_sim.cli.options import View, common, load_scenario, overrides
from pathway_sim.errors import RequirementError

if TYPE_CHECKING:
    from pathway_sim.scenario import Scenario
    from pathway_sim.scenario.lint import Finding

COLUMNS = ("file", "line", "column", "warning", "path", "sentence")


@click.command(epilog="\b\nExample:\n  pathway-sim lint mine.yaml --explain")
@click.argument("scenario")
@click.option("--explain", is_flag=True, help="Also say of each warning what goes wrong, and how to mend it.")
@overrides
@common
@click.pass_obj
def lint(view: View, /, scenario: str, explain: bool, sets: tuple[str, ...]) -> None:
    """Look in SCENARIO for mistakes that a valid file can make, such as counting the same months twice.

    One line a warning: where, its name, and what is wrong there. Exit code 4: there are warnings. A file can say under
    `exempt:` which warnings do not apply to it, and why.
    """
    from pathway_sim.cli.characters import visible
    from pathway_sim.cli.screen import say
    from pathway_sim.scenario import lint as known

    found = known.lint(load_scenario(scenario, sets))
    if view.format != "table":
        _print_rows(view, found)
    else:
        for each in found:
            click.echo(visible(str(each)))
        if explain and found:
            click.echo()
            _explain(view, found)
        elif found:
            say(view, "lint --explain says what goes wrong in numbers, and how to mend it")
    if found:
        raise RequirementError(_count(len(found)))


def hint(view: View, source: str, scenario: Scenario) -> None:
    """Say on standard error that a scenario has warnings, if it has."""
    if view.quiet:
        return
    from pathway_sim.cli.screen import say
    from pathway_sim.scenario import lint as known

    if found := known.lint(scenario):
        say(view, f"{_count(len(found))}; see pathway-sim lint {shlex.quote(source)}")


def _explain(view: View, found: tuple[Finding, ...]) -> None:
    """What each warning means, once."""
    from pathway_sim.cli.screen import paragraph
    from pathway_sim.scenario.lint import WARNINGS

    for name in dict.fromkeys(each.name for each in found):
        known = WARNINGS[name]
        paragraph(view, f"{name}: {known.title}", bold=True)
        for text in known.explanation.split("\n\n"):
            paragraph(view, text)


def _print_rows(view: View, found: tuple[Finding, ...]) -> None:
    from pathway_sim.cli.screen import write_json
    from pathway_sim.scenario.lint import WARNINGS
    from pathway_sim.table import Table

    rows = tuple(
        (each.origin.file, each.origin.line, each.origin.column, each.name, each.path, each.sentence) for each in found
    )
    table = Table("", COLUMNS, rows)
    if view.format == "json":
        write_json([each | {"explanation": WARNINGS[str(each["warning"])].explanation} for each in table.records()])
    else:
        click.echo(table.as_csv(), nl=False)


def _count(number: int) -> str:
    return f"{number} lint warning{'s' if number > 1 else ''}"


COMMANDS = (lint,)
