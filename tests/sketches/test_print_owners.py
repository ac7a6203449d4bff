"""What the index of prints says of an account: whose answers it feeds back."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
import pytest

from sketches.events import EARLIEST_MS, batch, event, pseudonym, seeded
from stillwatch.sketches.artefacts import BORN, CARRIED, PRINTS, ArtefactIndex, Replay

ACCOUNTS = sorted(pseudonym(k, "account") for k in range(6))
A, B, C, D, E, F = ACCOUNTS
ORGS = [pseudonym(k, "org_id") for k in range(4)]
FIRM = ORGS[0]


class Use(NamedTuple):
    """A print in a prompt, or in an answer."""

    account: int
    print_: int
    minute: int
    born: bool = False
    org: int | None = None


def index_of(uses: list[Use]) -> ArtefactIndex:
    index = ArtefactIndex(1000, PRINTS)
    rows = [
        event(seeded(k), k, account_id=use.account, org_id=use.org, ts_ms=EARLIEST_MS + use.minute * 60_000)
        for k, use in enumerate(uses)
    ]
    for act in (BORN, CARRIED):
        at = np.array([k for k, use in enumerate(uses) if use.born == (act == BORN)], np.int64)
        index.add(batch(rows), act, (at, np.array([use.print_ for use in uses], np.int64)[at]))
    return index


def asked(*uses: Use) -> Replay:
    return index_of(list(uses)).replay(np.array(ACCOUNTS))


def foreign(*uses: Use) -> list[int]:
    return asked(*uses).foreign_distinct[:3].tolist()


def test_an_answer_to_another_owner_sent_later_is_fed_back() -> None:
    found = asked(Use(A, 7, 0, born=True), Use(B, 7, 5), Use(B, 8, 5))
    assert found.artefacts_distinct[:3].tolist() == [0, 2, 0]
    assert found.foreign_distinct[:3].tolist() == [0, 1, 0]
    assert found.foreign_owners[:3].tolist() == [0, 1, 0]


def test_own_answers_sent_back_are_not_foreign() -> None:
    assert foreign(Use(A, 7, 0, born=True), Use(A, 7, 5)) == [0, 0, 0]
    assert foreign(Use(A, 7, 0, born=True, org=FIRM), Use(B, 7, 5, org=FIRM)) == [0, 0, 0]


def test_who_got_the_same_answer_too_sends_its_own() -> None:
    assert foreign(Use(A, 7, 0, born=True), Use(B, 7, 4, born=True), Use(B, 7, 5)) == [0, 0, 0]
    sibling = [Use(A, 7, 0, born=True), Use(C, 7, 4, born=True, org=FIRM), Use(B, 7, 5, org=FIRM)]
    assert foreign(*sibling) == [0, 0, 0]
    assert foreign(*sibling[:1], *sibling[2:]) == [0, 1, 0]


@pytest.mark.parametrize("minute", [-9, 0])
def test_a_passage_anybody_sent_before_its_first_birth_is_nobodys_answer(minute: int) -> None:
    for sender in (A, B, C):
        uses = [Use(sender, 7, minute), Use(A, 7, 0, born=True), Use(B, 7, 5)]
        assert foreign(*uses) == foreign(*uses[::-1]) == [0, 0, 0]
    assert foreign(Use(C, 7, 1), Use(A, 7, 0, born=True), Use(B, 7, 5)) == [0, 1, 1]


def test_a_passage_of_more_than_three_owners_belongs_to_nobody() -> None:
    births = [Use(account, 7, 0, born=True) for account in (A, C, D, E)]
    assert foreign(*births[:3], Use(B, 7, 5)) == [0, 1, 0]
    assert foreign(*births, Use(B, 7, 5)) == [0, 0, 0]
    one_firm = [use._replace(org=FIRM) for use in births[1:]]
    assert foreign(births[0], *one_firm, Use(B, 7, 5)) == [0, 1, 0]


def test_the_earliest_birth_is_the_origin() -> None:
    uses = [Use(A, 7, 3, born=True), Use(C, 7, 2, born=True), Use(A, 8, 0, born=True), Use(B, 7, 5), Use(B, 8, 5)]
    assert asked(*uses).foreign_owners[1] == 2
    assert asked(*[use._replace(minute=1) if use[:2] == (A, 7) else use for use in uses]).foreign_owners[1] == 1


def test_owners_count_as_known_where_the_account_and_those_it_draws_on_are() -> None:
    known = [Use(A, 7, 0, born=True, org=ORGS[1]), Use(B, 7, 5, org=FIRM)]
    assert asked(*known).owner_known[:3].tolist() == [True, True, False]
    assert asked(known[0]._replace(org=None), known[1]).owner_known[:3].tolist() == [False, False, False]
    # A passage shared with a stranger, of which nothing is counted, takes nothing away.
    known = [use._replace(account=account) for use, account in zip(known, (B, C), strict=True)]
    common = [Use(A, 9, 1), Use(C, 9, 2, org=FIRM)]
    assert asked(*known, *common).owner_known[:3].tolist() == [False, True, True]


def expected(uses: list[Use]) -> list[list[int]]:
    """The plain way: dictionaries of prints."""
    org = {use.account: use.org for use in uses if use.org is not None}
    by: dict[int, list[Use]] = defaultdict(list)
    for use in uses:
        by[use.print_].append(use)
    sent, fed, owners = ({account: set() for account in ACCOUNTS} for _ in range(3))
    for print_, mine in by.items():
        births = {}
        for use in mine:
            if use.born:
                births[use.account] = min(births.get(use.account, 99), use.minute)
        bearers = {org.get(account, account) for account in births}
        origin = min(births, key=lambda account: (births[account], account), default=0)
        sends = [use for use in mine if not use.born]
        public = not births or len(bearers) > 3 or any(use.minute <= births[origin] for use in sends)
        for use in sends:
            sent[use.account].add(print_)
            if not public and org.get(use.account, use.account) not in bearers:
                fed[use.account].add(print_)
                owners[use.account].add(org.get(origin, origin))
    return [[len(part[account]) for account in ACCOUNTS] for part in (sent, fed, owners)]


@pytest.mark.parametrize("seed", range(30))
def test_random_uses_equal_the_plain_way(seed: int) -> None:
    rng = seeded(seed)
    home = {account: rng.choice((None, None, *ORGS)) for account in ACCOUNTS}
    uses = []
    for _ in range(60):
        account, is_born = rng.choice(ACCOUNTS), rng.random() < 0.4
        minute = rng.randrange(10) if is_born else rng.randrange(4, 30)
        uses.append(Use(account, rng.randrange(1, 20), minute, is_born, home[account] if rng.random() < 0.6 else None))
    found = asked(*uses)
    columns = (found.artefacts_distinct, found.foreign_distinct, found.foreign_owners)
    assert [column.tolist() for column in columns] == expected(uses)
    assert sum(expected(uses)[1]) > 0
