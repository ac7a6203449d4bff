"""What an adversary learns of identifiers, and what it costs. Each test prints its findings; run with ``-s`` to read.

The dictionary is small so that the test is quick; costs are counted in evaluations and scaled to real ones in
``docs/explanation/oblivious-matching.md``.
"""

from __future__ import annotations

import hashlib
import secrets

import pytest

from serve.asgi_call import call
from serve.custodian.holding import CALENDAR, SUITE, Held
from stillwatch.model.errors import NotNow
from stillwatch.serve.custodian.evaluating import Bounds
from stillwatch.sharing.oblivious.cascade import CUSTODIAN, HUB, TAG, HolderKeys, Question, answered, begin, direct
from stillwatch.sharing.oblivious.kinds import BY_NAME
from stillwatch.sharing.oblivious.submission import grouped, handle, packed
from stillwatch.store.exchange.holder import HolderBase
from stillwatch.store.exchange.matching import Rule, close
from stillwatch.store.exchange.tag_base import TagBase
from stillwatch.store.exchange.tags import submit

KIND = BY_NAME["ipv4-24:v1"]
DICTIONARY = [KIND.input(f"198.51.{k}.1") for k in range(256)]
FLAGGED = {"lab-a": [3, 77, 200], "lab-b": [77, 145]}
EVERY = {DICTIONARY[k] for those in FLAGGED.values() for k in those}


class Exchange:
    """A hub and a custodian with their databases, and two members that have submitted."""

    def __init__(self, folder):
        self.holders = {}
        for name in (CUSTODIAN, HUB):
            (folder / name).mkdir()
            self.holders[name] = Held(HolderBase(folder / name / "holder.db"), name=name)
        self.tags = TagBase(folder / HUB / "tags.db")
        self.seeds = {name: one.holder.keys.seed(1) for name, one in self.holders.items()}
        self.keys = HolderKeys(1, *(SUITE.public_key(self.seeds[name]) for name in (CUSTODIAN, HUB)))
        for member, places in FLAGGED.items():
            made = self.through([DICTIONARY[k] for k in places])
            handles = [[handle(member.encode(), 1, "one group")]] * len(places)
            groups = grouped(made, handles, secrets.token_bytes)
            self.body = packed(groups)
            submit(self.tags, member, 1, KIND.name, groups, 1)

    def through(self, inputs):
        asked = begin(SUITE, KIND.name, inputs, self.keys, secrets.token_bytes)
        while isinstance(asked, Question):
            asked = answered(SUITE, asked, self.ask(asked.to, asked.body))
        return asked

    def ask(self, holder, body):
        held = self.holders[holder]
        answer = call(held.app, "POST", "/v1/oprf/1/evaluate", body, held.headers())
        if answer.status != 200:
            raise PermissionError(answer.json["error"]["message"])
        return answer.body

    def stolen(self):
        """All tags in the hub's database, as a thief reads them."""
        with self.tags.reading() as connection:
            rows = connection.execute("SELECT tag FROM tags UNION SELECT tag FROM matched")
            return {bytes(one) for (one,) in rows}

    def close(self):
        self.tags.close()
        for one in self.holders.values():
            one.base.close()


@pytest.fixture
def exchange(tmp_path):
    made = Exchange(tmp_path)
    yield made
    made.close()


def told(name, learned, cost):
    print(f"\n{name}: {len(learned & EVERY)} of {len(EVERY)} identifiers, cost {cost}")  # noqa: T201 - the report is the point


def guessed(stolen, tag_of):
    return {one for one in DICTIONARY if tag_of(one) in stolen}


def test_plain_hashes_would_be_read_off():
    """The comparison: what is shared today falls to one pass over the dictionary."""
    stolen = {hashlib.sha256(one).digest() for one in EVERY}
    learned = guessed(stolen, lambda one: hashlib.sha256(one).digest())
    told("hashes, offline", learned, f"{len(DICTIONARY)} hashes")
    assert learned == EVERY


def test_the_hub_with_its_database_and_its_key_learns_nothing_offline(exchange):
    stolen, own = exchange.stolen(), exchange.seeds[HUB]
    assert len(stolen) > len(EVERY)
    tries = {
        "its key alone": lambda one: SUITE.direct(own, one)[:TAG],
        "its key twice": lambda one: SUITE.direct(own, SUITE.direct(own, one))[:TAG],
        "a key of its own making": lambda one: direct(SUITE, one, b"g" * 32, own),
        "no key": lambda one: hashlib.sha512(one).digest()[:TAG],
        "public keys": lambda one: direct(SUITE, one, exchange.keys.custodian, own),
    }
    for name, tag_of in tries.items():
        learned = guessed(stolen, tag_of)
        told(f"hub, offline, {name}", learned, f"{len(DICTIONARY)} evaluations of its own")
        assert learned == set()


def test_no_identifier_and_no_key_of_the_custodian_is_in_what_the_hub_keeps(exchange, tmp_path):
    close(exchange.tags, 1, Rule(), 2)
    kept = b"".join(one.read_bytes() for one in (tmp_path / HUB).rglob("*") if one.is_file())
    assert exchange.seeds[HUB] in kept
    assert exchange.seeds[CUSTODIAN] not in kept
    for k in (3, 77, 145, 200):
        assert f"198.51.{k}.0".encode() not in kept


def test_the_custodian_with_its_database_and_its_key_has_nothing_to_compare_with(exchange, tmp_path):
    kept = b"".join(one.read_bytes() for one in (tmp_path / CUSTODIAN).rglob("*") if one.is_file())
    own = exchange.seeds[CUSTODIAN]
    learned = {one for one in DICTIONARY if SUITE.direct(own, one)[:TAG] in kept or one in kept}
    told("custodian, offline", learned, f"{len(DICTIONARY)} evaluations of its own")
    assert learned == set()
    assert not any(tag in kept for tag in exchange.stolen())


def test_hub_and_custodian_together_learn_everything_that_can_be_guessed(exchange):
    """Documented, not hidden: two holders that collude, or are both broken into, are one."""
    learned = guessed(exchange.stolen(), lambda one: direct(SUITE, one, exchange.seeds[CUSTODIAN], exchange.seeds[HUB]))
    told("hub and custodian together, offline", learned, f"{2 * len(DICTIONARY)} evaluations of their own")
    assert learned == EVERY


def test_together_they_learn_nothing_of_an_epoch_whose_keys_are_destroyed(exchange):
    stolen, ends = exchange.stolen(), CALENDAR.epoch(1).ends_ms
    for one in exchange.holders.values():
        one.holder.keep(ends)
        with pytest.raises(NotNow):
            one.holder.keys.seed(1)
    later = {name: one.holder.keys.seed(2) for name, one in exchange.holders.items()}
    learned = guessed(stolen, lambda one: direct(SUITE, one, later[CUSTODIAN], later[HUB]))
    told("together, a destroyed epoch", learned, f"{2 * len(DICTIONARY)} evaluations of their own")
    assert learned == set()


def test_a_member_that_enumerates_online_is_stopped_by_its_budget(exchange):
    """A guess costs an element at both holders; a batch is padded, which costs, too."""
    for one in exchange.holders.values():
        one.evaluating._bounds = Bounds(budget=128 + 192)
    guesses, evaluated = {}, 0
    with pytest.raises(PermissionError, match="budget"):  # noqa: PT012
        for at in range(0, len(DICTIONARY), 64):
            part = DICTIONARY[at : at + 64]
            guesses.update(zip(exchange.through(part).own, part, strict=True))
            evaluated += 64
    assert evaluated == 192
    # Even who also steals the hub's database has no more than what was paid for.
    learned = {guesses[tag] for tag in exchange.stolen() & guesses.keys()}
    told("member online with the hub's database", learned, f"{evaluated} of {len(DICTIONARY)} guesses, then refused")
    assert learned == {one for one in EVERY if one in DICTIONARY[:evaluated]} < EVERY


def test_a_hub_that_uses_one_members_place_at_the_custodian_gets_that_members_budget(exchange):
    """The hub evaluates its own key as often as it likes; the custodian counts every guess."""
    exchange.holders[CUSTODIAN].evaluating._bounds = Bounds(budget=128 + 64)
    guesses = {}
    with pytest.raises(PermissionError, match="budget"):  # noqa: PT012
        for at in range(0, len(DICTIONARY), 64):
            kept, blinded = SUITE.blind(DICTIONARY[at : at + 64])
            firsts = SUITE.finalize(kept, exchange.ask(CUSTODIAN, blinded), exchange.keys.custodian)
            tags = [SUITE.direct(exchange.seeds[HUB], one)[:TAG] for one in firsts]
            guesses.update(zip(tags, DICTIONARY[at : at + 64], strict=True))
    learned = {guesses[tag] for tag in exchange.stolen() & guesses.keys()}
    told("hub with one member's place", learned, f"{len(guesses)} of {len(DICTIONARY)} guesses, then refused")
    assert len(guesses) == 64
    assert learned == EVERY & set(guesses.values()) < EVERY


def test_a_member_without_the_database_learns_only_what_it_submits_and_another_member_has(exchange):
    guesses = DICTIONARY[:192]
    made = exchange.through(guesses)
    mine = {one: handle(b"liar", 1, one.decode()) for one in guesses}
    submit(exchange.tags, "liar", 1, KIND.name, {mine[i]: [t] for i, t in zip(guesses, made.own, strict=True)}, 1)
    close(exchange.tags, 1, Rule(), 2)
    with exchange.tags.reading() as connection:
        matched = {
            bytes(h)
            for (h,) in connection.execute("SELECT handle FROM matched WHERE handle IN (SELECT handle FROM released)")
        }
    learned = {one for one, sealed in mine.items() if sealed in matched}
    told("member that submits its guesses", learned, f"{len(guesses)} elements of its budget, on record under its name")
    assert learned == EVERY & set(guesses)
