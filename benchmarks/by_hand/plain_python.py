"""The reference pathway as a plain Python loop, one replication after the other.

The draws are made column by column with NumPy and read from lists, which is part of the time that a run takes: in
Python's own integers one keyed draw takes longer than all the rest of a replication.
"""

from __future__ import annotations

from collections.abc import Iterator

import draws
from draws import APPROVED_FIRST, APPROVED_LATER, CHANCE, FILED, NOT_HELD, REVIEWS, Columns
from outcome import AVAILABLE, EXHAUSTED, FAIL_P1, FAIL_P2, FAIL_P3, RTF_END, WITHDRAWN, Outcome, Row


def available() -> str | None:
    """It can always run: NumPy is enough."""
    return None


def run(arm: str, first: int, count: int, seed: int = 1, dense: bool = False) -> Outcome:
    """Simulate the replications ``first`` … ``first + count - 1``."""
    success_1, success_2, success_3 = (draws.chance(name, dense) for name in draws.TRIALS)
    rows: list[Row] = []
    for columns in draws.chunks(seed, first, count):
        for row, t, decided, success in _clinical(columns, success_1, success_2):
            if success:
                granted = arm == "rmat" and columns.u["granted"][0][row] < CHANCE["granted"]
                ready = max(t, decided) if arm == "rmat" else t
                rows.append(_pivotal(columns, row, ready, granted, success_3))
            else:
                rows.append((FAIL_P2 if decided else FAIL_P1, t, 0, False))
    return Outcome.from_rows(rows)


def _clinical(columns: Columns, success_1: float, success_2: float) -> Iterator[tuple[int, float, float, bool]]:
    """Row, time, when a request made with Phase 2 would be decided (0 without a Phase 2), success of both trials."""
    days, u = columns.days, columns.u
    hold, gap, phase_2, u_2 = days["hold"][0], days["gap_1_2"][0], days["phase_2"][0], u["phase_2_success"][0]
    early = zip(days["ind_prep"][0], u["held"][0], days["phase_1"][0], u["phase_1_success"][0], strict=True)
    for row, (preparation, u_held, phase_1, u_1) in enumerate(early):
        t = preparation + draws.IND_REVIEW + phase_1
        if u_held >= NOT_HELD:
            t += hold[row]
        if u_1 >= success_1:
            yield row, t, 0.0, False
            continue
        t += gap[row]
        yield row, t + phase_2[row], t + draws.RMAT_CLOCK, u_2[row] < success_2


def _pivotal(columns: Columns, row: int, t: float, granted: bool, success: float) -> Row:
    """From Phase 2 on."""
    days, u = columns.days, columns.u
    if granted:
        gap, phase_3, preparation = (columns.shorter[name][row] for name in draws.SHORTER)
    else:
        gap, phase_3, preparation = (days[name][0][row] for name in draws.SHORTER)
    t += gap + phase_3
    if u["phase_3_success"][0][row] >= success:
        return FAIL_P3, t, 0, granted
    t += preparation + draws.FILING
    refusals = 0
    while u["filed"][refusals][row] >= FILED:
        if refusals == draws.FILINGS - 1:
            return RTF_END, t, 0, granted
        t += days["refusal"][refusals][row] + draws.FILING
        refusals += 1
    return _reviews(columns, row, t, granted)


def _reviews(columns: Columns, row: int, t: float, granted: bool) -> Row:
    """From the filing on."""
    days, u = columns.days, columns.u
    goal, extension, approve = draws.PRIORITY_GOAL if granted else draws.GOAL, draws.AMENDED_FIRST, APPROVED_FIRST
    for cycle in range(REVIEWS):
        t += goal + days["slip"][cycle][row]
        if u["amended"][cycle][row] < CHANCE["amended"]:
            t += extension
        if u["approved"][cycle][row] < approve:
            return AVAILABLE, t + days["launch"][0][row], cycle + 1, granted
        if cycle == REVIEWS - 1:
            break
        if u["withdrawn"][cycle][row] < CHANCE["withdrawn"]:
            return WITHDRAWN, t, cycle + 1, granted
        t += days["response"][cycle][row]
        goal = draws.CLASS_1_GOAL if u["class_1"][cycle][row] < CHANCE["class_1"] else draws.CLASS_2_GOAL
        extension, approve = draws.AMENDED_LATER, APPROVED_LATER
    return EXHAUSTED, t, REVIEWS, granted
