"""The boundary types: what a field of a scenario file may hold.

A *term* is a number as people write it: plain (``18 months``, ``0.4``), stated with its source, borrowed from the
evidence catalogue, or a distribution. In a duration field a distribution is chance; in any other field, a parameter of
that distribution included, it is what we do not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from pathway_sim.units import NUMBER, parse_days, parse_rate

Dimension = Literal["time", "number", "rate"]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
NEEDS: dict[Dimension, str] = {
    "time": 'needs a unit, such as "18 months"',
    "number": "is a plain number without a unit",
    "rate": 'is a rate, such as "0.4 per month"',
}


class Spec(BaseModel):
    """A frozen mapping of a scenario file in which an unknown key is an error."""

    # Validators are built when first needed: most runs need one for all stages, not one for each class.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


def misfit(found: Iterable[tuple[tuple[str | int, ...], str]]) -> PydanticCustomError | None:
    """One error that carries several problems, each with its path below the value it is raised for."""
    problems = list(found)
    return PydanticCustomError("misfit", "misfit", {"problems": problems}) if problems else None


@dataclass(frozen=True)
class Magnitude:
    """A plain number and its dimension: days, a pure number, or events per day."""

    value: float
    dimension: Dimension

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(read_magnitude)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        quantity = {
            "type": "string",
            "pattern": rf"^{NUMBER}\s*(/|per)?\s*[a-z]+$",
            "examples": ["18 months", "0.4 per month"],
        }
        return {"anyOf": [{"type": "number"}, quantity]}


def read_magnitude(raw: object) -> Magnitude:
    """A magnitude from a scalar of the file; raises a pydantic error with a sentence for the user."""
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
        raise PydanticCustomError("number", 'must be a number, or a number with a unit such as "18 months"')
    if not isinstance(raw, str):
        return Magnitude(float(raw), "number")
    rate = "/" in raw or " per " in raw
    try:
        return Magnitude(parse_rate(raw), "rate") if rate else Magnitude(parse_days(raw), "time")
    except ValueError as error:
        raise PydanticCustomError("number", "{reason}", {"reason": str(error)}) from error


def _evidence_ids(raw: object) -> object:
    return (raw,) if isinstance(raw, str) else raw


class Cited(Spec):
    """Where a number comes from. Shipped scenarios have at least one of `evidence`, `regulation`, `assumption` for each
    number.
    """

    evidence: Annotated[tuple[str, ...], BeforeValidator(_evidence_ids)] = Field(
        (),
        description="One or several ids of the evidence catalogue that support the number.",
        examples=["suc_bio21_chronic"],
    )
    regulation: str | None = Field(
        None, description="The law, regulation or guidance with its section.", examples=["21 CFR 312.40(b)"]
    )
    assumption: str | None = Field(None, description="The reason for a number that no source gives.")
    joined: str | None = Field(None, description="How several sources were joined into this number.")


class Stated(Cited):
    """A certain number with its source: ``{value: 30 days, regulation: 21 CFR 312.40(b)}``."""

    value: Magnitude = Field(description="The number.")


class Borrowed(Spec):
    """A number taken from the evidence catalogue: ``{evidence: suc_bio21_chronic.phase2_to_3}``."""

    evidence: str = Field(description="The catalogue id, with the name of the figure if the entry holds several.")
    transfer: float = Field(
        0.35,
        ge=0,
        le=5,
        description="Standard deviation of the log-odds between the population that was counted and this one; "
        "0 means that the counted population is the scenario's own, and the counts then give a Beta distribution.",
    )
    joined: str | None = Field(None, description="A remark on how the figure is used.")


def deep(
    found: Iterator[tuple[tuple[str | int, ...], str]], *prefix: str | int
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The same problems, one level deeper."""
    return (((*prefix, *path), message) for path, message in found)
