"""What an exchange says of an account is evidence under own terms: a notice, and never more by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from serve.watching import START_MS, drained, watch_of
from sketches.events import batch, event, pseudonym, seeded
from stillwatch.dossiers import joint_belonging, strongest
from stillwatch.enforcement.rules import DEFAULT as RULES
from stillwatch.evaluate.treated import lively
from stillwatch.judging import TermsJudge
from stillwatch.serve.watch.measures import Measures
from stillwatch.store.database import Database
from stillwatch.store.member import inbox, shares
from stillwatch.store.member.file import MemberFile
from stillwatch.store.member.shares import Prepared
from stillwatch.store.past import of_account
from stillwatch.store.spool.batches import shut_batch
from stillwatch.verbs.terms import load_terms
from stillwatch.verbs.watch import joint_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SURE, UNSURE, NOBODY = (pseudonym(k, "account") for k in (1, 2, 3))
HANDLE = bytes(range(16))
TOLD: dict[str, Any] = {
    "name": "j-0123456789",
    "members_at_least": 3,
    "handles": [HANDLE.hex()],
    "standing": [HANDLE.hex()],
    "one_operator": 0.95,
    "extraction": 0.97,
    "extracting": True,
    "log_e": 30.0,
    "log_e_without_the_loudest": 12.0,
    "first_seen_ms": START_MS,
    "layers": {"money": 3.0},
    "lines": [{"name": "shards", "says": "harvest", "bits": 6.0}],
}


@pytest.fixture
def member(tmp_path: Path) -> Iterator[MemberFile]:
    made = MemberFile(tmp_path / "member.db")
    accounts, belongs = np.array(sorted((SURE, UNSURE)), np.int64), np.array([0.99, 0.99])
    belongs[int(np.searchsorted(accounts, UNSURE))] = 0.3
    with made.writing() as connection:
        number = shares.add(connection, 1, START_MS, "", [Prepared(HANDLE, "c-1", accounts, belongs, b"", b"x")])
        shares.stand(connection, number, "sent")
        inbox.found(connection, 1, [TOLD], START_MS)
    yield made
    made.close()


def judged(tmp_path: Path, member: MemberFile, now_ms: int) -> dict[int, list[str]]:
    """Let a watch that saw a little of everybody judge; gives what is on record."""
    database = Database(tmp_path / "decisions.db")
    judge = TermsJudge(lively(load_terms("starter").terms), database, RULES)
    watch = watch_of(tmp_path, Measures(), judge=judge, joint=joint_of(str(member.path)))
    who = (SURE, UNSURE, NOBODY)
    rows = [
        event(seeded(0), n, nulls=1.0, ts_ms=START_MS + n * 60_000, account_id=who[n % 3], prompt=b"%d" % n)
        for n in range(30)
    ]
    watch.spool.put(shut_batch(batch(rows), {"at_ms": now_ms})).result()
    drained(watch)
    watch.campaigns(now_ms)
    watch.close()
    with database.reading() as connection:
        found = {
            account: [one.decision.action.name for one in of_account(connection, account)]
            for account in (SURE, UNSURE, NOBODY)
        }
    database.close()
    return found


def test_a_joint_campaign_brings_its_members_a_notice_and_nobody_else(tmp_path: Path, member: MemberFile) -> None:
    found = judged(tmp_path, member, START_MS + 3_600_000)
    assert found == {SURE: ["NOTIFY"], UNSURE: [], NOBODY: []}


def test_what_hangs_on_the_word_of_one_other_member_brings_nobody_anything_unless_it_is_asked_for(
    tmp_path: Path, member: MemberFile
) -> None:
    with member.writing() as connection:
        connection.execute("UPDATE finding_groups SET stands = 0")
    assert set(map(tuple, judged(tmp_path, member, START_MS + 3_600_000).values())) == {()}
    with member.reading() as connection:
        found = inbox.findings(connection)
    assert joint_belonging(found, START_MS, on_one_word=True)[SURE].extracting
    assert not joint_belonging(found, START_MS)[SURE].extracting


@pytest.mark.parametrize("state", [inbox.DISPUTED, inbox.NEGATIVE])
def test_what_members_disagree_about_brings_nobody_anything(tmp_path: Path, member: MemberFile, state: str) -> None:
    with member.writing() as connection:
        connection.execute("INSERT INTO opinions VALUES ('joint:1:j-0123456789', ?, 1, x'7b7d')", (state,))
    assert set(map(tuple, judged(tmp_path, member, START_MS + 3_600_000).values())) == {()}


def test_what_is_over_brings_nobody_anything(tmp_path: Path, member: MemberFile) -> None:
    late = START_MS + inbox.VALID_MS
    assert set(map(tuple, judged(tmp_path, member, late).values())) == {()}


def test_what_a_provider_found_itself_stands_before_what_it_was_told(member: MemberFile) -> None:
    with member.reading() as connection:
        [finding] = inbox.findings(connection)
    joint = joint_belonging([finding], START_MS)
    assert set(joint) == {SURE, UNSURE}
    assert joint[SURE].log_p_rest == -12.0
    assert "3 providers or more" in joint[SURE].sentence
    assert "epoch 1 of the exchange" in joint[SURE].sentence
    own = {SURE: joint[UNSURE]}
    assert strongest(own, joint)[SURE] is own[SURE]
    assert strongest({}, joint) == joint
