"""Shadow is what a clause is in unless it says otherwise: judged and recorded, and never in force."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from enforcement.judged import POPULATION, RULES
from policy.drawn import DAY_MS, NOW_MS, clauses, dossiers, replaced
from policy.test_judge_terms import COPIER, campaign
from policy.written_terms import SECOND, loaded, text
from stillwatch.acting import act
from stillwatch.enforcement.situation import Facts, Traits
from stillwatch.model.decision import Action
from stillwatch.model.errors import TermsError
from stillwatch.model.terms import Terms
from stillwatch.policy.judge import judge
from stillwatch.policy.language.load import load
from stillwatch.policy.language.schema import schema
from stillwatch.store import past
from stillwatch.store.database import Database
from stillwatch.store.standing import StandingTable

if TYPE_CHECKING:
    from pathlib import Path

    from stillwatch.model.decision import OnRecord

MODE = ("    mode: live\n", "")
STRONG = replaced(COPIER, account=8, campaign=campaign())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


def run(file: Path, terms: Terms, days: int = 1) -> list[OnRecord]:
    """Judge two copiers day after day, decide, record; whatever is recorded."""
    database = Database(file)
    known = {
        one.account: Facts(Traits(plan="free"), last_ms=NOW_MS + days * DAY_MS, fresh_bits=99.0)
        for one in (COPIER, STRONG)
    }
    for day in range(days):
        now_ms = NOW_MS + day * DAY_MS
        verdicts = [one for dossier in (COPIER, STRONG) for one in judge(dossier, terms, now_ms)]
        act(database, verdicts, terms, facts=known, population=POPULATION, rules=RULES, now_ms=now_ms)
    with database.reading() as connection:
        found = list(past.latest(connection))
    database.close()
    return found


def standings(file: Path, days: int) -> set[Action]:
    table = StandingTable(file)
    hours = range(0, days * 24, 6)
    found = {table.get(one.account, NOW_MS + hour * DAY_MS // 24).action for one in (COPIER, STRONG) for hour in hours}
    table.close()
    return found


def test_a_clause_without_a_mode_is_in_shadow() -> None:
    [clause] = loaded(MODE).terms.clauses

    assert clause.mode == "shadow"
    assert [one.shadow for one in judge(COPIER, loaded(MODE).terms, NOW_MS)] == [True]


@pytest.mark.parametrize(
    "written", ["mode:", "mode: ''", "mode: 'Live'", "mode: yes", "mode: [live]", "mode: live now"]
)
def test_a_mode_that_is_neither_is_refused_and_never_read_as_live(written: str) -> None:
    with pytest.raises(TermsError, match=r"test\.yaml:6: clause no-model-copying: "):
        load(text(("mode: live", written)).encode(), "test.yaml")


def test_a_clause_without_a_mode_never_acts_and_is_on_record(file: Path) -> None:
    found = run(file, loaded(MODE).terms, days=20)

    assert len(found) > 2, "decisions are recorded as if they had been taken"
    assert max(one.decision.action for one in found) > Action.NOTIFY
    assert all(one.decision.shadow for one in found)
    assert not any(one.in_force(NOW_MS + day * DAY_MS) for one in found for day in range(20))
    assert standings(file, 20) == {Action.OBSERVE}


def test_the_same_clause_acts_once_it_is_live(file: Path) -> None:
    assert Action.NOTIFY in standings_after(file, loaded().terms)


def standings_after(file: Path, terms: Terms) -> set[Action]:
    run(file, terms, days=20)
    return standings(file, 20)


def test_a_new_clause_in_shadow_changes_nothing_of_what_the_live_one_does(tmp_path: Path) -> None:
    new = SECOND.replace("    mode: live\n", "").replace("at_least: 3}", "at_least: 1}")
    alone, beside = run(tmp_path / "a.db", loaded().terms, 9), run(tmp_path / "b.db", loaded(more=new).terms, 9)

    in_force = [[one.decision for one in some if not one.decision.shadow] for some in (alone, beside)]
    assert in_force[0] == in_force[1] != []
    assert {one.decision.clause for one in beside if one.decision.shadow} == {"second"}


def test_the_schema_offers_shadow_and_does_not_ask_for_a_mode() -> None:
    clause = schema()["properties"]["clauses"]["items"]

    assert clause["properties"]["mode"]["enum"] == ["shadow", "live"]
    assert "mode" not in clause["required"]


@given(clauses(), dossiers())
def test_every_verdict_of_a_clause_in_shadow_says_so(clause, dossier) -> None:
    for mode in ("shadow", "live"):
        [verdict] = judge(dossier, Terms("t", 1, (replace(clause, mode=mode),)), NOW_MS)
        assert verdict.shadow == (mode == "shadow")
