"""What the study of campaigns counts as a bond, a false group, a leak, a layer left out, a fair calibration."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from stillwatch.coordination import tested
from stillwatch.coordination.groups import LAYERS, Groups
from stillwatch.evaluate.campaigns.ablation import without
from stillwatch.evaluate.campaigns.background import background_spec
from stillwatch.evaluate.campaigns.bonds import BONDS, bound, unbound
from stillwatch.evaluate.campaigns.calibrate import QUESTIONS, Entity, reliability_table, unseen
from stillwatch.evaluate.campaigns.figures import over_seeds
from stillwatch.evaluate.campaigns.knobs import knee, settings
from stillwatch.evaluate.campaigns.leak import Group, found_after, leak, until
from stillwatch.evaluate.campaigns.plan import FULL, SMALL, jobs
from stillwatch.evaluate.campaigns.rates import LEVELS, WITHOUT, Rate, count_table, false_groups, rate_table
from stillwatch.simulate.crowds.spec import CROWD_KINDS

NAN = float("nan")


def groups_of(*members: list[int]) -> Groups:
    sizes = [len(one) for one in members]
    flat = [row for one in members for row in one]
    g = len(members)
    return Groups(
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.array(flat, np.int32),
        np.ones(g, np.uint8),
        np.zeros(g, np.uint64),
        np.zeros(g, np.uint8),
        ("template",),
    )


def test_every_kind_of_crowd_has_a_stated_bond_or_none() -> None:
    assert {bond.persona for bond in BONDS} >= set(CROWD_KINDS)
    assert all(bond.why for bond in BONDS)


@pytest.mark.parametrize("kind", ["household", "office", "hackathon", "classroom"])
def test_who_knows_each_other_is_bound_by_the_group(kind: str) -> None:
    bond = bound([kind] * 3, [False] * 3, [None] * 3, ["g-1", "g-1", "g-2"])

    assert bond.tolist() == [0, 0, 1]


@pytest.mark.parametrize("kind", ["saas", "agent_users", "cgnat", "launch_surge", "independent"])
def test_strangers_are_not_bound_by_what_they_share(kind: str) -> None:
    assert bound([kind] * 2, [False] * 2, [None] * 2, ["g-1", "g-1"]).tolist() == [-1, -1]


def test_campaigns_of_two_operators_are_two_bonds_and_an_organisation_is_one() -> None:
    persona = ["hydra_template", "hydra_template", "company_team", "company_team", "evaluation"]
    bond = bound(persona, [True, True, False, False, False], ["a", "b", "org", "org", None], [None] * 5)

    assert bond[0] != bond[1]
    assert bond[2] == bond[3] >= 0
    assert bond[4] == -1


def test_a_group_is_false_where_fewer_than_half_share_one_bond() -> None:
    bond = np.array([0, 0, 1, 1, -1, -1])

    assert not unbound(np.array([0, 1, 4, 5]), bond)
    assert unbound(np.array([0, 2, 4, 5, 1]), bond)
    assert unbound(np.array([4, 5]), bond)


def test_counting_all_groups_at_once_says_the_same_of_each() -> None:
    rng = np.random.default_rng(3)
    bond = rng.integers(-1, 4, 60)
    members = [sorted(rng.choice(60, size, replace=False).tolist()) for size in rng.integers(1, 15, 40)]

    assert false_groups(groups_of(*members), bond).tolist() == [unbound(np.array(one), bond) for one in members]
    assert false_groups(groups_of([0, 1]), np.full(60, -1)).tolist() == [True]


def test_a_broken_rate_is_seen_in_the_table() -> None:
    seen = [Rate("groups", level, 3, 4) for level in LEVELS for _ in range(5)]
    seen += [Rate("entities", level, 0, 0) for level in LEVELS for _ in range(5)]
    table = rate_table(seen, key="k", title="t")
    counted = count_table(seen, key="k", title="t", level=1e-3)

    assert table.head == ("nominal", "groups", "entities")
    assert all(str(row[1]).startswith("0.750") and str(row[2]).startswith("0.000") for row in table.rows)
    assert counted.rows[0][:3] == ("groups", 20, 15)
    assert str(counted.rows[0][4]).startswith("100.0 % (5/5)")


def test_guards_have_a_table_of_their_own() -> None:
    seen = [Rate(what, level, 1, 2) for level in LEVELS for what in ("groups", "entities", WITHOUT[0][0])]

    assert rate_table(seen, key="k", title="t", guards=True).head == ("nominal", "groups", WITHOUT[0][0])
    assert WITHOUT[0][0] not in rate_table(seen, key="k", title="t").head


def joined_of(log_p: np.ndarray) -> tested.Tested:
    g = log_p.shape[0]
    empty = np.zeros((g, 3))
    joined = np.zeros(g)
    return tested.Tested(groups_of(*[[0, 1]] * g), (), SimpleNamespace(), empty, log_p, joined, joined, {})  # type: ignore[arg-type]


def test_a_layer_that_is_forgotten_counts_for_nothing() -> None:
    log_p = np.full((2, len(LAYERS)), np.nan)
    log_p[0, LAYERS.index("money")], log_p[0, LAYERS.index("quotas")] = -20.0, -9.0
    log_p[1, LAYERS.index("money")] = -20.0
    before = log_p.copy()
    whole = without(joined_of(log_p), [])
    left = without(joined_of(log_p), [LAYERS.index("money")])

    assert np.array_equal(log_p, before, equal_nan=True)
    assert whole.rest[0] == pytest.approx(-9.0)
    assert np.isnan(whole.rest[1])
    assert left.joined[0] == pytest.approx(-9.0)
    assert np.isnan(left.rest).all()
    assert np.isnan(left.joined[1])


EVENTS = pa.table(
    {
        "account_id": ["a", "b", "honest", "a", "b", "a"],
        "ts_ms": [0, 1_000, 2_000, 3_600_000, 7_200_000, 10_800_000],
        "tokens_out": pa.array([10, 20, 99, None, 40, 50], pa.int32()),
    }
)


def test_what_was_got_before_detection_is_counted_and_nothing_after() -> None:
    found = leak(EVENTS, Group("c", frozenset({"a", "b"})), 7_200_000)

    assert (found.requests, found.tokens_out) == (3, 30)
    assert found.share == pytest.approx(3 / 5)
    assert found.found_h == pytest.approx(2.0)


def test_a_campaign_that_is_never_found_keeps_all_it_got() -> None:
    found = leak(EVENTS, Group("c", frozenset({"a", "b"})), None)

    assert (found.requests, found.tokens_out, found.share) == (5, 120, 1.0)
    assert np.isnan(found.found_h)


def entity(accounts: list[int], *, extracting: bool = True) -> SimpleNamespace:
    return SimpleNamespace(members=SimpleNamespace(account=np.array(accounts)), extracting=extracting)


@pytest.mark.parametrize(
    ("accounts", "extracting", "seen", "found"),
    [
        ([1, 2], True, [1, 2, 3, 4, 9], True),
        ([1], True, [1, 2, 3, 9], False),
        ([1], True, [1, 2, 9], True),
        ([1, 2, 3, 4], False, [1, 2, 3, 4], False),
        ([9], True, [9], False),
    ],
)
def test_found_is_half_of_the_accounts_seen_so_far_in_one_entity_called_extraction(
    accounts: list[int], extracting: bool, seen: list[int], found: bool
) -> None:
    campaigns = SimpleNamespace(found=(entity(accounts, extracting=extracting), entity([7, 8])))
    account = np.array([1, 2, 3, 4])

    assert found_after(campaigns, np.arange(4), account, np.array(seen)) is found  # type: ignore[arg-type]


def test_a_later_closing_is_not_known_yet() -> None:
    file = pa.table({"account_id": ["a", "b", "c"], "closed": ["1970-01-01T00:00:10Z", "1970-01-01T00:00:30Z", None]})

    assert until(file, 20_000)["closed"].to_pylist() == ["1970-01-01T00:00:10Z", None, None]
    assert until(file, 30_000)["closed"].to_pylist() == ["1970-01-01T00:00:10Z", "1970-01-01T00:00:30Z", None]


def test_the_knee_is_the_largest_fall() -> None:
    assert knee([("0", 0.9), ("1", 0.9)]) == "Recall of accounts falls at no step."
    assert "at step 1." in knee([("0", 0.9), ("1", 0.3), ("2", 0.0)])


def test_every_setting_is_a_world_of_its_own_name() -> None:
    every = settings()
    names = [(one.table, one.name) for one in every]

    assert len(set(names)) == len(names)
    assert {one.table for one in every} == {"knobs", "hard", "ladder"}
    for one in every:
        spec = one.spec()
        assert len(spec.campaigns) == 3
        assert {crowd.alike for crowd in spec.crowds if crowd.kind == "saas"} >= ({one.alike} if one.alike else set())


def test_the_background_is_as_large_as_asked() -> None:
    spec = background_spec(10, 3_000)
    campaigns = sum(one.accounts for one in spec.campaigns)

    assert campaigns == pytest.approx(300, abs=10)
    assert spec.accounts - campaigns == pytest.approx(10 * campaigns, rel=0.02)


def test_seeds_are_the_studys_own_and_small_is_a_part_of_full() -> None:
    full, small = jobs(FULL), jobs(SMALL)

    assert {job.seed for job in full} == set(range(2_001, 2_021))
    assert len({job.words for job in full}) > 100
    assert {job.part for job in small} == {job.part for job in full}
    assert all(any(job.setting and job.setting.name == name for job in small) for name in SMALL.named)


def entities(kind: str, bits: list[float], *, label: bool) -> list[Entity]:
    return [Entity(1, kind, 5, value, value, label, label) for value in bits]


def test_calibration_never_sees_the_kind_it_judges() -> None:
    found = entities("class", [-9.0, -8.0, -7.0], label=False) + entities("mill", [5.0, 6.0], label=True)
    odd = entities("odd", [7.0, 8.0, 9.0], label=False)
    judged = unseen(found + odd, QUESTIONS[0])

    assert judged[-3:].min() > 0.5
    assert unseen(found, QUESTIONS[0])[:3].tolist() == pytest.approx([NAN] * 3, nan_ok=True)


def test_a_kind_that_deceives_raises_the_loss() -> None:
    found = (
        entities("class", [-9.0] * 6, label=False)
        + entities("mill", [6.0] * 6, label=True)
        + entities("tags", [7.0] * 6, label=True)
    )
    good = reliability_table(found, QUESTIONS[0], key="k", title="t")
    bad = reliability_table(found + entities("odd", [8.0] * 6, label=False), QUESTIONS[0], key="k", title="t")

    def loss(rows: tuple[tuple[object, ...], ...]) -> float:
        return next(float(str(row[4])) for row in rows if row[0] == "Brier: scaled, kind unseen")

    assert loss(good.rows) < 0.1 < loss(bad.rows)


def test_a_mean_over_worlds_leaves_out_what_is_not_known() -> None:
    assert over_seeds([NAN]) == "-"
    assert over_seeds([0.0, 1.0, NAN]).startswith("0.500 [")
