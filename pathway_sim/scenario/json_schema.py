"""The JSON Schema of scenario files (draft 2020-12), made from the same models that read them.

It is for editors, which complete and explain while one writes; what it refuses, the program refuses too. Three things
are put the way people write files: numbers are named by what they stand for (`Duration`, `Probability`, …), facts may
be nested, and a file with `extends` may state parts of what it changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

from pydantic import AfterValidator, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema as core

from pathway_sim.distributions.specs import AnyDistribution
from pathway_sim.document import DEFINING
from pathway_sim.fields import Magnitude
from pathway_sim.scenario.resolved import written
from pathway_sim.scenario.schema import ScenarioSpec
from pathway_sim.stages import AnyStage, terms
from pathway_sim.stages.expressions import Expression
from pathway_sim.units import NUMBER, UNITS

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
ALWAYS_REQUIRED = ("format", "name", "title")
UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
UNSIGNED = NUMBER.removeprefix("[-+]?")

EXAMPLE = {"kind": "lognormal", "median": "26 months", "sd_log": 0.35, "assumption": "between two published trials"}
TIME = {"type": "string", "pattern": rf"^{UNSIGNED}\s*({UNIT})$", "description": "A length of time with its unit."}
SHARE = {"type": "number", "minimum": 0, "maximum": 1, "description": "A plain number from 0 to 1."}
FACTOR = {"type": "number", "minimum": 0, "description": "A plain number."}
SIGNED = {**TIME, "pattern": rf"^{NUMBER}\s*({UNIT})$", "description": "A difference of times, which may be negative."}
RATE = {"type": "string", "pattern": rf"^{UNSIGNED}\s*(/|\s+per\s+)\s*({UNIT})$", "description": "A rate."}
ANY = {"$ref": "#/$defs/Quantity"}
MORE = ("Borrowed", "Ruled", "Distribution")
DOTTED = r"^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*$"

NUMBERS: Mapping[str, tuple[Any, Schema, str, list[Any]]] = {
    "Duration": (terms.Duration, TIME, "A length of time; a distribution here is chance.", ["18 months", EXAMPLE]),
    "Offset": (terms.Offset, SIGNED, "A difference of times; a distribution here is chance.", ["-1 month"]),
    "Probability": (terms.Probability, SHARE, "A probability; a distribution here is what is not known.", [0.25]),
    "Factor": (terms.Factor, FACTOR, "A factor; a distribution here is what is not known.", [0.8]),
    "Share": (terms.Share, SHARE, "The probability of an outcome, or the rest.", [0.25, "rest"]),
}
"""What each alias of the models stands for: its plain form, a sentence, examples."""

DESCRIPTIONS = {
    "alpha": "Like a count of yes.", "beta": "Like a count of no.", "class_1": "For a Class 1 resubmission.",
    "class_2": "For a Class 2 resubmission.", "duration": "By how long.", "first": "On the first request.",
    "high": "The greatest value.", "kind": "The kind, which decides what other fields there are.",
    "later": "On later requests.", "low": "The least value.", "mean": "The mean.", "median": "Half lie below it.",
    "mode": "The most likely value.", "of": "Its distribution.", "p10": "One in ten lies below it.",
    "p50": "Half lie below it.", "p75": "Three in four lie below it.", "p90": "Nine in ten lie below it.",
    "parts": "The parts, in ascending order and without overlap.", "priority": "For priority review.",
    "probability": "How probable that is.", "reached": "The fact that begins it.", "scale": "The scale of the values.",
    "sd": "The standard deviation.", "shape": "The shape.", "standard": "For standard review.",
    "until": "The fact that ends it.", "value": "The number itself.", "values": "The values.",
}  # fmt: skip
"""For fields whose models say nothing, because the name says it."""


def json_schema() -> Schema:
    """The schema, with everything named once under ``$defs``."""
    forms = {"Quantity": _form(Magnitude), "Fact": _form(Expression), "Distribution": _form(AnyDistribution)}
    schema = _readable(TypeAdapter(ScenarioSpec).json_schema(schema_generator=_Generator, by_alias=True), forms)
    defs = {_short(name): model for name, model in schema.pop("$defs").items()} | _named(forms)
    for name, model in defs.items():
        _describe(model, name)
    _describe(schema, "Scenario")
    required, strict = schema["required"], schema["properties"]
    stages = [_short(model.__name__) for model in get_args(get_args(AnyStage)[0])]
    partial = {name: strict[name] for name in ("stages", "effects", "intervals", "carved", "pace")}
    loose = {
        name: {key: model[key] for key in ("type", "description") if key in model} for name, model in partial.items()
    }
    strict["arms"]["examples"] = [{"rmat": {}, "standard": {"set": {"stages.rmat.enabled": False}}}]
    defs["Arm"]["properties"]["set"].update(propertyNames={"pattern": DOTTED}, additionalProperties=True)
    over = {
        "stages": _by_name(_part("stage", *(defs[name] for name in stages)), strict["stages"]),
        "effects": _by_name(_part("effect", defs["Effect"]), strict["effects"]),
        "intervals": _by_name(_part("interval", defs["Interval"]), strict["intervals"]),
        "carved": _by_name(_part("check", defs["Check"]), strict["carved"]),
        "pace": _part("pace", defs["Pace"]),
    }
    return {
        "$schema": DIALECT,
        "title": "A pathway-sim scenario",
        "description": "How one therapy gets from the clinic to patients, and what is compared.",
        "type": "object",
        "required": list(ALWAYS_REQUIRED),
        "properties": {**strict, **loose},
        "additionalProperties": False,
        "if": {"required": ["extends"]},
        "then": {"properties": over},
        "else": {"required": [name for name in required if name not in ALWAYS_REQUIRED], "properties": partial},
        "$defs": dict(sorted(defs.items())),
    }


class _Generator(GenerateJsonSchema):
    """Makes schemas for what files may hold: no null, no titles, names and numbers as people write them."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  the library's signature
        """Keys speak for themselves."""
        return False

    def model_schema(self, schema: core.ModelSchema) -> Schema:
        """Without the name of the class."""
        return {key: value for key, value in super().model_schema(schema).items() if key != "title"}

    def nullable_schema(self, schema: core.NullableSchema) -> Schema:
        """There is no null in files; a key is left out."""
        return self.generate_inner(schema["schema"])

    def encode_default(self, dft: Any) -> Any:
        """A default as a file would have it."""
        return written(dft) if isinstance(dft, Magnitude) else super().encode_default(dft)

    def default_schema(self, schema: core.WithDefaultSchema) -> Schema:
        """Without defaults that say no more than that the key may be left out."""
        made = super().default_schema(schema)
        return {key: value for key, value in made.items() if key != "default" or value not in (None, "", {}, [], ())}

    def tagged_union_schema(self, schema: core.TaggedUnionSchema) -> Schema:
        """The alternatives, without the discriminator, which is no JSON Schema."""
        made = super().tagged_union_schema(schema)
        return {"anyOf": made["oneOf"]} if "oneOf" in made else made

    def dict_schema(self, schema: core.DictSchema) -> Schema:
        """Every key must be a name."""
        made = super().dict_schema(schema)
        for pattern, value in made.pop("patternProperties", {}).items():
            made |= {"propertyNames": {"pattern": pattern}, "additionalProperties": value}
        return made

    def function_before_schema(self, schema: core.BeforeValidatorFunctionSchema) -> Schema:
        """A list that may also be written as its only member; a count with its bounds, plain or with its source."""
        made, inner = super().function_before_schema(schema), self.generate_inner(schema["schema"])
        if made.get("type") == "array" and _makes_list(schema["function"]["function"]):
            return {"anyOf": [made["items"], made]}
        if inner.get("type") == "integer":
            return {"anyOf": [inner, *(each for each in made.get("anyOf", ()) if each != {"type": "integer"})]}
        return made

    def function_after_schema(self, schema: core.AfterValidatorFunctionSchema) -> Schema:
        """A reference to the named number that the check makes of a term."""
        check = schema["function"]["function"]
        names = (name for name, (alias, *_) in NUMBERS.items() if check in _checks(alias))
        return next(({"number": name} for name in names), None) or super().function_after_schema(schema)


def _makes_list(function: Callable[..., Any]) -> bool:
    try:
        return bool(function("x") == ("x",))
    except Exception:
        return False


def _checks(alias: Any) -> list[Any]:
    """The functions that make an annotated type what it is."""
    return [each.func for each in alias.__metadata__ if isinstance(each, AfterValidator)]


def _short(name: str) -> str:
    return name.removesuffix("Spec")


def _form(kind: Any) -> Any:
    """The alternatives by which a type is recognised wherever it is written out."""
    return TypeAdapter(kind).json_schema(schema_generator=_Generator)["anyOf"]


def _readable(node: Any, forms: Mapping[str, Any]) -> Any:
    """The schema with references to what has a name, and texts in one line."""
    if isinstance(node, list):
        return [_readable(each, forms) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("number"), str):
        return {"$ref": f"#/$defs/{node['number']}"} | {key: node[key] for key in node if key != "number"}
    for name, form in forms.items():
        if node.get("anyOf") == form:
            return {"$ref": f"#/$defs/{name}"} | {key: node[key] for key in node if key != "anyOf"}
    made = {key: _readable(value, forms) for key, value in node.items()}
    if isinstance(made.get("$ref"), str):
        made["$ref"] = _short(made["$ref"])
    if isinstance(made.get("description"), str):
        made["description"] = re.sub(r"\s+", " ", made["description"].replace("``", "`"))
    return made


def _named(forms: Mapping[str, Any]) -> dict[str, Schema]:
    """The definitions that the models do not have by name."""
    numbers: dict[str, Schema] = {
        name: {
            "description": sentence,
            "examples": examples,
            "anyOf": [plain, *({"$ref": "#/$defs/Stated", "properties": {"value": plain}},), *_references(MORE)],
        }
        for name, (_, plain, sentence, examples) in NUMBERS.items()
    }
    numbers["Share"]["anyOf"].append({"const": "rest", "description": "What the others leave."})
    return numbers | {
        "Quantity": {
            "description": "A number, with its unit where it has one.",
            "anyOf": [{"type": "number"}, SIGNED, RATE],
        },
        "Fact": _fact(forms),
        "Distribution": {
            "description": "A distribution: chance in a duration, what is not known in any other number.",
            "anyOf": _readable(forms["Distribution"], {}),
        },
        "Term": {
            "description": "A number, with its source or as a distribution.",
            "anyOf": [ANY, {"$ref": "#/$defs/Stated"}, *_references(MORE)],
        },
        "Change": {
            "description": "Part of a value; the rest stays as it is in the file that this one extends.",
            "type": "object",
            "not": {"anyOf": [{"required": [key]} for key in DEFINING]},
        },
    }


def _fact(forms: Mapping[str, Any]) -> Schema:
    """References to facts, alone or joined to any depth."""
    fact = {"$ref": "#/$defs/Fact"}
    several = {"type": "array", "items": fact, "minItems": 1}
    joined = (("all", several), ("any", several), ("not", fact))
    words = [
        {"type": "object", "required": [word], "properties": {word: inner}, "additionalProperties": False}
        for word, inner in joined
    ]
    reference = next(form for form in forms["Fact"] if form.get("type") == "string")
    return {"description": "A fact, or several joined; a list means all.", "anyOf": [reference, several, *words]}


def _references(names: tuple[str, ...]) -> list[Schema]:
    return [{"$ref": f"#/$defs/{name}"} for name in names]


def _describe(model: Schema, name: str) -> None:
    """Give every field a description that has none, not even by what it refers to."""
    for key, field in model.get("properties", {}).items():
        if "description" not in field and ("$ref" not in field or key in DESCRIPTIONS):
            assert key in DESCRIPTIONS, f"{name}.{key} has no description"
            field["description"] = DESCRIPTIONS[key]


def _by_name(entry: Schema, section: Schema) -> Schema:
    """A mapping by name of such entries."""
    return {"type": "object", "propertyNames": section["propertyNames"], "additionalProperties": entry}


def _part(what: str, *models: Schema) -> Schema:
    """What a file with `extends` may say of an entry that it changes: any of the fields, each whole or in part."""
    found: dict[str, list[Schema]] = {}
    for model in models:
        for key, field in model["properties"].items():
            same = found.setdefault(key, [])
            if field not in same:
                same.append(field)
    fields = {key: {"anyOf": [*forms, {"$ref": "#/$defs/Change"}]} for key, forms in found.items()}
    return {
        "description": f"What changes in a {what}; the rest stays as it is in the file that this one extends.",
        "type": "object",
        "properties": fields,
        "additionalProperties": False,
    }
