"""One entity in numbers: counted by hand, and unknown where the provider does not know."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coordination.made import DAY_MS, START_MS, asks, blank, enrolled, unknown
from stillwatch.coordination.candidates.templates import templates
from stillwatch.coordination.facts import facts

if TYPE_CHECKING:
    from stillwatch.coordination.facts import Facts
    from stillwatch.coordination.outline import Outline
    from stillwatch.model.registered import Registered

ALL = 100
ROWS = np.arange(10)
PIECE = 71


def read(outline: Outline, registered: Registered | None = None, rows: np.ndarray = ROWS, seed: int = 0) -> Facts:
    found = templates(outline)
    return facts(enrolled(outline, registered, found.groups), found, rows, concentration=100.0, seed=seed)


def test_without_account_file_and_prompts_hardly_anything_is_known() -> None:
    found = read(blank(ALL))
    known = {field.name for field in fields(found) if not math.isnan(getattr(found, field.name))}
    assert known == {"members", "shared_cards", "declared", "resellers", "quota_spread"}
    assert (found.members, found.shared_cards, found.declared, found.resellers) == (10, 0, 0.0, 0.0)


def test_who_pays_is_counted_among_members_whose_payment_is_known() -> None:
    registered = unknown(ALL)
    registered.payment[:10] = [1, 1, 1, 2, 2, 3, 4, 5, 0, 0]
    found = read(blank(ALL), registered)
    assert found.one_payer == pytest.approx(3 / 8)
    assert (found.shared_cards, found.on_shared_cards) == (2, pytest.approx(5 / 8))


@pytest.mark.parametrize(("known", "told"), [(4, False), (5, True)])
def test_what_is_known_of_fewer_than_half_is_not_told(known: int, told: bool) -> None:
    registered = unknown(ALL)
    registered.payment[:known] = registered.organisation[:known] = 8
    registered.email_class[:known] = 3
    found = read(blank(ALL), registered)
    for value in (found.one_payer, found.on_shared_cards, found.one_organisation, found.disposable):
        assert math.isnan(value) is not told


def test_throw_away_addresses_are_shares_of_known_ones_here_and_elsewhere() -> None:
    registered = unknown(ALL)
    registered.email_class[:8], registered.email_class[50:70] = 3, 3
    registered.disposable[:6], registered.disposable[50:55] = True, True
    found = read(blank(ALL), registered)
    assert (found.disposable, found.disposable_elsewhere) == (0.75, 0.25)
    registered.email_class[50:70] = 0
    assert math.isnan(read(blank(ALL), registered).disposable_elsewhere)


def test_purposes_and_contracts_are_shares_of_all_members() -> None:
    registered = unknown(ALL)
    registered.declared[:4], registered.reseller[:7] = True, True
    found = read(blank(ALL), registered)
    assert (found.declared, found.resellers) == (0.4, 0.7)


def test_volumes_are_of_a_day() -> None:
    outline = blank(ALL)
    outline.events[:10] = 100
    outline.last_ms[:10] = START_MS + np.array([1, 10] * 5) * DAY_MS
    assert read(outline).quota_spread == pytest.approx(math.log(10) / 2 * math.sqrt(10 / 9))


def listed(outline: Outline, prompts: int = 12, seed: int = 3) -> None:
    """Every member asks prompts of its own under one template, topics as they come."""
    rng = np.random.default_rng(seed)
    for row in ROWS:
        asked = [1 + 100 * int(row) + k for k in range(prompts)]
        asks(outline, row, asked, rng.integers(0, 64, prompts).tolist(), PIECE)


def test_prompts_of_several_members_and_of_one_twice_are_shares() -> None:
    outline = blank(ALL)
    listed(outline)
    outline.sample[1, :3] = outline.sample[0, :3]
    outline.sample_count[4, :6] = 2
    found = read(outline)
    assert found.common == pytest.approx(3 / 117)
    assert found.repeated == pytest.approx(6 / 120)


def test_inside_the_template_only_its_prompts_are_read_where_they_are_enough() -> None:
    outline = blank(ALL)
    listed(outline)
    outline.sample[:10, 12:24] = 9000 + np.arange(12)
    outline.sample_count[:10, 12:24] = 5
    outline.sample_topic[:10, 24:48] = 7
    found, plain = read(outline), blank(ALL)
    listed(plain)
    assert (found.common, found.repeated) == (0.0, 0.0)
    assert (found.dispersion, found.breadth_nats) == (read(plain).dispersion, read(plain).breadth_nats)
    # One prompt a member under the template is not enough: all are read.
    outline.sample_piece[:10, 25:] = 0xFFFFFFFF
    assert read(outline).repeated == pytest.approx(0.5)


def test_shards_are_told_and_one_subject_and_few_prompts_are_not() -> None:
    outline = blank(ALL)
    listed(outline)
    found = read(outline)
    assert np.isfinite([found.dispersion, found.customers, found.log_p_shards, found.breadth_nats]).all()
    assert repr(read(outline)) == repr(found)
    assert read(outline, seed=1).customers != found.customers
    outline.sample_topic[:] = 9
    subject = read(outline)
    assert subject.breadth_nats == 0.0
    assert np.isnan([subject.dispersion, subject.customers, subject.log_p_shards]).all()
    few = blank(ALL)
    listed(few, prompts=2)
    assert math.isnan(read(few).breadth_nats)
    assert math.isnan(read(outline, rows=np.arange(3)).dispersion)


def test_a_rare_second_topic_gives_no_nan() -> None:
    outline = blank(ALL)
    for row in ROWS:
        asks(outline, row, [1 + 100 * int(row) + k for k in range(3)], [5, 5, 60 if row == 0 else 5], PIECE)
    found = read(outline)
    assert np.isfinite([found.dispersion, found.customers, found.log_p_shards]).all()
