"""The boundary types: what a field of a scenario file may hold.

A *term* is a number as people write it: plain (``18 months``, ``0.4``), stated with its source, borrowed from the
evidence catalogue, or a distribution. In a duration field a distribution is chance; in any other field, a parameter of
that distribution included, it is what we do not know.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from pathway_sim.units import NUMBER, YEAR, parse_days, parse_rate, suggest

MAX_PROBLEMS = 100
"""More help no one; the rest is shown when these are mended."""
LONGEST, FASTEST = 1000 * YEAR, 1e6  # days; events per day
Found = Iterator[tuple[tuple[str | int, ...], str]]
Dimension = Literal["time", "number", "rate"]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
NEEDS: dict[Dimension, str] = {
    "time": 'must be a length of time with its unit, such as "18 months"',
    "number": "must be a plain number without a unit",
    "rate": 'must be a rate, such as "0.4 per month"',
}


class Spec(BaseModel):
    """A frozen mapping of a scenario file in which an unknown key is an error."""

    # Validators are built when first needed: most runs need one for all stages, not one for each class.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    @classmethod
    def known_keys(cls) -> tuple[str, ...]:
        """The keys that may stand in such a mapping."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @classmethod
    def wrong_keys(cls, _raw: Mapping[str, Any]) -> Found:
        """What is wrong with the keys of a mapping taken together, whatever is wrong with their values."""
        return iter(())

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, raw: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Validate, and report what is wrong with the keys beside what is wrong with the values."""
        try:
            spec = handler(raw)
        except ValidationError as error:
            raise ValidationError.from_exception_data(cls.__name__, list(_retold(cls, raw, error))) from None
        if isinstance(raw, dict) and (wrong := misfit(cls.wrong_keys(raw))):
            raise wrong
        return spec


def _retold(cls: type[Spec], raw: Any, error: ValidationError) -> Iterator[InitErrorDetails]:
    """The errors of a mapping: a misspelt key with the one that was meant, which then does not count as missing."""
    found = error.errors(include_url=False)[:MAX_PROBLEMS]
    unknown = [str(each["loc"][0]) for each in found if each["type"] == "extra_forbidden" and len(each["loc"]) == 1]
    free = [key for key in cls.known_keys() if key not in raw] if unknown else []
    hints = {key: suggest(key, free) or suggest(key, cls.known_keys()) for key in unknown}
    for each in found:
        kind: str | PydanticCustomError = each["type"]
        name = str(each["loc"][0]) if len(each["loc"]) == 1 else ""
        if kind == "missing" and any(f'"{name}"' in hint for hint in hints.values()):
            continue
        if kind == "extra_forbidden" and name:
            known = "; known here: " + ", ".join(cls.known_keys())
            kind = PydanticCustomError("unknown", "{sentence}", {"sentence": f"unknown field{hints[name] or known}"})
        elif kind in ("unknown", "number"):
            kind = PydanticCustomError(kind, "{sentence}", {"sentence": each["msg"]})
        elif kind == "misfit":
            kind = PydanticCustomError("misfit", "misfit", each["ctx"])
        yield InitErrorDetails(type=kind, loc=each["loc"], input=each["input"], ctx=each.get("ctx", {}))
    if not unknown and isinstance(raw, dict) and (wrong := misfit(cls.wrong_keys(raw))):
        yield InitErrorDetails(type=wrong, loc=(), input=raw)


def misfit(found: Iterable[tuple[tuple[str | int, ...], str]]) -> PydanticCustomError | None:
    """One error that carries several problems, each with its path below the value it is raised for.

    A path that ends in ``[key]`` means the key before it rather than its value.
    """
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
    if not _BEGINS_AS_NUMBER.match(raw):
        message = f'must be a number, or a number with a unit such as "18 months", not "{raw[:60]}"'
        raise PydanticCustomError("number", "{sentence}", {"sentence": message})
    try:
        return _rate(raw) if "/" in raw or " per " in raw else _time(raw)
    except ValueError as error:
        raise PydanticCustomError("number", "{sentence}", {"sentence": str(error)}) from error


_BEGINS_AS_NUMBER = re.compile(r"\s*[-+.]?\d")


def _time(text: str) -> Magnitude:
    days = parse_days(text)
    if not -LONGEST <= days <= LONGEST:
        raise ValueError("is longer than 1000 years; write a shorter time")
    return Magnitude(days, "time")


def _rate(text: str) -> Magnitude:
    rate = parse_rate(text)
    if not rate <= FASTEST:
        raise ValueError("is more than a million a day; write a lower rate")
    return Magnitude(rate, "rate")


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
        strict=True,
        ge=0,
        le=5,
        description="Standard deviation of the log-odds between the population that was counted and this one; "
        "0 means that the counted population is the scenario's own, and the counts then give a Beta distribution.",
    )
    joined: str | None = Field(None, description="A remark on how the figure is used.")


class Ruled(Spec):
    """A number that an agency sets: ``{rule: fda.goal.standard}``. What it is depends on the day, as the rule does."""

    rule: str = Field(
        description="The agency and the name of its rule.",
        pattern=r"^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+$",
        examples=["fda.goal.standard"],
    )
    joined: str | None = Field(None, description="A remark on how the rule is used.")


def deep(found: Found, *prefix: str | int) -> Found:
    """The same problems, one level deeper."""
    return (((*prefix, *path), message) for path, message in found)
