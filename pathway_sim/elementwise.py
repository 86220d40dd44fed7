"""What rules are written with: functions of columns, shape ``(n,)``, or of single numbers, to the same bits.

A column is a NumPy array. A number is plain Python and stays so, and one beside a column stands for all of it.
Arithmetic, comparisons, ``&`` and ``|`` need no function here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_
from typing import Any, TypeVar

import numpy as np

Name = TypeVar("Name")


def where(condition: Any, yes: Any, no: Any) -> Any:
    """`yes` where a condition is true, else `no`."""
    if isinstance(condition, np.ndarray):
        return np.where(condition, yes, no)
    return yes if condition else no


def maximum(a: Any, b: Any) -> Any:
    """The greater of two numbers; NaN if one is. Of 0.0 and -0.0, which are equal, it may be either."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.maximum(a, b)
    return a if a > b or a != a else b


def minimum(a: Any, b: Any) -> Any:
    """The lesser of two numbers; NaN if one is. Of 0.0 and -0.0, which are equal, it may be either."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.minimum(a, b)
    return a if a < b or a != a else b


def somewhere(condition: Any) -> bool:
    """Whether a condition is true anywhere."""
    return bool(condition.any()) if isinstance(condition, np.ndarray) else condition


def code(condition: Any) -> Any:
    """1 where a condition is true, else 0; a column is the same memory as int8."""
    return condition.view(np.int8) if isinstance(condition, np.ndarray) else int(condition)


def item(table: Sequence[Any], index: Any) -> Any:
    """The entry of a table of numbers that each index, from 0, names."""
    return np.asarray(table)[index] if isinstance(index, np.ndarray) else table[index]


def pick(names: Sequence[Name], index: Any, read: Callable[[Name], Any]) -> Any:
    """What is read of the name that each index, from 0, points to; of the only name whatever the index.

    For a column every name is read once for all of it, for a number only the one: so reading must not change anything.
    """
    if len(names) == 1:
        return read(names[0])
    if not isinstance(index, np.ndarray):
        return read(names[index])
    first, *others = dict.fromkeys(names)
    picked = read(first)
    for name in others:
        here = reduce(or_, [index == k for k, each in enumerate(names) if each == name])
        picked = np.where(here, read(name), picked)
    return picked


def widened(codes: Any, like: Any) -> Any:
    """Outcome codes; one that is meant for all of a column `like` as a column, int8."""
    if isinstance(like, np.ndarray) and not isinstance(codes, np.ndarray):
        return np.full(like.shape, codes, dtype=np.int8)
    return codes
