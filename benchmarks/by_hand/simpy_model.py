"""The reference pathway as a SimPy process, with an environment of its own for every replication."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import draws
from draws import CHANCE, Columns, Drawn
from outcome import AVAILABLE, EXHAUSTED, FAIL_P1, FAIL_P2, FAIL_P3, RTF_END, WITHDRAWN, Outcome, Row

try:
    import simpy
except ImportError:
    simpy = None

Process = Generator[Any, Any, Any]


def available() -> str | None:
    """Why it cannot run, or None."""
    return None if simpy else "SimPy is not installed (pip install simpy)"


def run(arm: str, first: int, count: int, seed: int = 1, dense: bool = False) -> Outcome:
    """Simulate the replications ``first`` … ``first + count - 1``."""
    success = {name: draws.chance(name, dense) for name in draws.TRIALS}
    rows: list[Row] = []
    for columns in draws.chunks(seed, first, count):
        for row in range(columns.count):
            env = simpy.Environment()
            therapy = Therapy(env, columns, row, arm == "rmat", success)
            status = env.run(until=env.process(therapy.pathway()))
            rows.append((status, env.now, therapy.cycles, therapy.granted))
    return Outcome.from_rows(rows)


@dataclass
class Therapy(Drawn):
    """One therapy on its way to patients."""

    env: Any
    columns: Columns
    row: int
    rmat: bool
    success: dict[str, float]
    cycles: int = 0
    granted: bool = False

    def pathway(self) -> Process:
        """The whole pathway; returns the status."""
        yield self.env.timeout(self.days("ind_prep"))
        yield self.env.timeout(draws.IND_REVIEW)
        if self.u("held") >= draws.NOT_HELD:
            yield self.env.timeout(self.days("hold"))
        yield self.env.timeout(self.days("phase_1"))
        if self.u("phase_1_success") >= self.success["phase_1_success"]:
            return FAIL_P1
        yield self.env.timeout(self.days("gap_1_2"))
        request = self.env.process(self.request()) if self.rmat else None
        yield self.env.timeout(self.days("phase_2"))
        if self.u("phase_2_success") >= self.success["phase_2_success"]:
            return FAIL_P2
        if request is not None:
            self.granted = yield request
        yield self.env.timeout(self.days("gap_2_3"))
        yield self.env.timeout(self.days("phase_3"))
        if self.u("phase_3_success") >= self.success["phase_3_success"]:
            return FAIL_P3
        yield self.env.timeout(self.days("bla_prep"))
        return (yield from self.application())

    def request(self) -> Process:
        """The request for RMAT, beside Phase 2."""
        yield self.env.timeout(draws.RMAT_CLOCK)
        return self.u("granted") < CHANCE["granted"]

    def application(self) -> Process:
        """Filing, again after a refusal, then reviews."""
        for filing in range(1, draws.FILINGS + 1):
            yield self.env.timeout(draws.FILING)
            if self.u("filed", filing) < draws.FILED:
                return (yield from self.reviews())
            if filing < draws.FILINGS:
                yield self.env.timeout(self.days("refusal", filing))
        return RTF_END

    def reviews(self) -> Process:
        """Reviews until approval, withdrawal, or the last letter."""
        goal, extension = draws.PRIORITY_GOAL if self.granted else draws.GOAL, draws.AMENDED_FIRST
        approve = draws.APPROVED_FIRST
        while True:
            self.cycles += 1
            late = extension if self.u("amended", self.cycles) < CHANCE["amended"] else 0.0
            yield self.env.timeout(goal + late + self.days("slip", self.cycles))
            if self.u("approved", self.cycles) < approve:
                yield self.env.timeout(self.days("launch"))
                return AVAILABLE
            if self.cycles == draws.REVIEWS:
                return EXHAUSTED
            if self.u("withdrawn", self.cycles) < CHANCE["withdrawn"]:
                return WITHDRAWN
            yield self.env.timeout(self.days("response", self.cycles))
            class_1 = self.u("class_1", self.cycles) < CHANCE["class_1"]
            goal, extension = draws.CLASS_1_GOAL if class_1 else draws.CLASS_2_GOAL, draws.AMENDED_LATER
            approve = draws.APPROVED_LATER
