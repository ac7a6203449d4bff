"""A world is what its spec says, in the event schema, the same for the same seed."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import replace

import pyarrow.compute as pc
import pytest
from small_worlds import START_MS, TINY, TINY_START_MS, of_persona, small, tiny, wide

from stillwatch.model.errors import InputError
from stillwatch.model.event import BINDING_MISMATCHES, CODES, RAW_SCHEMA
from stillwatch.simulate import SMALL, WIDE, WorldSpec, build_world
from stillwatch.simulate.personas import PERSONAS
from stillwatch.simulate.stage import DAY_MS
from stillwatch.simulate.world import ACCOUNT_SCHEMA, TRUTH_SCHEMA

NETWORKS = [
    ipaddress.ip_network(n)
    for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "10.0.0.0/8", "2001:db8::/32")
]


def test_the_same_spec_and_seed_give_the_same_world():
    again = build_world(TINY, seed=5, start_ms=TINY_START_MS)

    assert again.events.equals(tiny().events)
    assert again.accounts.equals(tiny().accounts)
    assert again.truth.equals(tiny().truth)


def test_a_world_of_every_persona_is_the_same_for_the_same_seed():
    again = build_world(WIDE, seed=11, start_ms=START_MS)

    assert again.events.equals(wide().events)
    assert again.accounts.equals(wide().accounts)
    assert again.truth.equals(wide().truth)


def test_new_personas_left_the_worlds_of_old_specs_as_they_were():
    for persona in {row["persona"] for row in small().truth.to_pylist()}:
        assert of_persona(wide(), persona).equals(of_persona(small(), persona)), persona
    whole = hashlib.sha256(b"".join(sorted(tiny().events["prompt"].to_pylist()))).hexdigest()
    assert whole[:16] == "8ca38291c2d1e28b"


def test_another_seed_gives_another_world():
    other = build_world(TINY, seed=6, start_ms=TINY_START_MS)

    assert not other.events["event_id"].equals(tiny().events["event_id"])


def test_more_accounts_of_one_persona_leave_the_others_alone():
    more = build_world(replace(TINY, batch_app=4), seed=5, start_ms=TINY_START_MS)

    assert of_persona(more, "developer").equals(of_persona(tiny(), "developer"))


def test_events_are_in_the_raw_schema_sorted_and_within_the_window():
    events = small().events
    ts = events["ts_ms"].to_numpy()

    assert events.schema.equals(RAW_SCHEMA)
    assert (ts[1:] >= ts[:-1]).all()
    assert ts[0] >= START_MS
    assert ts[-1] < START_MS + SMALL.days * DAY_MS
    assert pc.count_distinct(events["event_id"]).as_py() == events.num_rows


def test_the_demo_world_has_the_size_it_promises():
    world = small()

    assert 40_000 <= world.events.num_rows <= 80_000
    assert 280 <= world.truth.num_rows == SMALL.accounts <= 320
    assert 0.03 <= pc.mean(world.truth["extracting"].cast("int8")).as_py() <= 0.05


def test_every_persona_is_in_the_truth_and_every_event_has_an_account():
    world = small()
    known = set(world.truth["account_id"].to_pylist())

    assert set(world.truth["persona"].to_pylist()) == {p.name for p in PERSONAS if SMALL.of(p.name)}
    assert all(WIDE.of(p.name) >= SMALL.of(p.name) and WIDE.of(p.name) > 0 for p in PERSONAS)
    assert set(world.events["account_id"].to_pylist()) <= known
    assert world.accounts["account_id"].to_pylist() == world.truth["account_id"].to_pylist()
    assert world.accounts.schema.equals(ACCOUNT_SCHEMA)
    assert world.truth.schema.equals(TRUTH_SCHEMA)


def test_only_extracting_accounts_have_a_campaign_and_honest_operators_are_organisations():
    truth = wide().truth.to_pylist()
    firms = dict(
        zip(wide().accounts["account_id"].to_pylist(), wide().accounts["organisation"].to_pylist(), strict=True)
    )
    members = {}
    for row in truth:
        assert row["extracting"] == (row["campaign"] is not None)
        assert row["operator"] is not None or not row["extracting"]
        if row["operator"] and not row["extracting"]:
            members.setdefault(row["operator"], []).append(firms[row["account_id"]])

    assert "classroom-1" in members
    assert all(len(one) >= 2 and len(set(one)) == 1 for one in members.values())


def test_a_campus_is_a_crowd_without_an_operator():
    rows = [row for row in wide().truth.to_pylist() if row["persona"] == "interactive" and row["crowd"]]

    assert len(rows) >= 12
    assert {row["operator"] for row in rows} == {None}


def test_identifiers_do_not_tell_the_persona():
    columns = ("event_id", "account_id", "credential_id", "org_id", "session_id")
    for column in columns:
        prefixes = {value.split("_")[0] for value in small().events[column].drop_null().to_pylist()}
        assert len(prefixes) == 1, column


def test_coded_columns_hold_only_known_words():
    events = small().events
    for column, words in CODES.items():
        assert set(events[column].drop_null().to_pylist()) <= set(words), column
    reasons = events["binding_mismatch"].combine_chunks().flatten().to_pylist()
    assert set(reasons) <= set(BINDING_MISMATCHES)


def test_no_address_belongs_to_anybody():
    for text in small().events["client_ip"].unique().to_pylist():
        address = ipaddress.ip_address(text)
        assert any(address in network for network in NETWORKS if network.version == address.version), text


def test_counts_make_sense():
    events = small().events
    for column in ("tokens_in", "tokens_out", "tokens_reasoning", "completion_chars", "cost_usd", "latency_ms"):
        assert pc.min(events[column]).as_py() >= 0, column
    assert pc.all(pc.less_equal(events["tokens_reasoning"], events["tokens_out"])).as_py()
    assert pc.all(pc.less_equal(events["tokens_cached_in"], events["tokens_in"])).as_py()
    assert pc.all(pc.less_equal(events["n_turns"], events["n_messages"])).as_py()


def test_a_world_of_one_persona_can_be_built():
    for persona in PERSONAS:
        world = build_world(WorldSpec(**{persona.name: 2}, days=1), seed=1, start_ms=START_MS)
        assert world.truth.num_rows == 2
        assert set(world.truth["extracting"].to_pylist()) == {persona.extracting}


def test_a_scaled_spec_keeps_its_mix():
    big, little = SMALL.scaled(4), SMALL.scaled(0.01)

    assert (big.interactive, big.slow_distiller, big.slow_operators, big.days) == (720, 40, 2, 7)
    assert little.fast_distiller == little.reseller == little.fast_operators == 1
    with pytest.raises(InputError):
        SMALL.scaled(0)


def test_an_empty_world_is_empty():
    world = build_world(WorldSpec(), seed=1, start_ms=START_MS)

    assert (world.events.num_rows, world.accounts.num_rows, world.truth.num_rows) == (0, 0, 0)


@pytest.mark.parametrize(
    "spec", [WorldSpec(days=0), WorldSpec(interactive=-1), WorldSpec(fast_distiller=2, fast_operators=0)]
)
def test_a_spec_that_makes_no_sense_is_refused(spec):
    with pytest.raises(InputError):
        build_world(spec, seed=1, start_ms=START_MS)
