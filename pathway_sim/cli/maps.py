"""The command that draws the pathway: map. It simulates nothing."""

from __future__ import annotations

from pathlib import Path

import click

from pathway_sim.cli.options import View, common, load_scenario, overrides


@click.command("map", epilog="\b\nExample:\n  pathway-sim map msc-dpn --arm rmat --out pathway.svg")
@click.argument("scenario")
@click.option("--arm", metavar="ARM", help="Which arm.  [default: the baseline]")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to write it (.svg, .png, .pdf, .mmd)."
)
@overrides
@common
@click.pass_obj
def map_(view: View, /, scenario: str, arm: str | None, out: Path | None, sets: tuple[str, ...]) -> None:
    """Draw the pathway of one arm of SCENARIO: its stages in their tracks, what each waits for, and where it ends.

    Without --out: print it as Mermaid text. With --format json: print nodes and edges; with csv: one row an edge.
    """
    from pathway_sim.cli.characters import visible
    from pathway_sim.cli.screen import write_json
    from pathway_sim.report import map as maps
    from pathway_sim.table import Table

    loaded = load_scenario(scenario, sets)
    name = loaded.baseline if arm is None else arm
    loaded.require_arm(name)
    drawn = maps.pathway_map(loaded.pathways[name])
    if view.format == "json":
        write_json(maps.as_json(drawn))
    elif view.format == "csv":
        click.echo(Table("", *maps.rows(drawn)).as_csv(), nl=False)
    elif out is None:
        click.echo(visible(maps.mermaid(drawn)), nl=False)
    else:
        maps.save(loaded, name, out)
        click.echo(str(out))


COMMANDS = (map_,)
