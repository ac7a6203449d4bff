"""What accounts did since a moment of each: folded apart, forgotten when a new step begins, whole over a crash."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from engine.engines import SMALL
from sketches.events import KEYS, SOME_DAY_MS, batch, event, pseudonym, seeded, unequal
from stillwatch.enforcement.situation import NOT_MEASURED
from stillwatch.engine import LocalEngine
from stillwatch.ingest.accounts import EMPTY
from stillwatch.model.dossier import Belonging
from stillwatch.model.errors import CheckpointError
from stillwatch.since import Since
from stillwatch.sketches.artefacts import BORN, CARRIED, ArtefactIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stillwatch.enforcement.situation import Fresh
    from stillwatch.sketches.layout import Arrays

ONE, TWO, OTHER = (pseudonym(k, "account") for k in (1, 2, 3))
HOUR_MS = 3_600_000


def row(k: int, account: int, hour: float, nulls: float = 0.3, **given: Any) -> dict[str, Any]:
    at = {"account_id": account, "ts_ms": SOME_DAY_MS + int(hour * HOUR_MS)}
    return event(seeded(k), k, nulls, **at | {"artefacts_born": None, "artefacts_carried": None} | given)


class Both:
    """Everything folded, and what came since."""

    def __init__(self) -> None:
        self.everybody, self.since = LocalEngine(KEYS, SMALL), Since(KEYS, SMALL)

    def fold(self, rows: list[dict[str, Any]]) -> None:
        made = batch(rows)
        self.since.fold(made, self.everybody.fold(made).kept)

    def fresh(self, *accounts: int, campaigns: dict[int, Belonging] | None = None) -> Fresh:
        return self.since.fresh(accounts, campaigns or {}, self.everybody, EMPTY, SMALL)

    def rows(self) -> Arrays:
        return held(self.since.engine)


def held(engine: LocalEngine) -> Arrays:
    arrays = engine.arrays()
    order = np.argsort(arrays.key)
    return type(arrays)(*(column[order] for column in arrays))


@contextmanager
def both() -> Iterator[Both]:
    made = Both()
    yield made
    made.everybody.close()
    made.since.close()


def alone(rows: list[dict[str, Any]]) -> Arrays:
    engine = LocalEngine(KEYS, SMALL)
    engine.fold(batch(rows))
    engine.close()
    return held(engine)


def begin(hour: float) -> int:
    return SOME_DAY_MS + int(hour * HOUR_MS)


def test_only_what_followed_accounts_did_from_their_moment_on_is_folded() -> None:
    rows = [row(k, (ONE, TWO, OTHER)[k % 3], k) for k in range(30)]
    with both() as made:
        made.since.follow({ONE: begin(9), TWO: begin(15)})
        made.fold(rows[:17])
        made.fold(rows[17:])
        after = [one for k, one in enumerate(rows) if (k % 3 == 0 and k >= 9) or (k % 3 == 1 and k >= 15)]
        assert unequal(made.rows(), alone(after)) == []


def test_repeated_events_and_those_of_nobody_count_as_little_as_ever() -> None:
    rows = [row(k, ONE, k) for k in range(10)]
    with both() as made:
        made.since.follow({ONE: begin(0)})
        made.fold([*rows, *rows[:5], row(90, ONE, 3, account_id=None)])
        made.fold(rows)
        assert unequal(made.rows(), alone(rows)) == []


def test_a_later_step_forgets_what_came_before_it_and_of_that_account_alone() -> None:
    rows = [row(k, (ONE, TWO)[k % 2], k, artefacts_carried=[pseudonym(k, "a")]) for k in range(20)]
    with both() as made:
        made.since.follow({ONE: begin(0), TWO: begin(0)})
        made.fold(rows)
        made.since.follow({ONE: begin(12), TWO: begin(0)})
        assert unequal(made.rows(), alone([one for one in rows if one["account_id"] == TWO])) == []
        assert set(made.since.engine.artefacts._rows[1].tolist()) == {TWO}
        more = [row(50 + k, ONE, 11 + k) for k in range(4)]
        made.fold(more)
        of_one = [one for one in rows if one["account_id"] == TWO] + more[1:]
        assert unequal(made.rows(), alone(of_one)) == []


def test_an_earlier_moment_where_a_step_was_undone_forgets_nothing_and_whom_nobody_follows_is_dropped() -> None:
    rows = [row(k, (ONE, TWO)[k % 2], k) for k in range(20)]
    with both() as made:
        made.since.follow({ONE: begin(10), TWO: begin(10)})
        made.fold(rows)
        made.since.follow({ONE: begin(5)})
        after = [one for k, one in enumerate(rows) if k % 2 == 0 and k >= 10]
        assert unequal(made.rows(), alone(after)) == []
        assert made.fresh(TWO) == NOT_MEASURED


def test_nothing_since_is_no_evidence_and_nobody_followed_is_not_measured() -> None:
    with both() as made:
        made.fold([row(k, ONE, k) for k in range(10)])
        made.since.follow({ONE: begin(20)})
        assert made.fresh(ONE, OTHER).accounts == {ONE: 0.0}


def test_reasoning_sent_back_since_is_foreign_whoever_received_it_and_whenever() -> None:
    stolen = [pseudonym(k, "artefact") for k in range(40)]
    born = [row(k, OTHER, 0, 1.0, artefacts_born=[stolen[k]]) for k in range(40)]
    before = [row(100 + k, ONE, 1, 1.0, artefacts_carried=[stolen[k]]) for k in range(40)]
    after = [row(200 + k, TWO, 30, 1.0, artefacts_carried=[stolen[k]]) for k in range(40)]
    with both() as made:
        made.since.follow({ONE: begin(24), TWO: begin(24)})
        made.fold(born + before)
        made.fold([*after, *(row(300 + k, ONE, 30, 1.0) for k in range(40))])
        found = made.fresh(ONE, TWO).accounts
    assert found[TWO] > 3.0
    assert found[ONE] == 0.0, "what was sent back before the step is not counted again"


def belonging(name: str) -> Belonging:
    return Belonging(
        name=name, accounts=3, belongs=1.0, one_operator=1.0, extraction=1.0, harvest_bits=9.0, log_p_rest=-9.0,
        extracting=True, sentence="",
    )  # fmt: skip


def test_members_are_read_as_one_account_and_of_their_own_campaign_alone() -> None:
    members = [pseudonym(k, "member") for k in range(8)]
    text = b"Explain step by step, with your whole chain of thought, question %d of the list about topic %d."
    rows = [
        row(k, members[k % 8], 30 + k / 50, prompt=text % (k, k * 7919 % 1009), n_turns=1, system=None, completion=None)
        for k in range(400)
    ]
    campaigns = {account: belonging("c-1") for account in members} | {OTHER: belonging("c-2")}
    with both() as made:
        made.since.follow({account: begin(24) for account in [*members, OTHER]})
        made.fold(rows)
        made.fold([row(900, OTHER, 31)])
        found = made.fresh(members[0], campaigns=campaigns)
        both_found = made.fresh(members[0], OTHER, campaigns=campaigns)
    assert found.accounts.keys() == {members[0]}
    assert found.campaigns.keys() == {"c-1"}
    assert found.campaigns["c-1"] > found.accounts[members[0]]
    assert both_found.campaigns["c-1"] == found.campaigns["c-1"] > both_found.campaigns["c-2"]


def test_it_goes_on_from_its_checkpoint_and_the_one_before_stays_until_the_new_one_counts(tmp_path: Path) -> None:
    rows = [row(k, ONE, k) for k in range(20)]
    with both() as made:
        assert made.since.checkpoint(tmp_path) == {}
        made.since.follow({ONE: begin(3)})
        made.fold(rows[:10])
        first = made.since.checkpoint(tmp_path)
        made.since.noted(first)
        made.fold(rows[10:])
        second = made.since.checkpoint(tmp_path)
        assert second["slot"] != first["slot"]
        for notes, last in ((first, 10), (second, 20)):
            again = Since.restore(tmp_path, notes, KEYS, SMALL)
            assert (len(again), unequal(held(again.engine), alone(rows[3:last]))) == (1, [])
            again.close()
        # The second never came to count: the next one takes its place, not that of the first.
        assert made.since.checkpoint(tmp_path)["slot"] == second["slot"]
    nobody = Since.restore(tmp_path, {}, KEYS, SMALL)
    assert len(nobody) == 0
    nobody.close()
    with pytest.raises(CheckpointError):
        Since.restore(tmp_path / "elsewhere", second, KEYS, SMALL)


def test_an_index_beside_everybodys_knows_births_but_not_what_was_carried_before() -> None:
    piece, later = pseudonym(1, "p"), pseudonym(2, "p")
    everybody, mine = ArtefactIndex(100), ArtefactIndex(100)
    rows = batch([row(0, OTHER, 0), row(1, ONE, 1), row(2, ONE, 9)])
    every = np.arange(3)
    everybody.add(rows, BORN, (every[:1], np.array([piece])))
    everybody.add(rows, BORN, (every[:1], np.array([later])))
    everybody.add(rows, CARRIED, (every[1:2], np.array([piece])))
    everybody.add(rows, CARRIED, (every[2:3], np.array([later])))
    mine.add(rows, CARRIED, (every[2:3], np.array([later])))
    accounts = np.array(sorted((ONE, OTHER)))
    at = accounts.tolist().index(ONE)
    assert everybody.replay(accounts).foreign_distinct[at] == 2
    assert mine.beside(everybody, accounts).replay(accounts).foreign_distinct[at] == 1
    assert mine.replay(accounts).foreign_distinct[at] == 0
    assert len(ArtefactIndex(100).beside(everybody, accounts)) == 0
