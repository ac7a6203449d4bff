from __future__ import annotations

from datetime import date
from math import log2

import numpy as np
import pytest

from stillwatch.config import DEFAULT
from stillwatch.detectors.calibration.own import calibrated, permitted_share
from stillwatch.detectors.calibration.reference import Reference, build_reference

LEAST, MOST = 1e-4, 0.05


def reference(accounts: int, shaped: int, *, told: int | None = None, name: str = "harvest_shape") -> Reference:
    """Build a reference in which ``shaped`` accounts have the very shape of a harvest."""
    weights = np.where(np.arange(accounts) < shaped, 7.0, -3.0)
    weights[told if told is not None else accounts :] = np.nan
    return build_reference(
        np.zeros(accounts), {name: weights}, [""] * accounts, np.full(accounts, 50.0), made=date(2026, 1, 31)
    )


def test_more_such_accounts_give_a_larger_share_and_a_smaller_cap() -> None:
    found = [permitted_share(reference(3000, shaped)) for shaped in range(0, 200, 5)]
    caps = [-log2(share) for share in found]

    assert found == sorted(found)
    assert caps == sorted(caps, reverse=True)
    assert found[0] < found[1] < found[5]


@pytest.mark.parametrize("campaign", [1, 10, 100])
def test_a_campaign_in_the_reference_weakens_and_never_strengthens(campaign: int) -> None:
    honest = permitted_share(reference(3000, 6))
    mixed = permitted_share(reference(3000 + campaign, 6 + campaign))

    assert mixed > honest


def test_only_weights_above_the_last_step_have_the_very_shape() -> None:
    weights = np.where(np.arange(2000) < 400, 5.9, -3.0)
    made = build_reference(
        np.zeros(2000), {"harvest_shape": weights}, [""] * 2000, np.full(2000, 50.0), made=date(2026, 1, 31)
    )

    assert permitted_share(made) == permitted_share(reference(2000, 0))


def test_the_share_is_the_upper_end_of_what_was_counted() -> None:
    for accounts, shaped in ((500, 2), (2000, 2), (20_000, 20)):
        share = permitted_share(reference(accounts, shaped))
        assert shaped / accounts < share < 0.05


def test_a_share_stays_in_its_range() -> None:
    assert permitted_share(reference(100_000, 0)) == LEAST
    assert permitted_share(reference(100, 90)) == MOST
    assert permitted_share(reference(20, 0)) == MOST


def test_a_small_reference_promises_nothing_rare() -> None:
    found = [permitted_share(reference(accounts, 0)) for accounts in (60, 200, 1000, 5000, 20_000)]

    assert found == sorted(found, reverse=True)
    assert permitted_share(reference(500, 0)) >= 0.005


def test_a_reference_that_cannot_tell_permits_most() -> None:
    assert permitted_share(reference(2000, 0, name="replay")) == MOST
    assert permitted_share(reference(2000, 0, told=0)) == MOST


def test_accounts_the_detector_could_not_tell_about_do_not_count() -> None:
    assert permitted_share(reference(4000, 4, told=1000)) == permitted_share(reference(1000, 4))


def test_only_the_share_of_a_configuration_changes() -> None:
    mine = calibrated(DEFAULT, reference(2000, 2))

    assert mine.permitted_share == permitted_share(reference(2000, 2))
    assert mine.threshold_bits == DEFAULT.threshold_bits
    assert mine.prior_bits == DEFAULT.prior_bits
