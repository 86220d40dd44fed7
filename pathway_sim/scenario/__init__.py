"""Scenarios: from a file to the frozen pathways that engines walk."""

from pathway_sim.scenario.checks import CheckPlan
from pathway_sim.scenario.library import SHIPPED
from pathway_sim.scenario.load import Scenario, ScenarioNotFound, load

__all__ = ["SHIPPED", "CheckPlan", "Scenario", "ScenarioNotFound", "load"]
