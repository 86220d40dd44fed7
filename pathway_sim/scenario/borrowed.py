"""What a figure of the evidence catalogue means as a number of a scenario: chance or not knowing, by its entry."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pathway_sim import distributions, evidence
from pathway_sim.evidence.figure import PROPORTION
from pathway_sim.fields import Borrowed
from pathway_sim.parameters import Chance, Number, Value


def chance(term: Any) -> Chance | None:
    """The log-normal chance that a median length of time with its scatter stands for in a duration field; None for all
    else.
    """
    if not isinstance(term, Borrowed):
        return None
    try:
        figure = evidence.figure(term.evidence)
    except evidence.UnknownFigureError:
        return None  # reported with the file
    if not figure.is_time or figure.sd_log is None:
        return None
    return Chance({"median": Number(figure.value), "sd_log": Number(figure.sd_log)}, _lognormal)


def _lognormal(values: Mapping[str, Value]) -> distributions.Distribution:
    return distributions.Lognormal(values["median"], values["sd_log"])


def doubt(figure: evidence.Figure, transfer: float) -> distributions.Distribution | None:
    """What is not known about a plain number that was borrowed; None if its entry gives nothing to go by.

    A proportion of this very population (transfer 0) has Jeffreys' Beta if it was counted. Any other has normal
    log-odds, whose variance is that of the transfer plus that of the estimate. What is no proportion and has a standard
    error is normal, cut at 0.
    """
    error = figure.standard_error or 0.0
    if figure.unit != PROPORTION and error > 0:
        return distributions.Truncated(distributions.Normal(figure.value, error), 0.0, math.inf)
    if transfer == 0 and figure.n is not None and 0 <= figure.value <= 1:
        yes = figure.value * figure.n
        return distributions.Beta(yes + 0.5, figure.n - yes + 0.5)
    spread = math.hypot(transfer, error)
    return distributions.LogitNormal(figure.value, spread) if spread > 0 and 0 < figure.value < 1 else None
