"""What a warning is, and the one list of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as File
from typing import Any

from pathway_sim import document
from pathway_sim.scenario.lint.view import Arm

Path = tuple[str | int, ...]
Found = Iterator[tuple[Path, str]]
"""Places in an arm's document, each with one sentence on what is wrong there."""
Search = Callable[[Arm], Found]


@dataclass(frozen=True)
class Warned:
    """One known mistake: its name, and how it is found. What it means is read from the explanations when asked for."""

    name: str
    search: Search

    @property
    def title(self) -> str:
        """What the mistake is, in a few words."""
        return self._text("title")

    @property
    def wrong(self) -> str:
        """What it does to the numbers."""
        return self._text("wrong")

    @property
    def mend(self) -> str:
        """What to write instead."""
        return self._text("mend")

    @property
    def source(self) -> str:
        """Who says so."""
        return self._text("source")

    @property
    def explanation(self) -> str:
        """What goes wrong, how to mend it, and the source, as three paragraphs."""
        return f"{self.wrong}\n\nTo mend it: {self.mend}\n\nSource: {self.source}."

    def _text(self, key: str) -> str:
        return str(_explanations()[self.name][key])


WARNINGS: dict[str, Warned] = {}
"""Every warning by name, in the order in which the modules of the package define them."""


def warning(search: Search) -> Search:
    """Enter a search into the list, named like its function with hyphens."""
    name = search.__name__.replace("_", "-")
    WARNINGS[name] = Warned(name, search)
    return search


@lru_cache(maxsize=1)
def _explanations() -> dict[str, dict[str, Any]]:
    file = File(__file__).with_name("explanations.yaml")
    found: dict[str, dict[str, Any]] = document.plain(document.read(file, f"lint/{file.name}"))
    return found
