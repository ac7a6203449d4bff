"""The page for a liaison from top to bottom, as Lab A types it; two others take part beside it."""

from __future__ import annotations

import json
import secrets
import shutil
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from docs.pages import shown_in
from serve.member.parts import calendar, candidate, shared, trait
from stillwatch.cli import main
from stillwatch.model.membership import EVERY_PURPOSE, Member, Role, State, Tlp
from stillwatch.serve.member.membership import membership
from stillwatch.serve.member.opinions import open_docket
from stillwatch.serve.member.receiving import receive_joint
from stillwatch.serve.rehearsal import Rehearsal
from stillwatch.store.database import Database
from stillwatch.store.exchange.groups import groups, set_group
from stillwatch.store.exchange.holder import admit
from stillwatch.store.exchange.members import invite
from stillwatch.verbs import inbox, join, share

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
OTHERS = ("Lab B", "Lab C")
SUBJECT, DOCKET = "joint:7:j-1df7e2a9c0", "5b2d6f0e-6f0a-4d0e-9c39-1f2a5a8f7f11"
CAMPAIGN = candidate("campaign", trait(0xA11))
STOPPED = 130


class Reader:
    """Lab A, and what its page shows in place of what it has."""

    def __init__(self, exchange: Rehearsal, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.exchange, self.capsys = exchange, capsys
        part, now_us = exchange.parts[OTHERS[0]].membership, exchange.clock()
        invitation, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        roles = Role.READER | Role.CONTRIBUTOR
        asked = Member(0, str(uuid.uuid4()), "Lab A", State.INVITED, roles, Tlp.AMBER, EVERY_PURPOSE)
        with exchange.hub.file.writing() as connection:
            number = invite(connection, asked, invitation.encode(), now_us).number
            [group] = groups(connection)
            set_group(connection, group.id, group.name, [*group.members, number], now_us)
        admit(exchange._custodian_base, "lab-a", secret, now_us // 1_000)
        (folder / "invitation.txt").write_text(invitation)
        (folder / "secret.txt").write_text(secret)
        self.real = {
            "https://hub.example": part.hub.base,
            "https://keys.example": part.custodian.base,
            "hub.example/log+1f2e3d4c+AQEB": part.verifier,
        }

    def type(self, words: tuple[str, ...]) -> int:
        self.capsys.readouterr()
        return main([self.real.get(word, word) for word in words])

    def told(self, *words: str) -> Any:
        assert self.type((*words, "--json")) in (0, 1)
        return json.loads(self.capsys.readouterr().out)

    def epoch_passes(self) -> None:
        """Let the others share, the epoch close, and everybody offer; Lab A does it by its next command."""
        for name in OTHERS:
            shared(self.exchange.parts[name], CAMPAIGN)
        self.exchange.epoch_over(1)
        self.others_look()

    def others_look(self) -> None:
        for name in OTHERS:
            receive_joint(self.exchange.parts[name].file, self.exchange.parts[name].membership)
        self.exchange.hub.tending.round()

    def docket_comes(self) -> None:
        """Let Lab B tell of an appeal on the same."""
        part = self.exchange.parts[OTHERS[0]]
        self.real[DOCKET] = open_docket(part.file, part.membership, self.real[SUBJECT], "overturned")


@pytest.fixture
def reader(
    tmp_path: Path,
    tiny_world: Path,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Reader]:
    exchange = Rehearsal(tmp_path / "exchange", OTHERS, calendar())
    shutil.copytree(tiny_world / "world" / "logs", tmp_path / "logs")
    shutil.copy(tiny_world / "world" / "accounts.csv", tmp_path)
    page = (root / "docs" / "how-to" / "take-part-in-an-exchange.md").read_text(encoding="utf-8")
    (tmp_path / "sharing.toml").write_text(page.partition("```toml\n")[2].partition("```")[0])
    Database(tmp_path / "decisions.db").close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(join, "membership", lambda file: membership(file, exchange.clock))
    # The logs are read as they are; what is odd in them is given, so that the others hold the same.
    monkeypatch.setattr(share, "candidates", lambda *_, **__: (CAMPAIGN,))
    monkeypatch.setattr(inbox.time, "sleep", stopped)
    yield Reader(exchange, tmp_path, capsys)
    exchange.close()


def stopped(_: float) -> None:
    raise KeyboardInterrupt


def test_the_page_runs_from_top_to_bottom(reader: Reader, root: Path) -> None:
    page = root / "docs" / "how-to" / "take-part-in-an-exchange.md"
    calls = [one.words[1:] for one in shown_in(page) if one.words[0] == "stillwatch"]
    codes: dict[tuple[str, ...], int] = {}
    for words in calls:
        if words[0] == "watch":
            # It stays until it is stopped; tests/serve/test_watch_joint.py has what it does with --exchange.
            continue
        if words == ("inbox",):
            reader.epoch_passes()
        if words[0] == "publish":
            [one] = reader.told("inbox")["joint"]
            reader.real[SUBJECT] = one["subject"]
        if words == ("docket", "list"):
            reader.docket_comes()
        codes[words] = reader.type(words)
        said = reader.capsys.readouterr().err
        assert ("nothing was written" in said, "what came before is kept" in said) == (False, codes[words] == STOPPED)
        if words == ("inbox",):
            reader.others_look()
    assert len(codes) == len(calls) - 1
    odd = {words: code for words, code in codes.items() if code}
    assert odd == {
        ("inbox", "--watch", "15"): STOPPED,
        # A joint campaign is reported as extraction.
        ("inbox", "--offline", "--json"): 1,
        # It was joined by then.
        ("withdraw", "2"): 2,
    }
    assert [one["state"] for one in reader.told("share", "--list")] == ["sent", "sent"]
    assert reader.told("docket", "list")["dockets"][0]["own"] == "upheld"
