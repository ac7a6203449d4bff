"""What a member lets leave: whatever its policy says, no other trait does, in any form."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.member.parts import candidate, trait
from stillwatch.config import DEFAULT
from stillwatch.joint import joint_campaigns
from stillwatch.model.errors import InputError
from stillwatch.serve.hub.combining import form
from stillwatch.serve.member.sharing import prepared
from stillwatch.sharing.joint.wire import unpacked
from stillwatch.sharing.policy import LEVELS, SKETCHED, TRAITS, SharingPolicy, read_policy

if TYPE_CHECKING:
    from stillwatch.offers import Candidate

KEY = bytes(32)
KNOWN = sorted(one.name for one in dataclasses.fields(SharingPolicy))
PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "take-part-in-an-exchange.md"
ONE = candidate("one", trait(5))
SKETCH = {name: np.maximum(cells, 1).astype(cells.dtype) for name, cells in ONE.offer.sketch.items()}
GROUPS = st.lists(
    st.lists(st.sampled_from(TRAITS), min_size=1, max_size=6, unique=True).map(lambda kinds: group(*kinds)),
    max_size=4,
    unique_by=lambda one: one.offer.name,
)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.lists(st.sampled_from([*TRAITS, "x"]) | st.integers(), max_size=3)
    | st.dictionaries(st.text(max_size=2), st.integers(), max_size=1)
)


def group(*kinds: str) -> Candidate:
    """Give a candidate matched by so many traits, every cell of its sketch filled."""
    tags = tuple(trait(at, kind) for at, kind in enumerate(kinds))
    return dataclasses.replace(
        ONE, offer=dataclasses.replace(ONE.offer, name="-".join(kinds), tags=tags, sketch=SKETCH)
    )


@given(GROUPS, st.sets(st.sampled_from(TRAITS)))
def test_no_trait_that_a_policy_does_not_name_leaves(groups: Any, traits: set[str]) -> None:
    kept, offers = prepared(groups, SharingPolicy(traits=frozenset(traits)), KEY, 1)
    sent = [unpacked(one.prepared, form()) for one in kept]
    assert {tag.kind for one in (*sent, *offers) for tag in one.tags} <= traits
    hidden = {cell for name, cells in SKETCHED.items() if name not in traits for cell in cells}
    assert not [name for one in (*sent, *offers) for name in hidden if one.sketch[name].any()]
    # Of what it names, everything does.
    named = [{tag.kind for tag in one.offer.tags} & traits for one in groups]
    assert [{tag.kind for tag in one.tags} for one in offers] == [one for one in named if one]
    assert all(one.sketch[name].all() for one in sent for name in SKETCH if name not in hidden)


def test_a_sketch_without_templates_is_still_read() -> None:
    policy = SharingPolicy(traits=frozenset({"payment"}))
    offered = [prepared([group("payment", "template")], policy, KEY, 1)[1] for _ in range(3)]
    assert all(not one.sketch["slot_key"].any() for [one] in offered)
    [found] = joint_campaigns(offered, DEFAULT)
    assert (found.providers, np.isfinite(found.log_e)) == (3, True)


@given(st.dictionaries(st.sampled_from(KNOWN) | st.text(max_size=6), VALUES, max_size=4))
def test_anything_is_a_policy_or_is_refused(told: dict[str, Any]) -> None:
    strange = set(told) - set(KNOWN)
    try:
        made = read_policy(told)
    except InputError:
        return
    assert not strange
    assert made.traits <= set(TRAITS)
    assert 0 <= made.share <= 1
    assert (made.accounts >= 0, made.automatic_groups >= 0, made.tlp in LEVELS) == (True, True, True)
    assert (made.automatic in (True, False), made.tell in (True, False)) == (True, True)


def test_a_misspelt_key_is_no_limit_and_is_refused() -> None:
    with pytest.raises(InputError, match="'acounts' is no part of a sharing policy; known are accounts, automatic"):
        read_policy({"acounts": 5})


@given(GROUPS, st.booleans(), st.integers(0, 5))
def test_what_waits_and_what_goes_by_itself(groups: Any, automatic: bool, most: int) -> None:
    policy = SharingPolicy(automatic=automatic, automatic_groups=most)
    _, offers = prepared(groups, policy, KEY, 1)
    assert (policy.waits(offers) == "") == (automatic and len(offers) <= most)


def test_the_policy_on_the_page_is_whole() -> None:
    [shown] = re.findall(r"^```toml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    told = tomllib.loads(shown)
    assert sorted(told) == KNOWN
    assert json.loads(json.dumps(told)) == told
    assert read_policy(told).automatic
    assert set(read_policy(told).traits) < set(TRAITS)
