"""Every recorded run: a file of figures with the day, the version and the machine."""

from __future__ import annotations

import csv
import datetime
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from measures.figure import ROOT, Figure, Target
from pathway_sim import __version__

FILE = ROOT / "benchmarks" / "history.csv"
COLUMNS = ("date", "version", "commit", "machine", "name", "figure", "best", "unit", "target")


@dataclass(frozen=True)
class Record:
    """The figures of one run by name, and what was run where."""

    date: str
    version: str
    commit: str
    machine: str
    figures: dict[str, Figure]

    @property
    def about(self) -> tuple[str, ...]:
        """All but the figures."""
        return self.date, self.version, self.commit, self.machine


def append(figures: Iterable[Figure], path: Path = FILE) -> None:
    """Add a run to the file."""
    about = (datetime.date.today().isoformat(), __version__, _commit(), _machine())
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(COLUMNS)
        for each in figures:
            writer.writerow((*about, each.name, f"{each.value:.5g}", f"{each.best:.5g}", each.unit, each.target or ""))


def records(path: Path = FILE) -> list[Record]:
    """The runs in the file, in order; the rows of a run stand together, and no name comes twice in it."""
    found: list[Record] = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            about = tuple(row[name] for name in COLUMNS[:4])
            last = found[-1] if found else None
            if last is None or last.about != about or row["name"] in last.figures:
                last = Record(*about, {})
                found.append(last)
            target = Target.read(row["target"])
            last.figures[row["name"]] = Figure(
                row["name"], float(row["figure"]), float(row["best"]), row["unit"], target
            )
    return found


def _machine() -> str:
    """The machine in words."""
    system = f"{os.cpu_count()} cores, {platform.system()}"
    return f"{_processor()}, {system}, Python {platform.python_version()}, NumPy {np.__version__}"


def _processor() -> str:
    """The model of the processor, as Linux says it, else as Python does."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8").splitlines() if about.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def _commit() -> str:
    """The commit, with a plus sign if files differ from it; nothing outside of a clone."""
    if shutil.which("git") is None:
        return ""
    return _git("rev-parse", "--short", "HEAD") + ("+" if _git("status", "--porcelain", "-uno") else "")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True).stdout.strip()
