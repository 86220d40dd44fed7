"""A historic program replayed: where the dates on which things happened lie in what a scenario of that day predicts."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pathway_sim.engines import choose
from pathway_sim.histories import Dated, History
from pathway_sim.parameters import Floats, ParameterSets
from pathway_sim.scenario import Scenario
from pathway_sim.units import date_of


@dataclass(frozen=True)
class Placed:
    """An actual date in the distribution of a milestone.

    Attributes
    ----------
    reached : float
        The share of all replications that reach the milestone by the horizon.
    percentile : float
        Of these, the share that does so by the actual date.
    p10, p50, p90 : date
        Quantiles given that it is reached.
    """

    arm: str
    milestone: str
    actual: Dated
    reached: float
    percentile: float
    p10: datetime.date
    p50: datetime.date
    p90: datetime.date

    @property
    def inside(self) -> bool:
        """Whether the actual date lies between P10 and P90."""
        return self.p10 <= self.actual.date <= self.p90


def actual_dates(history: History) -> dict[str, Dated]:
    """The dates of a history that were read in a source, by the milestone that they belong to."""
    found = {"rmat_granted": history.facts.get("rmat_granted"), "approval": history.approval}
    if history.reviewed:
        found["first_action"] = history.reviewed[0].action
    kept = {name: dated for name, dated in found.items() if dated is not None and dated.origin == "sourced"}
    return dict(sorted(kept.items(), key=lambda item: item[1].date))


def placed(scenario: Scenario, actual: Mapping[str, Dated], replications: int) -> Iterator[Placed]:
    """Each actual date in each arm that can reach its milestone; seed 1."""
    sets = ParameterSets(1, scenario.parameter_sets)
    for arm, pathway in scenario.pathways.items():
        engine, _ = choose("auto", [pathway])
        trajectories = engine.simulate(pathway, sets, 0, replications)
        for name, dated in actual.items():
            times = trajectories.milestone(name)
            if np.isfinite(times).any():
                yield _place(scenario.as_of, arm, name, dated, times)


def _place(as_of: datetime.date, arm: str, name: str, actual: Dated, times: Floats) -> Placed:
    reached = np.sort(np.floor(times[np.isfinite(times)]))
    by_then = float(np.mean(reached <= (actual.date - as_of).days))
    quantiles = np.quantile(reached, (0.1, 0.5, 0.9), method="inverted_cdf")
    share = reached.size / times.size
    return Placed(arm, name, actual, share, by_then, *(date_of(as_of, float(each)) for each in quantiles))
