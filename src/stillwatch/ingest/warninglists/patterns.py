"""Regular expressions of warninglists, run by RE2: its time is linear in the text whatever the expression.

The lists come from others. A backtracking engine takes years over ``(a+)+$``; RE2 has no backtracking, and refuses what
would need it (backreferences, looking around) and what would take much room (large repeats).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.model.errors import FormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CHARS: Final = 1_000
"""Longest expression."""
_DELIMITED: Final = re.compile(r"/(.*)/([imsu]*)", re.DOTALL)


def expression(written: str) -> str:
    """Turn an expression as MISP writes it, ``/.../i`` or bare, into one that RE2 takes.

    Raises
    ------
    FormatError
        It is too long, or RE2 refuses it.

    Examples
    --------
    >>> expression("/^(noc|abuse)@/i")
    '(?i)^(noc|abuse)@'
    """
    found = _DELIMITED.fullmatch(written)
    # RE2 reads UTF-8 anyway: u says nothing new.
    flags = "".join(sorted(set(found[2]) - {"u"})) if found else ""
    made = (f"(?{flags})" if flags else "") + (found[1] if found else written)
    if not 0 < len(written) <= MOST_CHARS:
        raise FormatError(f"an expression has 1 to {MOST_CHARS:,} characters")
    try:
        pc.match_substring_regex(pa.array([""]), made)
    except (pa.ArrowException, UnicodeEncodeError) as error:
        raise FormatError("this is no expression that runs in linear time (RE2)") from error
    return made


def found_in(texts: pa.Array, made: str) -> NDArray[np.bool_]:
    """Say in which texts an expression is found."""
    return np.asarray(pc.match_substring_regex(texts, made).to_numpy(zero_copy_only=False), np.bool_)
