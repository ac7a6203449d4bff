"""The second hall: each entity is read as one account, and nothing depends on the order of events."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.engines import SMALL, engine, fold_all
from sketches.events import Event, event, pseudonym, seeded
from stillwatch.campaigns import _capabilities, find_campaigns, read_entities
from stillwatch.coordination.identity import History
from stillwatch.coordination.members import Membership
from stillwatch.detectors import combine, examine_all
from stillwatch.detectors.registry import DETECTORS
from stillwatch.engine.union import unions
from stillwatch.features.assemble import profile
from stillwatch.ingest.accounts import EMPTY
from stillwatch.looking import profile_engine
from stillwatch.sketches.layout import COUNTS, allocate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillwatch.engine import LocalEngine
    from stillwatch.model.campaign import Campaigns
    from stillwatch.model.finding import Ranking

START_MS = 1_793_577_600_000
HOUR_MS = 3_600_000
ACCOUNTS, RING = 90, 20


def requests() -> list[Event]:
    """Ninety accounts, of which the first twenty send back each other's reasoning under one client, in step."""
    rng, made = seeded(4), []
    for k in range(ACCOUNTS):
        hours = range(9, 15) if k < RING else [rng.randrange(24) for _ in range(6)]
        for at, hour in enumerate(hours):
            for day in range(5):
                given = {
                    "account_id": pseudonym(k, "account"),
                    "ts_ms": START_MS + (24 * day + (hour + 5 * day if k < RING else hour) % 24) * HOUR_MS,
                    "prompt": f"task {k} {at} {day} of many".encode(),
                    "ja4": pseudonym(7 if k < RING else 100 + k % 40, "ja4"),
                    "client_net": pseudonym(k % 3 if k < RING else 100 + k, "net"),
                    "org_id": None,
                    "artefacts_carried": [pseudonym(k // 4, "block")] if k < RING and at == 0 else None,
                    "artefacts_born": None,
                }
                made.append(event(rng, 1000 * k + 10 * at + day, nulls=1.0, **given))
    return made


ROWS = requests()


@contextmanager
def scanned(rows: list[Event], size: int = 200, buckets: int = SMALL.buckets) -> Iterator[tuple[LocalEngine, Ranking]]:
    """An engine that folded some events, and every account's own evidence."""
    with engine(replace(SMALL, buckets=buckets)) as made:
        fold_all(made, rows, size)
        yield made, combine(examine_all(profile_engine(made, EMPTY), SMALL), SMALL)


def found(rows: list[Event], size: int = 200, buckets: int = SMALL.buckets) -> tuple[Campaigns, History]:
    with scanned(rows, size, buckets) as (made, ranking):
        return find_campaigns(made, EMPTY, ranking, SMALL)


def told(campaigns: Campaigns) -> str:
    return repr(replace(campaigns, elapsed_s=0.0))


def test_those_who_work_together_are_one_campaign_whatever_the_order_of_events() -> None:
    whole, _ = found(ROWS)
    (one,) = whole.found
    assert set(one.members.account.tolist()) == {pseudonym(k, "account") for k in range(RING)}
    assert (whole.accounts, whole.look) == (ACCOUNTS, 1)
    assert one.events == sum(row["account_id"] in set(one.members.account.tolist()) for row in ROWS)
    shuffled = ROWS.copy()
    seeded(1).shuffle(shuffled)
    assert told(found(shuffled, size=37)[0]) == told(whole)
    assert told(found(ROWS, buckets=7)[0]) == told(whole)


def test_logs_of_nobody_and_of_one_account_have_no_campaign() -> None:
    for rows in ([], ROWS[:9]):
        none, history = found(rows)
        assert (none.found, none.groups, history.looks) == ((), 0, 1)


def test_a_history_keeps_the_name_and_the_first_day_and_shares_the_rate_out_over_looks() -> None:
    with scanned(ROWS) as (made, ranking):
        first, history = find_campaigns(made, EMPTY, ranking, SMALL, history=History(), now_ms=START_MS)
        fewer = [row for row in ROWS if row["account_id"] != pseudonym(0, "account")]
        with scanned(fewer) as (less, others):
            second, after = find_campaigns(less, EMPTY, others, SMALL, history=history, now_ms=START_MS + 5)
            alone, _ = find_campaigns(less, EMPTY, others, SMALL)
    assert (first.look, second.look, after.looks) == (1, 2, 2)
    assert [change[0] for change in first.changes] == ["new"]
    assert second.changes == ()
    assert second.found[0].q > alone.found[0].q
    assert second.found[0].name == first.found[0].name
    assert len(second.found[0].members) == RING - 1
    assert second.found[0].first_seen_ms == START_MS
    assert found(ROWS)[0].found[0].first_seen_ms == -1


def entity(rows: list[int]) -> Membership:
    return Membership(np.array(rows), np.zeros((len(rows), 5)), np.zeros(len(rows)))


def test_an_entity_is_read_as_the_union_of_its_accounts_and_manner_as_their_mean() -> None:
    with scanned(ROWS) as (made, ranking):
        keys = np.sort(made.arrays().key)
        chosen = [entity([0, 3, 8, 11]), entity([20, 21, 22])]
        read = read_entities(made, [keys[one.rows] for one in chosen], chosen, ranking, SMALL)
        whole = unions([made.rows(keys[one.rows]) for one in chosen])
        as_one = profile(whole, 2, None, None)
    together = combine(examine_all(as_one, SMALL), SMALL).contributions
    groups = {detector.name: detector.group for detector in DETECTORS}
    for at, (one, members) in enumerate(zip(read, chosen, strict=True)):
        assert one.prompts_distinct == as_one.column("distinct_prompts")[at]
        content = sum(float(bits[at]) for name, bits in together.items() if groups[name] == "content")
        assert one.heard.content == pytest.approx(content)
        for field, wanted in (("manner", {"manner", "purpose"}), ("provenance", {"provenance"})):
            own = sum(bits[members.rows] for name, bits in ranking.contributions.items() if groups[name] in wanted)
            assert getattr(one.heard, field) == pytest.approx(float(np.mean(own)))


def test_no_entities_are_read_as_none() -> None:
    with scanned(ROWS[:9]) as (made, ranking):
        assert read_entities(made, [], [], ranking, SMALL) == ()


def test_what_is_asked_for_is_told_by_family_largest_first_and_rare_families_are_not() -> None:
    whole = allocate(2)
    for name, count in (("events", 100), ("phrase_rubric_grading", 2), ("phrase_anti_filter", 40), ("errors", 90)):
        whole.counts[0, COUNTS.index(name)] = count
    whole.counts[0, COUNTS.index("phrase_thinking_format")] = 1
    assert _capabilities(whole, 0) == (("anti_filter", 0.4), ("rubric_grading", 0.02))
    assert _capabilities(whole, 1) == ()
