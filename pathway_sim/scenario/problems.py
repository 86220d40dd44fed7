"""From a validator's errors to sentences with a place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from pathway_sim.document import Mapping, Node, find, locate, plain
from pathway_sim.document.scalars import shorten
from pathway_sim.errors import Problem, ScenarioError
from pathway_sim.fields import MAX_PROBLEMS
from pathway_sim.scenario.schema import Entry
from pathway_sim.units import suggest

Path = tuple[str | int, ...]
Seen = dict[int, tuple[Node, Any]]

KINDS_OF_VALUE = {
    "string": "a text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "dict": "a mapping of keys and values",
    "tuple": "a list",
    "list": "a list",
    "model": "a mapping of keys and values",
    "model_attributes": "a mapping of keys and values",
}


class Problems:
    """Collects what is wrong with one document.

    `seen` remembers what was read from which node; the documents of one scenario's arms share it.
    """

    def __init__(self, document: Mapping, seen: Seen | None = None) -> None:
        self.document = document
        self.found: list[Problem] = []
        self.seen: Seen = {} if seen is None else seen

    def add(self, path: Path, message: str, *, key: bool = False) -> None:
        """A problem with the value, or with the key itself, at a path; a path that ends in ``[key]`` says so too.

        What is wrong with a mapping as a whole is shown at its key, unless it begins on the same line.

        Raises
        ------
        ScenarioError
            If there are so many problems that a longer list helps no one.
        """
        if path and path[-1] == "[key]":
            path, key = path[:-1], True
        origin, _ = locate(self.document, path, key=key)
        if isinstance(find(self.document, path), Mapping):
            at_key, _ = locate(self.document, path, key=True)
            origin = at_key if at_key.line != origin.line else origin
        self.found.append(origin.problem(".".join(str(part) for part in path), message))
        if len(self.found) >= MAX_PROBLEMS:
            raise ScenarioError([*self.found, origin.problem("", "there are more problems; mend these first")])

    def read(self, section: str, path: Path) -> Any:
        """The validated value at a path, read as an entry of a section; or None with its problems collected.

        Arms share the nodes that they do not change, so a node that was valid once is not validated again.
        """
        node = find(self.document, path)
        assert node is not None
        if id(node) in self.seen:
            return self.seen[id(node)][1]
        try:
            value = getattr(Entry.model_validate({section: plain(node)}), section)
        except ValidationError as error:
            for each in error.errors(include_url=False, include_input=True):
                self._explain(path, {**each, "loc": each["loc"][1:]})
            return None
        self.seen[id(node)] = (node, value)
        return value

    def _explain(self, path: Path, error: Any) -> None:
        """Add what one error says."""
        loc = tuple(self._real(path, error["loc"]))
        node = find(self.document, loc)
        match error["type"]:
            case "misfit":
                for below, message in error["ctx"]["problems"]:
                    self.add((*loc, *below), message)
            case "missing":
                self.add(loc, f'the field "{error["loc"][-1]}" is missing')
            case "union_tag_not_found":
                self.add(loc, 'the field "kind" is missing')
            case "union_tag_invalid":
                self.add((*loc, "kind"), sentence(error))
            case "too_short" if node is not None and len(plain(node)) >= error["ctx"]["min_length"]:
                pass  # it would be long enough, but for entries whose own problems are reported
            case kind:
                self.add(loc, sentence(error), key=kind == "unknown" or error["loc"][-1:] == ("[key]",))

    def _real(self, path: Path, loc: Sequence[str | int]) -> Iterator[str | int]:
        """The elements of an error's location that are in the document; the rest name alternatives that were tried."""
        node: Node | None = find(self.document, path)
        yield from path
        for element in loc:
            inner = find(node, (element,)) if node is not None else None
            if inner is not None:
                yield element
                node = inner


def sentence(error: Any) -> str:
    """What a validator's error means, in plain words."""
    name, context = str(error["type"]), error.get("ctx", {})
    if name in SENTENCES:
        return SENTENCES[name](error, context)
    stem = name.removesuffix("_type").removesuffix("_parsing").split("_from_")[0]
    return f"must be {KINDS_OF_VALUE[stem]}" if stem in KINDS_OF_VALUE else "is not what is expected here"


def _one_of(error: Any, context: Any) -> str:
    expected = str(context["expected"]).replace(" or ", ", ").replace("'", "")
    several, value = "one of " if "," in expected else "", error["input"]
    return f"must be {several}{expected}, is {_shown(value)}{suggest(str(value), expected.split(', '))}"


def _kind_of(error: Any, context: Any) -> str:
    kinds, kind = str(context["expected_tags"]).replace("'", ""), error["input"]["kind"]
    if not isinstance(kind, str):
        return f"must be one of {kinds}, is {_shown(kind)}"
    return f'unknown kind "{shorten(kind)}"{suggest(kind, kinds.split(", ")) or f"; kinds are {kinds}"}'


def _shown(value: Any) -> str:
    """A value as the file has it, if it is a single one."""
    if isinstance(value, str):
        return f'"{shorten(value)}"'
    if isinstance(value, bool):
        return str(value).lower()
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else str(value)


def _count(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


SENTENCES: dict[str, Callable[[Any, Any], str]] = {
    "number": lambda error, _: str(error["msg"]),
    "unknown": lambda error, _: str(error["msg"]),
    "literal_error": _one_of,
    "union_tag_invalid": _kind_of,
    "greater_than_equal": lambda error, context: f"must be at least {context['ge']:,.6g}, is {error['input']}",
    "less_than_equal": lambda error, context: f"must be at most {context['le']:,.6g}, is {error['input']}",
    "too_short": lambda _, context: f"must have at least {_count(context['min_length'])}",
    "too_long": lambda _, context: f"must have at most {_count(context['max_length'])}",
    "string_too_long": lambda _, context: f"must have at most {context['max_length']:,} characters",
    "string_pattern_mismatch": lambda error, _: not_a_name(error["input"]),
}


def not_a_name(text: str) -> str:
    """What to say of a text that cannot be a name."""
    shown = f'"{shorten(text)}" is not a name'
    if len(text) > 64:
        return f"{shown}; a name has at most 64 characters"
    return f"{shown}; a name has lower-case letters, digits, - and _, and begins with a letter"
