"""What leaves a provider of a group, and what is made of it: coarse, and never on one provider's word."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sketches.events import events, folded
from stillwatch.config import DEFAULT
from stillwatch.engine.union import unions
from stillwatch.evaluate.exchange.parting import beside, dealt
from stillwatch.joint import joint_campaigns
from stillwatch.model.campaign import Line
from stillwatch.model.offer import Offer, TagEvidence
from stillwatch.offers import FIELDS, coarse, rounded
from stillwatch.simulate import SMALL, build_world

STRONG = math.log(1e5)
HARVEST = (
    Line("workload", "harvest", 3.0, "x"),
    Line("shards", "harvest", 9.0, "x"),
    Line("dealt out", "harvest", 3.0, "x"),
)
HONEST = (Line("shards", "harvest", -2.0, "x"), Line("one organisation", "in favour", -3.0, "x"))


def whole() -> Any:
    return unions([folded([events(1, 400, accounts=6)]).ordered()])


def offer(name: str, lines: tuple[Line, ...], *, accounts: int = 64, value: str = "x", log_e: float = STRONG) -> Offer:
    tag = TagEvidence("template", value.encode(), log_e, {"money": log_e})
    return Offer(name, accounts, (tag,), lines, 6.0, coarse(whole()))


def test_a_sketch_holds_ten_fields_and_no_volume_but_a_rounded_one() -> None:
    row, kept = whole(), coarse(whole())
    assert set(kept) == set(FIELDS)
    assert not {"key", "sample", "nets", "sample_system", "code"} & set(kept)
    assert int(kept["counts"][0]) == rounded(int(row.counts[0, 0])) != int(row.counts[0, 0])
    assert int(kept["first_ms"]) % 86_400_000 == 0
    share = kept["counts"].astype(float) / kept["counts"][0]
    assert share == pytest.approx(row.counts[0] / row.counts[0, 0], abs=0.01)


def test_three_that_see_the_same_harvest_see_a_campaign_that_extracts() -> None:
    [found] = joint_campaigns([[offer(f"{at}", HARVEST)] for at in range(3)], DEFAULT)
    assert found.extracting
    assert (found.providers, found.one_operator > 0.9) == (3, True)
    assert {line.name for line in found.lines} >= {"workload", "size", "shards", "dealt out"}


@pytest.mark.parametrize("liar", [0, 1, 2])
def test_one_that_says_the_worst_makes_nobody_elses_accounts_extract(liar: int) -> None:
    loud = tuple(replace(line, bits=60.0) for line in HARVEST)
    offered = [[offer(f"{at}", HONEST)] for at in range(3)]
    offered[liar] = [replace(offer("lie", loud, accounts=1 << 30), operator_bits=60.0)]
    [found] = joint_campaigns(offered, DEFAULT)
    assert not found.extracting
    assert found.extraction < 0.05


def test_a_part_stands_where_it_is_found_without_any_one_other_provider() -> None:
    four = joint_campaigns([[offer(f"{at}", HARVEST)] for at in range(4)], DEFAULT)[0]
    assert four.standing == four.parts
    two = joint_campaigns([[offer(f"{at}", HARVEST)] for at in range(2)], DEFAULT)
    assert [one.standing for one in two if one.extracting] in ([], [()])


@pytest.mark.parametrize("liar", [0, 1, 2, 3])
def test_one_that_ties_an_honest_group_to_a_campaign_of_others_makes_it_stand_nowhere(liar: int) -> None:
    """The group looks like a harvest, as a benchmark may; only the liar says that it is the same as the campaign."""
    campaign = [offer(f"{at}", HARVEST, value="campaign") for at in range(4)]
    victim = offer("benchmark", HARVEST, value="benchmark")
    lie = replace(
        campaign[liar],
        name="lie",
        tags=tuple(TagEvidence("template", value, STRONG, {"money": STRONG}) for value in (b"campaign", b"benchmark")),
    )
    offered = [[one] for one in campaign]
    offered[liar] = [lie]
    offered[(liar + 1) % 4].append(victim)
    found = joint_campaigns(offered, DEFAULT)
    hit = ((liar + 1) % 4, "benchmark")
    # It can be accused: that is what standing is for.
    assert any(one.extracting and hit in one.parts for one in found)
    assert not any(hit in one.standing for one in found)
    others = {(at, f"{at}") for at in range(4) if at != liar}
    assert others <= {part for one in found for part in one.standing}


def test_two_that_lie_together_can() -> None:
    """The bound is one liar: this is what it does not hold against."""
    loud = tuple(replace(line, bits=20.0) for line in HARVEST)
    lies = [[replace(offer(f"lie {at}", loud, accounts=1 << 20), operator_bits=60.0)] for at in range(2)]
    [found] = joint_campaigns([*lies, [offer("true", HONEST)]], DEFAULT)
    assert found.extracting


def test_one_payer_of_every_part_excuses_only_where_it_is_one_payer_of_all() -> None:
    open_payer = (*HARVEST, Line("one payer", "in favour", -3.0, "x"))

    def paid(value: str, at: int) -> Offer:
        made = offer(f"{at}", open_payer)
        return replace(made, tags=(*made.tags, TagEvidence("payment", value.encode(), 1.0, {})))

    same = joint_campaigns([[paid("card", at)] for at in range(3)], DEFAULT)[0]
    ring = joint_campaigns([[paid(f"card {at}", at)] for at in range(3)], DEFAULT)[0]
    assert "one payer" in {line.name for line in same.lines}
    assert "one payer" not in {line.name for line in ring.lines}


def test_a_world_is_dealt_whole_and_evenly_and_names_stay_apart() -> None:
    world = build_world(SMALL, 5, 1_793_577_600_000)
    parts = dealt(world, 3, 1)
    names = [set(part.accounts.column("account_id").to_pylist()) for part in parts]
    assert set().union(*names) == set(world.accounts.column("account_id").to_pylist())
    assert sum(len(part.events) for part in parts) == len(world.events)
    both = beside([parts[0], parts[0]], "-p")
    assert len(set(both.accounts.column("account_id").to_pylist())) == 2 * len(names[0])
    assert np.all(np.diff(both.events.column("ts_ms").to_numpy()) >= 0)
