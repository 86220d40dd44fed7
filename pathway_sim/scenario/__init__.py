"""Scenarios: from a file to the frozen pathways that engines walk."""

from pathway_sim.scenario.load import CheckPlan, Scenario, ScenarioNotFound, load
from pathway_sim.scenario.library import SHIPPED

__all__ = ["SHIPPED", "CheckPlan", "Scenario", "ScenarioNotFound", "load"]
