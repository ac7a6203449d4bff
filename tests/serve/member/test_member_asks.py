"""A firm that only asks, over loopback: answers of two others or none, and nobody finds it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from serve.member.parts import calendar, candidate, shared, trait
from stillwatch.cli import main
from stillwatch.ingest.door import Door
from stillwatch.ingest.keys import create_key
from stillwatch.model.errors import PeerError
from stillwatch.model.membership import Role
from stillwatch.serve.hub.closing import KEPT_EPOCHS
from stillwatch.serve.hub.tag_routes import TAGS
from stillwatch.serve.member.asking import ask, fetch
from stillwatch.serve.member.evaluating import open_epoch, tags_of
from stillwatch.serve.member.membership import membership
from stillwatch.serve.member.peer import BYTES, Answer
from stillwatch.serve.member.sharing import bodies, post
from stillwatch.serve.rehearsal import Rehearsal
from stillwatch.sharing.oblivious.kinds import BY_NAME
from stillwatch.sharing.oblivious.submission import grouped
from stillwatch.store.member import questions
from stillwatch.store.member.file import MemberFile
from stillwatch.verbs import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
LABS = ("Lab A", "Lab B")
ACCOUNTS = "account_id,email_domain\nacme,shared.example\nbolt,lonely.example\ncube,gmail.com\ndune,Shared.Example\n"
NETWORK = "198.51.100.0/24"


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Rehearsal]:
    made = Rehearsal(tmp_path, (*LABS, "Firm"), calendar())
    with made.hub.file.writing() as connection:
        connection.execute("UPDATE members SET roles = ? WHERE name = 'Firm'", (int(Role.ASKER),))
    yield made
    made.close()


def contribute(exchange: Rehearsal, name: str, kind: str, *values: str) -> None:
    part = exchange.parts[name]
    epoch = open_epoch(part.membership)
    inputs = [BY_NAME[kind].input(one) for one in values]
    for _, tags in tags_of(part.file, part.membership, epoch, kind, inputs):
        for body in bodies(grouped(tags, [[name.encode().ljust(16)]] * len(inputs), bytes)):
            post(part.file, part.membership, f"{TAGS}?epoch={epoch.number}&kind={kind}", body, "tags", BYTES)


@pytest.fixture
def run(
    exchange: Rehearsal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    accounts = tmp_path / "accounts.csv"
    accounts.write_text(ACCOUNTS)

    def opened(_: Any) -> Any:
        file = MemberFile(tmp_path / "firm.db", create=False)
        return file, membership(file, exchange.clock)

    def do(*words: str) -> tuple[int, str]:
        code = main(["check", str(accounts), *words])
        said = capsys.readouterr()
        return code, said.out + said.err

    monkeypatch.setattr(check, "opened", opened)
    return do


def test_a_firm_asks_and_is_told_after_the_close_what_two_others_know(exchange: Rehearsal, run: Any) -> None:
    for lab in LABS:
        contribute(exchange, lab, "email-domain:v1", "shared.example", f"{lab[-1].lower()}.example")
    contribute(exchange, "Lab A", "email-domain:v1", "lonely.example")

    code, said = run("--preview")
    assert (code, "nothing was sent" in said) == (0, True)
    code, said = run()
    assert code == 0
    assert "asks about 2 of email-domain:v1, of 3 accounts" in said
    assert "leaves out 1 on the list 'stillwatch freemail domains'" in said
    assert "asked under epoch 1" in said
    code, said = run("--json")
    assert (code, json.loads(said)["answers"]) == (0, None)
    assert run("--last")[0] == 2

    exchange.epoch_over(1)
    code, said = run("--json")
    answer = {"kind": "email-domain:v1", "tags": 1, "members_at_least": 2}
    told = {
        "epoch": 1,
        "complete": True,
        "answers": [{"account": name, **answer} for name in ("acme", "dune")],
        "too_common": {},
    }
    assert (code, json.loads(said)) == (1, told)
    assert run("--last", "--json") == (1, said)
    assert run("--last")[1].startswith("acme: 2 others or more know 1 of its email-domain:v1\n")
    # What was asked is answered: the next run asks under the epoch that is open now.
    assert "asked under epoch 2" in run()[1]


def test_answers_that_the_hub_has_deleted_are_said_to_be_and_asked_for_anew(exchange: Rehearsal, run: Any) -> None:
    for lab in LABS:
        contribute(exchange, lab, "email-domain:v1", "shared.example")
    run()
    for epoch in (1, KEPT_EPOCHS + 1):
        exchange.epoch_over(epoch)
    code, said = run("--json")
    assert (code, json.loads(said)) == (0, {"epoch": 1, "deleted": True, "answers": None})
    assert run("--last")[0] == 2
    assert json.loads(run("--preview", "--json")[1])["asks"] == {"email-domain:v1": 2}


def test_what_leaves_and_what_is_kept_hold_no_value(exchange: Rehearsal, run: Any, tmp_path: Path) -> None:
    (tmp_path / "values.csv").write_text(f"account_id,ip\nacme,{NETWORK}\nacme,198.51.100.7\n")
    assert run("--values", str(tmp_path / "values.csv"), "--json")[0] == 0
    with exchange.hub.oblivious.tags.reading() as connection:
        handles = connection.execute("SELECT kind, handle FROM asked").fetchall()
        assert connection.execute("SELECT count(*) FROM tags").fetchone()[0] == 0
    # Handles of two kinds of one account are not alike; decoys stand beside them.
    assert len({handle for _, handle in handles}) == len(set(handles)) > 4
    kept = b"".join(one.read_bytes() for one in tmp_path.glob("*.db*") if one.is_file())
    assert b"acme" in kept
    for secret in (b"shared.example", b"lonely.example", NETWORK.encode(), b"198.51.100.7"):
        assert secret not in kept


def test_under_the_key_of_the_alliance_it_asks_about_what_groups_share(
    exchange: Rehearsal, run: Any, tmp_path: Path
) -> None:
    alliance = tmp_path / "alliance.key"
    keyed = Door(create_key(alliance)).network(NETWORK) & (1 << 64) - 1
    for lab in LABS:
        shared(exchange.parts[lab], candidate("campaign", trait(keyed, "network")))
    (tmp_path / "values.csv").write_text("account_id,ip\nbolt,198.51.100.7\n")
    run("--values", str(tmp_path / "values.csv"), "--alliance", str(alliance))
    exchange.epoch_over(1)
    told = json.loads(run("--json")[1])["answers"]
    assert told == [{"account": "bolt", "kind": "trait:v1", "tags": 1, "members_at_least": 2}]


def test_nobody_is_told_of_who_asked_and_who_only_asks_cannot_contribute(exchange: Rehearsal, run: Any) -> None:
    contribute(exchange, "Lab A", "email-domain:v1", "shared.example")
    run()
    with pytest.raises(PeerError, match="403"):
        contribute(exchange, "Firm", "email-domain:v1", "shared.example")
    exchange.epoch_over(1)
    told = exchange.parts["Lab A"].membership.hub.ask("GET", "/v1/matches?epoch=1").told()
    assert (told["matches"], told["answers"]) == ([], [])
    assert "of no account two others know the same" in run()[1]


def test_stopped_half_way_it_asks_again_and_is_answered_once(
    exchange: Rehearsal, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lab in LABS:
        contribute(exchange, lab, "email-domain:v1", "shared.example")
    with monkeypatch.context() as broken:
        broken.setattr("stillwatch.serve.member.asking.questions.sent", _stopped)
        assert run()[0] == 2
    assert "asked under epoch 1" in run()[1]
    exchange.epoch_over(1)
    assert len(json.loads(run("--json")[1])["answers"]) == 2


def _stopped(*_: object) -> None:
    raise PeerError("stopped")


def test_an_epoch_that_closed_before_everything_had_left_is_answered_and_said(
    exchange: Rehearsal, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("stillwatch.serve.member.asking.tags_of", _stopped)
        run()
    exchange.epoch_over(1)
    assert json.loads(run("--json")[1])["complete"] is False
    assert "not everything had left" in run("--last")[1]


@pytest.mark.parametrize(
    "change",
    [
        {"answers": None},
        {"answers": [7]},
        {"too_common": []},
        {"too_common": {"x": 1}},
        {"too_common": {"email:v1": True}},
        *({"answers": [{"handle": "0" * 32, "kind": "email:v1", "tags": 1, "members_at_least": 2} | one]} for one in (
            {"handle": "0" * 31}, {"handle": "Z" * 32}, {"kind": "x"}, {"kind": []}, {"tags": 0}, {"tags": "1"},
            {"tags": 1 << 40}, {"members_at_least": 1}, {"members_at_least": True},
        )),
    ],
)  # fmt: skip
def test_an_answer_in_another_form_is_refused_and_nothing_is_kept(
    exchange: Rehearsal, change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = exchange.parts["Firm"]
    ask(part.file, part.membership, open_epoch(part.membership), {})
    told = {"answers": [], "too_common": {}} | change
    monkeypatch.setattr(type(part.membership.hub), "ask", lambda *_, **__: Answer(200, json.dumps(told).encode(), {}))
    with pytest.raises(PeerError):
        fetch(part.file, part.membership, 1)
    with part.file.reading() as connection:
        assert [one.answered_ms for one in questions.questions(connection)] == [-1]
