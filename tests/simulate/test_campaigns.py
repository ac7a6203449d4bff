"""A campaign does what its spec says, and every knob moves what it names."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hydra_worlds import (
    a_day,
    campaign_world,
    distinct_per_account,
    narrowness,
    overlap,
    prompts,
    share,
    times_ms,
)
from small_worlds import START_MS, foreign_replays

from stillwatch.cli import main
from stillwatch.model.errors import InputError
from stillwatch.simulate import PRESETS, Campaign, WorldSpec, build_world, parse_campaign
from stillwatch.simulate.campaigns.lifecycle import pool_closings
from stillwatch.simulate.campaigns.spec import PARTITIONS, TECHNIQUES, campaign_fields
from stillwatch.simulate.stage import DAY_MS, HOUR_MS, Window

WINDOW = Window(START_MS, 7)


@pytest.mark.parametrize("technique", TECHNIQUES)
@pytest.mark.parametrize("per_day", [2.0, 13.0])
def test_accounts_and_requests_a_day_are_those_asked_for(technique, per_day):
    world = campaign_world(technique=technique, per_day=per_day, accounts=500)

    assert world.accounts.num_rows == world.truth.num_rows == 500
    assert 0.85 * per_day < a_day(world) < 1.12 * per_day


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_a_campaign_is_the_same_for_the_same_seed(technique):
    spec = WorldSpec(campaigns=(Campaign("c", accounts=20, technique=technique, benign_mix=0.3, pools=2),), days=3)
    one, other = (build_world(spec, 5, START_MS) for _ in range(2))

    assert one.events.equals(other.events)
    assert one.accounts.equals(other.accounts)
    assert not build_world(spec, 6, START_MS).events.equals(one.events)


def test_the_smallest_campaign_can_be_played():
    for technique in TECHNIQUES:
        world = campaign_world(technique=technique, accounts=4, per_day=1.0, days=1)
        assert world.accounts.num_rows == 4


def test_the_truth_names_campaign_and_operator():
    truth = campaign_world().truth

    assert set(truth["campaign"].to_pylist()) == set(truth["operator"].to_pylist()) == {"c"}
    assert set(truth["persona"].to_pylist()) == {"hydra_template"}
    assert set(truth["crowd"].to_pylist()) == {None}
    assert all(truth["extracting"].to_pylist())


def opening(text):
    return text.split("\n\n")[0]


def test_without_rewording_all_accounts_send_one_instruction():
    assert len({opening(text) for text in prompts(campaign_world())}) == 1


@pytest.mark.parametrize("technique", ["template", "reasoning", "grading"])
def test_the_instruction_may_stand_in_the_system_text(technique):
    inside = campaign_world(technique=technique, in_system=True).events

    assert len(inside["system"].unique()) == 1
    assert inside["system"].null_count == 0
    assert campaign_world(technique=technique).events["system"].null_count > 0
    text = inside["system"][0].as_py()
    assert not any(text in prompt for prompt in inside["prompt"].to_pylist())


def test_a_pool_may_serve_several_labs():
    assert len({opening(text) for text in prompts(campaign_world(instructions=3))}) == 3


def test_customers_move_on_when_their_pool_is_closed():
    world = campaign_world(benign_mix=0.9, pools=2, per_day=26.0, accounts=40)
    closed = dict(zip(world.accounts["account_id"].to_pylist(), world.accounts["closed"].to_pylist(), strict=True))
    names = distinct_per_account(world, "user_agent")
    first, second = (
        [frozenset(names[one]) for one, at in closed.items() if (at is None) == opened] for opened in (False, True)
    )
    kept = [max(len(one & other) / len(one | other) for other in second) for one in first]

    assert np.median(kept) > 0.6


def test_reworded_instructions_share_hardly_a_run_of_words():
    world = campaign_world(paraphrase=1.0)
    openings = [opening(text) for text in prompts(world)[:200]]
    alike = [overlap(one, other) for one, other in pairwise(openings)]

    assert len(set(openings)) > 0.99 * len(openings)
    assert np.median(alike) < 0.12


def test_rewording_touches_its_share_of_the_accounts():
    usual = opening(Counter(opening(text) for text in prompts(campaign_world(paraphrase=0.4))).most_common(1)[0][0])
    world = campaign_world(paraphrase=0.4)
    found = distinct_per_account(world, "prompt")
    reworded = [all(opening(text.decode()) != usual for text in texts) for texts in found.values()]

    assert 0.25 < share(reworded) < 0.55


def test_a_fixed_string_stands_in_every_request_of_reasoning():
    ends = Counter(text.split("\n\n")[-1] for text in prompts(campaign_world(technique="reasoning")))

    assert len(ends) == 1
    assert "<" in ends.most_common(1)[0][0]


def test_benign_mix_leaves_its_share_of_the_template():
    world = campaign_world(benign_mix=0.9, per_day=26.0)
    usual = Counter(opening(text) for text in prompts(world)).most_common(1)[0][0]
    taken = share(text.startswith(usual) for text in prompts(world))

    assert 0.07 < taken < 0.13
    assert 0.85 * 26 < a_day(world) < 1.1 * 26


def test_benign_customers_bring_programs_and_languages_of_their_own():
    mixed, pure = campaign_world(benign_mix=0.9, per_day=26.0), campaign_world(per_day=26.0)
    agents = [np.median([len(one) for one in distinct_per_account(w, "user_agent").values()]) for w in (mixed, pure)]
    hellos = [max(len(one) for one in distinct_per_account(w, "ja4").values()) for w in (mixed, pure)]

    assert agents[0] >= 3 > agents[1] == 1
    assert hellos == [1, 1]


def test_made_up_fingerprints_are_all_different():
    assert len(campaign_world().events["ja4"].unique()) == 1
    assert len(campaign_world(fingerprint_random=1.0).events["ja4"].unique()) == 60
    assert 15 < len(campaign_world(fingerprint_random=0.5).events["ja4"].unique()) < 45


def test_residential_accounts_share_no_address_and_the_others_do():
    def shared(world):
        owners = defaultdict(set)
        for account, ips in distinct_per_account(world, "client_ip").items():
            for ip in ips:
                owners[ip].add(account)
        return share(len(one) > 1 for one in owners.values())

    assert shared(campaign_world(residential=1.0, per_day=26.0)) < 0.02
    assert shared(campaign_world(residential=0.0, per_day=26.0)) > 0.8


def test_cards_are_shared_as_far_as_asked():
    def cards(world):
        accounts = world.accounts
        return len(accounts["payment_fingerprint"].unique()), len(accounts["card_bin"].unique())

    assert cards(campaign_world(shared_cards=0.0)) > (59, 20)
    many, issuers = cards(campaign_world(shared_cards=1.0))
    assert many <= 6
    assert issuers <= 4


def test_throw_away_mail_is_used_as_far_as_asked():
    kinds = campaign_world(disposable_mail=0.5, accounts=200).accounts["email_class"].to_pylist()

    assert 0.4 < share(kind == "disposable" for kind in kinds) < 0.6
    assert "disposable" not in campaign_world(disposable_mail=0.0).accounts["email_class"].to_pylist()


def tasks_of(world):
    return {
        account: {text.decode().split("\n\n", 1)[1] for text in texts}
        for account, texts in distinct_per_account(world, "prompt").items()
    }


@pytest.mark.parametrize("partition", ["random", "sequential"])
def test_shards_of_one_list_do_not_overlap(partition):
    times = Counter(one for tasks in tasks_of(campaign_world(partition=partition)).values() for one in tasks)

    assert max(times.values()) == 1


def test_duplicates_are_tasks_of_other_accounts():
    world = campaign_world(duplicates=0.3)
    times = Counter(one for tasks in tasks_of(world).values() for one in tasks)
    again = share(times[text.split("\n\n", 1)[1]] > 1 for text in prompts(world))

    assert 0.25 < again < 0.65


def test_accounts_that_keep_to_a_topic_are_narrower():
    broad, narrow = (narrowness(campaign_world(per_day=26.0, topic_personas=kept)) for kept in (0.0, 1.0))

    assert narrow < 0.5
    assert broad > 4.0


def test_sequential_shards_are_narrow_too():
    assert narrowness(campaign_world(per_day=26.0, partition="sequential")) < 2.0


def busiest_quarter_hour(world):
    slots = Counter((world.events["ts_ms"].to_numpy() // 900_000).tolist())
    return max(slots.values()) / world.events.num_rows


def test_jobs_start_together_as_far_as_asked():
    together, apart = (campaign_world(synchrony=share, jitter_min=5.0, per_day=13.0) for share in (1.0, 0.0))

    assert busiest_quarter_hour(together) > 3 * busiest_quarter_hour(apart)
    assert busiest_quarter_hour(campaign_world(synchrony=1.0, jitter_min=300.0)) < busiest_quarter_hour(together) / 2


def test_sign_ups_fall_within_the_burst():
    for burst_h in (12.0, 300.0):
        signup = times_ms(campaign_world(signup_burst_h=burst_h).accounts["signup"])
        assert 0.6 * burst_h * HOUR_MS < max(signup) - min(signup) <= burst_h * HOUR_MS


def test_the_next_pool_begins_when_the_last_is_closed_and_the_closed_are_silent():
    asked = {"pools": 2, "failover_delay_h": 9.0, "per_day": 26.0}
    world = campaign_world(**asked)
    (closing,) = pool_closings(Campaign("c", accounts=60, **asked), WINDOW)
    closed = dict(zip(world.accounts["account_id"].to_pylist(), times_ms(world.accounts["closed"]), strict=True))
    times = defaultdict(list)
    for account, ts in zip(world.events["account_id"].to_pylist(), world.events["ts_ms"].to_pylist(), strict=True):
        times[account].append(ts)
    first = [one for one, at in closed.items() if at is not None]
    second = [one for one, at in closed.items() if at is None]

    assert len(first) == len(second) == 30
    assert all(closing - HOUR_MS < closed[one] <= closing for one in first)
    assert all(max(times[one]) < closed[one] for one in first)
    began = min(min(times[one]) for one in second)
    assert closing + 9 * HOUR_MS <= began < closing + 11 * HOUR_MS


def test_single_closed_accounts_are_replaced():
    world = campaign_world(replaced=0.2, accounts=100, per_day=13.0)
    closed = [at for at in times_ms(world.accounts["closed"]) if at is not None]
    late = [at for at in times_ms(world.accounts["signup"]) if at > START_MS]

    assert len(closed) == 20
    assert len(late) >= 15
    assert len(set(closed)) > 15


def test_it_moves_to_the_new_model_within_a_day_or_not():
    def moved(world):
        after = pc.and_(
            pc.greater(world.events["ts_ms"], WINDOW.release_ms + DAY_MS),
            pc.less(world.events["ts_ms"], WINDOW.release_ms + 2 * DAY_MS),
        )
        return share(model == "heron-3" for model in world.events.filter(after)["model_requested"].to_pylist())

    assert 0.4 < moved(campaign_world(pivots=True)) < 0.6
    assert moved(campaign_world(pivots=False)) < 0.2


def test_artefacts_are_replayed_across_accounts_only_where_asked():
    quiet = campaign_world(technique="live_relay", per_day=13.0)
    loud = campaign_world(technique="live_relay", per_day=13.0, artefact_replay=0.3)

    assert foreign_replays(quiet.events) == 0
    assert foreign_replays(loud.events) > 100


def test_a_sweep_is_refused_first_and_answered_later():
    world = campaign_world(technique="sweep", per_day=26.0)
    early = pc.less(world.events["ts_ms"], START_MS + int(0.4 * 7 * DAY_MS))
    refused = [
        share(one is not None for one in world.events.filter(when)["refusal_category"].to_pylist())
        for when in (early, pc.invert(early))
    ]

    assert refused[0] > 0.6
    assert refused[1] < 0.12


def test_one_campaign_more_leaves_the_others_as_they_were():
    first, second = Campaign("first", accounts=20), Campaign("second", accounts=20, technique="store_replay")
    alone = build_world(WorldSpec(campaigns=(first,), days=2), 5, START_MS)
    both = build_world(WorldSpec(interactive=3, campaigns=(second, first), days=2), 5, START_MS)
    kept = both.events.filter(pc.is_in(both.events["account_id"], value_set=alone.accounts["account_id"]))

    assert kept.equals(alone.events)


def test_tasks_of_a_large_campaign_are_mostly_distinct():
    world = campaign_world(accounts=800, per_day=26.0)

    assert world.events.num_rows > 130_000
    assert pc.count_distinct(world.events["prompt"]).as_py() > 0.99 * world.events.num_rows


def test_presets_have_published_numbers():
    found = {one.name: (one.accounts, one.per_day, one.technique) for one in PRESETS}

    assert found["gtg-16008"] == (1_500, 13.0, "store_replay")
    assert found["gtg-16002"] == (5_380, 6.0, "live_relay")
    assert found["gtg-16006"] == (273, 280.0, "grading")
    assert found["gtg-16005"][1:] == (860.0, "reasoning")
    assert found["openai-2026-07"] == (4_000, 2.0, "sweep")
    assert len(found) == len(PRESETS)


def test_a_scaled_campaign_is_as_busy_an_account():
    small = PRESETS[0].scaled(0.0001)

    assert small.accounts == 4
    assert small.per_day == PRESETS[0].per_day
    assert Campaign("c", accounts=100).scaled(3).accounts == 300
    with pytest.raises(InputError):
        small.scaled(0)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"accounts": 3}, "4 or more"),
        ({"benign_mix": 1.0}, "0.99"),
        ({"paraphrase": 1.5}, "between 0 and 1"),
        ({"technique": "magic"}, "store_replay"),
        ({"pools": 40}, "two accounts a pool"),
        ({"per_day": 0.0}, "above 0"),
        ({"jitter_min": -1.0}, "0 or more"),
        ({"partition": "none"}, "sequential"),
    ],
)
def test_a_campaign_that_makes_no_sense_is_refused_with_what_to_write(fields, says):
    with pytest.raises(InputError, match=says):
        Campaign(**{"name": "c", "accounts": 20, **fields})


def test_a_campaign_is_read_from_words():
    read = parse_campaign("accounts=1500, per_day=13,technique=store_replay,benign_mix=0.9,pivots=no", number=2)

    assert read == Campaign(
        "campaign-2", accounts=1500, per_day=13.0, technique="store_replay", benign_mix=0.9, pivots=False
    )
    assert parse_campaign("preset=gtg-16008,accounts=40") == replace(
        next(one for one in PRESETS if one.name == "gtg-16008"), accounts=40
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("acounts=3", "there are preset, name, accounts"),
        ("accounts", "name=value"),
        ("accounts=many", "whole number"),
        ("accounts=20,pivots=perhaps", "yes or no"),
        ("per_day=3", "how many accounts"),
        ("preset=gtg-1", "gtg-16005"),
        ("accounts=20,per_day=x", "a number"),
    ],
)
def test_words_that_are_no_campaign_say_what_to_write(text, says):
    with pytest.raises(InputError, match=says):
        parse_campaign(text)


def test_two_of_one_name_are_refused():
    twice = (Campaign("c", accounts=4), Campaign("c", accounts=5))
    with pytest.raises(InputError, match="name of its own"):
        build_world(WorldSpec(campaigns=twice), 1, START_MS)


def test_account_columns_are_filled():
    accounts = campaign_world(accounts=200).accounts

    assert set(accounts["email_class"].to_pylist()) <= {"freemail", "corporate", "education", "disposable"}
    assert all(len(one) in {6, 8} and one.isdigit() for one in accounts["card_bin"].to_pylist())
    assert all(one.endswith(".example") for one in accounts["email_domain"].to_pylist())
    assert accounts["closed"].type == pa.string()


def test_the_help_names_every_field_technique_and_preset(capsys):
    with pytest.raises(SystemExit):
        main(["simulate", "--help"])
    shown = capsys.readouterr().out

    for word in (*campaign_fields(), *TECHNIQUES, *PARTITIONS, *(one.name for one in PRESETS)):
        assert word in shown, word
