"""Which way each edge takes: along a free row, or along a corridor under a row; never through a box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pathway_sim.report.map.channels import intervals
from pathway_sim.report.map.graph import Edge
from pathway_sim.report.map.grid import Cell, Grid

Net = tuple[str, str, str]
"""Source, fact and kind: edges with all three in common share their lines."""
Way = Literal["direct", "source row", "target row", "corridor"]


@dataclass(frozen=True)
class Route:
    """The way of an edge; `row` is the row whose corridor, below it, is taken, and `track` the line in there."""

    edge: Edge
    way: Way
    row: int = 0
    track: int = 0

    @property
    def net(self) -> Net:
        """The lines that the edge shares."""
        return net_of(self.edge)


def net_of(edge: Edge) -> Net:
    """The net of an edge."""
    return edge.source, edge.label, edge.kind


def routes(edges: Sequence[Edge], grid: Grid) -> list[Route]:
    """The ways of all edges between different nodes."""
    found = _ways([edge for edge in edges if edge.source != edge.target], grid)
    used: dict[tuple[int, Net], list[float]] = {}
    for route in found:
        if route.way == "corridor":
            used.setdefault((route.row, route.net), []).extend(_ends(route.edge, grid.cells))
    spans = {key: (min(ends), max(ends)) for key, ends in used.items()}
    track: dict[tuple[int, Net], int] = {}
    for row in sorted({row for row, _ in spans}):
        keys = sorted((key for key in spans if key[0] == row), key=lambda key: (key[1][2] != "effect", spans[key], key))
        track.update(zip(keys, intervals([spans[key] for key in keys]), strict=True))
    return [Route(r.edge, r.way, r.row, track.get((r.row, r.net), 0) if r.way == "corridor" else 0) for r in found]


def _ends(edge: Edge, cells: Mapping[str, Cell]) -> tuple[float, float]:
    """Where an edge enters and leaves its corridor: gap k lies right of column k."""
    source, target = cells[edge.source].column, cells[edge.target].column
    return (float(source), target - 0.5) if edge.kind == "effect" else (float(source), target - 1.0)


def _ways(edges: Sequence[Edge], grid: Grid) -> list[Route]:
    """Short edges first, so that they get the straight ways."""
    cells = grid.cells
    owner: dict[tuple[int, int], tuple[str, str]] = dict.fromkeys(grid.taken, ("box", ""))
    corridors: dict[Net, set[int]] = {}
    found: dict[Edge, Route] = {}
    for edge in sorted(edges, key=lambda edge: cells[edge.target].column - cells[edge.source].column):
        source, target = cells[edge.source], cells[edge.target]
        if edge.kind == "effect":
            route = Route(edge, "corridor", target.row)
        elif target.column == source.column + 1:
            route = Route(edge, "direct")
        else:
            route = _long(edge, source, target, owner, corridors.get(net_of(edge), set()))
        if route.way == "corridor":
            corridors.setdefault(net_of(edge), set()).add(route.row)
        found[edge] = route
    return [found[edge] for edge in edges]


def _long(
    edge: Edge, source: Cell, target: Cell, owner: dict[tuple[int, int], tuple[str, str]], known: set[int]
) -> Route:
    """The way of an edge over several columns: straight from its source, straight to its target, or a corridor."""
    straight: tuple[tuple[Way, int, int, tuple[str, str]], ...] = (
        ("source row", source.row, source.column + 1, ("from", edge.source)),
        ("target row", target.row, source.column, ("to", edge.target)),  # beside the source, nothing may leave a box
    )
    for way, row, first, claim in straight:
        between = [(column, row) for column in range(first, target.column)]
        if all(owner.get(place, claim) == claim for place in between):
            owner.update(dict.fromkeys(between, claim))
            return Route(edge, way)
    low, high = sorted((source.row, target.row))
    rows = range(max(low - 1, 0), high + 1)
    costs = {row: abs(source.row - row - 0.5) + abs(target.row - row - 0.5) - 0.6 * (row in known) for row in rows}
    return Route(edge, "corridor", min(rows, key=lambda row: (costs[row], -row)))
