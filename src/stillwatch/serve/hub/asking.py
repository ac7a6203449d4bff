"""What a request to one of the hub's own routes asks for in its query."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from stillwatch.serve.asgi import Refused

if TYPE_CHECKING:
    from stillwatch.serve.asgi import Scope

MOST_EPOCH: Final = 999_999_999
"""Highest number of an epoch that is looked for."""
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


def query_of(scope: Scope, *known: str) -> dict[str, str]:
    """Give the fields of a query, each at most once, none but those known.

    Raises
    ------
    Refused
        400: it has others, or one twice.
    """
    text = scope.get("query_string", b"").decode("ascii", "replace")
    try:
        found = parse_qs(text, keep_blank_values=True, max_num_fields=8)
    except ValueError as error:
        raise Refused(400, "the query has too many fields") from error
    if found.keys() - set(known) or any(len(values) > 1 for values in found.values()):
        raise Refused(400, f"the query takes {', '.join(known) or 'nothing'}, each once")
    return {name: values[0] for name, values in found.items()}


def epoch_of(asked: dict[str, str]) -> int:
    """Read the epoch that a query names.

    Raises
    ------
    Refused
        400: it names none.
    """
    text = asked.get("epoch", "")
    if not _NUMBER.fullmatch(text) or not 0 < int(text) <= MOST_EPOCH:
        raise Refused(400, "epoch= takes the number of an epoch, from 1")
    return int(text)


def number_of(scope: Scope, name: str, absent: int = -1) -> int:
    """Give the one number that a query takes.

    Raises
    ------
    Refused
        400: it is no number, or the query has other fields.
    """
    text = query_of(scope, name).get(name)
    if text is None:
        return absent
    if not _NUMBER.fullmatch(text):
        raise Refused(400, f"{name}= takes a whole number, without leading zeros")
    return int(text)
