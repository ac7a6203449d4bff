"""A group joined by what many honest accounts share is never offered; what else joins it still is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.engines import SMALL
from sketches.events import pseudonym
from stillwatch.ingest.accounts import EMPTY, AccountFile
from stillwatch.offers import candidates
from test_find_campaigns import ACCOUNTS, RING, ROWS, START_MS, scanned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillwatch.engine import LocalEngine
    from stillwatch.model.finding import Ranking
    from stillwatch.offers import Candidate

MAIL = 777
NETS = np.sort(np.array([pseudonym(k, "net") for k in range(3)]))
DAY_MS = 86_400_000


def sign_ups() -> AccountFile:
    """The ring signed up on one day under one domain."""
    numbers = {pseudonym(k, "account"): k for k in range(ACCOUNTS)}
    account = np.array(sorted(numbers))
    k, none = np.array([numbers[one] for one in account.tolist()]), np.zeros(ACCOUNTS, np.int64)
    empty = dict.fromkeys(("organisation", "payment", "card_bin", "email_class", "referral"), none)
    return replace(
        EMPTY,
        account=account,
        plan=("",) * ACCOUNTS,
        purpose=("",) * ACCOUNTS,
        signup_ms=START_MS - DAY_MS * np.where(k < RING, 1, 3 + k),
        reseller=np.full(ACCOUNTS, -1, np.int8),
        email_domain=np.where(k < RING, MAIL, 1000 + k % 30),
        disposable=np.zeros(ACCOUNTS, np.bool_),
        closed_ms=np.full(ACCOUNTS, -1, np.int64),
        **empty,
    )


@pytest.fixture(scope="module")
def looked() -> Iterator[tuple[LocalEngine, Ranking]]:
    with scanned(ROWS) as found:
        yield found


def tags(found: tuple[Candidate, ...]) -> set[tuple[str, bytes]]:
    return {(tag.kind, tag.value) for one in found for tag in one.offer.tags}


@pytest.mark.parametrize("common", [{"email_domain": np.array([MAIL])}, {"network": NETS}, {"network": NETS[:1]}])
def test_what_is_listed_leaves_no_tag_alone_or_with_others(looked, common) -> None:
    engine, ranking = looked
    before = tags(candidates(engine, sign_ups(), ranking, SMALL))
    after = tags(candidates(engine, sign_ups(), ranking, SMALL, common=common))
    [(name, values)] = common.items()
    tokens = {int(one).to_bytes(8) for one in values.view(np.uint64)}
    gone = {tag for tag in before if name in tag[0].split("+") and (name == "email_domain" or tag[1] in tokens)}
    assert len(gone) >= len(values)
    assert after == before - gone
    if name == "email_domain":
        assert {kind for kind, _ in gone} >= {"email_domain", "email_domain+signup_day"}


def test_a_value_that_is_not_listed_changes_nothing(looked) -> None:
    engine, ranking = looked
    other = {"email_domain": np.array([MAIL + 1]), "network": np.zeros(0, np.int64)}
    assert tags(candidates(engine, sign_ups(), ranking, SMALL, common=other)) == tags(
        candidates(engine, sign_ups(), ranking, SMALL)
    )


def test_a_group_that_only_a_listed_value_joins_is_not_offered(looked) -> None:
    engine, ranking = looked
    kinds = {kind for kind, _ in tags(candidates(engine, sign_ups(), ranking, SMALL))}
    assert {"email_domain", "network", "ja4"} <= kinds
    every = {"email_domain": np.array([MAIL]), "network": NETS, **dict.fromkeys(kinds - {"email_domain", "network"})}
    # Whatever joined the ring counts as listed: nothing is left to offer.
    listed = {name: tokens_of(looked, name) if values is None else values for name, values in every.items()}
    assert candidates(engine, sign_ups(), ranking, SMALL, common=listed) == ()


def tokens_of(looked: tuple[LocalEngine, Ranking], kind: str) -> np.ndarray:
    found = tags(candidates(looked[0], sign_ups(), looked[1], SMALL))
    return np.array([int.from_bytes(value) for name, value in found if name == kind], np.uint64).view(np.int64)
