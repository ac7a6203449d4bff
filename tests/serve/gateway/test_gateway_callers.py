"""Who calls: credentials, accounts, headers of a proxy; and what goes on of a head."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pytest

from serve.gateway.conftest import KEY
from serve.gateway.wire import BODY, post
from stillwatch.enforcement.barriers.base import Refusal
from stillwatch.ingest.door import Door
from stillwatch.model.errors import InputError
from stillwatch.serve.gateway import accounts as accounts_module
from stillwatch.serve.gateway.accounts import Callers, read_accounts
from stillwatch.serve.gateway.proxy import heads
from stillwatch.serve.gateway.read import settings_of


def callers(tmp_path=None, **accounts) -> Callers:
    if tmp_path is not None:
        file = tmp_path / "keys.yaml"
        file.write_text(f"sha256:{hashlib.sha256(b'sk-known').hexdigest()}: team-17\n")
        accounts["keys_file"] = str(file)
    return Callers(settings_of({"upstreams": {"default": {"url": "http://x"}}, "accounts": accounts}, "t"), KEY)


def find(who: Callers, *headers: tuple[bytes, bytes], peer: str = "192.0.2.1"):
    head = heads.read_head(headers, who.header)
    assert not isinstance(head, Refusal)
    return who.find(head, peer)


def test_accounts_have_the_pseudonym_that_the_door_of_ingest_gives():
    assert callers().account("team-17") == Door(KEY).account("team-17")


def test_artefacts_hash_as_the_event_columns_hold_them():
    column = pa.array([["c2ln", "b3RoZXI"]], pa.list_(pa.string()))
    assert list(callers().artefacts(["c2ln", "b3RoZXI"]).values()) == Door(KEY)._list(column).to_pylist()[0]
    assert all(
        isinstance(value, int) and not isinstance(value, np.integer) for value in callers().artefacts(["a"]).values()
    )


@pytest.mark.parametrize(
    "header",
    [
        (b"authorization", b"Bearer sk-known"),
        (b"authorization", b"bearer  sk-known"),
        (b"x-api-key", b"sk-known"),
        (b"api-key", b"sk-known"),
    ],
)
def test_a_known_credential_is_its_account_wherever_it_stands(header, tmp_path):
    caller = find(callers(tmp_path), header)

    assert caller.name == "team-17"
    assert "known" not in caller.credential
    assert len(caller.credential) == 32


def test_an_unknown_credential_is_an_account_of_its_own_or_refused(tmp_path):
    own = find(callers(tmp_path), (b"x-api-key", b"sk-new"))
    assert own.name == f"credential:{own.credential}"
    assert own.account != find(callers(tmp_path), (b"x-api-key", b"sk-newer")).account
    assert find(callers(tmp_path, unknown="refuse"), (b"x-api-key", b"sk-new")).status == 401
    assert find(callers(tmp_path, unknown="refuse"), (b"x-api-key", b"sk-known")).name == "team-17"


def test_no_credential_is_refused_unless_addresses_may_be_accounts():
    assert find(callers()).status == 401
    assert find(callers(anonymous="own")).name == "anonymous:192.0.2.1"


def test_one_credential_in_both_headers_is_one_and_two_are_refused():
    both = (b"authorization", b"Bearer sk-1"), (b"x-api-key", b"sk-1")
    assert find(callers(), *both).name == find(callers(), both[1]).name
    assert find(callers(), both[0], (b"x-api-key", b"sk-2")).status == 400


def test_the_header_of_a_proxy_is_believed_from_there_only():
    who = callers(header="X-Account", proxies=["10.0.0.0/8"])
    named = (b"x-account", b"team-17")

    assert find(who, named, peer="10.1.2.3").name == "team-17"
    assert find(who, named, peer="192.0.2.1").status == 400
    assert find(who, named, peer="").status == 400
    assert find(who, (b"x-account", b" "), peer="10.1.2.3").status == 400
    assert isinstance(heads.read_head([named, named], who.header), Refusal)
    assert isinstance(heads.read_head([named, (b"connection", b"x-account")], who.header), Refusal)


def test_addresses_come_from_declared_proxies_only():
    tree = {"upstreams": {"default": {"url": "http://x"}}, "forwarded_by": ["10.0.0.0/8"]}
    who = Callers(settings_of(tree, "t"), KEY)
    headers = (b"x-api-key", b"k"), (b"x-forwarded-for", b"203.0.113.9, 203.0.113.7")

    assert find(who, *headers, peer="10.0.0.1").address == "203.0.113.7"
    assert find(who, *headers, peer="192.0.2.1").address == "192.0.2.1"
    assert find(callers(), *headers, peer="10.0.0.1").address == "10.0.0.1"


@pytest.mark.parametrize(
    "text", ["a: b\n", "[1]\n", "sha256:zz: team\n", f"sha256:{'0' * 64}: 7\n", "sk-secret: team\n", "a: [\n"]
)
def test_account_keys_of_another_form_are_refused_without_telling_them(text, tmp_path):
    file = tmp_path / "keys.yaml"
    file.write_text(text)

    with pytest.raises(InputError) as caught:
        read_accounts(file)
    assert "sk-secret" not in str(caught.value)


def test_pseudonyms_are_remembered_within_a_bound(monkeypatch):
    monkeypatch.setattr(accounts_module, "_REMEMBERED", 10)
    who = callers()
    given = [who.account(f"a-{i}") for i in range(50)]

    assert len(who._pseudonyms) <= 10
    assert [who.account(f"a-{i}") for i in range(50)] == given


def test_hop_by_hop_headers_end_here_and_all_others_go_on():
    sent = [
        (b"host", b"x"), (b"x-a", b"1"), (b"connection", b"keep-alive, X-B"), (b"x-b", b"2"), (b"te", b"trailers"),
        (b"x-a", b"\xc3\xbc  two"), (b"proxy-authorization", b"p"), (b"content-length", b"3"), (b"accept", b"*/*"),
    ]  # fmt: skip

    head = heads.read_head(sent, b"")

    assert head.on == [(b"x-a", b"1"), (b"x-a", b"\xc3\xbc  two"), (b"accept", b"*/*")]


def test_headers_of_an_answer_go_on_and_those_of_its_old_bytes_do_not():
    raw = [(b"Content-Length", b"9"), (b"ETag", b"e"), (b"Connection", b"x-c"), (b"X-C", b"1"), (b"Set-Cookie", b"a"),
           (b"Set-Cookie", b"b"), (b"Keep-Alive", b"5")]  # fmt: skip

    assert heads.answer_headers(raw, rewritten=False) == [
        (b"content-length", b"9"), (b"etag", b"e"), (b"set-cookie", b"a"), (b"set-cookie", b"b")]  # fmt: skip
    assert heads.answer_headers(raw, rewritten=True) == [(b"set-cookie", b"a"), (b"set-cookie", b"b")]


@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_configured_credential_replaces_the_customers(gateways, model, model_url, secret):
    upstream = {"url": model_url, "credential_header": "X-Api-Key", "credential_file": secret}
    gateway = gateways(upstreams={"default": upstream})

    assert post(gateway.port, BODY, key="sk-customer")[0] == 200
    [sent] = model.sent
    assert sent.header("x-api-key") == ["correct-horse-battery"]
    assert sent.header("authorization") == []


@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_the_query_goes_on_as_it_came(gateway, model):
    path = "/v1/messages?beta=true&x=%2F%20a+b&x=2"

    assert post(gateway.port, BODY, path=path)[0] == 200
    assert model.sent[-1].path == path
