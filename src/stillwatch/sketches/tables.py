"""Everything that the text pass looks words up in, in one value that the kernels take."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stillwatch.sketches import concepts
from stillwatch.sketches.corpus import NO_CORPUS
from stillwatch.sketches.words import packed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.sketches.concepts import PhraseTable


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


def _digest(made: object) -> bytes:
    """Hash an array, or the parts of a tuple one after the other."""
    parts = [_digest(part) for part in made] if isinstance(made, tuple) else [np.asarray(made).tobytes()]
    return hashlib.sha256(b"".join(parts)).digest()


def fingerprints(made: Tables) -> dict[str, str]:
    """Name what texts are looked up in: two states compare only where these are equal."""
    return {name: _digest(part).hex()[:16] for name, part in made._asdict().items()}


def with_corpus(bits: NDArray[np.uint64]) -> Tables:
    """Give the shipped tables and a filter of public prompt sets."""
    kept = np.ascontiguousarray(bits, np.uint64)
    kept.flags.writeable = False
    return tables()._replace(corpus=kept)
