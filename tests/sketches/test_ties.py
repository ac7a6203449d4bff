"""Draws of equal rank: chances of 1 in 2^32 that the laws must survive all the same."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import Any

import pytest

from sketches import oracle, oracle_text
from sketches.events import KEYS, WORDS, event, folded, pseudonym, seeded, unequal
from stillwatch.sketches.state import AccountState

ME = pseudonym(1, "account")
RANK = 0x12345678


def unmix(value: int) -> int:
    """The number that ``mix64`` takes to ``value``."""
    value ^= value >> 33
    value = value * pow(0xC4CEB9FE1A85EC53, -1, 1 << 64) & oracle_text.M64
    value ^= value >> 33
    value = value * pow(0xFF51AFD7ED558CCD, -1, 1 << 64) & oracle_text.M64
    return value ^ (value >> 33)


def event_of_rank(value: int, low: int) -> int:
    """An event id under which ``value`` is drawn with RANK."""
    found = unmix(RANK << 32 | low) ^ value
    return found - (1 << 64) if found >> 63 else found


def same_slot() -> tuple[bytes, bytes]:
    """Two prompts whose keys fall into one slot."""
    prompts = [word.encode() for word in WORDS] + [b"%c %c %c" % (k, k + 1, k + 2) for k in range(97, 120)]
    keyed = [(prompt, key_of(prompt)) for prompt in prompts if oracle_text.words(prompt)]
    return next((p, q) for (p, a), (q, b) in combinations(keyed, 2) if a != b and a % 8 == b % 8)


def key_of(prompt: bytes) -> int:
    (key,) = oracle_text.prompt_keys(oracle_text.read(prompt, 2048), KEYS.k0)
    return key


def in_every_way(rows: list[dict[str, Any]]) -> None:
    wanted = oracle.arrays(rows, KEYS.k0, KEYS.k1)
    for order in permutations(rows):
        assert unequal(folded([list(order)]).ordered(), wanted) == []
        merged = AccountState(KEYS)
        for row in order:
            merged.merge(folded([[row]]))
        assert unequal(merged.ordered(), wanted) == []


def test_the_inverse_is_one() -> None:
    assert all(oracle_text.mix64(unmix(value)) == value for value in (0, 1, 1 << 63, oracle_text.M64, 12345))


def test_of_two_templates_of_one_rank_the_lower_key_stays() -> None:
    first, second = same_slot()
    rows = [
        event(seeded(k), k, nulls=1, account_id=ME, prompt=p) | {"event_id": event_of_rank(key_of(p), k)}
        for k, p in enumerate((first, second))
    ]
    state = folded([rows]).arrays
    slot = key_of(first) % 8
    assert (state.slot_rank[0, slot], state.slot_count[0, slot]) == (RANK, 2)
    assert state.slot_key[0, slot] == min(key_of(first), key_of(second))
    in_every_way(rows)


@pytest.mark.parametrize("field", ["user_agent", "credential_id"])
def test_of_two_values_of_one_rank_the_lower_code_stays(field: str) -> None:
    values = [pseudonym(k, field) for k in range(3)]
    rows = [
        event(seeded(k), k, nulls=1, account_id=ME, **{field: value})
        | {"event_id": event_of_rank(value & oracle_text.M64, k)}
        for k, value in enumerate(values)
    ]
    state = folded([rows]).arrays
    assert RANK in state.code_rank[0]
    assert min(value & 0xFFFFFFFF for value in values) in state.code[0]
    in_every_way(rows)


def test_events_without_an_id_keep_the_laws() -> None:
    rows = [event(seeded(k), k, account_id=ME) | {"event_id": None} for k in range(4)]
    in_every_way(rows)
