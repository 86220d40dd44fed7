"""Where each node of a map stands: its column, and its row within the lane of its track. No inches yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pathway_sim.report.map.graph import Edge, PathwayMap


@dataclass(frozen=True)
class Cell:
    """A place: a column, and a row counted from the top over all lanes."""

    column: int
    row: int


@dataclass(frozen=True)
class Grid:
    """The places of all nodes, and how many rows the lane of each track has."""

    cells: Mapping[str, Cell]
    rows: Mapping[str, int]

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return max((cell.column for cell in self.cells.values()), default=-1) + 1

    @property
    def taken(self) -> frozenset[tuple[int, int]]:
        """Columns and rows in which a node stands."""
        return frozenset((cell.column, cell.row) for cell in self.cells.values())


def grid(drawn: PathwayMap) -> Grid:
    """Lanes from top to bottom, columns from left to right: a node stands right of all that it waits for."""
    column = columns(drawn)
    inner: dict[str, int] = {}
    taken: dict[str, set[tuple[int, int]]] = {track: set() for track in drawn.tracks}
    for node in sorted(drawn.nodes, key=lambda node: column[node.id]):
        used = taken[node.track]
        row = _wished(node.id, node.track, drawn, inner)
        free = (k for k in (row, *range(len(used) + 1)) if (column[node.id], k) not in used)
        inner[node.id] = next(free)
        used.add((column[node.id], inner[node.id]))
    rows = {track: 1 + max(row for _, row in used) for track, used in taken.items()}
    first = {track: sum(list(rows.values())[:k]) for k, track in enumerate(rows)}
    return Grid({node.id: Cell(column[node.id], first[node.track] + inner[node.id]) for node in drawn.nodes}, rows)


def columns(drawn: PathwayMap) -> dict[str, int]:
    """The longest way to each node. What an effect comes from stands no farther right than what it acts on, unless it
    waits for a part of that stage itself.
    """
    before: dict[str, list[tuple[str, int]]] = {node.id: [] for node in drawn.nodes}
    for edge in drawn.edges:
        if edge.kind != "effect":
            before[edge.target].append((edge.source, 1))
    for edge in drawn.edges:
        if edge.kind == "effect" and not leads_back(edge, before):
            before[edge.target].append((edge.source, 0))
    found: dict[str, int] = {}
    while len(found) < len(before):
        for name, sources in before.items():
            if name not in found and all(source in found for source, _ in sources):
                found[name] = max((found[source] + step for source, step in sources), default=0)
    return found


def leads_back(edge: Edge, before: Mapping[str, list[tuple[str, int]]]) -> bool:
    """Whether the source of an edge comes after its target, directly or not, or is the same node."""
    waiting, seen = [edge.source], {edge.source}
    while waiting:
        new = {source for source, _ in before[waiting.pop()]} - seen
        seen |= new
        waiting += sorted(new)
    return edge.target in seen


def _wished(name: str, track: str, drawn: PathwayMap, inner: Mapping[str, int]) -> int:
    """The row of what the node waits for in its own track, so that a chain runs straight."""
    track_of = {node.id: node.track for node in drawn.nodes}
    sources = [e.source for e in drawn.edges if e.target == name and e.kind == "after" and track_of[e.source] == track]
    return min((inner[source] for source in sources), default=0)
