"""The reference pathway in NumPy, written by hand for speed: the yardstick.

Replications are walked level by level. Those that are still alive after a level are packed together, and draws are
computed for them alone. Within a level a block small enough for the processor's caches goes through all the passes, in
buffers that are used again and again. Time is counted in whole ticks of 2**-20 day, held as doubles, so that tables
and sums need no conversion.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import draws
import numpy as np
import numpy.typing as npt
from draws import FILINGS, REVIEWS, TICKS
from outcome import AVAILABLE, EXHAUSTED, FAIL_P3, RTF_END, WITHDRAWN, Outcome
from tables import SHIFT

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Packed = tuple[Rows, Floats]
"""Replications that are alive, by row, and how far they have got in time."""
Level = Callable[[Rows, Floats], Packed]

CHUNK = 1 << 20
"""Replications that pass a level before the next one starts: many, so that the few who get far fill blocks too."""
BLOCK = 1 << 15
"""Replications that go through the passes of a level together."""

_GOLDEN = 0x9E3779B97F4A7C15
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S12, _CELL = (np.uint64(bits) for bits in (30, 27, 31, 12, SHIFT))
_ONE, _ONE_AND_HALF = np.uint64(0x3FF0000000000000), np.uint64(0x3FF8000000000000)  # the bits of these doubles
_HALF_STEP = 2.0**-53

_NOT_HELD, _FILED = np.uint64(draws.last_word(draws.NOT_HELD)), np.uint64(draws.last_word(draws.FILED))
_FIRST = draws.AMENDED_FIRST * TICKS, np.uint64(draws.last_word(draws.APPROVED_FIRST))
_LATER = draws.AMENDED_LATER * TICKS, np.uint64(draws.last_word(draws.APPROVED_LATER))
_GOALS = np.array([draws.GOAL, draws.PRIORITY_GOAL]) * TICKS
_CLASS_GOALS = np.array([draws.CLASS_2_GOAL, draws.CLASS_1_GOAL]) * TICKS
_SCALES = {name: np.array([1.0, scale]) for name, scale in draws.SHORTER.items()}


def available() -> str | None:
    """It can always run: NumPy is enough."""
    return None


def run(arm: str, first: int, count: int, seed: int = 1, dense: bool = False) -> Outcome:
    """Simulate the replications ``first`` … ``first + count - 1``."""
    out = Outcome(np.zeros(count, np.int8), np.empty(count), np.zeros(count, np.int8), np.zeros(count, np.bool_))
    sampler = _Sampler(seed, dense)
    for low in range(0, count, CHUNK):
        part = slice(low, low + CHUNK)
        rows = Outcome(out.status[part], out.t_end[part], out.cycles[part], out.granted[part])
        _Walk(sampler, arm, first + low, rows).run()
    return out


class _Sampler:
    """Draws of packed replications. Every answer lies in a buffer that the next question overwrites.

    A `sequence` stands for replications throughout: their numbers times the golden step of the draws.
    """

    def __init__(self, seed: int, dense: bool) -> None:
        sites = [(name, visit) for name, _, _, visits in draws.SITES for visit in range(1, visits + 1)]
        self.keys = {site: draws.stream_key(seed, *site) for site in sites}
        self.limits = {name: np.uint64(draws.last_word(draws.chance(name, dense))) for name in draws.CHANCE}
        self.cubics = {name: draws.cubics(name) for name in draws.CURVED}
        self.triangles = {name: draws.triangle(name) for name in draws.TRIANGLES}
        self.ramp = np.arange(BLOCK, dtype=np.uint64) * np.uint64(_GOLDEN)
        self.w, self.scratch = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64)
        self.x, self.y, self.powers = np.empty(BLOCK), np.empty(BLOCK), np.empty((BLOCK, 4))
        self.bits = np.empty(BLOCK, np.bool_)

    def consecutive(self, first: int, count: int) -> Words:
        """The sequence of the replications from `first` on."""
        return self.ramp[:count] + np.uint64(first * _GOLDEN % 2**64)

    def words(self, sequence: Words, name: str, visit: int = 1) -> Words:
        """The random words behind the draws."""
        k0, k1 = self.keys[name, visit]
        w, s = self.w[: sequence.size], self.scratch[: sequence.size]
        np.add(sequence, k0, w)
        _mix13(w, s)
        np.bitwise_xor(w, k1, w)
        _mix13(w, s)
        return w

    def below(self, sequence: Words, name: str, visit: int = 1, limit: np.uint64 | None = None) -> Mask:
        """Where u is less than the probability of this name, or than the one whose last word is given."""
        w = self.words(sequence, name, visit)
        return np.less_equal(w, self.limits[name] if limit is None else limit, self.bits[: w.size])

    def curved(self, sequence: Words, name: str, visit: int = 1, scale: Floats | None = None) -> Floats:
        """Durations through a table, in ticks."""
        w = self.words(sequence, name, visit)
        np.right_shift(w, _S12, w)
        z = np.bitwise_xor(w, _ONE_AND_HALF, w).view(np.float64)  # 1.5 + u, or 0.5 + u where u is above 1/2
        np.subtract(z, 1.5, z)
        np.add(z, _HALF_STEP, z)
        cell = np.right_shift(w, _CELL, self.scratch[: w.size]).view(np.intp)
        powers = self.cubics[name].take(cell, 0, self.powers[: w.size], "clip")
        x = np.multiply(powers[:, 3], z, self.x[: w.size])
        np.add(x, powers[:, 2], x)
        np.multiply(x, z, x)
        np.add(x, powers[:, 1], x)
        np.multiply(x, z, x)
        np.add(x, powers[:, 0], x)
        return _whole(x, scale)

    def triangular(self, sequence: Words, name: str, visit: int = 1, scale: Floats | None = None) -> Floats:
        """Triangular durations, in ticks; see `draws.triangle`."""
        base, rise, left, fall, right = self.triangles[name]
        w = self.words(sequence, name, visit)
        np.right_shift(w, _S12, w)
        u = np.bitwise_or(w, _ONE, w).view(np.float64)
        np.subtract(u, 1.0 - _HALF_STEP, u)
        x = np.multiply(u, rise, self.x[: w.size])
        np.sqrt(x, x)
        np.minimum(x, left, out=x)
        y = np.subtract(1.0, u, self.y[: w.size])
        np.multiply(y, fall, y)
        np.sqrt(y, y)
        np.minimum(y, right, out=y)
        np.subtract(x, y, x)
        np.add(x, base, x)
        return _whole(x, scale)


class _Walk:
    """A chunk of replications; rows are counted from its start."""

    def __init__(self, sampler: _Sampler, arm: str, first: int, out: Outcome) -> None:
        self.sampler, self.rmat, self.first, self.out = sampler, arm == "rmat", first, out

    def run(self) -> None:
        """Take all replications to their ends."""
        count = self.out.status.size
        alive = _pack([self._phase_1(low, min(BLOCK, count - low)) for low in range(0, count, BLOCK)])
        for level in (self._phase_2, self._phase_3, self._application):
            alive = self._level(level, alive)
        for visit in range(1, REVIEWS):
            alive = self._level(partial(self._resubmission, visit), alive)
        self._end(EXHAUSTED, *alive)
        np.multiply(self.out.t_end, 1.0 / TICKS, self.out.t_end)

    def _level(self, level: Level, alive: Packed) -> Packed:
        rows, t = alive
        cuts = range(0, rows.size, BLOCK)
        return _pack([level(rows[low : low + BLOCK], t[low : low + BLOCK]) for low in cuts]) if cuts else alive

    def _sequence(self, rows: Rows) -> Words:
        return (rows + self.first).view(np.uint64) * np.uint64(_GOLDEN)

    def _end(self, status: int, rows: Rows, t: Floats) -> None:
        self.out.status[rows] = status
        self.out.t_end[rows] = t

    def _phase_1(self, low: int, count: int) -> Packed:
        """IND preparation, IND review, hold, Phase 1."""
        ask, sequence = self.sampler, self.sampler.consecutive(self.first + low, count)
        t = self.out.t_end[low : low + count]
        np.add(ask.curved(sequence, "ind_prep"), draws.IND_REVIEW * TICKS, t)
        held = np.flatnonzero(np.greater(ask.words(sequence, "held"), _NOT_HELD, ask.bits[:count]))
        t[held] += ask.curved(sequence.take(held), "hold")
        np.add(t, ask.curved(sequence, "phase_1"), t)
        success = ask.below(sequence, "phase_1_success")
        self.out.status[low : low + count] = success  # those who go on may next fail in Phase 2, which is a status of 1
        rows = np.flatnonzero(success)
        return rows + low, t.take(rows)

    def _phase_2(self, rows: Rows, t: Floats) -> Packed:
        """The gap and Phase 2, with the request for RMAT beside it; the time is when both are over."""
        ask, sequence = self.sampler, self._sequence(rows)
        begin = t + ask.triangular(sequence, "gap_1_2")
        t = begin + ask.curved(sequence, "phase_2")
        self.out.t_end[rows] = t
        success = np.flatnonzero(ask.below(sequence, "phase_2_success"))
        rows, t = rows.take(success), t.take(success)
        if self.rmat:
            np.maximum(t, begin.take(success) + draws.RMAT_CLOCK * TICKS, out=t)
            self.out.granted[rows] = ask.below(sequence.take(success), "granted")
        return rows, t

    def _phase_3(self, rows: Rows, t: Floats) -> Packed:
        """The gap and Phase 3."""
        ask, sequence, granted = self.sampler, self._sequence(rows), self.out.granted.take(rows)
        t = t + ask.curved(sequence, "gap_2_3", scale=self._scale("gap_2_3", granted))
        np.add(t, ask.curved(sequence, "phase_3", scale=self._scale("phase_3", granted)), t)
        self._end(FAIL_P3, rows, t)
        success = np.flatnonzero(ask.below(sequence, "phase_3_success"))
        return rows.take(success), t.take(success)

    def _scale(self, name: str, granted: Mask) -> Floats | None:
        return _SCALES[name].take(granted) if self.rmat else None

    def _application(self, rows: Rows, t: Floats) -> Packed:
        """Preparation, filing and the first review."""
        ask, sequence, granted = self.sampler, self._sequence(rows), self.out.granted.take(rows)
        t = t + ask.triangular(sequence, "bla_prep", scale=self._scale("bla_prep", granted))
        np.add(t, draws.FILING * TICKS, t)
        refused = self._refused(sequence, 1)
        for visit in range(1, FILINGS):
            again = sequence.take(refused)
            t[refused] += ask.triangular(again, "refusal", visit) + draws.FILING * TICKS
            refused = refused.take(self._refused(again, visit + 1))
        if refused.size:
            self._end(RTF_END, rows[refused], t[refused])
            rows, t, sequence, granted = (np.delete(column, refused) for column in (rows, t, sequence, granted))
        np.add(t, _GOALS.take(granted), t)
        return self._review(1, rows, t, sequence)

    def _refused(self, sequence: Words, visit: int) -> Rows:
        words = self.sampler.words(sequence, "filed", visit)
        return np.flatnonzero(np.greater(words, _FILED, self.sampler.bits[: words.size]))

    def _resubmission(self, visit: int, rows: Rows, t: Floats) -> Packed:
        """What follows a letter: withdrawal, or an answer and its review."""
        ask, sequence = self.sampler, self._sequence(rows)
        gone = ask.below(sequence, "withdrawn", visit)
        left, stay = np.flatnonzero(gone), np.flatnonzero(~gone)
        self._end(WITHDRAWN, rows.take(left), t.take(left))
        rows, t, sequence = rows.take(stay), t.take(stay), sequence.take(stay)
        np.add(t, ask.curved(sequence, "response", visit), t)
        np.add(t, _CLASS_GOALS.take(ask.below(sequence, "class_1", visit)), t)
        return self._review(visit + 1, rows, t, sequence)

    def _review(self, visit: int, rows: Rows, t: Floats, sequence: Words) -> Packed:
        """An action, at or near the goal `t`; the approved are launched, those with a letter go on."""
        ask, months, approved = self.sampler, *(_FIRST if visit == 1 else _LATER)
        np.add(t, np.multiply(ask.below(sequence, "amended", visit), months, ask.y[: rows.size]), t)
        np.add(t, ask.triangular(sequence, "slip", visit), t)
        self.out.cycles[rows] = visit
        yes = ask.below(sequence, "approved", visit, approved)
        launched, letters = np.flatnonzero(yes), np.flatnonzero(~yes)
        launch = ask.curved(sequence.take(launched), "launch")
        self._end(AVAILABLE, rows.take(launched), t.take(launched) + launch)
        return rows.take(letters), t.take(letters)


def _pack(blocks: list[Packed]) -> Packed:
    rows, t = zip(*blocks, strict=True)
    return np.concatenate(rows), np.concatenate(t)


def _mix13(w: Words, scratch: Words) -> None:
    """The finaliser of the draws, in place."""
    np.right_shift(w, _S30, scratch)
    np.bitwise_xor(w, scratch, w)
    np.multiply(w, _M1, w)
    np.right_shift(w, _S27, scratch)
    np.bitwise_xor(w, scratch, w)
    np.multiply(w, _M2, w)
    np.right_shift(w, _S31, scratch)
    np.bitwise_xor(w, scratch, w)


def _whole(ticks: Floats, scale: Floats | None) -> Floats:
    if scale is not None:
        np.multiply(ticks, scale, ticks)
    return np.rint(ticks, ticks)
