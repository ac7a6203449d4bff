"""The embedder the peers share: word TF-IDF, then the 128 directions in which ordinary texts differ most.

The authors of the MMD peer use the sentence model bge-small-en-v1.5, which no package registry carries. This
stands in for it: it needs no model, reads any topic, and is weaker. ``minilm`` offers a sentence model where its
package is installed. A comparison has to name the embedder it was made with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stillwatch.evaluate.peers.base import need
from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stillwatch.evaluate.peers.base import Embedder

    Matrix = NDArray[np.float64]

DIRECTIONS: Final = 128
"""Columns of an embedding, where the ordinary texts allow as many."""
COMMON: Final = 0.01
"""Least share of the ordinary texts a word or pair of words must stand in; rarer ones tell the texts fitted on."""
READ_CHARS: Final = 2_000
"""Characters of a text that are read, about the 512 tokens of a sentence model."""


@dataclass(frozen=True, slots=True)
class TextEmbedder:
    """TF-IDF of words and pairs of words, reduced, rows of length one."""

    count: Any
    """The fitted scikit-learn vectoriser."""
    reduce: Any
    """The fitted reduction of its columns."""

    def __call__(self, texts: Sequence[str]) -> Matrix:
        """Embed texts; a text without any known word becomes a row of zeros."""
        columns = self.count.transform([text[:READ_CHARS] for text in texts])
        return unit(np.asarray(self.reduce.transform(columns), np.float64))


def unit(rows: Matrix) -> Matrix:
    """Give rows length one; rows of zeros stay."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1.0)


def fit_embedder(benign: Sequence[str], rng: np.random.Generator) -> TextEmbedder:
    """Fit the shared embedder on ordinary texts.

    Parameters
    ----------
    benign
        Ordinary texts, at least two different ones.
    rng
        Seeds the reduction.

    Returns
    -------
    TextEmbedder
        Texts -> rows of length one; shape (texts, 128), narrower where there are fewer texts or words.

    Raises
    ------
    InputError
        scikit-learn is missing, or the texts do not differ, or hold no words.

    Notes
    -----
    About 1 ms a text on one core. Blind spot: words that few ordinary texts use add nothing, and scripts
    written without spaces are cut into phrases, not words.

    References
    ----------
    Deerwester et al. (1990), Indexing by latent semantic analysis. Halko, Martinsson & Tropp (2011), Finding
    structure with randomness: the reduction.
    """
    if len(set(benign)) < 2:
        raise InputError("the ordinary texts are all the same: nothing can be learnt from them")
    count = need("sklearn.feature_extraction.text").TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, min_df=max(1, int(COMMON * len(benign)))
    )
    try:
        columns = count.fit_transform([text[:READ_CHARS] for text in benign])
    except ValueError as error:
        raise InputError("the ordinary texts have no words in common to compare others by") from error
    kept = max(1, min(DIRECTIONS, min(columns.shape) - 1))
    reduce = need("sklearn.decomposition").TruncatedSVD(kept, random_state=int(rng.integers(2**31)))
    return TextEmbedder(count, reduce.fit(columns))


def embedder_apart(
    benign: Sequence[str], rng: np.random.Generator, embedder: Embedder | None
) -> tuple[Embedder, list[str]]:
    """Fit the shared embedder on a third of the ordinary texts and leave the others to be compared with.

    Texts an embedder was fitted on get slightly other rows than new texts from the same source, and a test of
    whole windows sees it. A sentence model made elsewhere has no such texts: with an embedder given, all are left.

    Returns
    -------
    tuple
        Embedder, and the texts it was not fitted on.
    """
    if embedder is not None:
        return embedder, list(benign)
    dealt = rng.permutation(len(benign))
    third = len(benign) // 3
    return fit_embedder([benign[at] for at in dealt[:third]], rng), [benign[at] for at in dealt[third:]]
