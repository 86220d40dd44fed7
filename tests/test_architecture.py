"""The picture in CONTRIBUTING, kept true: who may import what, and how large things grow."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "pathway_sim"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 310, 40
ONLY_IN = {
    "simpy": ["engines/reference.py"],
    "click": ["cli/"],
    "rich": ["cli/"],
    "matplotlib": ["report/"],
    "yaml": ["document/"],
    "pyarrow": ["report/events.py"],
    "random": [],
    "numpy.random": [],
    "pandas": [],
    "scipy.stats": [],
    "pickle": [],
    "socket": [],
    "subprocess": [],
}


def imported(tree: ast.AST) -> set[str]:
    """The modules that a file imports, and the names it takes from them."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("name", ONLY_IN)
def test_a_library_is_imported_only_where_it_belongs(name):
    for module in MODULES:
        place = module.relative_to(PACKAGE).as_posix()
        modules = imported(ast.parse(module.read_text()))
        found = {each for each in modules if each == name or each.startswith(f"{name}.")}
        assert not found or any(place.startswith(allowed) for allowed in ONLY_IN[name]), f"{place} imports {found}"


def test_nothing_is_evaluated():
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec", "compile", "__import__"}, module


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_files_and_functions_stay_small(module):
    text = module.read_text()
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[1:] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body
            assert body[-1].end_lineno - body[0].lineno < LONGEST_FUNCTION, f"{module.name}: {node.name}"


def test_numpy_random_is_used_nowhere():
    for module in MODULES:
        assert "np.random" not in module.read_text(), module
