"""From word vectors to topics: take language away, cluster English, let every other word join.

Nothing here knows how a vector was made, nor what a topic is called.

References
----------
Dhillon & Modha (2001), Concept decompositions for large sparse text data using clustering: spherical k-means.
Arthur & Vassilvitskii (2007), k-means++: the advantages of careful seeding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.sketches.layout import SLOT_TOPICS, TOPICS
from stillwatch.topics_build.vocabulary import Word, collect, loudness

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

ALIKE: Final = {"whole": 0.28, "pieces": 0.33}
"""Least cosine to the nearest English word, for a word with a vector of its own and for one put together."""
LEAN: Final = 0.12
"""Most cosine a language's balancing may add to a topic."""
DIRECTIONS: Final = 100
"""Directions of the word vectors kept, those along which English words differ most."""
CROWD: Final = 0.5
"""Cosine from which words crowd each other: fail, fails and failing together make a topic as one word would."""


def _unit(rows: Matrix) -> Matrix:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1)


def _without_language(rows: Matrix, groups: NDArray[np.str_], share: Matrix) -> Matrix:
    """Take each language's mean away, and the directions in which the means differ."""
    rows = _unit(rows)
    means = []
    for group in sorted(set(groups.tolist())):
        mine = groups == group
        mean = np.average(rows[mine], axis=0, weights=share[mine])
        rows[mine] -= mean
        if np.count_nonzero(mine) >= 100:
            means.append(mean)
    apart = np.array(means) - np.mean(means, axis=0)
    _, strength, directions = np.linalg.svd(apart, full_matrices=False)
    basis = directions[strength > 1e-9]
    return _unit(rows - rows @ basis.T @ basis)


def _cluster(rows: Matrix, share: Matrix, seed: int, tell: Callable[[str], None]) -> Matrix:
    """Spherical k-means, best of several seeded starts; (TOPICS, d) centroids of length one."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415  an optional extra

    best, best_fit, every = np.empty(0), -1.0, np.arange(len(rows))
    for start in range(6):
        rng = np.random.default_rng([seed, start])
        centres = rows[rng.choice(len(rows), 1, p=share / share.sum())]
        near = rows @ centres[0]
        while len(centres) < TOPICS:
            odds = share * np.clip(1 - near, 0, None)
            pick = rows[rng.choice(len(rows), p=odds / odds.sum())]
            centres = np.vstack([centres, pick])
            near = np.maximum(near, rows @ pick)
        for _ in range(40):
            closeness = rows @ centres.T
            topic = closeness.argmax(axis=1)
            held = csr_matrix((share, (topic, every)), shape=(TOPICS, len(rows)))
            sums = held @ rows
            moved = np.where(np.linalg.norm(sums, axis=1, keepdims=True) > 0, _unit(sums), centres)
            if np.allclose(moved, centres, atol=1e-6):
                break
            centres = moved
        fit = float(np.average((rows @ centres.T).max(axis=1), weights=share))
        if fit > best_fit:
            best, best_fit = centres, fit
    tell(f"{TOPICS} topics, mean cosine of an English word to its topic {best_fit:.3f}")
    return best


def _order(centres: Matrix) -> NDArray[np.int64]:
    """Order topics so that each run of eight is one coarse topic of like subjects."""
    from scipy.cluster.hierarchy import leaves_list, linkage  # noqa: PLC0415  an optional extra
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415  an optional extra

    leaves = leaves_list(linkage(centres, "ward", optimal_ordering=True))
    size = TOPICS // SLOT_TOPICS
    group = np.empty(TOPICS, np.int64)
    group[leaves] = np.arange(TOPICS) // size
    for _ in range(50):
        middles = _unit(np.stack([centres[group == g].mean(axis=0) for g in range(SLOT_TOPICS)]))
        cost = -np.repeat(centres @ middles.T, size, axis=1)
        moved = linear_sum_assignment(cost)[1] // size
        if np.array_equal(moved, group):
            break
        group = moved
    place = np.empty(TOPICS, np.int64)
    place[leaves] = np.arange(TOPICS)
    return np.asarray(np.lexsort((place, group)), np.int64)


def _assign(closeness: Matrix, mass: Matrix, target: Matrix) -> NDArray[np.int64]:
    """Give each word its nearest topic, leaning so that a language's words fill topics as English words do."""
    lean = np.zeros(TOPICS)
    goal = target / target.sum()
    for step in range(60):
        topic = np.argmax(closeness + lean, axis=1)
        held = np.bincount(topic, mass, TOPICS)
        gap = np.log((goal + 0.002) / (held / held.sum() + 0.002))
        lean = np.clip(lean + 0.02 / (1 + step / 10) * gap, -LEAN, LEAN)
    return np.asarray(np.argmax(closeness + lean, axis=1), np.int64)


def _meaningful(rows: Matrix, chosen: list[Word]) -> NDArray[np.bool_]:
    """Tell which words lie near enough to some English word for the vector to mean anything."""
    nouns = rows[[word.founds > 0 for word in chosen]]
    need = np.array([ALIKE["whole" if word.whole else "pieces"] for word in chosen])
    need[[word.group == "en" and word.whole for word in chosen]] = -1
    near = np.concatenate([(rows[at : at + 4096] @ nouns.T).max(axis=1) for at in range(0, len(rows), 4096)])
    return near >= need


def vectors(tell: Callable[[str], None]) -> tuple[list[Word], Matrix]:
    """Give the words worth keeping and their vectors with language taken away."""
    chosen = collect(tell)
    groups = np.array([word.group for word in chosen])
    share = np.array([np.exp(-0.3 * word.rarity) for word in chosen])
    rows = _without_language(np.stack([word.vector for word in chosen]), groups, share)
    kept = np.flatnonzero(_meaningful(rows, chosen))
    tell(f"{len(kept)} words near enough to an English word to mean something")
    return [chosen[i] for i in kept], rows[kept]


def topics(
    rows: Matrix, chosen: list[Word], mass: Matrix, seed: int, tell: Callable[[str], None]
) -> tuple[NDArray[np.int64], Matrix]:
    """Give the topic of every word and the cosines of all words to all topics."""
    groups = np.array([word.group for word in chosen])
    counts = np.array([word.founds * loudness(word) for word in chosen])
    founding = counts > 0
    base, counts = rows[founding], counts[founding]
    _, directions = np.linalg.eigh((base * counts[:, None]).T @ base)
    rows = _unit(rows @ directions[:, -DIRECTIONS:])
    base = rows[founding]
    counts = counts / np.clip((base @ base.T - CROWD) / (1 - CROWD), 0, None).sum(axis=1)
    centres = _cluster(base, counts, seed, tell)
    closeness = rows @ centres[_order(centres)].T
    topic = closeness.argmax(axis=1)
    english = groups == "en"
    target = np.asarray(np.bincount(topic[english], mass[english], TOPICS), np.float64)
    for group in sorted(set(groups.tolist()) - {"en"}):
        mine = groups == group
        topic[mine] = _assign(closeness[mine], mass[mine], target)
    return topic, closeness
