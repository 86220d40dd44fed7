"""How fast it is: one core against what is written by hand, whole commands, growth, workers and memory.

    python benchmarks/speed.py             all that takes less than a quarter of an hour, to 10⁷ replications
    python benchmarks/speed.py --quick     two rounds, to 10⁶
    python benchmarks/speed.py --full      to 10⁸
    python benchmarks/speed.py --only workers memory
    python benchmarks/speed.py --record    also add the figures to history.csv, then as --draw
    python benchmarks/speed.py --draw      pictures and tables of docs/validation/speed.md from history.csv; no run

Medians are held against targets, bests stand beside them. Packages that are not installed are left out and named.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from measures.figure import Figure, Plan

TOPICS = ("rates", "whole", "scaling", "workers", "memory")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; record; draw."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.quick and given.record:
        parser.error("a quick run lacks figures that a record has")
    if given.draw:
        _draw()
        return
    from measures.figure import Plan, text  # not at the top, because worker processes read this file too

    plan = Plan(rounds=2, largest=10**6) if given.quick else Plan(largest=10**8 if given.full else 10**7)
    figures = list(_measured(plan, given.only or TOPICS))
    print(text(figures), end="")
    missed = sum(figure.verdict() == "MISSED" for figure in figures)
    print(f"{missed} of {sum(figure.target is not None for figure in figures)} targets missed")
    if given.record:
        from measures import history

        history.append(figures)
        _draw()


def _measured(plan: Plan, topics: Sequence[str]) -> Iterator[Figure]:
    from measures.memory import memory
    from measures.rates import left_out, rates
    from measures.scaling import scaling
    from measures.whole import whole
    from measures.workers import workers

    for name, measure in zip(TOPICS, (rates, whole, scaling, workers, memory), strict=True):
        if name in topics:
            print(f"measuring {name} …", file=sys.stderr)
            yield from measure(plan)
    for what in left_out():
        print(f"left out: {what}")


def _draw() -> None:
    """Pictures and tables of the last record."""
    from measures import page, pictures
    from measures.history import records

    found = records()
    page.write(found)
    for path in pictures.write(found):
        print(f"wrote {path}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="two rounds, to 10⁶ replications")
    size.add_argument("--full", action="store_true", help="to 10⁸ replications")
    then = parser.add_mutually_exclusive_group()
    then.add_argument("--only", nargs="+", choices=TOPICS, help="only these")
    then.add_argument("--record", action="store_true", help="add the figures to history.csv, and draw")
    then.add_argument("--draw", action="store_true", help="draw what is in history.csv; measure nothing")
    return parser


if __name__ == "__main__":
    main()
