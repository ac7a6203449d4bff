"""Commitments, offers and what is joined of them, against a slow model, in whatever order things happen."""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.model.errors import InputError, NotNow
from stillwatch.store.exchange.matching import Rule, close, forget
from stillwatch.store.exchange.offered import (
    MOST_OF_MEMBER,
    Finding,
    Joined,
    Told,
    commit,
    complete,
    held,
    inside,
    join,
    joined_as,
    offer,
    taken_digest,
    told,
    unjoined,
    withdraw,
)
from stillwatch.store.exchange.tag_base import TagBase
from stillwatch.store.exchange.tags import submit

if TYPE_CHECKING:
    from collections.abc import Callable

MEMBERS, HANDLES, EPOCHS = ("a", "b", "asker"), (b"g" * 16, b"h" * 16), (1, 2)
KIND = "email:v1"


def b16(number: int) -> bytes:
    return number.to_bytes(16)


def digest_of(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def rows_of(base: TagBase, member: str, handle: bytes, epoch: int) -> int:
    """Count what is there of a group, in every table."""
    of_group = "JOIN names ON id = member WHERE name = ?1 AND handle = ?2 AND epoch = ?3"
    tables = ("offers", "commitments", "tags", "matched", "released")
    count = " + ".join(f"(SELECT count(*) FROM {table} {of_group})" for table in tables)  # noqa: S608
    with base.reading() as connection:
        return int(connection.execute(f"SELECT {count}", (member, handle, epoch)).fetchone()[0])


def outcome(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except (NotNow, InputError) as error:
        return type(error)


@dataclass
class Epoch:
    """One epoch as it should be: sets of (member, handle)."""

    contributed: set[str] = field(default_factory=set)
    tags: dict[tuple[str, bytes], set[int]] = field(default_factory=lambda: defaultdict(set))
    commitments: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    matched: dict[tuple[str, bytes], set[int]] | None = None
    offers: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    joined: Joined | None = None
    told: dict[str, tuple[Told, ...]] = field(default_factory=dict)

    def commit(self, member: str, handle: bytes, body: bytes) -> Any:
        if self.matched is not None:
            return NotNow
        self.commitments[member, handle] = digest_of(body)
        return sum(who == member for who, _ in self.commitments)

    def close(self) -> None:
        if self.matched is None:
            holders = defaultdict(set)
            for (member, _), tags in self.tags.items():
                for tag in tags:
                    holders[tag].add(member)
            shared = {tag for tag, members in holders.items() if len(members) >= 2}
            self.matched = {group: tags & shared for group, tags in self.tags.items() if tags & shared}

    def offer(self, member: str, handle: bytes, body: bytes) -> Any:
        if self.matched is None or self.joined:
            return NotNow
        group = (member, handle)
        if group not in self.matched or self.commitments.get(group) != digest_of(body):
            return InputError
        new = group not in self.offers
        self.offers.setdefault(group, body)
        return int(new)

    def withdraw(self, member: str, handle: bytes) -> Any:
        if self.joined:
            return NotNow
        group, there = (member, handle), False
        if self.matched is None:
            there |= bool(self.tags.pop(group, None))
        else:
            there |= bool(self.matched.pop(group, None))
        there |= bool(self.offers.pop(group, None))
        return int(there | bool(self.commitments.pop(group, None)))

    def held(self) -> list[tuple[str, dict[bytes, bytes], dict[bytes, set[int]]]]:
        return [
            (
                member,
                {handle: body for (who, handle), body in self.offers.items() if who == member},
                {handle: (self.matched or {})[who, handle] for who, handle in self.offers if who == member},
            )
            for member in sorted(self.contributed)
        ]

    def digest(self, epoch: int) -> bytes:
        digests = sorted(self.commitments[group] for group in self.offers)
        return hashlib.sha256(b"stillwatch offers v1\n%d\n" % epoch + b"".join(digests)).digest()


class Both:
    """The database and the model, side by side."""

    def __init__(self, base: TagBase) -> None:
        self.base, self.epochs = base, {epoch: Epoch() for epoch in EPOCHS}

    def submit(self, member: str, handle: bytes, epoch: int, body: int) -> None:
        one = self.epochs[epoch]
        asks, turn = member == "asker", b16(1000 + sum(map(len, one.tags.values())))
        got = outcome(lambda: submit(self.base, member, epoch, KIND, {handle: [b16(body), turn]}, 1, asks=asks).tags)
        if one.matched is not None:
            assert got is NotNow
        elif not asks:
            one.contributed.add(member)
            one.tags[member, handle] |= {body, int.from_bytes(turn)}

    def commit(self, member: str, handle: bytes, epoch: int, body: int) -> None:
        got = outcome(lambda: commit(self.base, member, epoch, {handle: digest_of(b16(body))}))
        assert got == self.epochs[epoch].commit(member, handle, b16(body))

    def close(self, member: str, handle: bytes, epoch: int, body: int) -> None:
        del member, handle, body
        close(self.base, epoch, Rule(), 5)
        self.epochs[epoch].close()

    def offer(self, member: str, handle: bytes, epoch: int, body: int) -> None:
        given_now = {handle: (b16(body), digest_of(b16(body)))}
        got = outcome(lambda: offer(self.base, member, epoch, given_now))
        assert got == self.epochs[epoch].offer(member, handle, b16(body))

    def withdraw(self, member: str, handle: bytes, epoch: int, body: int) -> None:
        del body
        got = outcome(lambda: withdraw(self.base, member, epoch, [handle]))
        assert got == self.epochs[epoch].withdraw(member, handle)
        if got is not NotNow:
            assert rows_of(self.base, member, handle, epoch) == 0

    def join(self, member: str, handle: bytes, epoch: int, body: int) -> None:
        """Join as the hub does: what is held under one name, and once more with something else."""
        del member, handle
        one = self.epochs[epoch]
        if one.matched is None:
            assert epoch not in unjoined(self.base)
            return
        parts = tuple((some.member, each, True) for some in held(self.base, epoch) for each in some.offers)
        members = {who for who, _, _ in parts}
        found = (Finding(f"j-{body}", len(members), b"{}", parts),) if len(members) > 1 else ()
        got = join(self.base, epoch, found, 10 + body, taken_digest(self.base, epoch))
        if one.joined is None:
            one.joined = Joined(epoch, 10 + body, len(found), one.digest(epoch))
            one.told = {
                who: (Told(f"j-{body}", 2, own, own, b"{}"),)
                for who in members
                if found and (own := tuple(sorted(each for each_who, each in one.offers if each_who == who)))
            }
            one.offers.clear()
        assert got == one.joined

    def check(self) -> None:
        for epoch, one in self.epochs.items():
            found = [
                (some.member, dict(some.offers), {k: set(v) for k, v in some.tags.items()})
                for some in held(self.base, epoch)
            ]
            assert found == [
                (who, offers, {k: {b16(n) for n in v} for k, v in tags.items()}) for who, offers, tags in one.held()
            ]
            assert joined_as(self.base, epoch) == one.joined
            assert (epoch in unjoined(self.base)) == (one.matched is not None and one.joined is None)
            if one.matched is not None and one.joined is None:
                assert complete(self.base, epoch) == (one.commitments.keys() & one.matched.keys() <= one.offers.keys())
            for member in MEMBERS:
                assert told(self.base, member, epoch) == one.told.get(member, ())
            for name in {each.name for some in one.told.values() for each in some}:
                assert inside(self.base, epoch, name) == one.told.keys()


STEPS = st.tuples(
    st.sampled_from(
        ["submit", "submit", "commit", "commit", "close", "offer", "offer", "withdraw", "withdraw", "join"]
    ),
    st.sampled_from(MEMBERS),
    st.sampled_from(HANDLES),
    st.sampled_from(EPOCHS),
    st.integers(0, 2),
)
PAIR = ("a", "b")
STAGES = (
    [("submit", member, handle, 1, 0) for member in MEMBERS for handle in HANDLES],
    [("commit", member, handle, 1, 0) for member in PAIR for handle in HANDLES],
    [("close", "a", HANDLES[0], 1, 0)],
    [("offer", member, HANDLES[0], 1, 0) for member in PAIR],
    [("join", "a", HANDLES[0], 1, 0)],
)
"""An ordinary epoch."""


@given(st.lists(st.lists(STEPS, max_size=6), max_size=len(STAGES) + 1), st.integers(0, len(STAGES)))
@settings(max_examples=80, deadline=None)
def test_offers_are_as_the_model_says(between: list[list[Any]], stages: int) -> None:
    turns = itertools.zip_longest(STAGES[:stages], between, fillvalue=[])
    steps = [step for ordinary, some in turns for step in (*ordinary, *some)]
    with tempfile.TemporaryDirectory() as folder:
        base = TagBase(Path(folder) / "tags.db")
        both = Both(base)
        try:
            for what, *rest in steps:
                getattr(both, what)(*rest)
                both.check()
        finally:
            base.close()


@pytest.fixture
def base(tmp_path: Path) -> Any:
    opened = TagBase(tmp_path / "tags.db")
    yield opened
    opened.close()


def offered(base: TagBase) -> None:
    for member in ("a", "b"):
        submit(base, member, 1, KIND, {HANDLES[0]: [b16(1)]}, 1)
        commit(base, member, 1, {HANDLES[0]: digest_of(b"x")})
    close(base, 1, Rule(), 5)
    for member in ("a", "b"):
        assert offer(base, member, 1, {HANDLES[0]: (b"x", digest_of(b"x"))}) == 1


def test_what_was_withdrawn_while_it_was_looked_at_is_not_joined(base: TagBase) -> None:
    offered(base)
    before = taken_digest(base, 1)
    assert withdraw(base, "b", 1, [HANDLES[0]]) == 1
    found = Finding("j-1", 2, b"{}", (("a", HANDLES[0], True), ("b", HANDLES[0], False)))
    assert rows_of(base, "b", HANDLES[0], 1) == 0 < rows_of(base, "a", HANDLES[0], 1)
    with pytest.raises(NotNow, match="come or gone"):
        join(base, 1, [found], 9, before)
    assert joined_as(base, 1) is None
    assert join(base, 1, [], 9, taken_digest(base, 1)).campaigns == 0


def test_a_member_is_bound_to_a_bounded_number_of_groups(base: TagBase) -> None:
    digests = {b16(number): b"d" * 32 for number in range(MOST_OF_MEMBER)}
    assert commit(base, "a", 1, digests) == MOST_OF_MEMBER
    with pytest.raises(NotNow, match="at most 2,048"):
        commit(base, "a", 1, {b"n" * 16: b"d" * 32})
    assert commit(base, "a", 1, {b16(0): b"e" * 32}) == MOST_OF_MEMBER
    assert commit(base, "b", 1, {b16(0): b"e" * 32}) == 1


def test_offers_that_nobody_joined_are_forgotten_with_their_epoch(base: TagBase) -> None:
    offered(base)
    forget(base, 2)
    with base.reading() as connection:
        for table in ("offers", "commitments", "matched"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608
