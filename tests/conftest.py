"""Options of the test run."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """``python -m pytest --refresh-golden`` writes the golden outputs anew; look at what changed before keeping it."""
    parser.addoption("--refresh-golden", action="store_true", help="write tests/golden/* and the map in docs/ anew")
