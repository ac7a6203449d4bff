"""What the sketches estimate against exact counts and against other people's sketches."""

from __future__ import annotations

import numpy as np
import pytest
from datasketch import HyperLogLog
from datasketches import hll_sketch, update_theta_sketch

from sketches.events import KEYS
from stillwatch.features.shares import distinct
from stillwatch.sketches.cells import hll_add, sample_add
from stillwatch.sketches.hashing import siphash
from stillwatch.sketches.layout import EMPTY_HASH, HLL_P, REACH, SAMPLE_K

RUNS = 40
ERROR = {p: 1.04 / 2 ** (p / 2) for p in (4, 5, 8)}
"""Standard error of a HyperLogLog of 2^p registers, relative."""


def add(kept: np.ndarray, row: int, value: np.uint64) -> None:
    cells = [np.zeros(kept.shape, kind) for kind in (np.uint16, np.uint32, np.uint32)]
    sample_add(kept, *cells, row, value, 1, np.uint32(1), np.uint32(1))


def hashes(n: int, seed: int) -> np.ndarray:
    text = np.frombuffer(b"".join(b"prompt %10d %6d" % (k, seed) for k in range(n)), np.uint8)
    size = len(b"prompt %10d %6d" % (0, 0))
    k0, k1 = np.uint64(KEYS.k0), np.uint64(KEYS.k1)
    return np.array([siphash(text, k * size, (k + 1) * size, k0, k1) for k in range(n)], np.uint64)


def registers(values: np.ndarray, p: int) -> np.ndarray:
    made = np.zeros((1, 1 << p), np.uint8)
    for value in values:
        hll_add(made, 0, 0, p, value)
    return made


@pytest.mark.parametrize("n", [1, 10, 100, 1000, 5000])
def test_the_number_of_prompts_is_estimated_as_well_as_others_do(n: int) -> None:
    """Mean of 40 runs within 4 standard errors of the truth, spread within 1.5 of the stated one."""
    ours, theirs, java = [], [], []
    for run in range(RUNS if n <= 1000 else 8):
        values = hashes(n, run)
        ours.append(distinct(registers(values, HLL_P))[0] / n)
        other = HyperLogLog(p=HLL_P, hashfunc=lambda value: value & 0xFFFFFFFF)
        another = hll_sketch(HLL_P)
        for value in values.tolist():
            other.update(value)
            another.update(value)
        theirs.append(other.count() / n)
        java.append(another.get_estimate() / n)
    error = ERROR[HLL_P]
    bound = 4 * error / np.sqrt(len(ours)) + 0.01
    assert abs(np.mean(ours) - 1) < bound
    assert np.std(ours) < 1.5 * error
    assert abs(np.mean(ours) - np.mean(theirs)) < 2 * bound
    assert abs(np.mean(ours) - np.mean(java)) < 2 * bound


def test_the_registers_equal_those_of_datasketch() -> None:
    """It takes the register from the lowest bits of 32 and the run of zeros from the top: our bits, put there."""
    values = hashes(3000, 1)
    theirs = HyperLogLog(p=HLL_P, hashfunc=lambda value: (value >> 32 & 0xFFFFFF) << 8 | value >> 56)
    for value in values.tolist():
        theirs.update(value)
    assert np.array_equal(theirs.reg, registers(values, HLL_P)[0])


@pytest.mark.parametrize("p", sorted({p for _, p in REACH}))
def test_small_registers_keep_their_stated_error(p: int) -> None:
    rng = np.random.default_rng(p)
    found = [distinct(registers(rng.integers(0, 2**64, 300, np.uint64), p))[0] / 300 for _ in range(200)]
    assert abs(np.mean(found) - 1) < 4 * ERROR[p] / np.sqrt(200) + 0.02
    assert np.std(found) < 1.3 * ERROR[p]


def test_the_longest_run_of_zeros_ends_where_the_hash_ends() -> None:
    for p in (4, 5, 8):
        made = registers(np.array([0, (1 << 64) - 1, 1], np.uint64), p)[0]
        assert made[0] == 64 - p + 1
        assert made[-1] == 1


@pytest.mark.parametrize("n", [1, 15, 16, 17, 2000])
def test_the_sample_is_the_sixteen_smallest(n: int) -> None:
    values = hashes(n, 3)
    kept = np.full((2, SAMPLE_K), EMPTY_HASH, np.uint64)
    for value in (*values, *values[::-1], *values):
        add(kept, 1, value)
    wanted = np.unique(values)[:SAMPLE_K]
    assert np.array_equal(kept[1, : len(wanted)], wanted)
    assert (kept[1, len(wanted) :] == EMPTY_HASH).all()
    assert (kept[0] == EMPTY_HASH).all()


def test_the_sample_estimates_what_a_theta_sketch_estimates() -> None:
    """(k - 1) / k-th smallest has a relative standard error of 1 / sqrt(k - 2) = 27 %; 60 runs, four of them."""
    n, found, theirs = 500, [], []
    for run in range(60):
        values = np.sort(hashes(n, run))
        kept = np.full((1, SAMPLE_K), EMPTY_HASH, np.uint64)
        for value in values[::-1]:
            add(kept, 0, value)
        found.append((SAMPLE_K - 1) / (float(kept[0, -1]) / 2**64) / n)
        theta = update_theta_sketch(lg_k=5)
        for value in values.tolist():
            theta.update(value)
        theirs.append(theta.get_estimate() / n)
    assert abs(np.mean(found) - 1) < 4 * 0.27 / np.sqrt(60)
    assert abs(np.mean(found) - np.mean(theirs)) < 8 * 0.27 / np.sqrt(60)


def test_two_accounts_with_common_prompts_share_their_sample() -> None:
    shared = hashes(400, 5)
    rows = np.full((2, SAMPLE_K), EMPTY_HASH, np.uint64)
    for row, own in enumerate((hashes(100, 6), hashes(100, 7))):
        for value in (*own, *shared):
            add(rows, row, value)
    union = np.unique(rows)[:SAMPLE_K]
    overlap = np.mean([value in rows[0] and value in rows[1] for value in union])
    assert overlap > 0.3  # the Jaccard similarity is 400 / 600, its standard error over 16 draws 0.12
