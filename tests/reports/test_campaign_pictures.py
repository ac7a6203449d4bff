"""Pictures of campaigns: deterministic, readable from 3 members to 24,000, and telling by words too."""

import re
import time
from dataclasses import replace

import numpy as np
import pytest

from reports import campaigns_made as made
from stillwatch.reports.campaigns import graph, lives
from stillwatch.reports.campaigns.plane import plane
from stillwatch.reports.campaigns.view import shown
from stillwatch.reports.campaigns.waterfall import bars, shared_axis, waterfall

SIZES = (1, 3, 55, 400, 401, 24_000)


def spots(svg):
    dots = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)" class="dot', svg)
    return np.array(dots, float)


@pytest.mark.parametrize("count", SIZES)
def test_no_account_hides_another_or_leaves_the_picture(count):
    drawn = graph.account_graph(made.members(count))
    place = spots(str(drawn.svg))
    assert len(place) == drawn.shown == min(count, graph.DRAWN)
    assert drawn.accounts == count
    apart = np.hypot(*(place[:, None, :2] - place[None, :, :2]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    assert (apart >= 2 * place[0, 2]).all()
    assert (place[:, :2] > 0).all()
    assert (place[:, 0] < graph.WIDTH).all()
    assert (place[:, 1] < graph.HEIGHT).all()


@pytest.mark.parametrize("count", SIZES)
def test_pictures_are_the_same_each_time_and_stay_small(count):
    one = made.members(count)
    first = [str(graph.account_graph(one).svg), str(lives.lives(one).svg)]
    assert first == [str(graph.account_graph(one).svg), str(lives.lives(one).svg)]
    assert sum(map(len, first)) < 160_000
    assert all("<title>" in svg and 'role="img"' in svg for svg in first)


def test_twenty_four_thousand_members_are_drawn_in_a_moment():
    one = made.members(24_000)
    began = time.perf_counter()
    graph.account_graph(one)
    lives.lives(one)
    assert time.perf_counter() - began < 5.0


def test_accounts_lie_near_what_ties_them():
    one = replace(made.members(2), layer_bits=np.array([[12.0, -3.0, 0.0, 0.0, 0.0], [0.0, 0.0, 12.0, 0.0, 0.0]]))
    titled = re.sub(r"<title>.*?</title>|</circle>", "", str(graph.account_graph(one).svg)).replace('">', '"/>')
    place = spots(titled)
    assert place[0, 0] < graph.WIDTH / 3
    assert place[1, 0] > graph.WIDTH * 2 / 3


def test_pool_and_failover_stand_in_the_numbers():
    told = lives.lives(made.members(60))
    signed, first, last, closed = (sum(one.counts[at] for one in told.bins) for at in range(4))
    assert (first, last, closed) == (60, 60, 30)
    assert signed == 60 - 6
    after = [one.at_work for one in told.bins if one.counts[3]]
    assert after
    assert "30 of 60 members were closed by the provider." in told.notes


def test_old_sign_ups_are_said_and_not_drawn():
    one = made.members(30)
    one.signup_ms[:4] = made.START_MS - 900 * made.DAY_MS
    told = lives.lives(one)
    assert any(re.match(r"4 signed up before 2026.*, which is not drawn, 4 of them on 2024", n) for n in told.notes)
    assert sum(b.counts[0] for b in told.bins) == 30 - 4 - 3


def test_unknown_sign_ups_are_said():
    one = made.members(5)
    one.signup_ms[:] = -1
    one.closed_ms[:] = -1
    told = lives.lives(one)
    assert "When members signed up is not known." in told.notes
    assert "0 of 5 members were closed by the provider." in told.notes


def test_bars_add_up_to_the_total():
    for view in shown(made.campaigns(made.ring(), made.school_class(), made.hidden())).views:
        made_bars = bars(view)
        assert made_bars[0].end_bits == pytest.approx(view.prior_bits)
        assert made_bars[-2].end_bits == pytest.approx(view.total_bits)
        assert len(waterfall(view, shared_axis([view]))) == len(view.lines) + 2


def test_the_plane_tells_campaigns_apart():
    seen = shown(made.campaigns(made.ring(), made.school_class(), made.hidden())).views
    svg = str(plane(seen))
    assert svg.count('class="reported"') == 1
    assert svg.count('class="coordinated"') == 2
    assert "1: c-bc9eba9ee1, 55 accounts; one operator 97 %, extraction if so 99.8 %" in svg
    assert str(plane(())) == ""
