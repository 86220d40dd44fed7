"""What figures are called, for those who measure and those who draw."""

from __future__ import annotations

from measures.figure import power

CASES = ("attrition", "dense")
"""Most programs fail on the way; all walk every stage."""
BY_HAND = ("NumPy", "C", "plain Python", "SimPy", "salabim", "Ciw")
SLOW = {"plain Python": 10**5, "SimPy": 2 * 10**4, "salabim": 1000, "Ciw": 1000, "reference": 2 * 10**4}
"""Replications of a run of those that go through them one by one; their rate does not depend on it."""
SIZES = (10**6, 10**7)
"""Replications of a run of the others."""


def by_hand(name: str) -> str:
    """A hand-written model."""
    return f"{name} by hand"


def count_of(name: str, size: int) -> int:
    """The replications of a run of this one where others have so many."""
    return SLOW.get(name.removesuffix(" by hand"), size)


def rate_name(case: str, name: str, count: int) -> str:
    """Replications per second."""
    return f"rates: {name}, {case}, {power(count)}"


def ratio_name(case: str, name: str, yardstick: str, count: int) -> str:
    """One rate in units of another."""
    return f"ratios: {name} to {yardstick}, {case}, {power(count)}"


def command_name(count: int) -> str:
    """Seconds of a whole command."""
    return f"whole: compare reference.yaml, {power(count)}"


def warm_name(count: int) -> str:
    """Seconds of a run in a warm process."""
    return f"whole: the same in a warm process, {power(count)}"
