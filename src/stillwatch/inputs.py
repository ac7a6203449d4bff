"""A hall: from a provider's own account files to what goes into oblivious matching.

::

    columns = account file, values file    read as written; values are never stored
    values  = one written form a kind      refused by row and column, never quoted
    kept    = on no warninglist            dropped ones are counted by list
    inputs  = kind -> input -> accounts

The account file has the provider's fingerprints of payments and sign-up domains. Whatever else may be compared comes in
a second file that is read for this once, for it holds what an account file must not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final

from stillwatch.ingest.accounts import account_texts
from stillwatch.ingest.tables import read_table, texts_of
from stillwatch.model.errors import FormatError, InputError
from stillwatch.sharing.oblivious.kinds import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from stillwatch.ingest.warninglists.listed import Warninglists
    from stillwatch.sharing.oblivious.kinds import Kind

VALUES: Final = {
    "account_id": "the account, as the account file names it; required, in as many rows as it has values",
    "payment": "fingerprint of a means of payment, ISSUER/FINGERPRINT",
    "card": "card: first 8 digits, country and month of expiry, 41111111/DE/2028-05",
    "email": "e-mail address",
    "email-domain": "domain of e-mail addresses",
    "ip": "address that the account called from, or its /24 or /48",
    "tls": "TLS and HTTP fingerprint, JA4/JA4H",
    "artefact": "SHA-256 of a reasoning artefact that the account carried",
}
"""Columns of a file of values."""
_ACCOUNTS: Final = {"payment_fingerprint": "payment", "email_domain": "email-domain"}


@dataclass(frozen=True, slots=True, repr=False)
class Inputs:
    """What may be asked or shared, by kind. Holds identifiers: it is never written down."""

    of: Mapping[str, Mapping[bytes, tuple[str, ...]]]
    """Name of the kind -> input -> accounts that it is of; kinds without inputs are not there."""
    dropped: Mapping[str, int]
    """Name of a warninglist -> different values that were left out for it."""


def read_inputs(accounts: Path, lists: Warninglists, *, values: Path | None = None, issuer: str = "") -> Inputs:
    """Read what may be asked or shared.

    Parameters
    ----------
    accounts
        The account file.
    lists
        What many honest people share, and is left out.
    values
        A file with the columns of ``VALUES``.
    issuer
        Whose the fingerprints of payments are, where they do not say so: members match under equal names only.

    Raises
    ------
    InputError
        A value is none of its kind: names file, row and column, and what is expected.

    Notes
    -----
    ``card_bin`` is no input: of the issuer number alone every customer of a bank has the same.
    """
    columns = account_texts(accounts, _ACCOUNTS)
    named = columns.pop("account_id")
    if len(set(named)) < len(named):
        raise FormatError(f"{accounts}: an account_id stands in more than one row")
    made: dict[str, dict[str, dict[str, None]]] = {}
    for name, texts in columns.items():
        _collect(made, named, texts, _ACCOUNTS[name], f"{accounts}: column {name}", issuer)
    if values is not None:
        columns = _columns(values, set(named))
        named = columns.pop("account_id")
        for name, texts in columns.items():
            _collect(made, named, texts, name, f"{values}: column {name}", issuer)
    return _without_common(made, lists)


def _columns(path: Path, known: set[str]) -> dict[str, list[str]]:
    table = read_table(path, VALUES, "file of values")
    wrong = [at for at, name in enumerate(table.column_names, start=1) if name not in VALUES]
    if wrong:
        # By its place: without a first line of names it is a value.
        raise FormatError(f"{path}: the name of column {wrong[0]} is none of: {', '.join(VALUES)}")
    if "account_id" not in table.column_names:
        raise FormatError(f"{path}: no column account_id; columns are: {', '.join(VALUES)}")
    columns = {name: texts_of(table, name, path) for name in table.column_names}
    strange = next((row for row, name in enumerate(columns["account_id"], start=2) if name not in known), 0)
    if strange:
        raise FormatError(f"{path}: row {strange}: account_id is not in the account file")
    return columns


def _collect(
    made: dict[str, dict[str, dict[str, None]]],
    named: list[str],
    texts: list[str],
    column: str,
    where: str,
    issuer: str,
) -> None:
    """Bring a column into form; each different value once."""
    read: dict[str, dict[str, None]] = {}
    for row, (account, text) in enumerate(zip(named, texts, strict=True), start=2):
        if not text:
            continue
        if text not in read:
            try:
                kind, value = _KINDS[column](text, issuer)
            except InputError as error:
                raise FormatError(f"{where}: row {row}: {error}") from error
            read[text] = made.setdefault(kind.name, {}).setdefault(value, {})
        read[text][account] = None


def _without_common(made: dict[str, dict[str, dict[str, None]]], lists: Warninglists) -> Inputs:
    of: dict[str, dict[bytes, tuple[str, ...]]] = {}
    dropped: Counter[str] = Counter()
    for kind, values in made.items():
        listed = dict(zip(values, lists.of(kind).listed(list(values)), strict=True))
        dropped.update(lists.lists[at].name for at in listed.values() if at >= 0)
        kept = dict(_inputs(BY_NAME[kind], values, listed))
        if kept:
            of[kind] = kept
    return Inputs({name: of[name] for name in BY_NAME if name in of}, dict(sorted(dropped.items())))


def _inputs(
    kind: Kind, values: dict[str, dict[str, None]], listed: dict[str, int]
) -> Iterator[tuple[bytes, tuple[str, ...]]]:
    for value, accounts in values.items():
        if listed[value] < 0:
            yield kind.input(value), tuple(accounts)


def _plain(name: str) -> Callable[[str, str], tuple[Kind, str]]:
    kind = BY_NAME[name]
    return lambda text, _: (kind, kind.canonical(text))


def _payment(text: str, issuer: str) -> tuple[Kind, str]:
    if "/" not in text and not issuer:
        raise InputError("payment: the fingerprint says no issuer; name it with --issuer")
    kind = BY_NAME["payment:v1"]
    return kind, kind.canonical(text if "/" in text else f"{issuer}/{text.strip(' ')}")


def _network(text: str, _: str) -> tuple[Kind, str]:
    try:
        found = ip_address(text.strip(" ").partition("/")[0])
    except ValueError:
        found = None
    six = isinstance(found, IPv6Address) and found.ipv4_mapped is None
    kind = BY_NAME["ipv6-48:v1" if six else "ipv4-24:v1"]
    return kind, kind.canonical(text)


_KINDS: Final[Mapping[str, Callable[[str, str], tuple[Kind, str]]]] = {
    "payment": _payment,
    "card": _plain("card:v1"),
    "email": _plain("email:v1"),
    "email-domain": _plain("email-domain:v1"),
    "ip": _network,
    "tls": _plain("tls:v1"),
    "artefact": _plain("artefact:v1"),
}
