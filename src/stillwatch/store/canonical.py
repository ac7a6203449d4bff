"""One way to write a value as bytes, so that equal values have equal hashes.

JSON with sorted keys, no spaces, ASCII only, no floating point: a number that another program prints
in another way would break the chain.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Plain: TypeAlias = "str | int | bool | Sequence[Plain] | Mapping[str, Plain] | None"


def encode(value: Mapping[str, Plain]) -> str:
    """Write a value in its one form.

    Raises
    ------
    TypeError
        It holds a floating-point number or something that JSON does not know.

    Examples
    --------
    >>> encode({"b": 1, "a": ["x", None]})
    '{"a":["x",null],"b":1}'
    """
    _check(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _check(value: object) -> None:
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("a key is no text")
        for part in value.values():
            _check(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _check(part)
    elif not (value is None or isinstance(value, str | int)):
        raise TypeError(f"a {type(value).__name__} has no one form; write whole numbers and texts")
