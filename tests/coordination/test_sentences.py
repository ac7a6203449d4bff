"""Sentences hold counts, expectation and chance, and never a nan."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coordination.made import blank, enrolled, groups_of, held_of, unknown
from coordination.seen import NAN, facts_of, layers_of
from stillwatch.coordination.groups import LAYERS
from stillwatch.coordination.layers.together import InStep
from stillwatch.coordination.roster import FIELDS
from stillwatch.coordination.sentences import chance, sentence
from stillwatch.coordination.tested import examine

if TYPE_CHECKING:
    from stillwatch.coordination.tested import Tested


def with_held(**fields: dict[str, list[float]]) -> Tested:
    """Tests of one group where some fields hold something."""
    held = tuple(held_of(**fields.get(field.name, {"known": [0]})) for field in FIELDS)
    return replace(layers_of(), held=held)


@pytest.mark.parametrize(
    ("log_p", "said"),
    [
        (0.0, "p = 1"),
        (math.log(0.041), "p = 0.041"),
        (math.log(1.2e-3), "p = 0.0012"),
        (math.log(1e-4), "p = 1e-4"),
        (-350.0, "p = 1e-152"),
        (-1000.0, "p < 1e-300"),
        (-math.inf, "p < 1e-300"),
        (NAN, "not tested"),
    ],
)
def test_a_chance_is_written_from_its_logarithm(log_p: float, said: str) -> None:
    assert chance(log_p) == said


def test_what_is_held_is_said_with_count_expectation_and_chance() -> None:
    tested = with_held(ja4={"log_p": [-350.0], "value": [3], "count": [138], "known": [150], "expected": [7.3]})
    assert sentence("product", tested, 0, facts_of()) == (
        "138 of 150 accounts share one TLS fingerprint where 7.3 were expected (p = 1e-152)"
    )


@pytest.mark.parametrize(
    ("payment", "issuer", "said"),
    [(-20.0, -30.0, "card issuer"), (-30.0, -20.0, "means of payment"), (math.nan, -30.0, "card issuer")],
)
def test_of_several_fields_of_a_layer_the_most_surprising_is_told(payment: float, issuer: float, said: str) -> None:
    some = {"value": [3], "count": [9], "known": [10], "expected": [0.034]}
    tested = with_held(payment={"log_p": [payment], **some}, card_bin={"log_p": [issuer], **some})
    assert sentence("money", tested, 0, facts_of()) == (
        f"9 of 10 accounts share one {said} where 0.03 were expected (p = 1e-13)"
    )


def test_steps_and_successors_are_said_with_what_was_expected() -> None:
    step = InStep(np.array([-30.0]), np.array([17.0]), np.array([0.42]), np.array([5]))
    tested = replace(layers_of(rhythm=-30.0), in_step=step)
    assert sentence("rhythm", tested, 0, facts_of()) == (
        "17 members were at work in one slot of 22 minutes where 0.4 were expected (p = 1e-13)"
    )
    tested = replace(layers_of(life_cycle=math.log(0.02)), successors=np.array([[4.0, 6.0, 0.51]]))
    assert sentence("life-cycle", tested, 0, facts_of()) == (
        "4 members began within two days of one of 6 closings where 0.5 were expected (p = 0.02)"
    )


def test_volumes_and_shards_are_said() -> None:
    assert sentence("quotas", layers_of(quotas=math.log(0.02)), 0, facts_of(quota_spread=math.log(2))) == (
        "requests a day spread by a factor of 2.0 over members (p = 0.02)"
    )
    seen = facts_of(dispersion=1.04, customers=1.31, log_p_shards=math.log(0.02))
    assert sentence("shards", layers_of(), 0, seen) == (
        "dispersion of topics among members is 1.04: shards of one list give 1, customers about 1.31 (p = 0.02)"
    )


def test_what_is_not_known_is_said_in_words_on_every_layer() -> None:
    said = {layer: sentence(layer, layers_of(), 0, facts_of()) for layer in LAYERS}
    assert all("nan" not in one for one in said.values())
    assert said["rhythm"] == "too few members have a day that all accounts keep"
    assert said["life-cycle"] == "no member was closed by the provider"
    assert said["shards"] == "too few prompts were sampled to see how topics lie among members"
    nothing = "nothing is shared by two members, or nothing is known"
    assert [said[layer] for layer in ("product", "place", "money", "artefacts")] == [nothing] * 4
    assert said["quotas"].endswith("(not tested)")


def test_a_group_of_real_tests_is_told_as_it_was_tested() -> None:
    outline, registered = blank(100), unknown(100)
    registered.payment[:] = np.arange(1, 101)
    registered.payment[:6] = 500
    tested = examine(groups_of(range(8)), enrolled(outline, registered), {})
    said = sentence("money", tested, 0, facts_of())
    assert said.startswith("6 of 8 accounts share one means of payment where 0.0")
    assert said.endswith(f"({chance(float(tested.log_p[0, LAYERS.index('money')]))})")
