"""Campaigns with published numbers.

Accounts, rates and techniques are those of the reports; what the reports do not say (jitter, shares of cards and
proxies) is assumed, and each preset says so. Attributions are the accusers'. Names are the reports' own.
"""

from __future__ import annotations

from typing import Final

from stillwatch.simulate.campaigns.spec import Campaign

FIXED_STRING: Final = Campaign(
    "gtg-16005",
    accounts=8_500,
    per_day=860.0,
    technique="reasoning",
    pools=2,
    failover_delay_h=12.0,
    residential=0.8,
    shared_cards=0.5,
    disposable_mail=0.6,
)
"""Anthropic, September 2026: one fixed prompt in every request, >3,500 accounts at peak, about 860 requests a day each
at the peak, residential proxies, throw-away mail, virtual cards, a second pool after the ban. Shares are assumed."""
REASONING_LETTER: Final = Campaign(
    "letter-2026-06", accounts=25_000, per_day=26.0, technique="agentic", benign_mix=0.3, residential=0.5
)
"""Letter of June 2026: 28.8M exchanges over about 25,000 accounts in 45 days, 26 a day each; agentic reasoning and
software engineering. The mix is assumed."""
ALL_THREE: Final = Campaign(
    "february-2026",
    accounts=24_000,
    per_day=13.0,
    technique="template",
    benign_mix=0.5,
    synchrony=0.8,
    shared_cards=0.8,
    paraphrase=0.5,
)
"""Anthropic, February 2026: about 24,000 accounts, over 20,000 at once in one proxy network mixed with unrelated
customers; synchronised, shared payment, the prompt varied tens of thousands of times. The rate is assumed."""
RELAY: Final = Campaign(
    "gtg-16002",
    accounts=5_380,
    per_day=6.0,
    technique="live_relay",
    synchrony=0.0,
    residential=0.3,
    artefact_replay=0.2,
)
"""Anthropic, September 2026: live relay of own users' requests over 5,380 accounts, about 5.6 a day each, with replay
of thinking signatures over sessions. The share of replay is assumed."""
CLEANER: Final = Campaign(
    "gtg-16006", accounts=273, per_day=280.0, technique="grading", synchrony=0.3, jitter_min=30.0, shared_cards=0.3
)
"""Anthropic, September 2026: 770,609 requests of a trace cleaner over 273 accounts in 10 days, 280 a day each: judges,
cleans, normalises. Infrastructure is assumed."""
STORE_REPLAY: Final = Campaign(
    "gtg-16008", accounts=1_500, per_day=13.0, technique="store_replay", synchrony=0.2, residential=0.3
)
"""Anthropic, September 2026: sessions of an own model's users stored and replayed, >400,000 exchanges over >1,500
accounts in 20 days, 13 a day each, twelve languages and more (five here). Infrastructure is assumed."""
LOW_VOLUME: Final = Campaign(
    "openai-2026-07", accounts=4_000, per_day=2.0, technique="sweep", synchrony=0.3, artefact_replay=0.4
)
"""OpenAI, September 2026: 16,000 attempts over 4,000 accounts in two days, 2 a day each, with encrypted reasoning
copied from one conversation into another. Infrastructure is assumed."""
SWEEP: Final = Campaign("september-sweep", accounts=300, per_day=20.0, technique="sweep", synchrony=0.2)
"""Anthropic, September 2026: >12,000 requests, each another technique; the winners were scaled. Accounts and rate are
assumed."""
HARD: Final = Campaign(
    "hidden",
    accounts=1_500,
    per_day=6.0,
    technique="template",
    paraphrase=1.0,
    jitter_min=600.0,
    residential=0.9,
    fingerprint_random=0.7,
    shared_cards=0.05,
    disposable_mail=0.02,
    benign_mix=0.9,
    topic_personas=0.5,
    synchrony=0.05,
    signup_burst_h=400.0,
    pivots=False,
)
"""No report: an operator who does everything at once that the reports name singly."""

PRESETS: Final = (
    FIXED_STRING,
    REASONING_LETTER,
    ALL_THREE,
    RELAY,
    CLEANER,
    STORE_REPLAY,
    LOW_VOLUME,
    SWEEP,
    HARD,
)
"""Every preset, in the order of the published table."""
