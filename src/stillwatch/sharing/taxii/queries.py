"""What a URL asks for (section 3.4): ``added_after``, ``limit``, ``next``, ``match[...]``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from stillwatch.model.exchange import Query, Versions
from stillwatch.sharing.taxii.errors import TaxiiError
from stillwatch.sharing.taxii.times import micros

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE: Final = 1000
"""Most objects of a page, and how many come where no limit is given."""
MOST_VALUES: Final = 100
"""Most values of one match field."""
MOST_FIELDS: Final = 32
"""Most parameters of a URL."""
_MATCHES: Final = frozenset(("match[id]", "match[type]", "match[version]", "match[spec_version]"))
_VALUE: Final = re.compile(r"[A-Za-z0-9._:-]{1,300}")
_LIMIT: Final = re.compile(r"[0-9]{1,9}")


def parameters(raw: str) -> dict[str, str]:
    """Take a query string apart.

    Raises
    ------
    TaxiiError
        400: a parameter is there twice, there are too many, or a match field is unknown; leaving it out would
        answer more than was asked for.
    """
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise TaxiiError(400, f"the query cannot be read; it has at most {MOST_FIELDS} parameters in UTF-8") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise TaxiiError(400, "a parameter is there twice; put several values into one, with commas")
        if name.startswith("match") and name not in _MATCHES:
            raise TaxiiError(400, "match takes id, type, version and spec_version")
        found[name] = value
    return found


def read_query(found: Mapping[str, str], page: int = PAGE) -> Query:
    """Read the filters; ``next`` is read with :func:`~stillwatch.sharing.taxii.tokens.position_of`.

    Parameters
    ----------
    found
        Name -> value, as :func:`parameters` gives them.
    page
        Most objects of a page.

    Raises
    ------
    TaxiiError
        400: a value is malformed; the text names the parameter.
    """
    specs = _values(found, "match[spec_version]")
    return Query(
        limit=min(_limit(found.get("limit")), page),
        after_us=_moment(found["added_after"], "added_after") if "added_after" in found else -1,
        ids=_values(found, "match[id]"),
        types=_values(found, "match[type]"),
        versions=_versions(_values(found, "match[version]")),
        nothing=bool(specs) and "2.1" not in specs,
    )


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE
    if not _LIMIT.fullmatch(text) or not int(text):
        raise TaxiiError(400, "limit is a whole number above 0")
    return int(text)


def _moment(text: str, name: str) -> int:
    try:
        return micros(text)
    except ValueError as error:
        raise TaxiiError(400, f"{name}: {error}") from error


def _values(found: Mapping[str, str], name: str) -> tuple[str, ...]:
    if name not in found:
        return ()
    values = tuple(sorted({one.strip() for one in found[name].split(",")}))
    if len(values) > MOST_VALUES:
        raise TaxiiError(400, f"{name} takes at most {MOST_VALUES} values")
    if not all(_VALUE.fullmatch(one) for one in values):
        raise TaxiiError(400, f"{name} holds an empty or malformed value")
    return values


def _versions(values: tuple[str, ...]) -> Versions:
    if not values:
        return Versions()
    words = {"first", "last", "all"}
    at = tuple(sorted(_moment(one, "match[version]") for one in values if one not in words))
    return Versions(last="last" in values, first="first" in values, every="all" in values, at=at)
