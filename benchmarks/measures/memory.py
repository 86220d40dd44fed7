"""The most memory that a whole command holds at one time."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from startup import run as start

from measures import ours
from measures.figure import REFERENCE, Figure, Plan, at_most, power, ratio

LAUNCH = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, capture_output=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""A process begins with the memory of the one that starts it on its account, so a small one does that."""
UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes that `ru_maxrss` counts in."""
LIMIT, GROWTH = 500, 1.2
"""What may be held at most, MiB, and in units of what 10⁶ replications take."""
MOST_EVENTS = 10**7
"""Replications with an event log, which is some 150 bytes of file for each."""


def memory(plan: Plan) -> Iterator[Figure]:
    """Of a run of one arm, without and with the event log."""
    counts = plan.powers(10**6)
    yield from _growth("run reference.yaml", (), counts)
    yield from _growth("run --events in Parquet", ("--events", "e.parquet"), [n for n in counts if n <= MOST_EVENTS])


def _growth(what: str, options: Sequence[str], counts: Sequence[int]) -> Iterator[Figure]:
    first, *others = (_held(what, options, count) for count in counts)
    yield from (first, *others)
    for count, other in zip(counts[1:], others, strict=True):
        yield ratio(f"memory: {what}, {power(count)} to {power(counts[0])}", other, first, at_most(GROWTH))


def _held(what: str, options: Sequence[str], count: int) -> Figure:
    run = [sys.executable, "-m", "pathway_sim", "run", str(REFERENCE), "--arm", ours.ARM, "-n", str(count), *options]
    held = int(start([sys.executable, "-c", LAUNCH, *run])[2]) * UNIT / 2**20
    return Figure(f"memory: {what}, {power(count)}", held, held, "MiB", at_most(LIMIT))
