"""The figures of a scenario beside the published ones that they were carved from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pathway_sim.engines import choose
from pathway_sim.fields import Magnitude
from pathway_sim.parameters import Floats, ParameterSets
from pathway_sim.pathway import Given
from pathway_sim.scenario import CheckPlan, Scenario
from pathway_sim.trajectories import Trajectories, time_of
from pathway_sim.units import MONTH, YEAR


def measure(scenario: Scenario, replications: int, *, seed: int = 1) -> dict[str, tuple[float, int]]:
    """Each check's simulated value in the baseline arm (days, or a share, or a standard deviation of logs), and the
    number of replications behind it.
    """
    pathway = scenario.pathways[scenario.baseline]
    engine, _ = choose("auto", [pathway])
    sets = ParameterSets(seed, scenario.parameter_sets)
    seen: dict[str, list[Floats]] = {plan.name: [] for plan in scenario.checks}
    for first in range(0, replications, engine.chunk):
        trajectories = engine.simulate(pathway, sets, first, min(engine.chunk, replications - first))
        for plan in scenario.checks:
            seen[plan.name].append(_values(plan, trajectories))
    return {plan.name: _statistic(plan, np.concatenate(seen[plan.name])) for plan in scenario.checks}


def _values(plan: CheckPlan, trajectories: Trajectories) -> Floats:
    """The interval in each replication that reaches both ends; or 0 and 1 in each that the share is of."""
    times = {name: time_of(condition, trajectories) for name, condition in plan.facts.items()}
    if "share" in times:
        among = np.isfinite(times["given"]) if "given" in times else np.ones(trajectories.count, dtype=bool)
        return np.isfinite(times["share"][among]).astype(np.float64)
    reached = np.isfinite(times["from"]) & np.isfinite(times["to"])
    return times["to"][reached] - times["from"][reached]


def _statistic(plan: CheckPlan, values: Floats) -> tuple[float, int]:
    if values.size == 0:
        return float("nan"), 0
    if plan.spec.statistic == "sd_log" and "share" not in plan.facts:
        lasting = values[values > 0]
        return (float(np.log(lasting).std()), values.size) if lasting.size else (float("nan"), 0)
    if plan.spec.statistic == "median" and "share" not in plan.facts:
        return float(np.median(values)), values.size
    return float(values.mean()), values.size


def passes(plan: CheckPlan, value: float) -> bool:
    """Whether the value lies within what the scenario accepts."""
    low, high = plan.spec.accept
    return low.value <= value <= high.value


def rows(scenario: Scenario, replications: int) -> list[tuple[str, ...]]:
    """Rows of name, simulated, accepted, published, its source, n, result."""
    measured = measure(scenario, replications)
    return list(_rows(scenario, measured))


def _rows(scenario: Scenario, measured: dict[str, tuple[float, int]]) -> Iterator[tuple[str, ...]]:
    for plan in scenario.checks:
        value, count = measured[plan.name]
        low, high = plan.spec.accept
        published = plan.spec.published
        shown = "" if published is None else _shown(published.value)
        source = (
            ""
            if published is None
            else ", ".join(published.evidence) or published.regulation or published.assumption or ""
        )
        what = "share" if "share" in plan.facts else plan.spec.statistic
        result = "ok" if passes(plan, value) else "no replication" if count == 0 else "OUTSIDE"
        if any(isinstance(plan.facts.get(name), Given) for name in ("from", "given")):
            result = "not compared"  # it begins before the first stage of the scenario
        simulated = "–" if count == 0 else _shown(Magnitude(value, low.dimension))
        yield (
            f"{plan.name.replace('_', ' ')}, {what}",
            simulated,
            f"{_shown(low)} to {_shown(high)}",
            shown,
            source,
            f"{count:,}",
            result,
        )


def _shown(magnitude: Magnitude) -> str:
    if magnitude.dimension != "time":
        return f"{magnitude.value:.3g}"
    return f"{magnitude.value / MONTH:.1f} mo" if magnitude.value < 6 * YEAR else f"{magnitude.value / YEAR:.2f} y"
