"""The catalogue's files, read as late and as little as can be: a run uses a few dozen of some hundred entries.

An entry begins at a key in the first column. So a search for such keys finds every entry without parsing YAML, and only
entries that are asked for are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pathway_sim import document

FOLDER = Path(__file__).parent
_VERIFIED = "\n  verified: true\n"
_ENTRY = re.compile(r"^([a-z][\w.]*):$(?:\n(?:[ #].*)?)*", re.MULTILINE)


@lru_cache(maxsize=1)
def _texts() -> dict[str, tuple[str, str]]:
    """The file and the text of each entry, by id."""
    found: dict[str, tuple[str, str]] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        for match in _ENTRY.finditer(file.read_text(encoding="utf-8")):
            found[match[1]] = file.stem, match[0]
    return found


class Entries(Mapping[str, dict[str, Any]]):
    """Every entry by id, as plain data; each is parsed when it is asked for."""

    def __init__(self) -> None:
        self._read: dict[str, dict[str, Any]] = {}

    def __getitem__(self, entry_id: str) -> dict[str, Any]:
        """One entry; raises KeyError if there is none."""
        if entry_id not in self._read:
            file, text = _texts()[entry_id]
            self._read |= document.plain(document.read(text.encode(), f"evidence/{file}.yaml"))
        return self._read[entry_id]

    def __contains__(self, entry_id: object) -> bool:
        """Whether there is such an entry, without parsing it."""
        return entry_id in _texts()

    def __iter__(self) -> Iterator[str]:
        """The ids, in the order of the files."""
        return iter(_texts())

    def __len__(self) -> int:
        """How many there are."""
        return len(_texts())


_ENTRIES = Entries()


def entries() -> Entries:
    """Every entry by id."""
    return _ENTRIES


def subject(entry_id: str) -> str:
    """The subject that an entry belongs to, which is the name of its file."""
    return _texts()[entry_id][0]


def is_verified(reference: str) -> bool:
    """Whether the entry that holds a figure is marked as read in its source, without parsing it."""
    return _VERIFIED in _texts()[_holder(reference)][1]


def source(reference: str) -> dict[str, Any]:
    """The source of the entry that holds a figure: citation, year, and where it is found."""
    found: dict[str, Any] = entries()[_holder(reference)]["source"]
    return found


def _holder(reference: str) -> str:
    """The id of the entry that holds a figure which is known to exist."""
    return reference if reference in _texts() else reference.rpartition(".")[0]


def figures(entry_id: str) -> tuple[str, ...]:
    """The reference of each figure of an entry: its id alone, or ``id.name`` for each of several."""
    value = entries()[entry_id]["value"]
    return tuple(f"{entry_id}.{name}" for name in value) if isinstance(value, dict) else (entry_id,)
