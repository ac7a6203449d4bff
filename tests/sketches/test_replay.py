"""What the artefact index says of an account: whose reasoning it sent back."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
import pytest

from sketches.events import EARLIEST_MS, batch, event, pseudonym, seeded
from stillwatch.sketches.artefacts import ArtefactIndex, Replay

A, B, C = sorted(pseudonym(k, "account") for k in range(3))
ORGS = [pseudonym(k, "org_id") for k in range(12)]
NEGATIVE, POSITIVE = next(o for o in ORGS if o < 0), next(o for o in ORGS if o > 0)


class Use(NamedTuple):
    """One event that carries or bears an artefact."""

    account: int
    artefact: int
    minute: int
    born: bool = False
    org: int | None = None


def index_of(uses: list[Use]) -> ArtefactIndex:
    index = ArtefactIndex(1000)
    rows = []
    for k, use in enumerate(uses):
        lists = {"artefacts_carried": None, "artefacts_born": None}
        lists["artefacts_born" if use.born else "artefacts_carried"] = [use.artefact]
        rows.append(
            event(
                seeded(k), k, account_id=use.account, org_id=use.org, ts_ms=EARLIEST_MS + use.minute * 60_000, **lists
            )
        )
    index.fold(batch(rows))
    return index


def asked(uses: list[Use], *accounts: int, owners: dict[int, int] | None = None) -> Replay:
    who = np.array(accounts or (A, B, C))
    owner = None if owners is None else np.array([owners.get(account, 0) for account in who.tolist()])
    return index_of(uses).replay(who, owner)


def test_an_artefact_another_account_bore_is_foreign() -> None:
    found = asked([Use(A, 7, 0, born=True), Use(B, 7, 5)])
    assert found.artefacts_distinct.tolist() == [0, 1, 0]
    assert found.foreign_distinct.tolist() == [0, 1, 0]
    assert found.foreign_owners.tolist() == [0, 1, 0]


def test_an_account_that_sends_back_its_own_is_no_replay() -> None:
    found = asked([Use(A, 7, 0, born=True), Use(A, 7, 5), Use(A, 8, 6)])
    assert found.artefacts_distinct.tolist() == [2, 0, 0]
    assert not found.foreign_distinct.any()


def test_who_bore_it_is_the_origin_even_when_seen_later() -> None:
    found = asked([Use(B, 7, 0), Use(A, 7, 5, born=True), Use(A, 7, 6)])
    assert found.foreign_distinct.tolist() == [0, 1, 0]


def test_without_a_birth_in_the_log_nobody_is_accused() -> None:
    found = asked([Use(C, 7, 9), Use(B, 7, 3), Use(A, 7, 5)])
    assert found.artefacts_distinct.tolist() == [1, 1, 1]
    assert not found.foreign_distinct.any()


def test_of_two_births_the_earlier_counts() -> None:
    found = asked([Use(B, 7, 4, born=True), Use(A, 7, 2, born=True), Use(B, 7, 5), Use(A, 7, 6)])
    assert found.foreign_distinct.tolist() == [0, 1, 0]


def test_of_two_births_at_the_same_moment_the_lower_pseudonym_counts_in_any_order() -> None:
    uses = [Use(A, 7, 1, born=True), Use(B, 7, 1, born=True), Use(A, 7, 2), Use(B, 7, 2)]
    assert asked(uses).foreign_distinct.tolist() == asked(uses[::-1]).foreign_distinct.tolist() == [0, 1, 0]


@pytest.mark.parametrize("org", [NEGATIVE, POSITIVE])
def test_the_same_organisation_is_never_foreign(org: int) -> None:
    found = asked([Use(A, 7, 0, born=True, org=org), Use(B, 7, 5, org=org)])
    assert not found.foreign_distinct.any()
    assert found.owner_known.tolist() == [True, True, False]


@pytest.mark.parametrize("org", [NEGATIVE, POSITIVE])
def test_an_organisation_named_once_counts_for_all_events_of_the_account(org: int) -> None:
    same_artefact = [Use(A, 7, 0, born=True, org=org), Use(B, 7, 5), Use(B, 7, 6, org=org)]
    other_artefact = [Use(A, 7, 0, born=True, org=org), Use(B, 7, 5), Use(B, 8, 6, org=org)]
    for uses in (same_artefact, other_artefact, other_artefact[::-1]):
        found = asked(uses)
        assert not found.foreign_distinct.any()
        assert found.owner_known.tolist() == [True, True, False]


def test_the_account_file_names_the_organisation_where_the_log_is_silent() -> None:
    uses = [Use(A, 7, 0, born=True), Use(B, 7, 5)]
    assert asked(uses, owners={A: NEGATIVE, B: NEGATIVE}).foreign_distinct.tolist() == [0, 0, 0]
    found = asked(uses, owners={A: NEGATIVE, B: POSITIVE})
    assert found.foreign_distinct.tolist() == [0, 1, 0]
    assert found.owner_known.tolist() == [True, True, False]


def test_the_log_counts_before_the_account_file() -> None:
    uses = [Use(A, 7, 0, born=True, org=POSITIVE), Use(B, 7, 5, org=POSITIVE)]
    assert not asked(uses, owners={A: NEGATIVE, B: POSITIVE}).foreign_distinct.any()


def test_the_owner_is_unknown_where_either_side_is() -> None:
    found = asked([Use(A, 7, 0, born=True, org=POSITIVE), Use(B, 7, 5), Use(C, 9, 5, org=NEGATIVE)])
    assert found.owner_known.tolist() == [True, False, True]
    found = asked([Use(A, 7, 0, born=True), Use(B, 7, 5, org=POSITIVE)])
    assert found.owner_known.tolist() == [False, False, False]


def test_other_owners_count_once_each() -> None:
    uses = [Use(A, k, 0, born=True, org=NEGATIVE) for k in range(1, 4)]
    uses += [Use(B, k, 0, born=True, org=POSITIVE) for k in range(4, 6)]
    uses += [Use(C, k, 9) for k in range(1, 6)]
    found = asked(uses)
    assert found.foreign_distinct.tolist() == [0, 0, 5]
    assert found.foreign_owners.tolist() == [0, 0, 2]


def test_accounts_not_asked_for_are_origins_only() -> None:
    uses = [Use(A, 7, 0, born=True), Use(B, 7, 5), Use(C, 7, 6), Use(C, 8, 6)]
    everyone = asked(uses)
    for account, row in ((A, 0), (B, 1), (C, 2)):
        alone = asked(uses, account)
        assert alone.artefacts_distinct.tolist() == [everyone.artefacts_distinct[row]]
        assert alone.foreign_distinct.tolist() == [everyone.foreign_distinct[row]]
        assert alone.owner_known.tolist() == [everyone.owner_known[row]]
    assert asked(uses, pseudonym(99, "account")).artefacts_distinct.tolist() == [0]


def test_nothing_carried_nothing_asked() -> None:
    assert asked([]).artefacts_distinct.tolist() == [0, 0, 0]
    assert index_of([Use(A, 7, 0)]).replay(np.zeros(0, np.int64)).artefacts_distinct.shape == (0,)


def expected(uses: list[Use]) -> tuple[list[int], list[int], list[int]]:
    """The plain way: dictionaries of artefacts."""
    org = {use.account: use.org for use in uses if use.org is not None}
    by: dict[int, list[Use]] = defaultdict(list)
    for use in uses:
        by[use.artefact].append(use)
    counts = {account: ([], [], set()) for account in (A, B, C)}
    for artefact, mine in by.items():
        first = {a: min(use.minute for use in mine if use.account == a) for a in {use.account for use in mine}}
        bearers = {use.account for use in mine if use.born}
        origin = min(bearers, key=lambda a: (first[a], a), default=0)
        for account in {use.account for use in mine if not use.born}:
            counts[account][0].append(artefact)
            if bearers and org.get(account, account) != org.get(origin, origin):
                counts[account][1].append(artefact)
                counts[account][2].add(org.get(origin, origin))
    return tuple([len(counts[a][k]) for a in (A, B, C)] for k in range(3))


@pytest.mark.parametrize("seed", range(20))
def test_random_uses_equal_the_plain_way(seed: int) -> None:
    rng = seeded(seed)
    home = {account: rng.choice((None, NEGATIVE, POSITIVE)) for account in (A, B, C)}
    uses = []
    for _ in range(40):
        account = rng.choice((A, B, C))
        named = home[account] if rng.random() < 0.6 else None
        uses.append(Use(account, rng.randrange(1, 15), rng.randrange(10), rng.random() < 0.2, named))
    found = asked(uses)
    columns = (found.artefacts_distinct, found.foreign_distinct, found.foreign_owners)
    assert tuple(column.tolist() for column in columns) == expected(uses)
