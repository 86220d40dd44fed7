"""The reference pathway in C, compiled when it is first run; see ``c_keyed.c``."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import draws
import numpy as np
import numpy.typing as npt
from outcome import Outcome

COMPILE = ("cc", "-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC")
"""Without contraction, so that every multiplication and addition rounds as NumPy's do."""

_SITES = [(name, visit) for name, _, _, visits in draws.SITES for visit in range(1, visits + 1)]


class _Model(ctypes.Structure):
    _fields_ = (
        ("keys", ctypes.c_uint64 * 2 * len(_SITES)),
        ("tables", ctypes.c_void_p * len(draws.CURVED)),
        ("success", ctypes.c_double * 3),
        ("rmat", ctypes.c_int32),
    )


def available() -> str | None:
    """Why it cannot run, or None."""
    return None if shutil.which(COMPILE[0]) else "there is no C compiler (cc)"


def run(arm: str, first: int, count: int, seed: int = 1, dense: bool = False) -> Outcome:
    """Simulate the replications ``first`` … ``first + count - 1``."""
    model = _model(arm == "rmat", seed, dense)
    out = Outcome(np.empty(count, np.int8), np.empty(count), np.empty(count, np.int8), np.empty(count, np.bool_))
    columns = (_address(column) for column in (out.status, out.t_end, out.cycles, out.granted))
    _library().run(ctypes.byref(model), ctypes.c_uint64(first), ctypes.c_int64(count), *columns)
    return out


def _model(rmat: bool, seed: int, dense: bool) -> _Model:
    keys = [tuple(map(int, draws.stream_key(seed, *site))) for site in _SITES]
    pairs = [(ctypes.c_uint64 * 2)(*pair) for pair in keys]
    tables = [draws.cubics(name).ctypes.data for name in draws.CURVED]  # kept alive by their cache
    success = [draws.chance(name, dense) for name in draws.TRIALS]
    return _Model(
        (ctypes.c_uint64 * 2 * len(_SITES))(*pairs),
        (ctypes.c_void_p * len(tables))(*tables),
        (ctypes.c_double * 3)(*success),
        rmat,
    )


def _address(column: npt.NDArray[np.generic]) -> ctypes.c_void_p:
    return ctypes.c_void_p(column.ctypes.data)


@cache
def _library() -> ctypes.CDLL:
    """The compiled library, loaded; its file may then go."""
    source = Path(__file__).with_suffix(".c")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "c_keyed.so"
        subprocess.run([*COMPILE, str(source), "-o", str(made), "-lm"], check=True)
        return ctypes.CDLL(str(made))
