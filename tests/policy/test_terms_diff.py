"""What changed between two versions, and whether that is stricter or milder."""

from __future__ import annotations

import pytest
from hypothesis import given

from policy.drawn import clauses, dossiers
from policy.written_terms import SECOND, loaded
from stillwatch.model.terms import Terms
from stillwatch.policy.diff import diff
from stillwatch.policy.reasoning.prove import is_broken

OLD = loaded().terms


@pytest.mark.parametrize(
    ("change", "turn", "says"),
    [
        (
            ("total_bits: {at_least: 3}", "total_bits: {at_least: 2}"),
            "stricter",
            "condition now total_bits: {at_least: 2}",
        ),
        (("total_bits: {at_least: 3}", "total_bits: {at_least: 5}"), "milder", "condition no longer total_bits"),
        (("at_most: 0.05", "at_most: 0.01"), "milder", "condition now q_value"),
        (("      - agreement: {kind: research}\n", ""), "stricter", "exemption no longer agreement: {kind: research}"),
        (("kind: research}", "kind: research}\n      - agreement: {kind: own_model}"), "milder", "exemption now"),
        (("classes: 2", "classes: 1"), "stricter", "evidence: {classes: 2"),
        (("strength: substantial", "strength: strong"), "milder", "strength: strong"),
        (
            ("throttle, hold", "throttle, restrict, hold"),
            "stricter",
            "actions: observe, notify, throttle, hold (by a person)",
        ),
        (("throttle, hold, suspend]", "hold, suspend]"), "milder", "actions: "),
        (("[observe, notify,", "[notify,"), "same", "actions: "),
        (
            ("suspend]\n    by_person: [hold, suspend]", "step_up]\n    by_person: [hold]"),
            "mixed",
            "actions: ",
        ),
        (("hold, suspend]\n    by_person: [hold, suspend]", "hold]\n    by_person: [hold]"), "milder", "actions: "),
        (("[hold, suspend]", "[suspend]"), "stricter", "actions: "),
        (("72h", "96h"), "stricter", "lasts: 72 h -> 96 h"),
        (("mode: live", "mode: shadow"), "milder", "mode: live -> shadow"),
        (("2027-06-01", "2027-07-01"), "stricter", "in force over another time"),
        (("You may not", "Customer may not"), "same", "sentence reworded"),
        (("q_value: {at_most: 0.05}", "not: {not: {q_value: {at_most: 0.05}}}"), "same", "condition now not: "),
        (("q_value: {at_most: 0.05}", "chance: {at_least: 0.5}"), "mixed", "condition now chance"),
    ],
)
def test_a_changed_clause_is_stricter_or_milder(change: tuple[str, str], turn: str, says: str) -> None:
    new = loaded(change).terms

    [found] = diff(OLD, new)

    assert (found.what, found.turn) == ("changed", turn)
    assert any(says in one for one in found.says), found.says


def test_examples_show_who_is_newly_broken_and_who_is_spared() -> None:
    new = loaded(("total_bits: {at_least: 3}", "total_bits: {at_least: 5, at_most: 90}")).terms

    [found] = diff(OLD, new)

    assert found.newly is None
    assert found.spared is not None
    assert is_broken(found.spared, OLD.clauses[0])
    assert not is_broken(found.spared, new.clauses[0])


def test_clauses_added_and_removed() -> None:
    both = loaded(more=SECOND).terms

    assert [(one.clause, one.what, one.turn) for one in diff(OLD, both)] == [("second", "added", "stricter")]
    assert [(one.clause, one.what, one.turn) for one in diff(both, OLD)] == [("second", "removed", "milder")]
    assert diff(both, both) == ()


def test_a_clause_that_is_live_from_its_first_day_is_named() -> None:
    watched = loaded(more=SECOND.replace("    mode: live\n", "")).terms

    assert "mode: live, without any time in shadow" in diff(OLD, loaded(more=SECOND).terms)[0].says
    assert "mode: shadow" in diff(OLD, watched)[0].says


@given(clauses("one"), clauses("one"), dossiers())
def test_milder_breaks_nobody_new_and_stricter_spares_nobody(before, after, dossier) -> None:
    for found in diff(Terms("t", 1, (before,)), Terms("t", 2, (after,))):
        was, now = is_broken(dossier, before), is_broken(dossier, after)
        assert not (found.turn == "milder" and now and not was)
        assert not (found.turn == "stricter" and was and not now)
        assert not (found.turn == "same" and was != now)
        if found.newly:
            assert is_broken(found.newly, after)
            assert not is_broken(found.newly, before)
