"""The reference pathway in Ciw: a queueing network in which every stage is a node with room for all.

Therapies are individuals. A node's time is a distribution of its own and the way on a router of its own; both look up
the keyed draw of the individual, so that results agree with the other models one by one. An individual cannot be in
two places, so what is left of the wait for the RMAT decision after Phase 2, which is nearly always nothing, is a node.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import draws
from draws import CHANCE, Columns, Drawn
from outcome import AVAILABLE, EXHAUSTED, FAIL_P1, FAIL_P2, FAIL_P3, RTF_END, WITHDRAWN, Outcome, Row

try:
    import ciw
except ImportError:
    ciw = None

Individual: Any = ciw.Individual if ciw else object
Distribution: Any = ciw.dists.Distribution if ciw else object
NodeRouting: Any = ciw.routing.NodeRouting if ciw else object

TOGETHER = 32
"""Therapies in one simulation: after every event Ciw looks at all nodes and all who are in them."""

FOLLOWING = {
    "ind_prep": "ind_review",
    "hold": "phase_1",
    "gap_1_2": "phase_2",
    "gap_2_3": "phase_3",
    "bla_prep": "filing",
    "refusal": "filing",
    "response": "review",
}
BRANCHING = ("ind_review", "phase_1", "phase_2", "rmat", "phase_3", "filing", "review", "launch")
NODES = ("ind_prep", *BRANCHING, *(name for name in FOLLOWING if name != "ind_prep"))
_NUMBER = {name: number for number, name in enumerate(NODES, start=1)}
_EXIT = -1


def available() -> str | None:
    """Why it cannot run, or None."""
    return None if ciw else "Ciw is not installed (pip install ciw)"


def run(arm: str, first: int, count: int, seed: int = 1, dense: bool = False) -> Outcome:
    """Simulate the replications ``first`` … ``first + count - 1``."""
    success = {name: draws.chance(name, dense) for name in draws.TRIALS}
    rows: list[Row] = []
    for columns in draws.chunks(seed, first, count):
        for low in range(0, columns.count, TOGETHER):
            rows.extend(_simulate(columns, low, min(TOGETHER, columns.count - low), arm == "rmat", success))
    return Outcome.from_rows(rows)


def _simulate(columns: Columns, low: int, count: int, rmat: bool, success: dict[str, float]) -> list[Row]:
    therapy = partial(Therapy, columns=columns, low=low, rmat=rmat, success=success)
    simulation = ciw.Simulation(_network(count), individual_class=therapy)
    simulation.simulate_until_max_customers(count)
    ended = sorted(simulation.nodes[-1].all_individuals, key=lambda each: each.row)
    return [(each.status, each.data_records[-1].exit_date, each.cycles, each.granted) for each in ended]


def _network(count: int) -> Any:
    """All arrive together at the first node, and nobody later."""
    others = len(NODES) - 1
    return ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([0.0, float("inf")]), *[None] * others],
        batching_distributions=[ciw.dists.Deterministic(count), *[ciw.dists.Deterministic(1)] * others],
        service_distributions=[Stay(name) for name in NODES],
        number_of_servers=[float("inf")] * len(NODES),
        routing=ciw.routing.NetworkRouting([Way(name) for name in NODES]),
    )


class Stay(Distribution):
    """The time at a node."""

    def __init__(self, name: str) -> None:
        self.name = name

    def sample(self, t: float, ind: Therapy) -> float:
        """Days for this individual."""
        return ind.stay(self.name, t)


class Way(NodeRouting):
    """The way on from a node."""

    def __init__(self, name: str) -> None:
        self.name = name

    def next_node(self, ind: Therapy) -> Any:
        """The next node, or the exit."""
        return self.simulation.nodes[_NUMBER.get(ind.after(self.name), _EXIT)]


class Therapy(Individual, Drawn):
    """One therapy on its way to patients."""

    def __init__(
        self, *args: Any, columns: Columns, low: int, rmat: bool, success: dict[str, float], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.columns, self.row, self.rmat, self.success = columns, low + self.id_number - 1, rmat, success
        self.status, self.filings, self.cycles, self.granted = -1, 0, 0, False

    def stay(self, name: str, now: float) -> float:
        """Days at a node from now on."""
        match name:
            case "ind_review":
                return draws.IND_REVIEW
            case "phase_2":
                self.decided = now + draws.RMAT_CLOCK
            case "rmat":
                return max(self.decided - now, 0.0)
            case "refusal":
                return self.days("refusal", self.filings)
            case "filing":
                self.filings += 1
                return draws.FILING
            case "review":
                return self.review()
            case "response":
                return self.days("response", self.cycles)
        return self.days(name)

    def review(self) -> float:
        """Days of the next review."""
        self.cycles += 1
        if self.cycles == 1:
            goal, extension = draws.PRIORITY_GOAL if self.granted else draws.GOAL, draws.AMENDED_FIRST
        else:
            class_1 = self.u("class_1", self.cycles - 1) < CHANCE["class_1"]
            goal, extension = draws.CLASS_1_GOAL if class_1 else draws.CLASS_2_GOAL, draws.AMENDED_LATER
        late = extension if self.u("amended", self.cycles) < CHANCE["amended"] else 0.0
        return goal + late + self.days("slip", self.cycles)

    def after(self, name: str) -> str | None:
        """The name of the next node; if there is none, the status says why."""
        match name:
            case "ind_review":
                return "hold" if self.u("held") >= draws.NOT_HELD else "phase_1"
            case "phase_1":
                return self.read_out("phase_1_success", FAIL_P1, "gap_1_2")
            case "phase_2":
                return self.read_out("phase_2_success", FAIL_P2, "rmat" if self.rmat else "gap_2_3")
            case "rmat":
                self.granted = self.u("granted") < CHANCE["granted"]
                return "gap_2_3"
            case "phase_3":
                return self.read_out("phase_3_success", FAIL_P3, "bla_prep")
            case "filing":
                return self.filed()
            case "review":
                return self.acted()
            case "launch":
                return self.over(AVAILABLE)
        return FOLLOWING[name]

    def over(self, status: int) -> None:
        """Note why it is over."""
        self.status = status

    def read_out(self, name: str, failed: int, follows: str) -> str | None:
        """After a trial."""
        return follows if self.u(name) < self.success[name] else self.over(failed)

    def filed(self) -> str | None:
        """After a filing decision."""
        if self.u("filed", self.filings) < draws.FILED:
            return "review"
        return "refusal" if self.filings < draws.FILINGS else self.over(RTF_END)

    def acted(self) -> str | None:
        """After an action of the agency."""
        approve = draws.APPROVED_FIRST if self.cycles == 1 else draws.APPROVED_LATER
        if self.u("approved", self.cycles) < approve:
            return "launch"
        if self.cycles == draws.REVIEWS:
            return self.over(EXHAUSTED)
        return self.over(WITHDRAWN) if self.u("withdrawn", self.cycles) < CHANCE["withdrawn"] else "response"
