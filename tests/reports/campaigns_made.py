"""Hand-made campaigns: a ring with a second pool, a class, a small group, strangers' strings."""

from __future__ import annotations

import math

import numpy as np

from stillwatch.model.campaign import Campaign, Campaigns, Explanation, LayerEvidence, Line, Members

START_MS = 1_793_577_600_000
DAY_MS = 86_400_000


def members(count: int, seed: int = 3, *, closed: float = 0.5) -> Members:
    """Two pools of accounts: the first is closed after three days, the second begins then."""
    rng = np.random.default_rng(seed)
    second = np.arange(count) >= count * closed
    first = START_MS + np.where(second, 3 * DAY_MS, 0) + rng.integers(0, DAY_MS // 4, count)
    last = first + 2 * DAY_MS + rng.integers(0, DAY_MS, count)
    low = (3, -7, 1, -6, 0)
    bits = np.column_stack([rng.uniform(least, 12, count) for least in low])
    return Members(
        account=np.sort(rng.choice(2**61, count, replace=False)).astype(np.int64),
        layer_bits=bits,
        total_bits=bits.sum(axis=1) - 6.0,
        events=rng.integers(5, 200, count),
        tokens_out=rng.integers(500, 900_000, count),
        first_ms=first,
        last_ms=last,
        signup_ms=np.where(np.arange(count) % 9 == 8, -1, first - rng.integers(0, 4 * DAY_MS, count)),
        closed_ms=np.where(second, -1, last + 3_600_000),
        plan=np.zeros(count, np.int64),
    )


def campaign(name: str, made: Members, *, extracts: float, harvest: float = 6.0, fits: bool = False) -> Campaign:
    """A campaign with some evidence of each kind; ``extracts`` are its log2 odds."""
    lines = (
        Line("workload", "harvest", harvest, f"all members read as one account: {harvest:+.1f} bits of content"),
        Line("card ring", "hides", 2.3, "4 means of payment have several users each"),
        Line("size", "scale", 0.0, "as many accounts as it has"),
        Line("manner", "in favour", -1.4, "how members work"),
    )
    return Campaign(
        name=name,
        members=made,
        layers=(
            LayerEvidence(
                "product", -240.0, tested=True, sentence="all share one rare template where 0.7 were expected"
            ),
            LayerEvidence("place", -6.1, tested=False, sentence="35 share one network where 0.006 were expected"),
            LayerEvidence("partition", math.nan, tested=True, sentence="dispersion of topics is 1.17"),
            LayerEvidence("artefacts", math.nan, tested=False, sentence="nothing is shared by two members"),
        ),
        log_p=-240.0,
        log_p_rest=-30.0,
        q=1e-12,
        lines=lines,
        one_operator=0.97,
        extraction=1 / (1 + 2.0**-extracts),
        extraction_bits=extracts,
        explanations=(
            Explanation("one open customer", fits, "one organisation pays for all"),
            Explanation("a licensed reseller", fits=False, sentence="nan% of the members have a contract"),
        ),
        prompts_distinct=2327.2,
        capabilities=(("rubric_grading", 0.42),),
        groups=3,
    )


def campaigns(*found: Campaign, accounts: int = 1651) -> Campaigns:
    """All campaigns of a run."""
    left = (("user_agent", 2, 900),)
    return Campaigns(found, accounts, 3405, 1e-3, left, (("network", 0.27), ("ja4", math.nan)), 1.5)


def ring() -> Campaign:
    return campaign("c-bc9eba9ee1", members(55), extracts=9.0)


def school_class() -> Campaign:
    return campaign("c-329334be4a", members(40, 5, closed=0.0), extracts=-12.0, harvest=-3.0, fits=True)


def hidden() -> Campaign:
    """Likely by its total, with nothing of a harvest."""
    return campaign("c-d07c08586b", members(157, 7), extracts=4.0, harvest=0.5)
