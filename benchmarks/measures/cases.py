"""Scenarios that are made to see how time grows."""

from __future__ import annotations

from collections.abc import Sequence

from measures.figure import REFERENCE
from pathway_sim.scenario import Scenario, load

CHAIN = """format: 1
name: chain
title: A chain of stages
question: How does time grow with stages?
as_of: 2026-11-22
horizon: 100 years
goal: end
stages:
{stages}
milestones:
  end: stage_{last}.done
"""
STAGE = (
    "  stage_{k}: {{kind: work, title: Stage {k},{after} duration: {{kind: lognormal, median: 2 months, sd_log: 0.3}}}}"
)

PLACED = (
    "stages.ind.probability={kind: beta, alpha: 8, beta: 92}",
    "stages.phase_1.success={kind: beta, alpha: 55, beta: 45}",
    "stages.phase_2.success={kind: beta, alpha: 35, beta: 65}",
    "stages.phase_3.success={kind: beta, alpha: 60, beta: 40}",
    "stages.rmat.grant={kind: beta, alpha: 40, beta: 60}",
    "stages.bla.approve={first: {kind: beta, alpha: 90, beta: 10}, later: {kind: beta, alpha: 75, beta: 25}}",
    "stages.bla.withdraw={kind: beta, alpha: 15, beta: 85}",
    "stages.bla.class_1={kind: beta, alpha: 25, beta: 75}",
    "stages.ind.clock={kind: uniform, low: 0.9 months, high: 1.1 months}",
    "stages.rmat.clock={kind: uniform, low: 1.9 months, high: 2.1 months}",
    "stages.ind_prep.duration.median={kind: lognormal, median: 8 months, sd_log: 0.1}",
    "stages.phase_2.duration.median={kind: lognormal, median: 22 months, sd_log: 0.1}",
    "stages.launch.duration.median={kind: lognormal, median: 2 months, sd_log: 0.1}",
    "stages.ind.repair.scale={kind: lognormal, median: 1.5 months, sd_log: 0.1}",
    "stages.gap_2_3.duration.scale={kind: lognormal, median: 1.25 months, sd_log: 0.1}",
    "stages.bla.response.scale={kind: lognormal, median: 2.5 months, sd_log: 0.1}",
)
"""Uncertain probabilities, locations and scales: 16 of them and more numbers."""
SHAPED = (
    *(
        f"stages.{stage}.duration.sd_log={{kind: lognormal, median: {sd}, sd_log: 0.1}}"
        for stage, sd in (("ind_prep", 0.3), ("phase_2", 0.35), ("launch", 0.5))
    ),
    "stages.ind.repair.shape={kind: lognormal, median: 2, sd_log: 0.1}",
    "stages.gap_2_3.duration.shape={kind: lognormal, median: 4, sd_log: 0.1}",
    "stages.bla.response.shape={kind: lognormal, median: 3, sd_log: 0.1}",
    "stages.phase_1.duration.mode={kind: uniform, low: 13 months, high: 15 months}",
    "stages.phase_3.duration.mode={kind: uniform, low: 30 months, high: 34 months}",
)
"""Uncertain shapes of every distribution that has one."""


def chain(count: int) -> Scenario:
    """So many stages, each after the one before; all replications walk all of them."""
    stages = (STAGE.format(k=k, after=f" after: [stage_{k - 1}]," if k > 1 else "") for k in range(1, count + 1))
    return load(CHAIN.format(stages="\n".join(stages), last=count).encode())


def uncertain(overrides: Sequence[str]) -> Scenario:
    """The reference pathway with numbers that are not known."""
    return load(REFERENCE, sets=overrides)
