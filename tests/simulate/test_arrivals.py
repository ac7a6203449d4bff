"""Counting within groups, joining sessions, and the rhythms."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_worlds import START_MS, gaps_s, of_persona

from stillwatch.model.errors import InputError
from stillwatch.simulate import Traces, WorldSpec, build_world, read_traces
from stillwatch.simulate.stage import Calls, rank, running, together


def calls(account, ts, session):
    zero = np.zeros(len(ts), dtype=np.int64)
    return Calls(np.array(account), np.array(ts), np.array(session), zero, zero)


def test_rank_and_running_sums_restart_with_every_group():
    counts = np.array([2, 1, 3])

    assert rank(counts).tolist() == [0, 1, 0, 0, 1, 2]
    assert running(np.array([1.0, 2.0, 5.0, 1.0, 1.0, 1.0]), counts).tolist() == [1, 3, 5, 1, 2, 3]


def test_joined_sessions_are_ordered_by_account_and_beginning():
    joined = together(calls([0, 0, 1], [50, 60, 5], [0, 0, 1]), calls([0, 1], [10, 90], [0, 1]))

    assert joined.account.tolist() == [0, 0, 0, 1, 1]
    assert joined.ts_ms.tolist() == [10, 50, 60, 5, 90]
    assert joined.session.tolist() == [0, 1, 1, 2, 3]


def test_kept_calls_have_sessions_without_holes():
    kept = calls([0, 0, 1], [1, 2, 3], [0, 1, 2]).where(np.array([True, False, True]))

    assert kept.session.tolist() == [0, 1]


def test_measured_rates_shape_the_day_of_an_application():
    shape = np.zeros(144)
    shape[:36] = 2.0
    traces = Traces([shape], np.array([30.0]))
    events = build_world(WorldSpec(batch_app=2, days=2), 1, START_MS, traces=traces).events

    assert events.num_rows > 50
    assert (((events["ts_ms"].to_numpy() - START_MS) // 3_600_000) % 24 < 6).all()


def test_measured_pauses_are_drawn_for_people():
    traces = Traces([np.ones(144)], np.array([500.0]))
    world = build_world(WorldSpec(interactive=20, days=4), 1, START_MS, traces=traces)
    within = np.concatenate(gaps_s(of_persona(world, "interactive")))

    assert 500 < np.median(within[within < 1000]) < 530


def test_traces_are_read_from_a_folder(tmp_path):
    rates = {"category": ["x"] * 6, "client": [1, 1, 1, 2, 2, 2], "t": [0, 600, 1200] * 2, "rate": [0, 1.5, 2, 0, 0, 0]}
    pq.write_table(pa.table(rates), tmp_path / "servegen_client_rates.parquet")
    chat = {"conv_id": ["a", "a", "a", "b", "b"], "ts": [0.0, 5.0, 9000.0, 1.0, 21.0]}
    pq.write_table(pa.table(chat), tmp_path / "chitchat_human_timing.parquet")
    traces = read_traces(tmp_path)

    assert [rate.tolist() for rate in traces.rates] == [[0.0, 1.5, 2.0]]
    assert traces.pauses_s.tolist() == [5.0, 20.0]


def test_a_folder_without_traces_is_named(tmp_path):
    with pytest.raises(InputError, match="servegen_client_rates"):
        read_traces(tmp_path)
