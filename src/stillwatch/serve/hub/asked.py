"""The query of a request to the hub's own routes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from stillwatch.serve.asgi import Refused

if TYPE_CHECKING:
    from stillwatch.serve.asgi import Scope


def asked_of(scope: Scope) -> dict[str, str]:
    """Read the fields of a query.

    Raises
    ------
    Refused
        400: there are too many, or one is there twice.
    """
    text = scope.get("query_string", b"").decode("ascii", "replace")
    try:
        found = parse_qs(text, keep_blank_values=True, max_num_fields=8)
    except ValueError as error:
        raise Refused(400, "the query has too many fields") from error
    if any(len(values) > 1 for values in found.values()):
        raise Refused(400, "a field of the query is there twice")
    return {name: values[0] for name, values in found.items()}


def epoch_of(asked: dict[str, str]) -> int:
    """Read the epoch that a query names.

    Raises
    ------
    Refused
        400: it names none.
    """
    text = asked.get("epoch", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        raise Refused(400, "epoch= takes the number of an epoch, from 1")
    return int(text)
