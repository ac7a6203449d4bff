"""Files a watch was told by: read again when they changed, as they were while they are wrong."""

import os

import pytest

from serve.watching import CONFIG, START_MS, key_of, lines, reading_of, watch_of
from stillwatch.ingest.accounts import read_accounts
from stillwatch.ingest.agreements import read_agreements
from stillwatch.ingest.body import BodyReader
from stillwatch.ingest.door import Door
from stillwatch.model.errors import StillwatchError
from stillwatch.serve.watch.files import Files
from stillwatch.serve.watch.measures import Measures
from stillwatch.serve.watch.service import Folding, Pace
from stillwatch.serve.watch.watch import Observer, Watched
from stillwatch.store.spool.batches import shut_batch


class Asked(Observer):
    """Keeps the dossiers it is asked about."""

    def __init__(self):
        self.seen = []

    def admits(self, looked, reported, now_ms):  # noqa: ARG002 - the form of a judge
        return reported | True

    def judge(self, seen, now_ms, fresh=None):  # noqa: ARG002 - the form of a judge
        self.seen += seen
        return 0

    def followed(self, now_ms):  # noqa: ARG002 - the form of a judge
        return {}


def written(path, text):
    path.write_text(text)
    before = path.stat().st_mtime_ns
    os.utime(path, ns=(before + 1_000_000, before + 1_000_000))


def files_of(tmp_path, judge):
    accounts, agreements = tmp_path / "accounts.csv", tmp_path / "agreements.csv"
    written(accounts, "account_id,plan\nteam-1,free\n")
    written(agreements, "account_id,organisation,kind,reference,from,until,requests_per_day\n")
    door = Door(key_of(tmp_path))

    def read():
        return Watched(CONFIG, read_accounts(accounts, door), agreements=read_agreements(agreements, door), judge=judge)

    return Files([accounts, agreements], read), accounts, agreements


def test_a_change_counts_once_it_has_settled(tmp_path):
    files, accounts, _ = files_of(tmp_path, Observer())
    assert files.changed() is None
    written(accounts, "account_id,plan\nteam-1,free\nteam-2,free\n")
    assert files.changed() is None
    written(accounts, "account_id,plan\nteam-1,team\nteam-2,team\nteam-3,free\n")
    assert files.changed() is None
    made = files.changed()
    assert made is files.watched
    assert len(made.accounts.account) == 3
    assert files.changed() is None


def test_a_wrong_file_changes_nothing_until_it_is_right(tmp_path):
    files, _, agreements = files_of(tmp_path, Observer())
    before, head = files.watched, agreements.read_text()
    written(agreements, head + "team-1,,friend,R-1,2026-01-01,2027-01-01,\n")
    assert files.changed() is None
    for _ in range(2):
        with pytest.raises(StillwatchError, match="row 2: kind"):
            files.changed()
        assert files.watched is before
    written(agreements, head + "team-1,,research,R-1,2026-01-01,2027-01-01,\n")
    assert files.changed() is None
    assert files.changed() is not None


def test_a_file_that_is_gone_is_told_and_one_that_comes_back_is_read(tmp_path):
    files, accounts, _ = files_of(tmp_path, Observer())
    text = accounts.read_text()
    accounts.unlink()
    assert files.changed() is None
    with pytest.raises(StillwatchError, match=r"accounts\.csv"):
        files.changed()
    written(accounts, text)
    assert files.changed() is None
    assert files.changed() is not None


def test_agreements_written_later_stand_in_the_next_dossiers(tmp_path):
    asked = Asked()
    files, _, agreements = files_of(tmp_path, asked)
    watch, measures = watch_of(tmp_path, judge=asked), Measures()
    folding = Folding(watch, Pace(campaigns_s=0, files_s=0.0, examine_s=0.0), measures, files, lambda: START_MS)
    reading = BodyReader(reading_of(tmp_path))
    try:
        written(agreements, agreements.read_text() + "team-1,,research,R-1,2026-01-01,2027-01-01,\n")
        for first in (0, 30):
            batch = reading.read(lines(first, first + 30)).batch
            watch.spool.put(shut_batch(batch, {"at_ms": START_MS})).result()
            folding.turn()
        assert [one.agreements for one in asked.seen[:7]] == [()] * 7
        later = [one.agreements for one in asked.seen[7:] if one.agreements]
        assert [agreed.reference for [agreed] in later] == ["R-1"]
        assert measures.taken()["files_read_again"] == 1
    finally:
        watch.close()
