"""References to facts, alone or joined: what `after`, `if`, effects and milestones are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from pathway_sim.fields import misfit

_ID = "[a-z][a-z0-9_-]{0,63}"
_REFERENCE = re.compile(rf"({_ID})(?:\.({_ID}))?(?:/([1-9]\d?))?(?:\.({_ID}))?")
_WORDS = ("all", "any", "not")
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Expression:
    """A reference ``stage[.part][/visit][.outcome]``, or a join of expressions.

    Attributes
    ----------
    operator : {"reference", "all", "any", "not"}
        A list in a file means all.
    names : tuple of str
        Of a reference: the names between dots, one to three.
    visit : int or None
        Of a reference: the visit after the stage or part.
    late : bool
        Of a reference with a visit: whether the last name stands after it, and so is an outcome.
    of : tuple of (path, Expression)
        Of a join: the members, each with its path below this expression.
    """

    operator: Literal["reference", "all", "any", "not"]
    names: tuple[str, ...] = ()
    visit: int | None = None
    late: bool = False
    of: tuple[tuple[Path, Expression], ...] = ()
    text: str = ""

    def references(self, below: Path = ()) -> Iterator[tuple[Path, Expression]]:
        """Every reference in it, with its path."""
        if self.operator == "reference":
            yield below, self
        for path, inner in self.of:
            yield from inner.references((*below, *path))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(read_expression)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        pattern = r"^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)?(/[1-9]\d?)?(\.[a-z][a-z0-9_-]*)?$"
        reference = {
            "type": "string",
            "pattern": pattern,
            "examples": ["phase_1.success", "bla.review/2.approved", "phase_2.start"],
        }
        listed = {"type": "array", "items": {}}
        joined = [
            {"type": "object", "required": [word], "properties": {word: {}}, "additionalProperties": False}
            for word in _WORDS
        ]
        return {"anyOf": [reference, listed, *joined]}


def read_expression(raw: object) -> Expression:
    """An expression from the file's data; raises one pydantic error with all that is wrong."""
    found: list[tuple[Path, str]] = []
    expression = _read(raw, (), found)
    if error := misfit(found):
        raise error
    assert expression is not None
    return expression


def readable(raw: object) -> Expression | None:
    """As much of an expression as can be read, whatever is wrong with the rest of it."""
    return _read(raw, (), [])


def _read(raw: object, at: Path, found: list[tuple[Path, str]]) -> Expression | None:
    if isinstance(raw, Expression):
        return raw
    if isinstance(raw, str):
        return _reference(raw, at, found)
    if isinstance(raw, list):
        return _join("all", raw, (), at, found)
    if isinstance(raw, dict) and len(raw) == 1 and next(iter(raw)) in _WORDS:
        word, inner = next(iter(raw.items()))
        if word == "not" or isinstance(inner, list):
            return _join(word, [inner] if word == "not" else inner, (word,), at, found)
    found.append(
        (
            at,
            "must be a reference such as phase_1.success, a list of them, {all: [...]}, {any: [...]} or {not: ...}",
        )
    )
    return None


def _join(
    word: Literal["all", "any", "not"], members: list[object], key: Path, at: Path, found: list[tuple[Path, str]]
) -> Expression:
    if not members:
        found.append((at, "must name at least one fact; leave the key out if there is none"))
    paths: list[Path] = [key if word == "not" else (*key, k) for k in range(len(members))]
    read = [(path, _read(member, (*at, *path), found)) for path, member in zip(paths, members, strict=True)]
    return Expression(word, of=tuple((path, inner) for path, inner in read if inner is not None))


def _reference(text: str, at: Path, found: list[tuple[Path, str]]) -> Expression | None:
    match = _REFERENCE.fullmatch(text)
    if match is None:
        found.append(
            (at, f'"{text}" is not a reference; write stage, stage.outcome, stage.part/visit.outcome or stage.start')
        )
        return None
    stage, second, visit, last = match.groups()
    names = tuple(name for name in (stage, second, last) if name is not None)
    return Expression(
        "reference", names, int(visit) if visit else None, visit is not None and last is not None, text=text
    )
