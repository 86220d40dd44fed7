"""Files that build on other files."""

from __future__ import annotations

import os
import posixpath
import sys
from pathlib import Path
from typing import NamedTuple, Protocol

from pathway_sim.document.files import MAX_BYTES, read
from pathway_sim.document.nodes import Mapping, Node, Scalar
from pathway_sim.document.overrides import overlay
from pathway_sim.document.scalars import shorten, visible
from pathway_sim.errors import ScenarioError, StorageError
from pathway_sim.units import suggest

MAX_EXTENDS = 8


class Library(Protocol):
    """The scenarios that are shipped, by name."""

    def names(self) -> list[str]:
        """Every name."""

    def path(self, name: str) -> Path:
        """The file of a name that `names` gave."""


class _Base(NamedTuple):
    path: Path  # after links
    name: str


def load(source: Path | str | bytes, name: str, library: Library) -> tuple[Mapping, list[str]]:
    """A scenario laid over all that it extends.

    Parameters
    ----------
    source : Path, str or bytes
        The file; ``-`` for standard input; or what the file holds, which may extend only shipped scenarios.
    name : str
        What to call the file in messages.
    library : Library
        The shipped scenarios.

    Returns
    -------
    tuple of Mapping and list of str
        The document without ``extends``, and the names of the files it was read from, the given one first.

    Raises
    ------
    StorageError
        If the given file cannot be read.
    ScenarioError
        If any of the files is not a scenario, or extends what it may not.
    """
    given: Path | bytes = sys.stdin.buffer.read(MAX_BYTES + 1) if source == "-" else _as_path(source)
    first = given if isinstance(given, Path) else None
    layers = _layers(read(given, name), visible(name), first, _Resolver(first, library))
    files = [file for file, _ in layers]
    result = _without_extends(layers.pop()[1])
    while layers:
        result = overlay(result, _without_extends(layers.pop()[1]))
    return result, files


def _layers(document: Mapping, name: str, first: Path | None, resolver: _Resolver) -> list[tuple[str, Mapping]]:
    """The document and, one behind the other, what it extends; each with its name."""
    folder = None if first is None else first.parent
    seen = {} if first is None else {_real(first): name}
    layers = [(name, document)]
    while (target := document.entries.get("extends")) is not None:
        base = resolver.resolve(target, name, folder)
        if base.path in seen:
            raise _refusal(target, f"this goes round in a circle: {seen[base.path]} is already being read; remove one")
        if len(layers) > MAX_EXTENDS:
            raise _refusal(target, f"more than {MAX_EXTENDS} files extend one another; join some of them")
        document, name, folder = _read_base(base, target), base.name, base.path.parent
        seen[base.path] = name
        layers.append((name, document))
    return layers


def _read_base(base: _Base, target: Node) -> Mapping:
    try:
        return read(base.path, base.name, follow=False)
    except StorageError as error:
        raise _refusal(target, str(error)) from None


def _without_extends(document: Mapping) -> Mapping:
    entries = {name: node for name, node in document.entries.items() if name != "extends"}
    return Mapping(entries, {name: document.keys[name] for name in entries}, document.origin)


def _refusal(target: Node, message: str) -> ScenarioError:
    return ScenarioError([target.origin.problem("extends", message)])


def _as_path(source: Path | str | bytes) -> Path | bytes:
    return Path(source) if isinstance(source, str) else source


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


class _Resolver:
    """From the text after ``extends:`` to a file inside the folders that may be read."""

    def __init__(self, first: Path | None, library: Library) -> None:
        self._library = library
        self._names = library.names()
        self._folders = {_real(library.path(name).parent) for name in self._names}
        if first is not None:
            self._folders.add(_real(first.parent))

    def resolve(self, target: Node, name: str, folder: Path | None) -> _Base:
        """The file that ``target`` means in the file called ``name``, which lies in ``folder`` if anywhere."""
        text = target.value if isinstance(target, Scalar) else None
        if not isinstance(text, str):
            raise _refusal(target, "write the name of one shipped scenario, or a path such as base.yaml")
        if text in self._names:
            path = self._library.path(text)
            return _Base(_real(path), f"scenarios/{path.name}")
        shown = shorten(text)
        if not text.endswith(".yaml"):
            hint = suggest(text[:100], self._names) or "; give a shipped name, or a path that ends in .yaml"
            raise _refusal(target, f'there is no shipped scenario "{shown}"{hint}')
        if folder is None:
            raise _refusal(target, "a scenario that is not a file can extend only shipped scenarios, by their names")
        if message := _path_complaint(text):
            raise _refusal(target, f'"{shown}" is not read; {message}')
        path = _real(folder / text)
        if not any(path.is_relative_to(allowed) for allowed in self._folders):
            raise _refusal(target, f'"{shown}" lies outside the folder of the scenario; move it inside')
        if not os.path.lexists(path):
            hint = suggest(posixpath.basename(text)[:100].removesuffix(".yaml"), self._names)
            raise _refusal(target, f'there is no file "{shown}"{hint or "; check the path"}')
        return _Base(path, visible(posixpath.normpath(posixpath.join(posixpath.dirname(name), text))))


def _path_complaint(text: str) -> str | None:
    """What is wrong with a path before any file is looked at."""
    if "\\" in text:
        return "separate folders with /"
    if ":" in text:
        return "write a path without a drive or an address"
    if text.startswith("/"):
        return "write the path from the folder of this file"
    if any(part.startswith("~") for part in text.split("/")):
        return "write the path from the folder of this file, without ~"
    if "" in text.split("/") or text != text.strip():
        return "remove the doubled / or the blank"
    return None
