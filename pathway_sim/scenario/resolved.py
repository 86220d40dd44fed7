"""A document with its defaults written out, each with the origin `default`."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from pathway_sim.distributions.specs import DistributionSpec
from pathway_sim.document import DEFAULT, Mapping, Node, Scalar, Sequence, plain
from pathway_sim.fields import Borrowed, Cited, Magnitude
from pathway_sim.scenario.schema import ScenarioSpec
from pathway_sim.units import DAY


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
        return Scalar(_written(value), DEFAULT)
    if isinstance(value, BaseModel) and not isinstance(value, DistributionSpec):
        inner = {field.alias or name: _node(getattr(value, name)) for name, field in type(value).model_fields.items()}
        entries = {name: node for name, node in inner.items() if node is not None}
        return Mapping(entries, dict.fromkeys(entries, DEFAULT), DEFAULT)
    if isinstance(value, tuple):
        return Sequence(tuple(node for item in value if (node := _node(item)) is not None), DEFAULT)
    return Scalar(value, DEFAULT) if isinstance(value, (str, int, float, bool)) else None


def _written(magnitude: Magnitude) -> str | float:
    """The magnitude as a file has it."""
    if magnitude.dimension == "number":
        return magnitude.value
    number = f"{magnitude.value / DAY:.17g}"
    return f"{number} days" if magnitude.dimension == "time" else f"{number} per day"
