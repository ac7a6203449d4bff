from __future__ import annotations

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given
from hypothesis import strategies as st

from sketches import oracle_text
from sketches.events import WORDS, prose, seeded
from stillwatch.sketches import topics
from stillwatch.sketches.layout import TOPICS
from stillwatch.sketches.text import cut_words, frame_key, head_key, read_text, scratch
from stillwatch.sketches.words import packed
from stillwatch.topics_build import word_hash, words

SEED = 0x0123456789ABCDEF


def cut(text: bytes) -> list[int]:
    room = np.zeros(len(text) + 2, np.uint64)
    return room[: cut_words(np.frombuffer(text, np.uint8), 0, len(text), room, 0)].tolist()


def read(text: bytes, limit: int = 2048) -> tuple[int, int, int]:
    found = read_text(np.frombuffer(text, np.uint8), 0, len(text), limit, np.uint64(SEED), packed(), scratch(limit))
    return tuple(map(int, found[:3]))


def frames(text: bytes) -> set[bytes]:
    cuts = words(text)
    return {b" ".join(cuts[k : k + 3]) for k in range(len(cuts) - 2)}


@given(st.binary(max_size=200))
def test_any_bytes_are_cut_as_the_table_was_built(text: bytes) -> None:
    assert cut(text) == [word_hash(word) for word in words(text)]
    assert cut(text) == [oracle_text.word_hash(word) for word in oracle_text.words(text)]


@given(st.text(max_size=100), st.integers(0, 60))
def test_texts_of_any_script_are_read_as_the_oracle_reads_them(text: str, limit: int) -> None:
    written = text.encode()
    hashes = oracle_text.read(written, limit)
    head, tail, topic = read(written, limit)
    keys = [key for key in dict.fromkeys((head, tail)) if key != oracle_text.NONE]
    assert keys == oracle_text.prompt_keys(hashes, SEED)
    assert topic == oracle_text.topic(hashes)


def test_keys_follow_a_fixed_beginning_or_ending_whatever_stands_between() -> None:
    rng = seeded(1)
    frame = " ".join(f"word{chr(97 + k % 26)}{chr(97 + k // 26)}" for k in range(40)).encode()
    assert len({read(frame + b" " + prose(rng, 300))[0] for _ in range(20)}) == 1
    assert len({read(prose(rng, 300) + b" " + frame)[1] for _ in range(20)}) == 1
    assert read(frame)[1] != oracle_text.NONE
    assert read(b"no more than six words here")[1] == oracle_text.NONE


def test_a_text_without_words_has_no_key_and_no_topic() -> None:
    assert read(b"") == read(b" .,;\n\x00") == (oracle_text.NONE, oracle_text.NONE, -1)


def test_the_head_of_a_system_text_fits_the_room_of_any_limit() -> None:
    text = b"a " * 5000
    for limit in (0, 1, 100, 511, 512, 2048):
        room = scratch(limit)
        assert room.words.shape[0] >= 1024 + 2
        found, _ = head_key(np.frombuffer(text, np.uint8), 0, len(text), np.uint64(SEED), room)
        assert [int(found)] == oracle_text.system_keys(text, SEED)


def test_the_word_table_of_the_kernel_is_the_shipped_one() -> None:
    table = topics.load()
    used = table.keys[table.keys > 0]
    known = oracle_text.known()
    assert np.count_nonzero(packed()) == len(known) >= 0.99 * len(used)
    rng = seeded(2)
    other = [key for key in rng.choices(range(1, 1 << 32), k=500) if not topics.look_up(table, key)]
    for key in (*rng.sample(sorted(known), 2000), *other):
        value = topics.look_up(table, key)
        mine = known.get(key, (-1, 0))
        assert mine == ((value & 0xFF, value >> 8) if value else (-1, 0))
    for at in np.flatnonzero(packed())[::500].tolist():
        key = (int(packed()[at]) >> 14) << 14 | at // 8
        assert known[key] == (int(packed()[at]) & 0x3F, int(packed()[at]) >> 6 & 0xFF)


def test_words_without_room_in_their_bucket_weigh_little() -> None:
    table = topics.load()
    left_out = [
        topics.look_up(table, int(k)) >> 8 for k in table.keys[table.keys > 0] if int(k) not in oracle_text.known()
    ]
    assert len(left_out) < 0.01 * np.count_nonzero(table.keys)
    assert np.mean(left_out) < 0.5 * np.mean(table.values[table.keys > 0] >> 8)


def test_votes_are_clean_after_every_text() -> None:
    room = scratch(64)
    for text in WORDS:
        written = np.frombuffer(text.encode(), np.uint8)
        _, _, topic, _ = read_text(written, 0, len(written), 64, np.uint64(SEED), packed(), room)
        assert -1 <= topic < TOPICS
        assert not room.votes.any()


@pytest.mark.parametrize("shared", [6, 15, 25])
def test_two_texts_share_a_key_as_often_as_their_shingles_overlap(shared: int) -> None:
    """Over 4,000 keys the share has a standard error below 0.008; four of them are allowed."""
    one = " ".join(f"w{chr(97 + k % 26)}{'x' * (k // 26)}" for k in range(32)).encode()
    two = b" ".join([*one.split()[:shared], *(b"v" + word for word in one.split()[shared:])])
    a, b = frames(one), frames(two)
    jaccard = len(a & b) / len(a | b)
    seeds = np.random.default_rng(3).integers(0, 2**63, 4000, dtype=np.uint64)
    cuts = [np.array(cut(text), np.uint64) for text in (one, two)]
    keys = [[int(frame_key(hashes, 0, len(hashes), seed)) for seed in seeds] for hashes in cuts]
    same = np.mean([x == y for x, y in zip(*keys, strict=True)])
    assert abs(same - jaccard) < 0.032
    theirs = [MinHash(1024, seed=1) for _ in (one, two)]
    for sketch, shingles in zip(theirs, (a, b), strict=True):
        sketch.update_batch(shingles)
    assert abs(same - theirs[0].jaccard(theirs[1])) < 0.032 + 4 * 0.016
