from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaluate.campaigns.planted import N, planted
from stillwatch.evaluate.campaigns.compare import compare, run_labelled
from stillwatch.evaluate.campaigns.labelled import LOADERS, hop_sybils, russian_retweets, yelp_reviews
from stillwatch.evaluate.campaigns.peers import PEERS, SPLINK, SYNCHROTRAP
from stillwatch.evaluate.campaigns.scores import Truth
from stillwatch.evaluate.campaigns.shares import Grouping, no_groups
from stillwatch.evaluate.tables import markdown
from stillwatch.model.errors import FormatError, InputError


@pytest.fixture
def folder(tmp_path):
    """The three sets, made up."""
    pq.write_table(
        pa.table(
            {
                "object_id": ["t1", "t2", "t1", "t2"],
                "account_id": ["b", "b", "a", "a"],
                "content_id": ["1", "2", "3", "4"],
                "timestamp_share": [100.0, 200.0, 101.0, 201.0],
            }
        ),
        tmp_path / "coortweet_russian_coord_tweets.parquet",
    )
    pq.write_table(
        pa.table(
            {
                "user": [9, 9, 5, 7],
                "product": [0, 1, 0, 0],
                "rating": [5.0, 1.0, 5.0, 4.0],
                "label": pa.array([1, -1, 1, 1], pa.int8()),
                "date": ["1970-01-02", "1970-01-03", "1970-01-02", "1970-01-02"],
            }
        ),
        tmp_path / "yelpchi_reviews.parquet",
    )
    pq.write_table(pa.table({"address": ["0x1", "0x2"]}), tmp_path / "hop_sybil_addresses.parquet")
    return tmp_path


def test_retweets_have_no_truth(folder) -> None:
    made = russian_retweets(folder)

    assert made.truth is None
    assert made.shares.account.tolist() == [0, 0, 1, 1]
    assert made.shares.trait.tolist() == [0, 1, 0, 1]
    assert made.shares.ts_s.tolist() == [100, 200, 101, 201]


def test_a_reviewer_is_bad_when_one_review_was_withheld(folder) -> None:
    made = yelp_reviews(folder)

    assert made.truth is not None
    assert made.truth.campaign.tolist() == [0, -1, -1]
    assert not made.truth.campaigns_known
    assert made.shares.trait[0] == made.shares.trait[2] != made.shares.trait[3]
    assert made.shares.ts_s.tolist() == [86_400, 2 * 86_400, 86_400, 86_400]


def test_addresses_alone_are_no_shares(folder) -> None:
    made = hop_sybils(folder)

    assert (made.shares.n_accounts, len(made.shares.account)) == (2, 0)


@pytest.mark.parametrize("load", LOADERS, ids=lambda load: load.__name__)
def test_another_file_or_none_is_refused(load, tmp_path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path)
    for name in ("coortweet_russian_coord_tweets", "yelpchi_reviews", "hop_sybil_addresses"):
        (tmp_path / f"{name}.parquet").write_bytes(b"text")
    with pytest.raises(FormatError, match="not the set it should be"):
        load(tmp_path)


def test_all_sets_in_one_run(folder) -> None:
    tables = {table.key: table for table in run_labelled(folder)}

    assert list(tables) == [
        "russian_retweets_groups",
        "yelp_reviews_accounts",
        "yelp_reviews_groups",
        "hop_sybils_nothing",
    ]
    assert tables["hop_sybils_nothing"].rows[0][0] == 2
    assert "splink: it needs an identity table" in tables["yelp_reviews_groups"].note
    assert all(markdown(table) for table in tables.values())


def test_the_real_sets_are_read_whole(shared_data) -> None:
    made = {one.name: one for one in (load(shared_data / "dev" / "coordination") for load in LOADERS)}

    assert {name: (one.shares.n_accounts, len(one.shares.account)) for name, one in made.items()} == {
        "russian_retweets": (9_509, 35_125),
        "yelp_reviews": (38_063, 67_395),
        "hop_sybils": (14_195, 0),
    }
    assert (made["yelp_reviews"].truth.campaign == 0).sum() == 7_739


def test_groupings_stand_beside_peers() -> None:
    shares, truth = planted(2)
    ours = {"ours": Grouping(truth.campaign), "silent": no_groups(N, "it was not asked")}

    found, accounts, groups = compare(shares, None, truth, ours, peers=(SYNCHROTRAP, SPLINK), key="world")

    assert [table.key for table in (found, accounts, groups)] == ["world_found", "world_accounts", "world_groups"]
    whole = "100.0 % (2/2)"
    assert found.rows[0] == ("ours", whole, whole, whole, whole, "0.0 % (0/2)", "-")
    assert accounts.rows[0] == ("ours", "100.0 % (24/24)", "100.0 % (24/24)", "0.0 % (0/576)", 1.0, 1.0, 1.0)
    assert groups.rows[0] == ("ours", 2, 24, 12, 12.0, 1.0, 1.0)
    assert [row[0] for row in found.rows] == ["ours", "synchrotrap"]
    assert found.note.endswith("Not asked: silent: it was not asked; splink: it needs an identity table.")


def test_operators_and_no_truth() -> None:
    shares, truth = planted(1)

    found = compare(shares, None, Truth(truth.campaign, truth.campaign), peers=(SYNCHROTRAP,))[0]
    (groups,) = compare(shares, None, None, {"none": no_groups(N)}, peers=())

    assert found.rows[0][-1] == "0.0 % (0/1)"
    assert groups.rows[0][:4] == ("none", 0, 0, 0)
    assert np.isnan(groups.rows[0][4:]).all()


def test_a_table_has_a_row_a_method() -> None:
    assert len(compare(*planted(0)[:1], None, None)[0].rows) == len(PEERS) - 2
