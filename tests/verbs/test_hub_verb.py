"""The hub as its operator runs it: invited, grouped, served, killed."""

from __future__ import annotations

import base64
import json
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from serve.hub.hubs import indicator, now_us
from stillwatch.cli import main
from stillwatch.serve.hub.joining import PROVES
from stillwatch.serve.hub.signatures import sign
from stillwatch.sharing.taxii.media import TAXII
from verbs.operating import Operator, operating

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]


@pytest.fixture
def operator(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    with operating(tmp_path, capsys) as made:
        yield made


def joining(key: Ed25519PrivateKey, invitation: str) -> dict[str, str]:
    return {
        "invitation": invitation,
        "key": base64.b64encode(key.public_key().public_bytes_raw()).decode(),
        "proof": base64.b64encode(key.sign(PROVES + invitation.encode())).decode(),
    }


def test_a_member_is_invited_joins_once_shares_and_is_parted_with(operator: Operator) -> None:
    invited = operator.do("member", "invite", "Lab A", "--roles", "reader,contributor", "--ceiling", "red")
    operator.do("group", "set", "labs", "--members", "Lab A")
    [made] = operator.do("collection", "add", "Campaigns", "--group", "labs")
    operator.serve()
    key = Ed25519PrivateKey.generate()
    wrong = joining(Ed25519PrivateKey.generate(), invited["invitation"])
    wrong["key"] = joining(key, "x")["key"]
    assert requests.post(operator.base + "/v1/join", json=wrong, timeout=9).status_code == 400
    joined = requests.post(operator.base + "/v1/join", json=joining(key, invited["invitation"]), timeout=9)
    # Who never heard the answer asks again with the same key; anybody else comes too late.
    again = requests.post(operator.base + "/v1/join", json=joining(key, invited["invitation"]), timeout=9)
    other = joining(Ed25519PrivateKey.generate(), invited["invitation"])
    late = requests.post(operator.base + "/v1/join", json=other, timeout=9)
    assert [joined.status_code, again.status_code, late.status_code] == [200, 200, 403]
    assert again.json() == joined.json()
    assert joined.json()["member"] == invited["id"]

    def signed(method: str, path: str, body: bytes | None = None) -> requests.Response:
        url = operator.base + path
        nonce = f"{time.time_ns():032d}"
        headers = sign(key, joined.json()["key_id"], nonce, now_us(), method, url, body, TAXII)
        return requests.request(method, url, data=body, headers={"Accept": TAXII, **headers}, timeout=9)

    path = f"/api/collections/{made['id']}/objects/"
    assert signed("POST", path, json.dumps({"objects": [indicator(1)]}).encode()).json()["success_count"] == 1
    assert signed("GET", path + "?limit=1").json()["objects"] == [indicator(1)]
    operator.do("member", "suspend", "Lab A")
    assert signed("GET", path).status_code == 403
    operator.do("member", "resume", "Lab A")
    assert signed("GET", path).status_code == 200
    assert operator.do("member", "leave", "Lab A")["state"] == "left"
    assert signed("GET", path).status_code == 401
    assert operator.do("group", "list") == [{**operator.do("group", "list")[0], "version": 2, "members": []}]
    assert operator.end(signal.SIGTERM) in (0, -signal.SIGTERM)


def test_what_was_answered_outlives_a_kill_in_the_middle(operator: Operator) -> None:
    operator.do("member", "invite", "Lab A", "--roles", "reader,contributor")
    operator.do("member", "admit", "Lab A")
    secret = operator.do("member", "rotate", "Lab A")["bearer"]
    operator.do("group", "set", "labs", "--members", "Lab A")
    [made] = operator.do("collection", "add", "Campaigns", "--group", "labs")
    url = f"{operator.base}/api/collections/{made['id']}/objects/"
    headers = {"Authorization": f"Bearer {secret}", "Accept": TAXII, "Content-Type": TAXII}
    answered: list[str] = []
    for turn in range(3):
        operator.serve()

        def send(turn: int = turn) -> None:
            for at in range(2000):
                sent = [indicator(turn * 100_000 + 3 * at + one) for one in range(3)]
                try:
                    answer = requests.post(url, json={"objects": sent}, headers=headers, timeout=9)
                except requests.RequestException:
                    return
                if answer.status_code == 202:
                    answered.extend(one["id"] for one in sent)

        thread = threading.Thread(target=send)
        thread.start()
        time.sleep(0.4 + 0.1 * turn)
        operator.end(signal.SIGKILL)
        thread.join()
    operator.serve()

    got: list[str] = []
    query = "?limit=500"
    while True:
        page = requests.get(url + query, headers=headers, timeout=9).json()
        got += [one["id"] for one in page["objects"]]
        if not page["more"]:
            break
        query = f"?limit=500&next={page['next']}"
    assert answered
    assert set(answered) <= set(got), "what was answered is there"
    assert len(got) == len(set(got))
    assert len(got) % 3 == 0, "a submission is whole or was never there"


@pytest.mark.parametrize(
    "words",
    [
        ("member", "list"),
        ("member", "rotate", "nobody"),
        ("member", "invite", "a,b"),
        ("member", "invite", "x", "--roles", "king"),
        ("member", "invite", "x", "--purposes", "none"),
        ("group", "set", "g", "--members", "nobody"),
        ("collection", "add", "c", "--group", "none"),
        ("serve",),
    ],
)
def test_what_is_wrong_is_said(operator: Operator, words: tuple[str, ...]) -> None:
    assert main(["hub", *words, "--store", str(operator.store)]) == 2
    assert "stillwatch: " in operator.capsys.readouterr().err


def test_secrets_do_not_go_over_a_plain_line(operator: Operator) -> None:
    operator.do("member", "invite", "Lab A")
    assert main(["hub", "serve", "--store", str(operator.store), "--base", "http://hub.example"]) == 2
    assert "https" in operator.capsys.readouterr().err


def test_members_and_groups_stay_as_they_were_told(operator: Operator) -> None:
    operator.do("member", "invite", "Lab A", "--purposes", "detect,research")
    assert main(["hub", "member", "invite", "Lab A", "--store", str(operator.store)]) == 2
    [one] = operator.do("member", "list")
    assert (one["state"], one["roles"], one["purposes"]) == ("invited", ["reader"], ["detect", "research"])
    assert operator.store.stat().st_mode & 0o077 == 0
