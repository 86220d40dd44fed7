"""Nodes as text that the door reads back to the same data."""

from __future__ import annotations

import re

from pathway_sim.document.nodes import Mapping, Node, Scalar, Sequence
from pathway_sim.document.scalars import resolve

# Text that needs no quotes here nor in any other reader: words, quantities such as 18 months, and dates.
_BARE = re.compile(r"(?:[A-Za-z]|[0-9]+(?:\.[0-9]+)? (?=[A-Za-z]))[A-Za-z0-9 _./()%+,;=-]*(?<! )|\d{4}-\d\d-\d\d")
_TRUTHS = re.compile(r"(?:y|n|yes|no|on|off|true|false|null)", re.IGNORECASE)
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def dump(node: Node, origins: bool = False) -> str:
    """The document as text.

    Parameters
    ----------
    node : Node
        Any part of a document.
    origins : bool
        Whether to write behind each value, as a comment, where it came from.

    Returns
    -------
    str
        Keys in the order of the node. Reading it gives the same plain data.
    """
    return "".join(f"{line}\n" for line in _lines(node, origins))


def _lines(node: Node, origins: bool) -> list[str]:
    if isinstance(node, Mapping) and node.entries:
        return [line for name, value in node.entries.items() for line in _entry(_text(name), value, origins)]
    if isinstance(node, Sequence) and node.items:
        return [line for item in node.items for line in _item(_lines(item, origins))]
    return [_single(node) + (f"  # {node.origin}" if origins else "")]


def _entry(name: str, value: Node, origins: bool) -> list[str]:
    lines = _lines(value, origins)
    if isinstance(value, Scalar) or not (value.entries if isinstance(value, Mapping) else value.items):
        return [f"{name}: {lines[0]}"]
    return [f"{name}:", *(f"  {line}" for line in lines)]


def _item(lines: list[str]) -> list[str]:
    return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]


def _single(node: Node) -> str:
    if not isinstance(node, Scalar):
        return "{}" if isinstance(node, Mapping) else "[]"
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    return _text(node.value) if isinstance(node.value, str) else repr(node.value)


def _text(text: str) -> str:
    bare = _BARE.fullmatch(text) and not _TRUTHS.fullmatch(text) and isinstance(resolve(text), str)
    return text if bare else f'"{text.translate(_ESCAPES)}"'
