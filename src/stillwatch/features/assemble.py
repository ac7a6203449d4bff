"""Account state to profile: every feature of every account, in bounded memory.

Accounts are taken some thousands at a time; what a group of features needs beside the result is a
copy of those rows and a few temporaries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.features.access import ACCESS, access
from stillwatch.features.asked import ASKED, asked
from stillwatch.features.content import CONTENT, content
from stillwatch.features.harvest import HARVEST, harvest
from stillwatch.features.lengths import LENGTHS, lengths
from stillwatch.features.lifecycle import LIFECYCLE, lifecycle
from stillwatch.features.panels import Panels
from stillwatch.features.recycled import RECYCLED, RecycledColumns, recycled_columns
from stillwatch.features.repeats import REPEATS, repeats
from stillwatch.features.replay import REPLAY, ReplayColumns, replay_columns
from stillwatch.features.takeover import TAKEOVER, takeover
from stillwatch.features.timing import TIMING, timing
from stillwatch.features.together import TOGETHER, together
from stillwatch.features.volume import VOLUME, volume
from stillwatch.model.profile import AccountFacts, Feature, Profile
from stillwatch.model.pseudonym import pseudonym_column
from stillwatch.sketches.layout import first_rows, take

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stillwatch.sketches.layout import Arrays

FEATURES: Final[tuple[Feature, ...]] = (
    *VOLUME,
    *TIMING,
    *CONTENT,
    *LENGTHS,
    *REPEATS,
    *ASKED,
    *ACCESS,
    *TAKEOVER,
    *HARVEST,
    *LIFECYCLE,
    *TOGETHER,
    *REPLAY,
    *RECYCLED,
)
"""Every column of a profile, in order."""

_CHUNK: Final = 8_192


def unknown_facts(account: NDArray[np.int64]) -> AccountFacts:
    """Stand in for an account file: pseudonyms as labels, everything else unknown."""
    n = int(account.shape[0])
    blank = ("",) * n
    return AccountFacts(
        tuple(pseudonym_column(account).to_pylist()), blank, np.full(n, -1, np.int64), blank, np.full(n, -1, np.int8)
    )


def profile(
    arrays: Arrays,
    n: int,
    facts: AccountFacts | None,
    replay: ReplayColumns | None,
    *,
    recycled: RecycledColumns | None = None,
    corpus: bool = False,
) -> Profile:
    """Turn account state into named features, one row an account.

    Parameters
    ----------
    arrays
        Account state; only the first ``n`` rows are read, in whatever order they are.
    n
        Rows in use.
    facts
        Joined account facts by ascending pseudonym, or None.
    replay
        Artefact index by ascending pseudonym, or None where no artefacts were indexed.
    recycled
        Index of prints by ascending pseudonym, or None where no answer was printed.
    corpus
        Whether prompts were looked up in a filter of public prompt sets.

    Returns
    -------
    Profile
        Columns of FEATURES by ascending pseudonym; NaN where the source could not show a value.

    Notes
    -----
    O(n) time, about 10 us an account; columns take 8 bytes a feature and account. Blind spot: a
    16-bit counter that is full (65,535) makes the features that read it unknown.
    """
    order = np.argsort(arrays.key[:n], kind="stable")
    account = arrays.key[:n][order]
    known = unknown_facts(account) if facts is None else facts
    columns = {feature.name: np.empty(n) for feature in FEATURES}
    columns.update(replay_columns(replay, n))
    columns.update(recycled_columns(recycled, n))
    columns.update({name: values[order] for name, values in together(first_rows(arrays, n)).items()})
    for begin in range(0, n, _CHUNK):
        part = slice(begin, min(begin + _CHUNK, n))
        rows = take(arrays, order[part])
        for made in (
            volume(rows),
            timing(rows),
            content(rows),
            lengths(rows),
            repeats(rows),
            asked(rows, corpus=corpus),
            access(rows),
            takeover(rows),
            harvest(rows),
            lifecycle(rows, known.signup_ms[part]),
        ):
            for name, values in made.items():
                columns[name][part] = values
    return Profile(account, columns, Panels.of(arrays, order), known)


def profile_of(
    account: NDArray[np.int64], given: Mapping[str, NDArray[np.float64]], facts: AccountFacts | None = None
) -> Profile:
    """Build a profile from some columns alone; every other feature is unknown and panels are empty.

    Parameters
    ----------
    account
        Pseudonyms, ascending, shape (n,).
    given
        Feature name -> values, each of shape (n,).
    facts
        Joined account facts, or None.

    Returns
    -------
    Profile
        All columns of FEATURES.

    Raises
    ------
    KeyError
        A given name is no feature.
    """
    unknown = set(given) - {feature.name for feature in FEATURES}
    if unknown:
        raise KeyError(f"no such feature: {', '.join(sorted(unknown))}")
    n = int(account.shape[0])
    columns = {f.name: given[f.name] if f.name in given else np.full(n, np.nan) for f in FEATURES}
    return Profile(account, columns, {}, unknown_facts(account) if facts is None else facts)
