"""The rules of a marketing application that have more to them than a lapse of time: reviews and answers to letters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from pathway_sim.parameters import Floats, Integers
from pathway_sim.pathway import Arrival
from pathway_sim.stages.rules import Choice, choose


def _pick(columns: list[Any], index: Integers) -> Any:
    """For each replication the column that its index names."""
    picked = columns[0]
    for k, column in enumerate(columns[1:], start=1):
        picked = np.where(index == k, column, picked)
    return picked


@dataclass(frozen=True)
class Review:
    """One review cycle: goal, extension, action against the goal, outcome and cause of a letter.

    `goal` names the inputs for the goal: one, standard and priority, or by Class of resubmission. `responses` gives for
    each outcome of the response before a resubmission the place of its goal in `goal` and of its way of answering in
    `approve`; `filings` counts the submissions before a first review.
    Codes: approved, then the letters by cause.
    """

    visit: int
    goal: tuple[str, ...]
    approve: tuple[str, ...]
    extension: str | None
    slip: tuple[str, ...]
    cause: Choice
    last: bool
    responses: tuple[tuple[int, int], ...] = ()
    filings: int = 0

    def evaluate(self, arrival: Arrival) -> tuple[Floats, Integers]:
        """See `pathway_sim.pathway.Rule`."""
        codes = arrival.outcome_of("response", self.visit - 1) if self.visit > 1 else None
        end = self._received(arrival) + self._goal(arrival, codes)
        if self.extension is not None:
            extended = arrival.uniform("extension") < arrival.probability(f"{self.extension}.probability")
            end = end + np.where(extended, arrival.duration(f"{self.extension}.duration"), 0.0)
        letter = choose(arrival.uniform("outcome"), [self._chance(arrival, codes), None]) == 1
        if self.slip:
            slips = [arrival.duration(name, "slip") for name in self.slip]
            end = end + (np.where(letter, slips[1], slips[0]) if len(slips) > 1 else slips[0])
        cause = 0 if self.last else self.cause.codes(arrival)
        return np.maximum(arrival.start, end), np.where(letter, 1 + cause, 0)

    def _received(self, arrival: Arrival) -> Floats:
        """When FDA received what it reviews: the submission whose filing was accepted, or the resubmission."""
        received = arrival.start
        for visit in range(1, self.filings + 1):
            accepted = arrival.outcome_of("filing", visit) == 0
            received = np.where(accepted, arrival.start_of("filing", visit), received)
        return received

    def _goal(self, arrival: Arrival, codes: Any) -> Floats:
        """Days from receipt to the goal."""
        goals = [arrival.duration(name) for name in self.goal]
        if codes is not None:
            return cast(Floats, _pick(goals, np.array([place for place, _ in self.responses])[codes]))
        if len(goals) == 1:
            return goals[0]
        return np.where(arrival.uniform("priority") < arrival.probability("goal.share"), goals[1], goals[0])

    def _chance(self, arrival: Arrival, codes: Any) -> Any:
        chances = [arrival.probability(name) for name in self.approve]
        return (
            chances[0]
            if codes is None or len(chances) == 1
            else _pick(chances, np.array([way for _, way in self.responses])[codes])
        )


@dataclass(frozen=True)
class Response:
    """The sponsor's answer to a complete response letter: never, or in one of several ways, as Class 1 or Class 2.

    `ways` lists for each cause the choice among its ways and their numbers; `withdraw` and `durations` are inputs by
    cause and by way. Codes: Class 1 by way (if there is a Class 1), Class 2 by way, withdrawn.
    """

    visit: int
    ways: tuple[tuple[Choice, tuple[int, ...]], ...]
    withdraw: tuple[str, ...]
    durations: tuple[str, ...]
    class_1: bool

    def evaluate(self, arrival: Arrival) -> tuple[Floats, Integers]:
        """See `pathway_sim.pathway.Rule`."""
        cause = np.asarray(arrival.outcome_of("review", self.visit), dtype=np.int64) - 1
        way = np.zeros(cause.shape, dtype=np.int64)
        for k, (choice, numbers) in enumerate(self.ways):
            way = np.where(cause == k, np.asarray(numbers)[choice.codes(arrival)], way)
        gone = arrival.uniform("withdraw") < _pick([arrival.probability(name) for name in self.withdraw], cause)
        spent = _pick([arrival.duration(name, "response") for name in self.durations], way)
        count = max(max(numbers) for _, numbers in self.ways) + 1
        codes = way
        if self.class_1:
            second = choose(arrival.uniform("class"), [arrival.probability("class_1"), None])
            codes = way + count * second
        return arrival.start + np.where(gone, arrival.duration("lapse"), spent), np.where(
            gone, count * (1 + self.class_1), codes
        )
