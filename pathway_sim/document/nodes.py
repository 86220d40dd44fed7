"""What a document is made of: values that know where they came from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, TypeAlias

from pathway_sim.document.scalars import visible
from pathway_sim.errors import Problem


class Origin(NamedTuple):
    """Where a value came from.

    Attributes
    ----------
    file : str
        The file as the user named it; the whole override (``--set stages.x=1``) for source "set"; ``default``.
    line, column : int
        From 1; 0 when the place has no line.
    source : {"file", "set", "default"}
        What kind of place it is.
    """

    file: str
    line: int
    column: int
    source: Literal["file", "set", "default"]

    def __str__(self) -> str:
        return visible(f"{self.file}:{self.line}:{self.column}" if self.line else self.file)

    def problem(self, path: str, message: str) -> Problem:
        """A problem at this place."""
        return Problem(self.file, self.line, self.column, path, message)


DEFAULT = Origin("default", 0, 0, "default")


class Scalar(NamedTuple):
    """A single value."""

    value: str | int | float | bool
    origin: Origin


class Sequence(NamedTuple):
    """A list."""

    items: tuple[Node, ...]
    origin: Origin


class Mapping(NamedTuple):
    """Keys and their values, in the order written.

    Attributes
    ----------
    entries : dict
        The value of each key.
    keys : dict
        The origin of each key itself; the value may stand elsewhere.
    origin : Origin
        Where the mapping begins.
    """

    entries: dict[str, Node]
    keys: dict[str, Origin]
    origin: Origin


Node: TypeAlias = Scalar | Sequence | Mapping


def plain(node: Node) -> Any:
    """The same data as dicts, lists and single values, without origins."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {name: plain(value) for name, value in node.entries.items()}


def find(node: Node, path: Iterable[str | int]) -> Node | None:
    """The node at a path of keys and list indexes (from 0), or None."""
    current: Node | None = node
    for element in path:
        current = None if current is None else _child(current, element)
    return current


def locate(node: Node, loc: Iterable[str | int], *, key: bool = False) -> tuple[Origin, str]:
    """The place that an error location means.

    Parameters
    ----------
    node : Node
        The whole document.
    loc : iterable of str or int
        Keys and indexes from the top down. Elements that are neither a key nor an index of the node reached so far
        (names of the alternatives that were tried) are passed over.
    key : bool
        Give the origin of the last key rather than that of its value.

    Returns
    -------
    tuple of Origin and str
        The deepest origin reached, and the dotted path of what was reached.
    """
    elements = tuple(loc)
    origin, path = node.origin, []
    for index, element in enumerate(elements):
        child = _child(node, element)
        if child is None or _is_label(node, child, elements[index + 1 :]):
            continue
        origin = node.keys[str(element)] if key and isinstance(node, Mapping) else child.origin
        path.append(str(element))
        node = child
    return origin, ".".join(path)


def _is_label(node: Node, child: Node, rest: tuple[str | int, ...]) -> bool:
    """Whether an element only looks like a key: it leads to a single value, and a later one is a key here too."""
    return isinstance(child, Scalar) and any(_child(node, element) is not None for element in rest)


def _child(node: Node, element: str | int) -> Node | None:
    if isinstance(node, Mapping):
        return node.entries.get(element) if isinstance(element, str) else None
    if isinstance(node, Sequence) and isinstance(element, int) and 0 <= element < len(node.items):
        return node.items[element]
    return None
