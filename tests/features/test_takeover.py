"""A key in other hands beside a move: both bring new networks, only one leaves the old in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from handmade import DAY_MS, START_MS, blank, set_counts, values_of

from sketches.events import event, folded, pseudonym, seeded
from stillwatch.features import FEATURES, profile
from stillwatch.features.shares import FULL16

if TYPE_CHECKING:
    from stillwatch.sketches.layout import Arrays

ME = pseudonym(1, "account")
START_S = START_MS // 1000
DAY_S = 86_400
OF_NEW = ("new_nets_share", "old_nets_kept", "new_nets_spread", "new_nets_at")


def seen(*nets: tuple[int, float, float], days: float = 100) -> Arrays:
    """One account with networks of (requests, first day, last day)."""
    one = blank()
    set_counts(one, events=sum(times for times, _, _ in nets), network_known=sum(times for times, _, _ in nets))
    one.last_ms[:] = START_MS + int(days * DAY_MS)
    for k, (times, first, last) in enumerate(nets):
        one.nets[0, k] = 100 + k
        one.nets_count[0, k] = times
        one.nets_first_s[0, k] = START_S + int(first * DAY_S)
        one.nets_last_s[0, k] = START_S + int(last * DAY_S)
    return one


def test_a_key_in_other_hands_leaves_the_old_network_in_use() -> None:
    found = values_of(seen((600, 0, 100), (300, 60, 100), (100, 70, 100)))

    assert found["new_nets_share"] == 0.4
    assert found["old_nets_kept"] == 1
    assert found["new_nets_at"] == pytest.approx(0.6)
    assert found["new_nets_spread"] == pytest.approx(0.1)


def test_a_migration_ends_the_old_network_before_the_new_one_begins() -> None:
    found = values_of(seen((600, 0, 59), (400, 60, 100)))

    assert found["new_nets_share"] == 0.4
    assert found["old_nets_kept"] == 0


def test_an_old_network_last_used_as_the_new_one_began_was_left() -> None:
    assert values_of(seen((5, 0, 60), (5, 60, 100)))["old_nets_kept"] == 0


def test_networks_within_the_first_quarter_are_old() -> None:
    found = values_of(seen((5, 0, 100), (5, 25, 100)))

    assert found["new_nets_share"] == 0
    assert np.isnan([found[name] for name in OF_NEW[1:]]).all()
    assert values_of(seen((5, 0, 100), (5, 25.1, 100)))["new_nets_share"] == 0.5


def test_one_event_shows_no_beginning() -> None:
    found = values_of(seen((1, 0, 0), days=0))

    assert found["network_share"] == 1
    assert np.isnan([found[name] for name in OF_NEW]).all()


def test_a_log_without_networks_knows_nothing_of_them() -> None:
    one = blank()
    set_counts(one, events=50)
    one.last_ms[:] = START_MS + 9 * DAY_MS

    found = values_of(one)

    assert found["network_share"] == 0
    assert np.isnan([found[name] for name in OF_NEW]).all()


@pytest.mark.parametrize("full", [0, 1])
def test_a_full_counter_makes_the_share_unknown_and_leaves_the_times(full: int) -> None:
    one = seen((600, 0, 100), (400, 60, 100))
    one.nets_count[0, full] = FULL16

    found = values_of(one)

    assert np.isnan(found["new_nets_share"])
    assert found["old_nets_kept"] == 1
    assert found["new_nets_at"] == pytest.approx(0.6)


def test_the_share_of_named_client_programs_is_of_all_requests() -> None:
    one = blank()
    set_counts(one, events=80, user_agent_known=20)

    assert values_of(one)["user_agent_share"] == 0.25


def test_the_engine_tells_the_two_apart() -> None:
    rng = seeded(5)

    def measured(old_until: int) -> dict[str, float]:
        moments = [(1, day) for day in range(old_until)] + [(2, day) for day in range(60, 100)]
        rows = [
            event(rng, k, 0.0, account_id=ME, client_net=pseudonym(net, "client_net"), ts_ms=START_MS + day * DAY_MS)
            for k, (net, day) in enumerate(moments)
        ]
        made = profile(folded([rows]).ordered(), 1, None, None)
        return {feature.name: float(made.column(feature.name)[0]) for feature in FEATURES}

    stolen, moved = measured(100), measured(60)

    assert stolen["new_nets_share"] == pytest.approx(40 / 140)
    assert moved["new_nets_share"] == pytest.approx(40 / 100)
    assert (stolen["old_nets_kept"], moved["old_nets_kept"]) == (1, 0)
    assert stolen["network_share"] == 1
