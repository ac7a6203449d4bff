from __future__ import annotations

import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.asgi_call import call
from sharing.logs import ALONE, KEY, ORIGIN, WITNESS_KEYS, WITNESSED, WITNESSES, Store
from stillwatch.model.errors import LogError, StoreBusy
from stillwatch.serve.hub.log import publish, receipt, record
from stillwatch.serve.hub.log_routes import LogRoutes
from stillwatch.sharing.transparency.audit import audit
from stillwatch.sharing.transparency.checkpoint import Checkpoint, open_checkpoint
from stillwatch.sharing.transparency.merkle import check_consistency
from stillwatch.sharing.transparency.note import Note, cosign, decode64, read_note
from stillwatch.sharing.transparency.receipt import check_receipt, read_receipt
from stillwatch.store.exchange import log

NOW_S = 1_790_000_000
SIZES = (3, 260, 600)


@pytest.fixture(scope="module")
def store():
    made = Store()
    for size in SIZES:
        with made.writing() as connection:
            first = log.edge(connection).size
            kinds = ["epoch-key" if n == 1 else "submission" for n in range(first, size)]
            assert record(connection, [(kind, {"n": 1}) for kind in kinds], size, secrets.token_bytes) == first
        with made.writing() as connection:
            assert publish(connection, ORIGIN, KEY, size)
            assert not publish(connection, ORIGIN, KEY, size)
    return made


@pytest.fixture
def app(store):
    return LogRoutes(store, WITNESSES[:2], lambda: NOW_S)


def get(app, path, query=""):
    return call(app, "GET", path, query=query)


def fetch_of(app):
    def fetch(path):
        found = get(app, f"/log/{path}")
        if found.status != 200:
            raise LogError(f"{path}: {found.status}")
        return found.body

    return fetch


def cosigned(note: bytes, name="w1.example", at_s=NOW_S) -> bytes:
    text = read_note(note).text
    return bytes(Note(text, (cosign(text, name, WITNESS_KEYS[name], at_s),)))


def test_a_log_with_members_as_witnesses_stands_an_audit_from_outside(store, app):
    kept = [get(app, f"/log/checkpoint/{size}").body for size in SIZES]
    held = [bytes(receipt(store.connection, index, size, shown=True)) for index, size in ((0, 3), (259, 260), (7, 600))]
    for name in ("w1.example", "w2.example"):
        assert call(app, "POST", "/log/cosignature", cosigned(kept[2], name)).json == {"accepted": [name]}

    found = audit(fetch_of(app), WITNESSED, kept, held)

    assert found.problems == ()
    assert (found.entries, found.receipts) == (600, 3)
    assert open_checkpoint(get(app, "/log/checkpoint").body, WITNESSED).witnesses == ("w1.example", "w2.example")


def test_what_never_changes_may_be_kept_and_what_does_may_not(app):
    for path in ("tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/000", "tile/entries/002.p/88"):
        found = get(app, f"/log/{path}")
        assert found.status == 200
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert found.headers["content-type"] == "application/octet-stream"
    found = get(app, "/log/checkpoint")
    assert found.headers["cache-control"] == "public, max-age=2"
    assert found.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_proof_of_inclusion_shows_the_record_of_an_open_kind_only(app):
    shown = check_receipt(read_receipt(get(app, "/log/proof", "index=1&size=260").body), ALONE)
    assert shown[0].kind == "epoch-key"

    other = read_receipt(get(app, "/log/proof", "index=2").body)
    assert (other.salt, other.record) == (b"", b"")


def test_an_erased_record_is_shown_no_more(store, app):
    with store.writing() as connection:
        log.erase(connection, 0)

    found = receipt(store.connection, 0, shown=True)
    assert found is not None
    assert (found.salt, found.record) == (b"", b"")
    assert get(app, "/log/proof", "index=0").status == 200


def test_a_proof_of_consistency_is_served(app):
    lines = get(app, "/log/proof", "from=3&size=260").body.decode().splitlines()
    old, new = (open_checkpoint(get(app, f"/log/checkpoint/{size}").body, ALONE).checkpoint for size in (3, 260))

    check_consistency(3, old.root, 260, new.root, [decode64(line) for line in lines])


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/log/", "", 404), ("/log/other", "", 404), ("/log/checkpoint/4", "", 404), ("/log/checkpoint/04", "", 400),
        ("/log/checkpoint/", "", 400), ("/log/checkpoint/3/", "", 400), ("/log/tile/0/003", "", 404),
        ("/log/tile/0/002", "", 404),
        ("/log/tile/0/002.p/89", "", 404), ("/log/tile/63/000", "", 404), ("/log/tile/0/../000", "", 404),
        ("/log/tile/0/x999/x999/x999/x999/x999/x999/999", "", 404), ("/log/tile/entries/003", "", 404),
        ("/log/proof", "", 400), ("/log/proof", "index=1&from=1", 400), ("/log/proof", "index=1&index=2", 400),
        ("/log/proof", "index=-1", 400), ("/log/proof", "index=", 400), ("/log/proof", "index=1&more=1", 400),
        ("/log/proof", "index=600", 404), ("/log/proof", "index=3&size=3", 404), ("/log/proof", "index=1&size=4", 404),
        ("/log/proof", "from=261&size=260", 404), ("/log/proof", "from=" + "9" * 30, 400),
        ("/log/proof", "index=" + "9" * 18, 404), ("/log/cosignature", "", 405),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused(app, path, query, status):
    assert get(app, path, query).status == status


PIECES = st.sampled_from(
    [
        "tile",
        "entries",
        "checkpoint",
        "proof",
        "0",
        "1",
        "000",
        "x001",
        "001.p/3",
        ".p",
        "..",
        "%00",
        "\ud800",
        "9" * 40,
        "",
    ]
)
QUERIES = st.sampled_from(["index=1", "from=3", "size=260", "size=", "index=%31", "index=\xff", "&", "=", "index=-1"])


@given(st.lists(PIECES, max_size=5).map("/".join), st.lists(QUERIES, max_size=3).map("&".join))
def test_any_path_is_answered(store, path, query):
    found = get(LogRoutes(store, WITNESSES, lambda: NOW_S), f"/log/{path}", query)

    assert found.status in {200, 400, 404, 405}


@given(st.binary(max_size=200))
def test_any_body_is_answered(store, content):
    assert refused(LogRoutes(store, WITNESSES, lambda: NOW_S), content)[0] == 400


def test_the_log_is_only_read(app):
    for method in ("POST", "PUT", "DELETE"):
        assert call(app, method, "/log/checkpoint").status == 405


def refused(app, content):
    found = call(app, "POST", "/log/cosignature", content)
    return found.status, json.loads(found.body)["error"]["message"]


def test_a_witness_that_saw_another_tree_is_told_to_keep_it(app):
    text = Checkpoint(ORIGIN, 260, bytes(32)).text
    seen = bytes(Note(text, (cosign(text, "w1.example", WITNESS_KEYS["w1.example"], NOW_S),)))

    assert refused(app, seen) == (409, "the witness has seen another checkpoint of this size; keep it, it is evidence")


def test_only_witnesses_of_this_log_sign_checkpoints_of_this_log(app):
    note = get(app, "/log/checkpoint/260").body
    text = Checkpoint(ORIGIN, 261, bytes(32)).text

    assert refused(app, cosigned(note, "w3.example"))[0] == 403
    assert refused(app, note)[0] == 403
    assert refused(app, cosigned(note).replace(b"\n260\n", b"\n261\n"))[0] == 400
    assert refused(app, cosigned(text + b"\n" + note.split(b"\n\n")[1]))[0] == 404
    assert refused(app, cosigned(note, at_s=NOW_S + 301))[0] == 400
    assert refused(app, b"rubbish")[0] == 400
    assert refused(app, b"x" * (65 << 10))[0] == 413
    assert len(read_note(get(app, "/log/checkpoint/260").body).signatures) == 1


def test_a_busy_store_asks_for_patience():
    class Busy(Store):
        def reading(self):
            raise StoreBusy("/secret/path")

    found = get(LogRoutes(Busy(), (), lambda: 0), "/log/checkpoint")

    assert found.status == 503
    assert b"secret" not in found.body
