"""The evidence catalogue: one entry a published figure, with its source. Scenarios refer to entries by id."""

from pathway_sim.evidence.catalogue import entries, figures, is_verified, source, subject
from pathway_sim.evidence.figure import Dispersion, Figure, UnknownFigureError, figure, known, named

__all__ = [
    "Dispersion",
    "Figure",
    "UnknownFigureError",
    "entries",
    "figure",
    "figures",
    "is_verified",
    "known",
    "named",
    "source",
    "subject",
]
