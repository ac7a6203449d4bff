"""The custodian as a program: two members through two key holders on loopback, and killed in between."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from stillwatch.sharing.oblivious.cascade import CUSTODIAN, HUB, HolderKeys, Question, answered, begin
from stillwatch.sharing.oblivious.with_voprf import Voprf

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
SUITE = Voprf()
DEAD = (urllib.error.URLError, ConnectionError)


def stillwatch(folder, *words):
    done = subprocess.run(
        [sys.executable, "-m", "stillwatch", "custodian", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


class Program:
    """One key holder, served by the verb."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        day = time.strftime("%Y-%m-%d", time.gmtime())
        assert stillwatch(folder, "init", "--starts", day)[0] == 0
        code, out, _ = stillwatch(folder, "admit", "lab-a", "--json")
        assert code == 0
        self.secret = json.loads(out)["secret"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self, *words):
        self.running = subprocess.Popen(
            [sys.executable, "-m", "stillwatch", "custodian", "serve", "--port", str(self.port), *words],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(os.environ),
        )
        for _ in range(200):
            try:
                self.epochs = json.loads(self.get("/v1/oprf/epochs"))
            except DEAD:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(self.running.stdout.read())

    def get(self, path, body=None, headers=()):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, dict(headers))
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.read()

    def public(self, epoch=1):
        return bytes.fromhex(next(one["public_key"] for one in self.epochs["epochs"] if one["epoch"] == epoch))

    def ask(self, body):
        headers = {
            "authorization": f"Bearer {self.secret}",
            "stillwatch-created": str(int(time.time())),
            "stillwatch-nonce": secrets.token_hex(16),
        }
        return self.get("/v1/oprf/1/evaluate", body, headers)

    def spent(self):
        rows = json.loads(stillwatch(self.folder, "spent", "--json")[1])
        return sum(one["elements"] for one in rows)

    def end(self, how=signal.SIGTERM):
        self.running.send_signal(how)
        code = self.running.wait(20)
        self.told = self.running.stdout.read().decode()
        self.running.stdout.close()
        return code


@pytest.fixture
def programs(tmp_path):
    made = {name: Program(tmp_path / name) for name in (CUSTODIAN, HUB)}
    yield made
    for one in made.values():
        if one.running.poll() is None:
            one.end(signal.SIGKILL)


def test_tags_through_two_programs_coincide_and_outlive_a_kill(programs):
    keys = HolderKeys(1, programs[CUSTODIAN].public(), programs[HUB].public())

    def tags(values):
        inputs = [b"email:v1:%s" % one for one in values]
        asked = begin(SUITE, "email:v1", inputs, keys, secrets.token_bytes)
        while isinstance(asked, Question):
            asked = answered(SUITE, asked, programs[asked.to].ask(asked.body))
        return asked.own

    one = tags([b"a@x.org", b"b@x.org"])
    for program in programs.values():
        program.end(signal.SIGKILL)
        program.start()
    other = tags([b"b@x.org", b"c@x.org"])
    assert set(one) & set(other) == {one[1]} == {other[0]}
    for program in programs.values():
        assert program.spent() == 128
        assert program.end() == 0
        assert "Traceback" not in program.told
        assert program.secret not in program.told


def test_killed_under_load_no_answer_was_given_that_was_not_counted(programs):
    program = programs[CUSTODIAN]
    _, body = SUITE.blind([b"x%d" % k for k in range(256)])

    def ask(_):
        try:
            return len(program.ask(body)) > 0
        except DEAD:
            return False

    with ThreadPoolExecutor(4) as pool:
        asked = pool.map(ask, range(60))
        time.sleep(0.6)
        program.end(signal.SIGKILL)
        answers = sum(asked)
    assert answers > 0
    assert 256 * answers <= program.spent() <= 256 * (answers + 4)


def test_words_that_are_wrong_are_told(tmp_path):
    assert "init" in stillwatch(tmp_path, "keys")[2]
    assert "write a day" in stillwatch(tmp_path, "init", "--starts", "soon")[2]
    assert stillwatch(tmp_path, "init", "--starts", "2026-12-07")[0] == 0
    assert "settled already" in stillwatch(tmp_path, "init", "--starts", "2026-12-08")[2]
    assert "small letters" in stillwatch(tmp_path, "admit", "Lab A")[2]
    assert "there is no member" in stillwatch(tmp_path, "dismiss", "lab-z")[2]
    assert stillwatch(tmp_path, "keys")[1].startswith("no key")
    assert stillwatch(tmp_path, "spent", "--json")[1] == "[]\n"
