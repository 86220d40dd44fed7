"""The keyed random draws: exact values, purity, and statistical quality.

Every test is deterministic.  The statistical bounds come from theory and not from what was seen: each statistic is
compared with its distribution for truly random numbers, and a family of statistics is held to a family-wise error of
5 % (Bonferroni) or a single one to a two-sided tail of 1 in 1,000, so that a sound generator passes by design and a
systematic fault of more than a few standard errors does not.
"""

import ast
import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, norm

import pathway_sim
from pathway_sim import draws

MASK = 2**64 - 1
SINGLE_TAIL = 0.001
FAMILY_TAIL = 0.05
NAMES = [f"{unit}/{chance}" for unit in ("phase_1", "phase_2", "bla", "cmc") for chance in ("n", "t", "outcome", "gap")]


def mix13_reference(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def word_reference(seed: int, stream: str, r: int) -> int:
    """Write the formula once more, in Python's whole numbers and without anything of the package."""
    digest = hashlib.blake2b((str(seed) + "\x1f" + stream).encode("utf-8"), digest_size=16).digest()
    k0, k1 = (sum(byte << 8 * i for i, byte in enumerate(half)) for half in (digest[:8], digest[8:]))
    return mix13_reference(mix13_reference((k0 + r * 0x9E3779B97F4A7C15) & MASK) ^ k1)


def z_bound(comparisons: int) -> float:
    """Return the two-sided normal bound which one of so many comparisons passes by chance in 5 % of worlds."""
    return float(norm.isf(FAMILY_TAIL / 2 / comparisons))


def assert_uniform_counts(counts: np.ndarray) -> None:
    """Pearson's chi-square against equal expectations; both tails, since counts too even are as wrong as too uneven."""
    expected = counts.sum() / counts.size
    statistic = float(((counts - expected) ** 2).sum() / expected)
    low, high = chi2.ppf([SINGLE_TAIL / 2, 1 - SINGLE_TAIL / 2], counts.size - 1)
    assert low < statistic < high


def correlation_z(x: np.ndarray, y: np.ndarray) -> float:
    """Return the correlation times sqrt(n), standard normal; the mean 1/2 and variance 1/12 are known, not fitted."""
    return float((x - 0.5) @ (y - 0.5) * 12 / np.sqrt(x.size))


# ---------------------------------------------------------------------------------------------------- exact values


def test_reference_mixer_gives_the_published_splitmix64_sequence():
    # The first outputs of SplitMix64 from state 0, as every public implementation prints them.
    outputs = [mix13_reference(i * 0x9E3779B97F4A7C15 & MASK) for i in (1, 2, 3)]
    assert outputs == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


GOLDEN_WORDS = {
    (0, "", 0): 0x1E882433C8CB263C,
    (1, "a", 0): 0x86587A90DB3A2E9D,
    (1, "a", 1): 0xF0511BDFDA39654A,
    (1, "a", 2**62): 0x37772955E20CC45D,
    (20240229, "phase_1/outcome", 999_999): 0x8CB2D89B5695C91D,
    (-7, "caf\u00e9", 12345): 0x6DED6BC1007524E9,
    (2**70, "x/y/z", 2**63 - 1): 0x2907578671A0351A,
    (1, "a", -1): 0xB8D609AB319E4D0A,
}
GOLDEN_HASHES = {
    "phase_1/n": "0edce4608023c2ad",
    "phase_1/t": "045b00a7f0ce5b86",
    "phase_1/outcome": "ef99af78e11964eb",
    "phase_1/gap": "a40f6473fc5e85b1",
    "phase_2/n": "95dbf6f53a0bdf47",
    "phase_2/t": "2f09f0d62cb9d939",
    "phase_2/outcome": "02cd9f1154d24688",
    "phase_2/gap": "56c9f461139b1e53",
    "bla/n": "b966ca204ff07163",
    "bla/t": "d39b66c62d26adec",
    "bla/outcome": "69c488669df32779",
    "bla/gap": "5be7715523e9dbe5",
    "cmc/n": "56b7cc58e40852cb",
    "cmc/t": "a71515cd025fe2e8",
    "cmc/outcome": "22d0fee1f64fb55f",
    "cmc/gap": "083fd09c6d7e59c7",
}


@pytest.mark.parametrize(("name", "expected"), GOLDEN_WORDS.items())
def test_golden_words(name, expected):
    seed, stream, r = name
    assert word_reference(seed, stream, r) == expected
    assert int(draws.words(seed, stream, np.array([r]))[0]) == expected


@pytest.mark.parametrize("stream", NAMES)
def test_golden_uniforms(stream):
    u = draws.uniform(20240229, stream, np.arange(4096))
    assert hashlib.sha256(u.astype("<f8").tobytes()).hexdigest()[:16] == GOLDEN_HASHES[stream]


@settings(derandomize=True, deadline=None, max_examples=80)
@given(st.integers(-(2**200), 2**200), st.text(max_size=30), st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_words_equal_the_reference_for_any_name(seed, stream, replications):
    got = draws.words(seed, stream, np.array(replications, dtype=np.int64))
    assert got.dtype == np.uint64
    assert got.tolist() == [word_reference(seed, stream, r) for r in replications]


def test_uniform_is_the_formula_in_float64():
    r = np.arange(100_000)
    w = draws.words(3, "a", r)
    u = draws.uniform(3, "a", r)
    assert u.dtype == np.float64
    # (w >> 12) + 1/2 has at most 53 significant bits: the plain formula is exact too, so equality is the right test.
    assert np.array_equal(u, ((w >> np.uint64(12)) + 0.5) * 2.0**-52)


# --------------------------------------------------------------------------------------------------------- purity


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 49_999), max_size=200))
def test_any_subset_in_any_order_gives_the_same_numbers(chosen):
    everything = draws.uniform(11, "phase_3/outcome", np.arange(50_000))
    index = np.array(chosen, dtype=np.int64)
    assert np.array_equal(draws.uniform(11, "phase_3/outcome", index), everything[index])


def test_batches_strides_dtypes_and_history_do_not_matter():
    # 50,000 spans several internal blocks, and the batch sizes do not divide it.
    r = np.arange(50_000)
    whole = draws.uniform(5, "x", r)
    order = np.argsort(draws.words(5, "shuffle", r))
    assert np.array_equal(draws.uniform(5, "x", r[order]), whole[order])
    for size in (1_000, 16_384, 16_385, 49_999):
        parts = [draws.uniform(5, "x", r[i : i + size]) for i in range(0, r.size, size)]
        assert np.array_equal(np.concatenate(parts), whole)
    assert np.array_equal(draws.uniform(5, "x", r[::-3]), whole[::-3])
    for dtype in (np.int32, np.uint16, np.uint64, ">i8"):
        assert np.array_equal(
            draws.uniform(5, "x", r.astype(dtype)), draws.uniform(5, "x", r.astype(dtype).astype(int))
        )
    draws.uniform(5, "another stream", r)
    assert np.array_equal(draws.Draws(5).uniform("x", r), whole)


def test_arguments_are_left_alone_and_empty_is_allowed():
    r = np.arange(10, dtype=np.uint64)
    draws.words(1, "x", r)
    assert r.tolist() == list(range(10))
    assert draws.uniform(1, "x", np.array([], dtype=np.int64)).shape == (0,)


@pytest.mark.parametrize("bad", [np.array([True, False]), np.array([1.0]), np.array(["1"])])
def test_replications_that_are_not_integers_are_refused(bad):
    with pytest.raises(TypeError, match="integers"):
        draws.uniform(1, "x", bad)


@pytest.mark.parametrize("bad", [np.arange(4).reshape(2, 2), np.array(3)])
def test_replications_of_another_shape_are_refused(bad):
    with pytest.raises(ValueError, match="shape"):
        draws.uniform(1, "x", bad)


def test_seed_must_be_whole_even_when_an_equal_seed_is_cached():
    draws.uniform(1, "x", np.arange(2))
    with pytest.raises(ValueError, match="format"):
        draws.uniform(1.0, "x", np.arange(2))  # type: ignore[arg-type]
    assert draws.key(np.int64(1), "x") == draws.key(1, "x")  # type: ignore[arg-type]


def test_package_never_imports_a_stateful_generator():
    for path in Path(pathway_sim.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id in ("np", "numpy")
            ):
                modules = [f"numpy.{node.attr}"]
            assert not {"random", "secrets", "numpy.random"} & set(modules), path.name


# ----------------------------------------------------------------------------------------------------- open interval


def test_extreme_words_stay_inside_the_open_interval():
    extremes = [0, 1, 2**12 - 1, 2**12, 2**63 - 1, 2**63, MASK - 2**12, MASK - 1, MASK]
    u = draws._to_uniform(np.array(extremes, dtype=np.uint64))
    assert ((u > 0) & (u < 1)).all()
    assert u[0] == 2.0**-53
    assert u[-1] == 1 - 2.0**-53
    assert u[4] < 0.5 < u[5]
    assert np.array_equal(u, [((w >> 12) + 0.5) * 2.0**-52 for w in extremes])


def test_uniforms_are_strictly_between_zero_and_one():
    u = draws.uniform(-1, "", np.arange(10**6))
    assert 0 < u.min() < 1e-4 < 1 - 1e-4 < u.max() < 1  # P(no u below 1e-4 among 10**6) = exp(-100)


# --------------------------------------------------------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, "a"), (1, "a/b")),
        ((1, "a/b" + "/c"), (1, "a" + "/bc")),
        ((1, "phase_1"), (1, "phase_11")),
        ((1, "1a"), (11, "a")),
        ((1, "\x1fa"), (1, "a")),
        ((1, "2\x1fa"), (12, "\x1fa")),
        ((-1, "a"), (1, "a")),
        ((0, "a"), (2**64, "a")),
        ((1, ""), (1, "\x00")),
        ((1, "caf\u00e9"), (1, "cafe\u0301")),  # the same letter, composed and decomposed
        ((1, "\u00b5"), (1, "\u03bc")),  # micro sign and Greek mu
        ((1, "A"), (1, "\u0410")),  # Latin and Cyrillic capital A
        ((1, "A"), (1, "a")),
        ((1, "a "), (1, "a")),
    ],
)
def test_names_that_look_alike_have_different_keys_and_numbers(one, other):
    assert not set(map(int, draws.key(*one))) & set(map(int, draws.key(*other)))
    r = np.arange(1000)
    assert not np.intersect1d(draws.words(*one, r), draws.words(*other, r)).size


def test_joined_parts_keep_their_boundary():
    # A name built from parts must show where they meet: "a/b" + "c" and "a" + "b/c" joined by "/" would be one name,
    # which is for the caller to avoid; joined by a mark which the parts cannot hold they are two.
    assert draws.key(1, "a/b\x1ec") != draws.key(1, "a\x1eb/c")
    assert draws.key(1, "a/bc") != draws.key(1, "ab/c")


def test_a_million_names_have_a_million_keys():
    # Each 64-bit half alone would repeat by chance with probability 10**12 / 2**65 = 3e-8, so both halves are tested.
    pairs = (half for i in range(10**6) for half in draws.key(1, f"stream {i}"))
    halves = np.fromiter(pairs, dtype=np.uint64, count=2 * 10**6).reshape(-1, 2)
    for half in halves.T:
        assert np.diff(np.sort(half)).min() > 0


# --------------------------------------------------------------------------------------------------------- statistics


@pytest.mark.parametrize("shift", [54, 33, 12])
def test_equidistribution_of_high_middle_and_low_bits(shift):
    # The top, middle and lowest ten of the 52 bits which reach u: 1,024 cells of about 977 words, 1,023 degrees.
    cells = draws.words(1, "equidistribution", np.arange(10**6)) >> np.uint64(shift) & np.uint64(1023)
    assert_uniform_counts(np.bincount(cells.astype(np.int64), minlength=1024))


def test_equidistribution_of_the_uniforms():
    u = draws.uniform(2, "equidistribution", np.arange(2 * 10**6))
    assert_uniform_counts(np.bincount((u * 1000).astype(np.int64), minlength=1000))


def test_equidistribution_over_seeds_and_over_streams():
    # The first number of many names: 10,000 seeds and 10,000 streams, 100 cells of 100 each.
    first = np.array([0])
    over_seeds = np.array([draws.uniform(seed, "a", first)[0] for seed in range(10_000)])
    over_streams = np.array([draws.uniform(1, f"s{i}", first)[0] for i in range(10_000)])
    for u in (over_seeds, over_streams):
        assert_uniform_counts(np.bincount((u * 100).astype(np.int64), minlength=100))


def test_serial_correlation():
    u = draws.uniform(1, "serial", np.arange(10**6))
    lags = [*range(1, 21), 32, 64, 100, 1000, 1024, 4096, 10_000, 65_536]
    assert max(abs(correlation_z(u[:-lag], u[lag:])) for lag in lags) < z_bound(len(lags))


def test_cross_stream_correlation():
    # All 19,900 pairs of 200 streams; sqrt(n) times a correlation is standard normal to 1/n.
    streams, n, block = 200, 10**5, 10**4
    gram = np.zeros((streams, streams))
    for start in range(0, n, block):
        r = np.arange(start, start + block)
        u = np.stack([draws.uniform(1, f"programme/{i % 20}/stage/{i // 20}", r) for i in range(streams)]) - 0.5
        gram += u @ u.T
    z = (gram * 12 / np.sqrt(n))[np.triu_indices(streams, 1)]
    assert np.abs(z).max() < z_bound(z.size)
    # The pairs are uncorrelated, so their squares add up to about chi-square with as many degrees of freedom.
    low, high = chi2.ppf([SINGLE_TAIL / 2, 1 - SINGLE_TAIL / 2], z.size)
    assert low < z @ z < high


def assert_avalanche(flips: np.ndarray, samples: np.ndarray) -> None:
    """Check flips, shape (input bit, output bit): how many of the samples, shape (input bit,), changed.

    Each count is binomial(samples, 1/2).  A row's mean number of changed bits is 32 with standard error
    4 / sqrt(samples); single cells are held to the family-wise bound over the whole table.
    """
    rows = flips.sum(axis=1) / samples
    assert (np.abs(rows - 32) < z_bound(rows.size) * 4 / np.sqrt(samples)).all()
    cells = (flips.T - samples / 2) / (np.sqrt(samples) / 2)
    assert np.abs(cells).max() < z_bound(flips.size)


def count_flips(changed: np.ndarray) -> np.ndarray:
    """Return how many of the words, shape (n,), have each of the 64 bits set, lowest bit first."""
    little = changed.astype("<u8").view(np.uint8).reshape(-1, 8)
    return np.unpackbits(little, axis=1, bitorder="little").sum(axis=0, dtype=np.int64)


def test_avalanche_of_the_replication_number():
    r = np.arange(10_000, dtype=np.uint64)
    flips, samples = [], []
    for bit in range(64):
        clear = r[(r >> np.uint64(bit)) & np.uint64(1) == 0]  # a pair seen from both ends would count twice
        changed = draws.words(1, "avalanche", clear) ^ draws.words(1, "avalanche", clear ^ np.uint64(1 << bit))
        flips.append(count_flips(changed))
        samples.append(clear.size)
    assert_avalanche(np.stack(flips), np.array(samples))


def test_avalanche_of_the_seed():
    r = np.arange(400)
    seeds = [int(w) for w in draws.words(1, "seeds", np.arange(8))]
    flips = np.zeros((64, 64), dtype=np.int64)
    for seed in seeds:
        base = draws.words(seed, "avalanche", r)
        for bit in range(64):
            flips[bit] += count_flips(base ^ draws.words(seed ^ 1 << bit, "avalanche", r))
    assert_avalanche(flips, np.full(64, len(seeds) * r.size))


def test_consumption_order():
    # A simulation reads, for each replication, its streams one after another: r outer, streams inner.
    streams, n = 24, 50_000
    u = np.stack([draws.uniform(1, f"stage/{i}", np.arange(n)) for i in range(streams)], axis=1).ravel()
    lags = [*range(1, 2 * streams + 2), 10 * streams, 100 * streams]
    assert max(abs(correlation_z(u[:-lag], u[lag:])) for lag in lags) < z_bound(len(lags))
    # Pairs and triples which do not overlap, in 32 x 32 and 10 x 10 x 10 cells.
    pair = (u.reshape(-1, 2) * 32).astype(np.int64) @ [32, 1]
    assert_uniform_counts(np.bincount(pair, minlength=1024))
    triple = (u.reshape(-1, 3) * 10).astype(np.int64) @ [100, 10, 1]
    assert_uniform_counts(np.bincount(triple, minlength=1000))
