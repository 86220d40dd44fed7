"""From text to nodes. The only place that knows YAML; the parser is used for its events and nothing else.

Nodes are built from the events as they come, so a limit stops the parser before it has done more work. Anchors,
aliases, tags and several documents never get as far as a node.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import yaml

from pathway_sim.document.complaints import DIRECTIVE, SECOND, TAB, explain, stray_tab
from pathway_sim.document.nodes import Mapping, Node, Origin, Scalar, Sequence
from pathway_sim.document.scalars import (
    EMPTY,
    FORBIDDEN,
    MAX_DEPTH,
    MAX_KEY,
    MAX_TEXT,
    bad_characters,
    position,
    resolve,
    shorten,
)
from pathway_sim.errors import Problem

MAX_EVENTS = 20_000
MAX_PROBLEMS = 100
Place: TypeAlias = Callable[[int, int], Origin]  # from line and column, counted from 0

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DIRECTIVE = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?[\r\n])*(?=%)")
_WORD = re.compile(r"[a-zA-Z][a-zA-Z0-9_.-]{0,63}")  # nearly every key; the other checks are for the rest
_NOT_WORDS = {"true", "false", "null", "Null", "NULL"}
_QUOTED = {"'", '"', "|", ">"}


class _StopError(Exception):
    """Reading on would serve no one; the problem is already noted."""


class _Key(NamedTuple):
    """A key that waits for its value; the value is dropped unless the key is good."""

    name: str
    origin: Origin
    good: bool


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    origin: Origin
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Origin] = field(default_factory=dict)
    key: _Key | None = None

    def close(self) -> Node:
        if self.is_mapping:
            return Mapping(self.entries, self.keys, self.origin)
        return Sequence(tuple(self.items), self.origin)


def parse(text: str, place: Place, *, flow_only: bool = False) -> tuple[Node | None, list[Problem]]:
    """The one document in a text, and everything that is wrong with it.

    Parameters
    ----------
    text : str
        Without a byte-order mark; its characters need not have been checked.
    place : callable
        The origin of a line and column, both counted from 0.
    flow_only : bool
        Whether lists and mappings must be written in brackets.

    Returns
    -------
    tuple of Node or None, and list of Problem
        The node means something only if there are no problems. None if the text is empty.
    """
    builder = _Builder(place, flow_only)
    try:
        directive = _DIRECTIVE.match(text)
        if directive:
            builder.stop(*_place(text, directive.end()), DIRECTIVE)
        for count, event in enumerate(yaml.parse(text, Loader=_LOADER)):
            if count >= MAX_EVENTS:
                builder.stop(*_mark(event), "the file holds too many values; split it")
            builder.take(event)
        tab = stray_tab(text, builder.quoted) if "\t" in text else None
        if tab is not None:
            builder.stop(*_place(text, tab), TAB)
    except _StopError:
        pass
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        line, column, message = explain(error, text, builder.last)
        builder.problems.append(place(line, column).problem(builder.path(), message))
    return builder.root, builder.problems


def characters(text: str, place: Place) -> list[Problem]:
    """The characters of a text that may not stand in a document."""
    return [place(*_place(text, index)).problem("", message) for index, message in bad_characters(text)]


def _mark(event: yaml.Event) -> tuple[int, int]:
    mark: Any = event.start_mark
    return mark.line, mark.column


def _span(event: yaml.Event) -> tuple[int, int]:
    start: Any = event.start_mark
    end: Any = event.end_mark
    return start.index, end.index


def _place(text: str, index: int) -> tuple[int, int]:
    line, column = position(text, index)
    return line - 1, column - 1


class _Builder:
    """Nodes from events, one at a time, with a note of all that is wrong."""

    def __init__(self, place: Place, flow_only: bool) -> None:
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self.last = (0, 0)
        self.quoted: list[tuple[int, int]] = []
        self._place, self._flow_only = place, flow_only
        self._stack: list[_Open] = []
        self._documents = 0

    def path(self) -> str:
        """The dotted path of what is being read."""
        parts = []
        for level in self._stack:
            if not level.is_mapping:
                parts.append(str(len(level.items)))
            elif level.key is not None and level.key.good:
                parts.append(level.key.name)
        return ".".join(parts)

    def stop(self, line: int, column: int, message: str) -> None:
        """Note a problem and read no further."""
        self.complain(self._place(line, column), message)
        raise _StopError

    def complain(self, origin: Origin, message: str) -> None:
        """Note a problem, unless there are so many that the list helps no one."""
        self.problems.append(origin.problem(self.path(), message))
        if len(self.problems) >= MAX_PROBLEMS:
            self.problems.append(origin.problem("", "there are more problems; mend these first"))
            raise _StopError

    def take(self, event: yaml.Event) -> None:
        """Read one event."""
        self.last = _mark(event)
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._put(self._stack.pop().close())
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self.stop(*self.last, SECOND)
            if self._flow_only and event.explicit:
                self.stop(*self.last, "put the text in quotes")

    def _properties(self, event: yaml.NodeEvent, tag: str | None, origin: Origin) -> None:
        if event.anchor is not None:
            self.complain(origin, f'"&{shorten(event.anchor)}" is not read; remove it, or put text in quotes')
        if tag is not None:
            self.complain(origin, 'a tag such as "!!int" is not read; remove it, or put text in quotes')

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        origin = self._place(*self.last)
        if event.anchor is not None or event.tag is not None:
            self._properties(event, event.tag, origin)
        level = self._stack[-1] if self._stack else None
        if level is not None and level.is_mapping and level.key is None:
            level.key = self._key(event, origin, level)
        else:
            self._put(Scalar(self._value(event, origin), origin))

    def _value(self, event: yaml.ScalarEvent, origin: Origin) -> str | int | float | bool:
        text: str = event.value
        if event.style in _QUOTED:
            self.quoted.append(_span(event))
        if len(text) > MAX_TEXT:
            self.complain(origin, f"this text has {len(text):,} characters; at most {MAX_TEXT:,} are read")
        elif event.style == '"' and FORBIDDEN.search(text):
            self.complain(origin, bad_characters(text)[0][1])
        elif event.style not in _QUOTED:
            if not text and not self._stack and not self._flow_only:
                self.complain(origin, EMPTY)
                return text
            try:
                return resolve(text)
            except ValueError as error:
                self.complain(origin, str(error))
        return text

    def _key(self, event: yaml.ScalarEvent, origin: Origin, level: _Open) -> _Key:
        name: str = event.value
        message = _key_complaint(name, event.style in _QUOTED)
        if event.style in _QUOTED:
            self.quoted.append(_span(event))
        if message is None and name in level.keys:
            line = level.keys[name].line
            first = f"; the first is on line {line}" if line else ""
            message = f'"{shorten(name)}" is given twice{first}, keep one of them'
        if message is not None:
            self.complain(origin, message)
            return _Key("", origin, False)
        level.keys[name] = origin
        return _Key(name, origin, True)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        origin = self._place(*self.last)
        if event.anchor is not None or event.tag is not None:
            self._properties(event, event.tag, origin)
        if len(self._stack) >= MAX_DEPTH:
            self.complain(
                origin, f"lists and mappings stand inside each other more than {MAX_DEPTH} deep; flatten them"
            )
            raise _StopError
        if self._flow_only and not event.flow_style:
            self.complain(origin, "put the text in quotes, or write a list as [a, b] and a mapping as {key: value}")
            raise _StopError
        self._stack.append(_Open(origin, isinstance(event, yaml.MappingStartEvent)))

    def _alias(self, event: yaml.AliasEvent) -> None:
        origin = self._place(*self.last)
        self.complain(
            origin, f'"*{shorten(event.anchor or "")}" is not read; write the value out, or put text in quotes'
        )
        if self._stack and self._stack[-1].is_mapping and self._stack[-1].key is None:
            self._stack[-1].key = _Key("", origin, False)
        else:
            self._put(Scalar("", origin))

    def _put(self, node: Node) -> None:
        if not self._stack:
            self.root = node
            return
        level = self._stack[-1]
        if not level.is_mapping:
            level.items.append(node)
        elif level.key is None:
            self.complain(node.origin, "a key must be a word or a text, not a list or a mapping")
            level.key = _Key("", node.origin, False)
        else:
            if level.key.good:
                level.entries[level.key.name] = node
            level.key = None


def _key_complaint(name: str, quoted: bool) -> str | None:
    """What is wrong with a key, if anything."""
    if _WORD.fullmatch(name) and name not in _NOT_WORDS:
        return None
    if len(name) > MAX_KEY:
        return f"this key has {len(name):,} characters; at most {MAX_KEY} are read"
    if not name:
        return 'a key is missing before the ":"'
    if name == "<<":
        return 'the key "<<" is not read; write the values out, or use `extends`'
    if name != shorten(name, MAX_KEY):
        return "a key stands on one line, without tabs or control characters"
    try:
        text = quoted or isinstance(resolve(name), str)
    except ValueError:
        text = False
    return None if text else f'a key must be text; put "{shorten(name)}" in quotes or rename it'
