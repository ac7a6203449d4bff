"""Three providers take part in an exchange by their verbs, over loopback: what waits, what leaves, what comes back."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pyarrow.csv as pacsv
import pytest

from serve.member.parts import NAMES, calendar
from stillwatch.cli import main
from stillwatch.evaluate.exchange.labs import key_of, write_labs
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.reports.leaving import FIELDS
from stillwatch.serve.member.membership import membership
from stillwatch.serve.member.peer import Answer, Peer
from stillwatch.serve.rehearsal import Rehearsal
from stillwatch.store.member import inbox
from stillwatch.store.member.journal import journal
from stillwatch.verbs import join

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stillwatch.ingest.keys import PseudonymKey

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
SEED = 7
POLICY = 'automatic = true\nshare = 0.3\naccounts = 900\ntell = true\ncollection = "Campaigns"\n'
NOBODY_LOOKS = "the policy lets nothing leave by itself"


def written(path: Path, key: PseudonymKey) -> Path:
    secret = key.secret.hex()
    path.write_text(json.dumps({"stillwatch-key": 1, "epochs": {"1": secret}}))
    path.chmod(0o600)
    return path


class Labs:
    """Three providers at their terminals, and everything that leaves them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.capsys = folder, capsys
        self.logs = dict(zip(NAMES, write_labs(folder, 3, SEED), strict=True))
        self.exchange = Rehearsal(folder / "exchange", NAMES, calendar())
        self.left: list[tuple[str, bytes]] = []
        written(folder / "alliance.key", key_of("alliance", SEED))
        for logs in self.logs.values():
            written(logs / "own.key", key_of(logs.name, SEED))
        (folder / "sharing.toml").write_text(POLICY)
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setattr(join, "membership", lambda file: membership(file, self.exchange.clock))
        asked = Peer.ask

        def ask(peer: Peer, method: str, path: str, body: bytes | None = None, *more: Any, **named: Any) -> Answer:
            if body is not None:
                self.left.append((path.partition("?")[0], body))
            return asked(peer, method, path, body, *more, **named)

        monkeypatch.setattr(Peer, "ask", ask)

    def run(self, name: str, verb: str, *words: object) -> tuple[int, str, str]:
        member = self.exchange.parts[name].file.path
        self.capsys.readouterr()
        code = main([verb, *map(str, words), "--member", str(member)])
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    def json(self, name: str, verb: str, *words: object) -> tuple[int, Any]:
        code, out, _ = self.run(name, verb, *words, "--json")
        return code, json.loads(out)

    def shares(self, name: str, *words: object) -> tuple[int, Any]:
        at = self.logs[name]
        own = ("--accounts", at / "accounts.csv", "--key", at / "own.key", "--alliance", self.folder / "alliance.key")
        return self.json(name, "share", at / "logs", *own, *words)

    def out(self, name: str) -> list[str]:
        with self.exchange.parts[name].file.reading() as connection:
            return [line.what for line in journal(connection) if line.way == "out"]

    def held(self, table: str) -> int:
        oblivious = self.exchange.hub.oblivious
        assert oblivious
        with oblivious.tags.reading() as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our words


@pytest.fixture
def labs(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Labs]:
    made = Labs(tmp_path, capsys, monkeypatch)
    yield made
    made.exchange.close()


def fields(one: Any, name: str = "") -> set[str]:
    """Name the fields of offers, the cells of a sketch among them."""
    if isinstance(one, dict) and name != "tags.layers":
        return {field for key, value in one.items() for field in fields(value, f"{name}.{key}".strip("."))}
    if isinstance(one, list):
        return {field for value in one for field in fields(value, name)}
    return {name}


def shown_fields() -> set[str]:
    split = [(name, rest or "") for name, _, rest in (one.partition(": ") for one, _ in FIELDS)]
    return {f"{name}.{part}".strip(".") for name, rest in split for part in rest.split(", ")}


def test_three_take_part(labs: Labs) -> None:
    # Lab A has no policy: it is shown everything, and nothing leaves.
    code, preview = labs.shares("Lab A")
    assert (code, preview["waits"], preview["share"]) == (0, NOBODY_LOOKS, 1)
    assert preview["groups"]
    assert preview["fields"] == dict(FIELDS)
    assert labs.left == []
    assert labs.out("Lab A") == ["joined with a public key"]
    assert (labs.held("tags"), labs.held("submissions")) == (0, 0)
    assert labs.json("Lab A", "share", "--list")[1][0]["state"] == "waiting"

    # With somebody's word it leaves: blinded elements, tags, digests.
    code, sent = labs.json("Lab A", "share", "--approve", "1")
    assert (code, sent["sent"]) == (0, len(preview["groups"]))
    assert {path for path, _ in labs.left} == {"/v1/oprf/1/evaluate", "/v1/tags", "/v1/commitments"}
    assert labs.out("Lab A").count("trait:v1: blinded elements") == 2
    assert labs.held("tags") > 0
    for name in NAMES[1:]:
        # One document, of what was shown and what became of it.
        code, sent = labs.shares(name, "--policy", labs.folder / "sharing.toml")
        assert (code, sent["waits"], sent["sent"], sent["told"]) == (0, "", len(sent["groups"]), [])
    assert labs.run("Lab A", "share", "--approve", "1")[0] == 2

    # The epoch closes; of what matched the evidence leaves, field by field what was shown.
    labs.left.clear()
    labs.exchange.epoch_over(1)
    for name in NAMES:
        code, told = labs.json(name, "inbox")
        assert (code, told["offered"] > 0, told["joint"]) == (0, True, [])
    offered = [one for path, body in labs.left if path == "/v1/offers" for one in json.loads(body)]
    assert [path for path, _ in labs.left] == ["/v1/offers"] * 3
    assert fields(offered) | {"commitments", "detector"} == shown_fields()
    bytes_left = b"".join(body for _, body in labs.left)
    for at in labs.logs.values():
        accounts = pacsv.read_csv(at / "accounts.csv").column("account_id").to_pylist()
        assert len(accounts) > 1_000
        assert not [one for one in accounts if one.encode() in bytes_left]

    labs.exchange.hub.tending.round()
    subject = found_by_all(labs)
    told_and_disputed(labs, subject)


def found_by_all(labs: Labs) -> str:
    subjects = set()
    for name in NAMES:
        code, told = labs.json(name, "inbox")
        assert code == 1
        subjects |= {one["subject"] for one in told["joint"] if one["extracting"]}
    [subject] = subjects
    code, page, _ = labs.run("Lab A", "inbox", "--offline")
    assert code == 1
    assert re.search(rf"^{subject} .* reported", page, re.MULTILINE)
    assert max(map(len, page.splitlines())) <= 80
    return subject


def told_and_disputed(labs: Labs, subject: str) -> None:
    # Lab A tells; whoever holds the same tags is warned.
    code, made = labs.json("Lab A", "publish", subject)
    assert (code, made["id"][:10]) == (0, "campaign--")
    code, told = labs.json("Lab B", "inbox")
    assert (code, [one["id"] for one in told["campaigns"]]) == (1, [made["id"]])
    assert told["warnings"]
    page = labs.run("Lab B", "inbox", "--offline")[1]
    assert f"others tell of Joint campaign {subject.rpartition(':')[2]}: " in page
    assert made["id"] in page
    assert max(map(len, page.splitlines())) <= 80

    # Two that do not agree: it stops to count, at once at who said it, and at everybody at the next look.
    assert labs.json("Lab A", "opinion", subject, "positive") == (0, {"subject": subject, "state": "POSITIVE"})
    assert labs.json("Lab B", "opinion", subject, "negative", "--why", "a reseller")[1]["state"] == "DISPUTED"
    assert labs.run("Lab B", "publish", subject)[0] == 2
    for name in NAMES:
        code, told = labs.json(name, "inbox")
        assert (code, [one["counts"] for one in told["joint"] if one["subject"] == subject]) == (0, [False])
    assert "disputed" in labs.run("Lab C", "inbox", "--offline")[1]

    # An appeal at one is reviewed at all.
    code, opened = labs.json("Lab B", "docket", "open", subject, "--outcome", "overturned")
    assert code == 0
    assert [one["own"] for one in labs.json("Lab A", "docket", "list")[1]["dockets"]] == ["due"]
    assert labs.run("Lab A", "docket", "review", opened["docket"], "upheld")[0] == 0
    assert [one["own"] for one in labs.json("Lab A", "docket", "list")[1]["dockets"]] == ["upheld"]
    assert f"stillwatch docket review {opened['docket']}" in labs.run("Lab C", "inbox")[1]

    # What was told is taken back; what was joined is not.
    assert labs.json("Lab A", "withdraw", subject)[1]["revoked"] > 0
    told = labs.json("Lab B", "inbox")[1]
    assert (told["campaigns"], told["warnings"]) == ([], [])
    code, _, said = labs.run("Lab A", "withdraw", "1")
    assert (code, "dispute the joint campaign instead" in said) == (2, True)
    vouched(labs, subject)


def vouched(labs: Labs, subject: str) -> None:
    """What a provider says of its own customers stands above what the others say."""
    accounts = pacsv.read_csv(labs.logs["Lab A"] / "accounts.csv").column("account_id").to_pylist()
    key = ("--key", labs.logs["Lab A"] / "own.key")
    assert labs.run("Lab A", "allow", "add", *accounts, *key, "--why", "all of them")[0] == 0
    with labs.exchange.parts["Lab A"].file.reading() as connection:
        [one] = [one for one in inbox.findings(connection) if one.subject == subject]
    assert one.account.shape[0] == 0
    assert labs.run("Lab A", "allow", "remove", *accounts, *key)[0] == 0
    with labs.exchange.parts["Lab A"].file.reading() as connection:
        [one] = [one for one in inbox.findings(connection) if one.subject == subject]
    told = labs.json("Lab A", "inbox", "--offline")[1]
    [shown] = [each["accounts"] for each in told["joint"] if each["subject"] == subject]
    assert shown == [pseudonym_text(account) for account in one.account.tolist()] != []
