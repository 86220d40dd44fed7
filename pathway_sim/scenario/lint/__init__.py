"""Known mistakes in scenarios that are valid: each is a named warning with a place, a sentence and an explanation."""

from pathway_sim.scenario.lint import designations, reviews, totals, spread  # noqa: I001  the order of the list
from pathway_sim.scenario.lint.find import Finding, lint
from pathway_sim.scenario.lint.registry import WARNINGS, Warned

__all__ = ["WARNINGS", "Finding", "Warned", "designations", "lint", "reviews", "spread", "totals"]
