"""Where a broker is and how one gets in: credentials never on the command line, never in a message."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from stillwatch.cli import main
from stillwatch.model.errors import InputError, KeyFileError
from stillwatch.serve.watch.brokers.access import VARIABLE, Access, access_of
from stillwatch.serve.watch.brokers.jetstream import JetStream
from stillwatch.serve.watch.brokers.place import place_of

if TYPE_CHECKING:
    from pathlib import Path


def test_places_have_hosts_ports_and_a_queue() -> None:
    place = place_of("kafka+tls://a,b-2.example:9999,[::1]:1/my.topic_1")
    assert place.hosts == ("a:9092", "b-2.example:9999", "[::1]:1")
    assert (place.kind, place.tls, place.queue) == ("kafka", True, "my.topic_1")
    assert str(place_of("nats://a/s")) == "nats://a:4222/s"


@pytest.mark.parametrize(
    "text",
    [
        *("a:9092/t", "redis://a/t", "nats://a", "nats://a/", "nats://a/b/c", "nats://a:0/s", "nats://a:70000/s"),
        *("nats://a b/s", "nats://,/s", "kafka://a/t?x=1", "nats://a/s\n", "kafka://a/" + "t" * 250),
    ],
)
def test_what_is_no_place_is_told(text: str) -> None:
    with pytest.raises(InputError, match="--from"):
        place_of(text)


def test_credentials_in_the_address_are_refused_and_not_repeated() -> None:
    with pytest.raises(InputError, match="mode 0600") as told:
        place_of("nats://watch:very-secret@a/s")
    assert "very-secret" not in str(told.value)


def test_credentials_come_from_a_closed_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "login"
    file.write_text("watch:very:secret\n")
    file.chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        access_of(str(file), {}, None, None, None)
    file.chmod(0o600)
    for access in (
        access_of(str(file), {VARIABLE: "other:one"}, None, None, None),
        access_of(None, {VARIABLE: "watch:very:secret"}, "ca.pem", None, None),
    ):
        assert (access.user, access.password) == ("watch", "very:secret")
        assert "secret" not in repr(access)
    assert access.ca_file == "ca.pem"
    assert access_of(None, {}, None, None, None).user == ""
    file.write_text("-----BEGIN NATS USER JWT-----\nxyz\n")
    assert access_of(str(file), {}, None, None, None).creds_file == str(file)
    for wrong in ("watch", ":secret", "watch:", "a:b\nc:d"):
        file.write_text(wrong)
        with pytest.raises(KeyFileError, match="USER:PASSWORD"):
            access_of(str(file), {}, None, None, None)
    with pytest.raises(InputError, match="cannot be read"):
        access_of(str(tmp_path / "none"), {}, None, None, None)
    with pytest.raises(InputError, match="certificates"):
        access_of(None, {}, str(tmp_path / "none.pem"), None, None).context()


def watch(tmp_path: Path, *options: str) -> int:
    return main(["watch", "--folder", str(tmp_path / "watch"), "--key", str(tmp_path / "a.key"), *options])


@pytest.mark.parametrize(("missing", "kind"), [("confluent_kafka", "kafka"), ("nats.aio.client", "nats")])
def test_an_extra_that_is_not_there_is_named(
    tmp_path: Path, missing: str, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("jetstream", "kafka"):
        monkeypatch.delitem(sys.modules, f"stillwatch.serve.watch.brokers.{name}", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    assert watch(tmp_path, "--from", f"{kind}://127.0.0.1:1/requests") == 2
    assert f"pip install 'stillwatch[{kind}]'" in capsys.readouterr().err


def test_a_creds_file_without_its_package_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillwatch.serve.watch.brokers.jetstream.find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"nats-py\[nkeys\]"):
        JetStream(place_of("nats://a/s"), Access(creds_file=str(tmp_path / "a.creds")), "stillwatch", lambda: None)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--from", "nats://a:b@127.0.0.1/s"], "credentials"),
        (["--from", "nats://127.0.0.1:1/s"], "--from-monitor"),
        (["--from", "nats://127.0.0.1:1/s", "--from-ca", "x.pem"], "nats+tls"),
        (["--from", "nats+tls://127.0.0.1:1/s", "--from-ca", "x.pem"], "certificates"),
        (["--from", "nats://127.0.0.1:1/s", "--once"], "has no end"),
    ],
)
def test_wrong_options_end_it_before_it_listens(
    tmp_path: Path, options: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert watch(tmp_path, *options) == 2
    assert why in capsys.readouterr().err
