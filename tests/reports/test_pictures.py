"""Pictures say what the numbers say."""

import re
from dataclasses import replace

import numpy as np
import pytest

from stillwatch.model.finding import Ranking
from stillwatch.reports import panels, pictures
from stillwatch.reports.svg import Axis
from stillwatch.reports.view import account_view
from stillwatch.sketches.topics import names


def ranking(totals, threshold=3.0):
    totals = np.asarray(totals, float)
    return Ranking(totals, {}, -10.0, threshold, np.argsort(-totals, kind="stable"))


def test_waterfall_adds_up_to_the_total(result):
    for row in range(len(result.profile)):
        view = account_view(result, row)
        bars = pictures.bars(view, result.ranking.prior_bits)
        assert [b.start_bits for b in bars[1:-1]] == [b.end_bits for b in bars[:-2]]
        assert bars[0].end_bits == result.ranking.prior_bits
        assert bars[-2].end_bits == pytest.approx(view.total_bits)
        assert bars[-1].end_bits == view.total_bits


def test_contribution_without_a_detector_is_drawn_too(result):
    extra = np.full(len(result.profile), 0.5)
    combined = replace(
        result.ranking,
        total_bits=result.ranking.total_bits + extra,
        contributions={**result.ranking.contributions, "interplay": extra},
    )
    view = account_view(replace(result, ranking=combined), 3)
    assert pictures.bars(view, -10.0)[-2].end_bits == pytest.approx(view.total_bits)


def test_drawn_lengths_follow_the_bits(result):
    view = account_view(result, 0)
    axis = pictures.shared_axis([view], result.ranking)
    for bar in pictures.bars(view, result.ranking.prior_bits):
        svg = str(pictures.waterfall_row(bar, axis, 3.0))
        drawn = re.search(rf'x="([\d.]+)%"[^>]*width="([\d.]+)%"[^>]*class="{bar.kind}"', svg)
        if bar.kind in {"more", "less", "prior", "total"}:
            length = (axis.high - axis.low) * float(drawn[2]) / 100
            assert length == pytest.approx(abs(bar.end_bits - bar.start_bits), abs=0.01)


def many(result, counted):
    """The first account's steps, one a value of ``counted``; None could not tell."""
    view = account_view(result, 0)
    step = view.steps[0]
    made = tuple(
        replace(step, detector=f"d{i}", counted_bits=value or 0.0, reason="" if value is not None else "unknown")
        for i, value in enumerate(counted)
    )
    return replace(view, steps=made, total_bits=-10.0 + sum(value or 0.0 for value in counted))


def test_small_parts_and_silent_ones_are_drawn_together(result):
    view = many(result, [4.0, 0.5, 0.4, 0.3, -0.1, -0.5, None, None])
    bars = pictures.bars(view, -10.0)
    assert [bar.name for bar in bars] == ["prior", "d0", "d1", "d5", "3 smaller", "2 others", "total"]
    assert bars[4].shown_bits == pytest.approx(0.6)
    assert "3 smaller: +0.6 bits counted together" in str(pictures.waterfall_row(bars[4], Axis(-20, 20), 3.0))
    assert "2 others could not tell" in str(pictures.waterfall_row(bars[5], Axis(-20, 20), 3.0))


def test_a_waterfall_has_a_bounded_number_of_rows_and_still_adds_up(result):
    view = many(result, [1.0 + i / 10 for i in range(30)] + [None] * 5)
    bars = pictures.bars(view, -10.0)
    assert len(bars) == pictures.DRAWN + 4
    assert [b.start_bits for b in bars[1:-1]] == [b.end_bits for b in bars[:-2]]
    assert bars[-2].end_bits == pytest.approx(view.total_bits)
    assert min(bar.step.counted_bits for bar in bars[1:-3]) > 2.7


def test_could_not_tell_adds_nothing_and_says_so(result):
    row = int(np.flatnonzero(result.examined[1].reason)[0])
    view = account_view(result, row)
    untold = [b for b in pictures.bars(view, -10.0) if b.kind == "untold"]
    assert len(untold) == len(view.untold) == 1
    assert untold[0].shown_bits == 0
    assert "could not tell" in str(pictures.waterfall_row(untold[0], Axis(-20, 20), 3.0))


def test_overview_counts_every_account_on_its_side():
    svg = str(pictures.overview(ranking([-11.0, -10.0, 2.999, 3.0, 3.0, 40.0])))
    above = [int(n) for n in re.findall(r'class="above"><title>[^<]*: (\d+) account', svg)]
    below = [int(n) for n in re.findall(r'class="below"><title>[^<]*: (\d+) account', svg)]
    assert (sum(above), sum(below)) == (3, 3)


def test_overview_of_nobody_and_of_nan_is_empty():
    assert pictures.overview(ranking([])) == ""
    assert pictures.overview(ranking([np.nan])) == ""


@pytest.mark.parametrize("totals", [[0.0], [1e6, -1e6], [3.0] * 5])
def test_overview_of_odd_totals(totals):
    assert "<svg" in pictures.overview(ranking(totals))


def test_panels_without_content_are_left_out():
    nothing = np.zeros(0)
    assert panels.timeline(nothing, np.nan, np.nan) == ""
    assert panels.hour_of_week(np.full(168, np.nan)) == ""
    assert panels.answer_length(np.zeros(16), None) == ""
    assert panels.topics(nothing, None) == ""


def test_heat_map_names_the_busiest_hour():
    week = np.zeros(168)
    week[24 + 14] = 9
    svg = str(panels.hour_of_week(week))
    assert "Tue 14:00: 9 events" in svg
    assert "Active in 1 of 168 hours" in svg


def test_topics_are_ordered_by_share():
    shares = np.zeros(64)
    shares[[5, 9]] = 1, 3
    said = re.findall(r"([\w ]+): (\d+) % of prompts", str(panels.topics(shares, np.full(64, 1 / 64))))
    assert [pair for pair in said if pair[1] != "0"] == [(names()[9], "75"), (names()[5], "25")]


def test_timeline_axis_tells_the_time():
    values = np.zeros(24)
    values[:12] = 2
    svg = str(panels.timeline(values, 1_793_491_200_000.0, 3600.0))
    assert "2026-11-01 00:00" in svg
    assert "2026-11-01 12:00" in svg
    assert "one bar: 1 hour" in svg
