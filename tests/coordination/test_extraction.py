"""Each line of evidence: its sign, its bounds, and that what is not known says nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.seen import NAN, SILENT, UNKNOWN, UNTESTED, facts_of, heard_of, steps_of
from stillwatch.coordination.describe import probability
from stillwatch.coordination.extraction import (
    COMMON,
    EVEN,
    GROWN,
    NARROW_NATS,
    OPEN,
    PRIOR_BITS,
    Heard,
    Steps,
    dealt_out,
    extraction_lines,
)
from stillwatch.coordination.facts import Facts
from stillwatch.model.campaign import HARVEST_BITS, LIKELY

if TYPE_CHECKING:
    from stillwatch.model.campaign import Line

SHARDS = {"dispersion": 1.0, "customers": 1.2, "log_p_shards": math.log(2.0**-10), "common": 0.0, "breadth_nats": 2.5}
EVEN_SPREAD, GROWN_SPREAD = EVEN[0], GROWN[0]


def lines_of(heard: Heard = SILENT, steps: Steps = UNTESTED, facts: Facts = UNKNOWN) -> dict[str, Line]:
    lines = extraction_lines(heard, steps, facts)
    assert len({line.name for line in lines}) == len(lines)
    return {line.name: line for line in lines}


def bits_of(name: str, heard: Heard = SILENT, steps: Steps = UNTESTED, **facts: Any) -> float:
    return lines_of(heard, steps, facts_of(**facts))[name].bits


def test_where_hardly_anything_is_known_little_is_said_and_no_sentence_has_a_nan() -> None:
    lines = lines_of()
    assert set(lines) == {"workload", "dealt out", "size", "manner"}
    assert all("nan" not in line.sentence for line in lines.values())
    assert [lines[name].bits for name in ("workload", "size", "manner")] == [0, 0, 0]


def test_the_workload_of_all_members_as_one_is_evidence_of_harvest_within_bounds() -> None:
    assert bits_of("workload", heard_of(content=3.0, asked=1.5)) == pytest.approx(4.5)
    assert bits_of("workload", heard_of(content=99.0, asked=99.0, probing=99.0)) == 10.0
    assert bits_of("workload", heard_of(content=-99.0, asked=-99.0, probing=-99.0)) == -1.0
    assert bits_of("workload", heard_of(content=99.0)) == 8.0
    assert bits_of("workload", heard_of(content=NAN, asked=2.0)) == 2.0
    assert lines_of(heard_of(content=3.0))["workload"].sentence.endswith("+3.0 bits of content")


def test_artefacts_of_others_are_harvest_and_none_leave_no_line() -> None:
    assert lines_of(heard_of(provenance=4.0))["artefacts"].says == "harvest"
    assert bits_of("artefacts", heard_of(provenance=99.0)) == 12.0
    assert "artefacts" not in lines_of(heard_of(provenance=-1.0))


def test_shards_weigh_by_their_chance_within_bounds() -> None:
    few = SHARDS | {"log_p_shards": math.log(2.0**-3)}
    assert bits_of("shards", **few) == pytest.approx(2.0)
    assert bits_of("shards", **SHARDS) == 3.0
    assert bits_of("shards", **SHARDS | {"log_p_shards": 0.0}) == pytest.approx(-1.0)


def test_one_subject_is_no_sign_of_shards_but_may_speak_against_them() -> None:
    narrow = SHARDS | {"breadth_nats": NARROW_NATS - 0.01}
    assert bits_of("shards", **narrow) == 0.0
    assert bits_of("shards", **narrow | {"log_p_shards": 0.0}) == pytest.approx(-1.0)
    assert bits_of("shards", **narrow | {"breadth_nats": NARROW_NATS}) == 3.0


def test_common_tasks_speak_against_shards() -> None:
    assert bits_of("shards", **SHARDS | {"common": COMMON}) == -3.0
    assert bits_of("shards", **SHARDS | {"common": COMMON - 1e-9}) == 3.0


@pytest.mark.parametrize("missing", ["dispersion", "log_p_shards", "common"])
def test_without_one_of_its_numbers_there_is_no_line_on_shards(missing: str) -> None:
    assert "shards" in lines_of(facts=facts_of(**SHARDS))
    assert "shards" not in lines_of(facts=facts_of(**SHARDS | {missing: NAN}))


def test_work_dealt_out_evenly_is_evidence_and_volumes_that_grew_speak_against_it() -> None:
    assert dealt_out(facts_of(quota_spread=EVEN_SPREAD)).bits > 2
    assert dealt_out(facts_of(quota_spread=GROWN_SPREAD)).bits == pytest.approx(-3.0, abs=1.0)
    spreads = [0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 2.0]
    bits = [dealt_out(facts_of(quota_spread=spread, members=300)).bits for spread in spreads]
    assert bits == sorted(bits, reverse=True)
    assert bits[0] == bits[2] == 3.0
    assert bits[-1] == bits[-2] == -3.0


def test_the_spread_of_a_few_members_says_less() -> None:
    few, many = (dealt_out(facts_of(quota_spread=0.5, members=n)).bits for n in (4, 400))
    assert 0 < few < many


@pytest.mark.parametrize("returning", [{"common": COMMON}, {"repeated": COMMON}])
def test_tasks_that_return_are_no_list_however_even(returning: dict[str, float]) -> None:
    line = dealt_out(facts_of(quota_spread=EVEN_SPREAD, **returning))
    assert line.bits == 0.0
    assert "tasks return" in line.sentence
    assert dealt_out(facts_of(quota_spread=GROWN_SPREAD, **returning)).bits < 0


def test_a_ring_of_cards_hides_and_cards_of_ones_own_do_not() -> None:
    assert bits_of("card ring", shared_cards=3, on_shared_cards=0.9) == pytest.approx(2.0)
    assert bits_of("card ring", shared_cards=999, on_shared_cards=0.9) == 4.0
    assert bits_of("card ring", shared_cards=1, on_shared_cards=0.1) == -1.0
    assert lines_of(facts=facts_of(shared_cards=3, on_shared_cards=0.9))["card ring"].says == "hides"


@pytest.mark.parametrize("who", ["one_organisation", "one_payer"])
def test_one_organisation_or_one_payer_speaks_for_and_hides_nothing(who: str) -> None:
    name = who.replace("_", " ")
    lines = lines_of(facts=facts_of(shared_cards=3, on_shared_cards=0.9, **{who: OPEN}))
    assert "card ring" not in lines
    assert (lines[name].says, lines[name].bits < -2) == ("in favour", True)
    assert name not in lines_of(facts=facts_of(**{who: OPEN - 0.01}))


def test_throw_away_addresses_are_held_against_those_elsewhere() -> None:
    assert bits_of("throw-away addresses", disposable=0.9, disposable_elsewhere=0.02) == 3.0
    assert bits_of("throw-away addresses", disposable=0.1, disposable_elsewhere=0.1) == pytest.approx(0.0)
    assert bits_of("throw-away addresses", disposable=0.0, disposable_elsewhere=0.5) == -0.5
    assert "throw-away addresses" not in lines_of(facts=facts_of(disposable=0.9))


def test_successors_hide_within_bounds_and_without_closings_nothing_is_said() -> None:
    line = lines_of(steps=steps_of(successors=5, succession_log_p=math.log(2.0**-4)))["succession"]
    assert (line.says, line.bits) == ("hides", pytest.approx(2.0))
    assert line.sentence.startswith("5 members")
    assert bits_of("succession", steps=steps_of(succession_log_p=-900.0)) == 4.0
    assert "succession" not in lines_of()


def test_size_counts_from_twenty_accounts_on() -> None:
    assert [bits_of("size", members=n) for n in (3, 20, 40, 160, 9000)] == [0.0, 0.0, 1.0, 3.0, 3.0]


def test_jobs_need_both_many_members_and_a_small_chance() -> None:
    assert bits_of("jobs", steps=steps_of(in_step=0.2, in_step_log_p=-20.0)) == 1.5
    assert bits_of("jobs", steps=steps_of(in_step=0.1, in_step_log_p=-20.0)) == 0.0
    assert bits_of("jobs", steps=steps_of(in_step=0.9, in_step_log_p=-5.0)) == 0.0


def test_how_members_work_speaks_in_favour_alone() -> None:
    assert [bits_of("manner", heard_of(manner=bits)) for bits in (3.0, -1.0, -99.0)] == [0.0, -1.0, -4.0]


def test_a_contract_speaks_for_and_so_does_a_declared_purpose_but_not_twice() -> None:
    assert bits_of("contract", resellers=OPEN) == -6.0
    assert bits_of("declared", declared=OPEN) == -4.0
    assert "declared" not in lines_of(facts=facts_of(resellers=OPEN, declared=1.0))
    assert {"contract", "declared"}.isdisjoint(lines_of(facts=facts_of(resellers=OPEN - 0.1, declared=OPEN - 0.1)))


WORST = {"shared_cards": 40, "on_shared_cards": 1.0, "disposable": 1.0, "disposable_elsewhere": 0.0}


def test_hiding_alone_is_never_extraction() -> None:
    """Everything that hides, and the largest size, without any word on what is asked or how work is dealt."""
    steps = steps_of(in_step=1.0, in_step_log_p=-900.0, successors=90, succession_log_p=-900.0)
    lines = lines_of(steps=steps, facts=facts_of(**WORST, members=5000, common=COMMON, quota_spread=EVEN_SPREAD))
    assert sum(line.bits for line in lines.values() if line.says == "harvest") < HARVEST_BITS
    assert sum(line.bits for line in lines.values() if line.says == "hides") > 7
    # Nor is it likely before the rest is heard where members are few.
    few = lines_of(facts=facts_of(**WORST, quota_spread=0.7))
    assert probability(PRIOR_BITS + sum(line.bits for line in few.values())) < LIKELY


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.one_of(st.just(NAN), st.floats(low, high))


heard = st.builds(
    Heard,
    content=numbers(-30, 30),
    asked=numbers(-30, 30),
    probing=numbers(-30, 30),
    provenance=st.floats(-30, 30),
    manner=numbers(-30, 30),
)
steps = st.builds(
    Steps,
    in_step=st.floats(0, 1),
    in_step_log_p=numbers(-2000, 0),
    successors=st.integers(0, 99),
    succession_log_p=numbers(-2000, 0),
)
seen = st.builds(
    Facts,
    members=st.integers(3, 30_000),
    one_organisation=numbers(0, 1),
    one_payer=numbers(0, 1),
    shared_cards=st.integers(0, 999),
    on_shared_cards=numbers(0, 1),
    disposable=numbers(0, 1),
    disposable_elsewhere=numbers(0, 1),
    declared=st.floats(0, 1),
    resellers=st.floats(0, 1),
    quota_spread=st.floats(0, 5),
    common=numbers(0, 1),
    repeated=numbers(0, 1),
    dispersion=numbers(0, 20),
    customers=st.floats(0, 20),
    log_p_shards=numbers(-900, 0),
    breadth_nats=st.floats(0, 2.7),
)


@given(heard, steps, seen)
def test_every_line_is_a_bounded_number_and_a_whole_sentence(heard: Heard, steps: Steps, seen: Facts) -> None:
    for line in lines_of(heard, steps, seen).values():
        assert -6.0 <= line.bits <= 12.0
        assert "nan" not in line.sentence
        assert "{" not in line.sentence
        if line.says == "in favour":
            assert line.bits <= 0
