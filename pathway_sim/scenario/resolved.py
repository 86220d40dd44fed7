"""A scenario as one file of its own, with `extends`, overrides and defaults written out; every value has its origin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from pathway_sim.distributions.terms import DistributionSpec
from pathway_sim.document import DEFAULT, Mapping, Node, Scalar, Sequence, expand, find, overlay, plain
from pathway_sim.fields import Borrowed, Cited, Magnitude
from pathway_sim.scenario.load import Scenario
from pathway_sim.scenario.schema import ScenarioSpec
from pathway_sim.units import DAY


def settled(scenario: Scenario) -> Mapping:
    """The scenario as a document that reads back to the same arms.

    An override of the command line wins over an arm, so what an arm says of the same value is replaced by it.
    """
    document = scenario.document
    for arm, final in scenario.documents.items():
        changes = find(document, ("arms", arm, "set"))
        if isinstance(changes, Mapping):
            expanded = expand(changes)
            if plain(overlay(document, expanded)) != plain(final):
                document = _replaced(document, ("arms", arm, "set"), _finally(expanded, final))
    return document


def of_arm(scenario: Scenario, arm: str) -> Mapping:
    """The scenario with only this arm, whose changes are part of the document."""
    document = scenario.documents[arm]
    if "arms" not in document.entries:
        return document
    arms = find(document, ("arms", arm))
    assert isinstance(arms, Mapping)
    document = _replaced(document, ("arms",), _only(_only(document.entries["arms"], arm), None, arm))
    return _replaced(document, ("baseline",), Scalar(arm, arms.origin))


def _only(node: Node, key: str | None, within: str = "") -> Mapping:
    """A mapping with one key; or with all of its keys but `set` in the mapping under one."""
    assert isinstance(node, Mapping)
    if key is not None:
        return Mapping({key: node.entries[key]}, {key: node.keys[key]}, node.origin)
    inner = node.entries[within]
    assert isinstance(inner, Mapping)
    kept = {name: value for name, value in inner.entries.items() if name != "set"}
    return Mapping(
        {within: Mapping(kept, {name: inner.keys[name] for name in kept}, inner.origin)}, node.keys, node.origin
    )


def _replaced(node: Mapping, path: tuple[str, ...], value: Node) -> Mapping:
    """The document with another value at a path."""
    name, *rest = path
    inner = node.entries.get(name)
    new = _replaced(inner, tuple(rest), value) if rest and isinstance(inner, Mapping) else value
    return Mapping({**node.entries, name: new}, {**node.keys, name: node.keys.get(name, new.origin)}, node.origin)


def _finally(changes: Mapping, final: Mapping) -> Mapping:
    """The values that an arm has in the end at each place that it changes, by dotted path."""
    paths = list(_leaves(changes, final))
    found = {".".join(path): node for path in paths if (node := find(final, path)) is not None}
    return Mapping(found, {name: node.origin for name, node in found.items()}, changes.origin)


def _leaves(changes: Mapping, final: Node | None, *path: str) -> Iterator[tuple[str, ...]]:
    for name, node in changes.entries.items():
        inner = find(final, (name,)) if final is not None else None
        deeper = len(path) < 2 and isinstance(node, Mapping) and isinstance(inner, Mapping)
        if deeper and isinstance(node, Mapping):
            yield from _leaves(node, inner, *path, name)
        else:
            yield (*path, name)


def values(node: Node, *path: str) -> Iterator[tuple[str, str, str]]:
    """Every single value with its dotted path and its origin."""
    if isinstance(node, Scalar):
        text = str(node.value).lower() if isinstance(node.value, bool) else str(node.value)
        yield ".".join(path), text, str(node.origin)
        return
    inner = node.entries.items() if isinstance(node, Mapping) else ((str(k), each) for k, each in enumerate(node.items))
    for name, each in inner:
        yield from values(each, *path, name)


def with_defaults(node: Mapping) -> Mapping:
    """The document with every default that has a value added as its own entry."""
    return _filled(node, ScenarioSpec.model_validate(plain(node)))


def _filled(node: Mapping, model: BaseModel) -> Mapping:
    """One mapping, filled from the model that was read from it."""
    entries, keys = dict(node.entries), dict(node.keys)
    for name, field in type(model).model_fields.items():
        key, value = field.alias or name, getattr(model, name)
        if key in entries:
            entries[key] = _deeper(entries[key], value)
        elif not _is_text(type(model), name) and (default := _node(value)) is not None:
            entries[key], keys[key] = default, DEFAULT
    return Mapping(entries, keys, node.origin)


def _is_text(model: type[BaseModel], name: str) -> bool:
    """Citations and descriptions are what people write; their absence is no default."""
    return name in Cited.model_fields and issubclass(model, (Cited, Borrowed))


def _deeper(node: Node, value: Any) -> Node:
    if isinstance(node, Mapping) and isinstance(value, BaseModel):
        return _filled(node, value)
    if isinstance(node, Mapping) and isinstance(value, dict):
        return Mapping(
            {key: _deeper(inner, value.get(key)) for key, inner in node.entries.items()}, node.keys, node.origin
        )
    return node


def _node(value: Any) -> Node | None:
    """A default as a node; None where there is nothing to write."""
    if value is None or value in ("", (), {}):
        return None
    if isinstance(value, Magnitude):
        return Scalar(written(value), DEFAULT)
    if isinstance(value, BaseModel) and not isinstance(value, DistributionSpec):
        inner = {field.alias or name: _node(getattr(value, name)) for name, field in type(value).model_fields.items()}
        entries = {name: node for name, node in inner.items() if node is not None}
        return Mapping(entries, dict.fromkeys(entries, DEFAULT), DEFAULT)
    if isinstance(value, tuple):
        return Sequence(tuple(node for item in value if (node := _node(item)) is not None), DEFAULT)
    return Scalar(value, DEFAULT) if isinstance(value, (str, int, float, bool)) else None


def written(magnitude: Magnitude) -> str | float:
    """The magnitude as a file has it."""
    if magnitude.dimension == "number":
        return magnitude.value
    number = f"{magnitude.value / DAY:.17g}"
    return f"{number} days" if magnitude.dimension == "time" else f"{number} per day"
