"""The samples that histories are asked for (`pathway_sim.analysis.histories`), from a simulation.

What an action is measured against, the goal as first stated, is no column of a trajectory. It is read from another run
on the same draws, in which goals are never moved and every action comes on its goal; the goal as moved from one in
which goals are moved and every action still comes on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from pathway_sim.analysis.histories import Figure, Row, row
from pathway_sim.engines import choose
from pathway_sim.histories import History
from pathway_sim.parameters import Floats, ParameterSets
from pathway_sim.scenario import load
from pathway_sim.trajectories import Trajectories
from pathway_sim.units import MONTH

Texts = npt.NDArray[np.str_]
REVIEWS, PROGRAMS = 50_000, 100_000
"""Replications of the review alone, and of whole programs."""
ON_GOAL = ("stages.bla.slip={value: 0 days, assumption: every action comes on its goal}",)
UNMOVED = (*ON_GOAL, "stages.bla.extension.probability=0", "stages.bla.extension.later.probability=0")
_BETWEEN_GOALS = 8 * MONTH
"""From acceptance: longer than to a priority goal (6 months) and shorter than to a standard one (10)."""

_WHOLE = (("first_patient", "first patient"), ("pivotal_start", "start of the pivotal trial"))
FIGURES: Mapping[str, tuple[Figure, ...]] = {
    "fda-cell-therapy": (
        Figure("first action approves", "first_approved"),
        Figure("goal moved, first cycle", "first_extended"),
        Figure("goal moved, later cycles", "later_extended"),
        Figure("first action against goal, median", "first_goal", 50),
        Figure("first action against goal, P80", "first_goal", 80),
        Figure("first action more than a week early", "first_goal", low=-np.inf, high=-8.0),
        Figure("first action more than 60 days late", "first_goal", low=61.0, high=np.inf),
        Figure("first approval against goal, median", "first_goal_approved", 50),
        Figure("first approval more than a week early", "first_goal_approved", low=-np.inf, high=-8.0),
        Figure("first letter against goal, median", "first_goal_letter", 50),
        Figure("first letter more than a week early", "first_goal_letter", low=-np.inf, high=-8.0),
        Figure("later action against goal, median", "later_goal", 50),
        Figure("later action within a week of the goal", "later_goal", low=-7.0, high=7.0),
        Figure("acceptance to first action, priority, median", "priority_clock", 50),
        Figure("acceptance to first action, priority, P80", "priority_clock", 80),
        Figure("letter about CMC alone", "letter_cmc"),
        Figure("letter to resubmission, CMC, median", "resubmission_cmc", 50),
        Figure("letter to resubmission, clinical, median", "resubmission_clinical", 50),
        Figure("letter to resubmission, both, median", "resubmission_both", 50),
        Figure("letter to next goal, median", "next_goal", 50),
        Figure("letter to next goal, CMC, median", "next_goal_cmc", 50),
        Figure("letter to next goal, clinical, median", "next_goal_clinical", 50),
        Figure("letter to next goal, both, median", "next_goal_both", 50),
        Figure("approved after a CMC letter", "approved_after_cmc"),
        Figure("approved after a clinical letter", "approved_after_clinical"),
        Figure("approval to first patient supplied, median", "launch", 50),
        *(Figure(f"{words} to approval, median", name, 50) for name, words in _WHOLE),
    ),
    "msc-dpn": tuple(Figure(f"{words} to approval, msc-dpn, median", name, 50) for name, words in _WHOLE),
}
"""The rows, by scenario; msc-dpn has the same review, so only its whole programs are asked."""


def rows(histories: Sequence[History]) -> list[Row]:
    """Every figure of the histories beside the standard arm of the scenario that it is asked of."""
    found = []
    for scenario, figures in FIGURES.items():
        samples = programs(scenario)
        if any(figure.sample not in samples for figure in figures):
            samples |= reviews(scenario)
        found += [row(figure, histories, samples[figure.sample]) for figure in figures]
    return found


def simulated(scenario: str, sets: tuple[str, ...], replications: int) -> Trajectories:
    """The standard arm of a shipped scenario with these overrides, seed 1."""
    loaded = load(scenario, sets=sets)
    pathway = loaded.pathways[loaded.baseline]
    engine, _ = choose("auto", [pathway])
    return engine.simulate(pathway, ParameterSets(1, loaded.parameter_sets), 0, replications)


def programs(scenario: str) -> dict[str, Floats]:
    """Intervals up to the approval and after it, of whole programs that were approved; whole days."""
    t = simulated(scenario, (), PROGRAMS)
    approval = t.milestone("approval")
    starts = {"first_patient": "phase_1/1", "pivotal_start": "phase_3/1"}
    found = {name: _between(t.start[t.pathway.rank[step]], approval) for name, step in starts.items()}
    return found | {"launch": _between(approval, t.milestone("availability"))}


def _between(start: Floats, end: Floats) -> Floats:
    """Whole days from one to the other where both happened."""
    both = np.isfinite(start) & np.isfinite(end)
    return np.rint(end[both] - start[both])


@dataclass(frozen=True)
class _Cycles:
    """Review cycles that came to an action; every column has shape ``(n,)``, days from the start of the review.

    Attributes
    ----------
    action, goal, moved : Floats
        To the action, to the goal as first stated, and to the goal as it was moved.
    outcome : ndarray of str
        How the cycle ended.
    answer : Floats
        How long the letter before had waited for its answer; not a number in a first cycle.
    cause : ndarray of str
        What the letter before was about.
    """

    action: Floats
    goal: Floats
    moved: Floats
    outcome: Texts
    answer: Floats
    cause: Texts


def reviews(scenario: str) -> dict[str, Floats]:
    """Everything that is asked of review cycles: whole days, or 0 and 1."""
    changes: tuple[tuple[str, ...], ...] = ((), ON_GOAL, UNMOVED)
    runs = [simulated(scenario, ("start.stage=bla", *sets), REVIEWS) for sets in changes]
    visits = sum(step.place == "bla.review" for step in runs[0].pathway.steps)
    first, *others = (_cycles(runs, visit) for visit in range(1, visits + 1))
    later = _joined(others)
    return _of_first(first) | _of_later(later) | {"letter_cmc": _about_cmc(_joined([first, later]))}


def _cycles(runs: list[Trajectories], visit: int) -> _Cycles:
    """The cycles of one visit. The runs share their draws, so a replication has the same outcomes in all of them."""
    lengths = [_length(t, f"bla.review/{visit}") for t in runs]
    rows = np.flatnonzero(np.isfinite(lengths).all(axis=0))
    answer, cause = np.full(rows.shape, np.nan), np.full(rows.shape, "")
    if visit > 1:
        # From letter to resubmission, whatever lies between: a meeting, the sponsor's work.
        start, end, rank = runs[0].start, runs[0].end, runs[0].pathway.rank
        answer = start[rank[f"bla.review/{visit}"], rows] - end[rank[f"bla.review/{visit - 1}"], rows]
        cause = _outcomes(runs[0], f"bla.review/{visit - 1}")[rows]
    outcome = _outcomes(runs[0], f"bla.review/{visit}")[rows]
    return _Cycles(*_whole(lengths[0][rows], lengths[2][rows], lengths[1][rows]), outcome, answer, cause)


def _whole(action: Floats, goal: Floats, moved: Floats) -> tuple[Floats, Floats, Floats]:
    # Dates are compared, so the difference of action and goal is made whole, not each of them.
    return np.rint(action - goal) + np.rint(goal), np.rint(goal), np.rint(moved - goal) + np.rint(goal)


def _length(t: Trajectories, step: str) -> Floats:
    """Days that a step took, not finite where it was not finished."""
    rank = t.pathway.rank[step]
    return np.asarray(t.end[rank] - np.where(np.isfinite(t.start[rank]), t.start[rank], 0.0))


def _outcomes(t: Trajectories, step: str) -> Texts:
    """The names of the outcomes of a step; empty where it was not finished."""
    rank = t.pathway.rank[step]
    return np.asarray(np.array([*t.pathway.steps[rank].outcomes, "", ""])[t.outcome[rank]])


def _joined(cycles: list[_Cycles]) -> _Cycles:
    return _Cycles(*(np.concatenate([getattr(each, field.name) for each in cycles]) for field in fields(_Cycles)))


def _of_first(first: _Cycles) -> dict[str, Floats]:
    late, approved = first.action - first.goal, first.outcome == "approved"
    return {
        "first_approved": approved.astype(np.float64),
        "first_extended": (first.moved > first.goal).astype(np.float64),
        "first_goal": late,
        "first_goal_approved": late[approved],
        "first_goal_letter": late[~approved],
        "priority_clock": first.action[first.goal < _BETWEEN_GOALS],
    }


def _of_later(later: _Cycles) -> dict[str, Floats]:
    approved = (later.outcome == "approved").astype(np.float64)
    answer, next_goal = np.rint(later.answer), np.rint(later.answer + later.goal)
    found = {
        "later_extended": (later.moved > later.goal).astype(np.float64),
        "later_goal": later.action - later.goal,
        "next_goal": next_goal,
    }
    for cause in ("cmc", "clinical", "both"):
        here = later.cause == f"crl_{cause}"
        found |= {f"resubmission_{cause}": answer[here], f"next_goal_{cause}": next_goal[here]}
        found[f"approved_after_{cause}"] = approved[here]
    return found


def _about_cmc(cycles: _Cycles) -> Floats:
    letters = cycles.outcome[np.char.startswith(cycles.outcome, "crl_")]
    return np.asarray(letters == "crl_cmc", dtype=np.float64)
