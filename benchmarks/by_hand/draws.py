"""The numbers of the reference pathway and its draws, shared by the hand-written models.

The draws are those of the package, stream by stream and visit by visit: what a replication meets is the same in every
model, so results can be compared one by one. Nothing else of the package is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from math import ceil

import numpy as np
import numpy.typing as npt
import tables

from pathway_sim.draws import key, uniform

MONTH = 365.25 / 12
TICKS = 2.0**20
"""Drawn durations are whole multiples of 2**-20 day, after the effects of RMAT."""

REVIEWS = 4
FILINGS = 3
SITES = (
    ("ind_prep", "ind_prep", "duration", 1),
    ("held", "ind.review", "outcome", 1),
    ("hold", "ind.hold", "repair", 1),
    ("phase_1", "phase_1", "duration", 1),
    ("phase_1_success", "phase_1", "outcome", 1),
    ("gap_1_2", "gap_1_2", "duration", 1),
    ("phase_2", "phase_2", "duration", 1),
    ("phase_2_success", "phase_2", "outcome", 1),
    ("granted", "rmat.decision", "outcome", 1),
    ("gap_2_3", "gap_2_3", "duration", 1),
    ("phase_3", "phase_3", "duration", 1),
    ("phase_3_success", "phase_3", "outcome", 1),
    ("bla_prep", "bla_prep", "duration", 1),
    ("filed", "bla.filing", "outcome", FILINGS),
    ("refusal", "bla.refusal", "refuse.answer", FILINGS - 1),
    ("amended", "bla.review", "extension", REVIEWS),
    ("slip", "bla.review", "slip", REVIEWS),
    ("approved", "bla.review", "outcome", REVIEWS),
    ("withdrawn", "bla.response", "withdraw", REVIEWS - 1),
    ("response", "bla.response", "response", REVIEWS - 1),
    ("class_1", "bla.response", "class", REVIEWS - 1),
    ("launch", "launch", "duration", 1),
)
"""Name here, place and purpose in the package, and how often it may be drawn: 22 streams, 40 with their visits."""

_SITE = {name: (place, purpose) for name, place, purpose, _ in SITES}

CHANCE = {
    "phase_1_success": 0.55,
    "phase_2_success": 0.35,
    "phase_3_success": 0.60,
    "granted": 0.40,
    "amended": 0.12,
    "withdrawn": 0.15,
    "class_1": 0.25,
}
"""The draw says yes where it is less than this."""
NOT_HELD = 1.0 - 0.08
FILED = 1.0 - 0.03
APPROVED_FIRST, APPROVED_LATER = 0.90, 0.75

IND_REVIEW, RMAT_CLOCK, FILING = 1.0 * MONTH, 2.0 * MONTH, 2.0 * MONTH
GOAL, PRIORITY_GOAL = 10.0 * MONTH, 6.0 * MONTH  # from the filing decision
CLASS_1_GOAL, CLASS_2_GOAL = 2.0 * MONTH, 6.0 * MONTH
AMENDED_FIRST, AMENDED_LATER = 3.0 * MONTH, 2.0 * MONTH

CURVED = {
    "ind_prep": tables.lognormal(8.0 * MONTH, 0.30),
    "hold": tables.gamma(2.0, 1.5 * MONTH),
    "phase_1": tables.pert(9.0 * MONTH, 14.0 * MONTH, 28.0 * MONTH),
    "phase_2": tables.lognormal(22.0 * MONTH, 0.35),
    "gap_2_3": tables.gamma(4.0, 1.25 * MONTH),
    "phase_3": tables.pert(20.0 * MONTH, 32.0 * MONTH, 60.0 * MONTH),
    "response": tables.gamma(3.0, 2.5 * MONTH),
    "launch": tables.lognormal(2.0 * MONTH, 0.5),
}
"""Durations that are drawn through a table."""
TRIANGLES = {
    "gap_1_2": (1.0 * MONTH, 3.0 * MONTH, 8.0 * MONTH),
    "bla_prep": (3.0 * MONTH, 5.0 * MONTH, 12.0 * MONTH),
    "refusal": (2.0 * MONTH, 4.0 * MONTH, 9.0 * MONTH),
    "slip": (-0.5 * MONTH, 0.0, 1.5 * MONTH),
}
"""Durations with an elementary inverse: low, mode, high."""
SHORTER = {"gap_2_3": 0.6, "phase_3": 0.8, "bla_prep": 0.6}
"""What RMAT makes of a duration."""

_CHUNK = 4096
"""Replications whose draws are held as Python numbers at one time: some 6 MB."""

TRIALS = ("phase_1_success", "phase_2_success", "phase_3_success")


def stream(name: str, visit: int = 1) -> str:
    """The name under which the package draws this."""
    place, purpose = _SITE[name]
    return f"program/{place}/{visit}/{purpose}"


def stream_key(seed: int, name: str, visit: int = 1) -> tuple[np.uint64, np.uint64]:
    """The two words that make a stream out of the numbers of the replications."""
    return key(seed, stream(name, visit))


def chance(name: str, dense: bool) -> float:
    """The probability of a yes; of the trials 1 in the dense case, in which everyone walks all stages."""
    return 1.0 if dense and name in TRIALS else CHANCE[name]


def last_word(p: float) -> int:
    """The greatest 64-bit word whose uniform number is less than p, so that u < p is word <= last_word(p)."""
    return (ceil(Fraction(p) * 2**52 - Fraction(1, 2)) << 12) - 1


@cache
def cubics(name: str) -> npt.NDArray[np.float64]:
    """The table of a duration, in ticks."""
    table = tables.cubics(CURVED[name]) * TICKS
    table.flags.writeable = False
    return table


@cache
def triangle(name: str) -> tuple[float, float, float, float, float]:
    """Of base + min(√(u·rise), left) - min(√((1 - u)·fall), right): base, rise, left, fall, right, for ticks.

    Left of the mode the second root is cut to a constant, right of it the first, so no branch is needed.
    """
    low, mode, high = (TICKS * days for days in TRIANGLES[name])
    left, right = mode - low, high - mode
    return low + right, left * (high - low), left, right * (high - low), right


def durations(name: str, u: npt.NDArray[np.float64], scale: float = 1.0) -> list[float]:
    """Durations in days for the uniform numbers `u`, as Python floats."""
    if name in CURVED:
        ticks = tables.evaluate(cubics(name), np.where(u < 0.5, u, u - 1.0))
    else:
        base, rise, left, fall, right = triangle(name)
        ticks = base + np.minimum(np.sqrt(u * rise), left) - np.minimum(np.sqrt((1.0 - u) * fall), right)
    return (np.rint(ticks * scale) / TICKS).tolist()


class Columns:
    """All draws of a chunk of replications, each site a list of Python floats, for models that walk row by row.

    ``days[name][visit - 1][row]`` is a duration, ``shorter[name][row]`` the same with RMAT, and
    ``u[name][visit - 1][row]`` the uniform number behind a decision.
    """

    def __init__(self, seed: int, first: int, count: int) -> None:
        replications = np.arange(first, first + count)
        self.count = count
        self.days: dict[str, list[list[float]]] = {}
        self.shorter: dict[str, list[float]] = {}
        self.u: dict[str, list[list[float]]] = {}
        for name, _, _, visits in SITES:
            drawn = [uniform(seed, stream(name, visit), replications) for visit in range(1, visits + 1)]
            if name in CURVED or name in TRIANGLES:
                self.days[name] = [durations(name, u) for u in drawn]
            else:
                self.u[name] = [u.tolist() for u in drawn]
            if name in SHORTER:
                self.shorter[name] = durations(name, drawn[0], SHORTER[name])


class Drawn:
    """The draws of one replication, for therapies that have `columns`, a `row` of them, and may be `granted` RMAT."""

    columns: Columns
    row: int
    granted: bool

    def days(self, name: str, visit: int = 1) -> float:
        """How long something takes."""
        if self.granted and name in self.columns.shorter:
            return self.columns.shorter[name][self.row]
        return self.columns.days[name][visit - 1][self.row]

    def u(self, name: str, visit: int = 1) -> float:
        """The uniform number behind a decision."""
        return self.columns.u[name][visit - 1][self.row]


def chunks(seed: int, first: int, count: int) -> Iterator[Columns]:
    """The draws of the replications ``first`` … ``first + count - 1``, a few thousand at a time."""
    for low in range(first, first + count, _CHUNK):
        yield Columns(seed, low, min(_CHUNK, first + count - low))
