"""The state as a whole: what it takes, how it grows, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from sketches.events import KEYS, batch, event, events, folded, pseudonym, seeded, unequal
from stillwatch.model.errors import CheckpointError
from stillwatch.sketches import layout, state
from stillwatch.sketches.columns import columns
from stillwatch.sketches.layout import Arrays, allocate
from stillwatch.sketches.seal import seal, unseal
from stillwatch.sketches.state import AccountState, Keys
from stillwatch.sketches.tables import tables

MOST_BYTES = 3_072
INDEX_BYTES = 16
"""Index entries are 4 bytes; their number is a power of two, at most 4 an account."""


def many(n: int) -> AccountState:
    rng = seeded(1)
    rows = [event(rng, k, account_id=pseudonym(k, "account"), prompt=b"the same words") for k in range(n)]
    return folded([rows[:10], rows[10:]])


def test_an_account_takes_at_most_three_kilobytes() -> None:
    assert layout.BYTES_PER_ACCOUNT + INDEX_BYTES <= MOST_BYTES
    found = many(3000)
    assert len(found) == 3000
    assert found.nbytes / 3000 <= layout.BYTES_PER_ACCOUNT + INDEX_BYTES * state._GROWTH


def test_bytes_per_account_is_what_numpy_allocates() -> None:
    cells = sum(column.nbytes for column in allocate(10)) // 10
    assert 0 <= layout.BYTES_PER_ACCOUNT - cells < 64  # records end on a cache line
    assert all(column.strides[0] == layout.BYTES_PER_ACCOUNT for column in allocate(10))


def test_growth_leaves_spare_rows_empty_and_used_rows_as_they_were() -> None:
    rng = seeded(2)
    rows = [event(rng, k, account_id=pseudonym(k, "account")) for k in range(2000)]
    grown = folded([rows[k : k + 70] for k in range(0, 2000, 70)])
    spare = Arrays(*(column[grown.used :] for column in grown.arrays))
    assert spare.key.shape[0] > 0
    assert not any(column.any() for column in spare)
    layout.open_rows(spare, 0, spare.key.shape[0])
    assert unequal(spare, allocate(spare.key.shape[0])) == []
    assert grown.checkpoint() == folded([rows]).checkpoint()


def test_many_events_of_few_accounts_make_no_room() -> None:
    rows = [event(seeded(3), k, account_id=pseudonym(k % 2, "account")) for k in range(2000)]
    assert folded([rows]).arrays.key.shape[0] == state._FIRST_ROOM


def test_zero_rows_fold_and_merge_and_come_back() -> None:
    empty = AccountState(KEYS)
    empty.merge(AccountState(KEYS))
    back = AccountState.restore(empty.checkpoint(), KEYS)
    assert len(back) == 0
    back.merge(many(100))
    assert back.checkpoint() == many(100).checkpoint()


def test_a_restored_state_folds_on() -> None:
    rows = events(4, 200, accounts=90)
    for cut in (0, 1, 100, 200):
        back = AccountState.restore(folded([rows[:cut]]).checkpoint(), KEYS)
        cols = columns(batch(rows[cut:]))
        back.fold(cols, np.flatnonzero(cols.account), tables())
        assert back.checkpoint() == folded([rows]).checkpoint()


def test_every_truncation_is_noticed() -> None:
    written = folded([events(5, 10, accounts=1)]).checkpoint()
    for size in (*range(64), *range(64, len(written), 37), len(written) - 1):
        with pytest.raises(CheckpointError):
            AccountState.restore(written[:size], KEYS)
    with pytest.raises(CheckpointError):
        AccountState.restore(written + b"\x00", KEYS)


def test_every_flipped_byte_is_noticed() -> None:
    written = folded([events(5, 10, accounts=1)]).checkpoint()
    for at in (*range(0, len(written), 11), *range(len(written) - 32, len(written))):
        torn = bytearray(written)
        torn[at] ^= 1 << at % 8
        with pytest.raises(CheckpointError, match="torn"):
            AccountState.restore(bytes(torn), KEYS)


def test_another_key_is_refused_when_merging_and_when_restoring() -> None:
    mine, other = folded([events(6, 10)]), folded([events(6, 10)], Keys(KEYS.k0, KEYS.k1 ^ 1))
    before = mine.checkpoint()
    with pytest.raises(CheckpointError, match="different keys"):
        mine.merge(other)
    with pytest.raises(CheckpointError, match="another key"):
        AccountState.restore(before, other.keys)
    assert mine.checkpoint() == before


def test_another_limit_of_text_is_refused_when_merging_and_when_restoring() -> None:
    mine = folded([events(6, 10)])
    with pytest.raises(CheckpointError, match="2048 and at 64 bytes"):
        mine.merge(folded([events(6, 10)], limit=64))
    with pytest.raises(CheckpointError, match="2048 bytes, this run at 64"):
        AccountState.restore(mine.checkpoint(), KEYS, text_limit_bytes=64)


def test_another_layout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    written = folded([events(6, 10)]).checkpoint()
    monkeypatch.setattr(state, "LAYOUT_VERSION", state.LAYOUT_VERSION + 1)
    with pytest.raises(CheckpointError, match="layout"):
        AccountState.restore(written, KEYS)


def test_the_key_itself_is_not_written() -> None:
    written = folded([events(6, 10)]).checkpoint()
    for half in (KEYS.k0, KEYS.k1):
        assert half.to_bytes(8, "little") not in written
        assert half.to_bytes(8, "big") not in written


def test_a_seal_is_broken_by_any_change() -> None:
    assert unseal(seal(b""), "a part") == b""
    for torn in (b"", b"\x00" * 31, seal(b"abc")[1:], seal(b"abc")[:-1], b"x" + seal(b"abc")):
        with pytest.raises(CheckpointError, match="a part is torn"):
            unseal(torn, "a part")


def test_the_same_events_give_the_same_bytes_twice() -> None:
    assert folded([events(7, 100)]).checkpoint() == folded([events(7, 100)]).checkpoint()
