"""``python -m pathway_sim``, the same as ``pathway-sim``."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from pathway_sim.cli import run_command_line

    # A start makes many objects that stay; looking through them for garbage again and again, and once more at the end,
    # finds nothing. No large matrices are multiplied, so threads for that would only spin while they wait for work.
    gc.set_threshold(50_000)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    code = run_command_line(sys.argv[1:])
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
