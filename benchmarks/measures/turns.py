"""Runs that take turns, so that all meet the same machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

Name = TypeVar("Name")
Task = Callable[[], object]
Clock = Callable[[], float]
PROCESSOR: Clock = time.process_time
"""Seconds of processor time of this process: for work on one core."""
ELAPSED: Clock = time.perf_counter
"""Seconds that pass: for other processes and for several workers."""


def take_turns(
    tasks: Mapping[Name, Task], rounds: int, clock: Clock = PROCESSOR, least: float = 0.0
) -> dict[Name, list[float]]:
    """Seconds of every run of each task; a turn lasts `least` seconds at least, so that short tasks are repeated."""
    seconds: dict[Name, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            spent = [_timed(task, clock)]
            while sum(spent) < least:
                spent.append(_timed(task, clock))
            seconds[name] += spent
    return seconds


def _timed(task: Task, clock: Clock) -> float:
    """Seconds that a task takes; what it returns is given back to the system afterwards."""
    start = clock()
    result = task()
    seconds = clock() - start
    del result
    return seconds
