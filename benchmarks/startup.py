"""What starting costs: a small comparison with charts against the imports that any such program needs.

Runs alternate, so that both meet the same machine, and medians are compared; both may keep compiled modules, as an
installed program does. The target is a ratio of at most 3. Also printed: which of the heavy libraries `--help`
imports; there should be none.

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

HEAVY = ("numpy", "scipy", "matplotlib", "simpy")
IMPORTS = [sys.executable, "-c", "import numpy, scipy.special, matplotlib"]
COMPARE = [sys.executable, "-m", "pathway_sim", "compare", "msc-dpn", "--replications", "10000", "--charts", "charts"]
HELP = f"""
import sys
from pathway_sim.__main__ import main
sys.argv = ["pathway-sim", "--help"]
try:
    main()
except SystemExit:
    pass
print("imported:", *[name for name in {HEAVY!r} if name in sys.modules])
"""
TARGET = 3.0


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


def main(runs: int = 7) -> None:
    """Print the medians, their ratios, and what `--help` imports."""
    run(IMPORTS), run(COMPARE)  # once each, so that files are in the cache and compiled
    pairs = [(run(IMPORTS), run(COMPARE)) for _ in range(runs)]
    for place, what in enumerate(("elapsed", "processor")):
        imports, compare = (statistics.median(pair[k][place] for pair in pairs) for k in (0, 1))
        print(f"{what}: import numpy, scipy.special, matplotlib {imports:.2f} s, compare with charts {compare:.2f} s")
        met = "met" if compare <= TARGET * imports else "MISSED"
        print(f"  ratio {compare / imports:.2f} (medians of {runs}), target at most {TARGET:.0f}: {met}")
    print(f"--help {run([sys.executable, '-c', HELP])[2]}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
