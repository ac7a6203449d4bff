from __future__ import annotations

from dataclasses import replace

import pytest

from enforcement.judged import NOW, POPULATION, TERMS, facts, limited, situation, verdict
from stillwatch.enforcement.decide import Decided, decide
from stillwatch.enforcement.rules import Rules
from stillwatch.enforcement.situation import Facts, Population, Situation, Traits
from stillwatch.model.dossier import Agreement


def run(accounts: range, given: Situation, rules: Rules | None = None, campaign: str = "", **kind: object) -> Decided:
    verdicts = [
        verdict(account, ("campaign",) if campaign else ("asked",), campaign=campaign, **kind) for account in accounts
    ]
    return decide(verdicts, TERMS, given, rules or Rules(), NOW)


def spread(count: int) -> dict[int, Facts]:
    """Spread accounts over the plans as all accounts are."""
    plans = ["free"] * 6 + ["team"] * 3 + ["enterprise"]
    sizes = ["small"] * 9 + ["large"]
    return {
        n: facts(traits=Traits(plans[n % 10], sizes[n % 10], "none", ("openai", "anthropic")[n % 10 > 6]))
        for n in range(count)
    }


def test_few_of_many_pass() -> None:
    done = run(range(40), situation(facts=spread(40)))

    assert (len(done.taken), done.waiting, done.trips) == (40, (), ())


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"accounts_a_run": 39}, "in this run"),
        ({"accounts_a_day": 39}, "within 24 hours"),
        ({"share_of_active": 0.000_39}, "of 100,000 active"),
        ({"share_of_plan": 0.000_38}, "of 60,000 accounts of plan free"),
    ],
)
def test_one_too_many_and_everything_of_the_run_waits_and_says_why(limits: dict[str, float], words: str) -> None:
    done = run(range(40), situation(facts=spread(40)), limited(few=1, **limits))

    assert (len(done.taken), len(done.waiting)) == (0, 40)
    assert all(words in one.reason for one in done.waiting)


@pytest.mark.parametrize("limits", [{"accounts_a_run": 40}, {"accounts_a_day": 40}, {"share_of_active": 0.0004}])
def test_the_limit_itself_is_allowed(limits: dict[str, float]) -> None:
    assert len(run(range(40), situation(facts=spread(40)), limited(few=1, **limits)).taken) == 40


def test_what_was_done_within_the_day_counts_and_the_same_account_once() -> None:
    rules = limited(accounts_a_day=40)
    lately = dict.fromkeys(range(30, 60), "")

    assert not run(range(40), situation(facts=spread(60), lately=lately), rules).taken
    assert run(range(30, 40), situation(facts=spread(60), lately=lately), rules).taken


def test_a_share_of_few_still_allows_some() -> None:
    small = situation(
        facts={n: facts(traits=Traits("free")) for n in range(6)}, population=Population(50, {("plan", "free"): 50})
    )

    assert len(run(range(5), small).taken) == 5
    assert not run(range(6), small).taken


def test_nobody_knows_how_many_there_are_so_nothing_is_automatic() -> None:
    done = run(range(1), situation(population=Population()))

    assert not done.taken
    assert "not known" in done.waiting[0].reason


def test_a_plan_of_unknown_size_waits() -> None:
    done = run(range(1), situation(facts={0: facts(traits=Traits("new"))}))

    assert "plan new are active is not known" in done.waiting[0].reason


def test_a_cohort_acted_on_out_of_proportion_waits_and_the_others_pass() -> None:
    known = spread(40) | {n: facts(traits=Traits("free", "small", "research", "openai")) for n in range(100, 108)}
    accounts = [*range(20), *range(100, 108)]

    done = decide([verdict(account) for account in accounts], TERMS, situation(facts=known), Rules(), NOW)

    assert {one.decision.account for one in done.waiting} == set(range(100, 108))
    assert {one.account for one in done.taken} == set(range(20))
    assert "agreement research" in done.waiting[0].reason


@pytest.mark.parametrize(
    ("trait", "group"), [("plan", "enterprise"), ("size", "large"), ("agreement", "research"), ("sdk", "odd")]
)
def test_every_kind_of_cohort_is_watched(trait: str, group: str) -> None:
    counts = POPULATION.cohorts | {("sdk", "odd"): 500}
    plain = Traits("free", "small", "none", "openai")
    known = {n: facts(traits=replace(plain, **{trait: group})) for n in range(12)}

    done = run(range(12), situation(facts=known, population=Population(100_000, counts)))

    assert not done.taken
    assert f"{trait} {group}" in done.waiting[0].reason


def test_a_campaign_counts_once_in_proportions() -> None:
    known = {n: facts(traits=Traits("free", "small", "research", "openai")) for n in range(12)}

    assert len(run(range(12), situation(facts=known), campaign="C").taken) == 12


def test_a_cohort_of_unknown_size_waits() -> None:
    known = {n: facts(traits=Traits(sdk="new")) for n in range(6)}

    assert "not known" in run(range(6), situation(facts=known)).waiting[0].reason


def test_unknown_traits_belong_to_no_cohort() -> None:
    assert len(run(range(12), situation()).taken) == 12


def test_the_kill_switch_stops_everything_that_touches_anybody() -> None:
    done = decide(
        [verdict(1), verdict(2, shadow=True)],
        TERMS,
        situation(stopped="the kill switch is on, by ada: odd"),
        Rules(),
        NOW,
    )

    assert [one.shadow for one in done.taken] == [True]
    assert "kill switch" in done.waiting[0].reason


def test_what_is_only_watched_fills_no_limit() -> None:
    watched = [verdict(account, shadow=True) for account in range(100, 140)]

    done = decide([*watched, verdict(1)], TERMS, situation(facts=spread(140)), limited(accounts_a_run=1), NOW)

    assert [one.account for one in done.taken if not one.shadow] == [1]
    assert sum(one.shadow for one in done.taken) == 40


def test_an_agreement_in_force_leaves_it_to_a_person() -> None:
    agreed = Agreement("research", "contract 12", NOW - 1, NOW + 1)
    ended = Agreement("research", "contract 12", NOW - 2, NOW)

    done = run(range(1), situation(facts={0: facts(agreements=(ended, agreed))}))
    assert "contract 12" in done.waiting[0].reason
    assert run(range(1), situation(facts={0: facts(agreements=(ended,))})).taken
