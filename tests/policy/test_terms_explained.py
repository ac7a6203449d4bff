from __future__ import annotations

from hypothesis import given

from policy.drawn import terms
from policy.written_terms import loaded
from stillwatch.policy.explain import day, explain


def test_a_clause_in_words() -> None:
    [said] = explain(loaded().terms)

    assert said.mode == "live, from 2026-12-01 until 2027-06-01"
    assert said.broken_if[0] == "the total of all evidence in bits is at least 3"
    assert said.broken_if[-1].startswith("2 different classes of evidence speak with 1 bit or more (artefacts, ")
    assert said.broken_if[-1].endswith("at least one of them substantial")
    assert said.unless[1].startswith("all of: an agreement is in force and covers the pace: a reseller's licence; ")
    assert said.permits.startswith("observe, notify, throttle, hold, suspend; a decision lasts 3 days; only a person")
    assert said.permits.endswith("person may: hold, suspend")
    assert said.told.endswith("Contest: https://provider.example/appeals/{decision}")


def test_shadow_and_what_is_missing_are_said() -> None:
    said = explain(
        loaded(
            ("mode: live", "mode: shadow"),
            ("    appeal: https://provider.example/appeals/{decision}\n", ""),
            ('    notice: "We saw {facts}. Until {until}. To contest: {appeal}"\n', ""),
            ("lasts: 72h", "lasts: 1h"),
        ).terms
    )[0]

    assert said.mode.startswith("watched only (shadow)")
    assert said.told == "nothing Contest: no address"
    assert "lasts 1 hours" in said.permits


def test_a_minute_is_shown_where_it_is_not_midnight() -> None:
    assert (day(1_796_083_200_000), day(1_796_083_260_000)) == ("2026-12-01", "2026-12-01 00:01")


@given(terms)
def test_every_condition_has_words(terms) -> None:
    for clause, said in zip(terms.clauses, explain(terms), strict=True):
        assert len(said.broken_if) == len(clause.conditions) + 1
        assert len(said.unless) == len(clause.exemptions)
        assert all(len(one) > 10 for one in (*said.broken_if, *said.unless))
