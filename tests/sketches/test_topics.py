from __future__ import annotations

from collections import Counter
from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from stillwatch import topics_build
from stillwatch.model.errors import InputError
from stillwatch.sketches import topics
from stillwatch.sketches.layout import TOPICS

HAN = [chr(code) for code in range(0x4E00, 0xA000)]
HANGUL = [chr(code) for code in range(0xAC00, 0xD7A4)]
TRANSLATED = (
    ("history", "historia", "histoire", "история", "史"),
    ("city", "ciudad", "ville", "città", "город", "stadt"),
    ("church", "église", "chiesa"),
    ("music", "música", "musique", "Musik"),
    ("company", "empresa", "Unternehmen"),
    ("language", "langue", "Sprache", "语"),
    ("family", "famille", "familie", "семья", "家"),
    ("king", "könig", "王"),
    ("school", "школа", "学"),
    ("house", "maison", "Haus"),
)
needs_extra = pytest.mark.skipif(
    find_spec("wordllama") is None or find_spec("spellchecker") is None,
    reason="the extra 'topics' is not installed",
)


def topic_of(word: str) -> int | None:
    (cut,) = topics_build.words(word.encode())
    value = topics.look_up(topics.load(), topics_build.word_hash(cut) >> 32)
    return value & 0xFF if value else None


def test_every_entry_is_a_topic_with_a_weight_and_is_found():
    table = topics.load()
    used = np.flatnonzero(table.keys)
    assert len(table.keys) == int(table.mask) + 1
    assert len(used) <= topics.LOAD * len(table.keys)
    assert (table.values[used] & 0xFF).max() < TOPICS
    assert (table.values[used] >> 8).min() >= 1
    for at in used[:: max(1, len(used) // 2000)]:
        assert topics.look_up(table, int(table.keys[at])) == table.values[at]


def test_a_full_run_of_slots_wraps_around_and_loses_nothing():
    rng = np.random.default_rng(0)
    for size in (1, 7, 8, 500):
        keys = rng.integers(1, 2**32, size, np.uint32)
        keys[: size // 2] |= np.uint32(0xFFF)
        keys = np.unique(keys)
        values = np.arange(1, len(keys) + 1, dtype=np.uint16)
        table = topics.lay_out(keys, values)
        assert [topics.look_up(table, int(key)) for key in keys] == values.tolist()
        assert np.count_nonzero(table.keys) == len(keys)


def test_the_shipped_file_is_small_and_says_where_it_comes_from():
    path = Path(topics.__file__).with_name(topics.FILE)
    assert path.stat().st_size <= 300_000
    assert any(line.startswith("wordllama 0.4.0") and "MIT" in line for line in topics.origin())
    assert any(line.startswith("seed ") for line in topics.origin())


def test_each_topic_has_a_label_of_three_words():
    assert len(set(topics.names())) == TOPICS
    assert all(len(name.split(" ")) == 3 for name in topics.names())


def test_words_follow_the_rule():
    assert topics_build.words(b"") == []
    assert topics_build.words(b"A1b22 33,x") == [b"a0b0", b"0", b"x"]
    assert topics_build.words("ab水c한".encode()) == [b"ab", "水".encode(), b"c", "한".encode()]
    assert topics_build.words("École École".encode()) == ["École".encode()] * 2
    assert topics_build.words(b"x\xe6\xb0") == [b"x", b"\xe6\xb0"]


def test_the_hash_is_fnv_and_murmur():
    assert topics_build.word_hash(b"") == 0xEFD01F60BA992926
    assert topics_build.word_hash(b"water") == 0x53927E842AF569D2


def test_a_word_and_its_translations_mostly_share_a_topic():
    same = total = 0
    for english, *others in TRANSLATED:
        known = [topic for topic in map(topic_of, others) if topic is not None]
        same += sum(topic == topic_of(english) for topic in known)
        total += len(known)
    assert total >= 25
    assert same / total >= 0.7


def test_no_topic_belongs_to_one_script():
    table = topics.load()
    words_by_topic = np.bincount(table.values[table.keys > 0] & 0xFF, minlength=TOPICS)
    han = Counter(topic for topic in map(topic_of, HAN) if topic is not None)
    assert han.total() >= 300
    assert len(han) >= 60
    assert max(han.values()) / han.total() <= 0.10
    hangul = Counter(topic for topic in map(topic_of, HANGUL) if topic is not None)
    for topic, n in (han + hangul).items():
        assert n <= 0.1 * words_by_topic[topic]


def test_words_that_ask_are_left_out():
    assert [topic_of(word) for word in ("the", "write", "sentence", "explain", "explica", "请")] == [None] * 6


def test_words_about_copying_a_model_are_words_like_others():
    assert topic_of("distillation") is None or topic_of("distillation") < TOPICS
    assert "distill" not in " ".join(topics.names())


def test_a_missing_extra_is_the_callers_to_mend(monkeypatch, tmp_path):
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(topics_build, "version", absent)
    with pytest.raises(InputError, match=r"pip install 'stillwatch\[topics\]'"):
        topics_build.build(tmp_path / "topics.npz", 0)


@needs_extra
@pytest.mark.slow
def test_building_again_gives_the_shipped_bytes(tmp_path):
    told: list[str] = []
    size = topics_build.build(tmp_path / "topics.npz", 0, told.append)
    assert size == (tmp_path / "topics.npz").stat().st_size
    assert (tmp_path / "topics.npz").read_bytes() == Path(topics.__file__).with_name(topics.FILE).read_bytes()
    assert len(told) >= 4


@needs_extra
def test_a_folder_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(topics_build, "vectors", lambda _tell: (_ for _ in ()).throw(AssertionError("built in vain")))
    with pytest.raises(InputError, match="nowhere"):
        topics_build.build(tmp_path / "nowhere" / "topics.npz", 0)
