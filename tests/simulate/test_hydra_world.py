"""The hydra world: its size, what unrelated customers share, and what the truth says."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hydra_worlds import crowd_world, distinct_per_account, hydra, share, times_ms
from small_worlds import START_MS, write_prompts

from stillwatch.model.errors import InputError
from stillwatch.model.event import RAW_SCHEMA
from stillwatch.simulate import HYDRA, SMALL, Campaign, Crowd, WorldSpec, build_world, read_library
from stillwatch.simulate.crowds.spec import CROWD_KINDS
from stillwatch.simulate.stage import DAY_MS


def test_the_hydra_world_has_the_size_it_promises():
    world = hydra()
    sizes = [one.accounts for one in HYDRA.campaigns]

    assert 1_400 < world.accounts.num_rows == HYDRA.accounts < 1_800
    assert 80_000 < world.events.num_rows < 150_000
    assert 3 <= len(sizes) <= 6
    assert (min(sizes), max(sizes)) == (12, 150)
    assert {one.kind for one in HYDRA.crowds} == set(CROWD_KINDS)


def test_its_events_are_in_the_raw_schema_and_its_identifiers_are_unique():
    world = hydra()
    ts = world.events["ts_ms"].to_numpy()

    assert world.events.schema.equals(RAW_SCHEMA)
    assert (np.diff(ts) >= 0).all()
    assert ts[0] >= START_MS
    assert ts[-1] < START_MS + 7 * DAY_MS
    assert pc.count_distinct(world.events["event_id"]).as_py() == world.events.num_rows
    assert pc.count_distinct(world.accounts["account_id"]).as_py() == world.accounts.num_rows
    assert world.accounts["account_id"].equals(world.truth["account_id"])


def test_only_campaigns_extract():
    for row in hydra().truth.to_pylist():
        assert row["extracting"] == (row["campaign"] is not None)
        assert not (row["extracting"] and row["crowd"])
        if row["campaign"]:
            assert row["operator"] == row["campaign"]
    assert {row["campaign"] for row in hydra().truth.to_pylist()} == {None, *(one.name for one in HYDRA.campaigns)}


def test_closed_accounts_are_silent_after_it():
    world = hydra()
    closed = dict(zip(world.accounts["account_id"].to_pylist(), times_ms(world.accounts["closed"]), strict=True))
    late = [
        account
        for account, ts in zip(world.events["account_id"].to_pylist(), world.events["ts_ms"].to_pylist(), strict=True)
        if closed[account] is not None and ts >= closed[account]
    ]
    honest = [closed[row["account_id"]] is not None for row in world.truth.to_pylist() if not row["extracting"]]

    assert late == []
    assert 0.001 < share(honest) < 0.02


@pytest.fixture(scope="module")
def crowd():
    return crowd_world("independent", accounts=2_000, groups=1, per_day=1.0)


def test_hellos_of_ordinary_customers_are_heavy_tailed(crowd):
    of_account = dict(zip(crowd.events["account_id"].to_pylist(), crowd.events["ja4"].to_pylist(), strict=True))
    counts = Counter(of_account.values())

    assert counts.most_common(1)[0][1] > 0.1 * len(of_account)
    assert sum(many for one, many in counts.items() if many >= 10) > 0.65 * len(of_account)
    assert sum(many == 1 for many in counts.values()) >= 20


@pytest.mark.parametrize(("column", "head", "tail"), [("card_bin", 0.02, 80), ("email_domain", 0.1, 100)])
def test_cards_and_mail_of_ordinary_customers_are_heavy_tailed(crowd, column, head, tail):
    counts = Counter(crowd.accounts[column].to_pylist())

    assert counts.most_common(1)[0][1] > head * 2_000
    assert sum(many == 1 for many in counts.values()) > tail


def test_networks_are_heavy_tailed_and_an_address_has_one_carrier(crowd):
    carriers = Counter(crowd.events["asn"].to_pylist())
    pairs = {
        (ip.rsplit(".", 1)[0], asn)
        for ip, asn in zip(crowd.events["client_ip"].to_pylist(), crowd.events["asn"].to_pylist(), strict=True)
    }

    assert len(carriers) > 150
    assert sum(n for _, n in carriers.most_common(20)) > 0.3 * crowd.events.num_rows
    assert len({net for net, _ in pairs}) == len(pairs)


def test_few_ordinary_customers_come_with_a_code(crowd):
    codes = crowd.accounts["referral"]

    assert 0.04 < 1 - codes.null_count / 2_000 < 0.1


def test_customers_of_a_region_share_carriers_and_hours():
    world, everybody = crowd_world("saas", accounts=120, groups=1), crowd_world("independent", 120, 1)

    def carriers(one):
        return len(one.events["asn"].unique()) / len(one.accounts)

    def spread(one):
        hours = np.bincount(one.events["ts_ms"].to_numpy() // 3_600_000 % 24, minlength=24)
        return hours.max() / hours.mean()

    assert carriers(world) < carriers(everybody)
    assert spread(world) > spread(everybody)


def test_a_background_adds_independents_as_many_as_are_missing():
    campaigns = (Campaign("c", accounts=20),)
    spec = WorldSpec(interactive=10, campaigns=campaigns).with_background(5)

    assert spec.accounts == 120
    assert spec.crowds == (Crowd("independent", 90, name="background"),)
    assert HYDRA.with_background(0.5) == HYDRA
    for times, world in ((0, spec), (2, SMALL)):
        with pytest.raises(InputError):
            world.with_background(times)


def test_a_scaled_hydra_world_scales_campaigns_and_crowds():
    small = HYDRA.scaled(0.1)

    assert [one.accounts for one in small.campaigns] == [15, 6, 10, 8, 4, 4]
    assert 140 < small.accounts < 200


def test_with_real_prompts_campaigns_ask_from_lists_and_hide_among_conversations(tmp_path):
    rows = [{"cls": "A", "source": "list", "subtype": "self_instruct", "prompt": f"listed {k}"} for k in range(5_000)]
    rows += [
        {
            "cls": "B",
            "source": "talks",
            "conv_id": f"{k:05}",
            "turn": turn,
            "role": "user",
            "prompt": f"talk {k}.{turn}",
        }
        for k in range(3_000)
        for turn in range(5)
    ]
    library = read_library(write_prompts(tmp_path / "p", rows))
    campaigns = (
        Campaign("list", accounts=20, benign_mix=0.5),
        Campaign("store", accounts=20, technique="store_replay"),
    )
    crowds = (Crowd("saas", 10), Crowd("benign_distillers", 4), Crowd("cgnat", 10))
    world = build_world(WorldSpec(campaigns=campaigns, crowds=crowds, days=3), 3, START_MS, library)
    texts = {}
    for row in world.truth.to_pylist():
        mine = world.events.filter(pc.equal(world.events["account_id"], pa.scalar(row["account_id"])))
        texts.setdefault(row["campaign"] or row["persona"], []).extend(mine["prompt"].to_pylist())

    listed = [text for text in texts["list"] if b"listed" in text]
    assert 0.4 < len(listed) / len(texts["list"]) < 0.6
    assert len(set(listed)) == len(listed)
    assert all(text.startswith(b"talk") for text in texts["store"] + texts["cgnat"])
    assert all(text.split(b"\n\n")[-1].startswith(b"talk") for text in texts["saas"])
    assert all(b"listed" in text for text in texts["benign_distillers"])
    assert not any(world.truth["simulated_text"].to_pylist())


def test_honest_people_use_the_exits_that_a_campaign_uses_too(crowd):
    other = build_world(WorldSpec(campaigns=(Campaign("c", accounts=200, per_day=26.0),)), 9, START_MS)
    honest, hired = (set(world.events["client_ip"].to_pylist()) for world in (crowd, other))

    assert len(honest & hired) >= 3
    assert len(honest & hired) < 0.3 * len(hired)


def test_unrelated_people_copy_the_same_public_templates(crowd):
    copied = Counter()
    for column in ("system", "prompt"):
        for texts in distinct_per_account(crowd, column).values():
            fronts = {text.split(b"\n\n")[0] for text in texts - {None} if column == "system" or b"\n\n" in text}
            copied.update(fronts)

    assert 0.07 < copied.total() / 2_000 < 0.16
    assert copied.most_common(1)[0][1] >= 20


def test_clocks_of_strangers_strike_the_same_hours():
    struck = [
        share(ts % 3_600_000 < 300_000 for ts in crowd_world(kind).events["ts_ms"].to_pylist())
        for kind in ("agency", "benign_distillers", "independent")
    ]

    assert struck[0] > 0.25
    assert struck[1] > 0.4
    assert struck[2] < 0.12
