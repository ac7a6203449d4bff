from __future__ import annotations

import asyncio

import pytest

from stillwatch.model.errors import StoreBusy
from stillwatch.serve.hub import closing
from stillwatch.serve.hub.closing import KEPT_EPOCHS, RULE, close_due, close_forever
from stillwatch.sharing.oblivious.epochs import Calendar
from stillwatch.store.exchange.matching import outcome, unclosed
from stillwatch.store.exchange.tag_base import TagBase
from stillwatch.store.exchange.tags import released, submit

CALENDAR = Calendar(1_000, 1_000, 100)


@pytest.fixture
def base(tmp_path):
    opened = TagBase(tmp_path / "tags.db")
    yield opened
    opened.close()


def put(base, epoch, kind="email:v1", tags=range(1)):
    for member in ("a", "b"):
        submit(base, member, epoch, kind, {b"g" * 16: [t.to_bytes(16) for t in tags]}, 1)


def numbers(closed):
    return [one.epoch for one in closed]


def test_an_epoch_closes_when_it_is_over_and_once(base):
    put(base, 1)
    assert close_due(base, CALENDAR, RULE, 999) == ()
    assert close_due(base, CALENDAR, RULE, 1_999) == ()
    assert numbers(close_due(base, CALENDAR, RULE, 2_000)) == [1]
    assert close_due(base, CALENDAR, RULE, 2_001) == ()


def test_a_hub_that_was_away_closes_what_it_missed_and_an_empty_last_one(base):
    put(base, 1)
    put(base, 3)
    assert unclosed(base) == (1, 3)
    assert numbers(close_due(base, CALENDAR, RULE, 6_500)) == [1, 3, 5]
    assert outcome(base, 5).submitted == 0
    assert outcome(base, 4) is None


def test_what_matched_long_ago_is_forgotten(base):
    put(base, 1)
    close_due(base, CALENDAR, RULE, 2_000)
    assert released(base, "a", 1)
    close_due(base, CALENDAR, RULE, 1_000 * (KEPT_EPOCHS + 1))
    assert released(base, "a", 1)
    close_due(base, CALENDAR, RULE, 1_000 * (KEPT_EPOCHS + 2))
    assert not released(base, "a", 1)
    assert outcome(base, 1).matched == 1


def test_templates_need_as_many_bands_as_their_kind_says(base):
    put(base, 1, "tmpl:v1", range(7))
    put(base, 2, "tmpl:v1", range(8))
    close_due(base, CALENDAR, RULE, 3_000)
    assert not released(base, "a", 1)
    assert [one.tags for one in released(base, "a", 2)] == [8]


def test_a_store_that_is_busy_is_tried_again(base, monkeypatch, caplog):
    put(base, 1)
    monkeypatch.setattr(closing, "LOOK_S", 0.01)
    tries, told = [], []

    def refused_once(*asked):
        tries.append(1)
        if len(tries) == 1:
            raise StoreBusy("another writer")
        return close_due(*asked)

    monkeypatch.setattr(closing, "close_due", refused_once)

    async def run():
        task = asyncio.create_task(close_forever(base, CALENDAR, lambda: 2_500, told.append))
        while not told:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(asyncio.wait_for(run(), 20))
    assert numbers(told) == [1]
    assert "another writer" in caplog.text
