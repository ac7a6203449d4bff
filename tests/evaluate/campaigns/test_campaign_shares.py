from __future__ import annotations

import numpy as np
import pytest

from stillwatch.evaluate.campaigns.shares import (
    IDENTITY,
    INFRASTRUCTURE,
    MONEY,
    TEMPLATE,
    identity_table,
    no_groups,
    shares_of,
)
from stillwatch.model.errors import InputError


def test_columns_are_spread_and_layers_kept_apart() -> None:
    shares = shares_of([0, 1, 3], [5, 5, 6], [10, 20, 30], layer=[TEMPLATE, MONEY, TEMPLATE])

    assert shares.n_accounts == 4
    assert shares.count.tolist() == [1, 1, 1]
    assert shares.only((TEMPLATE,)).account.tolist() == [0, 3]
    assert shares.only((INFRASTRUCTURE, MONEY)).trait.tolist() == [5]
    assert shares.only((INFRASTRUCTURE,)).n_accounts == 4


def test_columns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="column trait has 1 rows, column account 2"):
        shares_of([0, 1], [5])
    with pytest.raises(InputError, match=r"outside 0\.\.0"):
        shares_of([0, 1], [5, 5], n_accounts=1)
    with pytest.raises(InputError, match=r"outside 0\.\.2"):
        shares_of([-1, 1], [5, 5], n_accounts=3)


def test_an_identity_table_has_every_column() -> None:
    table = identity_table(2, card=["a", None])

    assert table.column_names == ["account", *IDENTITY]
    assert table.column("card").to_pylist() == ["a", None]
    assert table.column("net").null_count == 2
    with pytest.raises(InputError, match="'shoe' is none of card"):
        identity_table(1, shoe=["a"])


def test_no_groups_says_why() -> None:
    answer = no_groups(2, "no table")

    assert (np.unique(answer.labels).tolist(), answer.reason) == ([-1], "no table")
