"""The JSON Schema of scenario files: valid, readable, and of one mind with the loader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pathway_sim import document
from pathway_sim.errors import ScenarioError
from pathway_sim.scenario import SHIPPED, load
from pathway_sim.scenario.json_schema import json_schema
from pathway_sim.scenario.resolved import settled, with_defaults
from pathway_sim.scenario.template import template

WHOLE = """
format: 1
name: whole
title: A small scenario
as_of: 2026-01-01
horizon: 10 years
stages:
  phase_2: {kind: trial, duration: {kind: lognormal, median: 20 months, sd_log: 0.3}, success: 0.5}
  review: {kind: work, duration: 1 year, outcomes: {approved: 0.8, refused: rest}, terminal: [refused],
           after: [phase_2.success]}
effects:
  faster: {if: phase_2.success, on: review.duration, scale: 0.8}
milestones: {approval: review.approved}
arms:
  standard: {set: {effects.faster.enabled: false}}
  rmat: {}
"""
OVER = """
format: 1
name: over
title: Laid over another
extends: msc-dpn
stages:
  phase_2: {success: 0.3}
"""

GOOD = {
    "whole": WHOLE,
    "over": OVER,
    "part of a number": OVER.replace("success: 0.3", "duration: {sd_log: 0.5}"),
    "part of a check": OVER + "carved: {phase_3_to_bla: {accept: [30 months, 60 months]}}\n",
    "an interval": WHOLE + "intervals: {review: {from: phase_2.success, to: {any: [review]}, of: the review}}\n",
    "part of an interval": OVER + "intervals: {rmat_request_to_decision: {of: how long RMAT takes}}\n",
    "part of an effect": OVER + "effects: {rolling_submission: {enabled: false}}\n",
    "part of the pace": OVER + "pace: {sd_log: 0.3}\n",
    "a switched stage": OVER.replace("success: 0.3", "enabled: false"),
    "nested facts": WHOLE.replace("[phase_2.success]", "{any: [phase_2.success, {all: [phase_2.start]}]}"),
    "a negative difference": OVER.replace(
        "phase_2: {success: 0.3}", "bla: {slip: {approved: -1 month, letter: 0 days}}"
    ),
    "a count with its source": OVER.replace("phase_2: {success: 0.3}", "bla: {at_most: {value: 2, assumption: a}}"),
    "one id of evidence": OVER.replace("0.3", "{value: 0.3, evidence: suc_bio21_chronic}"),
    "a borrowed rate": OVER.replace("0.3", "{evidence: suc_bio21_chronic.phase2_to_3}"),
}
BAD = {
    "no name": WHOLE.replace("name: whole\n", ""),
    "no stages": "format: 1\nname: a\ntitle: b\nas_of: 2026-01-01\nhorizon: 1 year\nmilestones: {approval: a.b}\n",
    "no milestones": WHOLE.replace("milestones: {approval: review.approved}\n", ""),
    "another format": WHOLE.replace("format: 1", "format: 2"),
    "an unknown key at the top": WHOLE + "colour: red\n",
    "an unknown key in a stage": WHOLE.replace("success: 0.5", "success: 0.5, clok: 1"),
    "an unknown key in an extending file": OVER.replace("success: 0.3", "sucess: 0.3"),
    "an unknown key in a distribution": WHOLE.replace("sd_log: 0.3", "sdlog: 0.3"),
    "an unknown kind of stage": WHOLE.replace("kind: trial", "kind: trail"),
    "an unknown kind of distribution": WHOLE.replace("kind: lognormal", "kind: lognormale"),
    "no kind of stage": WHOLE.replace("kind: trial, ", ""),
    "no kind of distribution": WHOLE.replace("kind: lognormal, ", ""),
    "no duration": WHOLE.replace("duration: 1 year, ", ""),
    "a duration without a unit": WHOLE.replace("duration: 1 year", "duration: 12"),
    "a duration with an unknown unit": WHOLE.replace("duration: 1 year", "duration: 12 moons"),
    "a negative duration": WHOLE.replace("duration: 1 year", "duration: -1 year"),
    "a duration with a stated bare number": WHOLE.replace("duration: 1 year", "duration: {value: 3, assumption: a}"),
    "a probability above one": WHOLE.replace("success: 0.5", "success: 1.5"),
    "a stated probability above one": WHOLE.replace("success: 0.5", "success: {value: 1.5, assumption: a}"),
    "a probability with a unit": WHOLE.replace("success: 0.5", "success: 1 month"),
    "a probability below zero in an extending file": OVER.replace("0.3", "-0.3"),
    "text for a number": WHOLE.replace("success: 0.5", "success: high"),
    "a truth for a number": WHOLE.replace("success: 0.5", "success: true"),
    "text for a truth": WHOLE.replace("after: [phase_2.success]", "after: [phase_2.success], enabled: maybe"),
    "a name with a capital": WHOLE.replace("  review: {", "  Review: {").replace("review.", "Review."),
    "a broken reference": WHOLE.replace("[phase_2.success]", "[phase_2..success]"),
    "a fact joined by an unknown word": WHOLE.replace("[phase_2.success]", "{some: [phase_2.success]}"),
    "an effect on nothing": WHOLE.replace("on: review.duration, ", ""),
    "a negative factor": WHOLE.replace("scale: 0.8", "scale: -0.8"),
    "an interval without an end": WHOLE + "intervals: {review: {from: phase_2.success}}\n",
    "an unknown key of an interval": WHOLE + "intervals: {review: {from: phase_2.success, till: review, to: review}}\n",
    "half a parameter set": WHOLE + "parameter_sets: 0.5\n",
    "no parameter set": WHOLE + "parameter_sets: 0\n",
    "a count of none": WHOLE.replace("0.8, refused", "0.8, again: 0.1, refused").replace(
        "1 year, outcomes", "1 year, repeat: {on: again, at_most: 0}, outcomes"
    ),
    "a list for a mapping": WHOLE.replace("arms:\n", "arms: []\n#")
    .replace("  standard:", "#")
    .replace("  rmat: {}", "#"),
    "an unknown key of an arm": WHOLE.replace("rmat: {}", "rmat: {sets: {}}"),
    "an unknown outcome word": WHOLE.replace("refused: rest", "refused: remainder"),
    "one part in a mixture": WHOLE.replace(
        "duration: 1 year", "duration: {kind: mixture, parts: [{weight: 1, of: {kind: fixed, value: 1 day}}]}"
    ),
    "a part of a mixture that is none": WHOLE.replace(
        "duration: 1 year",
        "duration: {kind: mixture, parts: [{weight: 0.5, off: 1}, {weight: rest, of: {kind: fixed}}]}",
    ),
}


@cache
def validator() -> Draft202012Validator:
    """The schema, ready to use."""
    return Draft202012Validator(json_schema())


def plain(text: str) -> Any:
    return document.plain(document.read(text.encode(), "here.yaml"))


def test_it_is_a_valid_schema():
    Draft202012Validator.check_schema(json_schema())
    assert json_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(json_schema(), allow_nan=False)) == json_schema()


@pytest.mark.parametrize("name", SHIPPED.names())
def test_shipped_scenarios_validate(name):
    raw = document.plain(document.read(SHIPPED.path(name), name))
    assert [error.message for error in validator().iter_errors(raw)] == []


@pytest.mark.parametrize("name", SHIPPED.names())
def test_resolved_scenarios_validate(name):
    raw = document.plain(with_defaults(settled(load(name))))
    assert [error.message for error in validator().iter_errors(raw)] == []


@pytest.mark.parametrize("name", SHIPPED.names())
def test_the_file_of_init_validates(name):
    assert [error.message for error in validator().iter_errors(plain(template("mine", name)))] == []


@pytest.mark.parametrize("name", GOOD)
def test_what_the_loader_takes_the_schema_takes(name):
    load(GOOD[name].encode())
    assert [error.message for error in validator().iter_errors(plain(GOOD[name]))] == []


@pytest.mark.parametrize("name", BAD)
def test_what_the_schema_refuses_the_loader_refuses(name):
    assert not validator().is_valid(plain(BAD[name]))
    with pytest.raises(ScenarioError):
        load(BAD[name].encode())


def fields(node: Any, *path: str) -> Iterator[tuple[str, Any]]:
    """Every field of every mapping, with its path."""
    if isinstance(node, dict):
        for key, value in node.get("properties", {}).items() if isinstance(node.get("properties"), dict) else ():
            yield "/".join((*path, key)), value
        for key, value in node.items():
            yield from fields(value, *path, key)
    elif isinstance(node, list):
        for k, value in enumerate(node):
            yield from fields(value, *path, str(k))


def test_every_field_and_definition_is_described():
    schema = json_schema()
    defs = schema["$defs"]
    for name, model in defs.items():
        assert model.get("description"), name
    for path, field in [*fields({"properties": schema["properties"]}), *fields(defs)]:
        partial = "anyOf" in field and {"$ref": "#/$defs/Change"} in field["anyOf"]
        if not (partial or "all" in path or "any" in path or "not" in path or path.startswith(tuple("0123456789"))):
            named = field.get("$ref", "").removeprefix("#/$defs/")
            assert (
                field.get("description")
                or (named in defs and defs[named]["description"])
                or "Fact" in path
                or (path.rpartition("/")[2] == "value" and "anyOf" in path)
            ), path


def test_it_is_readable():
    text = json.dumps(json_schema(), indent=1)
    assert len(text) < 120_000
    for word in ("Spec", "null", "discriminator", "tagged", "pydantic", "lambda", "``"):
        assert word not in text, word
    titles = [value for key, value in walk(json_schema()) if key == "title" and isinstance(value, str)]
    assert titles == ["A pathway-sim scenario"]


def walk(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def test_every_reference_leads_somewhere_and_every_definition_is_used():
    schema = json_schema()
    used = {value.removeprefix("#/$defs/") for key, value in walk(schema) if key == "$ref"}
    assert used == set(schema["$defs"])


@pytest.mark.parametrize("name", ["Duration", "Probability", "Share", "Fact", "Factor", "Offset"])
def test_numbers_and_facts_have_examples(name):
    model = json_schema()["$defs"][name]
    assert model.get("examples") or any("examples" in each for each in model["anyOf"])


def test_examples_of_a_definition_fit_it():
    schema = json_schema()
    for name, model in schema["$defs"].items():
        for example in model.get("examples", ()):
            inner = Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]})
            assert inner.is_valid(example), (name, example)
