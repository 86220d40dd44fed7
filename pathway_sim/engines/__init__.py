"""The engines, and the choice between them. `ENGINES` is the one list of them."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from pathway_sim.engines.base import Arms, Engine
from pathway_sim.errors import UnsupportedPathway
from pathway_sim.pathway import Pathway

__all__ = ["ENGINES", "Arms", "Engine", "choose", "engine"]

ENGINES = ("batch", "reference")
"""In order of preference. Modules are imported when chosen: only the reference engine needs SimPy."""


def engine(name: str) -> Engine:
    """The engine of this name."""
    return cast(Engine, import_module(f"pathway_sim.engines.{name}"))


def choose(name: str, pathways: list[Pathway]) -> tuple[Engine, str]:
    """The engine to use, and why.

    Raises
    ------
    UnsupportedPathway
        If the named engine cannot run one of the pathways.
    """
    if name != "auto":
        chosen = engine(name)
        reasons = [reason for pathway in pathways for reason in chosen.refusals(pathway)]
        if reasons:
            raise UnsupportedPathway(name, dict.fromkeys(reasons))
        return chosen, "asked for"
    refused: list[str] = []
    for candidate in ENGINES:
        chosen = engine(candidate)
        reasons = [reason for pathway in pathways for reason in chosen.refusals(pathway)]
        if not reasons:
            return chosen, "; ".join(refused) or "fastest, and the pathway has no shared resources"
        refused.append(f"{candidate} cannot: {reasons[0]}")
    raise UnsupportedPathway("auto", refused)
