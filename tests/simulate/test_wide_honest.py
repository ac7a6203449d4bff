"""What each honest look-alike says of itself holds in its events."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from small_worlds import START_MS, accounts_of, foreign_replays, gaps_s, of_persona, owners, per_account, wide

from stillwatch.simulate import WorldSpec, build_world
from stillwatch.simulate.formats import FORMATS
from stillwatch.simulate.formats.row import rows
from stillwatch.simulate.personas import PERSONAS, contracted, monitor
from stillwatch.simulate.stage import DAY_MS, HOUR_MS, Window

EXTRACTING = {
    "fast_distiller",
    "slow_distiller",
    "agentic_distiller",
    "reasoning_harvester",
    "logit_thief",
    "replayer",
    "live_relay",
    "technique_sweeper",
    "judge_harvester",
    "prompt_factory",
}


def median(events, column):
    return float(np.median(events[column].to_numpy()))


def filed(persona):
    accounts = wide().accounts
    return accounts.filter(pc.is_in(accounts["account_id"], pa.array(accounts_of(wide(), persona))))


def by_account(persona):
    events = of_persona(wide(), persona)
    return [events.filter(pc.equal(events["account_id"], one)) for one in accounts_of(wide(), persona)]


def test_only_those_who_copy_against_the_terms_are_extracting():
    assert {p.name for p in PERSONAS if p.extracting} == EXTRACTING
    for row in wide().truth.to_pylist():
        copies = row["persona"] in EXTRACTING
        assert row["extracting"] == copies
        assert (row["campaign"] is not None) == copies
        assert row["operator"] is not None or not copies


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_every_persona(name):
    for persona in PERSONAS:
        events = of_persona(wide(), persona.name)
        written = [FORMATS[name](row) for row in rows(events[:: max(1, events.num_rows // 20)])]
        assert len(written) >= 20
        assert all(written)


def test_a_licensee_harvests_like_a_distiller_and_has_said_so_for_long():
    events, accounts = of_persona(wide(), "contracted"), filed("contracted")
    low, high = contracted.A_DAY

    assert set(accounts["declared_purpose"].to_pylist()) == {"licensed distillation under contract"}
    assert max(accounts["signup"].to_pylist()) < "2026-06-01"
    assert median(events, "tokens_out") > 600
    for times in per_account(events, "ts_ms"):
        assert 0.8 * low < len(times) / wide_days() < 1.2 * high
    for prompts in per_account(events, "prompt"):
        assert len({prompt[:100] for prompt in prompts}) == 1
        assert len(set(prompts)) > 0.99 * len(prompts)


def wide_days():
    ts = wide().events["ts_ms"].to_numpy()
    return round((ts[-1] - ts[0]) / DAY_MS)


def test_retrieval_sends_a_long_shared_frame_and_backfills_once():
    for events in by_account("rag"):
        prompts = events["prompt"].to_pylist()
        hours = Counter((events["ts_ms"].to_numpy() // HOUR_MS).tolist())

        assert len({prompt[:300] for prompt in prompts}) == 1
        assert len(set(prompts)) == len(prompts)
        assert np.median([len(prompt) for prompt in prompts]) > 1000
        assert 100 < median(events, "tokens_out") < 400
        assert max(hours.values()) > 20 * np.median(list(hours.values()))


def test_translations_are_about_as_long_as_their_prompts():
    for events in by_account("translation"):
        answered = events.filter(pc.equal(events["finish_reason"], "stop"))
        sent = pc.binary_length(answered["prompt"]).to_numpy()
        ratio = answered["completion_chars"].to_numpy() / sent

        assert 0.6 < np.median(ratio) < 1.6
        assert np.corrcoef(answered["completion_chars"].to_numpy(), sent)[0, 1] > 0.8
        assert len({prompt[:30] for prompt in events["prompt"].to_pylist()}) == 1


def test_a_class_does_the_same_exercises_in_school_hours_behind_one_address():
    events = of_persona(wide(), "classroom")
    opened = events.filter(pc.equal(events["n_turns"], 1))
    asked = defaultdict(set)
    for org, user, who, day, prompt in zip(
        *(opened[c].to_pylist() for c in ("org_id", "end_user_id", "account_id")),
        (opened["ts_ms"].to_numpy() // DAY_MS).tolist(),
        opened["prompt"].to_pylist(),
        strict=True,
    ):
        asked[org, day].add((user or who, prompt[:40]))
    busy = [said for said in asked.values() if len(said) > 10]

    assert len(busy) >= 5
    for said in busy:
        assert len({prompt for _, prompt in said}) < 0.3 * len({who for who, _ in said})
    for _, addresses in org_values(events, "client_ip"):
        assert len(addresses) == 1
    for _, times in org_values(events, "ts_ms"):
        hours = {ts // HOUR_MS % 24 for ts in times}
        assert len(hours) <= 11
    assert max(len(users) for _, users in org_values(events, "end_user_id")) >= 20
    assert max(len(accounts) for _, accounts in org_values(events, "account_id")) >= 25


def org_values(events, column):
    found = defaultdict(set)
    for org, value in zip(events["org_id"].to_pylist(), events[column].to_pylist(), strict=True):
        found[org].add(value)
    return found.items()


def test_a_storm_repeats_a_few_refused_requests_for_hours():
    for events in by_account("retry_storm"):
        failed = events.filter(pc.not_equal(events["status"], 200))
        common = Counter(failed["prompt"].to_pylist()).most_common(4)
        times = np.sort(failed["ts_ms"].to_numpy())

        assert sum(n for _, n in common) > 0.95 * failed.num_rows
        assert failed.num_rows > 1000
        assert {429, 500, 529} <= set(failed["status"].to_pylist())
        assert np.median(np.diff(times)) < 10_000
        assert np.quantile(times, 0.95) - np.quantile(times, 0.05) > 1.5 * HOUR_MS


def test_a_stolen_key_is_used_from_two_disjoint_sets_of_networks_with_a_change_point():
    large = pa.array(["heron-2", "heron-3"])
    for events in by_account("stolen_key"):
        theft = pc.is_in(events["model_requested"], large)
        thief, owner = events.filter(theft), events.filter(pc.invert(theft))
        begin = thief["ts_ms"][0].as_py()

        assert not set(thief["client_ip"].to_pylist()) & set(owner["client_ip"].to_pylist())
        assert set(thief["credential_id"].to_pylist()) == set(owner["credential_id"].to_pylist())
        assert len(set(events["credential_id"].to_pylist())) == 1
        assert thief["max_tokens"][0].as_py() == 1
        assert thief["tokens_in"][0].as_py() < 500
        assert pc.sum(thief["tokens_in"]).as_py() + pc.sum(thief["tokens_out"]).as_py() > 2_000_000
        assert thief["ts_ms"][-1].as_py() - begin < 12 * HOUR_MS
        assert (owner["ts_ms"].to_numpy() < begin).any()
        assert (owner["ts_ms"].to_numpy() > begin).any()
        assert len(set(thief["prompt"].to_pylist())) > 0.7 * thief.num_rows


def test_a_bot_reviews_one_repository_from_fresh_machines():
    for events in by_account("ci_bot"):
        prompts = events["prompt"].to_pylist()
        files = {prompt.decode().split("\n\n", 1)[1].split("\n", 1)[0] for prompt in prompts}

        assert len({prompt[:60] for prompt in prompts}) == 1
        assert len(files) <= 12
        assert len(set(events["client_ip"].to_pylist())) > events.num_rows / 30
    assert of_persona(wide(), "ci_bot").num_rows / len(accounts_of(wide(), "ci_bot")) / wide_days() > 200


def test_orchestrated_agents_hand_reasoning_over_within_their_organisation():
    events = of_persona(wide(), "orchestrator")
    born = owners(events, "artefacts_born", "session_id")
    moved = [one for one, who in owners(events, "artefacts_carried", "session_id").items() if who - born[one]]

    assert len(moved) > 50
    assert foreign_replays(events) == 0
    assert median(events, "n_tools") >= 12
    assert median(events, "tokens_in") > 10_000
    assert "prefix" in events["binding_mismatch"].combine_chunks().flatten().to_pylist()


def test_an_application_grades_in_short_by_one_rubric():
    for events in by_account("judge_app"):
        assert len({prompt[:30] for prompt in events["prompt"].to_pylist()}) == 1
        assert median(events, "tokens_out") < 80
        assert set(events["response_format"].to_pylist()) <= {"json_object", "json_schema"}


def test_tuners_talk_of_training_like_people():
    events = of_persona(wide(), "own_model_tuner")
    within = np.concatenate(gaps_s(events))
    said = b" ".join(events["prompt"].to_pylist()).lower()

    assert 20 < np.median(within[within < 1800]) < 200
    assert said.count(b"distil") > 20
    assert events.num_rows / len(accounts_of(wide(), "own_model_tuner")) / wide_days() < 60


def test_a_red_team_declares_and_keeps_to_its_days():
    assert set(filed("red_team")["declared_purpose"].to_pylist()) == {"authorised red team exercise"}
    for events in by_account("red_team"):
        ts = events["ts_ms"].to_numpy()
        refused = events.num_rows - events["refusal_category"].null_count

        assert ts.max() - ts.min() < 2 * DAY_MS
        assert refused > 0.3 * events.num_rows
        assert len(set(events["prompt"].to_pylist())) > 0.99 * events.num_rows


def test_a_monitor_asks_a_few_prompts_of_all_models_every_day():
    for events in by_account("monitor"):
        prompts = Counter(events["prompt"].to_pylist())
        days = {
            (p, ts // DAY_MS) for p, ts in zip(events["prompt"].to_pylist(), events["ts_ms"].to_pylist(), strict=True)
        }

        assert monitor.ITEMS[0] <= len(prompts) <= monitor.ITEMS[1]
        assert len(days) >= 0.95 * len(prompts) * (wide_days() - 1)
        assert len(set(events["model_requested"].to_pylist())) == 3
        asked = events.group_by(["prompt", "model_requested"]).aggregate([("ts_ms", "list")])["ts_ms_list"].to_pylist()
        assert min(np.diff(np.sort(times)).min() for times in asked if len(times) > 1) > HOUR_MS / 2


def test_a_router_moves_reasoning_between_its_own_sessions_and_models():
    events = of_persona(wide(), "router")
    for column in ("session_id", "model_served"):
        born = owners(events, "artefacts_born", column)
        assert sum(bool(who - born[one]) for one, who in owners(events, "artefacts_carried", column).items()) > 30
    assert foreign_replays(events) == 0
    assert np.mean([len(set(models)) == 3 for models in per_account(events, "model_served")]) > 0.5
    assert "model" in events["binding_mismatch"].combine_chunks().flatten().to_pylist()


def test_nobody_calls_a_model_before_its_release():
    newer = wide().events.filter(pc.equal(wide().events["model_requested"], "heron-3"))

    assert pc.min(newer["ts_ms"]).as_py() >= Window(START_MS, 7).release_ms


def test_personas_that_are_absent_leave_no_trace():
    world = build_world(WorldSpec(monitor=1, days=1), seed=4, start_ms=START_MS)

    assert set(world.truth["persona"].to_pylist()) == {"monitor"}
