"""Write the raw 64-bit words of the keyed draws to standard output, for outside batteries of randomness tests.

The order is the one in which a simulation consumes them: replication after replication, and within each the streams
one after another.  The bytes are little-endian, so a reader of 32-bit words sees the low half of each word and then
the high half.  The program ends when the reader closes the pipe::

    python benchmarks/draws_stream.py | dieharder -a -g 200
    python benchmarks/draws_stream.py | ./testu01_stdin small high
"""

import argparse
import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pathway_sim import draws

BLOCK = 8192  # replications at a time: with 24 streams, 1.5 MiB


def stream_names(count: int) -> list[str]:
    """Return names which differ as little as those of a model do: a few stages, each with a few kinds of chance."""
    kinds = ("duration", "outcome", "delay", "enrolment")
    return [f"stage_{i // len(kinds)}/{kinds[i % len(kinds)]}" for i in range(count)]


def blocks(seed: int, streams: list[str], replications: int | None) -> Iterator[NDArray[np.uint64]]:
    """Yield the words of successive blocks of replications, each of shape (block, streams); None is for ever."""
    start = 0
    while replications is None or start < replications:
        stop = start + BLOCK if replications is None else min(start + BLOCK, replications)
        r = np.arange(start, stop)
        out = np.empty((r.size, len(streams)), dtype="<u8")
        for column, stream in enumerate(streams):
            out[:, column] = draws.words(seed, stream, r)
        yield out
        start = stop


def main() -> int:
    """Write until the reader has had enough or the replications asked for are done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--streams", type=int, default=24, help="streams per replication (default 24)")
    parser.add_argument("--replications", type=int, default=None, help="how many (default: until the pipe closes)")
    args = parser.parse_args()
    try:
        with open(sys.stdout.fileno(), "wb", buffering=0, closefd=False) as raw:
            for block in blocks(args.seed, stream_names(args.streams), args.replications):
                left = block.data.cast("B")
                while left:  # a pipe may take less than it is offered
                    left = left[raw.write(left) :]
    except BrokenPipeError:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
