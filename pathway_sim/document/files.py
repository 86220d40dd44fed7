"""Bytes of a scenario, from a regular file and no more of them than a scenario may have."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pathway_sim.document.nodes import Mapping, Node, Origin
from pathway_sim.document.scalars import EMPTY, position, visible
from pathway_sim.document.syntax import characters, parse
from pathway_sim.errors import Problem, ScenarioError, StorageError

MAX_BYTES = 256 * 1024
_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_FLAGS = ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")  # not every system has them all


def read(path: Path | bytes, name: str, *, follow: bool = True) -> Mapping:
    """One scenario file, without looking at what it extends.

    Parameters
    ----------
    path : Path or bytes
        The file, or what it holds.
    name : str
        What to call it in messages.
    follow : bool
        Whether the path itself may be a link.

    Returns
    -------
    Mapping
        The document.

    Raises
    ------
    StorageError
        If there is no such regular file, or it cannot be read.
    ScenarioError
        If what it holds is not a scenario; carries every problem that could be found.
    """
    name = visible(name)
    data = path if isinstance(path, bytes) else _contents(path, name, follow)
    text = _decode(data, name)

    def place(line: int, column: int) -> Origin:
        return Origin(name, line + 1, column + 1, "file")

    problems = characters(text, place)
    if problems:
        raise ScenarioError(problems)
    root, problems = parse(text, place)
    return _top(root, problems, place(0, 0))


def _top(root: Node | None, problems: list[Problem], start: Origin) -> Mapping:
    """The document as a mapping, or all that is wrong with it."""
    if not problems and root is None:
        problems = [start.problem("", EMPTY)]
    elif not problems and root is not None and not isinstance(root, Mapping):
        problems = [root.origin.problem("", "a scenario is made of `key: value` lines; write a key first")]
    if problems or not isinstance(root, Mapping):
        raise ScenarioError(problems)
    return root


def _contents(path: Path, name: str, follow: bool) -> bytes:
    """At most one byte more than the limit, from a regular file only and without waiting for anyone."""
    try:
        # Looking first keeps a device from being opened at all; looking again settles what was really opened.
        _require_regular(path.stat(follow_symlinks=follow), name)
        flags = sum(getattr(os, flag, 0) for flag in _FLAGS) | (0 if follow else getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(os.open(path, os.O_RDONLY | flags), "rb") as file:
            status = os.fstat(file.fileno())
            _require_regular(status, name)
            _require_size(status.st_size, name)
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise StorageError(f"{name}: there is no such file; check the name") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "the name is not usable"
        raise StorageError(f"{name}: the file cannot be read ({reason})") from None
    return data


def _require_regular(status: os.stat_result, name: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not an ordinary file"
        raise StorageError(f"{name}: this is {kind}; name a scenario file")


def _require_size(size: int, name: str, *, more: bool = False) -> None:
    if size > MAX_BYTES:
        count = f"more than {MAX_BYTES:,}" if more else f"{size:,}"
        raise ScenarioError([Problem(name, 1, 1, "", f"the file has {count} bytes; at most {MAX_BYTES:,} are read")])


def _decode(data: bytes, name: str) -> str:
    _require_size(len(data), name, more=len(data) == MAX_BYTES + 1)
    if data.startswith(_WIDE_BOMS) or data[1:4:2] == b"\0\0" or data[0:3:2] == b"\0\0":
        raise ScenarioError([Problem(name, 1, 1, "", "the file looks like UTF-16; save it as UTF-8")])
    data = data.removeprefix(_BOM)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = position(before, len(before))
        message = f"the byte 0x{data[error.start]:02X} is not UTF-8; save the file as UTF-8"
        raise ScenarioError([Problem(name, line, column, "", message)]) from None
