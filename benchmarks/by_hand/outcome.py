"""What every hand-written model of the reference pathway returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STATUSES = ("FAIL_P1", "FAIL_P2", "FAIL_P3", "RTF_END", "WITHDRAWN", "EXHAUSTED", "AVAILABLE")
FAIL_P1, FAIL_P2, FAIL_P3, RTF_END, WITHDRAWN, EXHAUSTED, AVAILABLE = range(len(STATUSES))

Row = tuple[int, float, int, bool]
"""One replication: status, time of the end, review cycles, RMAT granted."""


@dataclass(frozen=True)
class Outcome:
    """How replications ended, one row each.

    Attributes
    ----------
    status : int8, shape (n,)
        Index into `STATUSES`.
    t_end : float64, shape (n,)
        Days from the start to the end.
    cycles : int8, shape (n,)
        Review cycles that ended in an action.
    granted : bool, shape (n,)
        Whether RMAT was granted to a program that went on after Phase 2, where alone it matters.
    """

    status: npt.NDArray[np.int8]
    t_end: npt.NDArray[np.float64]
    cycles: npt.NDArray[np.int8]
    granted: npt.NDArray[np.bool_]

    @classmethod
    def from_rows(cls, rows: list[Row]) -> Outcome:
        """The outcome of replications that were walked one by one."""
        status, t_end, cycles, granted = zip(*rows, strict=True)
        return cls(
            np.array(status, dtype=np.int8),
            np.array(t_end, dtype=np.float64),
            np.array(cycles, dtype=np.int8),
            np.array(granted, dtype=np.bool_),
        )
