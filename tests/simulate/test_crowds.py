"""Honest crowds share what their kind says and differ in the rest."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pyarrow.compute as pc
import pytest
from hydra_worlds import crowd_world, distinct_per_account, narrowness, per_group, share, times_ms
from small_worlds import START_MS

from stillwatch.model.errors import InputError
from stillwatch.simulate import Crowd, WorldSpec, build_world
from stillwatch.simulate.crowds.spec import CROWD_KINDS
from stillwatch.simulate.crowds.ties import TIES
from stillwatch.simulate.crowds.topics import mixes
from stillwatch.simulate.stage import DAY_MS, HOUR_MS, Window

RELEASE_MS = Window(START_MS, 7).release_ms
RUN_BY_ONE = {"subaccounts", "benign_distillers", "company_team", "agency"}


def of_group(world, column):
    """Values of a column of the events, one set a crowd; a template is the system text or what precedes the prompt."""
    if column == "template":
        system, prompts = world.events["system"].to_pylist(), world.events["prompt"].to_pylist()
        values = [one or text.split(b"\n\n")[0] for one, text in zip(system, prompts, strict=True)]
    else:
        values = world.events[column].to_pylist()
    crowd = dict(zip(world.truth["account_id"].to_pylist(), world.truth["crowd"].to_pylist(), strict=True))
    found = defaultdict(set)
    for account, value in zip(world.events["account_id"].to_pylist(), values, strict=True):
        found[crowd[account]].add(value)
    return found


def test_every_kind_is_written_out():
    assert set(TIES) == set(CROWD_KINDS)


@pytest.mark.parametrize("kind", CROWD_KINDS)
def test_a_crowd_has_its_accounts_and_groups_and_extracts_nothing(kind):
    world = crowd_world(kind)
    truth = world.truth

    assert truth.num_rows == 60
    assert not any(truth["extracting"].to_pylist())
    assert truth["campaign"].null_count == 60
    groups = set(truth["crowd"].to_pylist())
    assert groups == ({None} if kind == "independent" else {f"{kind}-1", f"{kind}-2"})
    operators = truth["operator"].to_pylist()
    assert operators == (truth["crowd"].to_pylist() if kind in RUN_BY_ONE else [None] * 60)


@pytest.mark.parametrize("kind", CROWD_KINDS)
def test_a_crowd_is_the_same_for_the_same_seed(kind):
    spec = WorldSpec(crowds=(Crowd(kind, 12, 2),), days=4)

    assert build_world(spec, 5, START_MS).events.equals(build_world(spec, 5, START_MS).events)


@pytest.mark.parametrize("kind", CROWD_KINDS)
def test_a_crowd_of_one_can_be_played(kind):
    assert crowd_world(kind, accounts=1, groups=1).accounts.num_rows == 1


def test_one_crowd_more_leaves_the_others_as_they_were():
    first, second = Crowd("office", 20), Crowd("saas", 20)
    alone = build_world(WorldSpec(crowds=(first,), days=3), 5, START_MS)
    both = build_world(WorldSpec(crowds=(second, first), days=3), 5, START_MS)

    assert both.events.filter(pc.is_in(both.events["account_id"], value_set=alone.accounts["account_id"])).equals(
        alone.events
    )


def test_customers_of_a_product_share_template_and_client_and_nothing_they_pay_with():
    world = crowd_world("saas")

    for column in ("user_agent", "ja4"):
        assert all(len(one) == 1 for one in of_group(world, column).values()), column
    assert [len(one) for one in of_group(world, "template").values()] == [1, 1]
    assert len(set(world.accounts["payment_fingerprint"].to_pylist())) == 60
    assert len(set(world.accounts["organisation"].to_pylist())) == 60
    assert len(world.events["prompt"].unique()) > 0.99 * world.events.num_rows


def test_alike_moves_customers_from_topics_of_their_own_to_one_mix():
    rng = np.random.default_rng(1)
    group = np.zeros(200, dtype=np.int64)
    apart = {alike: np.abs(np.diff(mixes(rng, group, alike), axis=0)).sum(axis=1).mean() for alike in (0.05, 1.0, 50.0)}
    own = [entropy_bits_of(mixes(rng, group, alike)) for alike in (0.05, 50.0)]

    assert apart[0.05] > 1.3 * apart[1.0] > 3 * apart[50.0]
    assert own[0] < 1.0 < own[1]


def entropy_bits_of(mix):
    return float(np.median(-(mix * np.log2(np.maximum(mix, 1e-300))).sum(axis=1)))


def test_alike_shows_in_what_customers_ask():
    spread = [narrowness(crowd_world("saas", 90, 6, alike=alike, per_day=30.0)) for alike in (0.05, 1.0, 50.0)]

    assert spread[0] < spread[1] < spread[2]
    assert spread[0] < 1.0


def test_an_office_and_a_carrier_put_strangers_behind_few_addresses():
    for kind, most in (("office", 2), ("cgnat", 6)):
        world = crowd_world(kind)
        users = defaultdict(set)
        for account, ips in distinct_per_account(world, "client_ip").items():
            for ip in ips:
                users[ip].add(account)
        crowded = [ip for ip, who in users.items() if len(who) >= 8]
        assert 2 <= len(crowded) <= 2 * most, kind
        assert len(set(world.accounts["payment_fingerprint"].to_pylist())) == 60
        assert world.events["system"].null_count == world.events.num_rows


def test_subaccounts_are_declared_and_one_pays():
    world = crowd_world("subaccounts")

    assert all(world.accounts["reseller"].to_pylist())
    assert set(world.accounts["declared_purpose"].to_pylist()) == {"licensed resale"}
    assert all(len(set(one)) == 1 for one in per_group(world, "payment_fingerprint").values())
    assert world.events["end_user_id"].null_count == 0


def test_users_of_one_agent_share_its_text_and_not_their_work():
    world = crowd_world("agent_users", groups=1)

    assert len(world.events["system"].unique()) == 1
    assert len(world.events["ja4"].unique()) == 1
    assert len(set(world.accounts["organisation"].to_pylist())) == 60
    texts = distinct_per_account(world, "prompt")
    shared = Counter(one for mine in texts.values() for one in mine if len(one) > 90)
    assert share(times > 1 for times in shared.values()) < 0.01


def test_a_hackathon_signs_up_within_hours_with_one_code_and_ends_with_its_weekend():
    world = crowd_world("hackathon")
    for signups in per_group(world, "signup").values():
        times = [np.datetime64(one.rstrip("Z"), "ms").astype(int) for one in signups]
        assert max(times) - min(times) < 6 * HOUR_MS
    for codes in per_group(world, "referral").values():
        assert Counter(codes).most_common(1)[0][1] > 0.7 * len(codes)
    days = Counter((ts // DAY_MS + 3) % 7 for ts in world.events["ts_ms"].to_pylist())
    assert days[5] + days[6] > 0.7 * world.events.num_rows


def test_a_launch_brings_sign_ups_and_one_prompt_that_everybody_sends():
    world = crowd_world("launch_surge", groups=1)
    after_h = [(at - RELEASE_MS) / HOUR_MS for at in times_ms(world.accounts["signup"])]
    times = Counter(world.events["prompt"].to_pylist())

    assert min(after_h) >= 0
    assert np.median(after_h) < 12
    assert times.most_common(1)[0][1] > 40
    assert share(model == "heron-3" for model in world.events["model_requested"].to_pylist()) > 0.6


def test_declared_distillers_share_card_firm_and_list_without_overlap():
    world = crowd_world("benign_distillers")

    for column in ("payment_fingerprint", "organisation", "email_class"):
        assert all(len(set(one)) == 1 for one in per_group(world, column).values()), column
    assert set(world.accounts["declared_purpose"].to_pylist()) == {"academic research on small models"}
    assert pc.count_distinct(world.events["prompt"]).as_py() == world.events.num_rows


def test_a_team_and_an_agency_pay_with_one_card():
    for kind in ("company_team", "agency"):
        world = crowd_world(kind)
        assert all(len(set(one)) == 1 for one in per_group(world, "payment_fingerprint").values()), kind
        assert all(len(set(one)) == 1 for one in per_group(world, "card_bin").values()), kind
    assert all(len(set(one)) == 1 for one in per_group(crowd_world("company_team"), "email_domain").values())


def test_templates_of_products_stand_in_system_texts_or_in_prompts():
    inside = [crowd_world("saas", 60, 12).events["system"].null_count, crowd_world("saas", 60, 12).events.num_rows]

    assert 0.15 < inside[0] / inside[1] < 0.85


def test_apps_of_an_agency_differ_in_their_client_alone():
    world = crowd_world("agency", groups=1)
    found = defaultdict(set)
    rows = zip(*(world.events[c].to_pylist() for c in ("account_id", "system", "prompt")), strict=True)
    for account, system, prompt in rows:
        found[account].add((system or prompt.split(b"\n\n")[0]).decode())
    texts = {next(iter(one)) for one in found.values() if len(one) == 1}
    words = [set(text.split()) for text in texts]

    assert len(texts) == len(found) == 60
    assert min(len(one & words[0]) / len(one) for one in words) > 0.8


def test_a_household_shares_card_and_address():
    world = crowd_world("household", accounts=30, groups=10)

    assert all(len(set(one)) == 1 for one in per_group(world, "payment_fingerprint").values())
    assert len(set(world.accounts["organisation"].to_pylist())) == 30


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kind": "mob"}, "cgnat"),
        ({"accounts": 0}, "1 or more"),
        ({"groups": 9}, "1 to 5"),
        ({"alike": 0.0}, "above 0"),
    ],
)
def test_a_crowd_that_makes_no_sense_is_refused_with_what_to_write(fields, says):
    with pytest.raises(InputError, match=says):
        Crowd(**{"kind": "saas", "accounts": 5, **fields})


def test_a_scaled_crowd_has_more_and_larger_groups():
    crowd = Crowd("saas", 60, 4).scaled(4)

    assert (crowd.accounts, crowd.groups) == (240, 8)
    assert Crowd("saas", 60, 4).scaled(0.01) == Crowd("saas", 1, 1)
