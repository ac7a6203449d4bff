"""Standing from the store: taken over within a refresh, undone within one, and visible where it cannot be read."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace

import pytest

from serve.gateway.conftest import FAR
from serve.gateway.wire import BODY, post
from stillwatch.model.decision import IN_GOOD_STANDING, Action
from stillwatch.serve.gateway.standing import Every, StandingUnknown, StoreStandings
from stillwatch.store.database import Database
from stillwatch.store.decisions import record
from stillwatch.store.undo import Scope, undo
from store.stored import A_DECISION

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
NOW = 1_790_000_000_000
SECRET = "correct-horse-battery"  # noqa: S105  of a test


def decided(id_: str, account: int, action: Action = Action.THROTTLE):
    return replace(A_DECISION, id=id_, account=account, action=action, from_ms=0, until_ms=FAR, clause="no-copying")


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "decisions.db")
    yield made
    made.close()


def made(path, **more) -> StoreStandings:
    return StoreStandings(path, more.pop("stale_s", 30.0), lambda: NOW, more.pop("seconds", lambda: 0.0))


def test_a_throttle_in_the_store_slows_the_account_within_a_refresh_and_undo_ends_it(database, gateways, tmp_path):
    calm = {"rate": {"account_burst": 2.0, "account_per_min": 0.01}, "delay": {"used": False}}
    table = StoreStandings(tmp_path / "decisions.db", 30.0)
    gateway = gateways(standings=table, barriers=calm, following={"refresh_s": 0.05})
    assert [post(gateway.port, BODY)[0] for _ in range(5)] == [200] * 5
    account = gateway.parts.callers.account(gateway.record()["account_id"])

    record(database, [decided("d-1", account)], NOW)
    until(lambda: table.get(account, NOW).action == Action.THROTTLE)
    assert [post(gateway.port, BODY)[0] for _ in range(4)] == [200, 200, 429, 429]
    assert post(gateway.port, BODY, key="sk-other")[0] == 200

    undo(database, Scope(decision="d-1"), by="mel", why="mistaken", now_ms=NOW)
    until(lambda: table.get(account, NOW) == IN_GOOD_STANDING)
    assert [post(gateway.port, BODY)[0] for _ in range(5)] == [200] * 5


def until(holds) -> None:
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(("fail", "wanted"), [("open", 200), ("closed", 503)])
def test_a_missing_store_is_visible_and_the_settings_say_what_happens(fail, wanted, gateways, secret, tmp_path):
    table = made(tmp_path / "none.db")
    gateway = gateways(standings=table, fail=fail, decisions={"secret_file": secret})

    assert post(gateway.port, BODY)[0] == wanted
    code, _, body = post(gateway.port, b"", path="/healthz", method="GET")
    told = json.loads(body)
    assert code == wanted
    assert (told["status"], told["fail"], told["standing"]["state"]) == ("degraded", fail, "missing")
    metrics = post(gateway.port, b"", path="/metrics", method="GET", key=SECRET)[2].decode().splitlines()
    assert 'stillwatch_gateway_standing_state{state="missing"} 1' in metrics
    assert 'stillwatch_gateway_standing_failures_total{reason="missing"} 1' in metrics

    Database(tmp_path / "none.db").close()
    table.refresh()
    assert post(gateway.port, BODY)[0] == 200
    told = json.loads(post(gateway.port, b"", path="/healthz", method="GET")[2])
    assert (told["status"], told["standing"]["state"]) == ("ok", "fresh")


def test_a_stale_copy_keeps_what_was_in_force_and_is_no_proof_that_nothing_is(database, tmp_path):
    now = [0.0]
    record(database, [decided("d-1", 7, Action.HOLD)], NOW)
    table = made(tmp_path / "decisions.db", seconds=lambda: now[0])
    assert table.get(8, NOW) == IN_GOOD_STANDING

    now[0] = 31.0
    assert table.get(7, NOW).action == Action.HOLD
    with pytest.raises(StandingUnknown, match="stale"):
        table.get(8, NOW)
    assert (table.told()["state"], table.told()["age_s"]) == ("stale", 31.0)

    table.refresh()
    assert table.get(8, NOW) == IN_GOOD_STANDING
    assert table.told()["state"] == "fresh"


def test_a_store_that_goes_away_is_told_and_the_copy_stays(database, tmp_path):
    record(database, [decided("d-1", 7)], NOW)
    table = made(tmp_path / "decisions.db")
    shutil.move(tmp_path / "decisions.db", tmp_path / "elsewhere")

    table.refresh()

    assert table.get(7, NOW).action == Action.THROTTLE
    assert (table.failures, table.told()["wrong"]) == (1, "FileNotFoundError")


def test_another_file_in_the_stores_place_is_read_anew(database, tmp_path):
    table = made(tmp_path / "decisions.db")
    other = Database(tmp_path / "restored.db")
    record(other, [decided("d-9", 7)], NOW)
    other.close()
    database.close()
    for ending in ("-wal", "-shm"):
        (tmp_path / f"decisions.db{ending}").unlink(missing_ok=True)
    (tmp_path / "restored.db").replace(tmp_path / "decisions.db")

    table.refresh()

    assert table.get(7, NOW).decision == "d-9"


def test_what_is_no_store_is_missing(tmp_path):
    (tmp_path / "decisions.db").write_bytes(b"no database, whatever its name says" * 100)
    table = made(tmp_path / "decisions.db")

    assert table.told()["state"] == "missing"
    assert table.told()["wrong"] == "StoreTorn"
    with pytest.raises(StandingUnknown, match="missing"):
        table.get(7, NOW)


def test_a_thread_does_its_thing_again_and_again_and_ends_when_told():
    turns = []
    thread = Every(0.01, lambda: turns.append(1), "test")
    thread.start()
    until(lambda: len(turns) >= 3)
    thread.stop()
    seen = len(turns)
    time.sleep(0.05)
    assert len(turns) == seen
