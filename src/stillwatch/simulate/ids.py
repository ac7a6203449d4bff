"""Opaque identifiers, many at a time.

An identifier says nothing about the persona that owns it: all are drawn from the same alphabet.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_HEX: Final = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_BASE64: Final = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", dtype=np.uint8)


def _drawn(
    rng: np.random.Generator, n: int, width: int, alphabet: np.ndarray[tuple[int], np.dtype[np.uint8]]
) -> pa.Array:
    letters = alphabet[rng.integers(0, len(alphabet), size=(n, width), dtype=np.uint8)]
    offsets = np.arange(n + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters)))


def opaque(rng: np.random.Generator, n: int, prefix: str, width: int = 16) -> pa.Array:
    """Draw hexadecimal identifiers.

    Parameters
    ----------
    rng
        Source of randomness.
    n
        How many.
    prefix
        Text before the digits, such as ``acct_``.
    width
        Hexadecimal digits.

    Returns
    -------
    pa.Array
        Strings, shape (n,).
    """
    return pc.binary_join_element_wise(prefix, _drawn(rng, n, width, _HEX), "")


def hexadecimal(rng: np.random.Generator, n: int, width: int) -> pa.Array:
    """Draw hexadecimal digits without a prefix.

    Parameters
    ----------
    rng
        Source of randomness.
    n
        How many texts.
    width
        Digits of each.

    Returns
    -------
    pa.Array
        Strings, shape (n,).
    """
    return _drawn(rng, n, width, _HEX)


def signatures(rng: np.random.Generator, n: int) -> pa.Array:
    """Draw reasoning artefacts as a provider would sign them: 64 base64 letters.

    Parameters
    ----------
    rng
        Source of randomness.
    n
        How many.

    Returns
    -------
    pa.Array
        Strings, shape (n,).
    """
    return _drawn(rng, n, 64, _BASE64)
