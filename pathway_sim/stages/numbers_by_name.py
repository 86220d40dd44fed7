"""Fields that hold one number for all, or a table of numbers by name: by cause, by way of answering, by review."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from pathway_sim.fields import Identifier
from pathway_sim.stages.terms import RESERVED, Duration, Offset, Probability


def table_form(raw: Any) -> str:
    """Whether a field holds one number for all, or a table of numbers by name."""
    table = isinstance(raw, dict) and not RESERVED & raw.keys()
    return "#table" if table else "#one"


Durations = Annotated[
    Annotated[Duration, Tag("#one")] | Annotated[dict[Identifier, Duration], Tag("#table")], Discriminator(table_form)
]
Probabilities = Annotated[
    Annotated[Probability, Tag("#one")] | Annotated[dict[Identifier, Probability], Tag("#table")],
    Discriminator(table_form),
]
Offsets = Annotated[
    Annotated[Offset, Tag("#one")] | Annotated[dict[Identifier, Offset], Tag("#table")],
    Discriminator(table_form),
]


def table(name: str, value: Any) -> dict[str, Any]:
    """The inputs of a field that holds one term or a table of them."""
    if value is None:
        return {}
    return {f"{name}.{key}": term for key, term in value.items()} if isinstance(value, dict) else {name: value}


def in_order(name: str, given: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """The inputs of a field in the order of these names; one for all where it has no table."""
    return tuple(f"{name}.{each}" for each in names) if len(given) > 1 else tuple(given)
