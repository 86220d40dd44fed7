"""Commands about scenario files: list, init, check, show, schema."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pathway_sim.cli.options import View, common, load_scenario, overrides
from pathway_sim.errors import RequirementError, StorageError, UsageError

if TYPE_CHECKING:
    from pathway_sim.scenario import Scenario

CHECK_REPLICATIONS = 20_000
Rows = Sequence[tuple[str, ...]]


@click.command("list", epilog="\b\nExample:\n  pathway-sim list --format json")
@common
@click.pass_obj
def list_(view: View, /) -> None:
    """The shipped scenarios, with the question that each answers."""
    from pathway_sim import document
    from pathway_sim.scenario.library import SHIPPED

    found = []
    for name in SHIPPED.names():
        text = document.plain(document.read(SHIPPED.path(name), f"scenarios/{name}.yaml"))
        found.append((name, str(text.get("title", "")), str(text.get("question", ""))))
    if view.format == "table":
        _print_table(
            view, "Shipped scenarios", ("name", "question"), [(name, ask or title) for name, title, ask in found]
        )
    else:
        _print_table(view, "", ("name", "title", "question"), found)


@click.command(epilog="\b\nExample:\n  pathway-sim init mine.yaml && pathway-sim compare mine.yaml")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--extends", default="msc-dpn", metavar="NAME", help="The shipped scenario to start from.  [default: msc-dpn]"
)
@common
@click.pass_obj
def init(view: View, /, path: Path, extends: str) -> None:
    """Write a commented scenario file that runs at once, for you to edit."""
    from pathway_sim.cli.screen import say
    from pathway_sim.scenario.library import SHIPPED
    from pathway_sim.scenario.template import template
    from pathway_sim.units import suggest

    if extends not in SHIPPED.names():
        hint = suggest(extends, SHIPPED.names()) or "; see pathway-sim list"
        raise UsageError(f"there is no shipped scenario {extends!r}{hint}")
    if path.suffix != ".yaml":
        raise UsageError(f"a scenario file ends in .yaml, not {path.name!r}")
    _write_new(path, template(path.stem, extends))
    click.echo(str(path))
    say(view, f"next: pathway-sim compare {shlex.quote(str(path))}")


def _write_new(path: Path, text: str) -> None:
    """Write a file that must not exist, wholly or not at all."""
    try:
        stream = path.open("x", encoding="utf-8", newline="\n")
    except FileExistsError as error:
        raise StorageError(f"{path} exists already; name a new file") from error
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error
    try:
        with stream:
            stream.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StorageError(f"cannot write {path}: {error.strerror}") from error


@click.command(epilog="\b\nExample:\n  pathway-sim check mine.yaml")
@click.argument("scenario")
@overrides
@common
@click.pass_obj
def check(view: View, /, scenario: str, sets: tuple[str, ...]) -> None:
    """Say whether SCENARIO is valid, and set its figures beside the published ones.

    Figures named under `carved:` are simulated in the baseline arm and printed beside the published totals that they
    were carved from. Exit code 3: the file is not valid; 4: a figure lies outside what it must.
    """
    loaded = load_scenario(scenario, sets)
    rows = _checked(loaded)
    if view.format == "table":
        steps = len(next(iter(loaded.pathways.values())).steps)
        arms = f"{len(loaded.pathways)} arm{'s' if len(loaded.pathways) > 1 else ''}"
        click.echo(
            f"{loaded.name} is valid: {arms}, {steps} steps, {len(loaded.cited)} figures of the evidence catalogue."
        )
        click.echo(loaded.fingerprint)
        _print_extrapolated(view, loaded)
        _print_checks(view, loaded, rows)
    else:
        _print_table(view, "", ("figure", "simulated", "accepted", "published", "source", "n", "result"), rows)
    if missed := [row[0] for row in rows if row[-1] == "OUTSIDE"]:
        raise RequirementError(f"outside what is accepted: {'; '.join(missed)}")


def _print_extrapolated(view: View, loaded: Scenario) -> None:
    """Say which rules of agencies are taken to go on after the end that their source sets, or to hold before."""
    from pathway_sim.cli import screen

    for found, what in ((loaded.extrapolated(), "go on after"), (loaded.backdated(), "hold before")):
        if found:
            days = ", ".join(sorted({day.isoformat() for day in found.values()}))
            are = "rule of an agency is" if len(found) == 1 else "rules of agencies are"
            screen.paragraph(view, f"{len(found)} {are} taken to {what} {days}: {', '.join(found)}.")


def _print_checks(view: View, loaded: Scenario, rows: Rows) -> None:
    """The figures; what they are and their sources stand below, so that the table fits the screen."""
    from pathway_sim.analysis.wording import words

    if not rows:
        return
    caption = f"Figures beside published ones ({loaded.baseline} arm, {CHECK_REPLICATIONS:,} replications)"
    note = (
        "A time is of those that reach both ends; a share is of those that reach its condition, else of all that start."
    )
    names = [words(row[0].rpartition(", ")[0].replace(" ", "_")) for row in rows]
    narrow = [(name, row[1], _joined(row[2]), row[3], row[6]) for name, row in zip(names, rows, strict=True)]
    click.echo()
    _print_table(view, caption, ("figure", "simulated", "accepted", "published", "result"), narrow, note)
    click.echo("What was computed, and the published figure in the evidence catalogue:")
    for name, row in zip(names, rows, strict=True):
        what = row[0].rpartition(", ")[2].replace("sd_log", "standard deviation of logarithms")
        click.echo(f"  {name}: {', '.join(text for text in (what, row[4]) if text)}")


def _joined(accepted: str) -> str:
    """``25.0 mo to 30.0 mo`` as ``25.0–30.0 mo``."""
    low, _, high = accepted.partition(" to ")
    number, blank, unit = low.partition(" ")
    return f"{number}–{high}" if high.endswith(f"{blank}{unit}") else accepted


def _checked(loaded: Scenario) -> Rows:
    if not loaded.checks:
        return []
    from pathway_sim.analysis.checks import rows

    return rows(loaded, CHECK_REPLICATIONS)


@click.command(epilog="\b\nExample:\n  pathway-sim show msc-dpn --resolved --origins --arm rmat")
@click.argument("scenario")
@click.option("--resolved", is_flag=True, help="With `extends` and defaults written out: everything in one file.")
@click.option("--origins", is_flag=True, help="Behind each value, where it comes from.")
@click.option("--arm", metavar="ARM", help="With the changes of this arm laid over.")
@click.option("--references", is_flag=True, help="Only what its numbers rest on.")
@overrides
@common
@click.pass_obj
def show(
    view: View,
    /,
    scenario: str,
    resolved: bool,
    origins: bool,
    arm: str | None,
    references: bool,
    sets: tuple[str, ...],
) -> None:
    """Print SCENARIO as it is read, with `extends` and overrides.

    With --format csv (or json and --origins): one row a value. With --references: one entry a source.
    """
    from pathway_sim import document
    from pathway_sim.cli.characters import visible
    from pathway_sim.cli.screen import write_json
    from pathway_sim.scenario import resolved as of

    loaded = load_scenario(scenario, sets)
    if references:
        from pathway_sim.cli.explain import print_references

        print_references(view, loaded)
        return
    if arm is not None:
        loaded.require_arm(arm)
    node = of.settled(loaded) if arm is None else of.of_arm(loaded, arm)
    node = of.with_defaults(node) if resolved else node
    if view.format == "csv" or (view.format == "json" and origins):
        columns = ("path", "value", "origin")[: 3 if origins else 2]
        _print_table(view, "", columns, [row[: len(columns)] for row in of.values(node)])
    elif view.format == "json":
        write_json(document.plain(node))
    else:
        click.echo(visible(document.dump(node, origins)), nl=False)


@click.command(epilog="\b\nExample:\n  pathway-sim schema > scenario.schema.json")
@common
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors that complete and check while you write."""
    from pathway_sim.cli.screen import write_json
    from pathway_sim.scenario.json_schema import json_schema

    write_json(json_schema())


def _print_table(view: View, caption: str, columns: tuple[str, ...], rows: Rows, note: str = "") -> None:
    """A table of text in the format asked for."""
    from pathway_sim.cli import screen
    from pathway_sim.table import Table

    table = Table(caption, columns, tuple(rows), note)
    if view.format == "json":
        screen.write_json(table.records())
    elif view.format == "csv":
        click.echo(table.as_csv(), nl=False)
    else:
        screen.show(view, [table])


COMMANDS = (list_, init, check, show, schema)
