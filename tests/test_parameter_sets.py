"""Unknown numbers over parameter sets, where arms state them differently."""

from __future__ import annotations

import numpy as np
import pytest
from agreement import read
from made import made, trial

from pathway_sim.engines import engine
from pathway_sim.parameters import ParameterSets


def logit_normal(median: float) -> dict[str, object]:
    return {"kind": "logitnormal", "median": median, "sd": 0.35, "value": median}


def two_arms() -> dict[str, object]:
    """The same trial, likely to succeed in one arm and unlikely in the other."""
    document = made({"phase_2": trial(10, logit_normal(0.8))}, end="phase_2.success", parameter_sets=50)
    return document | {
        "baseline": "likely",
        "arms": {"likely": {}, "unlikely": {"set": {"stages.phase_2.success": logit_normal(0.2)}}},
    }


@pytest.mark.parametrize("name", ["batch", "reference"])
def test_an_arm_that_states_an_unknown_differently_has_its_own_values(name):
    pathways = read(two_arms()).pathways
    together = ParameterSets(1, 50)
    for arm in ("likely", "unlikely"):
        shared = engine(name).simulate(pathways[arm], together, 0, 400)
        alone = engine(name).simulate(pathways[arm], ParameterSets(1, 50), 0, 400)
        np.testing.assert_array_equal(shared.outcome, alone.outcome)


def test_arms_share_the_points_of_an_unknown():
    pathways = read(two_arms()).pathways
    sets = ParameterSets(1, 50)
    likely, unlikely = (sets.values(unknown_of(pathways[arm])) for arm in ("likely", "unlikely"))
    odds = np.log(likely / (1 - likely)) - np.log(unlikely / (1 - unlikely))
    np.testing.assert_allclose(odds, 2 * np.log(4), rtol=1e-9)


def unknown_of(pathway):
    """What is not known of the trial's chance."""
    return pathway.steps[pathway.rank["phase_2/1"]].inputs["success"].source.unknown
