"""Quantile functions of one scalar shape, tabulated: piecewise cubics in place of an iteration for every number.

A level u has the tail probability v = min(u, 1 − u), exact in either half. Cells of v are equal parts of an octave: the
exponent and the leading bits of the mantissa of v number its cell, the other bits are its place inside, so that no
logarithm is needed and a tail has as many cells an octave as the middle. Levels beyond ``EDGE`` are left to the exact
form: two in a million, too few to cost anything.

A table is built whole, at once, from the form alone. So a value never depends on what was asked before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pathway_sim.distributions.base import Array

ERROR = 1e-9
"""Bound of the error of a tabulated value, relative to the value of the standard form."""

EDGE = 2.0**-20
"""Least tail probability that is tabulated."""

_OCTAVES = 19  # of v, from EDGE to 1/2
_BITS = 6
_CELLS = 1 << _BITS  # in an octave
_DEGREE = 20  # of the polynomial through the exact values in an octave
_BLOCK = 16384  # numbers: a block and its scratch stay near the processor through all the passes

_SHIFT = np.uint64(52 - _BITS)  # bits of the mantissa inside a cell
_FIRST = (1023 - 20) << _BITS  # number of the cell that begins with EDGE
_UPPER = 1 << (11 + _BITS)  # what the sign adds to the number of a cell
_NUMBERS = _UPPER + _FIRST + _OCTAVES * _CELLS

# Inner nodes of a cell [0, 1]. Beside both ends they make the greatest |t (t − a) (t − b) (t − 1)| least.
_A, _B = 1.0 - 0.5**0.5, 0.5**0.5
_GREATEST = (3.0 - 8.0**0.5) / 16.0

_OCTAVE_STARTS = EDGE * 2.0 ** np.arange(_OCTAVES)


class Form(Protocol):
    """What can be tabulated: hashable, with a smooth quantile function of a pair of levels."""

    def __hash__(self) -> int: ...

    def _inverse(self, lower: Array, upper: Array) -> Array: ...


@dataclass(frozen=True, eq=False)
class Table:
    """The quantile function of ``form``; use `table`, which refuses what cubics do not meet well enough."""

    form: Form
    coefficients: Array
    """Shape (4, numbers of cells): of the powers of the tail, as it is held. Most numbers are never used, and what is
    never touched takes no memory.
    """

    def __call__(self, u: Array) -> Array:
        """Quantiles of the levels u, shape (n,), of which each depends on its level alone, bit for bit."""
        x, size = np.empty_like(u), min(_BLOCK, u.size)
        tail, scratch, cell = np.empty(size), np.empty(size), np.empty(size, dtype=np.uint64)
        for start in range(0, u.size, _BLOCK):
            levels = u[start : start + _BLOCK]
            part = slice(0, levels.size)
            self._fill(x[start : start + _BLOCK], levels, tail[part], cell[part], scratch[part])
        if u.size and np.isnan(x.min()):
            far = np.isnan(x)
            x[far] = self.form._inverse(u[far], 1.0 - u[far])
        return x

    def _fill(self, x: Array, u: Array, tail: Array, cell: npt.NDArray[np.uint64], scratch: Array) -> None:
        """Write the quantiles of one block into x; NaN beyond ``EDGE``.

        The tail is held as u or u − 1: exact, and its sign says which half it is in.
        """
        np.rint(u, out=tail)
        np.subtract(u, tail, out=tail)
        number = np.right_shift(tail.view(np.uint64), _SHIFT, out=cell).view(np.int64)
        *lower, highest = self.coefficients
        highest.take(number, out=x, mode="clip")
        for coefficient in reversed(lower):
            x *= tail
            x += coefficient.take(number, out=scratch, mode="clip")


@lru_cache(maxsize=256)
def table(form: Form) -> Table | None:
    """The table of a form, 80 kB; None if it is not surely within ``ERROR``, and the exact form is to be used.

    The whole table is looked at, so that the answer is the same for every caller and every number of draws.
    """
    starts, _, _ = _octave()
    below, above = starts.ravel(), 1.0 - starts.ravel()
    with np.errstate(all="ignore"):  # what overflows is not accurate
        lower, upper = np.concatenate([below, above]), np.concatenate([above, below])
        nodes = form._inverse(lower, upper).reshape(2 * _OCTAVES, _DEGREE + 1)
        values = _at_cell_nodes(nodes)
        cubics = _cubics(values)
        if not _accurate(nodes, values, cubics):
            return None
    return Table(form, _laid_out(cubics, centre=nodes[_OCTAVES - 1, -1]))


@lru_cache(maxsize=1)
def _octave() -> tuple[Array, Array, Array]:
    """The nodes of the polynomial of degree N in each octave, and what is linear in the values there.

    Returns
    -------
    nodes : array, shape (octaves, N + 1)
        Tail probabilities, ascending: Chebyshev points of the second kind, with both ends.
    spread : array, shape (N + 1, 3 cells + 1)
        Weights of the values at these nodes in those at the nodes of the cells (barycentric formula; Berrut &
        Trefethen 2004, doi:10.1137/S0036144502417715).
    last : array, shape (2, N + 1)
        Weights of the values in the last two coefficients of the Chebyshev series.
    """
    number = np.arange(_DEGREE + 1)
    node = 1.5 - 0.5 * np.cos(np.pi * number / _DEGREE)
    weight = np.where((number == 0) | (number == _DEGREE), 0.5, 1.0)
    target = 1.0 + (np.arange(_CELLS)[:, None] + np.array([0.0, _A, _B])) / _CELLS
    distance = np.append(target, 2.0) - node[:, None]
    met = distance == 0
    share = ((-1.0) ** number * weight)[:, None] / np.where(met, 1.0, distance)
    spread = np.where(met.any(axis=0), met, share / share.sum(axis=0))
    waves = [np.cos(np.pi * (_DEGREE - 1) * number / _DEGREE) * 2.0, np.cos(np.pi * number)]
    return _OCTAVE_STARTS[:, None] * node, spread, np.array(waves) * weight / _DEGREE


def _at_cell_nodes(nodes: Array) -> Array:
    """Values at the nodes of the cells from those at the nodes of the octaves: shape (m, N + 1) to (m, 3 cells + 1).

    Summed by hand: a matrix product would differ in the last bits between processors.
    """
    _, spread, _ = _octave()
    values = np.zeros((nodes.shape[0], spread.shape[1]))
    for value, weights in zip(nodes.T, spread, strict=True):
        values += value[:, None] * weights
    return values


def _cubics(values: Array) -> Array:
    """Coefficients of the powers of t in [0, 1], shape (4, m, cells), from the values at the nodes of the cells.

    Their sum is the value at the end, which is the first one of the next cell: the function has no steps.
    """
    first, end = values[:, :-1:3], values[:, 3::3]
    rise = end - first
    # What is left above the chord is t (1 − t) (p + q t), and t (1 − t) is the same at both inner nodes.
    at_a, at_b = ((values[:, k::3] - first - t * rise) / (_A * _B) for k, t in ((1, _A), (2, _B)))
    q = (at_b - at_a) / (_B - _A)
    p = at_a - _A * q
    return np.stack([first, rise + p, q - p, -q])


def _accurate(nodes: Array, values: Array, cubics: Array) -> bool:
    """Whether every cell is surely within ``ERROR``.

    The error of a cubic is its fourth derivative × ``_GREATEST``/24. The jump of the third one between two cells is a
    fourth derivative, from both sides of an octave's cell the greater one is taken. The error of the octave's own
    polynomial is far below the last terms of its series if the function is smooth. If it has a kink, these fall off so
    slowly that a hundred times their size is certain to be seen.

    Errors are relative to the value; to the distance between the quartiles if that is greater and the sign changes.
    """
    _, _, last = _octave()
    jump = np.abs(np.diff(cubics[3], axis=1)) * (6.0 / 24.0 * _GREATEST)
    edge = np.zeros((jump.shape[0], 1))
    error = np.maximum(np.hstack([edge, jump]), np.hstack([jump, edge]))
    error += 100.0 * np.abs((nodes[:, None, :] * last).sum(axis=2)).sum(axis=1)[:, None]
    size = np.minimum(np.abs(values[:, :-1:3]), np.abs(values[:, 3::3]))
    if nodes.min() < 0 < nodes.max():
        size = np.maximum(size, nodes[-1, 0] - nodes[_OCTAVES - 1, 0])
    return bool(np.all(error <= 0.9 * ERROR * size))


def _laid_out(cubics: Array, centre: float) -> Array:
    """The coefficients by the number of the cell, as powers of the tail: cubics in t, about the beginning of the cell.

    The beginning z of a cell and its width are dyadic, so that only the sums are rounded, to a few ulp of the value.
    """
    coefficients = np.zeros((4, _NUMBERS))
    octave = _OCTAVE_STARTS[:, None]
    for half, sign, first in ((cubics[:, :_OCTAVES], 1.0, _FIRST), (cubics[:, _OCTAVES:], -1.0, _UPPER + _FIRST)):
        z = sign * octave * (1.0 + np.arange(_CELLS) / _CELLS)
        a0, a1, a2, a3 = (half[power] / (sign * octave / _CELLS) ** power for power in range(4))
        powers = (a0 - z * (a1 - z * (a2 - z * a3)), a1 - z * (2.0 * a2 - 3.0 * z * a3), a2 - 3.0 * z * a3, a3)
        cells = slice(first, first + _OCTAVES * _CELLS)
        coefficients[:, cells] = np.stack(powers).reshape(4, -1)
        # The numbers just below the first cell's belong to what lies beyond; farther below are no more than 33 octaves.
        coefficients[0, first - 33 * _CELLS : first] = np.nan
    coefficients[0, _FIRST + _OCTAVES * _CELLS] = centre  # a cell of its own for u = 1/2
    return coefficients
