"""What a word, a figure or a number stands for, and what a scenario rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from pathway_sim.cli.options import View, common, load_scenario, overrides
from pathway_sim.errors import UsageError

if TYPE_CHECKING:
    from pathway_sim.scenario import Scenario
    from pathway_sim.scenario.bibliography import Reference
    from pathway_sim.scenario.explain_parts import Explanation

LABEL = 18
"""Longer labels stand on a line of their own."""


@click.command(
    epilog="\b\nExamples:\n  pathway-sim explain RMAT\n  pathway-sim explain stages.phase_3.duration msc-dpn"
)
@click.argument("term")
@click.argument("scenario", required=False)
@overrides
@common
@click.pass_obj
def explain(view: View, /, term: str, scenario: str | None, sets: tuple[str, ...]) -> None:
    """Say what TERM stands for, with its source.

    TERM is a figure of the evidence catalogue, an agency's rule, a kind of stage, a warning, or a word of the field.
    With a SCENARIO it can also be one of its stages or effects, or the path of a number.
    """
    from pathway_sim.scenario.explain import explain as explained
    from pathway_sim.scenario.explain_parts import UnknownTermError

    try:
        found = explained(term, None if scenario is None else load_scenario(scenario, sets))
    except UnknownTermError as error:
        raise UsageError(str(error)) from error
    _print(view, found)


def _print(view: View, found: Explanation) -> None:
    from pathway_sim.cli import screen
    from pathway_sim.table import Table

    if view.format == "json":
        rows = [{"label": label, "text": text} for label, text in found.rows]
        screen.write_json({"term": found.term, "summary": found.summary, "rows": rows})
        return
    if view.format == "csv":
        table = Table("", ("label", "text"), (("summary", found.summary), *found.rows))
        click.echo(table.as_csv(), nl=False)
        return
    screen.paragraph(view, found.term, bold=True)
    screen.paragraph(view, f"{found.summary[:1].upper()}{found.summary[1:]}")
    _print_rows(view, found.rows)


def _print_rows(view: View, rows: Iterable[tuple[str, str]]) -> None:
    """Labels with their texts beside them."""
    from pathway_sim.cli import screen
    from pathway_sim.cli.characters import visible

    for label, text in rows:
        head = f"{label:<{LABEL}}"
        lines = textwrap.wrap(text, screen.width() - LABEL - 2, break_long_words=False, break_on_hyphens=False) or [""]
        if len(label) > LABEL:
            click.echo(screen.styled(view, label, dim=True))
            head = " " * LABEL
        for k, line in enumerate(lines):
            beside = " " * LABEL if k else screen.styled(view, head, dim=True)
            click.echo(f"{beside}  {visible(line)}".rstrip())


def print_references(view: View, scenario: Scenario) -> None:
    """What a scenario rests on, each source once, with the places that use it."""
    from pathway_sim.cli import screen
    from pathway_sim.scenario.bibliography import KINDS, bibliography, table

    found = bibliography(scenario)
    if view.format == "json":
        screen.write_json(table(found).records())
    elif view.format == "csv":
        click.echo(table(found).as_csv(), nl=False)
    else:
        screen.paragraph(view, f"What the numbers of {scenario.name} rest on, in all arms", bold=True)
        for kind in KINDS:
            of_kind = [each for each in found if each.kind == kind]
            screen.paragraph(view, f"{kind}s ({len(of_kind)})".capitalize(), bold=True)
            for each in of_kind:
                _print_reference(view, each)
            click.echo()


def _print_reference(view: View, reference: Reference) -> None:
    from pathway_sim.cli import screen

    year = f" ({reference.year})" if reference.year and str(reference.year) not in reference.text else ""
    unread = f" [verified: {reference.verified}]" if reference.kind == "publication" else ""
    figures = f"figures: {', '.join(reference.figures)}" if reference.figures else ""
    texts = (f"{reference.text}{year}{unread}", reference.link, figures, f"used at: {', '.join(reference.places)}")
    for k, text in enumerate(filter(None, texts)):
        lines = textwrap.wrap(text, screen.width() - 4, break_long_words=False, break_on_hyphens=False)
        indented = (f"{'    ' if k or n else '  '}{line}" for n, line in enumerate(lines))
        click.echo("\n".join(screen.styled(view, line, dim=bool(k)) for line in indented))


COMMANDS = (explain,)
