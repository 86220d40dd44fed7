"""The pages of `docs/rules` and the table of `docs/validation/rules.md`: what they name exists, examples are valid."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from made import shipped
from pydantic import BaseModel

from pathway_sim import agencies, evidence
from pathway_sim.scenario import load
from pathway_sim.stages import Application, Designation, Hold, Meeting, Trial, Work

ROOT = Path(__file__).resolve().parent.parent
INDEX = ROOT / "docs/rules/README.md"
PAGES = sorted(path for path in INDEX.parent.glob("*.md") if path != INDEX)
TABLE = ROOT / "docs/validation/rules.md"
NAMES = sorted(path.stem for path in (ROOT / "scenarios").glob("*.yaml"))
SNIPPET = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
PARTS = {"## In the model", "## Numbers", "## Left out", "## Tests"}
COLUMNS = 5

ids = pytest.mark.parametrize("page", [*PAGES, TABLE], ids=lambda page: page.stem)


def marked(page: Path) -> list[str]:
    """The words of a page that stand between backticks, outside of examples."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", text)


@functools.cache
def named_tests(file: str) -> frozenset[str]:
    """The names of the tests in a file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_")


def missing_test(name: str) -> bool:
    file, _, test = name.partition("::")
    return not (ROOT / file).is_file() or bool(test and test not in named_tests(file))


# --- Pages and examples -----------------------------------------------------------------------------------------------


def test_the_index_names_every_page_once():
    linked = [target for target in re.findall(r"\]\(([^)]+)\)", INDEX.read_text(encoding="utf-8")) if "/" not in target]
    assert sorted(linked) == [page.name for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_short_and_has_its_parts(page):
    lines = page.read_text(encoding="utf-8").split("\n")
    assert {*lines} >= PARTS
    assert any(line.startswith("**Citation.**") for line in lines)
    assert len(lines) <= 70
    assert SNIPPET.findall("\n".join(lines))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_are_valid(page, tmp_path):
    for place, example in enumerate(SNIPPET.findall(page.read_text(encoding="utf-8"))):
        base = "" if "extends:" in example else "extends: fda-cell-therapy\n"
        file = tmp_path / f"example-{place}.yaml"
        file.write_text(f"format: 1\nname: example\ntitle: Example\n{base}{example}", encoding="utf-8")
        assert load(file).pathways


# --- What pages name --------------------------------------------------------------------------------------------------

RULES = {name for agency in agencies.names() for name in agencies.rules(agency)}
DOTTED = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
CATALOGUE = re.compile(r"(aa|av|btd|calc|crl|dur|enr|hold|mtg|pip|post|prog|rtf|suc|tally)[._][a-z0-9_.]+")


def is_figure(name: str) -> bool:
    """Whether the catalogue has an entry, or a figure of an entry, with this name."""
    return name in evidence.entries() or evidence.known(name)


@functools.cache
def facts() -> frozenset[str]:
    """Stages, their parts, fields and outcomes in all shipped scenarios, as references and paths have them."""
    found: set[str] = set()
    for name in NAMES:
        scenario = shipped(name)
        for arm, pathway in scenario.pathways.items():
            found |= {step.name.partition("/")[0] for step in pathway.steps}
            for step in pathway.steps:
                found |= {f"{step.stage}.{outcome}" for outcome in step.outcomes}
            for stage, spec in scenario.parts[arm].stages.items():
                found |= {stage, f"{stage}.start", f"{stage}.skipped"}
                found |= {f"{stage}.{field}" for field in fields(type(spec))}
    return frozenset(found)


def fields(model: type[BaseModel], prefix: str = "") -> set[str]:
    """The fields of a kind of stage, and theirs, as paths."""
    found = set()
    for name, field in model.model_fields.items():
        found.add(f"{prefix}{name}")
        for inner in models_in(field.annotation):
            found |= fields(inner, f"{prefix}{name}.")
    return found


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The groups of fields that a field may hold: those of its own, no distributions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation] if annotation.__module__.startswith("pathway_sim.stages") else []
    return [model for inner in get_args(annotation) for model in models_in(inner)]


KINDS = {
    f"{model.__name__.lower()}.{field}"
    for model in (Application, Designation, Hold, Meeting, Trial, Work)
    for field in fields(model)
}


@ids
def test_rules_figures_facts_and_fields_exist(page):
    unknown = [
        word
        for word in marked(page)
        if (DOTTED.fullmatch(word) or CATALOGUE.fullmatch(word))
        and word not in RULES | facts() | KINDS
        and not is_figure(word)
    ]
    assert unknown == []


@ids
def test_scenarios_tests_and_modules_exist(page):
    words = marked(page)
    tests = [word for word in words if word.startswith("tests/")]
    assert tests
    assert [word for word in tests if missing_test(word)] == []
    files = [word for word in words if re.fullmatch(r"stages/\w+\.py", word)]
    assert [word for word in files if not (ROOT / "pathway_sim" / word).is_file()] == []
    named = [word for word in words if re.fullmatch(r"(msc|dpn|car|aav|fda|bio|replay)-[a-z0-9-]+", word)]
    assert [word for word in named if word not in NAMES] == []


def test_what_does_not_exist_is_found():
    assert missing_test("tests/test_rules.py::test_that_is_not_there")
    assert missing_test("tests/test_that_is_not_there.py")
    assert not is_figure("tally.nothing")
    assert not {"bla.nothing", "application.refuse.nothing"} & (facts() | KINDS)
    assert {"bla.refusal", "rmat.rescinded", "bla.goal.share"} <= facts() | {"rmat.rescinded"}
    assert {"application.refuse.protest", "trial.design.interim"} <= KINDS


# --- The table --------------------------------------------------------------------------------------------------------


def rows() -> list[list[str]]:
    """The cells of the table, row by row, without the heads."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").split("\n") if line.startswith("| [")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_rule_has_a_citation_a_stage_and_a_dated_test():
    assert len(rows()) > 50
    for row in rows():
        assert len(row) == COLUMNS, row[0]
        assert all(row), row[0]
        dated = re.findall(r"`([^`]+)`", row[3])
        assert dated, row[0]
        assert all(test.startswith(("tests/test_rules.py::", "tests/test_rules_more.py::")) for test in dated), row[0]


def test_every_page_stands_in_the_table():
    pages = {re.search(r"\(\.\./rules/([\w-]+\.md)\)", row[0])[1] for row in rows()}
    assert pages == {page.name for page in PAGES}


@pytest.mark.parametrize("file", ["tests/test_rules.py", "tests/test_rules_more.py"])
def test_every_dated_test_stands_in_the_table(file):
    named = {word.partition("::")[2] for word in marked(TABLE)}
    assert sorted(named_tests(file) - named) == []


def test_rules_that_act_nowhere_are_said_to_be():
    """Those of the US agency; the clocks of a kind of stage are counted where a stage leaves them out."""
    used = {rule for name in NAMES for rule in shipped(name).rules}
    said = TABLE.read_text(encoding="utf-8").split("\n## ")[0]
    named = {word for word in re.findall(r"`([^`]+)`", said) if word in RULES}
    assert named == {rule for rule in RULES - used if rule.startswith("fda.")}
