"""What pairing is worth: the variance of a comparison on common random numbers against independent runs.

Many batches of msc-dpn are simulated. In each, RMAT is compared with the standard arm twice: on the same futures, as
the program does it, and with a seed of its own for RMAT. Printed is the variance of the compared figure over the
batches, and by how much pairing lowers it. The target is 90 % for the restricted mean of months gained.

    python benchmarks/pairing.py [batches] [replications in a batch]
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pathway_sim.engines import engine
from pathway_sim.parameters import ParameterSets
from pathway_sim.scenario import Scenario, load
from pathway_sim.units import MONTH, YEAR

Floats = npt.NDArray[np.float64]
Figure = Callable[[Floats], float]
TARGET = 90.0


def availability(scenario: Scenario, arm: str, seed: int, count: int) -> Floats:
    """When the goal is reached, days, shape ``(count,)``; +∞ if it is not."""
    sets = ParameterSets(seed, scenario.parameter_sets)
    return engine("batch").simulate(scenario.pathways[arm], sets, 0, count).milestone(scenario.goal)


def figures(horizon: float) -> dict[str, Figure]:
    """What a batch says of one arm; a comparison is the difference of two of them."""
    return {
        "restricted mean of months gained": lambda times: -float(np.minimum(times, horizon).mean()) / MONTH,
        "difference in P(by 10 years)": lambda times: float((times <= 10 * YEAR).mean()),
        "difference in P(by the horizon)": lambda times: float((times <= horizon).mean()),
    }


def main(batches: int = 200, count: int = 5000) -> None:
    """Print the variances and the reduction for each figure."""
    scenario = load("msc-dpn")
    told = figures(scenario.horizon)
    paired, apart = ({name: np.empty(batches) for name in told} for _ in range(2))
    for batch in range(batches):
        standard, same, other = (
            availability(scenario, arm, seed, count)
            for arm, seed in (("standard", batch), ("rmat", batch), ("rmat", batches + batch))
        )
        for name, figure in told.items():
            paired[name][batch] = figure(same) - figure(standard)
            apart[name][batch] = figure(other) - figure(standard)
    print(f"msc-dpn, RMAT against standard: {batches} batches of {count} replications")
    for name in told:
        common, independent = paired[name].var(ddof=1), apart[name].var(ddof=1)
        lower = 100 * (1 - common / independent)
        means = f"mean {paired[name].mean():.5f} paired, {apart[name].mean():.5f} independent"
        print(f"{name}: variance {common:.3g} against {independent:.3g}, {lower:.2f} % lower ({means})")
        if name.startswith("restricted"):
            print(f"  target {TARGET:.0f} %: {'met' if lower >= TARGET else 'MISSED'}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
