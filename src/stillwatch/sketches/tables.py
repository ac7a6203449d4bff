"""Everything that the text pass looks words up in, in one value that the kernels take."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stillwatch.sketches import concepts
from stillwatch.sketches.concepts import PhraseTable
from stillwatch.sketches.corpus import NO_CORPUS
from stillwatch.sketches.words import packed

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Tables(NamedTuple):
    """Tables of the text pass; read only."""

    words: NDArray[np.uint32]
    """Word -> topic and weight, as ``words.packed`` lays it out."""
    phrases: PhraseTable
    """Expressions -> concepts -> families of phrases."""
    corpus: NDArray[np.uint64]
    """Bloom filter of public prompt sets; empty where none was given."""


@cache
def tables() -> Tables:
    """Give the shipped tables, without a corpus, once a run."""
    return Tables(packed(), concepts.packed(), NO_CORPUS)


def fingerprints(made: Tables) -> dict[str, str]:
    """Name what texts are looked up in: two states compare only where these are equal."""
    parts = {"words": (made.words,), "phrases": made.phrases[:-1], "corpus": (made.corpus,)}
    return {
        name: hashlib.sha256(b"".join(column.tobytes() for column in columns)).hexdigest()[:16]
        for name, columns in parts.items()
    }


def with_corpus(bits: NDArray[np.uint64]) -> Tables:
    """Give the shipped tables and a filter of public prompt sets."""
    kept = np.ascontiguousarray(bits, np.uint64)
    kept.flags.writeable = False
    return tables()._replace(corpus=kept)
