"""Commands about scenario files: list, check, show, init, schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pathway_sim.cli.options import View, common, overrides
from pathway_sim.errors import RequirementError, StorageError, UsageError

if TYPE_CHECKING:
    from pathway_sim.scenario import Scenario

CHECK_REPLICATIONS = 20_000


@click.command("list", epilog="\b\nExample:\n  pathway-sim list --format json")
@common
@click.pass_obj
def list_(view: View) -> None:
    """The shipped scenarios, with the question that each answers."""
    from pathway_sim import document
    from pathway_sim.scenario import SHIPPED

    found = []
    for name in SHIPPED.names():
        text = document.plain(document.read(SHIPPED.path(name), f"scenarios/{name}.yaml"))
        found.append({"name": name, "title": str(text.get("title", "")), "question": str(text.get("question", ""))})
    if view.format == "json":
        from json import dumps

        click.echo(dumps(found, indent=1))
        return
    _print_table(view, "Shipped scenarios", ("name", "question"), [(each["name"], each["question"] or each["title"]) for each in found], found)


@click.command(epilog="\b\nExample:\n  pathway-sim check mine.yaml")
@click.argument("scenario")
@overrides
@common
@click.pass_obj
def check(view: View, scenario: str, sets: tuple[str, ...]) -> None:
    """Say whether SCENARIO is valid, and set its figures beside the published ones.

    Figures named under `carved:` are simulated in the baseline arm and printed beside the published totals that they were
    carved from. Exit code 3: the file is not valid; 4: a figure lies outside what it must.
    """
    from pathway_sim.scenario import load

    loaded = load(scenario, sets=sets)
    rows = _checked(loaded)
    counts = f"{len(loaded.pathways)} arms, {len(next(iter(loaded.pathways.values())).steps)} steps, {len(loaded.cited)} figures of the evidence catalogue"
    if view.format == "table":
        click.echo(f"{loaded.name} is valid: {counts}.")
        click.echo(loaded.fingerprint)
        click.echo()
    _print_checks(view, f"Figures beside published ones ({loaded.baseline} arm, {CHECK_REPLICATIONS:,} replications)", rows)
    missed = [row[0] for row in rows if row[-1] != "ok"]
    if missed:
        raise RequirementError(f"outside what is accepted: {', '.join(missed)}")


def _print_checks(view: View, caption: str, rows: list[tuple[str, ...]]) -> None:
    """The figures; on a screen the sources stand below, so that the table fits."""
    columns = ("figure", "simulated", "accepted", "published", "source", "n", "result")
    if view.format != "table":
        _print_table(view, caption, columns, rows, [dict(zip(columns, row, strict=True)) for row in rows])
    elif rows:
        narrow = [(*row[:4], row[6]) for row in rows]
        _print_table(view, caption, (*columns[:4], columns[6]), narrow, [])
        click.echo("Published figures, by their ids in the evidence catalogue:")
        for row in rows:
            if row[4]:
                click.echo(f"  {row[0].partition(',')[0]}: {row[4]}")


def _checked(loaded: Scenario) -> list[tuple[str, ...]]:
    if not loaded.checks:
        return []
    from pathway_sim.analysis.checks import rows

    return rows(loaded, CHECK_REPLICATIONS)


@click.command(epilog="\b\nExample:\n  pathway-sim show msc-dpn --resolved --origins --arm rmat")
@click.argument("scenario")
@click.option("--resolved", is_flag=True, help="With `extends` and defaults written out: everything in one file.")
@click.option("--origins", is_flag=True, help="Behind each value, where it comes from.")
@click.option("--arm", metavar="ARM", help="With the changes of this arm laid over.")
@overrides
@common
@click.pass_obj
def show(view: View, scenario: str, resolved: bool, origins: bool, arm: str | None, sets: tuple[str, ...]) -> None:
    """Print SCENARIO as it is read: with overrides, and with every value's origin."""
    from pathway_sim import document
    from pathway_sim.scenario import load
    from pathway_sim.scenario.resolved import with_defaults
    from pathway_sim.units import suggest

    loaded = load(scenario, sets=sets)
    if arm is not None and arm not in loaded.documents:
        raise UsageError(f"there is no arm {arm!r}{suggest(arm, loaded.documents)}; arms are {', '.join(loaded.documents)}")
    node = loaded.documents[arm] if arm is not None else loaded.document
    node = with_defaults(node) if resolved else node
    if view.format == "json":
        from json import dumps

        click.echo(dumps(document.plain(node), indent=1, ensure_ascii=False))
        return
    click.echo(document.dump(node, origins), nl=False)


@click.command(epilog="\b\nExample:\n  pathway-sim init mine.yaml && pathway-sim compare mine.yaml")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--extends", default="msc-dpn", show_default=True, metavar="NAME", help="The shipped scenario to start from.")
@common
@click.pass_obj
def init(view: View, path: Path, extends: str) -> None:
    """Write a commented scenario file that runs at once, for you to edit."""
    from pathway_sim.cli.screen import say
    from pathway_sim.scenario import SHIPPED
    from pathway_sim.scenario.template import template
    from pathway_sim.units import suggest

    if extends not in SHIPPED.names():
        raise UsageError(f"there is no shipped scenario {extends!r}{suggest(extends, SHIPPED.names())}; see pathway-sim list")
    if path.suffix != ".yaml":
        raise UsageError(f"a scenario file ends in .yaml, not {path.name!r}")
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(template(path.stem, extends))
    except FileExistsError as error:
        raise StorageError(f"{path} exists already; name a new file") from error
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error
    click.echo(str(path))
    say(view, f"next: pathway-sim compare {path}")


@click.command(epilog="\b\nExample:\n  pathway-sim schema > scenario.schema.json")
@common
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors that complete and check while you write."""
    from json import dumps

    from pathway_sim.scenario.json_schema import json_schema

    click.echo(dumps(json_schema(), indent=1, ensure_ascii=False))


def _print_table(view: View, caption: str, columns: tuple[str, ...], rows: list[tuple[str, ...]], data: list[dict[str, str]]) -> None:
    from pathway_sim.table import Table

    if view.format == "json":
        from json import dumps

        click.echo(dumps(data, indent=1, ensure_ascii=False))
    elif view.format == "csv":
        click.echo(Table(caption, columns, tuple(rows)).as_csv(), nl=False)
    else:
        from pathway_sim.cli.screen import show as show_tables

        show_tables(view, [Table(caption, columns, tuple(rows))])


COMMANDS = (list_, check, show, init, schema)
