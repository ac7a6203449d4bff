"""What was seen of one entity, by hand: nothing, then what a test is about."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from coordination.made import blank, enrolled, groups_of
from stillwatch.coordination.extraction import Heard, Steps
from stillwatch.coordination.facts import Facts
from stillwatch.coordination.tested import LAYER_AT, examine

if TYPE_CHECKING:
    from stillwatch.coordination.tested import Tested

NAN = math.nan
SILENT = Heard(content=0.0, asked=0.0, probing=0.0, provenance=0.0, manner=0.0)
UNTESTED = Steps(in_step=0.0, in_step_log_p=NAN, successors=0, succession_log_p=NAN)
UNKNOWN = Facts(
    members=20,
    one_organisation=NAN,
    one_payer=NAN,
    shared_cards=0,
    on_shared_cards=NAN,
    disposable=NAN,
    disposable_elsewhere=NAN,
    declared=0.0,
    resellers=0.0,
    quota_spread=0.7,
    common=NAN,
    repeated=NAN,
    dispersion=NAN,
    customers=NAN,
    log_p_shards=NAN,
    breadth_nats=NAN,
)
"""Twenty accounts of which a provider without account file and without prompts knows no more."""


def facts_of(**given: Any) -> Facts:
    return replace(UNKNOWN, **given)


def heard_of(**given: float) -> Heard:
    return replace(SILENT, **given)


def steps_of(**given: Any) -> Steps:
    return replace(UNTESTED, **given)


def layers_of(**layers: float) -> Tested:
    """Tests of one group of twenty blank accounts, with ln p of some layers as given: ``place=-20``."""
    names = {"product": 0, "place": 1, "money": 2, "rhythm": 3, "shards": 4, "quotas": 5, "life_cycle": 6}
    found = examine(groups_of(range(20)), enrolled(blank(20)), {})
    found.log_p[:] = NAN
    for name, log_p in layers.items():
        found.log_p[0, names[name]] = log_p
    assert len(names) == len(LAYER_AT) - 1
    return found
