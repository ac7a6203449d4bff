"""Shares of any origin as request logs, so that our detector can be asked about them like any other method.

Each use of a trait is a request under a system text that is the trait: a made-up sentence, the same for all who use it,
with a prompt of its own. Nothing else of a request is known, so only product, rhythm and quotas can speak.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.coordination.coordinate import coordinate
from stillwatch.coordination.outline import outline
from stillwatch.evaluate.campaigns.look import START_MS, scanning
from stillwatch.evaluate.campaigns.shares import Grouping
from stillwatch.ingest.accounts import EMPTY
from stillwatch.ingest.sources import expand

if TYPE_CHECKING:
    from stillwatch.config import Config
    from stillwatch.evaluate.campaigns.shares import Shares

_SYLLABLES: Final = tuple(a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ar", "en", "il"))
_WORDS: Final = 10
WEEK_MS: Final = 7 * 86_400_000


def sentence(trait: int) -> str:
    """Make a sentence of ten made-up words; traits share none but by chance.

    Examples
    --------
    >>> sentence(1) == sentence(1), sentence(1) == sentence(2)
    (True, False)
    """
    drawn = hashlib.sha256(f"trait {trait}".encode()).digest()
    parts = [_SYLLABLES[one % len(_SYLLABLES)] for one in drawn[: 3 * _WORDS]]
    return " ".join("".join(parts[at : at + 3]) for at in range(0, len(parts), 3))


def as_table(shares: Shares) -> pa.Table:
    """Write shares as native events, one row a use, by time; times moved by whole weeks into those of worlds."""
    traits, at = np.unique(shares.trait, return_inverse=True)
    systems = pa.DictionaryArray.from_arrays(at.astype(np.int32), [sentence(one) for one in traits.tolist()])
    rows, ts_ms = shares.account.shape[0], shares.ts_s * 1000
    weeks = (START_MS - int(ts_ms.min())) // WEEK_MS
    made = {
        "event_id": [f"use-{row}" for row in range(rows)],
        "ts_ms": ts_ms + weeks * WEEK_MS,
        "account_id": [f"account-{one}" for one in shares.account.tolist()],
        "system": systems.cast(pa.string()),
        "prompt": [sentence(-1 - row) for row in range(rows)],
    }
    return pa.table(made).sort_by("ts_ms")


def ours(shares: Shares, config: Config, *, seed: int = 1) -> Grouping:
    """Ask our detector, as shipped, which accounts belong together.

    Parameters
    ----------
    shares
        Uses of traits; one row a use, counts are not spread out.
    config
        Bounds.
    seed
        Makes the key, so that the same shares give the same groups.

    Returns
    -------
    Grouping
        Entities as groups. Whether they extract is not asked: these are no requests.
    """
    labels = np.full(shares.n_accounts, -1, np.int64)
    if not shares.account.shape[0]:
        return Grouping(labels, "there are no uses")
    with scanning(config, seed) as (run, door, folder):
        pq.write_table(as_table(shares), folder / "uses.parquet")
        run.read(expand([str(folder / "uses.parquet")]), lambda _: None)
        seen = outline(run.engine.parts())
        found = coordinate(seen, EMPTY.registered(seen.key), run.engine.artefacts.shared())
        row = {door.account(f"account-{one}"): one for one in range(shares.n_accounts)}
    rows = np.array([row[account] for account in seen.key.tolist()], np.int64)
    for number, one in enumerate(found.memberships()):
        labels[rows[one.rows]] = number
    return Grouping(labels)
