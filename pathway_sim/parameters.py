"""Numbers of a pathway: certain, or unknown with one draw per parameter set.

Apart from chance: a `Chance` is the distribution of a random duration, whose parameters are `Number` values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pathway_sim import draws
from pathway_sim.distributions import Distribution

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int8]
Value = float | Floats


@dataclass(frozen=True)
class Unknown:
    """What is not known about one number: its name (the end of its stream) and its distribution, with scalar
    parameters.
    """

    name: str
    distribution: Distribution


@dataclass(frozen=True)
class Number:
    """A number: its value with one parameter set, and what is unknown about it, if anything."""

    value: float
    unknown: Unknown | None = None


@dataclass(frozen=True)
class Chance:
    """The distribution of a random duration (days): `build` takes a value for each parameter, float or ``(n,)``."""

    parameters: Mapping[str, Number]
    build: Callable[[Mapping[str, Value]], Distribution]

    def stated(self) -> Distribution:
        """The distribution with one parameter set."""
        return self.build({name: number.value for name, number in self.parameters.items()})

    @cached_property
    def certain(self) -> Distribution | None:
        """The distribution if all its parameters are known; else none that holds for every parameter set."""
        return None if any(number.unknown is not None for number in self.parameters.values()) else self.stated()


@dataclass
class ParameterSets:
    """The values of all unknowns in each of `count` parameter sets; replication k uses set k mod `count`.

    Points of one unknown are stratified by keys alone: u = (rank of its keyed uniform among the sets + a second keyed
    uniform) / count (a keyed Latin hypercube: McKay, Beckman & Conover 1979, Technometrics 21:239).
    """

    seed: int
    count: int = 1
    _values: dict[tuple[str, int], tuple[Distribution, Floats]] = field(default_factory=dict, repr=False)

    def values(self, unknown: Unknown) -> Floats:
        """The value in each set, shape ``(count,)``."""
        # Arms may state one number differently: they share its points, not its values. Keeping the distribution keeps
        # its identity from being given to another.
        key = (unknown.name, id(unknown.distribution))
        if key not in self._values:
            self._values[key] = unknown.distribution, unknown.distribution.ppf(self._points(unknown.name))
        return self._values[key][1]

    def _points(self, name: str) -> Floats:
        sets = np.arange(self.count)
        first = draws.uniform(self.seed, f"parameter/{name}", sets)
        rank = np.empty(self.count)
        rank[np.argsort(first, kind="stable")] = sets
        points: Floats = (rank + draws.uniform(self.seed, f"parameter/{name}/within", sets)) / self.count
        return points
