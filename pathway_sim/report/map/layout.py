"""The map in inches: where boxes, lanes and lines stand. Nothing overlaps, and lines run between the boxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pathway_sim.report.map.boxes import ENTRY, Content, content, room_for
from pathway_sim.report.map.channels import NEAR, Piece, tracks
from pathway_sim.report.map.graph import Edge, PathwayMap
from pathway_sim.report.map.grid import Grid, grid
from pathway_sim.report.map.routes import Net, Route, net_of, routes

GAP, STEP = 0.08, 0.09  # inches beside lines in a gap or corridor, and between them
ARROW = 0.12  # inches that an arrowhead takes before a box
LANE = 0.12  # inches of a lane above its first box
WIDEST_GAP = 2.0
SHIFTS = tuple(k / 100 for k in range(-6, 7))  # inches by which arrowheads may move, to keep lines apart
Point = tuple[float, float]


@dataclass(frozen=True)
class Placed:
    """A box on the page: its sides, and the height of the middle of its title."""

    content: Content
    left: float
    right: float
    y: float

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.y + self.content.above

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y - self.content.below


@dataclass(frozen=True)
class Wire:
    """The line of an edge, from its source to its target."""

    edge: Edge
    points: tuple[Point, ...]

    @property
    def net(self) -> Net:
        """Edges of one net share their lines."""
        return net_of(self.edge)


@dataclass(frozen=True)
class Layout:
    """Everything that is drawn, in inches from the lower left corner of the drawing."""

    width: float
    height: float
    boxes: Mapping[str, Placed]
    wires: tuple[Wire, ...]
    lanes: tuple[tuple[str, float, float], ...]


def layout(drawn: PathwayMap, least: float = 0.0) -> Layout:
    """The places of everything in a map; gaps grow until the drawing is `least` inches wide, within reason."""
    return _Layouter(drawn, least).layout()


class _Layouter:
    """Heights first, since they do not depend on widths; then the lines in each gap; then widths."""

    def __init__(self, drawn: PathwayMap, least: float) -> None:
        self.drawn, self.least = drawn, least
        self.grid: Grid = grid(drawn)
        self.cells = self.grid.cells
        self.routes = routes(drawn.edges, self.grid)
        self.contents = self._contents()
        self.middle, self.corridor, self.lanes, self.height = self._heights()
        self.entry = self._entries()
        self.pieces = self._pieces()

    def layout(self) -> Layout:
        places = {gap: tracks(list(found.values())) for gap, found in self.pieces.items()}
        left, self.width = self._columns(places)
        self.line = {
            (gap, net): left[gap + 1] - ARROW - GAP - STEP * (max(places[gap]) - place)
            for gap, found in self.pieces.items()
            for net, place in zip(found, places[gap], strict=True)
        }
        self.boxes = {
            name: Placed(
                self.contents[name], left[cell.column], left[cell.column] + self._wide(cell.column), self.y(name)
            )
            for name, cell in self.cells.items()
        }
        wires = tuple(Wire(route.edge, _without_bends(self._points(route))) for route in self.routes)
        return Layout(self.width, self.height, self.boxes, wires, tuple(self.lanes))

    def y(self, name: str) -> float:
        """The height of the title of a node."""
        return self.middle[self.cells[name].row]

    # --- heights ------------------------------------------------------------------------------------------------------

    def _contents(self) -> dict[str, Content]:
        """What stands in each box; the boxes of a column are as wide as the widest of them."""
        edges = self.drawn.edges
        leaving = {node.id: [edge for edge in edges if edge.source == node.id] for node in self.drawn.nodes}
        rooms: dict[int, float] = {}
        for node in self.drawn.nodes:
            column = self.cells[node.id].column
            rooms[column] = max(rooms.get(column, 0.0), room_for(node, leaving[node.id]))
        return {
            node.id: content(node, leaving[node.id], self._entering(node.id), rooms[self.cells[node.id].column])
            for node in self.drawn.nodes
        }

    def _entering(self, name: str) -> int:
        return sum(route.edge.target == name and route.edge.kind != "effect" for route in self.routes)

    def _heights(self) -> tuple[dict[int, float], dict[int, float], list[tuple[str, float, float]], float]:
        """The middle of the titles and the first line of the corridor of each row, from the top at 0 downwards; then
        all moved up, so that the bottom is at 0.
        """
        y, row = 0.0, 0
        middle, corridor, lanes = {}, {}, []
        for track, rows in self.grid.rows.items():
            top = y
            for _ in range(rows):
                inside = [self.contents[name] for name, cell in self.cells.items() if cell.row == row]
                middle[row] = y - LANE - max(each.above for each in inside)
                corridor[row] = middle[row] - max(each.below for each in inside) - GAP
                used = [route.track for route in self.routes if route.way == "corridor" and route.row == row]
                y = corridor[row] - STEP * max(used, default=0) - (0.06 if used else 0.0)
                row += 1
            lanes.append((track, top, y))
        moved = [(track, top - y, bottom - y) for track, top, bottom in lanes]
        return {k: m - y for k, m in middle.items()}, {k: c - y for k, c in corridor.items()}, moved, -y

    def _exit(self, edge: Edge) -> float:
        return self.y(edge.source) + self.contents[edge.source].ports[edge.label]

    def _run(self, route: Route) -> float:
        """The height at which a route goes from column to column."""
        if route.way == "corridor":
            return self.corridor[route.row] - STEP * route.track
        return self.entry[route.edge] if route.way == "target row" else self._exit(route.edge)

    def _entries(self) -> dict[Edge, float]:
        """The heights at which edges arrive on the left of boxes: in the order of the heights that they come from."""
        heights: dict[Edge, float] = {}
        for name in self.cells:
            found = [r for r in self.routes if r.edge.target == name and r.edge.kind != "effect"]
            came = {r.edge: self._run(r) if r.way == "corridor" else self._exit(r.edge) for r in found}
            order = sorted(found, key=lambda route: (-came[route.edge], self.cells[route.edge.source].column))
            first = self.y(name) + self.contents[name].first_entry
            wanted = {r: first - ENTRY * (k + self.contents[name].node.begins) for k, r in enumerate(order)}
            others = [(wanted[route], other) for route in order for other in self._others(route)]
            room = {s: min([NEAR, *(abs(height + s - other) for height, other in others)]) for s in SHIFTS}
            shift = max(SHIFTS, key=lambda s: (round(room[s], 9), -abs(s)))
            heights.update({route.edge: height + shift for route, height in wanted.items()})
        return heights

    def _others(self, route: Route) -> Iterator[float]:
        """The heights at which other lines come to the gap on the left of the target: there, they could meet."""
        column = self.cells[route.edge.target].column - 1
        for other in self.routes:
            first, last = (self.cells[name].column for name in (other.edge.source, other.edge.target))
            passes = first == column or (other.way == "source row" and first < column < last)
            if passes and other.net != route.net:
                yield self._exit(other.edge)

    # --- gaps ---------------------------------------------------------------------------------------------------------

    def _pieces(self) -> dict[int, dict[Net, Piece]]:
        """The vertical lines in each gap, by net."""
        found: dict[int, dict[Net, Piece]] = {}
        for route in self.routes:
            source, target = (self.cells[name].column for name in (route.edge.source, route.edge.target))
            start, run = self._exit(route.edge), self._run(route)
            if route.edge.kind == "effect":
                side = "right" if target > source else "left"
                self._join(found, source, route.net, start, run, side)
                continue
            if route.way == "corridor" or route.way == "target row":
                self._join(found, source, route.net, start, run)
            if route.way != "target row":
                self._join(found, target - 1, route.net, run, self.entry[route.edge])
        return found

    @staticmethod
    def _join(
        found: dict[int, dict[Net, Piece]], gap: int, net: Net, left: float, right: float, side: str = "right"
    ) -> None:
        if abs(left - right) < 1e-9:
            return
        piece = found.setdefault(gap, {}).setdefault(net, Piece())
        piece.left.add(left)
        (piece.right if side == "right" else piece.left).add(right)

    def _wide(self, column: int) -> float:
        return max(self.contents[name].width for name, cell in self.cells.items() if cell.column == column)

    def _columns(self, places: Mapping[int, Sequence[int]]) -> tuple[list[float], float]:
        """The left sides of the columns, and of one more behind the last."""
        count = self.grid.columns
        gaps = [2 * GAP + ARROW + STEP * (max(places.get(k, ()), default=-1)) for k in range(count)]
        wide = [self._wide(column) for column in range(count)]
        gaps[-1] = gaps[-1] if count - 1 in places else 2 * GAP
        first = 2 * GAP
        spare = (self.least - first - sum(gaps) - sum(wide)) / max(count - 1, 1)
        gaps[:-1] = [gap + min(max(spare, 0.0), WIDEST_GAP) for gap in gaps[:-1]]
        left = [first]
        for k in range(count):
            left.append(left[-1] + wide[k] + gaps[k])
        return left, left[-1]

    # --- lines --------------------------------------------------------------------------------------------------------

    def _points(self, route: Route) -> list[Point]:
        edge, net = route.edge, route.net
        source, target = self.boxes[edge.source], self.boxes[edge.target]
        start, run = self._exit(edge), self._run(route)
        first = self.line.get((self.cells[edge.source].column, net), source.right)
        points = [(source.right, start), (first, start), (first, run)]
        if edge.kind == "effect":
            x = self._bottom(edge)
            return [*points, (x, run), (x, target.bottom)]
        last = self.line.get((self.cells[edge.target].column - 1, net), target.left)
        if route.way in ("direct", "source row"):
            points = points[:1]
        end = self.entry[edge]
        return [*points, (last, run), (last, end), (target.left, end)]

    def _bottom(self, edge: Edge) -> float:
        """Where an effect reaches the lower edge of a box."""
        box = self.boxes[edge.target]
        effects = [e for e in self.drawn.edges if e.target == edge.target and e.kind == "effect"]
        step = min(0.16, (box.right - box.left) / (len(effects) + 1))
        return (box.left + box.right) / 2 + step * (effects.index(edge) - (len(effects) - 1) / 2)


def _without_bends(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points of a line without those that lie between their neighbours, or on them."""
    kept: list[Point] = []
    for point in points:
        if kept and max(abs(point[0] - kept[-1][0]), abs(point[1] - kept[-1][1])) < 1e-9:
            continue
        while len(kept) > 1 and any(
            abs(kept[-2][k] - kept[-1][k]) + abs(kept[-1][k] - point[k]) < 1e-9 for k in (0, 1)
        ):
            kept.pop()
        kept.append(point)
    return tuple(kept)
