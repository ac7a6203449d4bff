"""What each way of taking a model says of itself holds in its events."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from small_worlds import (
    START_MS,
    accounts_of,
    foreign_replays,
    gaps_s,
    of_persona,
    per_account,
    wide,
    write_prompts,
)

from stillwatch.simulate import WIDE, WorldSpec, build_world, read_library
from stillwatch.simulate.artefacts import Links, rather
from stillwatch.simulate.formats import FORMATS
from stillwatch.simulate.formats.row import rows
from stillwatch.simulate.personas import logit_thief, technique_sweeper
from stillwatch.simulate.stage import DAY_MS, Window


def median(events, column):
    return float(np.median(events[column].to_numpy()))


def a_day(persona):
    return of_persona(wide(), persona).num_rows / WIDE.of(persona) / WIDE.days


def shared(prompts):
    """Length of what all prompts end in (bytes)."""
    ends = [prompt[::-1] for prompt in prompts]
    low, high = min(ends), max(ends)
    return next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))


def test_volumes_are_the_published_ones():
    assert 26 <= a_day("agentic_distiller") <= 280
    assert 250 <= a_day("reasoning_harvester") <= 950
    assert 9 <= a_day("replayer") <= 18
    assert 4 <= a_day("live_relay") <= 9
    assert 100 <= a_day("judge_harvester") <= 300
    assert 26 <= a_day("prompt_factory") <= 280


def test_agentic_distillers_work_day_and_night_with_tools_from_one_pool():
    events = of_persona(wide(), "agentic_distiller")
    hours = Counter((events["ts_ms"].to_numpy() // 3_600_000 % 24).tolist())
    addresses = per_account(events, "client_ip")

    assert median(events, "n_tools") >= 8
    assert median(events, "n_messages") > 5
    assert len(hours) == 24
    assert sum(n for hour, n in hours.items() if not 7 <= hour < 23) > 0.2 * events.num_rows
    assert len(set(events["system"].to_pylist())) == 1
    assert sum(len(set(one)) for one in addresses) > len(set().union(*addresses))


def test_a_harvest_of_reasoning_ends_in_one_fixed_string_on_every_account():
    events = of_persona(wide(), "reasoning_harvester")

    assert shared(events["prompt"].to_pylist()) > 60
    assert set(events["reasoning_effort"].to_pylist()) == {"high"}
    assert median(events, "tokens_out") > 1500
    assert len(set(events["prompt"].to_pylist())) > 0.95 * events.num_rows


def test_a_logit_thief_asks_one_token_with_another_bias_every_time():
    events = of_persona(wide(), "logit_thief")
    small = pc.and_(pc.less_equal(events["max_tokens"], 4), pc.greater(events["logit_bias_n"], 0))

    assert pc.mean(pc.fill_null(small, fill_value=False).cast("int8")).as_py() > 0.9
    assert events["logprobs_requested"].null_count == 0
    assert len(set(events["logit_bias_n"].to_pylist())) > 10
    assert len(set(events["prompt"].to_pylist())) <= logit_thief.PROMPTS
    assert pc.max(events["tokens_out"]).as_py() == 1


@pytest.mark.parametrize("name", ["native", "openai_chat", "litellm", "langfuse", "helicone"])
def test_a_bias_is_written_where_the_format_has_one(name):
    row = next(iter(rows(of_persona(wide(), "logit_thief")[:1])))
    plain = next(iter(rows(of_persona(wide(), "batch_app")[:1])))

    assert "logit_bias" in json.dumps(FORMATS[name](row))
    assert "logit_bias" not in json.dumps(FORMATS[name](plain))


def test_a_bias_is_written_for_as_many_tokens_as_the_event_says():
    for row in rows(of_persona(wide(), "logit_thief")[:20]):
        assert len(FORMATS["openai_chat"](row)["request"]["logit_bias"]) == row["logit_bias_n"]


def test_replayed_sessions_are_of_many_people_at_a_machines_pace():
    events = of_persona(wide(), "replayer")
    within = np.concatenate(gaps_s(events))
    words = b" ".join(events["prompt"].to_pylist()).decode()

    assert np.std(np.log(within[(within > 1) & (within < 120)])) < 0.6
    assert all(word in words for word in ("what about", "¿", "ß", "é"))
    assert any("\u4e00" <= letter <= "\u9fff" for letter in words)
    assert median(events, "n_turns") >= 2


def test_stored_sessions_are_replayed_verbatim(tmp_path):
    lines = [
        {"cls": "B", "source": "chat", "conv_id": f"c{c}", "turn": t, "prompt": f"c{c} t{t:02}"}
        for c in range(200)
        for t in range(6)
    ]
    library = read_library(write_prompts(tmp_path / "p", lines))
    events = build_world(WorldSpec(replayer=3, live_relay=3), 1, START_MS, library).events
    sessions = events.group_by("session_id").aggregate([("prompt", "list")])["prompt_list"].to_pylist()

    assert len(sessions) > 30
    for prompts in sessions:
        words = [prompt.decode().split() for prompt in prompts]
        assert len({conversation for conversation, _ in words}) == 1
        assert [turn for _, turn in words] == [f"t{n:02}" for n in range(len(words))]


def test_a_relay_has_peoples_pauses_many_programs_and_foreign_signatures():
    events = of_persona(wide(), "live_relay")
    within = np.concatenate(gaps_s(events))
    within = within[within < 1800]

    assert 20 < np.median(within) < 120
    assert np.std(np.log(within + 1)) > 0.7
    assert np.mean([len(set(agents)) for agents in per_account(events, "user_agent")]) > 3
    assert foreign_replays(events) > 50
    assert "organization" in events["binding_mismatch"].combine_chunks().flatten().to_pylist()


def test_a_sweep_tries_every_trick_once_and_scales_the_winners():
    events = of_persona(wide(), "technique_sweeper")
    early = pc.less(events["ts_ms"], Window(START_MS, WIDE.days).release_ms)
    first, later = events.filter(early), events.filter(pc.invert(early))

    assert refused(first) > 0.6
    assert refused(later) < 0.15
    assert later.num_rows > 2 * first.num_rows
    assert 0.8 < technique_sweeper.EARLY_A_DAY * 3.5 * WIDE.technique_sweeper / first.num_rows < 1.25
    assert len({prompt[:70] for prompt in first["prompt"].to_pylist()}) > 50
    assert len({prompt[:70] for prompt in later["prompt"].to_pylist()}) <= technique_sweeper.WINNERS


def refused(events):
    return 1.0 - events["refusal_category"].null_count / events.num_rows


def test_a_judge_harvest_compares_two_answers_at_length_over_many_accounts():
    events = of_persona(wide(), "judge_harvester")

    assert len({prompt[:200] for prompt in events["prompt"].to_pylist()}) == 1
    assert len(set(events["prompt"].to_pylist())) == events.num_rows
    assert median(events, "tokens_out") > 400
    assert len(accounts_of(wide(), "judge_harvester")) == WIDE.judge_harvester


def test_a_factory_makes_tasks_up_and_harder():
    events = of_persona(wide(), "prompt_factory")
    said = events["prompt"].to_pylist()

    assert sum(b"diverse tasks about" in prompt or b"new instructions" in prompt for prompt in said) > 100
    assert sum(b"harder by adding two constraints" in prompt for prompt in said) > 50
    assert median(events, "tokens_out") > 400


def test_accounts_of_an_operator_share_a_campaign():
    spec = WorldSpec(replayer=6, replayer_operators=2, days=1)
    truth = build_world(spec, 2, START_MS).truth

    assert Counter(truth["operator"].to_pylist()) == {"replayer-1": 3, "replayer-2": 3}
    assert set(truth["campaign"].to_pylist()) == {"campaign-replayer-1", "campaign-replayer-2"}


def test_the_first_links_win_where_they_say_something():
    first = Links(np.array([0, 2, 0]), np.array([7, 8]))
    second = Links(np.array([1, 1, 2]), np.array([1, 2, 3, 4]))
    chosen = rather(first, second)

    assert chosen.count.tolist() == [1, 2, 2]
    assert chosen.source.tolist() == [1, 7, 8, 3, 4]


def test_no_event_lies_outside_the_window():
    ts = wide().events["ts_ms"].to_numpy()
    known = pa.array(wide().truth["account_id"].to_pylist())

    assert START_MS <= ts[0] <= ts[-1] < START_MS + WIDE.days * DAY_MS
    assert pc.all(pc.is_in(wide().events["account_id"], known)).as_py()
