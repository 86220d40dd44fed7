"""Replications by parameter set: replication k belongs to set k mod P."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Groups:
    """The replications `first` … `first` + `count` − 1 among `sets` parameter sets."""

    first: int
    count: int
    sets: int = 1

    @cached_property
    def sizes(self) -> Ints:
        """How many replications each set has, shape ``(sets,)``."""
        places = (np.arange(self.sets) - self.first) % self.sets
        return (self.count - places + self.sets - 1) // self.sets

    def of(self, rows: Ints) -> Ints:
        """The set of the replications at these places, shape ``(m,)``."""
        return np.zeros(rows.shape, dtype=np.int64) if self.sets == 1 else (rows + self.first) % self.sets

    def count_of(self, rows: Ints) -> Ints:
        """How many of the replications at these places are in each set, shape ``(sets,)``."""
        return np.bincount(self.of(rows), minlength=self.sets) if self.sets > 1 else np.array([rows.size])
