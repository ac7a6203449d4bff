"""Other detectors and ours on the same accounts: what each flags of honest tenants, of replay, of extraction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow.compute as pc

from stillwatch.evaluate.accounts import Draw, fold_draws
from stillwatch.evaluate.learn import kin
from stillwatch.evaluate.peers import PEERS
from stillwatch.evaluate.peers.embed import embedder_apart
from stillwatch.evaluate.peers.mmd import MMD, MMD_RECALIBRATED
from stillwatch.evaluate.scores import p_values
from stillwatch.evaluate.tables import Cell, Table
from stillwatch.evaluate.unseen import examine_accounts
from stillwatch.model.errors import InputError
from stillwatch.model.finding import NotEnoughEvidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.evaluate.accounts import AccountSet
    from stillwatch.evaluate.peers import Fitted, Peer
    from stillwatch.evaluate.sources import Source

REFERENCE: Final = "sharegpt"
"""Source whose first turns are the benign reference, as in our first run of the published test."""
REPLAY: Final = "verbatim replay of people"
NOMINAL: Final = 0.05
REFERENCE_WINDOWS: Final = 60
"""Accounts of the reference that our p-values are held against."""
REFERENCE_SHARE: Final = 0.6
"""Share of the opening turns that every method may learn from."""
FRACTIONS: Final = (0.0, 0.05, 0.10, 0.25, 0.50, 1.0)


@dataclass(frozen=True, slots=True)
class Tenants:
    """Accounts of one size that every method judges: their texts, and our totals in bits."""

    draws: tuple[Draw, ...]
    """What each account is."""
    group: tuple[str, ...]
    """Row of the table each belongs to."""
    texts: tuple[tuple[str, ...], ...]
    """Prompts of each."""
    totals: NDArray[np.float64]
    """Our total of each, by a model that saw neither its source nor its kin."""


def first_turns(source: Source) -> NDArray[np.int64]:
    """Give the rows that open a conversation."""
    return np.flatnonzero(source.turn == 1).astype(np.int64)


def texts_of(sources: Sequence[Source], draw: Draw) -> tuple[str, ...]:
    """Give the prompts of an account."""
    pairs = zip(draw.origin.tolist(), draw.rows.tolist(), strict=True)
    return tuple(sources[o].prompt[r].as_py().decode("utf-8", "replace") for o, r in pairs)


def judged(
    sources: Sequence[Source], draws: Sequence[Draw], groups: Sequence[str], config: Config, training: AccountSet
) -> Tenants:
    """Fold accounts and weigh each by a model that never saw its source."""
    accounts = fold_draws(sources, draws, config, np.random.default_rng(5))
    exam = examine_accounts(accounts, config, training)
    totals = np.zeros(len(draws))
    for number in sorted(set(accounts.source.tolist())):
        mine = accounts.source == number
        totals[mine] = exam.totals(kin(accounts, number))[mine]
    return Tenants(tuple(draws), tuple(groups), tuple(texts_of(sources, draw) for draw in draws), totals)


def _single_turns(sources: Sequence[Source]) -> tuple[Source, ...]:
    """Replayed conversations are sent one request at a time, without their history."""
    return tuple(replace(one, turn=np.ones_like(one.turn)) if one.name == REFERENCE else one for one in sources)


def flags(
    sources: Sequence[Source],
    training: AccountSet,
    config: Config,
    *,
    size: int,
    windows: int,
    rng: np.random.Generator,
) -> Table:
    """Flag rates of pure accounts of every source and of verbatim replay, for every method."""
    number = next((n for n, one in enumerate(sources) if one.name == REFERENCE), None)
    if number is None:
        raise InputError(f"no source is called {REFERENCE}: it is the benign reference of the published test")
    opening = rng.permutation(first_turns(sources[number]))
    reference, held_out = opening[: opening.shape[0] // 2], opening[opening.shape[0] // 2 :]
    texts = [text.decode("utf-8", "replace") for text in pc.take(sources[number].prompt, reference).to_pylist()]
    single = _single_turns(sources)
    draws, groups = _pure(single, number, held_out, size, windows, rng)
    for _ in range(REFERENCE_WINDOWS):
        chosen = rng.choice(reference, size, replace=reference.shape[0] < size)
        draws.append(Draw(number, size, 0.0, chosen, np.full(size, number, np.int16)))
        groups.append(REFERENCE)
    tenants = judged(single, draws, groups, config, training)
    embedder, texts = embedder_apart(texts, np.random.default_rng(1), None)
    body: dict[str, list[str]] = {group: [] for group in dict.fromkeys(groups) if group != REFERENCE}
    heads = []
    for peer in PEERS:
        fitted = _fitted(peer, size, texts, embedder)
        heads.append(peer.name)
        for group, cells in body.items():
            cells.append(_rate(fitted, tenants, group))
    ours = tenants.totals
    benign = ours[[group == REFERENCE for group in groups]]
    p = p_values(ours, benign)
    for group, cells in body.items():
        mine = np.array([g == group for g in groups])
        cells.append(f"{(ours[mine] >= config.threshold_bits).mean():.2f}")
        cells.append(f"{(p[mine] <= NOMINAL).mean():.2f}")
    return Table(
        "peers",
        f"Flag rate of pure accounts of {size} prompts, every method in one run",
        ("accounts", *heads, "ours, default threshold", "ours, p <= 0.05 against the reference"),
        tuple((group, *cells) for group, cells in body.items()),
        "Benign reference: first turns of real conversations. Rows of class B and C are honest tenants: a flag is a "
        "false accusation. Replay sends real people's prompts word for word, one at a time. A dash: the method cannot "
        "run here or needs more prompts.",
    )


def _pure(
    sources: Sequence[Source],
    number: int,
    held_out: NDArray[np.int64],
    size: int,
    windows: int,
    rng: np.random.Generator,
) -> tuple[list[Draw], list[str]]:
    draws, groups = [], []
    for n, source in enumerate(sources):
        rows = held_out if n == number else np.arange(len(source.prompt))
        if rows.shape[0] < size or source.subtype == "human_questions":
            continue
        name = f"{source.cls}: {source.name}" if n != number else f"{REFERENCE}, held out"
        for _ in range(windows):
            chosen = rng.choice(rows, size, replace=False)
            draws.append(Draw(n, size, float(source.cls == "A"), chosen, np.full(size, n, np.int16)))
            groups.append(name)
    for _ in range(windows):
        chosen = rng.choice(held_out, size, replace=False)
        draws.append(Draw(number, size, 1.0, chosen, np.full(size, number, np.int16)))
        groups.append(f"A: {REPLAY}")
    return draws, groups


def _fitted(peer: Peer, size: int, texts: list[str], embedder: object) -> Fitted | None:
    chosen = replace(peer, window=size) if hasattr(peer, "window") else peer  # type: ignore[type-var]
    try:
        return chosen.fit(texts, np.random.default_rng(2), embedder)  # type: ignore[arg-type]
    except InputError:
        return None


def _rate(fitted: Fitted | None, tenants: Tenants, group: str) -> str:
    if fitted is None:
        return "-"
    found = [
        fitted.judge(texts, [16.0 * k for k in range(len(texts))])
        for texts, of in zip(tenants.texts, tenants.group, strict=True)
        if of == group
    ]
    told = [one.flag for one in found if not isinstance(one, NotEnoughEvidence)]
    return f"{np.mean(told):.2f}" if told else "-"


def by_window(
    sources: Sequence[Source],
    training: AccountSet,
    config: Config,
    *,
    sizes: Sequence[int],
    windows: int,
    rng: np.random.Generator,
) -> Table:
    """Repeat the published table: share of windows flagged by size and attack fraction, and ours beside it."""
    number = next(n for n, one in enumerate(sources) if one.name == REFERENCE)
    single = _single_turns(sources)
    opening = rng.permutation(first_turns(sources[number]))
    known = int(REFERENCE_SHARE * opening.shape[0])
    texts = [text.decode("utf-8", "replace") for text in pc.take(sources[number].prompt, opening[:known]).to_pylist()]
    benign, cover = opening[:known], opening[known:]
    embedder, texts = embedder_apart(texts, np.random.default_rng(1), None)
    body: list[tuple[Cell, ...]] = []
    for size in sizes:
        draws, groups = _mixed(single, number, benign, cover, size, windows, rng)
        tenants = judged(single, draws, groups, config, training)
        is_benign = np.array([group == "reference" for group in groups])
        p = p_values(tenants.totals, tenants.totals[is_benign])
        methods: dict[str, list[str]] = {}
        for peer in (MMD, MMD_RECALIBRATED):
            fitted = _fitted(peer, size, texts, embedder)
            methods[peer.name] = [_rate(fitted, tenants, f"{fraction}") for fraction in FRACTIONS]
        cells = [np.array([group == f"{fraction}" for group in groups]) for fraction in FRACTIONS]
        methods["ours, p <= 0.05"] = [f"{(p[mine] <= NOMINAL).mean():.2f}" for mine in cells]
        methods["ours, default threshold"] = [
            f"{(tenants.totals[mine] >= config.threshold_bits).mean():.2f}" for mine in cells
        ]
        body += [(size, name, *rates) for name, rates in methods.items()]
    return Table(
        "windows",
        "Share of windows flagged, by size and attack fraction",
        ("prompts", "method", "benign", *(f"{round(100 * fraction)} % attack" for fraction in FRACTIONS[1:])),
        tuple(body),
        "Attack prompts of every source of class A that is large enough, hidden among first turns of people. The "
        "published figures use another embedder; see the peers' own pages.",
    )


def _mixed(
    sources: Sequence[Source],
    number: int,
    benign: NDArray[np.int64],
    cover: NDArray[np.int64],
    size: int,
    windows: int,
    rng: np.random.Generator,
) -> tuple[list[Draw], list[str]]:
    draws, groups = [], []

    def add(n: int, attack: NDArray[np.int64], rest: NDArray[np.int64], group: str) -> None:
        origin = np.repeat(np.array([n, number], np.int16), [attack.shape[0], rest.shape[0]])
        rows, turn = np.concatenate([attack, rest]), rng.permutation(size)
        draws.append(Draw(n, size, attack.shape[0] / size, rows[turn], origin[turn]))
        groups.append(group)

    none = np.zeros(0, np.int64)
    for _ in range(REFERENCE_WINDOWS):
        add(number, none, rng.choice(benign, size, replace=benign.shape[0] < size), "reference")
    for _ in range(4 * windows):
        add(number, none, rng.choice(cover, size, replace=cover.shape[0] < size), "0.0")
    for n, source in enumerate(sources):
        if source.cls != "A" or len(source.prompt) < size:
            continue
        for fraction in FRACTIONS[1:]:
            many = max(round(size * fraction), 1)
            for _ in range(windows):
                attack = rng.choice(len(source.prompt), many, replace=False)
                add(n, attack, rng.choice(cover, size - many, replace=False), f"{fraction}")
    return draws, groups
