"""Hand-made scan results: forty accounts, an empty scan, hostile strings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stillwatch.model.event import Clock, Identity, Provenance, Reject
from stillwatch.model.finding import Assurance, Examined, Ranking
from stillwatch.model.profile import AccountFacts, Feature, Profile
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.model.scan import Capability, ScanResult, SourceCount

START_MS = 1_793_491_200_000.0
"""2026-11-01 00:00 UTC."""
PRIOR, THRESHOLD = -10.0, 3.0

HOSTILE = (
    "</style><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "\x1b[2J\x1b]0;owned\x07 plan\r\nfree",
    "\u202egnp.exe \u2066x\u200b\ud800",
    "[bold red]not markup[/]",
    "&lt;b&gt; ' \"",
    "x" * 5000,
)

FEATURES = (
    Feature("events", "events", "Calls counted once; low is a light user, high a heavy one."),
    Feature("night_share", "share", "Share of events between 00:00 and 06:00 UTC; <b>high</b> alone says little."),
)


def _panel(rng, n, bins, spread):
    return rng.gamma(spread, 40, (n, bins)).round() * (rng.random((n, bins)) < 0.7)


def _profile(n, rng):
    events = np.sort(rng.integers(40, 60_000, n).astype(float))[::-1].copy()
    columns = {
        "events": events,
        "tokens_in": events * 410.0,
        "tokens_out": events * 900.0,
        "distinct_prompts": np.floor(events * 0.8),
        "timeline_start_ms": np.full(n, START_MS),
        "timeline_bin_s": np.full(n, 14_400.0),
        "night_share": rng.random(n),
        "gap_median_s": rng.gamma(2, 30, n),
        "refusal_share": np.full(n, np.nan),
    }
    people = np.zeros((n, 168))
    for day in range(5):
        people[:, day * 24 + 8 : day * 24 + 19] = rng.poisson(30, (n, 11))
    if n:
        people[0] = rng.poisson(320, 168)
        people[2] = np.tile(rng.poisson(60, 24), 7)
    topics = rng.gamma(0.25, 40, (n, 64)).round()
    if n:
        topics[0] = rng.poisson(700, 64)
    lengths = np.exp(-((np.arange(16) - 8.5) ** 2) / 5) * events[:, None] / 4
    if n:
        lengths[0] = np.exp(-((np.arange(16) - 11) ** 2) / 1.2) * events[0] / 2
    panels = {
        "timeline": _panel(rng, n, 24, 2.0),
        "hour_of_week": people,
        "topics": topics,
        "tokens_out": lengths.round(),
    }
    account = np.sort(rng.integers(-(2**62), 2**62, n))
    texts = tuple(pseudonym_text(int(a)) for a in account)
    label = tuple("Ardent Labs" if i == 1 else text for i, text in enumerate(texts))
    facts = AccountFacts(
        label=label,
        plan=tuple(("scale", "pro", "free")[i % 3] for i in range(n)),
        signup_ms=np.where(np.arange(n) % 4 == 0, -1, int(START_MS) - 86_400_000 * np.arange(n)).astype(np.int64),
        declared_purpose=tuple("own-model distillation" if i == 1 else "" for i in range(n)),
        reseller=np.array([1 if i == 2 else -1 for i in range(n)], np.int8),
    )
    return Profile(account, columns, panels, facts)


def _examined(name, weights, reason, reasons, sentence, facts):
    weights = np.where(reason > 0, 0.0, weights)
    return Examined(name, weights, weights - 1.1, weights + 1.4, reason, reasons, sentence, facts)


GROUP = {
    "artefact_replay": "provenance",
    "provider_refusals": "provenance",
    "harvest_shape": "content",
    "rhythm": "habits",
    "credential_fanout": "habits",
}


def _assurance(examined, ranking, n):
    """A share of 0.02 for the first account, larger ones further down; row 3 could not be compared."""
    rows = np.arange(n)
    p = np.where(rows == 3, np.nan, (rows + 1) / (n + 1))

    def ordinary(detector, row):
        assert examined[detector].weight_bits[row] > 0, "nobody is asked about what does not speak against an account"
        return 0.02 * (row + 1)

    return Assurance(
        base_rate=1 / 1025,
        probability=1 / (1 + 2.0**-ranking.total_bits),
        p_value=p,
        q_value=np.minimum(1, 2 * p),
        smallest_p=np.full(n, 1 / (n + 1)),
        did_more=np.where(rows == 4, -1, rows * 3),
        ordinary=ordinary,
        cohort=lambda row: f"{n} accounts, plan number {row}",
        reference="40 accounts of last month",
        look=2,
    )


def make_result(n=40, seed=7):
    rng = np.random.default_rng(seed)
    profile = _profile(n, rng)
    rows = np.arange(n)
    base = {
        "artefact_replay": np.where(rows < 1, 6.4, rng.normal(0, 0.15, n)),
        "provider_refusals": np.where(rows == 1, 5.2, np.where(rows == 0, 2.1, 0.0)),
        "harvest_shape": np.where(rows < 3, (9.8 - 2.2 * rows), rng.normal(-0.8, 1.0, n)),
        "rhythm": np.where(rows < 3, 3.1 - rows * 0.4, rng.normal(-0.9, 1.2, n)),
        "credential_fanout": np.where(rows == 2, 4.0, np.where(rows == 0, -1.6, 0.2)),
    }
    missing = {"provider_refusals": rows % 3 == 2, "rhythm": (rows > 2) & (rows % 5 == 0)}
    sentences = {
        "artefact_replay": "{r:,} of 18,204 reasoning signatures sent back were born in 3 other accounts.",
        "provider_refusals": "412 answers (1.9 %) ended in a refusal for reasoning extraction.",
        "harvest_shape": "61 of 64 topics, 91 % of prompts new; answers average 2,310 tokens, 4.1 times the median.",
        "rhythm": "Active in 167 of 168 hours of the week; gaps between calls have an entropy of 0.12.",
        "credential_fanout": "38 keys from 212 networks take turns within the same minute.",
    }
    examined = []
    for name, weights in base.items():
        reason = np.where(missing.get(name, np.zeros(n, bool)), 1, 0).astype(np.uint8)
        facts = {"share": np.full(n, 0.91), "count": rows.astype(float), "unknown": np.full(n, np.nan)}
        sentence = sentences[name]
        examined.append(
            _examined(
                name,
                weights,
                reason,
                ("", "fewer than 30 events with a refusal category"),
                lambda row, sentence=sentence: sentence.format(r=row + 1),
                facts,
            )
        )
    contributions = {e.detector: np.minimum(e.weight_bits, 7.0) for e in examined}
    total = PRIOR + sum(contributions.values(), np.zeros(n))
    order = np.lexsort((profile.account, -total))
    ranking = Ranking(total, contributions, PRIOR, THRESHOLD, order.astype(np.int64))
    return ScanResult(
        sources=(
            SourceCount(
                "logs/2026-11-01.jsonl.zst",
                Provenance("litellm", Identity.KEY, Clock.LOG),
                901_204,
                901_192,
                12,
                40,
                3,
                "",
            ),
            SourceCount(
                "logs/2026-11-02.jsonl.zst",
                Provenance("openrouter", Identity.HEADER, Clock.RESPONSE),
                18_090,
                18_090,
                0,
                0,
                71,
                "the archive ends in the middle of a frame",
                (("tokens_in", 7),),
            ),
        ),
        rejects=(Reject("logs/2026-11-01.jsonl.zst", 88, "tokens_out", "not a number"),),
        capabilities=tuple(
            Capability(
                e.detector,
                e.detector != "credential_fanout" or n > 0,
                int((e.reason == 0).sum()),
                "13 accounts: fewer than 30 events with a refusal category" if e.reason.any() else "",
                ("ts_ms", "account_id", "refusal_category"),
                ("refusal_category",) if e.reason.any() else (),
                f"what {e.detector} looks for",
                GROUP[e.detector],
                f"what {e.detector} cannot see",
                f"what would change {e.detector}",
            )
            for e in examined
        ),
        profile=profile,
        examined=tuple(examined),
        ranking=ranking,
        assurance=_assurance({e.detector: e for e in examined}, ranking, n),
        exemplars={int(profile.account[0]): ("Explain the proof.\nStep by step.",)} if n else {},
        cold_kernels=False,
        elapsed_s=4.2,
    )


def make_hostile():
    """Every string that comes from outside carries an attack; some numbers are NaN."""
    result = make_result(len(HOSTILE))
    profile = result.profile
    facts = replace(profile.facts, label=HOSTILE, plan=HOSTILE[::-1], declared_purpose=HOSTILE)
    columns = {name: np.where(np.arange(len(HOSTILE)) == 0, np.nan, column) for name, column in profile.columns.items()}
    columns |= {HOSTILE[0]: np.ones(len(HOSTILE))}
    panels = {name: np.where(np.arange(len(HOSTILE))[:, None] == 1, np.nan, p) for name, p in profile.panels.items()}
    sources = tuple(replace(result.sources[0], path=text, incomplete=text) for text in HOSTILE)
    examined = tuple(
        replace(e, reasons=("", HOSTILE[i]), sentence=lambda row: HOSTILE[row], facts={HOSTILE[1]: e.weight_bits})
        for i, e in enumerate(result.examined)
    )
    return replace(
        result,
        sources=sources,
        rejects=tuple(Reject(text, 1, text, text) for text in HOSTILE),
        capabilities=tuple(
            replace(
                c,
                reason=HOSTILE[i],
                able=False,
                absent=(HOSTILE[i],),
                title=HOSTILE[i],
                group=HOSTILE[i % 2],
                blind_spot=HOSTILE[i],
                would_change=HOSTILE[i],
            )
            for i, c in enumerate(result.capabilities)
        ),
        profile=replace(profile, facts=facts, columns=columns, panels=panels),
        examined=examined,
        assurance=replace(result.assurance, cohort=lambda row: HOSTILE[row], reference=HOSTILE[0]),
        exemplars={int(profile.account[0]): HOSTILE},
    )


def make_empty():
    """No source, no account, no detector."""
    empty = make_result(0)
    return replace(empty, sources=(), rejects=(), capabilities=(), examined=())


@pytest.fixture
def result():
    return make_result()


@pytest.fixture
def hostile():
    return make_hostile()


@pytest.fixture
def nobody():
    """Events were read, but no account is known."""
    return make_result(0)


@pytest.fixture
def empty():
    return make_empty()


@pytest.fixture
def features():
    return FEATURES


@pytest.fixture
def strangers():
    """The hostile strings themselves."""
    return HOSTILE
