"""A hall: from a provider's own account files to what goes into oblivious matching.

::

    columns = account file, values file    read as written; values are never stored
    values  = one written form a kind      refused by row and column, never quoted
    kept    = on no warninglist            dropped ones are counted by list
    traits  = as groups share them         where the key of an alliance is given
    inputs  = kind -> input -> accounts

The account file has the provider's fingerprints of payments and sign-up domains. Whatever else may be compared comes in
a second file that is read for this once, for it holds what an account file must not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final

from stillwatch.ingest.accounts import account_texts
from stillwatch.ingest.tables import read_table, texts_of
from stillwatch.model.errors import FormatError, InputError
from stillwatch.sharing.oblivious.kinds import BY_NAME, TRAIT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from stillwatch.ingest.door import Door
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
ACCOUNTS: Final = ("payment_fingerprint", "email_domain")
"""Columns of the account file that are read."""


@dataclass(frozen=True, slots=True, repr=False)
class Inputs:
    """What may be asked or shared, by kind. Holds identifiers: it is never written down."""

    of: Mapping[str, Mapping[bytes, tuple[str, ...]]]
    """Name of the kind -> input -> accounts that it is of; kinds without inputs are not there."""
    dropped: Mapping[str, int]
    """Name of a warninglist -> different values that were left out for it."""


@dataclass(slots=True)
class _Value:
    """One value in its form."""

    accounts: dict[str, None] = field(default_factory=dict)
    traits: set[str] = field(default_factory=set)


_Made = dict[str, dict[str, _Value]]


def read_inputs(
    accounts: Path,
    lists: Warninglists,
    *,
    values: Path | None = None,
    issuer: str = "",
    alliance: Door | None = None,
    kinds: Collection[str] = frozenset(BY_NAME),
) -> Inputs:
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
    alliance
        Keys under the key that members of an alliance share: payments, domains and networks become traits as well, in
        the form in which groups of others are matched by them.
    kinds
        Names of the kinds that are wanted; columns of others are passed over.

    Raises
    ------
    InputError
        A value is none of its kind: names file, row and column, and what is expected.

    Notes
    -----
    ``card_bin`` is no input: of the issuer number alone every customer of a bank has the same.
    """
    columns = account_texts(accounts, ACCOUNTS)
    named = columns.pop("account_id")
    if len(set(named)) < len(named):
        raise FormatError(f"{accounts}: an account_id stands in more than one row")
    made: _Made = {}
    for name, texts in columns.items():
        _collect(made, named, texts, f"{accounts}: column {name}", _Reading(name, issuer, alliance, kinds))
    if values is not None:
        columns = _columns(values, set(named))
        named = columns.pop("account_id")
        for name, texts in columns.items():
            _collect(made, named, texts, f"{values}: column {name}", _Reading(name, issuer, alliance, kinds))
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


def _collect(made: _Made, named: list[str], texts: list[str], where: str, reading: _Reading) -> None:
    """Bring a column into form; each different text once."""
    read: dict[str, _Value] = {}
    for row, (account, text) in enumerate(zip(named, texts, strict=True), start=2):
        if not text:
            continue
        if text not in read:
            try:
                if reading.kind(text) not in reading.kinds:
                    continue
                kind, form = reading.form(text)
            except InputError as error:
                raise FormatError(f"{where}: row {row}: {error}") from error
            read[text] = made.setdefault(kind.name, {}).setdefault(form, _Value())
            read[text].traits |= reading.traits(text, form)
        read[text].accounts[account] = None


def _without_common(made: _Made, lists: Warninglists) -> Inputs:
    of: dict[str, dict[str, dict[str, None]]] = {}
    dropped: Counter[str] = Counter()
    for kind, values in made.items():
        for (form, one), at in zip(values.items(), lists.of(kind).listed(list(values)), strict=True):
            if at >= 0:
                dropped[lists.lists[at].name] += 1
                continue
            of.setdefault(kind, {})[form] = one.accounts
            for trait in one.traits:
                of.setdefault(TRAIT, {}).setdefault(trait, {}).update(one.accounts)
    inputs = {
        name: {kind.input(form): tuple(accounts) for form, accounts in of[name].items()}
        for name, kind in BY_NAME.items()
        if name in of
    }
    return Inputs(inputs, dict(sorted(dropped.items())))


@dataclass(frozen=True, slots=True)
class _Reading:
    """How one column is read."""

    column: str
    issuer: str
    alliance: Door | None
    kinds: Collection[str]

    def kind(self, text: str) -> str:
        """Name the kind of a text."""
        return _KINDS.get(self.column) or _network_kind(text)

    def form(self, text: str) -> tuple[Kind, str]:
        """Bring a text into the form of its kind."""
        name = self.kind(text)
        if name == "payment:v1" and "/" not in text:
            if not self.issuer:
                raise InputError("payment: the fingerprint says no issuer; name it with --issuer")
            text = f"{self.issuer}/{text.strip(' ')}"
        return BY_NAME[name], BY_NAME[name].canonical(text)

    def traits(self, text: str, form: str) -> set[str]:
        """Write a value as groups of an alliance share it: keyed as its provider writes it, networks in their form."""
        name = _TRAITS.get(self.column)
        if self.alliance is None or name is None:
            return set()
        keyed = {
            "payment": lambda door: door.payment(text),
            "email_domain": lambda door: door.signup("email_domain")(text),
            "network": lambda door: door.network(form),
        }[name](self.alliance)
        return {f"{name}/{keyed & _MASK:016x}"}


def _network_kind(text: str) -> str:
    try:
        found = ip_address(text.strip(" ").partition("/")[0])
    except ValueError:
        found = None
    return "ipv6-48:v1" if isinstance(found, IPv6Address) and found.ipv4_mapped is None else "ipv4-24:v1"


_MASK: Final = (1 << 64) - 1
_KINDS: Final = {
    "payment_fingerprint": "payment:v1",
    "email_domain": "email-domain:v1",
    "payment": "payment:v1",
    "card": "card:v1",
    "email": "email:v1",
    "email-domain": "email-domain:v1",
    "tls": "tls:v1",
    "artefact": "artefact:v1",
}
"""Column -> kind; an address is of the kind of its version."""
_TRAITS: Final[Mapping[str, str]] = {
    "payment_fingerprint": "payment",
    "email_domain": "email_domain",
    "email-domain": "email_domain",
    "ip": "network",
}
"""Column -> field of coordination."""
