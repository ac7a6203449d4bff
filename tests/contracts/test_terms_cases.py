"""Every shipped clause has a written account that breaks it, and a benign one that nearly does and is spared."""

from __future__ import annotations

from typing import Any

import pytest

from policy.cases import AT_MS, cases, dossier
from stillwatch.detectors import DETECTORS
from stillwatch.model.verdict import Met
from stillwatch.policy.judge import judge
from stillwatch.policy.lint import lint
from stillwatch.policy.lint.remark import RESTRICTS
from stillwatch.policy.shipped import SHIPPED, shipped
from stillwatch.verbs.terms import detector_classes


def written(*kinds: str) -> list[Any]:
    return [
        pytest.param(name, clause, case, id=f"{name}-{clause}-{kind}-{case['name']}")
        for name in SHIPPED
        for clause, page in cases(name).items()
        for kind in kinds
        for case in page[kind]
    ]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_clause_has_a_positive_case_and_a_benign_near_miss(name: str) -> None:
    page = cases(name)

    assert list(page) == [clause.id for clause in shipped(name).terms.clauses]
    assert all(page[clause]["positive"] and page[clause]["benign"] for clause in page)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_terms_are_clean(name: str) -> None:
    assert lint(shipped(name), AT_MS, detector_classes()) == ()
    assert shipped(name).terms.id == name


def test_every_clause_of_the_starter_is_only_watched() -> None:
    assert {clause.mode for clause in shipped("starter").terms.clauses} == {"shadow"}


@pytest.mark.parametrize(("name", "clause", "case"), written("positive"))
def test_a_positive_case_breaks_its_clause(name: str, clause: str, case: dict[str, Any]) -> None:
    verdicts = {one.clause: one for one in judge(dossier(case["dossier"]), shipped(name).terms, AT_MS)}

    assert verdicts[clause].outcome == "broken", verdicts[clause]


@pytest.mark.parametrize(("name", "clause", "case"), written("benign"))
def test_a_benign_case_nearly_breaks_its_clause_and_restricts_nobody(
    name: str, clause: str, case: dict[str, Any]
) -> None:
    verdicts = {one.clause: one for one in judge(dossier(case["dossier"]), shipped(name).terms, AT_MS)}
    missed = [one for one in verdicts[clause].answers if not isinstance(one, Met)]

    assert case["why"]
    assert verdicts[clause].outcome != "broken"
    assert (verdicts[clause].outcome == "exempt") == (case["why"] == "exempt")
    assert len(missed) <= min(3, len(verdicts[clause].answers) - 1), "far from the clause: no near miss"
    broken = {one.clause for one in verdicts.values() if one.outcome == "broken"}
    assert all(max(verdicts[one].permitted) < RESTRICTS for one in broken), broken


def test_detectors_of_the_cases_exist_and_are_of_their_class() -> None:
    known = detector_classes()

    assert set(known) == {one.name for one in DETECTORS}
    for name in SHIPPED:
        for page in cases(name).values():
            for case in (*page["positive"], *page["benign"]):
                for detector, evidence_class, *_ in case["dossier"].get("seen", ()):
                    assert known[detector] in {evidence_class, None}, (detector, evidence_class)
