"""Whether the hand-written models agree with one another and with the package, replication by replication.

Statuses, review cycles and grants must be equal; times of the end may differ by 2**-18 day and 1e-9 of themselves,
because a table may round a duration to the neighbouring 2**-20 day. Shares of the statuses are also held against their
closed form, which needs no draws. The exit code is 1 if anything disagrees.

    python benchmarks/by_hand/agree.py [replications]
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from math import sqrt
from pathlib import Path

import draws
import numpy as np
import numpy_keyed
from models import MODELS
from outcome import AVAILABLE, EXHAUSTED, FAIL_P1, FAIL_P2, FAIL_P3, RTF_END, STATUSES, WITHDRAWN, Outcome, Row

ROOT = Path(__file__).resolve().parents[2]
CASES = [(arm, dense) for arm in ("std", "rmat") for dense in (False, True)]
ENDINGS = {
    ("phase_1", "failed"): FAIL_P1,
    ("phase_2", "failed"): FAIL_P2,
    ("phase_3", "failed"): FAIL_P3,
    ("bla.filing", "not_filed"): RTF_END,
    ("bla.response", "withdrawn"): WITHDRAWN,
    ("bla.review", "exhausted"): EXHAUSTED,
    ("launch", "done"): AVAILABLE,
}
"""What ends a replication in the package's event log: stage and outcome."""
MANY = 1_000_000
STANDARD_ERRORS = 5.0


def package(arm: str, count: int, dense: bool) -> Outcome:
    """The package's own results, from the event log that it writes."""
    certain = [f"--set=stages.{trial}.success=1" for trial in ("phase_1", "phase_2", "phase_3")] if dense else []
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "events.csv"
        command = [sys.executable, "-m", "pathway_sim", "run", "benchmarks/reference.yaml", "--arm", arm, *certain]
        options = ["--replications", str(count), "--seed", "1", "--events", str(log), "--quiet"]
        subprocess.run([*command, *options], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        with log.open(newline="", encoding="utf-8") as lines:
            return _from_events(csv.DictReader(lines), count)


def _from_events(events: csv.DictReader[str], count: int) -> Outcome:
    rows: list[Row] = [(-1, 0.0, 0, False)] * count
    granted: set[int] = set()
    for event in events:
        row, stage, how = int(event["replication"]), event["stage"], event["outcome"]
        status, t, cycles, _ = rows[row]
        if (stage, how) == ("rmat.decision", "granted"):
            granted.add(row)
        cycles += stage == "bla.review" and how != ""
        if (stage, how) in ENDINGS:
            status, t = ENDINGS[stage, how], float(event["end"])
        rows[row] = status, t, cycles, row in granted and status not in (FAIL_P1, FAIL_P2)
    return Outcome.from_rows(rows)


def compare(name: str, found: Outcome, wanted: Outcome) -> bool:
    """Print how far two results are apart; whether they agree."""
    unequal = [
        int((getattr(found, column) != getattr(wanted, column)).sum()) for column in ("status", "cycles", "granted")
    ]
    apart = np.abs(found.t_end - wanted.t_end)
    agrees = not any(unequal) and bool((apart <= 2.0**-18 + 1e-9 * wanted.t_end).all())
    statuses, cycles, grants = unequal
    print(
        f"  {name:12} {'agrees' if agrees else 'DISAGREES'}: {statuses} statuses, {cycles} cycles, {grants} grants "
        f"differ; t_end differs in {int((apart > 0).sum())}, by at most {apart.max():.2g} days"
    )
    return agrees


def shares(dense: bool) -> list[float]:
    """The probability of every status in closed form."""
    p1, p2, p3 = (draws.chance(name, dense) for name in draws.TRIALS)
    filed, again = 1.0 - 0.03**3, (1.0 - 0.15) * 0.25
    letters = 0.10 * (1.0 + again + again**2)
    exhausted, withdrawn = 0.10 * again**3, 0.15 * letters
    reviewed = p1 * p2 * p3 * filed
    ends = [1.0 - p1, p1 * (1.0 - p2), p1 * p2 * (1.0 - p3), p1 * p2 * p3 * (1.0 - filed)]
    return [*ends, reviewed * withdrawn, reviewed * exhausted, reviewed * (1.0 - withdrawn - exhausted)]


def compare_shares(found: Outcome, wanted: list[float]) -> bool:
    """Print how many standard errors the worst share is off; whether that is little enough."""
    count = found.status.size
    seen = np.bincount(found.status, minlength=len(STATUSES)) / count
    off = [abs(s - p) / max(sqrt(p * (1.0 - p) / count), 1e-12) for s, p in zip(seen, wanted, strict=True)]
    worst = int(np.argmax(off))
    agrees = off[worst] <= STANDARD_ERRORS
    print(
        f"  {'closed form':12} {'agrees' if agrees else 'DISAGREES'}: {count} replications, "
        f"the share of {STATUSES[worst]} is {off[worst]:.1f} standard errors off, the others less"
    )
    return agrees


def main(count: int = 20_000) -> int:
    """Compare all of them in both arms, with attrition and without."""
    fine = True
    for arm, dense in CASES:
        print(f"arm {arm}, {'dense' if dense else 'attrition'}, {count} replications against NumPy")
        wanted = numpy_keyed.run(arm, 0, count, dense=dense)
        for name, model in MODELS.items():
            if model is numpy_keyed:
                continue
            if why := model.available():
                print(f"  {name:12} left out: {why}")
                continue
            fine &= compare(name, model.run(arm, 0, count, dense=dense), wanted)
        fine &= compare("the package", package(arm, count, dense), wanted)
        fine &= compare_shares(numpy_keyed.run(arm, 0, MANY, dense=dense), shares(dense))
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
