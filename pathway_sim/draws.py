"""Keyed random draws: every uniform number is a pure function of its name.

A draw is named by three things: the seed of the run, the name of the stream (which chance in the model it stands
for) and the number of the replication.  Nothing is consumed and there is no hidden state, so any subset of the
replications, in any order and on any machine, gives the same numbers, and two scenarios which share a stream name
share its luck (common random numbers).

The formula, with all arithmetic modulo 2**64::

    (k0, k1) = blake2b-128(seed in decimal, U+001F, stream; as UTF-8), two little-endian 64-bit halves
    w        = mix13(mix13(k0 + r * 0x9E3779B97F4A7C15) ^ k1),  r = replication number, from 0
    u        = ((w >> 12) + 0.5) * 2**-52,  so that 0 < u < 1 always

Sources
-------
Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators, OOPSLA, doi:10.1145/2660193.2660195, for
the SplitMix64 sequence and its finaliser; Stafford (2011), Better bit mixing, variant 13, for the constants; RFC 7693
for BLAKE2b.  The statistical evidence is in ``docs/validation/draws.md``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)
"""Odd step between successive replications before mixing: 2**64 divided by the golden ratio."""
_MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_1, _SHIFT_2, _SHIFT_3, _SHIFT_U = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(12)

_EXPONENT_OF_ONE = np.uint64(0x3FF0000000000000)  # the sign and exponent bits of the doubles in [1, 2)
_ONE_LESS_HALF_STEP = 1.0 - 2.0**-53

_BLOCK = 16384  # words: one block and its scratch (256 KiB) stay in the second-level cache through all the passes

Words = NDArray[np.uint64]


def key(seed: int, stream: str) -> tuple[np.uint64, np.uint64]:
    """Return the 128-bit key of a stream.

    Parameters
    ----------
    seed : int
        Seed of the run; any whole number of any size or sign.
    stream : str
        Name of the stream.  Names are compared as they are spelt, without Unicode normalisation.

    Returns
    -------
    tuple of np.uint64
        (k0, k1), the little-endian halves of BLAKE2b-128 (RFC 7693).  The digits of a seed cannot hold the separator
        U+001F, so no two pairs of seed and name are hashed as the same text.
    """
    digest = blake2b(f"{seed:d}\x1f{stream}".encode(), digest_size=16).digest()
    return np.uint64(int.from_bytes(digest[:8], "little")), np.uint64(int.from_bytes(digest[8:], "little"))


# Typed, so that a seed of the wrong type (1.0) is refused whatever was asked before.
_cached_key = lru_cache(maxsize=1 << 14, typed=True)(key)


def words(seed: int, stream: str, replications: NDArray[Any]) -> Words:
    """Return the raw 64-bit words of some replications of a stream.

    Parameters
    ----------
    seed, stream
        As for `key`.
    replications : integer array, shape (n,)
        Replication numbers, in any order and with any gaps; taken modulo 2**64.

    Returns
    -------
    uint64 array, shape (n,)
        One word per replication, uniform on 0 .. 2**64 - 1.
    """
    return _filled(seed, stream, replications)


def _filled(
    seed: int, stream: str, replications: NDArray[Any], finish: Callable[[Words], object] | None = None
) -> Words:
    """The words of a stream, of which each block is given to `finish` while it is near the processor."""
    r = np.asarray(replications)
    if r.dtype.kind not in "iu":  # a mask or a list of floats is always a mistake
        raise TypeError(f"replication numbers must be integers, not {r.dtype}")
    if r.ndim != 1:
        raise ValueError(f"replication numbers must have shape (n,), not {r.shape}")
    k0, k1 = _cached_key(seed, stream)
    numbers = r.view(np.uint64) if r.dtype == np.int64 else r.astype(np.uint64)
    out, scratch = np.empty(r.size, dtype=np.uint64), np.empty(min(_BLOCK, r.size), dtype=np.uint64)
    for start in range(0, out.size, _BLOCK):
        w = out[start : start + _BLOCK]
        t = scratch[: w.size]
        np.multiply(numbers[start : start + _BLOCK], GOLDEN_GAMMA, out=w)
        w += k0
        _mix13(w, t)
        w ^= k1
        _mix13(w, t)
        if finish is not None:
            finish(w)
    return out


def uniform(seed: int, stream: str, replications: NDArray[Any]) -> NDArray[np.float64]:
    """Return the uniform numbers of some replications of a stream.

    Parameters
    ----------
    seed, stream, replications
        As for `words`.

    Returns
    -------
    float64 array, shape (n,)
        Numbers without unit, strictly between 0 and 1: odd multiples of 2**-53, exact in double precision.
    """
    return _filled(seed, stream, replications, _to_uniform).view(np.float64)


@dataclass(frozen=True, slots=True)
class Draws:
    """The random numbers of the run with a given `seed`, an int of any size."""

    seed: int

    def uniform(self, stream: str, replications: NDArray[Any]) -> NDArray[np.float64]:
        """Return the uniform numbers, shape (n,), of some replications of a stream; see `uniform`."""
        return uniform(self.seed, stream, replications)


def _mix13(w: Words, scratch: Words) -> None:
    """Apply the SplitMix64 finaliser with Stafford's variant 13 constants in place: a bijection of the words."""
    w ^= np.right_shift(w, _SHIFT_1, out=scratch)
    w *= _MULTIPLIER_1
    w ^= np.right_shift(w, _SHIFT_2, out=scratch)
    w *= _MULTIPLIER_2
    w ^= np.right_shift(w, _SHIFT_3, out=scratch)


def _to_uniform(w: Words) -> NDArray[np.float64]:
    """Turn words into uniform numbers, in their own memory.

    The top 52 bits m become the mantissa of 1 + m 2**-52; taking off 1 - 2**-53 leaves (m + 1/2) 2**-52, which has at
    most 53 significant bits, so that the subtraction is exact.  This avoids the slow conversion of 64-bit integers.
    """
    w >>= _SHIFT_U
    w |= _EXPONENT_OF_ONE
    u = w.view(np.float64)
    u -= _ONE_LESS_HALF_STEP
    return u
