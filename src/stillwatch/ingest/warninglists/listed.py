"""Which values are on a list, by kind: sets, parents of a host, pieces by length, sorted ranges, expressions.

Comparison is MISP's: a host is on a list that has it or one of its parents; a piece is anywhere in the value; a network
is on a list that has one of its addresses. Small and large letters are one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from stillwatch.ingest.warninglists.lists import own_lists, read_folder
from stillwatch.ingest.warninglists.patterns import found_in
from stillwatch.ingest.warninglists.ranges import Ranges, ranges, span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stillwatch.ingest.warninglists.lists import Warninglist

_ADDRESSES: Final = frozenset({"ip-src", "ip-dst", "ip-src|port", "ip-dst|port", "domain|ip", "ip"})
ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    "email": frozenset({"email-src", "email-dst", "email-reply-to", "target-email", "whois-registrant-email"}),
    "email-domain": frozenset({"domain", "hostname", "domain|ip"}),
    "ipv4-24": _ADDRESSES,
    "ipv6-48": _ADDRESSES,
}
"""Kind -> attributes of MISP that it is. A list may name a kind itself, such as ``payment``, as well."""
_ADDRESS: Final = re.compile(r"[0-9a-f:./]+")
VERSIONS: Final = {"ipv4-24": 4, "ipv6-48": 6}
"""Kinds that are networks -> version of their addresses."""


class OfKind:
    """Everything on some lists that is of one kind.

    Parameters
    ----------
    kind
        Name of the kind without its version, such as ``email-domain``.
    lists
        Every list; those for other kinds are passed over.
    """

    def __init__(self, kind: str, lists: Sequence[Warninglist]) -> None:
        self._version = VERSIONS.get(kind, 0)
        self._exact: dict[str, int] = {}
        self._hosts: dict[str, int] = {}
        self._pieces: dict[str, int] = {}
        self._patterns: list[tuple[str, int]] = []
        spans: list[tuple[int, int, int]] = []
        names = ATTRIBUTES.get(kind, frozenset()) | {kind}
        for at, one in enumerate(lists):
            if one.attributes and not one.attributes & names:
                continue
            if one.type == "regex":
                self._patterns += [(made, at) for made in one.entries]
            elif one.type == "substring":
                _enter(self._pieces, one, at)
            elif one.type == "hostname" and not self._version:
                _enter(self._hosts, one, at)
            elif one.type == "string" and not self._version:
                _enter(self._exact, one, at)
            elif self._version:
                spans += self._spans(one, at)
        self._lengths = sorted({len(piece) for piece in self._pieces})
        self.ranges: Ranges = ranges(spans)
        """Networks on the lists."""

    def _spans(self, one: Warninglist, at: int) -> list[tuple[int, int, int]]:
        made = []
        # A list for domains and addresses has both.
        for entry in filter(_ADDRESS.fullmatch, one.entries):
            try:
                version, first, last = span(entry)
            except ValueError:
                continue
            if version == self._version:
                made.append((first, last, at))
        return made

    def listed(self, values: Sequence[str]) -> list[int]:
        """Give for each value, in the kind's one form, the number of a list that it is on; -1 for none.

        Notes
        -----
        A value costs one look for each length of pieces and place in it, and one run of each expression.
        """
        found = [self._one(value.lower()) for value in values]
        texts = pa.array(values, pa.string()) if self._patterns else None
        for made, at in self._patterns:
            for row in np.flatnonzero(found_in(texts, made)):
                found[row] = at if found[row] < 0 else found[row]
        return found

    def _one(self, value: str) -> int:
        if self._version:
            _, first, last = span(value)
            at = self.ranges.within(first, last)
        else:
            at = self._exact.get(value, -1)
        if at < 0 and self._hosts:
            at = self._parent(value)
        return at if at >= 0 else self._piece(value)

    def _parent(self, value: str) -> int:
        labels = value.split(".")
        parents = (".".join(labels[k:]) for k in range(len(labels)))
        return next((self._hosts[one] for one in parents if one in self._hosts), -1)

    def _piece(self, value: str) -> int:
        for length in self._lengths:
            for k in range(len(value) - length + 1):
                at = self._pieces.get(value[k : k + length], -1)
                if at >= 0:
                    return at
        return -1


def _enter(into: dict[str, int], one: Warninglist, at: int) -> None:
    for entry in one.entries:
        into.setdefault(entry, at)


def warninglists(folders: Sequence[Path]) -> Warninglists:
    """Read the package's own lists and those of some folders.

    Raises
    ------
    InputError
        A folder has none, or one of its lists is none.
    """
    return Warninglists([*own_lists(), *(one for folder in folders for one in read_folder(folder))])


class Warninglists:
    """Some lists, ready to be asked; each kind is made ready when it is first asked for.

    Parameters
    ----------
    lists
        The lists; a value that is on several counts for the first of them that is found.
    """

    def __init__(self, lists: Sequence[Warninglist]) -> None:
        self.lists = tuple(lists)
        """The lists."""
        self._kinds: dict[str, OfKind] = {}

    def of(self, kind: str) -> OfKind:
        """Give what is on the lists of one kind, ``email-domain`` or ``email-domain:v1``."""
        name = kind.partition(":")[0]
        if name not in self._kinds:
            self._kinds[name] = OfKind(name, self.lists)
        return self._kinds[name]
