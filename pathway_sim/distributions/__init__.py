"""Probability distributions as frozen values with exact, reproducible inverse CDFs.

Pure functions of their arguments: no randomness and no state. See ``docs/reference/distributions.md`` for the formulae.
"""

from __future__ import annotations

from pathway_sim.distributions.base import Array, Distribution, Message, Values
from pathway_sim.distributions.bell import LogitNormal, Lognormal, Normal
from pathway_sim.distributions.composite import Empirical, Mixture, Shifted, Truncated
from pathway_sim.distributions.elementary import Exponential, Fixed, Triangular, Uniform, Weibull
from pathway_sim.distributions.enrolment import Enrolment
from pathway_sim.distributions.gamma_beta import Beta, Gamma, Pert
from pathway_sim.distributions.metalog import LogQuantiles, Quantiles, feasible

FAMILIES: dict[str, type[Distribution]] = {
    "fixed": Fixed,
    "uniform": Uniform,
    "triangular": Triangular,
    "pert": Pert,
    "exponential": Exponential,
    "weibull": Weibull,
    "gamma": Gamma,
    "lognormal": Lognormal,
    "normal": Normal,
    "beta": Beta,
    "logitnormal": LogitNormal,
    "quantiles": LogQuantiles,
    "empirical": Empirical,
    "mixture": Mixture,
    "enrolment": Enrolment,
}
"""Families by the name of their kind in a scenario file; its `quantiles` are of quantities that are not negative."""

__all__ = [
    "FAMILIES",
    "Array",
    "Beta",
    "Distribution",
    "Empirical",
    "Enrolment",
    "Exponential",
    "Fixed",
    "Gamma",
    "LogQuantiles",
    "LogitNormal",
    "Lognormal",
    "Message",
    "Mixture",
    "Normal",
    "Pert",
    "Quantiles",
    "Shifted",
    "Triangular",
    "Truncated",
    "Uniform",
    "Values",
    "Weibull",
    "feasible",
]
