from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.model.errors import NotNow, StoreError
from stillwatch.store.exchange import tags as tags_module
from stillwatch.store.exchange.matching import Rule, close, forget, links, outcome
from stillwatch.store.exchange.tag_base import TagBase
from stillwatch.store.exchange.tags import MEMBER_BUCKETS, bucketed, released, submit, too_common
from store.exchange.tagged import KIND, TEMPLATES, b16


def put(base, member, groups, kind=KIND, epoch=1):
    return submit(base, member, epoch, kind, {b16(g): [b16(t) for t in tags] for g, tags in groups.items()}, 1)


def seen(base, member, epoch=1):
    return {(int.from_bytes(m.handle), m.kind): (m.tags, m.members) for m in released(base, member, epoch)}


def test_nothing_is_released_before_the_close_and_only_own_groups_after(base):
    put(base, "a", {1: [10, 11], 2: [12]})
    put(base, "b", {3: [10, 99]})
    assert seen(base, "a") == {}
    assert outcome(base, 1) is None
    found = close(base, 1, Rule(), 5)
    assert (found.submitted, found.matched) == (5, 1)
    assert seen(base, "a") == {(1, KIND): (1, 2)}
    assert seen(base, "b") == {(3, KIND): (1, 2)}
    assert seen(base, "c") == {}


def test_one_member_alone_never_matches_however_many_groups_it_has(base):
    put(base, "a", {1: [10], 2: [10], 3: [10]})
    assert close(base, 1, Rule(), 5).matched == 0
    assert seen(base, "a") == {}


def test_the_same_submission_twice_is_one(base):
    first = put(base, "a", {1: [10]})
    again = put(base, "a", {1: [10]})
    assert (first.again, again.again) == (False, True)
    assert first.digest == again.digest
    other = put(base, "a", {1: [10]}, kind="ipv4-24:v1")
    assert other.digest != first.digest
    assert close(base, 1, Rule(), 5).submitted == 2


def test_a_closed_epoch_takes_nothing_and_closes_once(base):
    put(base, "a", {1: [10]})
    first = close(base, 1, Rule(), 5)
    with pytest.raises(NotNow, match="closed"):
        put(base, "b", {1: [10]})
    assert close(base, 1, Rule(least=3), 99) == first == outcome(base, 1)
    for statement in (
        "DELETE FROM closed",
        "UPDATE closed SET least = 2",
        "INSERT INTO submissions SELECT 1, 1, zeroblob(32), 1, 1, 0",
    ):
        with pytest.raises(StoreError), base.writing() as connection:
            connection.execute(statement)


def test_what_did_not_match_is_gone_from_the_file(base):
    lone = bytes.fromhex("c0ffee00deadbeefc0ffee00deadbeef")
    submit(base, "a", 1, KIND, {b16(1): [lone]}, 1)
    put(base, "a", {1: [10]})
    put(base, "b", {1: [10]})
    close(base, 1, Rule(), 5)
    path = base.path
    with base.reading() as connection:
        assert connection.execute("SELECT count(*) FROM tags").fetchone()[0] == 0
    # The file is still open: its log must not hold what was deleted, either.
    assert lone not in b"".join(one.read_bytes() for one in path.parent.glob("tags.db*"))


def test_a_member_that_spreads_a_tag_is_left_out_of_it_and_told_and_takes_it_from_nobody(base):
    put(base, "flood", {g: [10, 11] for g in range(5)})
    put(base, "a", {1: [10]})
    put(base, "b", {1: [10]})
    close(base, 1, Rule(cap=4), 5)
    assert too_common(base, "flood", 1) == {KIND: 2}
    assert too_common(base, "a", 1) == {}
    assert seen(base, "flood") == {}
    assert seen(base, "a") == {(1, KIND): (1, 2)}


def test_templates_match_by_several_bands_with_one_group_not_with_many_together(base):
    put(base, "a", {1: range(8), 2: range(100, 108)}, kind=TEMPLATES)
    put(base, "b", {5: range(3), 6: range(100, 103)}, kind=TEMPLATES)
    put(base, "c", {7: range(3, 6), 8: range(103, 106)}, kind=TEMPLATES)
    put(base, "d", {9: [0, 1, 2, 3]}, kind=TEMPLATES)
    close(base, 1, Rule(alike={TEMPLATES: 4}), 5)
    assert seen(base, "a") == {(1, TEMPLATES): (6, 2)}
    assert seen(base, "d") == {(9, TEMPLATES): (4, 2)}
    assert seen(base, "b") == seen(base, "c") == {}
    assert {group for one in links(base, 1) for group in one.groups} == {("a", b16(1)), ("d", b16(9))}


def test_a_member_may_submit_so_much_and_no_more(base, monkeypatch):
    monkeypatch.setattr(tags_module, "MOST_OF_MEMBER", 3)
    put(base, "a", {1: [1, 2]})
    with pytest.raises(NotNow, match="1 that are left"):
        put(base, "a", {1: [3, 4]})
    put(base, "a", {1: [1, 2]})
    put(base, "b", {1: [1, 2, 3]})


def test_old_epochs_are_forgotten_but_for_how_they_closed(base):
    for epoch in (1, 2, 3):
        put(base, "a", {1: [10]}, epoch=epoch)
        put(base, "b", {1: [10]}, epoch=epoch)
        if epoch < 3:
            close(base, epoch, Rule(), 5)
    forget(base, 2)
    assert seen(base, "a", 1) == {}
    assert outcome(base, 1).matched == 1
    assert seen(base, "a", 2) == {(1, KIND): (1, 2)}
    forget(base, 9)
    assert close(base, 3, Rule(), 5).matched == 1
    with pytest.raises(NotNow):
        put(base, "c", {1: [10]}, epoch=1)


members = st.sampled_from(["a", "b", "c", "d"])
rows = st.sets(
    st.tuples(members, st.integers(0, 3), st.sampled_from([KIND, TEMPLATES]), st.integers(0, 5)), max_size=60
)


def compared(rows, least, cap, need, member):
    """What a member should be told, by the plainest comparison."""
    held = defaultdict(lambda: defaultdict(set))
    for one, group, kind, tag in rows:
        held[kind, tag][one].add(group)
    held = {key: {m: g for m, g in by.items() if len(g) <= cap} for key, by in held.items()}
    held = {key: by for key, by in held.items() if len(by) >= least}
    mine = defaultdict(list)
    for key, by in held.items():
        for group in by.get(member, ()):
            mine[group, key[0]].append(by)
    told = {}
    for (group, kind), found in mine.items():
        most = max(map(len, found))
        if kind == TEMPLATES and need > 1:
            shared = Counter((m, g) for by in found for m, groups in by.items() if m != member for g in groups)
            most = 1 + len({m for (m, _), n in shared.items() if n >= need})
        if most >= least:
            told[group, kind] = (len(found), bucketed(most))
    return told


@given(rows, st.integers(2, 3), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_matches_are_those_of_a_plain_comparison(tmp_path_factory, rows, least, cap, need):
    base = TagBase(tmp_path_factory.mktemp("t") / "tags.db")
    for member, group, kind, tag in sorted(rows):
        put(base, member, {group: [tag]}, kind=kind)
    close(base, 1, Rule(least, cap, {TEMPLATES: need}), 5)
    for member in "abcd":
        assert seen(base, member) == compared(rows, least, cap, need, member)
    base.close()


@given(st.integers(2, 10_000))
def test_a_number_of_members_is_told_as_a_bucket_below_it(count):
    assert bucketed(count) in MEMBER_BUCKETS
    assert bucketed(count) <= count


CLOSER = """
import sys
from pathlib import Path
from stillwatch.store.exchange.matching import Rule, close
from stillwatch.store.exchange.tag_base import TagBase
base = TagBase(Path(sys.argv[1]))
print("open", flush=True)
close(base, 1, Rule(), 5)
print("closed", flush=True)
"""


def test_killed_while_closing_the_epoch_is_open_with_everything_in_it_or_closed(tmp_path):
    path = tmp_path / "tags.db"
    base = TagBase(path)
    for member in "ab":
        put(base, member, {g: range(200 * g, 200 * g + 200) for g in range(60)})
    base.close()
    outcomes = []
    for wait_s in (0.0, 0.02, 0.05, 0.1):
        one = subprocess.Popen([sys.executable, "-c", CLOSER, str(path)], stdout=subprocess.PIPE, env=dict(os.environ))
        assert one.stdout.readline() == b"open\n"
        time.sleep(wait_s)
        one.send_signal(signal.SIGKILL)
        one.wait()
        one.stdout.close()
        base = TagBase(path)
        outcomes.append(outcome(base, 1))
        with base.reading() as connection:
            left = connection.execute("SELECT count(*) FROM tags").fetchone()[0]
        assert left == (24_000 if outcomes[-1] is None else 0)
        base.close()
    assert outcomes[0] is None
    base = TagBase(path)
    assert close(base, 1, Rule(), 5).matched == 12_000
    base.close()
