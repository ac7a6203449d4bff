"""What a member's verbs refuse: every sentence says what is wrong and who acts, and nothing has left."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import uuid
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from serve.hub.hubs import free_port
from serve.member.parts import calendar, candidate, trait
from stillwatch.cli import main
from stillwatch.ingest.keys import create_key
from stillwatch.model.errors import PeerError
from stillwatch.model.membership import EVERY_PURPOSE, Member, Role, State, Tlp
from stillwatch.serve.member.evaluating import open_epoch
from stillwatch.serve.member.membership import membership
from stillwatch.serve.member.peer import Peer
from stillwatch.serve.member.sharing import prepared
from stillwatch.serve.rehearsal import Rehearsal
from stillwatch.sharing.policy import SharingPolicy
from stillwatch.sharing.transparency.note import SIGNED, Verifier
from stillwatch.store.exchange.holder import admit
from stillwatch.store.exchange.members import invite, members
from stillwatch.store.member import shares
from stillwatch.store.member.file import MemberFile
from stillwatch.verbs import join, share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
SECRET = "a-secret-that-nobody-may-see"  # noqa: S105
VERBS = (
    "join http://127.0.0.1:1 --invitation-file a --custodian http://127.0.0.1:1 --custodian-secret-file b --vkey c",
    "share --list", "inbox", "withdraw 1", "publish a", "opinion a seed", "docket list", "allow list", "check a.csv",
)  # fmt: skip


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Rehearsal]:
    made = Rehearsal(tmp_path / "exchange", ("Lab A",), calendar())
    yield made
    made.close()


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> str:
        capsys.readouterr()
        assert main([str(word) for word in words]) == 2
        said = capsys.readouterr()
        assert (said.out, SECRET in said.err) == ("", False)
        return said.err

    return run


@pytest.fixture
def newcomer(exchange: Rehearsal, tmp_path: Path) -> Callable[..., list[str]]:
    """Write what the operators give a newcomer; gives the words of ``join``, some of them otherwise."""
    part = exchange.parts["Lab A"].membership
    invitation = secrets.token_urlsafe(32)
    asked = Member(0, str(uuid.uuid4()), "Lab B", State.INVITED, Role.READER, Tlp.AMBER, EVERY_PURPOSE)
    with exchange.hub.file.writing() as connection:
        invite(connection, asked, invitation.encode(), exchange.clock())
    (tmp_path / "invitation").write_text(invitation + "\n")
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "two").write_text("two words")
    admit(exchange._custodian_base, "lab-b", SECRET, exchange.clock() // 1_000)
    usual = {
        "hub": part.hub.base, "--invitation-file": "invitation", "--custodian": part.custodian.base,
        "--custodian-secret-file": "secret", "--vkey": part.verifier, "--member": "b.db",
    }  # fmt: skip

    def words(other: Mapping[str, str] = MappingProxyType({})) -> list[str]:
        told = usual | other
        return ["join", told.pop("hub"), *(word for name, value in told.items() if value for word in (name, value))]

    return words


def test_an_invitation_is_not_spent_on_what_is_wrong(
    newcomer: Any, refused: Any, exchange: Rehearsal, tmp_path: Path
) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    other = Verifier("127.0.0.1/log", SIGNED, bytes(31) + b"\x01")
    assert "https" in refused(*newcomer({"hub": "http://hub.example"}))
    assert "--invitation-file none" in refused(*newcomer({"--invitation-file": "none"}))
    assert "one secret and nothing else" in refused(*newcomer({"--custodian-secret-file": "two"}))
    assert "--vkey abc" in refused(*newcomer({"--vkey": "abc"}))
    assert "is not signed with the key of --vkey" in refused(*newcomer({"--vkey": str(other)}))
    assert f"the hub does not answer at {away}" in refused(*newcomer({"hub": away}))
    assert f"the custodian does not answer at {away}" in refused(*newcomer({"--custodian": away}))
    assert "give --invitation-file" in refused(*newcomer({"--invitation-file": "", "--member": "none.db"}))
    assert "has joined no hub" in refused(*newcomer({"--invitation-file": ""}))

    assert main(newcomer()) == 0
    assert "joined already" in refused(*newcomer())
    assert "ask the hub's operator for a new one" in refused(*newcomer({"--member": "c.db"}))
    # Another secret is taken without an invitation, at that hub alone.
    (tmp_path / "next").write_text("another-secret")
    assert main(newcomer({"--invitation-file": "", "--custodian-secret-file": "next"})) == 0
    assert "has joined another hub" in refused(*newcomer({"--invitation-file": "", "hub": away}))
    file = MemberFile(tmp_path / "b.db", create=False)
    headers = membership(file, exchange.clock).custodian._headers
    file.close()
    assert headers("GET", "", None, "")["Authorization"] == "Bearer another-secret"


def test_who_is_stopped_before_the_answer_joins_with_the_same_words(
    newcomer: Any, refused: Any, exchange: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, words = Peer._once, newcomer()

    def lost(peer: Peer, method: str, path: str, *more: Any) -> Any:
        got = asked(peer, method, path, *more)
        if path == "/v1/join":
            raise PeerError("the line broke")
        return got

    monkeypatch.setattr(Peer, "_once", lost)
    assert "the line broke" in refused(*words)
    monkeypatch.setattr(Peer, "_once", asked)
    assert main(words) == 0
    with exchange.hub.file.reading() as connection:
        [joined] = [one for one in members(connection) if one.name == "Lab B"]
    assert joined.state is State.ACTIVE
    # Nobody else joins with it.
    assert "ask the hub's operator for a new one" in refused(*newcomer({"--member": "c.db"}))


def test_an_invitation_that_is_over_is_said_to_be_no_good(newcomer: Any, refused: Any, exchange: Rehearsal) -> None:
    words = newcomer()
    exchange.clock.forward_to(exchange.clock() // 1_000 + 8 * 86_400_000)
    assert "ask the hub's operator for a new one" in refused(*words)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("share logs", "--alliance FILE names the key that members share"),
        ("share logs --alliance none", "none: the key file cannot be read"),
        ("share logs --list", "give logs to prepare a share, or --approve N, or --list"),
        ("share", "give logs to prepare a share, or --approve N, or --list"),
        ("share --approve 7", "there is no share 7"),
        ("share --approve 7 --policy none", "--policy none: No such file"),
        ("share --approve 7 --policy broken.toml", "--policy broken.toml: no TOML"),
        ("share --approve 7 --policy misspelt.toml", "'automatik' is no part of a sharing policy; known are accounts"),
        ("inbox --watch 0", "look every second at most"),
        ("withdraw 7", "there is no share 7"),
        ("withdraw joint:1:j-0", "this member has told nothing of it"),
        ("publish joint:1:j-0", "no joint campaign of this member; `stillwatch inbox` shows all"),
        ("opinion joint:1:j-0 seed", "joint:1:j-0: the hub shows this member nothing of it; `stillwatch inbox`"),
        ("docket open joint:1:j-0", "joint:1:j-0: the hub shows this member nothing of it"),
        ("docket review ../members upheld", "'../members' is no docket; `stillwatch docket list` shows all"),
        (f"docket review {uuid.UUID(int=4)} upheld", "the hub shows this member nothing of it"),
        ("docket overturned", "--store decisions.db: there is no store of decisions"),
        ("allow add acct --key none", "none: the key file cannot be read"),
        ("check none.csv", "none.csv: no such account file"),
    ],
)
def test_what_is_wrong_is_said(words: str, says: str, refused: Any, shared_exchange: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("automatic = ")
    (tmp_path / "misspelt.toml").write_text("automatik = true")
    assert says in refused(*words.split(), "--member", shared_exchange)


@pytest.fixture(scope="module")
def shared_exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = Rehearsal(tmp_path_factory.mktemp("exchange"), ("Lab A",), calendar())
    yield made.parts["Lab A"].file.path
    made.close()


@pytest.mark.parametrize("words", [words for words in VERBS if not words.startswith("join")])
def test_who_has_not_joined_is_told_to(words: str, refused: Any) -> None:
    assert "`stillwatch join` makes one" in refused(*words.split(), "--member", "none.db")


def test_a_peer_that_is_away_keeps_what_was_prepared(exchange: Rehearsal, refused: Any) -> None:
    part = exchange.parts["Lab A"]
    groups, _ = prepared([candidate("one", trait(5))], SharingPolicy(), part.membership.handles, 1)
    with part.file.writing() as connection:
        number = shares.add(connection, 1, part.membership.now_ms, "", groups)
    member = ("--member", part.file.path)
    hub, custodian = exchange._servers
    custodian.stop()
    said = refused("share", "--approve", number, *member)
    assert f"the custodian does not answer at {part.membership.custodian.base}" in said
    hub.stop()
    for words in (["inbox"], ["docket", "list"], ["opinion", "joint:1:j-0", "seed"], ["withdraw", "joint:1:j-0"]):
        said = refused(*words, *member)
        assert "told nothing" in said or f"the hub does not answer at {part.membership.hub.base}" in said
    with part.file.reading() as connection:
        assert shares.share(connection, number).state == "waiting"


def test_key_holders_that_do_not_agree_are_told_apart_before_anything_leaves(
    exchange: Rehearsal, monkeypatch: pytest.MonkeyPatch, refused: Any, tmp_path: Path
) -> None:
    """A custodian with another calendar, as its member sees it."""
    part = exchange.parts["Lab A"]
    told = json.loads(part.membership.custodian.ask("GET", "/v1/oprf/epochs").content)
    for one in told["epochs"]:
        one["closes_ms"] += 86_400_000
    asked, sent = type(part.membership.custodian).ask, []

    def ask(peer: Any, method: str, path: str, *more: Any, **named: Any) -> Any:
        sent.append(method)
        got = asked(peer, method, path, *more, **named)
        return type(got)(got.status, json.dumps(told).encode()) if peer.name == "custodian" else got

    monkeypatch.setattr(type(part.membership.custodian), "ask", ask)
    create_key(tmp_path / "alliance.key")
    said = refused("share", "logs", "--alliance", "alliance.key", "--member", part.file.path)
    assert "hub and custodian do not have the same calendar" in said
    assert "nothing is sent" in said
    assert set(sent) == {"GET"}


def test_an_automatic_share_that_was_cut_short_says_how_it_goes_on(
    exchange: Rehearsal, monkeypatch: pytest.MonkeyPatch, capsys: Any, tmp_path: Path
) -> None:
    part = exchange.parts["Lab A"]
    create_key(tmp_path / "alliance.key")
    (tmp_path / "logs.jsonl").write_text("")
    (tmp_path / "policy.toml").write_text("automatic = true")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(join, "membership", lambda file: membership(file, exchange.clock))
    monkeypatch.setattr(share, "scanned", lambda *_: None)
    groups, offers = prepared([candidate("one", trait(5))], SharingPolicy(), part.membership.handles, 1)
    monkeypatch.setattr(share, "prepared", lambda *_: (groups, offers))
    epoch = open_epoch(part.membership)

    def opened(_: Any) -> Any:
        exchange._servers[1].stop()
        return epoch

    monkeypatch.setattr(share, "open_epoch", opened)
    words = ["share", "logs.jsonl", "--alliance", "alliance.key", "--policy", "policy.toml"]
    assert main([*words, "--member", str(part.file.path), "--json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "share 1 waits; try again: stillwatch share --approve 1" in said.err


def test_without_the_extra_every_verb_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "class Without:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('msgspec', 'voprf', 'cryptography', 'starlette'):\n"
        "            raise ImportError(f'No module named {name}', name=name)\n"
        "sys.meta_path.insert(0, Without())\n"
        "from stillwatch.cli import main\n"
        "print([main(words.split()) for words in sys.argv[1:]])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *VERBS], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == f"{[2] * len(VERBS)}\n"
    assert done.stderr.splitlines() == [
        "stillwatch: an exchange needs the extra exchange: pip install 'stillwatch[exchange]'"
    ] * len(VERBS)
