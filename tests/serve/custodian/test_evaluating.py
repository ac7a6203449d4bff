from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve.asgi_call import call
from serve.custodian.holding import CALENDAR, SECRET, SUITE, Held
from stillwatch.model.errors import KeyFileError
from stillwatch.serve.custodian.evaluating import Bounds, Pace
from stillwatch.serve.custodian.workers import Workers, WorkersAway
from stillwatch.sharing.oblivious.suite import MOST_BATCH
from stillwatch.store.exchange.holder import dismiss, spent_of

PATH = "/v1/oprf/1/evaluate"


def ask(held, body, path=PATH, method="POST", **named):
    return call(held.app, method, path, body, held.headers(**named))


def test_a_member_gets_what_verifies_under_the_published_key(held):
    kept, blinded = SUITE.blind([b"x", b"y"])
    answer = ask(held, blinded)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    told = call(held.app, "GET", "/v1/oprf/epochs").json
    [public] = [one["public_key"] for one in told["epochs"] if one["epoch"] == 1]
    seed = held.holder.keys.seed(1)
    assert SUITE.finalize(kept, answer.body, bytes.fromhex(public)) == tuple(
        SUITE.direct(seed, v) for v in (b"x", b"y")
    )
    assert answer.headers["stillwatch-left"] == str(held.bounds.budget - 2)
    assert spent_of(held.base) == [(1, "lab-a", 2)]


def test_epochs_are_told_with_their_states_and_no_secret(held):
    held.now_ms = CALENDAR.epoch(2).opens_ms
    held.holder.keep(held.now_ms)
    seeds = [held.holder.keys.seed(epoch).hex() for epoch in (1, 2, 3)]
    answer = call(held.app, "GET", "/v1/oprf/epochs")
    assert [(one["epoch"], one["state"]) for one in answer.json["epochs"]] == [
        (1, "overlap"),
        (2, "open"),
        (3, "planned"),
    ]
    assert not any(seed in answer.body.decode() for seed in seeds)
    held.now_ms = CALENDAR.epoch(1).ends_ms
    assert held.holder.keep(held.now_ms) == (1,)
    assert call(held.app, "GET", "/v1/oprf/epochs").json["epochs"][0]["state"] == "destroyed"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"secret": "wrong"}, 401),
        ({"secret": ""}, 401),
        ({"nonce": "zz"}, 400),
        ({"nonce": "A" * 32}, 400),
        ({"created": "now"}, 400),
        ({"created": -1}, 400),
        ({"created": 0}, 400),
    ],
)
def test_who_is_not_known_or_not_fresh_gets_nothing_and_pays_nothing(held, headers, status):
    _, blinded = SUITE.blind([b"x"])
    assert ask(held, blinded, **headers).status == status
    assert spent_of(held.base) == []


def test_a_clock_that_is_off_is_told_by_how_much(held):
    _, blinded = SUITE.blind([b"x"])
    for off in (-301, 301):
        answer = ask(held, blinded, created=held.now_ms // 1_000 + off)
        assert answer.status == 400
        assert "301 s " + ("ahead" if off > 0 else "behind") in answer.json["error"]["message"]
    for off in (-300, 300):
        assert ask(held, blinded, created=held.now_ms // 1_000 + off).status == 200


def test_a_replayed_request_is_refused_as_long_as_its_date_is_taken(held):
    _, blinded = SUITE.blind([b"x"])
    created = held.now_ms // 1_000 + 300
    assert ask(held, blinded, nonce="ab" * 16, created=created).status == 200
    for later_s in (0, 1, 300, 599, 600):
        held.now_ms = CALENDAR.start_ms + 5_000 + 1_000 * later_s
        answer = ask(held, blinded, nonce="ab" * 16, created=created)
        assert answer.status == 409
    held.now_ms += 1_000
    assert ask(held, blinded, nonce="ab" * 16, created=created).status == 400
    assert spent_of(held.base) == [(1, "lab-a", 1)]


def test_a_budget_ends_and_outlives_a_restart(base):
    held = Held(base, Bounds(budget=3))
    _, two = SUITE.blind([b"x", b"y"])
    assert ask(held, two).status == 200
    answer = ask(Held(base, Bounds(budget=3)), two)
    assert answer.status == 429
    assert "1 elements are left" in answer.json["error"]["message"]
    _, one = SUITE.blind([b"x"])
    assert ask(held, one).status == 200
    assert ask(held, one).status == 429


def test_a_minute_has_so_many_elements(base):
    held = Held(base, Bounds(per_minute=2))
    _, two = SUITE.blind([b"x", b"y"])
    assert ask(held, two).status == 200
    answer = ask(held, two)
    assert answer.status == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    held.now_ms += 1_000 * int(answer.headers["retry-after"])
    assert ask(held, two).status == 200


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 90_000)), max_size=40))
def test_no_minute_grants_more_than_its_elements(steps):
    pace, now, granted = Pace(10), 0, {}
    for count, gap_ms in steps:
        now += gap_ms
        wait_s = pace.take("a", count, now)
        assert 0 <= wait_s <= 60
        if not wait_s:
            granted[now // 60_000] = granted.get(now // 60_000, 0) + count
    assert all(one <= 10 for one in granted.values())


def test_only_keys_that_answer_do(held):
    _, blinded = SUITE.blind([b"x"])
    assert ask(held, blinded, "/v1/oprf/2/evaluate").status == 409
    held.now_ms = CALENDAR.epoch(1).ends_ms - 1
    assert ask(held, blinded).status == 200
    held.now_ms += 1
    assert ask(held, blinded).status == 409
    # The clock goes back after the key was destroyed.
    held.holder.keep(held.now_ms)
    held.now_ms -= 1
    answer = ask(held, blinded)
    assert answer.status == 409
    assert "destroyed" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (bytes(31), 400), (bytes(32), 400), (b"\xff" * 64, 400), (bytes(32 * (MOST_BATCH + 1)), 413)],
)
def test_what_is_no_batch_is_refused(held, body, status):
    answer = ask(held, body)
    assert answer.status == status
    assert not body or body.hex() not in answer.body.decode()


def test_malformed_elements_are_paid_for(held):
    assert ask(held, b"\xff" * 64).status == 400
    assert spent_of(held.base) == [(1, "lab-a", 2)]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", PATH, 405),
        ("POST", "/v1/oprf/epochs", 405),
        ("POST", "/v1/oprf/0/evaluate", 404),
        ("POST", "/v1/oprf/01/evaluate", 404),
        ("POST", "/v1/oprf/9999999999/evaluate", 404),
        ("POST", "/v1/oprf/x/evaluate", 404),
        ("POST", "/v1/oprf/1/evaluate/", 404),
        ("GET", "/", 404),
        ("GET", "/healthz", 200),
    ],
)
def test_paths_and_methods(held, method, path, status):
    assert ask(held, b"", path, method).status == status


@given(st.binary(max_size=120), st.text(max_size=40), st.text(st.characters(codec="latin-1"), max_size=40))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_noise_breaks_it(held, body, path, token):
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/oprf/" + path,
        "headers": [(b"authorization", token.encode("latin-1")), (b"stillwatch-nonce", body)],
    }
    sent = []

    async def receive():
        return {"type": "http.request", "body": body}

    async def send(message):
        sent.append(message)

    asyncio.run(held.app(scope, receive, send))
    assert 400 <= sent[0]["status"] < 500


def test_who_is_dismissed_is_out_at_once(held):
    _, blinded = SUITE.blind([b"x"])
    assert ask(held, blinded).status == 200
    dismiss(held.base, "lab-a")
    assert ask(held, blinded).status == 401


def test_a_key_file_that_went_wrong_is_ours_and_is_not_described(held, caplog):
    file = held.holder.keys.path / "epoch-000001.key"
    file.write_bytes(b"x" * 32)
    _, blinded = SUITE.blind([b"x"])
    answer = ask(held, blinded)
    assert answer.status == 503
    assert "key that was published" not in answer.body.decode()
    assert "key that was published" in caplog.text
    assert SECRET not in caplog.text
    with pytest.raises(KeyFileError):
        held.holder.keys.seed(1)


class Stuck:
    """Workers that never come back."""

    def __init__(self):
        self.asked = 0
        self.go = asyncio.Event()

    async def evaluate(self, seed, blinded):
        del seed, blinded
        self.asked += 1
        await self.go.wait()
        return b""


async def posted(held, blinded):
    sent = []
    headers = [(name.encode(), value.encode()) for name, value in held.headers().items()]
    incoming = [{"type": "http.request", "body": blinded}]

    async def receive():
        return incoming.pop()

    async def send(message):
        sent.append(message)

    await held.app({"type": "http", "method": "POST", "path": PATH, "headers": headers}, receive, send)
    return sent[0]["status"]


def test_more_batches_than_may_wait_are_sent_away(base):
    async def run():
        stuck = Stuck()
        held = Held(base, Bounds(waiting=2), workers=stuck)
        _, blinded = SUITE.blind([b"x"])
        first = [asyncio.create_task(posted(held, blinded)) for _ in range(2)]
        while stuck.asked < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert await posted(held, blinded) == 503
        stuck.go.set()
        assert await asyncio.gather(*first) == [200, 200]

    asyncio.run(run())
    assert spent_of(base) == [(1, "lab-a", 2)]


def test_the_event_loop_goes_on_while_processes_evaluate_and_a_killed_worker_is_replaced(base):
    async def run():
        workers = Workers(1)
        workers.warm()
        held = Held(base, workers=workers)
        _, blinded = SUITE.blind([b"x%d" % k for k in range(2_000)])
        task, beats = asyncio.create_task(posted(held, blinded)), 0
        while not task.done():
            await asyncio.sleep(0.005)
            beats += 1
        assert task.result() == 200
        assert beats >= 5
        [one] = workers._pool._processes
        task = asyncio.create_task(posted(held, blinded))
        while not held.evaluating._under_way:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        os.kill(one, signal.SIGKILL)
        assert await task == 503
        assert await posted(held, blinded) == 200
        workers.close()

    asyncio.run(run())
    # What a dead worker did not give was not paid for.
    assert spent_of(base) == [(1, "lab-a", 4_000)]


def test_a_dead_worker_is_told_by_name():
    async def run():
        workers = Workers(1)
        workers.warm()
        [one] = workers._pool._processes
        os.kill(one, signal.SIGKILL)
        with pytest.raises(WorkersAway):  # noqa: PT012
            for _ in range(100):
                await workers.evaluate(b"k" * 32, SUITE.blind([b"x"])[1])
                await asyncio.sleep(0.01)
        workers.close()

    asyncio.run(run())


def test_an_answer_in_json_names_its_reason(held):
    answer = ask(held, b"")
    assert set(json.loads(answer.body)["error"]) == {"status", "message"}


PARENT = """
import time
from stillwatch.serve.custodian.workers import Workers

if __name__ == "__main__":
    workers = Workers(1)
    workers.warm()
    print(*workers._pool._processes, flush=True)
    time.sleep(60)
"""


def test_a_worker_ends_when_its_parent_was_killed(tmp_path):
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    parent = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE)
    worker = int(parent.stdout.readline())
    os.kill(worker, 0)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    ended = time.monotonic() + 10
    while alive(worker) and time.monotonic() < ended:
        time.sleep(0.05)
    assert not alive(worker)


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
