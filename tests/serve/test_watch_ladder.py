"""A step that is ignored is followed by a stricter one, by the machine; one that is heeded is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from serve.watching import START_MS, drained, watch_of
from sketches.events import batch, event, pseudonym, seeded
from stillwatch.enforcement.rules import DEFAULT as RULES
from stillwatch.evaluate.treated import lively
from stillwatch.judging import TermsJudge
from stillwatch.model.decision import POLICY
from stillwatch.serve.watch.measures import Measures
from stillwatch.store.database import Database
from stillwatch.store.past import of_account
from stillwatch.store.spool.batches import shut_batch
from stillwatch.store.waiting import all_held
from stillwatch.verbs.terms import load_terms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stillwatch.serve.watch.watch import Watch

DAY_MS = 86_400_000
GOES_ON, HEEDS = pseudonym(1, "account"), pseudonym(2, "account")
OWNERS = [pseudonym(100 + k, "account") for k in range(60)]
BLOCKS = [pseudonym(k, "artefact") for k in range(1200)]
MANY = 300


def calls(first: int, account: int, at_ms: int, blocks: list[int]) -> list[dict[str, Any]]:
    """An hour of plain requests; with blocks they send back what others received."""
    each = blocks or [None] * MANY
    common = {"account_id": account, "org_id": account, "tokens_in": 200, "tokens_out": 300}
    return [
        event(
            seeded(0),
            first + k,
            nulls=1.0,
            ts_ms=at_ms + k * 3_600_000 // MANY,
            prompt=b"%d" % (first + k),
            artefacts_carried=None if block is None else [block],
            **common,
        )
        for k, block in enumerate(each)
    ]


def received() -> list[dict[str, Any]]:
    """What the owners got."""
    return [
        event(seeded(0), 10_000 + k, 1.0, account_id=owner, org_id=owner, ts_ms=START_MS + k, artefacts_born=[block])
        for k, (block, owner) in enumerate(zip(BLOCKS, OWNERS * (len(BLOCKS) // len(OWNERS)), strict=True))
    ]


def world() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The first day, and the third."""
    soon, later = START_MS + 10_000, START_MS + 3 * DAY_MS
    first = [*calls(0, GOES_ON, soon, BLOCKS[:MANY]), *calls(1_000, HEEDS, soon, BLOCKS[MANY : 2 * MANY])]
    third = [*calls(2_000, GOES_ON, later, BLOCKS[2 * MANY : 3 * MANY]), *calls(3_000, HEEDS, later, [])]
    return received() + first, third


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "decisions.db")
    yield made
    made.close()


def taken(watch: Watch, rows: list[dict[str, Any]], now_ms: int) -> None:
    watch.spool.put(shut_batch(batch(rows), {"at_ms": now_ms})).result()
    drained(watch)


def on_record(database: Database, account: int) -> list[tuple[str, str]]:
    with database.reading() as connection:
        return [(one.decision.action.name, one.decision.by) for one in of_account(connection, account)]


def waiting(database: Database) -> list[int]:
    with database.reading() as connection:
        return [one.waiting.decision.account for one in all_held(connection)]


@pytest.mark.parametrize("crash", [False, True])
def test_who_goes_on_is_slowed_down_further_and_who_stops_is_not(
    tmp_path: Path, database: Database, crash: bool
) -> None:
    first, third = world()
    judge = TermsJudge(lively(load_terms("starter").terms), database, RULES)
    watch = watch_of(tmp_path, Measures(), judge=judge)
    taken(watch, first, START_MS + DAY_MS // 2)
    watch.campaigns(START_MS + DAY_MS // 2)
    begun = {account: on_record(database, account) for account in (GOES_ON, HEEDS)}
    assert begun[GOES_ON] == begun[HEEDS]
    assert begun[GOES_ON][0][1] == POLICY
    watch.checkpoint(START_MS + DAY_MS)
    if crash:
        watch.close()
        watch = watch_of(tmp_path, Measures(), judge=judge)

    taken(watch, third, START_MS + 3 * DAY_MS)
    watch.examine(START_MS + 3 * DAY_MS + DAY_MS // 4)

    after = on_record(database, GOES_ON)
    watch.close()
    assert len(after) == len(begun[GOES_ON]) + 1
    assert after[-1][1] == POLICY
    assert on_record(database, HEEDS) == begun[HEEDS]
    assert waiting(database) == []
