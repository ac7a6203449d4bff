"""What speaks for an account, and how it compares with accounts not reported."""

from dataclasses import replace

import numpy as np
import pytest

from stillwatch.reports.cohort import Cohorts, typical_shares
from stillwatch.reports.in_favour import in_favour
from stillwatch.reports.view import account_view, totals


def said(result, row):
    view = account_view(result, row)
    compared = Cohorts(result).compare(view)
    return " ".join(f.sentence for f in in_favour(view, result.ranking.threshold_bits, compared))


def test_declarations_negative_weights_and_gaps_are_listed(result):
    assert "own-model distillation" in said(result, 1)
    assert "Declared reseller" in said(result, 2)
    assert "Credential fanout lowers the total by 1.6 bits" in said(result, 0)
    assert "1 of 5 detectors could not tell (provider refusals)" in said(result, 2)


def test_an_account_that_rests_on_a_single_detector_is_named(result):
    assert "Each of harvest shape and artefact replay is needed" in said(result, 0)
    lower = replace(result.ranking, threshold_bits=0.5)
    assert "It rests on harvest shape" in said(replace(result, ranking=lower), 0)
    lowest = replace(result.ranking, threshold_bits=-9.0)
    assert "needed" not in said(replace(result, ranking=lowest), 0)


def test_slight_weights_are_summed_up_in_one_sentence(result):
    slight = {
        name: np.full(40, bits)
        for name, bits in zip(result.ranking.contributions, (-0.2, -0.3, 5.0, -0.04, -0.5), strict=True)
    }
    changed = replace(result, ranking=replace(result.ranking, contributions=slight))

    text = said(changed, 0)

    assert "Provider refusals, artefact replay together lower the total by 0.5 bits." in text
    assert "Credential fanout lowers the total by 0.5 bits: 38 keys" in text
    assert "hythm" not in text


def test_others_who_did_more_are_counted(result):
    events = result.profile.columns["events"].copy()
    events[0] = np.median(events)
    changed = replace(result, profile=replace(result.profile, columns={**result.profile.columns, "events": events}))
    view = account_view(changed, 0)
    events_compared = Cohorts(changed).compare(view)[0]
    quiet = ~changed.ranking.flagged
    same = np.array([plan == view.plan for plan in changed.profile.facts.plan])
    assert events_compared.more == int((events[quiet & same] > events[0]).sum())
    assert events_compared.others == int((quiet & same).sum())
    assert "sent more events" in said(changed, 0)


def test_an_account_not_reported_is_not_its_own_peer(result):
    row = int(np.flatnonzero(~result.ranking.flagged)[0])
    compared = Cohorts(result).compare(account_view(result, row))[0]
    same = np.array([plan == result.profile.facts.plan[row] for plan in result.profile.facts.plan])
    assert compared.others == int((~result.ranking.flagged & same).sum()) - 1


def test_few_of_a_plan_are_compared_with_all(result):
    plans = ("rare", *result.profile.facts.plan[1:])
    facts = replace(result.profile.facts, plan=plans)
    changed = replace(result, profile=replace(result.profile, facts=facts))
    compared = Cohorts(changed).compare(account_view(changed, 0))[0]
    assert compared.among == "accounts not reported"
    assert compared.others == 38


def test_everybody_reported_leaves_nobody_to_compare_with(result):
    all_above = replace(result, ranking=replace(result.ranking, threshold_bits=-1e9))
    assert Cohorts(all_above).compare(account_view(all_above, 0)) == ()
    assert typical_shares(all_above, "topics") is None
    assert typical_shares(result, "nothing of that name") is None


def test_typical_shape_weighs_accounts_equally(result):
    mean = typical_shares(result, "topics")
    assert mean.sum() == pytest.approx(1)
    ordered = typical_shares(result, "topics", ordered=True)
    assert (np.diff(ordered) <= 1e-12).all()


def test_time_range_comes_from_the_time_line_or_from_columns(result, empty):
    summed = totals(result)
    assert 0 < summed.from_ms < summed.until_ms
    columns = {**result.profile.columns, "first_ms": np.full(40, 5.0), "last_ms": np.full(40, 9.0)}
    exact = totals(replace(result, profile=replace(result.profile, columns=columns)))
    assert (exact.from_ms, exact.until_ms) == (5.0, 9.0)
    assert np.isnan(totals(empty).from_ms)
