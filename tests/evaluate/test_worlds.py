"""Simulated worlds: replay by a plain join, and results lined up with the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from simulate.small_worlds import START_MS, TINY
from stillwatch.config import DEFAULT
from stillwatch.evaluate import worlds as module
from stillwatch.evaluate.worlds import Judged, carried_foreign, judge_world, persona_rates
from stillwatch.simulate import build_world

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = tuple[int, str, list[str] | None, list[str] | None]


def events(*rows: Row) -> pa.Table:
    names = ("ts_ms", "account_id", "artefacts_born", "artefacts_carried")
    kinds = (pa.int64(), pa.string(), pa.list_(pa.string()), pa.list_(pa.string()))
    columns = zip(*rows, strict=True)
    return pa.table({name: pa.array(column, kind) for name, column, kind in zip(names, columns, kinds, strict=True)})


def owners(**organisation: str | None) -> pa.Table:
    return pa.table(
        {"account_id": list(organisation), "organisation": pa.array(list(organisation.values()), pa.string())}
    )


def test_what_another_organisation_bore_is_counted_once_an_account() -> None:
    found = carried_foreign(
        events(
            (1, "ann", ["x", "y"], None),
            (2, "bob", ["z"], None),
            (3, "bob", None, ["x", "y", "x"]),
            (4, "bob", None, ["x", "z", "never born"]),
            (5, "cat", None, ["x"]),
            (6, "dan", None, ["z"]),
        ),
        owners(ann="one", bob="two", cat="one", dan=None),
    )

    assert found == {"bob": 2, "dan": 1}


def test_an_account_without_an_organisation_is_its_own() -> None:
    rows = events((1, "ann", ["x"], None), (2, "ann", None, ["x"]), (3, "bob", None, ["x"]))

    assert carried_foreign(rows, owners(ann=None, bob="")) == {"bob": 1}


def test_the_first_to_bear_an_artefact_owns_it_in_whatever_order_the_rows_come() -> None:
    rows = [(9, "bob", ["x"], None), (2, "ann", ["x"], None), (10, "bob", None, ["x"]), (11, "ann", None, ["x"])]
    turned = events(*rows[::-1])

    assert carried_foreign(events(*rows), owners(ann="one", bob="two")) == {"bob": 1}
    assert carried_foreign(turned, owners(ann="one", bob="two")) == {"bob": 1}


def test_a_world_without_artefacts_has_no_replay() -> None:
    assert carried_foreign(events((1, "ann", None, None)), owners(ann="one")) == {}


@pytest.fixture(scope="module")
def judged() -> Judged:
    """Scan the tiny world."""
    return judge_world(build_world(TINY, 5, START_MS), DEFAULT)


def test_a_scan_is_lined_up_with_the_truth(judged: Judged) -> None:
    n = judged.world.truth.num_rows
    seen = judged.row >= 0
    requests = dict(
        zip(
            *(
                c.to_pylist()
                for c in judged.world.events.group_by("account_id").aggregate([("ts_ms", "count")]).columns
            ),
            strict=True,
        )
    )
    names = judged.world.truth["account_id"].to_pylist()

    assert len(judged.persona) == judged.extracting.shape[0] == judged.row.shape[0] == n
    assert np.unique(judged.row[seen]).shape[0] == seen.sum() == len(judged.result.profile)
    sent = judged.result.profile.column("events")
    for at, name in enumerate(names):
        assert (sent[judged.row[at]] if seen[at] else 0) == requests.get(name, 0)


def test_an_account_that_sent_nothing_is_never_reported(judged: Judged) -> None:
    silent = Judged(judged.world, judged.result, np.full_like(judged.row, -1), judged.persona, judged.extracting)

    assert not silent.flagged().any()
    assert judged.flagged().sum() == judged.result.ranking.flagged.sum()


def test_replay_by_the_detector_is_replay_by_the_plain_join(judged: Judged) -> None:
    truth = carried_foreign(judged.world.events, judged.world.accounts)
    names = judged.world.truth["account_id"].to_pylist()
    seen = judged.result.profile.column("foreign_distinct")
    found = {
        name: int(seen[row]) for name, row in zip(names, judged.row.tolist(), strict=True) if row >= 0 and seen[row] > 0
    }

    assert found == truth
    assert truth


def test_reports_are_counted_by_persona(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(*_: object, **__: object) -> Iterator[Judged]:
        yield judged
        yield judged

    monkeypatch.setattr(module, "worlds", twice)

    tables = {table.key: table for table in persona_rates(DEFAULT, seeds=2, scale=1.0)}

    seen = judged.row >= 0
    counted = {str(row[1]): row for row in tables["personas"].rows}
    for persona in set(judged.persona):
        mine = seen & (np.array(judged.persona) == persona)
        if mine.any():
            reported = int(2 * judged.flagged()[mine].sum())
            assert f"({reported:,}/{2 * int(mine.sum()):,})" in " ".join(map(str, counted[persona]))
    truth = carried_foreign(judged.world.events, judged.world.accounts)
    words = {str(row[0]): row[1] for row in tables["replay"].rows}
    assert words["replaying accounts"] == words["found"] == 2 * len(truth)
    assert words["named wrongly"] == 0
    without = {str(row[0]): row for row in tables["worlds_ablation"].rows}
    assert set(without) == {"none", *(one.detector for one in judged.result.examined)}
    rates = {
        persona: judged.flagged()[seen & (np.array(judged.persona) == persona)].mean()
        for persona in {name for name, there in zip(judged.persona, seen.tolist(), strict=True) if there}
    }
    extracting = {name for name, is_so in zip(judged.persona, judged.extracting.tolist(), strict=True) if is_so}
    assert without["none"][1] == pytest.approx(np.mean([rates[name] for name in rates.keys() & extracting]))
    assert without["none"][2] == pytest.approx(np.mean([rates[name] for name in rates.keys() - extracting]))
