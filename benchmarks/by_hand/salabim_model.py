"""The reference pathway in salabim: therapies are components that live side by side in one environment.

An environment for every replication would cost more than the replication itself.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import draws
from draws import CHANCE, Columns, Drawn
from outcome import AVAILABLE, EXHAUSTED, FAIL_P1, FAIL_P2, FAIL_P3, RTF_END, WITHDRAWN, Outcome, Row

try:
    import salabim as sim
except ImportError:
    sim = None

Component: Any = sim.Component if sim else object
Process = Generator[Any, Any, Any]


def available() -> str | None:
    """Why it cannot run, or None."""
    return None if sim else "salabim is not installed (pip install salabim)"


def run(arm: str, first: int, count: int, seed: int = 1, dense: bool = False) -> Outcome:
    """Simulate the replications ``first`` … ``first + count - 1``."""
    success = {name: draws.chance(name, dense) for name in draws.TRIALS}
    rows: list[Row] = []
    for columns in draws.chunks(seed, first, count):
        env = sim.Environment(trace=False, yieldless=False)
        therapies = [
            Therapy(env=env, columns=columns, row=row, rmat=arm == "rmat", success=success)
            for row in range(columns.count)
        ]
        env.run()
        rows.extend((each.end, each.ended, each.cycles, each.granted) for each in therapies)
    return Outcome.from_rows(rows)


class Request(Component):
    """The request for RMAT, beside Phase 2."""

    def setup(self, therapy: Therapy) -> None:
        """Remember whose request it is."""
        self.therapy, self.decided = therapy, False

    def process(self) -> Process:
        """Wait for the agency, and wake the therapy if it waits for the decision."""
        yield self.hold(draws.RMAT_CLOCK)
        self.decided = True
        if self.therapy.ispassive():
            self.therapy.activate()


class Therapy(Component, Drawn):
    """One therapy on its way to patients."""

    def setup(self, columns: Columns, row: int, rmat: bool, success: dict[str, float]) -> None:
        """Take over what the replication will meet."""
        self.columns, self.row, self.rmat, self.success = columns, row, rmat, success
        self.end, self.ended, self.cycles, self.granted = -1, 0.0, 0, False

    def process(self) -> Process:
        """The whole pathway, and a note of how and when it ended."""
        self.end = yield from self.pathway()
        self.ended = self.env.now()

    def pathway(self) -> Process:
        """The whole pathway; returns the status."""
        yield self.hold(self.days("ind_prep"))
        yield self.hold(draws.IND_REVIEW)
        if self.u("held") >= draws.NOT_HELD:
            yield self.hold(self.days("hold"))
        yield self.hold(self.days("phase_1"))
        if self.u("phase_1_success") >= self.success["phase_1_success"]:
            return FAIL_P1
        yield self.hold(self.days("gap_1_2"))
        request = Request(env=self.env, therapy=self) if self.rmat else None
        yield self.hold(self.days("phase_2"))
        if self.u("phase_2_success") >= self.success["phase_2_success"]:
            return FAIL_P2
        if request is not None:
            if not request.decided:
                yield self.passivate()
            self.granted = self.u("granted") < CHANCE["granted"]
        yield self.hold(self.days("gap_2_3"))
        yield self.hold(self.days("phase_3"))
        if self.u("phase_3_success") >= self.success["phase_3_success"]:
            return FAIL_P3
        yield self.hold(self.days("bla_prep"))
        return (yield from self.application())

    def application(self) -> Process:
        """Filing, again after a refusal, then reviews."""
        for filing in range(1, draws.FILINGS + 1):
            yield self.hold(draws.FILING)
            if self.u("filed", filing) < draws.FILED:
                return (yield from self.reviews())
            if filing < draws.FILINGS:
                yield self.hold(self.days("refusal", filing))
        return RTF_END

    def reviews(self) -> Process:
        """Reviews until approval, withdrawal, or the last letter."""
        goal, extension = draws.PRIORITY_GOAL if self.granted else draws.GOAL, draws.AMENDED_FIRST
        approve = draws.APPROVED_FIRST
        while True:
            self.cycles += 1
            late = extension if self.u("amended", self.cycles) < CHANCE["amended"] else 0.0
            yield self.hold(goal + late + self.days("slip", self.cycles))
            if self.u("approved", self.cycles) < approve:
                yield self.hold(self.days("launch"))
                return AVAILABLE
            if self.cycles == draws.REVIEWS:
                return EXHAUSTED
            if self.u("withdrawn", self.cycles) < CHANCE["withdrawn"]:
                return WITHDRAWN
            yield self.hold(self.days("response", self.cycles))
            class_1 = self.u("class_1", self.cycles) < CHANCE["class_1"]
            goal, extension = draws.CLASS_1_GOAL if class_1 else draws.CLASS_2_GOAL, draws.AMENDED_LATER
            approve = draws.APPROVED_LATER
