"""Commands that simulate: demo, run, compare, chart."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pathway_sim.cli import lint
from pathway_sim.cli.options import CHARTS, FARTHEST, View, common, load_scenario, running
from pathway_sim.errors import StorageError, UsageError

if TYPE_CHECKING:
    from pathway_sim.analysis.results import Results
    from pathway_sim.report.artist import Artist
    from pathway_sim.run import Settings
    from pathway_sim.scenario import Scenario

FOLDER = click.Path(path_type=Path)
FILE = click.Path(path_type=Path)


def outputs(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where results can go besides the screen."""
    save = "Also save the run as a new folder: results, the resolved scenario, manifest."
    options = (
        click.option("--charts", type=FOLDER, metavar="DIR", help="Also draw every chart, as SVG, into this folder."),
        click.option("--events", type=FILE, metavar="FILE", help="Also write the event log (.csv or .parquet)."),
        click.option("--save", type=FOLDER, metavar="DIR", help=save),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.command(epilog="\b\nExample:\n  pathway-sim demo --charts demo")
@click.option("--charts", type=FOLDER, default=Path("pathway-sim-demo"), show_default=True, help="Where the charts go.")
@common
@click.pass_obj
def demo(view: View, /, charts: Path) -> None:
    """The worked case, small: compare msc-dpn with 10,000 replications, and draw its charts."""
    given = {"replications": 10_000, "charts": charts, "sets": ()}
    _report(view, "msc-dpn", given, compare=True)
    _hint(view, "next: pathway-sim init mine.yaml, edit it, and pathway-sim compare mine.yaml")


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

    loaded = load_scenario(scenario, given.pop("sets"))
    results = _simulate(view, loaded, _settings(given, compare=True))
    if view.format != "table":
        _print_rows(view, DRAWN[kind].data(results).table())
        return
    path = out or Path(f"{kind}.svg")
    DRAWN[kind].save(results, path)
    click.echo(str(path))


def _report(view: View, source: str, given: dict[str, Any], *, compare: bool) -> None:
    """Run, write what was asked for, and print."""
    charts, events, save = (given.pop(name, None) for name in ("charts", "events", "save"))
    with _ready(charts), _artist(charts) as artist:  # at once, so that it is ready when the futures are
        scenario = load_scenario(source, given.pop("sets"))
        settings = _settings(given, compare=compare)
        if compare:
            _require_two_arms(scenario, settings)
        if save is not None:
            from pathway_sim.report import folder

            folder.require_free(save)
        results = _simulate(view, scenario, settings, events)
        if artist is not None and charts is not None:
            artist.draw(results, charts)
        if save is not None:
            folder.save(save, scenario, results)
            view.written.append(save)
        _print(view, results)
        lint.hint(view, source, scenario)  # while the charts are drawn
        view.written += artist.written() if artist is not None else []
    for path in view.written:
        _hint(view, f"wrote {path}")


def _settings(given: dict[str, Any], *, compare: bool) -> Settings:
    from pathway_sim.run import Settings

    if not 0 <= given.get("first", 0) <= FARTHEST:
        raise UsageError(f"the number of the first replication must lie between 0 and {FARTHEST:,}")
    arms = tuple(given.pop("arms", ()))
    return Settings(arms=arms, compare=compare, **{name: value for name, value in given.items() if value is not None})


def _require_two_arms(scenario: Scenario, settings: Settings) -> None:
    """Refuse to compare an arm with itself."""
    arms = list(scenario.pathways)
    if len(arms) < 2:
        raise UsageError(f"{scenario.name} has one arm, so there is nothing to compare; use run, or add arms")
    if settings.arms and {*settings.arms, settings.baseline or scenario.baseline} == {settings.arms[0]}:
        raise UsageError(f"{settings.arms[0]} is the baseline; name another arm with --arm; arms are {', '.join(arms)}")


def _simulate(view: View, scenario: Scenario, settings: Settings, events: Path | None = None) -> Results:
    """The results; the event log is complete, or not there, when they are."""
    from pathway_sim.cli.screen import progress
    from pathway_sim.run import run

    with contextlib.ExitStack() as stack:
        tick = stack.enter_context(progress(view, settings.replications, f"simulating {scenario.name}"))
        observe = None
        if events is not None:
            from pathway_sim.report.events import log

            observe = stack.enter_context(log(events)).add
        results = run(scenario, settings, observe=observe, progress=tick)
    if events is not None:
        view.written.append(events)
    return results


@contextmanager
def _artist(folder: Path | None) -> Iterator[Artist | None]:
    """Who draws, if there is a folder to draw into."""
    if folder is None:
        yield None
        return
    from pathway_sim.report.artist import Artist

    with Artist() as artist:
        yield artist


@contextmanager
def _ready(folder: Path | None) -> Iterator[None]:
    """Make a folder before the work starts; folders that were made are taken away again if nothing came into them."""
    missing = [] if folder is None else [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        if folder is not None:
            _make(folder)
        yield
    finally:
        with contextlib.suppress(OSError):
            for each in missing:
                each.rmdir()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise StorageError(f"cannot make the folder {folder}: there is a file of this name") from error
    except OSError as error:
        raise StorageError(f"cannot make the folder {folder}: {error.strerror}") from error


def _print(view: View, results: Results) -> None:
    """Print results in the format asked for."""
    from pathway_sim.cli import screen

    if view.format == "json":
        from pathway_sim.analysis.as_json import to_json

        screen.write_json(to_json(results))
        return
    from pathway_sim.analysis import sentences, tables

    if view.format == "csv":
        click.echo(tables.tidy(results).as_csv(), nl=False)
        return
    screen.paragraph(view, results.title, bold=True)
    screen.paragraph(view, sentences.headline(results))
    screen.paragraph(view, sentences.inputs(results))
    screen.show(view, tables.tables(results))
    for note in sentences.notes(results):
        screen.paragraph(view, f"Note: {note}", dim=True)
    screen.paragraph(view, sentences.provenance(results), dim=True)


def _print_rows(view: View, rows: Any) -> None:
    from pathway_sim.cli.screen import write_json
    from pathway_sim.table import Table

    if view.format == "json":
        write_json([dict(row) for row in rows])
        return
    columns = tuple(rows[0]) if rows else ()
    click.echo(Table("", columns, tuple(tuple(row[name] for name in columns) for row in rows)).as_csv(), nl=False)


def _hint(view: View, text: str) -> None:
    from pathway_sim.cli.screen import say

    say(view, text)


COMMANDS = (demo, run, compare, chart)
