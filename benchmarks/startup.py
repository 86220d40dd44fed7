"""What starting costs, against the imports that any such program needs.

Three things are started: a small comparison with charts, against importing NumPy, SciPy's special functions and
matplotlib; and `--help`, as a module and as the installed command, against importing click. Runs alternate, so that all
meet the same machine, and medians are compared; all may keep compiled modules, as an installed program does. Also
printed: which of the heavy libraries `--help` and `check` import.

    python benchmarks/startup.py [runs]
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pathway_sim

HEAVY = ("numpy", "scipy", "matplotlib", "simpy", "pydantic", "yaml", "rich")
IMPORTS = [sys.executable, "-c", "import numpy, scipy.special, matplotlib"]
CLICK = [sys.executable, "-c", "import click"]
PROGRAM = [sys.executable, "-m", "pathway_sim"]
INSTALLED = "import sys; from pathway_sim.__main__ import main; sys.argv = ['pathway-sim', *sys.argv[1:]]; main()"
COMMAND = [sys.executable, "-c", INSTALLED]
COMPARE = [*PROGRAM, "compare", "msc-dpn", "--replications", "10000", "--charts", "charts"]
LISTING = f"""
import sys
from pathway_sim.cli import run_command_line
run_command_line(sys.argv[1:])
print("imports", *[name for name in {HEAVY!r} if name in sys.modules])
"""
STARTED = "import numpy, scipy.special, matplotlib", "compare with charts"
HELPED = "import click", "python -m pathway_sim --help", "pathway-sim --help"
TARGET, HELP_TARGET = 3.0, 1.3


def run(command: list[str]) -> tuple[float, float, str]:
    """Seconds from start to end of a command in an empty folder, seconds of processor, and the last line it prints."""
    root = str(Path(pathway_sim.__file__).parent.parent)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        spent, begun = processor(), time.perf_counter()
        done = subprocess.run(
            command, cwd=folder, env={**environment, "PYTHONPATH": root}, capture_output=True, text=True, check=True
        )
        return time.perf_counter() - begun, processor() - spent, (done.stdout.splitlines() or [""])[-1]


def processor() -> float:
    """Processor seconds of all finished child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(commands: list[list[str]], runs: int) -> list[list[float]]:
    """Medians of alternating runs of each command: of the seconds elapsed, and of those of the processor."""
    for command in commands:
        run(command)  # once, so that files are in the cache and compiled
    rounds = [[run(command) for command in commands] for _ in range(runs)]
    return [[statistics.median(each[k][place] for each in rounds) for k in range(len(commands))] for place in (0, 1)]


def report(what: str, names: tuple[str, ...], seconds: list[float], target: float) -> None:
    """Print medians, and the ratio of each to the first of them."""
    print(f"{what}: {', '.join(f'{name} {each:.3f} s' for name, each in zip(names, seconds, strict=True))}")
    for name, each in zip(names[1:], seconds[1:], strict=True):
        met = "met" if each <= target * seconds[0] else "MISSED"
        print(f"  {name}: ratio {each / seconds[0]:.2f}, target at most {target:g}: {met}")


def main(runs: int = 7) -> None:
    """Print the medians, their ratios, and what `--help` and `check` import."""
    elapsed, spent = measured([IMPORTS, COMPARE], runs)
    report("elapsed", STARTED, elapsed, TARGET)
    report("processor", STARTED, spent, TARGET)
    elapsed, _ = measured([CLICK, [*PROGRAM, "--help"], [*COMMAND, "--help"]], 3 * runs)
    report("elapsed", HELPED, elapsed, HELP_TARGET)
    for arguments in (["--help"], ["check", "bio-2021"], ["check", "msc-dpn"]):
        print(f"{' '.join(arguments)}: {run([sys.executable, '-c', LISTING, *arguments])[2]}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
