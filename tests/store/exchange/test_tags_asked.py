from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.model.errors import NotNow, StoreError
from stillwatch.store.exchange import tags as tags_module
from stillwatch.store.exchange.matching import Rule, close, forget, links
from stillwatch.store.exchange.tag_base import TagBase
from stillwatch.store.exchange.tags import answers, bucketed, released, submit, too_common
from store.exchange.tagged import KIND, TEMPLATES, b16


def put(base, member, groups, kind=KIND, *, asks=False):
    written = {b16(g): [b16(t) for t in tags] for g, tags in groups.items()}
    return submit(base, member, 1, kind, written, 1, asks=asks)


def told(base, member, of=answers):
    return {(int.from_bytes(m.handle), m.kind): (m.tags, m.members) for m in of(base, member, 1)}


def test_who_asks_is_told_of_two_others_and_of_no_fewer(base):
    put(base, "asker", {1: [10, 11], 2: [12]}, asks=True)
    put(base, "a", {3: [10, 12]})
    put(base, "b", {4: [10]})
    assert told(base, "asker") == {}
    found = close(base, 1, Rule(), 5)
    assert (found.submitted, found.matched) == (6, 1)
    assert told(base, "asker") == {(1, KIND): (1, 2)}
    assert told(base, "asker", released) == told(base, "a") == {}
    assert told(base, "a", released) == {(3, KIND): (1, 2)}


def test_nobody_finds_who_asks(base):
    for asker in ("p", "q", "r"):
        put(base, asker, {1: [10, 11]}, asks=True)
    put(base, "a", {3: [10, 11]})
    put(base, "b", {4: [11]})
    close(base, 1, Rule(least=2), 5)
    assert told(base, "a", released) == {(3, KIND): (1, 2)}
    assert [one.groups for one in links(base, 1)] == [(("a", b16(3)), ("b", b16(4)))]
    assert told(base, "p") == {(1, KIND): (1, 2)}


def test_a_member_that_asks_of_what_it_contributed_is_not_counted_itself(base):
    put(base, "a", {1: [10, 11]})
    put(base, "a", {1: [10, 11]}, asks=True)
    put(base, "b", {2: [10, 11]})
    put(base, "c", {3: [11]})
    close(base, 1, Rule(), 5)
    assert told(base, "a", released) == {(1, KIND): (2, 3)}
    assert told(base, "a") == {(1, KIND): (1, 2)}


def test_asking_and_contributing_are_two_submissions_within_one_budget(base, monkeypatch):
    monkeypatch.setattr(tags_module, "MOST_OF_MEMBER", 3)
    asked, given_ = put(base, "a", {1: [10]}, asks=True), put(base, "a", {1: [10]})
    assert asked.digest != given_.digest
    assert put(base, "a", {1: [10]}, asks=True).again
    put(base, "a", {1: [11]}, asks=True)
    with pytest.raises(NotNow, match="0 that are left"):
        put(base, "a", {1: [12]})


def test_of_templates_enough_bands_of_one_group_of_each_of_two_others_are_asked_for(base):
    put(base, "asker", {1: range(8), 2: range(3), 3: [0, 1, 2, 3, 40, 41]}, kind=TEMPLATES, asks=True)
    put(base, "a", {5: range(6)}, kind=TEMPLATES)
    put(base, "b", {6: range(5)}, kind=TEMPLATES)
    put(base, "c", {7: [5, 6, 7, 40, 41]}, kind=TEMPLATES)
    close(base, 1, Rule(alike={TEMPLATES: 4}), 5)
    assert told(base, "asker") == {(1, TEMPLATES): (6, 2), (3, TEMPLATES): (4, 2)}


def test_of_a_template_that_it_contributed_a_member_is_not_counted_itself(base):
    for asks in (False, True):
        put(base, "a", {1: range(8)}, kind=TEMPLATES, asks=asks)
    put(base, "b", {2: range(8)}, kind=TEMPLATES)
    close(base, 1, Rule(alike={TEMPLATES: 4}), 5)
    assert told(base, "a", released) == {(1, TEMPLATES): (8, 2)}
    assert told(base, "a") == {}


def test_what_is_asked_under_very_many_groups_is_left_out_and_told(base):
    put(base, "asker", {g: [10] for g in range(5)} | {9: [11]}, asks=True)
    for member in "ab":
        put(base, member, {1: [10, 11]})
    close(base, 1, Rule(cap=4), 5)
    assert too_common(base, "asker", 1) == {KIND: 1}
    assert told(base, "asker") == {(9, KIND): (1, 2)}
    assert told(base, "a", released) == {(1, KIND): (2, 2)}


def test_what_was_asked_is_gone_after_the_close_and_answers_are_forgotten(base):
    lone = bytes.fromhex("c0ffee00deadbeefc0ffee00deadbeef")
    submit(base, "asker", 1, KIND, {b16(1): [lone, b16(10)]}, 1, asks=True)
    for member in "ab":
        put(base, member, {1: [10]})
    close(base, 1, Rule(), 5)
    assert lone not in b"".join(one.read_bytes() for one in base.path.parent.glob("tags.db*"))
    assert told(base, "asker")
    forget(base, 2)
    assert told(base, "asker") == {}
    with pytest.raises(NotNow, match="closed"):
        put(base, "asker", {1: [10]}, asks=True)


def test_no_answer_says_of_fewer_than_two(base):
    with pytest.raises(StoreError), base.writing() as connection:
        connection.execute("INSERT INTO answers VALUES (1, 1, zeroblob(16), 1, 1, 1)")


def contributed(rows, least, cap, need):
    """What matched, by (kind, member, group): tags; by the plainest comparison."""
    held = defaultdict(lambda: defaultdict(set))
    for asks, one, group, kind, tag in rows:
        if not asks:
            held[kind, tag][one].add(group)
    held = {key: {m: g for m, g in by.items() if len(g) <= cap} for key, by in held.items()}
    found = defaultdict(set)
    for (kind, tag), by in held.items():
        for one, group in ((one, group) for one, groups in by.items() for group in groups if len(by) >= least):
            found[kind, one, group].add(tag)
    return {key: tags for key, tags in found.items() if key[0] != TEMPLATES or len(near(found, key, need)) + 1 >= least}


def near(found, mine, need):
    """Other members with a group that shares enough tags with one group."""
    kind, member, _ = mine
    those = ((other[1], tags) for other, tags in found.items() if other[0] == kind and other[1] != member)
    return {one for one, tags in those if len(tags & found[mine]) >= need}


def asked_of(rows, least, cap, need, member):
    """What a member should be told of what it asked."""
    matched, holders, questions = contributed(rows, least, cap, need), defaultdict(set), defaultdict(set)
    for asks, one, group, kind, tag in rows:
        if asks and one == member:
            holders[kind, tag].add(group)
    for (kind, tag), groups in holders.items():
        for group in groups if len(groups) <= cap else ():
            questions[kind, group].add(tag)
    answered = {
        (group, kind): answer(matched, kind, tags, member, least, need) for (kind, group), tags in questions.items()
    }
    return {key: (tags, bucketed(most)) for key, (tags, most) in answered.items() if most >= least}


def answer(matched, kind, tags, member, least, need):
    """How many tags of one question others have, and how many others."""
    others = {key: those & tags for key, those in matched.items() if key[0] == kind and key[1] != member}
    if kind == TEMPLATES and need > 1:
        others = {key: those for key, those in others.items() if len(those) >= need}
        return len(set().union(*others.values())), len({one for _, one, _ in others})
    having = {tag: {one for (_, one, _), those in others.items() if tag in those} for tag in tags}
    enough = [len(those) for those in having.values() if len(those) >= least]
    return len(enough), max(enough, default=0)


members = st.sampled_from(["a", "b", "c", "d"])
rows = st.sets(
    st.tuples(st.booleans(), members, st.integers(0, 3), st.sampled_from([KIND, TEMPLATES]), st.integers(0, 5)),
    max_size=80,
)


@given(rows, st.integers(2, 3), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_answers_are_those_of_a_plain_comparison_and_asking_changes_no_match(tmp_path_factory, rows, least, cap, need):
    folder, rule = tmp_path_factory.mktemp("t"), Rule(least, cap, {TEMPLATES: need})
    with_asking, without = TagBase(folder / "tags.db"), TagBase(folder / "without.db")
    for asks, member, group, kind, tag in sorted(rows):
        put(with_asking, member, {group: [tag]}, kind=kind, asks=asks)
        if not asks:
            put(without, member, {group: [tag]}, kind=kind)
    close(with_asking, 1, rule, 5)
    close(without, 1, rule, 5)
    assert list(links(with_asking, 1)) == list(links(without, 1))
    for member in "abcd":
        assert told(with_asking, member) == asked_of(rows, least, cap, need, member)
        assert told(with_asking, member, released) == told(without, member, released)
    for base in (with_asking, without):
        base.close()
