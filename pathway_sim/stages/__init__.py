"""The kinds of stage: one file each, one rule each, with its citation. `AnyStage` is the one list of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pathway_sim.stages.application import Application
from pathway_sim.stages.base import Draft, Stage
from pathway_sim.stages.designation import Designation
from pathway_sim.stages.hold import Hold
from pathway_sim.stages.meeting import Meeting
from pathway_sim.stages.terms import Dirichlet
from pathway_sim.stages.trial import Trial
from pathway_sim.stages.work import Work

AnyStage = Annotated[Work | Trial | Hold | Meeting | Designation | Application, Field(discriminator="kind")]

__all__ = ["AnyStage", "Application", "Designation", "Dirichlet", "Draft", "Hold", "Meeting", "Stage", "Trial", "Work"]
