"""A small world of many-headed campaigns beside everybody honest who looks like one."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from stillwatch.simulate.campaigns.presets import HARD
from stillwatch.simulate.campaigns.spec import Campaign
from stillwatch.simulate.crowds.spec import Crowd
from stillwatch.simulate.spec import WorldSpec

CAMPAIGNS: Final = (
    Campaign("mill", accounts=150, per_day=6.0, technique="template", paraphrase=0.5, benign_mix=0.3, synchrony=0.6),
    Campaign("tags", accounts=60, per_day=13.0, technique="reasoning", pools=2, residential=0.5, disposable_mail=0.6),
    Campaign("store", accounts=100, per_day=13.0, technique="store_replay", benign_mix=0.5, synchrony=0.2),
    Campaign("relay", accounts=80, per_day=6.0, technique="live_relay", synchrony=0.0, artefact_replay=0.2),
    Campaign("judge", accounts=12, per_day=26.0, technique="grading", in_system=True, synchrony=0.3),
    replace(HARD, accounts=40),
)
"""Six campaigns of 12 to 150 accounts, from careless to well hidden."""
CROWDS: Final = (
    Crowd("independent", accounts=500),
    Crowd("household", accounts=60, groups=22),
    Crowd("saas", accounts=60, groups=2, alike=0.05, name="saas-different"),
    Crowd("saas", accounts=60, groups=2, alike=1.0, name="saas-similar"),
    Crowd("saas", accounts=60, groups=2, alike=50.0, name="saas-alike"),
    Crowd("cgnat", accounts=80, groups=2),
    Crowd("office", accounts=50, groups=2),
    Crowd("subaccounts", accounts=24, groups=2),
    Crowd("agent_users", accounts=70, groups=2),
    Crowd("hackathon", accounts=40, groups=2),
    Crowd("launch_surge", accounts=60),
    Crowd("benign_distillers", accounts=12, groups=2),
    Crowd("company_team", accounts=40, groups=5),
    Crowd("agency", accounts=24, groups=2),
)
"""Every kind of honest crowd."""

HYDRA: Final = WorldSpec(
    developer=20,
    batch_app=3,
    evaluation=6,
    researcher=4,
    reseller=1,
    contracted=1,
    classroom=62,
    ci_bot=2,
    router=4,
    campaigns=CAMPAIGNS,
    crowds=CROWDS,
)
"""About 1,700 accounts, a quarter of them in six campaigns, 7 days."""
