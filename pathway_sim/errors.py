"""Every error a user can cause, under one base class.

The library raises these and never prints or exits; the command line turns them into text and an exit code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong with a scenario, and where.

    Attributes
    ----------
    file : str
        The file as the user named it, ``<stdin>``, or ``--set``.
    line, column : int
        From 1; 0 when the place has no line (a command-line override).
    path : str
        The dotted path of the value, such as ``stages.phase_1.duration.median``; may be empty.
    message : str
        What is wrong and what would mend it.
    """

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}   {self.path}: {self.message}" if self.path else f"{place}   {self.message}"


class PathwayError(Exception):
    """Anything that the user can mend. Nothing else leaves the library on purpose."""


class ScenarioError(PathwayError):
    """The scenario is not valid. Carries every problem found, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnsupportedPathway(PathwayError):
    """An engine cannot run this pathway. Carries the engine's reasons."""

    def __init__(self, engine: str, reasons: Iterable[str]) -> None:
        self.engine, self.reasons = engine, tuple(reasons)
        super().__init__(f"engine {engine!r} cannot run this pathway: " + "; ".join(self.reasons))


class StorageError(PathwayError):
    """A file or folder cannot be read or written."""


class UsageError(PathwayError):
    """An argument makes no sense: an unknown arm, a negative count."""


class RequirementError(PathwayError):
    """A requirement that the user stated is not met."""
