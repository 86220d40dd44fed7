"""The JSON Schema of scenario files, generated from the same models that read them."""

from __future__ import annotations

from typing import Any

from pathway_sim.scenario.schema import ScenarioSpec

ALWAYS_REQUIRED = ["format", "name", "title"]


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12). A file that extends another may leave out what the other has, at every depth of `stages`."""
    schema = ScenarioSpec.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "pathway-sim scenario"
    required = schema.pop("required", [])
    schema["required"] = [name for name in required if name in ALWAYS_REQUIRED]
    schema["if"] = {"not": {"required": ["extends"]}}
    schema["then"] = {"required": required, "properties": {"stages": schema["properties"]["stages"]}}
    schema["properties"]["stages"] = {
        "type": "object",
        "description": "The stages, by name. Over another file, only what changes.",
    }
    return schema
