"""The configuration: all of it, nothing unknown, and errors that say where."""

from __future__ import annotations

import json

import pytest

from stillwatch.cli import main
from stillwatch.enforcement.barriers import BARRIERS
from stillwatch.model.decision import Action
from stillwatch.model.errors import InputError
from stillwatch.serve.gateway.read import read_settings, settings_of
from stillwatch.serve.gateway.settings import DEFAULT_PATHS

LEAST = "upstreams: {default: {url: 'https://api.example.com'}}\n"


def read(tmp_path, text: str):
    file = tmp_path / "gateway.yaml"
    file.write_text(text)
    return read_settings(file)


def test_the_least_configuration_has_every_default(tmp_path):
    got = read(tmp_path, LEAST)

    assert got.barriers == BARRIERS
    assert dict(got.paths) == DEFAULT_PATHS
    assert (got.fail, got.accounts.unknown, got.accounts.anonymous) == ("open", "own", "refuse")


def test_files_are_meant_from_where_the_configuration_stands(tmp_path):
    text = LEAST.replace("}}", ", credential_header: x-api-key, credential_file: /run/model}}")
    got = read(tmp_path, text + "accounts: {keys_file: keys.yaml}\ndecisions: {secret_file: ../secret}\n")

    assert got.key == str(tmp_path / "stillwatch.key")
    assert got.accounts.keys_file == str(tmp_path / "keys.yaml")
    assert got.decisions.secret_file == str(tmp_path / "../secret")
    assert got.upstreams["default"].credential_file == "/run/model"


def test_what_is_written_is_what_is_read(tmp_path):
    got = read(
        tmp_path,
        LEAST
        + """
listen: {host: 0.0.0.0, port: 80}
limits: {head_s: 5, body_bytes: 10}
paths:
  /v1/responses/*: {shape: responses, methods: [GET]}
barriers:
  logprobs: {least: notify, most: 3}
  step_up: {status: 428, link: "https://example.com/{decision}"}
  samples: {used: false}
fail: closed
""",
    )

    by_name = {one.name: one for one in got.barriers}
    assert (got.listen.port, got.limits.head_s, got.limits.body_bytes, got.fail) == (80, 5.0, 10, "closed")
    assert got.paths["/v1/responses/*"].methods == ("GET",)
    assert "/v1/messages" in got.paths
    assert (by_name["logprobs"].least, by_name["logprobs"].most, by_name["logprobs"].decimals) == (Action.NOTIFY, 3, 2)
    assert (by_name["step_up"].status, by_name["samples"].used) == (428, False)
    assert [one.name for one in got.barriers] == [one.name for one in BARRIERS]


WRONG = {
    "nothing": ("", "expected names"),
    "no upstream": ("listen: {port: 1}\n", "default"),
    "unknown": (LEAST + "fial: open\n", "'fial' is no setting"),
    "unknown below": (LEAST + "limits: {head: 1}\n", "limits: 'head'"),
    "unknown barrier": (LEAST + "barriers: {zero_width: {}}\n", "no barrier 'zero_width'"),
    "secret in the file": (LEAST + "barriers: {variants: {key: abc}}\n", "'key' is no setting"),
    "text for a number": (LEAST + "listen: {port: '80'}\n", "listen.port: expected a whole number"),
    "truth for a number": (LEAST + "listen: {port: true}\n", "listen.port"),
    "negative": (LEAST + "limits: {head_s: -1}\n", "from 0"),
    "infinite": (LEAST + "limits: {head_s: .inf}\n", "from 0"),
    "other word": (LEAST + "fail: maybe\n", "one of open, closed"),
    "other action": (LEAST + "barriers: {logprobs: {least: maybe}}\n", "one of observe"),
    "other shape": (LEAST + "paths: {/x: {shape: poem}}\n", "one of chat"),
    "other upstream": (LEAST + "paths: {/x: {upstream: y}}\n", "no upstream 'y'"),
    "relative path": (LEAST + "paths: {x: {}}\n", "must begin with /"),
    "star within": (LEAST + "paths: {/a/*/b: {}}\n", "may end with"),
    "no address": ("upstreams: {default: {url: api}}\n", "write an address"),
    "half a credential": ("upstreams: {default: {url: 'http://x', credential_header: a}}\n", "belong together"),
    "header without proxies": (LEAST + "accounts: {header: x-a}\n", "name the proxies"),
    "no network": (LEAST + "forwarded_by: [x]\n", "write a network"),
    "twice": (LEAST + LEAST, "given twice"),
    "alias": ("a: &a [1]\nb: *a\n" + LEAST, "aliases"),
    "no yaml": ("a: [", "no YAML"),
    "tag": (LEAST + "key: !!python/object/apply:os.system ['true']\n", "no YAML"),
    "list": (LEAST + "forwarded_by: 10.0.0.0/8\n", "list of texts"),
    "deep": ("[" * 1_200, "no YAML"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told(name, tmp_path):
    text, told = WRONG[name]

    with pytest.raises(InputError, match=f"gateway.yaml.*{told}"):
        read(tmp_path, text)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_settings(tmp_path / "absent.yaml")


def test_an_upstream_without_address_is_told():
    with pytest.raises(InputError, match="'url' is missing"):
        settings_of({"upstreams": {"default": {}}}, "t")


def test_check_says_what_the_configuration_comes_to(tmp_path, capsys):
    (tmp_path / "gateway.yaml").write_text(LEAST)
    assert main(["key", "new", str(tmp_path / "stillwatch.key")]) == 0
    capsys.readouterr()

    assert main(["gateway", "--config", str(tmp_path / "gateway.yaml"), "--check", "--json"]) == 0
    page = json.loads(capsys.readouterr().out)
    assert page["barriers"]["reasoning"] == "restrict"
    assert "variants" not in page["barriers"]
    assert main(["gateway", "--config", str(tmp_path / "gateway.yaml"), "--check"]) == 0
    assert "rate: from throttle" in capsys.readouterr().out


@pytest.mark.parametrize("mode", [0o644, None])
def test_check_refuses_a_key_or_secret_that_others_read(mode, tmp_path, capsys):
    secret = tmp_path / "secret"
    secret.write_text("short" if mode is None else "long enough to be one")
    secret.chmod(0o600 if mode is None else mode)
    (tmp_path / "gateway.yaml").write_text(LEAST + f"decisions: {{secret_file: {secret}}}\n")
    main(["key", "new", str(tmp_path / "stillwatch.key")])

    assert main(["gateway", "--config", str(tmp_path / "gateway.yaml"), "--check"]) == 2
    told = capsys.readouterr().err
    assert "secret" in told
    assert "long enough" not in told
