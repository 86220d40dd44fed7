"""From a validator's errors to sentences with a place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from pathway_sim.document import Mapping, Node, find, locate, plain
from pathway_sim.errors import Problem
from pathway_sim.fields import Spec
from pathway_sim.units import suggest

Path = tuple[str | int, ...]

KINDS_OF_VALUE = {
    "string": "a text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "dict": "a mapping of keys and values",
    "tuple": "a list",
    "list": "a list",
    "model": "a mapping of keys and values",
    "date": "a date such as 2026-11-22",
}


class Problems:
    """Collects what is wrong with one document."""

    def __init__(self, document: Mapping) -> None:
        self.document = document
        self.found: list[Problem] = []

    def add(self, path: Path, message: str, *, key: bool = False) -> None:
        """A problem with the value (or with the key itself) at a path."""
        origin, _ = locate(self.document, path, key=key)
        self.found.append(origin.problem(".".join(str(part) for part in path), message))

    def read(self, adapter: TypeAdapter[Any], path: Path) -> Any:
        """The validated value at a path, or None with its problems collected."""
        node = find(self.document, path)
        assert node is not None
        try:
            return adapter.validate_python(plain(node))
        except ValidationError as error:
            for each in error.errors(include_url=False, include_input=True):
                self._explain(path, each)
            return None

    def _explain(self, path: Path, error: Any) -> None:
        loc = tuple(self._real(path, error["loc"]))
        if error["type"] == "misfit":
            for below, message in error["ctx"]["problems"]:
                self.add((*loc, *below), message)
        elif error["type"] == "extra_forbidden":
            self.add(
                loc,
                f"unknown field{suggest(str(loc[-1]), self._fields(loc[:-1])) or '; it has no meaning here'}",
                key=True,
            )
        elif error["type"] == "missing":
            where, name = (*path, *error["loc"][:-1]), error["loc"][-1]
            self.add(tuple(self._real((), where)), f'the field "{name}" is missing')
        else:
            self.add(loc, sentence(error))

    def _real(self, path: Path, loc: Sequence[str | int]) -> Iterator[str | int]:
        """The elements of an error's location that are in the document; the rest name alternatives that were tried."""
        node: Node | None = find(self.document, path)
        yield from path
        for element in loc:
            inner = find(node, (element,)) if node is not None else None
            if inner is not None:
                yield element
                node = inner

    def _fields(self, path: Path) -> set[str]:
        """The fields that the mapping at a path could have, as far as its kind tells; else those of every mapping."""
        node = find(self.document, path)
        kind = plain(node.entries["kind"]) if isinstance(node, Mapping) and "kind" in node.entries else None
        models = list(_descendants(Spec))
        own = [model for model in models if kind is not None and _kind(model) == kind]
        return {field.alias or name for model in own or models for name, field in model.model_fields.items()}


def _descendants(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for inner in model.__subclasses__():
        yield inner
        yield from _descendants(inner)


def _kind(model: type[BaseModel]) -> object:
    field = model.model_fields.get("kind")
    return getattr(field.annotation, "__args__", (None,))[0] if field is not None else None


def sentence(error: Any) -> str:
    """What a validator's error means, in plain words."""
    name, context = str(error["type"]), error.get("ctx", {})
    if name in SENTENCES:
        return SENTENCES[name](error, context)
    stem = name.removesuffix("_type").removesuffix("_parsing").split("_from_")[0]
    if stem in KINDS_OF_VALUE:
        return f"must be {KINDS_OF_VALUE[stem]}"
    return str(error["msg"])


def _one_of(error: Any, context: Any) -> str:
    expected = str(context["expected"]).replace(" or ", ", ").replace("'", "")
    value = error["input"]
    return f'must be one of {expected}, is "{value}"{suggest(str(value), expected.split(", "))}'


def _kind_of(_error: Any, context: Any) -> str:
    expected = str(context["expected_tags"]).replace("'", "")
    return f'unknown kind "{context["tag"]}"{suggest(str(context["tag"]), expected.split(", "))}; kinds are {expected}'


SENTENCES: dict[str, Callable[[Any, Any], str]] = {
    "number": lambda error, _: str(error["msg"]),
    "literal_error": _one_of,
    "union_tag_invalid": _kind_of,
    "union_tag_not_found": lambda *_: 'needs the field "kind"',
    "greater_than_equal": lambda error, context: f"must be at least {context['ge']:g}, is {error['input']}",
    "less_than_equal": lambda error, context: f"must be at most {context['le']:g}, is {error['input']}",
    "too_short": lambda _, context: f"must have at least {context['min_length']} entries",
    "too_long": lambda _, context: f"must have at most {context['max_length']} entries",
    "string_too_long": lambda _, context: f"must have at most {context['max_length']} characters",
    "string_pattern_mismatch": lambda error, _: (
        f'"{error["input"]}" is not a name; a name has lower-case letters, digits, - and _, and begins with a letter'
    ),
}
