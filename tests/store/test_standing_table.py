from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.model.decision import IN_GOOD_STANDING, Action, Decision
from stillwatch.model.errors import StoreError
from stillwatch.store import standing as module
from stillwatch.store.decisions import record
from stillwatch.store.spans import MACHINE, pack
from stillwatch.store.standing import StandingTable, standing
from stillwatch.store.switch import turn
from stillwatch.store.undo import Scope, undo
from store.stored import A_DECISION, HOUR, NOW, decision

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.store.database import Database


@pytest.mark.usefixtures("database")
def test_nobody_decided_about_is_in_good_standing(file: Path) -> None:
    table = StandingTable(file)

    assert table.get(-5, NOW) == IN_GOOD_STANDING


def test_the_strictest_action_in_force_wins_and_each_ends_when_it_ends(database: Database, file: Path) -> None:
    hold = decision("d-2", action=Action.HOLD, from_ms=NOW + HOUR, until_ms=NOW + 2 * HOUR, campaign="C")
    record(database, [A_DECISION, hold], NOW)
    table = StandingTable(file)

    seen = [table.get(7, NOW + shift).action for shift in (-1, 0, HOUR - 1, HOUR, 2 * HOUR, 24 * HOUR)]

    assert seen == [Action.OBSERVE, Action.THROTTLE, Action.THROTTLE, Action.HOLD, Action.THROTTLE, Action.OBSERVE]
    held = table.get(7, NOW + HOUR)
    assert (held.decision, held.clause, held.campaign, held.until_ms) == (
        "d-2",
        "no-model-copying",
        "C",
        NOW + 2 * HOUR,
    )


def test_a_shadow_decision_is_never_in_force(database: Database, file: Path) -> None:
    record(database, [decision("d-1", shadow=True)], NOW)

    assert StandingTable(file).get(7, NOW).action == Action.OBSERVE


def test_refresh_follows_what_another_writer_does(database: Database, file: Path) -> None:
    table = StandingTable(file)
    assert table.refresh() is False

    record(database, [A_DECISION], NOW)
    assert table.get(7, NOW).action == Action.OBSERVE, "until it is refreshed"
    assert table.refresh() is True
    assert table.get(7, NOW).action == Action.THROTTLE
    undo(database, Scope(account=7), by="ada", why="wrong", now_ms=NOW)
    assert table.refresh() is True
    assert table.get(7, NOW).action == Action.OBSERVE
    assert table.refresh() is False


def test_released_lets_go_of_the_machines_decisions_and_keeps_a_persons(database: Database, file: Path) -> None:
    record(database, [A_DECISION, decision("d-2", account=8, by="ada")], NOW)
    table = StandingTable(file)

    turn(database, "released", by="ada", why="wrong weights", now_ms=NOW)
    table.refresh()
    assert [table.get(account, NOW).action for account in (7, 8)] == [Action.OBSERVE, Action.THROTTLE]
    turn(database, "on", by="ada", why="put right", now_ms=NOW)
    table.refresh()
    assert table.get(7, NOW).action == Action.THROTTLE


def test_many_changes_are_packed_anew_without_a_difference(
    database: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OVERLAY", 3)
    table = StandingTable(file)
    for account in range(10):
        record(database, [decision(f"d-{account}", account=account)], NOW)
        table.refresh()

        assert [table.get(one, NOW).decision for one in range(account + 1)] == [f"d-{n}" for n in range(account + 1)]
    assert len(table) == 10


def test_spans_that_ended_long_ago_are_not_loaded(database: Database, file: Path) -> None:
    record(database, [A_DECISION], NOW)

    assert len(StandingTable(file, NOW + 47 * HOUR)) == 1
    assert len(StandingTable(file, NOW + 49 * HOUR)) == 0


def test_a_store_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        StandingTable(tmp_path / "none.db")


@pytest.mark.usefixtures("database")
def test_the_table_writes_nothing(file: Path) -> None:
    table = StandingTable(file)

    with pytest.raises(Exception, match="readonly"):
        table._connection.execute("DELETE FROM waiting")


SPAN = st.tuples(
    st.integers(-3, 3),
    st.sampled_from(Action),
    st.integers(0, 6),
    st.integers(1, 6),
    st.sampled_from(("policy", "ada")),
)


@settings(deadline=None, max_examples=200)
@given(spans=st.lists(SPAN, max_size=12), now=st.integers(-1, 13), account=st.integers(-4, 4), released=st.booleans())
def test_packed_spans_agree_with_the_plain_rule(
    spans: list[tuple[int, Action, int, int, str]], now: int, account: int, released: bool
) -> None:
    rows = [
        (who, int(action), begins, begins + lasts, f"d-{n}", "c", "", by)
        for n, (who, action, begins, lasts, by) in enumerate(spans)
    ]
    packed = pack(sorted(rows, key=lambda row: (row[0], -row[1], -row[3])))

    binds = [r for r in rows if r[0] == account and r[2] <= now < r[3] and not (released and r[7] == "policy")]
    found = packed.find(account, now, MACHINE if released else 0)

    assert (found is None) == (not binds)
    if found:
        assert found.action == max(row[1] for row in binds)
        assert found.until_ms == max(row[3] for row in binds if row[1] == found.action)


def test_table_and_store_agree(database: Database, file: Path) -> None:
    taken: list[Decision] = [
        decision(f"d-{n}", account=n % 5, action=Action(n % 6), from_ms=NOW + n, until_ms=NOW + 3 * n + 1)
        for n in range(40)
    ]
    record(database, taken, NOW)
    table = StandingTable(file)

    with database.reading() as connection:
        for account in range(6):
            for moment in range(0, 130, 7):
                assert table.get(account, NOW + moment) == standing(connection, account, NOW + moment)
