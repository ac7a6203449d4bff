"""A hub as its operator sets it up: objects, keys and members are in a log that anybody can audit; tags are taken."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from serve.hub.hubs import indicator
from stillwatch.cli import main
from stillwatch.serve.hub.oblivious import holder_file
from stillwatch.sharing.oblivious.cascade import HolderKeys, Question, answered, begin
from stillwatch.sharing.oblivious.kinds import BY_NAME
from stillwatch.sharing.oblivious.submission import grouped, packed
from stillwatch.sharing.oblivious.with_voprf import Voprf
from stillwatch.sharing.taxii.media import TAXII
from stillwatch.sharing.transparency.audit import audit
from stillwatch.sharing.transparency.checkpoint import Trust
from stillwatch.sharing.transparency.note import read_verifier
from stillwatch.store.exchange.file import HubFile
from stillwatch.store.exchange.holder import HolderBase
from verbs.operating import Operator, operating

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    with operating(tmp_path, capsys) as made:
        made.do("member", "invite", "Lab A", "--roles", "reader,contributor")
        made.do("member", "admit", "Lab A")
        made.do("group", "set", "labs", "--members", "Lab A")
        made.do("epochs", "set", "--starts", dt.datetime.now(tz=dt.UTC).date().isoformat(), "--days", "7")
        yield made


def until(true: Any) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_what_happens_is_in_the_log_and_the_log_holds_together(operator: Operator, tmp_path: Path) -> None:
    secret = operator.do("member", "rotate", "Lab A")["bearer"]
    [made] = operator.do("collection", "add", "Campaigns", "--group", "labs")
    operator.serve()
    headers = {"Authorization": f"Bearer {secret}", "Accept": TAXII, "Content-Type": TAXII}
    url = f"{operator.base}/api/collections/{made['id']}/objects/"
    assert requests.post(url, json={"objects": [indicator(1)]}, headers=headers, timeout=9).json()["success_count"] == 1

    def shown() -> Any:
        return operator.do("log", "show", "--base", operator.base)

    # Invited, admitted, a group, a calendar, a secret, a key of the epoch and of the next, and what was sent.
    until(lambda: shown()["signed"] == shown()["entries"] >= 8)
    trust = Trust(read_verifier(shown()["vkey"]))

    def fetch(path: str) -> bytes:
        found = requests.get(f"{operator.base}/log/{path}", timeout=9)
        found.raise_for_status()
        return found.content

    kept = fetch("checkpoint")
    operator.do("member", "suspend", "Lab A")
    until(lambda: shown()["signed"] == shown()["entries"] > 8)
    found = audit(fetch, trust, [kept])
    assert (found.problems, found.forks) == ((), ())
    assert found.entries == shown()["entries"]
    assert found.latest is not None
    words = ["hub", "audit", "--base", operator.base, "--vkey", shown()["vkey"], "--json"]
    seen = tmp_path / "seen"
    assert main([*words, "--keep", str(seen)]) == 0
    assert json.loads(operator.capsys.readouterr().out) == {
        "entries": found.entries, "receipts": 0, "forks": 0, "problems": []
    }  # fmt: skip
    assert main([*words, "--checkpoint", str(seen)]) == 0
    seen.write_bytes(seen.read_bytes()[:-8] + b"AAAAAAA\n")
    assert main([*words, "--checkpoint", str(seen)]) == 1
    assert main([*words[:5], "nonsense"]) == 2
    assert "--vkey nonsense" in operator.capsys.readouterr().err
    never_signed = kept[:-8] + b"AAAAAAA\n"
    assert audit(fetch, trust, [never_signed]).problems


def test_a_member_asks_both_holders_and_submits_tags(operator: Operator) -> None:
    secret = operator.do("member", "rotate", "Lab A")["bearer"]
    operator.serve()
    bearer = {"Authorization": f"Bearer {secret}"}
    suite, custodian = Voprf(), secrets.token_bytes(32)
    until(lambda: requests.get(operator.base + "/v1/oprf/epochs", headers=bearer, timeout=9).json()["epochs"])
    [now, *_] = requests.get(operator.base + "/v1/oprf/epochs", headers=bearer, timeout=9).json()["epochs"]
    keys = HolderKeys(now["epoch"], suite.public_key(custodian), bytes.fromhex(now["public_key"]))
    kind = BY_NAME["email:v1"]
    asked = begin(suite, kind.name, [kind.input("someone@example.org")], keys, secrets.token_bytes)
    while isinstance(asked, Question):
        if asked.to == "custodian":
            answer = suite.evaluate(custodian, asked.body)
        else:
            fresh = {"stillwatch-created": str(int(time.time())), "stillwatch-nonce": secrets.token_hex(16)}
            got = requests.post(
                f"{operator.base}/v1/oprf/{keys.epoch}/evaluate", data=asked.body, headers=bearer | fresh, timeout=30
            )
            assert got.status_code == 200, got.text
            answer = got.content
        asked = answered(suite, asked, answer)
    body = packed(grouped(asked, [[b"h" * 16]], secrets.token_bytes))
    url = f"{operator.base}/v1/tags?epoch={keys.epoch}&kind={kind.name}"
    assert requests.post(url, data=body, timeout=9).status_code == 401
    sent = requests.post(url, data=body, headers=bearer, timeout=9)
    assert (sent.status_code, json.loads(sent.content)["again"]) == (201, False)
    assert requests.get(f"{operator.base}/v1/matches?epoch={keys.epoch}", headers=bearer, timeout=9).status_code == 409


def test_a_calendar_that_was_begun_and_not_settled_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "hub.db"
    HubFile(store).close()
    HolderBase(holder_file(store)).close()
    assert main(["hub", "serve", "--store", str(store)]) == 2
    assert "hub epochs set" in capsys.readouterr().err
