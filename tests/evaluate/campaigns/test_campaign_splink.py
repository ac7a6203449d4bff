from __future__ import annotations

import logging
import sys

import numpy as np
import pyarrow as pa
import pytest

from stillwatch.evaluate.campaigns.peers import SPLINK, SPLINK_EVEN
from stillwatch.evaluate.campaigns.scores import Truth, measure
from stillwatch.evaluate.campaigns.shares import identity_table, shares_of

N = 1_500
SHARES = shares_of([], [], n_accounts=N)


def crowd(**instead):
    """Accounts with cards, addresses and clients of their own; ``instead`` gives the first rows other values."""
    rng = np.random.default_rng(1)
    columns = {
        "card": [f"card {at}" for at in range(N)],
        "bin": [f"bin {at}" for at in rng.integers(0, 100, N)],
        "email_domain": [f"mail {at}" for at in rng.zipf(1.6, N) % 60],
        "net": [f"net {at}" for at in rng.integers(0, 900, N)],
        "ja4": [f"ja4 {at}" for at in rng.integers(0, 40, N)],
        "user_agent": [f"agent {at}" for at in rng.integers(0, 80, N)],
    }
    for name, values in instead.items():
        columns[name][: len(values)] = values
    return identity_table(N, **columns)


# Five operators of eight accounts: two accounts a card, one address and one client for all.
OPERATOR = np.where(np.arange(N) < 40, np.arange(N) // 8, -1)
OPERATED = {
    "card": [f"shared {at // 2}" for at in range(40)],
    "net": [f"rented {at // 8}" for at in range(40)],
    "ja4": [f"odd {at // 8}" for at in range(40)],
    "user_agent": [f"odd {at // 8}" for at in range(40)],
}


def test_accounts_of_one_owner_are_joined_and_strangers_are_not(capfd) -> None:
    pytest.importorskip("splink", reason="the extra evaluate is not installed")
    level = logging.getLogger("splink").level

    seen = measure(Truth(OPERATOR), SPLINK(SHARES, crowd(**OPERATED)))

    assert (seen.at_80_pure, seen.recall, seen.false_groups) == (5, 1.0, 0)
    assert seen.benign_grouped < 0.01
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("splink").level == level


def test_the_answer_is_the_same_again_and_rows_may_come_in_any_order() -> None:
    pytest.importorskip("splink", reason="the extra evaluate is not installed")
    table = crowd(**OPERATED)

    first, again = SPLINK(SHARES, table), SPLINK(SHARES, table)
    turned = measure(Truth(OPERATOR), SPLINK(SHARES, table.take(pa.array(np.arange(N)[::-1]))))

    assert first.labels.tolist() == again.labels.tolist()
    assert turned.at_80_pure == 5


def test_what_one_address_and_client_leave_open_is_joined_from_even_odds_on() -> None:
    pytest.importorskip("splink", reason="the extra evaluate is not installed")
    table = crowd(card=OPERATED["card"], net=OPERATED["net"], ja4=OPERATED["ja4"])

    assert measure(Truth(OPERATOR), SPLINK(SHARES, table)).at_80 == 0
    assert measure(Truth(OPERATOR), SPLINK_EVEN(SHARES, table)).at_80_pure == 5


def test_colleagues_behind_one_address_look_like_one_owner() -> None:
    """The weakness it is known for: columns that go together are taken as independent."""
    pytest.importorskip("splink", reason="the extra evaluate is not installed")
    office = ["office"] * 12
    table = crowd(**OPERATED)
    instead = {name: table.column(name).to_pylist() for name in ("net", "ja4", "user_agent", "email_domain")}
    for values in instead.values():
        values[60:72] = office

    labels = SPLINK(SHARES, crowd(card=OPERATED["card"], **instead)).labels

    assert labels[60] >= 0
    assert len(set(labels[60:72].tolist())) == 1


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (None, "it needs an identity table"),
        (identity_table(N), "fewer than two identity columns"),
        (identity_table(N, card=["one"] * N, net=[str(at) for at in range(N)]), "fewer than two identity columns"),
    ],
)
def test_without_telling_columns_there_is_a_reason(table, reason: str) -> None:
    pytest.importorskip("splink", reason="the extra evaluate is not installed")
    answer = SPLINK(SHARES, table)

    assert answer.reason.startswith(reason)
    assert answer.labels.max() == -1


def test_without_the_package_there_is_a_reason(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)

    assert SPLINK(SHARES, crowd()).reason == "splink is missing: pip install 'stillwatch[evaluate]'"
