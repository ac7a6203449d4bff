"""The study of campaigns on a tiny world: its tables hold what was found, and show it when that is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stillwatch.config import DEFAULT
from stillwatch.evaluate.campaigns import study
from stillwatch.evaluate.campaigns.calibrate import entities
from stillwatch.evaluate.campaigns.found import CALLED, campaign_table, honest_table, method_table, outcome
from stillwatch.evaluate.campaigns.look import Looked, look
from stillwatch.evaluate.campaigns.page import SECTIONS, write_page
from stillwatch.evaluate.campaigns.peers import SYNCHROTRAP_DAY, TFIDF
from stillwatch.evaluate.campaigns.plan import Plan
from stillwatch.evaluate.campaigns.rates import count_table, rates
from stillwatch.evaluate.campaigns.shares import INFRASTRUCTURE, MONEY, TEMPLATE
from stillwatch.evaluate.campaigns.views import identity, shares
from stillwatch.evaluate.campaigns.wrong import wrong, wrong_table
from stillwatch.simulate import WorldSpec
from stillwatch.simulate.crowds.spec import Crowd
from stillwatch.simulate.hydra import HYDRA

if TYPE_CHECKING:
    from pathlib import Path

TINY = Plan(1, 1, 1, 1, 0.2, 100, 84.0, ("plain", "0: plain", "1: no shared cards", "60 accounts, customers similar"))


@pytest.fixture(scope="module")
def looked() -> Looked:
    """Look at one tiny world."""
    return look(HYDRA.scaled(0.25), 2_001, DEFAULT)


def accused(looked: Looked) -> Looked:
    """Pretend that everybody was called one extracting entity."""
    one = next(one for one in looked.campaigns.found if one.extracting)
    whole = replace(one, members=replace(one.members, account=looked.known.account))
    # The number of members is that of the accounts, which is all that is read of the others.
    return replace(looked, campaigns=replace(looked.campaigns, found=(whole,)))


def test_the_truth_is_lined_up_with_the_sketches(looked: Looked) -> None:
    events = looked.world.events["account_id"].unique().to_pylist()

    assert sorted(looked.known.name) == sorted(events)
    assert (np.diff(looked.known.account) > 0).all()
    assert looked.known.silent + len(events) == looked.world.truth.num_rows
    assert set(looked.known.campaign) == {"", "mill", "tags", "store", "relay", "judge", "hidden"}


def test_the_same_seed_gives_the_same_pseudonyms() -> None:
    spec = WorldSpec(crowds=(Crowd("household", accounts=6, groups=2),), days=2)
    one, again = look(spec, 2_001, DEFAULT), look(spec, 2_001, DEFAULT)

    assert np.array_equal(one.known.account, again.known.account)
    assert one.known.kind == again.known.kind
    assert set(one.known.kind) == {"household"}


def test_other_methods_are_given_what_we_read(looked: Looked) -> None:
    roster = looked.coordinated().roster
    used, columns = shares(looked, roster), identity(looked)

    assert used.n_accounts == len(looked.known.name) == columns.num_rows
    assert set(np.unique(used.layer).tolist()) == {TEMPLATE, INFRASTRUCTURE, MONEY}
    first_s = looked.world.events["ts_ms"].to_numpy().min() // 1000
    assert used.ts_s[used.layer == INFRASTRUCTURE].min() >= first_s
    calls = looked.world.events.num_rows
    net = used.count[used.layer == INFRASTRUCTURE].sum()
    assert calls <= net <= 3 * calls
    assert columns["card"].null_count < columns.num_rows


def test_what_is_found_is_counted(looked: Looked) -> None:
    seen = outcome(looked, looked.coordinated().roster, (TFIDF, SYNCHROTRAP_DAY))
    mill = next(one for one in seen.caught if one.campaign == "mill")
    row = next(row for row in campaign_table([seen], key="k", title="t").rows if row[0] == "mill")

    assert sum(one.members for one in seen.caught) + sum(one.accounts for one in seen.honest.values()) == seen.accounts
    assert mill.best >= 0.5
    assert str(row[3]).startswith("100.0 % (1/1)")
    assert {row[0] for row in method_table([seen], key="k", title="t").rows} >= {CALLED, "tfidf", "synchrotrap_day"}


def test_an_accusation_of_everybody_is_seen_in_every_table(looked: Looked) -> None:
    wronged = accused(looked)
    seen = outcome(wronged)
    honest = honest_table([seen], key="k", title="t").rows[-1]
    called = next(row for row in method_table([seen], key="k", title="t").rows if row[0] == CALLED)
    campaign = campaign_table([seen], key="k", title="t").rows

    assert honest[0] == "all"
    assert str(honest[2]).startswith("100.0 %")
    assert str(honest[3]).startswith("100.0 %")
    assert str(honest[4]).startswith("100.0 % (1/1)")
    assert str(called[6]).startswith("1.000")
    # An entity of everybody is nobody's: no campaign is found by it.
    assert all(str(row[3]).startswith("0.0 %") for row in campaign)


def test_an_honest_entity_called_extraction_is_listed_with_its_evidence(looked: Looked) -> None:
    wronged = accused(looked)
    # Most accounts of the world are honest, so the entity is.
    listed = wrong(replace(wronged, campaigns=wronged.campaigns), wronged.coordinated())
    table = wrong_table([listed], key="k", title="t")
    honest = [row for row in table.rows if row[0] == "honest entity called extraction"]

    assert len(honest) == (2 * int(looked.known.extracting.sum()) < len(looked.known.name))
    assert all("workload" in str(row[5]) for row in honest)
    assert f"honest entity called extraction: {len(honest)}." in table.note.replace(";", ".")
    assert entities(wronged)[0].extracts is (not honest)


def test_groups_are_false_where_nobody_is_bound(looked: Looked) -> None:
    nobody = replace(looked.known, bond=np.full_like(looked.known.bond, -1))
    found = looked.coordinated()
    table = count_table(rates(replace(looked, known=nobody), found, guards=False), key="k", title="t", level=1e-3)

    assert table.rows[0][1] > 0
    assert all(row[1] == row[2] for row in table.rows)


@pytest.fixture(scope="module")
def made() -> study.Study:
    """Run the whole study, tiny."""
    return study.run(TINY, DEFAULT, told=lambda _: None, peers=False)


def test_the_whole_study_runs_and_its_page_holds_every_table(made: study.Study, tmp_path: Path) -> None:
    page = tmp_path / "campaigns.md"
    write_page(made, TINY, page, command="stillwatch evaluate campaigns --tiny", today=date(2026, 12, 1))
    text = page.read_text(encoding="utf-8")
    keys = [table.key for table in made.tables]

    assert len(set(keys)) == len(keys)
    assert set(keys) == {key for _, wanted in SECTIONS for key in wanted}
    assert all(table.rows for table in made.tables if table.key != "campaigns_wrong")
    assert all(f"### {table.title}\n" in text for table in made.tables)
    assert "2026-12-01" in text
    assert text.count("*`stillwatch evaluate campaigns --tiny`*") == len(made.tables)
    for name in ("campaigns-fdr.svg", "campaigns-curve.svg"):
        assert name in text
        assert (tmp_path / name).read_text(encoding="utf-8").startswith("<svg")


def test_careless_campaigns_are_found_and_the_hidden_ones_are_told_of(made: study.Study) -> None:
    plain = made.table("campaigns_knobs").rows[0]
    hidden = next(row for row in made.table("campaigns_leak").rows if row[0] == "hidden")

    assert str(plain[1]).startswith("100.0 % (3/3)")
    assert str(hidden[1]).startswith("0.0 % (0/1)")
    assert str(hidden[5]).startswith("1.000")
    honest = str(made.table("campaigns_honest").rows[-1][3])
    assert float(honest.split(" ", 1)[0]) <= 2.0
