"""The word table as the kernel reads it: eight words a bucket, one 32-byte load, no branch.

An entry packs the upper 18 bits of a word's key, its weight (8 bits) and its topic (6 bits); the lower
14 bits of the key are the bucket. An empty entry has weight 0 and adds nothing wherever it matches.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.sketches.topics import load

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.sketches.topics import TopicTable

WAYS: Final = 8
"""Words a bucket holds; of more, those of least weight are left out."""
BUCKET_BITS: Final = 14
"""log2 of the number of buckets."""


def pack(table: TopicTable) -> NDArray[np.uint32]:
    """Lay a topic table out in buckets.

    Parameters
    ----------
    table
        Keys and values as shipped.

    Returns
    -------
    NDArray[np.uint32]
        (2^14 * 8,) entries; bucket b is entries 8 b to 8 b + 7.
    """
    used = np.flatnonzero(table.keys)
    keys, values = table.keys[used], table.values[used].astype(np.uint32)
    bucket = keys & np.uint32((1 << BUCKET_BITS) - 1)
    order = np.lexsort((keys, -(values >> 8).astype(np.int64), bucket))
    keys, values, bucket = keys[order], values[order], bucket[order]
    first = np.searchsorted(bucket, bucket)
    way = np.arange(bucket.shape[0]) - first
    kept = way < WAYS
    entries = ((keys >> BUCKET_BITS) << 14) | ((values >> 8) << 6) | (values & 0x3F)
    packed = np.zeros((1 << BUCKET_BITS) * WAYS, np.uint32)
    packed[bucket[kept].astype(np.int64) * WAYS + way[kept]] = entries[kept]
    return packed


@cache
def packed() -> NDArray[np.uint32]:
    """Give the shipped table in buckets, once a run."""
    return pack(load())
