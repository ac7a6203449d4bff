"""Outcomes reach a receiver that fails, is slow, goes away and comes back. Loopback only."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from serve.appeals import lodged
from serve.appeals.lodged import KEYS, NOW, Clock
from stillwatch.serve.appeals.telling import Teller, signature
from stillwatch.store.appeals import lodge
from stillwatch.store.callbacks import due
from stillwatch.store.hearing import uphold

if TYPE_CHECKING:
    from stillwatch.store.database import Database

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]
KEY = b"shared with the receiver"


async def told(teller_of: object, answers: list[int], clock: Clock) -> list[dict[str, str]]:
    """Run a receiver that answers as told; give what it got."""
    got: list[dict[str, str]] = []

    async def receive(request: web.Request) -> web.Response:
        got.append(dict(request.headers) | {"body": (await request.read()).decode()})
        return web.Response(status=answers.pop(0))

    app = web.Application()
    app.router.add_post("/outcomes", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with aiohttp.ClientSession() as session:
            while answers:
                await teller_of(f"http://127.0.0.1:{port}/outcomes").tell_due(session)  # type: ignore[operator]
                clock.now_ms += 3_600_000
    finally:
        await runner.cleanup()
    return got


def test_an_outcome_is_told_signed_and_until_it_arrives(database: Database, clock: Clock) -> None:
    lodged.told(database)
    appeal = lodge(database, KEYS, "d-1", "x", NOW)
    uphold(database, appeal.id, by="ada", why="no", now_ms=NOW)

    got = asyncio.run(told(lambda url: Teller(database, url, KEY, clock), [500, 302, 204], clock))

    assert len(got) == 3
    assert len({one["Stillwatch-Callback"] for one in got}) == 1
    for one in got:
        at, _, mac = one["Stillwatch-Signature"].partition(",v1=")
        signed = f"{at.removeprefix('t=')}.{one['body']}".encode()
        assert hmac.compare_digest(mac, hmac.new(KEY, signed, hashlib.sha256).hexdigest())
    assert due(database, clock.now_ms * 2) == ()


def test_a_receiver_that_is_away_is_tried_again(database: Database, clock: Clock) -> None:
    lodged.told(database)
    uphold(database, lodge(database, KEYS, "d-1", "x", NOW).id, by="ada", why="no", now_ms=NOW)

    async def tell() -> int:
        async with aiohttp.ClientSession() as session:
            return await Teller(database, "http://127.0.0.1:1/", KEY, clock).tell_due(session)

    assert asyncio.run(tell()) == 0
    (waiting,) = due(database, NOW + 30_000)
    assert waiting.tries == 1


def test_a_signature_depends_on_all_of_it() -> None:
    assert len({signature(KEY, 1, "a"), signature(KEY, 2, "a"), signature(KEY, 1, "b"), signature(b"k", 1, "a")}) == 4


def test_a_notice_carries_the_customers_link_and_is_signed_with_it(database: Database, clock: Clock) -> None:
    got = asyncio.run(
        told(lambda url: Teller(database, url, KEY, clock, lambda id_: f"https://lab.example/{id_}"), [204] * 3, clock)
    )

    bodies = [json.loads(one["body"]) for one in got]
    assert {(one["kind"], one["link"]) for one in bodies} == {
        ("decision.taken", f"https://lab.example/d-{n}") for n in (1, 2, 3)
    }
    for one in got:
        at, _, mac = one["Stillwatch-Signature"].partition(",v1=")
        assert signature(KEY, int(at.removeprefix("t=")), one["body"]).endswith(mac)
