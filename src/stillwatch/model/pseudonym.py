"""How an account pseudonym is written for a person: ``a_`` and 13 base32 characters, and back.

The alphabet is Crockford's: no ``i``, ``l``, ``o`` or ``u``, so a pseudonym survives being read out
over the telephone. Nothing here makes pseudonyms; the door of ingest does, under a key.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

PREFIX: Final = "a_"
ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
DIGITS: Final = 13
"""Base32 characters of 64 bits; the first holds only four of them."""

_SHIFTS: Final = np.arange(5 * (DIGITS - 1), -1, -5, dtype=np.uint64)
_LETTERS: Final = np.frombuffer(ALPHABET.encode(), np.uint8)
_FORM: Final = re.compile(rf"{PREFIX}[0-9a-f][{ALPHABET}]{{{DIGITS - 1}}}")
_LOOKALIKES: Final = str.maketrans("ilo", "110")


def pseudonym_text(value: int) -> str:
    """Write one account pseudonym.

    Parameters
    ----------
    value
        The 64-bit pseudonym, signed or unsigned.

    Returns
    -------
    str
        ``a_`` and 13 lowercase Crockford base32 characters.

    Examples
    --------
    >>> pseudonym_text(0)
    'a_0000000000000'
    >>> pseudonym_text(-1)
    'a_fzzzzzzzzzzzz'
    """
    bits = value & 0xFFFF_FFFF_FFFF_FFFF
    return PREFIX + "".join(ALPHABET[(bits >> int(shift)) & 31] for shift in _SHIFTS)


def pseudonym_value(text: str) -> int:
    """Read a written pseudonym back.

    Capitals and the look-alikes ``i``, ``l`` (1) and ``o`` (0) are accepted, as people type them.

    Parameters
    ----------
    text
        What :func:`pseudonym_text` wrote, copied or typed.

    Returns
    -------
    int
        The signed 64-bit pseudonym.

    Raises
    ------
    InputError
        The text is no account pseudonym.

    Examples
    --------
    >>> pseudonym_value("a_fzzzzzzzzzzzz")
    -1
    """
    typed = text.strip().lower()
    form = typed[: len(PREFIX)] + typed[len(PREFIX) :].translate(_LOOKALIKES)
    if not _FORM.fullmatch(form):
        raise InputError(
            f"{text[:40]!r} is no account pseudonym: expected {PREFIX!r} and {DIGITS} characters, "
            "as the first column of a report shows them"
        )
    bits = 0
    for letter in form[len(PREFIX) :]:
        bits = bits << 5 | ALPHABET.index(letter)
    return bits - (1 << 64) if bits >> 63 else bits


def pseudonym_column(values: NDArray[np.int64]) -> pa.StringArray:
    """Write many pseudonyms at once.

    Parameters
    ----------
    values
        Pseudonyms, shape (n,).

    Returns
    -------
    pa.StringArray
        The texts, in the same order.

    Notes
    -----
    O(n), no Python object a row.
    """
    width = len(PREFIX) + DIGITS
    letters = np.empty((len(values), width), np.uint8)
    letters[:, : len(PREFIX)] = np.frombuffer(PREFIX.encode(), np.uint8)
    bits = np.ascontiguousarray(values, np.int64).view(np.uint64)
    for place, shift in enumerate(_SHIFTS, len(PREFIX)):
        letters[:, place] = _LETTERS[(bits >> shift) & np.uint64(31)]
    offsets = np.arange(len(values) + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(letters))
