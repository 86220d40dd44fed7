"""From a document to histories. A wrong file is met with all that is wrong in it, each with its line."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Any, get_args

from pathway_sim.document import Mapping, Node, Scalar, Sequence
from pathway_sim.errors import Problem, ScenarioError
from pathway_sim.histories import Cycle, Dated, History, Origin, Precision, Source, Stated
from pathway_sim.units import suggest

ORIGINS: tuple[Origin, ...] = get_args(Origin)
FACTS = (
    "ind_cleared", "first_in_human", "phase2_start", "pivotal_start", "pivotal_topline", "pivotal_failed",
    "second_pivotal_start", "second_pivotal_failed", "btd_granted", "rmat_granted", "bla_rolling_start", "adcom",
    "launch", "planned_launch", "first_commercial_patient",
)  # fmt: skip
DATES = ("submitted", "accepted", "goal", "extended", "action")
OUTCOMES = ("approved", "letter", "refused", "withdrawn", "pending")
CAUSES = ("both", "clinical", "cmc")
REVIEWS, CLASSES = ("standard", "priority"), ("1", "2")
_PRECISIONS: dict[int, Precision] = {1: "year", 2: "month", 3: "day"}
_DATE = re.compile(r"\d{4}(?:-\d\d){0,2}")
_MIDDLE_OF = {1: "-07-01", 2: "-15", 3: ""}


def histories(root: Mapping) -> tuple[History, ...]:
    """The histories of a document, in its order.

    Raises
    ------
    ScenarioError
        With every problem found.
    """
    reader = _Reader()
    found = tuple(reader.history(name, node) for name, node in root.entries.items())
    if reader.problems:
        raise ScenarioError(reader.problems)
    return found


class _Reader:
    """Reads nodes and collects what is wrong; what could not be read is replaced by something harmless."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def history(self, name: str, node: Node) -> History:
        at = self.fields(
            node, name, {"name", "sponsor", "modality", "area", "designations", "sources"},
            {"designations_from", "review", "approval_kind", "facts", "cycles", "note"},
        )  # fmt: skip
        known = at.get("designations_from")
        facts = self.fields(at["facts"], f"{name}.facts", set(), set(FACTS)) if "facts" in at else {}
        return History(
            id=name,
            **{key: self.text(at.get(key), f"{name}.{key}") for key in ("name", "sponsor", "modality", "area")},
            designations=tuple(
                self.text(item, f"{name}.designations") for item in self.items(at, "designations", name)
            ),
            designations_from=None if known is None else self.origin(known, f"{name}.designations_from"),
            review=self.stated(at.get("review"), f"{name}.review", REVIEWS),
            approval_kind=self.stated(at.get("approval_kind"), f"{name}.approval_kind"),
            facts={fact: self.dated(each, f"{name}.facts.{fact}") for fact, each in facts.items()},
            cycles=tuple(
                self.cycle(item, f"{name}.cycles.{k}") for k, item in enumerate(self.items(at, "cycles", name))
            ),
            sources=tuple(
                self.source(item, f"{name}.sources.{k}") for k, item in enumerate(self.items(at, "sources", name))
            ),
            note=self.text(at["note"], f"{name}.note") if "note" in at else "",
        )

    def cycle(self, node: Node, path: str) -> Cycle:
        at = self.fields(node, path, {"outcome"}, {*DATES, "class", "cause", "reason", "extended_for"})
        outcome = self.stated(at.get("outcome"), f"{path}.outcome", OUTCOMES)
        more: dict[str, Any] = {key: self.dated(at[key], f"{path}.{key}") for key in DATES if key in at}
        more |= {key: self.text(at[key], f"{path}.{key}") for key in ("reason", "extended_for") if key in at}
        return Cycle(
            outcome=outcome or Stated("pending", "recollected"),
            resubmission=self.stated(at.get("class"), f"{path}.class", CLASSES),
            cause=self.stated(at.get("cause"), f"{path}.cause", CAUSES),
            **more,
        )

    def source(self, node: Node, path: str) -> Source:
        at = self.fields(node, path, {"shows"}, {"url"})
        url = self.text(at["url"], f"{path}.url") if "url" in at else ""
        if url and not url.startswith(("https://", "http://")):
            self.add(at["url"], f"{path}.url", "must be a web address; leave it out if it was not kept")
        return Source(self.text(at.get("shows"), f"{path}.shows"), url)

    # The parts of which these are made

    def add(self, node: Node, path: str, message: str) -> None:
        self.problems.append(node.origin.problem(path, message))

    def fields(self, node: Node, path: str, needed: set[str], more: set[str]) -> dict[str, Node]:
        """The entries of a mapping; a key that is unknown or missing is a problem."""
        if not isinstance(node, Mapping):
            self.add(node, path, "must be a mapping of keys and values")
            return {}
        known = needed | more
        for key in node.entries.keys() - known:
            self.problems.append(node.keys[key].problem(f"{path}.{key}", f"unknown field{suggest(key, known)}"))
        for key in sorted(needed - node.entries.keys()):
            self.add(node, path, f'the field "{key}" is missing')
        return {key: value for key, value in node.entries.items() if key in known}

    def items(self, at: dict[str, Node], key: str, path: str) -> tuple[Node, ...]:
        node = at.get(key)
        if node is None or isinstance(node, Sequence):
            return () if node is None else node.items
        self.add(node, f"{path}.{key}", "must be a list")
        return ()

    def text(self, node: Node | None, path: str) -> str:
        if node is None:
            return ""  # that it is missing has been said
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return node.value
        self.add(node, path, "must be a text")
        return ""

    def origin(self, node: Node, path: str, text: str | None = None) -> Origin:
        word = self.text(node, path) if text is None else text
        for origin in ORIGINS:
            if word == origin:
                return origin
        self.add(node, path, f"must end in how it is known: {', '.join(ORIGINS)}{suggest(word, ORIGINS)}")
        return "recollected"

    def stated(self, node: Node | None, path: str, words: Iterable[str] = ()) -> Stated | None:
        """A word, or words, and how it is known."""
        if node is None:
            return None
        word, _, known = self.text(node, path).rpartition(" ")
        words = tuple(words)
        if words and word not in words:
            self.add(node, path, f"must begin with one of {', '.join(words)}{suggest(word, words)}")
        return Stated(word, self.origin(node, path, known))

    def dated(self, node: Node, path: str) -> Dated:
        """A date, a month or a year, and how it is known."""
        written, _, known = self.text(node, path).partition(" ")
        parts = written.count("-") + 1
        try:
            if not _DATE.fullmatch(written):
                raise ValueError(written)
            day = datetime.date.fromisoformat(written + _MIDDLE_OF[parts])
        except ValueError:
            self.add(node, path, 'must be a date and how it is known, such as "2024-06-28 sourced"')
            return Dated(datetime.date.min, "year", "recollected")
        return Dated(day, _PRECISIONS[parts], self.origin(node, path, known))
