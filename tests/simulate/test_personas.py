"""What each persona says of itself holds in its events."""

from __future__ import annotations

import json
from collections import Counter
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from small_worlds import START_MS, accounts_of, foreign_replays, gaps_s, of_persona, owners, per_account, small

from stillwatch.simulate import SMALL, WorldSpec, build_world
from stillwatch.simulate.cast import LANGUAGE_SHARES, LANGUAGES, recruit
from stillwatch.simulate.personas import PERSONAS, fast_distiller, interactive
from stillwatch.simulate.prompts.words import TOPICS, phrases
from stillwatch.simulate.stage import DAY_MS, Stage, Window


def median(events, column):
    return float(np.median(events[column].to_numpy()))


def test_people_pause_like_people_and_keep_days_off():
    events = of_persona(small(), "interactive")
    within = np.concatenate(gaps_s(events))
    within = within[within < 1800]
    days = [len({ts // DAY_MS for ts in times}) for times in per_account(events, "ts_ms")]

    assert 20 < np.median(within) < 90
    assert np.std(np.log(within)) > 0.8
    assert np.mean(np.array(days) < SMALL.days) > 0.5
    assert median(events, "n_turns") >= 3


def test_people_sleep():
    world = build_world(WorldSpec(interactive=60, days=7), seed=3, start_ms=START_MS)
    silent = [
        np.max(np.diff(sorted({ts // 3_600_000 % 24 for ts in times} | {24}), prepend=-1))
        for times in per_account(world.events, "ts_ms")
        if len(times) > 60
    ]

    assert np.median(silent) >= 5


def test_developers_loop_over_tools_with_long_contexts():
    events = of_persona(small(), "developer")

    assert median(events, "tokens_in") > 10_000
    assert median(events, "n_tools") >= 8
    assert pc.mean(pc.equal(events["finish_reason"], "tool_use").cast("int8")).as_py() > 0.5
    assert pc.max(events["tokens_in"]).as_py() < 250_000


def test_developers_carry_only_what_their_organisation_received():
    assert foreign_replays(of_persona(small(), "developer")) == 0
    assert foreign_replays(of_persona(small(), "interactive")) == 0


def test_a_colleague_may_take_a_session_over():
    events = of_persona(small(), "developer")
    born = owners(events, "artefacts_born", "account_id")
    carried = owners(events, "artefacts_carried", "account_id")

    assert any(accounts - born[one] for one, accounts in carried.items())


def test_fast_distillers_replay_across_accounts():
    assert foreign_replays(of_persona(small(), "fast_distiller")) > 100


def test_what_is_carried_was_born_before():
    events = small().events
    born, late = {}, 0
    for ts, made, carried in zip(
        events["ts_ms"].to_pylist(),
        events["artefacts_born"].to_pylist(),
        events["artefacts_carried"].to_pylist(),
        strict=True,
    ):
        late += sum(one not in born for one in carried or [])
        born.update(dict.fromkeys(made or [], ts))

    assert born
    assert late == 0


def test_applications_answer_short_day_and_night():
    events = of_persona(small(), "batch_app")
    hours = Counter((events["ts_ms"].to_numpy() // 3_600_000 % 24).tolist())

    assert median(events, "tokens_out") < 30
    assert min(hours.values()) > 0.7 * max(hours.values())
    assert set(events["n_turns"].to_pylist()) == {1}
    for agents in per_account(events, "system"):
        assert len(set(agents)) == 1


def test_evaluations_repeat_a_finite_set_over_model_versions():
    events = of_persona(small(), "evaluation")
    for prompts in per_account(events, "prompt"):
        assert len(set(prompts)) <= 260
    repeated = [len(prompts) / len(set(prompts)) for prompts in per_account(events, "prompt")]

    assert np.median(repeated) >= 1.9
    assert len(events["model_requested"].unique()) >= 2


def test_researchers_declare():
    accounts = small().accounts
    rows = accounts.filter(pc.is_in(accounts["account_id"], pa.array(accounts_of(small(), "researcher"))))

    assert rows["declared_purpose"].null_count <= 2


def test_resellers_are_filed_and_name_their_customers():
    events, accounts = of_persona(small(), "reseller"), small().accounts
    filed = accounts.filter(accounts["reseller"])["account_id"].to_pylist()

    assert sorted(filed) == sorted(accounts_of(small(), "reseller"))
    assert events["end_user_id"].null_count == 0
    users = events.group_by("session_id").aggregate([("end_user_id", "count_distinct")])
    assert set(users["end_user_id_count_distinct"].to_pylist()) == {1}


def test_fast_distillers_have_published_volumes_machine_rhythm_and_many_networks():
    events = of_persona(small(), "fast_distiller")
    low, high = fast_distiller.A_DAY
    for times in per_account(events, "ts_ms"):
        a_day = len(times) / max(1, len({ts // DAY_MS for ts in times}))
        assert 0.8 * low < a_day < 1.2 * high
    for gaps in gaps_s(events):
        assert np.std(np.log(gaps + 0.001)) < 0.6
    for addresses in per_account(events, "client_ip"):
        assert len(set(addresses)) >= 40
    for keys in per_account(events, "credential_id"):
        assert len(set(keys)) == 1
    assert median(events, "tokens_out") > 400


def test_fast_distillers_begin_with_one_template_and_never_ask_twice():
    for prompts in per_account(of_persona(small(), "fast_distiller"), "prompt"):
        assert len({prompt[:200] for prompt in prompts}) == 1
        assert len(set(prompts)) > 0.99 * len(prompts)


def test_slow_distillers_keep_to_a_few_requests_a_day():
    events = of_persona(small(), "slow_distiller")
    for times in per_account(events, "ts_ms"):
        assert 1 <= max(Counter(ts // DAY_MS for ts in times).values()) <= 26
        assert len(times) / SMALL.days >= 1.5


def test_slow_distillers_of_an_operator_share_a_family():
    openings = {prompt[:600] for prompt in of_persona(small(), "slow_distiller")["prompt"].to_pylist()}
    every = phrases("teach_body", np.repeat(np.arange(5), 3), np.tile(np.arange(3), 5))
    bodies = [body.encode() for body in every.to_pylist()]

    assert len({body for body in bodies for opening in openings if body in opening}) == 1


def test_honest_accounts_meet_refusals_and_mismatches_too():
    honest = [of_persona(small(), name) for name in ("interactive", "developer", "batch_app", "evaluation")]
    refused = sum(events["refusal_category"].length() - events["refusal_category"].null_count for events in honest)
    dropped = Counter(one for e in honest for one in e["binding_mismatch"].combine_chunks().flatten().to_pylist())
    total = sum(events.num_rows for events in honest)

    assert 0.0005 < refused / total < 0.01
    assert dropped["prefix"] > 0
    assert dropped["turn_boundary"] > 0
    assert dropped["organization"] == 0


def test_extraction_meets_its_own_refusals():
    events = of_persona(small(), "fast_distiller")
    categories = Counter(events["refusal_category"].drop_null().to_pylist())

    assert categories.most_common(1)[0][0] == "reasoning_extraction"
    assert categories.total() / events.num_rows < 0.04


@pytest.mark.parametrize("persona", [p.name for p in PERSONAS])
def test_languages_are_alike_for_every_persona(persona):
    stage = Stage(np.random.default_rng(2), 4000, 8, Window(START_MS, 7), None, None)
    module = next(p for p in PERSONAS if p.name == persona)
    habits = module.play.__globals__["HABITS"]
    shares = np.bincount(recruit(stage, habits.access).language, minlength=5) / 4000

    assert np.abs(shares - np.array(LANGUAGE_SHARES)).max() < 0.03


def test_every_language_has_the_same_phrases_in_number():
    def shape(value):
        return [shape(inner) for inner in value] if isinstance(value, list) else ""

    folder = files("stillwatch.simulate.prompts").joinpath("words")
    words = [json.loads(folder.joinpath(f"{language}.json").read_text(encoding="utf-8")) for language in LANGUAGES]
    shapes = [{slot: shape(phrases) for slot, phrases in language.items()} for language in words]

    assert all(one == shapes[0] for one in shapes)
    assert len(shapes[0]["topics"]) == TOPICS


def test_people_on_a_campus_share_an_address_but_not_a_payment():
    stage = Stage(np.random.default_rng(4), 400, 0, Window(START_MS, 7), None, None)
    cast = recruit(stage, interactive.HABITS.access)
    first = Counter(cast.ips.take(pa.array(cast.nets.start)).to_pylist())

    assert first.most_common(1)[0][1] >= 10
    assert len(set(cast.payment.to_pylist())) == 400
