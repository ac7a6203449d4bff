"""Accounts built from prompt sources, folded by the very engine that scans logs.

Prompts and answer lengths are real. Which account sent them, and when, is not recorded in any public source:
arrivals are simulated, and A and C share one machine's arrivals, so that time tells nothing between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.engine.local import LocalEngine
from stillwatch.looking import profile_engine
from stillwatch.model.event import EVENT_SCHEMA, Clock, EventBatch, Identity, Provenance
from stillwatch.sketches.state import Keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.evaluate.sources import Source
    from stillwatch.model.profile import Profile

PLACE: Final = Provenance("evaluate", Identity.KEY, Clock.LOG)
START_MS: Final = 1_793_577_600_000
DAY_MS: Final = 86_400_000
ENOUGH: Final = 0.6
"""A unit is used for accounts of a size if it holds at least this share of it."""
_MACHINE_GAP_S: Final = (16.5, 0.35)
_PERSON_GAP_S: Final = (60.0, 1.2)
_BATCH_ROWS: Final = 65_536
_KEYS: Final = Keys(0x5354494C4C, 0x5741544348)


@dataclass(frozen=True, slots=True)
class Draw:
    """One account: which rows of which sources, in order."""

    source: int
    """Number of the source it is judged as."""
    size: int
    """Requests it was meant to have."""
    fraction: float
    """Share of its requests that come from a source of class A, 0 to 1."""
    rows: NDArray[np.int64]
    """Rows, shape (k,)."""
    origin: NDArray[np.int16]
    """Number of the source of each row, shape (k,)."""


@dataclass(frozen=True, slots=True)
class AccountSet:
    """Accounts and their profile; row i of the profile is draw i."""

    sources: tuple[Source, ...]
    """Where the prompts come from."""
    draws: tuple[Draw, ...]
    """What each account is."""
    profile: Profile
    """Features, by the engine."""

    @property
    def source(self) -> NDArray[np.int64]:
        """Number of each account's source, shape (n,)."""
        return np.array([draw.source for draw in self.draws], np.int64)

    @property
    def size(self) -> NDArray[np.int64]:
        """Requests each account was meant to have, shape (n,)."""
        return np.array([draw.size for draw in self.draws], np.int64)

    @property
    def fraction(self) -> NDArray[np.float64]:
        """Attack fraction of each account, shape (n,)."""
        return np.array([draw.fraction for draw in self.draws])

    @property
    def cls(self) -> NDArray[np.str_]:
        """Class of each account, shape (n,)."""
        return np.array([self.sources[draw.source].cls for draw in self.draws])


def draw_rows(source: Source, size: int, rng: np.random.Generator) -> NDArray[np.int64] | None:
    """Draw the rows of one account of a source, None where no unit is large enough.

    Of people a run of consecutive rows, of others a random subset; nobody gets a row twice.
    """
    able = [unit for unit in source.units if unit.shape[0] >= max(ENOUGH * size, 8)]
    if not able:
        return None
    unit = able[int(rng.integers(len(able)))]
    if source.cls == "B":
        first = int(rng.integers(max(1, unit.shape[0] - size + 1)))
        return unit[first : first + size]
    return np.sort(rng.choice(unit, min(size, unit.shape[0]), replace=False))


def draw_accounts(
    sources: Sequence[Source], sizes: Sequence[int], per: int, rng: np.random.Generator
) -> tuple[Draw, ...]:
    """Draw accounts of every source and size: ``per`` of each, none where no unit is large enough."""
    draws = []
    for number, source in enumerate(sources):
        for size in sizes:
            for _ in range(per):
                rows = draw_rows(source, size, rng)
                if rows is None:
                    break
                origin = np.full(rows.shape[0], number, np.int16)
                draws.append(Draw(number, size, float(source.cls == "A"), rows, origin))
    return tuple(draws)


def mix_accounts(
    sources: Sequence[Source],
    sizes: Sequence[int],
    fractions: Sequence[float],
    per: int,
    rng: np.random.Generator,
) -> tuple[Draw, ...]:
    """Draw accounts of A that hide among requests of an honest account: a fraction attack, the rest cover."""
    honest = [number for number, source in enumerate(sources) if source.cls != "A"]
    draws = []
    for number, source in enumerate(sources):
        if source.cls != "A":
            continue
        for size in sizes:
            for fraction in fractions:
                for _ in range(per):
                    attack = draw_rows(source, max(round(size * fraction), 1), rng)
                    cover_of = honest[int(rng.integers(len(honest)))]
                    cover = draw_rows(sources[cover_of], size, rng)
                    if attack is None or cover is None:
                        continue
                    attack, cover = _in_share(attack, cover, size, fraction)
                    rows = np.concatenate([attack, cover])
                    origin = np.repeat(np.array([number, cover_of], np.int16), [attack.shape[0], cover.shape[0]])
                    turn = rng.permutation(rows.shape[0])
                    draws.append(Draw(number, size, fraction, rows[turn], origin[turn]))
    return tuple(draws)


def _in_share(
    attack: NDArray[np.int64], cover: NDArray[np.int64], size: int, fraction: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Shorten attack or cover, whichever is too long for the other, so that the fraction is what it says."""
    n = attack.shape[0]
    cover = cover[: min(size - n, round(n * (1 - fraction) / fraction))]
    if fraction < 1:
        attack = attack[: max(round(cover.shape[0] * fraction / (1 - fraction)), 1)]
    return attack, cover


def _times(draw: Draw, person: bool, rng: np.random.Generator) -> NDArray[np.int64]:
    """Simulate arrivals: a machine works in sessions at its own pace, a person by day and with pauses."""
    n = draw.rows.shape[0]
    middle, sd = _PERSON_GAP_S if person else _MACHINE_GAP_S
    gaps_s = np.atleast_1d(rng.lognormal(np.log(middle), sd, n))
    sessions = 1 + n // (12 if person else 120)
    breaks = rng.choice(n, min(sessions, n), replace=False)
    gaps_s[breaks] += rng.exponential(6 * 86_400 / sessions, breaks.shape[0])
    at = START_MS + np.cumsum(gaps_s * 1000.0).astype(np.int64)
    if person:
        # Nights are pushed to the morning; nothing is said about where that is.
        night = (at % DAY_MS) < 8 * 3_600_000
        at = np.sort(np.where(night, at - at % DAY_MS + 8 * 3_600_000 + at % DAY_MS // 4, at))
    return at


def _columns(sources: Sequence[Source], draws: Sequence[Draw], first: int, rng: np.random.Generator) -> pa.RecordBatch:
    """Put the events of some accounts side by side, whole accounts at a time."""
    counts = [draw.rows.shape[0] for draw in draws]
    total = sum(counts)
    rows = np.concatenate([draw.rows for draw in draws])
    origin = np.concatenate([draw.origin for draw in draws])
    offset = np.concatenate([[0], np.cumsum([len(source.prompt) for source in sources])])
    at = pa.array(offset[origin] + rows)

    def gathered(name: str) -> pa.Array:
        return pa.chunked_array([getattr(source, name) for source in sources]).take(at).combine_chunks()

    def numbers(name: str) -> NDArray[np.int32]:
        whole = np.concatenate([getattr(source, name) for source in sources])
        return np.asarray(whole[np.asarray(at)], np.int32)

    tokens = numbers("tokens_out")
    times = [_times(draw, sources[draw.source].cls == "B", rng) for draw in draws]
    made = {
        "event_id": pa.array(np.arange(1, total + 1) + (first << 24)),
        "account_id": pa.array(np.repeat(np.arange(first + 1, first + 1 + len(draws)), counts)),
        "ts_ms": pa.array(np.concatenate(times)),
        "prompt": gathered("prompt"),
        "system": gathered("system"),
        "tokens_out": pa.array(tokens, mask=tokens < 0),
        "n_turns": pa.array(numbers("turn").astype(np.int16)),
    }
    arrays = [_cast(made[f.name], f.type) if f.name in made else pa.nulls(total, f.type) for f in EVENT_SCHEMA]
    return pa.RecordBatch.from_arrays(arrays, schema=EVENT_SCHEMA)


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return flat.cast(kind)


def fold_draws(
    sources: Sequence[Source], draws: Sequence[Draw], config: Config, rng: np.random.Generator
) -> AccountSet:
    """Fold drawn accounts into a profile, account i of the draws in row i.

    Notes
    -----
    Memory is bounded by one batch of whole accounts.
    """
    engine = LocalEngine(_KEYS, config)
    waiting: list[Draw] = []
    first = held = 0
    for draw in (*draws, None):
        if draw is None or held + draw.rows.shape[0] > _BATCH_ROWS:
            if waiting:
                engine.fold(EventBatch(_columns(sources, waiting, first, rng), PLACE))
            first += len(waiting)
            waiting, held = [], 0
        if draw is not None:
            waiting.append(draw)
            held += draw.rows.shape[0]
    return AccountSet(tuple(sources), tuple(draws), profile_engine(engine))
