"""Accounts, groups and a small world for coordination, by hand: blank ones, then what a test is about is set."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from stillwatch.coordination.groups import Groups, no_groups
from stillwatch.coordination.layers.together import SLOTS
from stillwatch.coordination.layers.values import Held
from stillwatch.coordination.outline import _KINDS, _WIDTHS, Outline
from stillwatch.coordination.roster import AT, Roster, enroll
from stillwatch.model.registered import Registered, unregistered
from stillwatch.sketches.layout import EMPTY_HASH, EMPTY_ID, NO_TOPIC, SAMPLE_K

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_793_577_600_000
"""A Monday, 00:00 UTC."""
DAY = START_MS // DAY_MS
NOTHING = {"sample": EMPTY_HASH, "nets": EMPTY_HASH, "sample_piece": EMPTY_ID, "slot_piece": EMPTY_ID, "day": EMPTY_ID}
NO_ARTEFACTS = (np.zeros(0, np.int64), np.zeros(0, np.int64))


def blank(n: int) -> Outline:
    """Accounts 1..n with one event each on the first day and nothing else known."""
    made = Outline._make(
        np.full((n, _WIDTHS[name]) if name in _WIDTHS else n, NOTHING.get(name, 0), _KINDS.get(name, np.int64))
        for name in Outline._fields
    )
    made.key[:] = np.arange(1, n + 1)
    made.events[:] = 1
    made.first_ms[:] = START_MS
    made.last_ms[:] = START_MS
    made.sample_topic[:] = NO_TOPIC
    return made


def unknown(n: int) -> Registered:
    """Nothing known of n accounts, in columns of their own that may be set."""
    made = unregistered(n)
    return Registered(*(getattr(made, field.name).copy() for field in fields(made)))


def enrolled(
    outline: Outline,
    registered: Registered | None = None,
    templates: Groups | None = None,
    artefacts: Groups | None = None,
) -> Roster:
    """The roster of some accounts; without an account file unless one is given."""
    return enroll(
        outline,
        unknown(outline.key.shape[0]) if registered is None else registered,
        no_groups("template") if templates is None else templates,
        no_groups("artefact") if artefacts is None else artefacts,
    )


def groups_of(*members: object, made_by: int | list[int] = 0, tokens: list[int] | None = None) -> Groups:
    """Groups of these rows each."""
    rows = [np.asarray(list(one), np.int32) for one in members]  # type: ignore[call-overload]
    g = len(rows)
    return Groups(
        np.concatenate([[0], np.cumsum([one.shape[0] for one in rows])]).astype(np.int64),
        np.concatenate([np.zeros(0, np.int32), *rows]),
        np.broadcast_to(np.asarray(made_by, np.uint8), (g,)).copy(),
        np.asarray(range(1, g + 1) if tokens is None else tokens, np.uint64),
        np.zeros(g, np.uint8),
        ("made",),
    )


def listed(groups: Groups) -> list[list[int]]:
    """Members of each group, as lists."""
    return [groups.of(g).tolist() for g in range(len(groups))]


def works(outline: Outline, row: int, day: int, slots: list[int], events: int = 1) -> None:
    """Set an account to work in these 64ths of a day since the first Monday, in its week as well."""
    mine = outline.day[row]
    k = int(np.flatnonzero((mine == DAY + day) | (mine == EMPTY_ID))[0])
    outline.day[row, k] = DAY + day
    for slot in slots:
        outline.day_mask[row, k] |= np.uint64(1 << slot)
        outline.week[row, day % 7 * 24 + (slot * 24 + 12) // SLOTS] += events


def asks(outline: Outline, row: int, prompts: list[int], topics: list[int], piece: int = EMPTY_ID) -> None:
    """Set sampled prompts of an account, the topic of both halves of each, and the piece of template in their heads."""
    for k, (prompt, topic) in enumerate(zip(prompts, topics, strict=True)):
        outline.sample[row, k] = prompt
        outline.sample_count[row, k] = 1
        outline.sample_topic[row, 2 * k : 2 * k + 2] = topic
        outline.sample_piece[row, SAMPLE_K + k] = piece


def held_of(**columns: list[float]) -> Held:
    """Values held, one number a group in each column given, the rest as where nothing is held."""
    g = len(next(iter(columns.values())))
    usual = {"log_p": np.nan, "value": -1, "count": 0, "known": 0, "expected": 0.0, "alike": np.nan}
    whole = ("value", "count", "known")
    return Held(
        **{
            name: np.asarray(columns.get(name, [empty] * g), np.int64 if name in whole else np.float64)
            for name, empty in usual.items()
        }
    )


def code_of(roster: Roster, field: str, row: int) -> int:
    """The code of an account's first value of a field."""
    coded = roster.fields[AT[field]]
    return int(coded.value[coded.start[row]])


MEMBERS = range(40)
"""Rows of the planted group in ``world``."""


def world(n: int = 400, seed: int = 1) -> tuple[Outline, Registered]:
    """Accounts of which the first forty have one operator; customers of ten products and nobody's beside them.

    Honest accounts have a card and a network of their own, and clients and hours as they come. The forty share a
    template, four networks, six cards, jobs that begin together at another time every day, and one TLS fingerprint
    that a twentieth of the others has as well.
    """
    rng = np.random.default_rng(seed)
    outline, registered = blank(n), unknown(n)
    outline.events[:] = np.exp(rng.normal(4.0, 1.2, n)).astype(np.int64) + 1
    outline.last_ms[:] = START_MS + 14 * DAY_MS
    outline.library[:] = rng.integers(1, 4, n)
    outline.ja4[:] = rng.integers(10, 30, n)
    outline.user_agent[:] = rng.integers(40, 60, n)
    outline.nets[:, 0] = np.arange(1000, 1000 + n)
    registered.plan[:] = rng.integers(1, 3, n)
    registered.payment[:] = np.arange(5000, 5000 + n)
    registered.card_bin[:] = rng.integers(1, 40, n)
    registered.email_domain[:] = rng.integers(1, 30, n)
    registered.signup_ms[:] = START_MS - rng.integers(0, 200 * 24, n) * HOUR_MS
    for row in range(n):
        product = row - 40 if 40 <= row < 140 else -1
        piece = 71 if row in MEMBERS else 80 + product // 10 if product >= 0 else EMPTY_ID
        tastes = rng.dirichlet(np.full(64, 0.3))
        topics = (rng.integers(0, 64, 20) if row in MEMBERS else rng.choice(64, 20, p=tastes)).tolist()
        asks(outline, row, sorted(rng.integers(1, 1 << 62, 20).tolist()), topics, piece)
        begin = int(rng.integers(0, 64))
        for day in (1, 3, 9):
            middle, wide = (11 * day, 1) if row in MEMBERS else (begin, 8)
            works(outline, row, day, sorted({int(s) % 64 for s in middle + rng.normal(0, wide, 6)}))
    mine = np.array(MEMBERS)
    outline.ja4[mine] = 10
    outline.nets[mine, 0] = 100 + mine % 4
    outline.events[mine] = rng.integers(150, 260, mine.shape[0])
    registered.payment[mine] = 200 + mine % 6
    return outline, registered


def ring(
    *, organisation: int = 0, artefacts: bool = True, same_client: bool = True
) -> tuple[Outline, Registered, tuple[np.ndarray, np.ndarray]]:
    """Four accounts that pass reasoning on and share a client, among thirty threes that only pass it on."""
    outline, registered = blank(400), unknown(400)
    outline.ja4[:] = 100 + np.arange(400)
    if same_client:
        outline.ja4[:4] = 9
    registered.organisation[:4] = organisation
    artefact = np.concatenate([np.full(4, -5), 10 + np.arange(90) // 3])
    account = outline.key[np.concatenate([np.arange(4), 100 + np.arange(90)])]
    return outline, registered, (artefact, account) if artefacts else NO_ARTEFACTS
