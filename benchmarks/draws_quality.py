"""Statistical quality of the keyed draws: a table of statistics, expectations and p-values.

    python benchmarks/draws_quality.py --numbers 1e8

The numbers are looked at in the two orders in which a model can meet them.  In consumption order every replication
reads its 128 streams one after another; in stream order one stream is read along 2**20 replications, and then the
next.  Each order gets all the numbers asked for.  The work goes in blocks of 2**20 numbers, so memory does not grow.

The p-values are upper tails, so a value close to 1 is as suspicious as one close to 0.  The program ends with 1 if
any is beyond 1e-6 of either end.

Sources
-------
Knuth, The Art of Computer Programming, vol. 2, section 3.3.2, for the chi-square, serial, collision and birthday
spacings tests (the last by Marsaglia, 1985); L'Ecuyer & Simard (2001), Mathematics and Computers in Simulation 55,
131-137, for the birthday spacings.  Their count is Poisson while 8 N lambda <= m**(1/4) for N samples of mean lambda in
m days (TestU01's rule): 2**18 birthdays in 2**52 days have lambda = 1 and allow 1,024 samples, 2.7e8 numbers.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm, poisson

from pathway_sim import draws

STREAMS, BLOCK = 128, 8192  # consumption order: 2**20 numbers a block
BIRTHDAYS, YEAR_BITS = 2**18, 52
FIELDS = (48, 36, 24, 12)  # 16-bit fields which together cover the 52 bits of a uniform number, 12 to 63

Words = NDArray[np.uint64]
Floats = NDArray[np.float64]


@dataclass
class Row:
    """One line of the table."""

    test: str
    statistic: float
    expectation: str
    p: float


@dataclass
class ChiSquare:
    """Counts in equally likely cells, summed over blocks."""

    name: str
    cells: int
    counts: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.counts = np.zeros(self.cells, dtype=np.int64)

    def add(self, cell: Words) -> None:
        """Count some cell numbers, shape (n,)."""
        self.counts += np.bincount(cell.view(np.int64), minlength=self.cells)

    def row(self) -> Row:
        """Return Pearson's statistic, chi-square with one degree of freedom less than cells."""
        expected = self.counts.sum() / self.cells
        statistic = float(((self.counts - expected) ** 2).sum() / expected)
        return Row(self.name, statistic, f"chi2({self.cells - 1})", float(chi2.sf(statistic, self.cells - 1)))


@dataclass
class Count:
    """A Poisson count, summed over blocks."""

    name: str
    observed: int = 0
    expected: float = 0.0

    def add(self, observed: int, expected: float) -> None:
        """Add the count of one block and its expectation."""
        self.observed += observed
        self.expected += expected

    def row(self) -> Row:
        """Return the count and its upper Poisson tail."""
        p = float(poisson.sf(self.observed - 1, self.expected))
        return Row(self.name, self.observed, f"Poisson({self.expected:.1f})", p)


@dataclass
class Correlations:
    """Sums of products of centred uniform numbers at some lags, over pairs within a block."""

    name: str
    lags: list[int]
    sums: Floats = field(init=False)
    pairs: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.sums = np.zeros(len(self.lags))
        self.pairs = np.zeros(len(self.lags))

    def add(self, centred: Floats) -> None:
        """Add the pairs of one run of numbers less 1/2, shape (n,)."""
        for i, lag in enumerate(self.lags):
            self.sums[i] += centred[:-lag] @ centred[lag:]
            self.pairs[i] += centred.size - lag

    def rows(self) -> Iterator[Row]:
        """Return the largest standard score and the sum of squares; the variance of a product is 1/144."""
        return normal_rows(self.name, self.sums * 12 / np.sqrt(self.pairs))


def normal_rows(name: str, z: Floats) -> Iterator[Row]:
    """Summarise independent standard normal scores by their largest size (Sidak) and by their sum of squares."""
    z = z.ravel()
    largest = float(np.abs(z).max())
    p_largest = -float(np.expm1(z.size * np.log1p(-2 * norm.sf(largest))))
    median = float(norm.isf((1 - 0.5 ** (1 / z.size)) / 2))
    yield Row(f"{name}, largest |z|", largest, f"median {median:.2f} of {z.size}", p_largest)
    total = float(z @ z)
    yield Row(f"{name}, sum of z^2", total, f"chi2({z.size})", float(chi2.sf(total, z.size)))


def bits(w: Words, low: int, width: int) -> Words:
    """Return a field of bits of each word as a number."""
    out: Words = w >> np.uint64(low)
    out &= np.uint64((1 << width) - 1)
    return out


def packed(w: Words, low: int, width: int, dimensions: int) -> Words:
    """Return a field of bits of successive numbers, which do not overlap, joined to the number of a cell."""
    parts = bits(w[: w.size // dimensions * dimensions], low, width).reshape(-1, dimensions)
    out: Words = np.zeros(len(parts), dtype=np.uint64)
    for column in parts.T:
        out = out << np.uint64(width) | column
    return out


def add_birthdays(count: Count, days: Words) -> None:
    """Count equal spacings among sorted birthdays; Poisson with mean n**3 / 4m for n birthdays in m days."""
    for year in days[: days.size // BIRTHDAYS * BIRTHDAYS].reshape(-1, BIRTHDAYS):
        spacings = np.sort(np.diff(np.sort(year)))
        count.add(int(np.count_nonzero(spacings[1:] == spacings[:-1])), BIRTHDAYS**3 / 4 / 2**YEAR_BITS)


def add_collisions(count: Count, urns: Words, urn_bits: int) -> None:
    """Count balls which fall into an urn already taken; the mean is exact, the law Poisson while urns are many."""
    balls, m = urns.size, 2.0**urn_bits
    ordered = np.sort(urns)
    collisions = int(np.count_nonzero(ordered[1:] == ordered[:-1]))
    count.add(collisions, balls + m * float(np.expm1(balls * np.log1p(-1 / m))))


class SequenceTests:
    """The tests which look at one long sequence of words, whatever its order."""

    def __init__(self, order: str, lags: list[int]) -> None:
        self.fields = [ChiSquare(f"{order}: equidistribution, bits {s}-{s + 15}", 2**16) for s in FIELDS]
        self.pairs = ChiSquare(f"{order}: pairs, 256 x 256 cells", 2**16)
        self.fours = ChiSquare(f"{order}: fours, 16 x 16 x 16 x 16 cells", 2**16)
        self.correlations = Correlations(f"{order}: serial correlation", lags)
        birthday, collision = f"{order}: birthday spacings, ", f"{order}: collisions, "
        self.birthdays = [Count(birthday + s) for s in ("bits 12-63", "2 x bits 38-63", "2 x bits 12-37")]
        self.collisions = [Count(collision + s) for s in ("bits 34-63", "bits 12-41", "8 x bits 61-63")]

    def add(self, w: Words) -> None:
        """Look at one block of words, shape (n,)."""
        for low, test in zip(FIELDS, self.fields, strict=True):
            test.add(bits(w, low, 16))
        self.pairs.add(packed(w, 56, 8, 2))
        self.fours.add(packed(w, 60, 4, 4))
        years = (bits(w, 12, 52), packed(w, 38, 26, 2), packed(w, 12, 26, 2))
        for count, days in zip(self.birthdays, years, strict=True):
            add_birthdays(count, days)
        add_collisions(self.collisions[0], bits(w, 34, 30), 30)
        add_collisions(self.collisions[1], bits(w, 12, 30), 30)
        add_collisions(self.collisions[2], packed(w, 61, 3, 8), 24)
        self.correlations.add(draws._to_uniform(w.copy()) - 0.5)

    def rows(self) -> Iterator[Row]:
        """Return the lines of the table."""
        for test in [*self.fields, self.pairs, self.fours]:
            yield test.row()
        yield from self.correlations.rows()
        for count in [*self.birthdays, *self.collisions]:
            yield count.row()


def consumption_order(seed: int, blocks: int) -> Iterator[Row]:
    """Test r outer, streams inner, and the correlation of every pair of streams at the same replication."""
    tests = SequenceTests("consumption", [*range(1, 33), STREAMS - 1, STREAMS, STREAMS + 1, 2 * STREAMS, 10 * STREAMS])
    gram = np.zeros((STREAMS, STREAMS))
    for by_stream in words_by_stream(seed, blocks):
        tests.add(by_stream.T.ravel())
        add_products(gram, by_stream)
    yield from tests.rows()
    yield from normal_rows("cross-stream correlation", cross_scores(gram, blocks))


def more_cross_stream(seed: int, seeds: range, blocks: int) -> Iterator[Row]:
    """Repeat the cross-stream test for later replications of the same seed and for further seeds."""
    if not seeds:
        return
    gram = np.zeros((STREAMS, STREAMS))
    for by_stream in words_by_stream(seed, 4 * blocks, first=blocks):
        add_products(gram, by_stream)
    yield from normal_rows(f"cross-stream correlation, seed {seed}, later", cross_scores(gram, 4 * blocks))
    scores = []
    for seed in seeds:
        gram = np.zeros((STREAMS, STREAMS))
        for by_stream in words_by_stream(seed, blocks):
            add_products(gram, by_stream)
        scores.append(cross_scores(gram, blocks))
        yield from normal_rows(f"cross-stream correlation, seed {seed}", scores[-1])
    yield from normal_rows(f"cross-stream correlation, seeds {seeds[0]} to {seeds[-1]}", np.concatenate(scores))


def words_by_stream(seed: int, blocks: int, first: int = 0) -> Iterator[Words]:
    """Yield the words of successive blocks of replications, shape (stream, replication)."""
    names = [f"stage_{i // 4}/{('duration', 'outcome', 'delay', 'enrolment')[i % 4]}" for i in range(STREAMS)]
    for block in range(first, first + blocks):
        r = np.arange(block * BLOCK, (block + 1) * BLOCK)
        yield np.stack([draws.words(seed, name, r) for name in names])


def add_products(gram: Floats, by_stream: Words) -> None:
    """Add to gram, shape (stream, stream), the products of centred uniforms; the words are used up."""
    u = draws._to_uniform(by_stream) - 0.5
    gram += u @ u.T


def cross_scores(gram: Floats, blocks: int) -> Floats:
    """Return the standard score of the correlation of each pair of streams."""
    scores: Floats = (gram * 12 / np.sqrt(blocks * BLOCK))[np.triu_indices(STREAMS, 1)]
    return scores


def stream_order(seed: int, blocks: int) -> Iterator[Row]:
    """Test one stream along its replications after another."""
    tests = SequenceTests("stream", [*range(1, 33), 64, 100, 128, 256, 1000, 1024, 4096, 16384, 65536])
    r = np.arange(STREAMS * BLOCK)
    for block in range(blocks):
        tests.add(draws.words(seed, f"programme_{block}/outcome", r))
    yield from tests.rows()


def count_bits(changed: Words) -> NDArray[np.int64]:
    """Return how many of the words, shape (n,), have each of the 64 bits set."""
    by_byte = changed.astype("<u8").view(np.uint8).reshape(-1, 8)
    counts: NDArray[np.int64] = np.unpackbits(by_byte, axis=1, bitorder="little").sum(axis=0, dtype=np.int64)
    return counts


def avalanche_rows(name: str, pairs: Callable[[int], Iterator[Words]], inputs: int) -> Iterator[Row]:
    """Test that a flip of each input bit flips each of the 64 output bits in half of the pairs."""
    cells, rows, mean = np.zeros((inputs, 64)), np.zeros(inputs), 0.0
    for bit in range(inputs):
        flips, samples = np.zeros(64, dtype=np.int64), 0
        for changed in pairs(bit):
            flips += count_bits(changed)
            samples += changed.size
        cells[bit] = (flips - samples / 2) / (np.sqrt(samples) / 2)
        rows[bit] = (flips.sum() / samples - 32) / (4 / np.sqrt(samples))
        mean += flips.sum() / samples / inputs
    yield Row(f"{name}: mean flips of 64", mean, "32", float(norm.sf(rows.sum() / np.sqrt(inputs))))
    yield from normal_rows(f"{name}: mean flips per input bit", rows)
    yield from normal_rows(f"{name}: input x output bits", cells)


def avalanche(seed: int) -> Iterator[Row]:
    """Flip bits of the replication number, of the seed and of the stream's name."""
    r = np.arange(2**14, dtype=np.uint64)

    def replication(bit: int) -> Iterator[Words]:
        clear = r[(r >> np.uint64(bit)) & np.uint64(1) == 0]  # each pair once
        for i in range(8):
            name = f"avalanche/{i}"
            yield draws.words(seed, name, clear) ^ draws.words(seed, name, clear ^ np.uint64(1 << bit))

    def of_seed(bit: int) -> Iterator[Words]:
        for other in draws.words(seed, "seeds", np.arange(64)).tolist():
            yield draws.words(other, "avalanche", r[:512]) ^ draws.words(other ^ 1 << bit, "avalanche", r[:512])

    def of_name(bit: int) -> Iterator[Words]:
        for i in range(64):
            name = f"stage_{i:02d}"
            place, part = divmod(bit, 7)
            other = name[:place] + chr(ord(name[place]) ^ 1 << part) + name[place + 1 :]
            if name < other or part > 3 or not name[place].isdigit():  # digits may meet: each pair once
                yield draws.words(seed, name, r[:512]) ^ draws.words(seed, other, r[:512])

    yield from avalanche_rows("avalanche, replication", replication, 64)
    yield from avalanche_rows("avalanche, seed", of_seed, 64)
    yield from avalanche_rows("avalanche, name", of_name, 8 * 7)


def nanoseconds_per_draw(seed: int, count: int = 10**6, repeats: int = 15) -> tuple[float, float]:
    """Return the least and the median time of a uniform number, in ns, over calls for so many replications."""
    r = np.arange(count)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        draws.uniform(seed, "speed", r)
        times.append((time.perf_counter() - start) / count * 1e9)
    return min(times), float(np.median(times))


def print_row(row: Row) -> None:
    """Print one line of the table, marked when the p-value is beyond 0.001 of either end."""
    nearest = min(row.p, 1 - row.p)
    mark = "FAIL" if nearest < 1e-6 else "look" if nearest < 1e-3 else ""
    print(f"{row.test:<58} {row.statistic:>14.4f}   {row.expectation:<22} {row.p:.4f} {mark}".rstrip(), flush=True)


def main() -> int:
    """Run every test and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--numbers", type=float, default=1e8, help="numbers in each of the two orders (default 1e8)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--cross-seeds", type=int, default=0, help="repeat the cross-stream test with so many seeds more"
    )
    args = parser.parse_args()
    blocks = max(1, -int(-args.numbers // (STREAMS * BLOCK)))
    began = time.perf_counter()
    print(f"seed {args.seed}, {blocks * STREAMS * BLOCK:,} numbers in each order; p is the upper tail\n")
    print(f"{'test':<58} {'statistic':>14}   {'expectation':<22} p")
    rows: list[Row] = []
    for part in (
        consumption_order(args.seed, blocks),
        stream_order(args.seed, blocks),
        avalanche(args.seed),
        more_cross_stream(args.seed, range(args.seed + 1, args.seed + 1 + args.cross_seeds), blocks),
    ):
        for row in part:
            print_row(row)
            rows.append(row)
    least, median = nanoseconds_per_draw(args.seed)
    nearest = min(min(row.p, 1 - row.p) for row in rows)
    print(f"\n{len(rows)} statistics, p nearest to an end {nearest:.2g}; {time.perf_counter() - began:.0f} s")
    print(f"10**6 uniform numbers a call: {least:.1f} ns each at best, {median:.1f} ns median of 15")
    return int(nearest < 1e-6)


if __name__ == "__main__":
    sys.exit(main())
