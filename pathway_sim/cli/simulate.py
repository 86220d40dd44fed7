"""Commands that simulate: run, compare, chart, demo."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pathway_sim.cli.options import CHARTS, View, common, running
from pathway_sim.errors import UsageError

if TYPE_CHECKING:
    from pathway_sim.analysis.results import Results
    from pathway_sim.scenario import Scenario

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


def outputs(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where results can go besides the screen."""
    options = (
        click.option("--charts", type=FOLDER, metavar="DIR", help="Also draw every chart, as SVG, into this folder."),
        click.option("--events", type=FILE, metavar="FILE", help="Also write the event log (.csv or .parquet)."),
        click.option("--save", type=FOLDER, metavar="DIR", help="Also save the run as a new folder: results, resolved scenario, manifest."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.command(epilog="\b\nExample:\n  pathway-sim run msc-dpn --arm rmat --replications 20000")
@click.argument("scenario")
@running
@outputs
@common
@click.pass_obj
def run(view: View, /, scenario: str, **given: Any) -> None:
    """Simulate every arm of SCENARIO and print when it arrives, with what chance, and where it fails."""
    _report(view, scenario, given, compare=False)


@click.command(epilog="\b\nExample:\n  pathway-sim compare msc-dpn --charts charts")
@click.argument("scenario")
@running
@outputs
@common
@click.pass_obj
def compare(view: View, /, scenario: str, **given: Any) -> None:
    """Simulate the arms of SCENARIO on the same random futures, and print what each changes."""
    _report(view, scenario, given, compare=True)


@click.command(epilog="\b\nExample:\n  pathway-sim chart msc-dpn --kind timeline --out timeline.png")
@click.argument("scenario")
@click.option("--kind", type=click.Choice(CHARTS), default=CHARTS[0], show_default=True, help="Which chart.")
@click.option("--out", type=FILE, metavar="FILE", help="Where to write it (.svg, .png, .pdf).  [default: KIND.svg]")
@running
@common
@click.pass_obj
def chart(view: View, /, scenario: str, kind: str, out: Path | None, **given: Any) -> None:
    """Simulate SCENARIO and draw one chart. With --format csv or json: print the numbers that it would draw."""
    from pathway_sim.report.charts import CHARTS as DRAWN

    results = _simulate(view, _load(scenario, given), given, compare=True, observe=None)
    if view.format != "table":
        _print_rows(view, DRAWN[kind].data(results).table())
        return
    path = out or Path(f"{kind}.svg")
    DRAWN[kind].save(results, path)
    click.echo(str(path))


@click.command(epilog="\b\nExample:\n  pathway-sim demo --charts demo")
@click.option("--charts", type=FOLDER, default=Path("pathway-sim-demo"), show_default=True, help="Where the charts go.")
@common
@click.pass_obj
def demo(view: View, charts: Path) -> None:
    """The worked case, small: compare msc-dpn with 10,000 replications, and draw both charts."""
    given = {"replications": 10_000, "charts": charts, "sets": ()}
    _report(view, "msc-dpn", given, compare=True)
    _hint(view, "next: pathway-sim init mine.yaml, edit it, and pathway-sim compare mine.yaml")


def _load(source: str, given: dict[str, Any]) -> Scenario:
    from pathway_sim.scenario import load

    return load(source, sets=given.pop("sets"))


def _report(view: View, source: str, given: dict[str, Any], *, compare: bool) -> None:
    """Run, write what was asked for, and print."""
    charts, events, save = (given.pop(name, None) for name in ("charts", "events", "save"))
    scenario = _load(source, given)
    if compare and len(scenario.pathways) < 2:
        raise UsageError(f"{scenario.name} has one arm, so there is nothing to compare; use run, or add arms")
    if save is not None:
        from pathway_sim.report import folder

        folder.require_free(save)
    if charts is not None:
        _make(charts)
    with ExitStack() as stack:
        observe = None
        if events is not None:
            from pathway_sim.report.events import log

            observe = stack.enter_context(log(events)).add
        results = _simulate(view, scenario, given, compare=compare, observe=observe)
    drawn = _draw(results, charts) if charts is not None else []
    if save is not None:
        folder.save(save, scenario, results)
    _print(view, results)
    for path in (*drawn, *(path for path in (events, save) if path is not None)):
        _hint(view, f"wrote {path}")


def _simulate(view: View, scenario: Scenario, given: dict[str, Any], *, compare: bool, observe: Any) -> Results:
    from pathway_sim.cli.screen import progress
    from pathway_sim.run import Settings, run

    arms = tuple(given.pop("arms", ()))
    settings = Settings(arms=arms, compare=compare, **{name: value for name, value in given.items() if value is not None})
    with progress(view, settings.replications, f"simulating {scenario.name}") as tick:
        return run(scenario, settings, observe=observe, progress=tick)


def _draw(results: Results, charts: Path) -> list[Path]:
    from pathway_sim.report.charts import CHARTS as DRAWN

    paths = []
    for name, kind in DRAWN.items():
        paths.append(charts / f"{name}.svg")
        kind.save(results, paths[-1])
    return paths


def _make(folder: Path) -> None:
    from pathway_sim.errors import StorageError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make the folder {folder}: {error.strerror}") from error


def _print(view: View, results: Results) -> None:
    """Print results in the format asked for."""
    if view.format == "json":
        from json import dumps

        from pathway_sim.analysis.as_json import to_json

        click.echo(dumps(to_json(results), indent=1, allow_nan=False))
        return
    from pathway_sim.analysis import tables

    if view.format == "csv":
        click.echo(tables.tidy(results).as_csv(), nl=False)
        return
    from pathway_sim.analysis.summary import all_notes
    from pathway_sim.cli.screen import paragraph, show

    paragraph(view, results.title, "bold")
    paragraph(view, tables.headline(results))
    paragraph(view, tables.provenance(results), "dim")
    show(view, tables.tables(results))
    for note in all_notes(results.arms, results.comparisons, results.notes):
        paragraph(view, f"Note: {note}", "dim")


def _print_rows(view: View, rows: Any) -> None:
    from pathway_sim.table import Table

    if view.format == "json":
        from json import dumps

        click.echo(dumps([dict(row) for row in rows], indent=1, allow_nan=False))
        return
    columns = tuple(rows[0]) if rows else ()
    click.echo(Table("", columns, tuple(tuple(row[name] for name in columns) for row in rows)).as_csv(), nl=False)


def _hint(view: View, text: str) -> None:
    from pathway_sim.cli.screen import say

    say(view, text)


COMMANDS = (demo, run, compare, chart)
