"""The provider's own account file: plan, sign-up, payment, declared purpose, reseller, organisation.

CSV or Parquet, one row an account. Identifiers are keyed on reading; direct personal data is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.ingest.json.moments import date_time
from stillwatch.ingest.tables import read_table, texts_of
from stillwatch.model.errors import ForbiddenField, FormatError
from stillwatch.model.event import FORBIDDEN
from stillwatch.model.profile import AccountFacts
from stillwatch.model.pseudonym import pseudonym_text
from stillwatch.model.registered import Registered, unregistered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from stillwatch.ingest.door import Door

_DATE: Final = len("2026-11-02")
_BIN: Final = 8

COLUMNS: Final = {
    "account_id": "the account as the logs name it; required",
    "plan": "plan or tier",
    "signup": "sign-up time, RFC 3339 or YYYY-MM-DD",
    "payment_fingerprint": "the payment provider's own fingerprint of the means of payment",
    "declared_purpose": "what the customer declared to do",
    "reseller": "true where the customer resells access under a contract",
    "organisation": "the organisation the account belongs to",
    "card_bin": "issuer number of the card: its first six to eight digits, never more",
    "email_domain": "domain of the sign-up address, without the part before the @",
    "email_class": "kind of that domain, such as freemail, corporate, education or disposable",
    "referral": "campaign, promotion or referrer the account signed up by",
    "closed": "when the provider closed the account, RFC 3339 or YYYY-MM-DD",
}
"""Columns that are read; others are ignored, class P4 is refused."""


@dataclass(frozen=True, slots=True)
class AccountFile:
    """The account file, keyed; rows by ascending account."""

    account: NDArray[np.int64]
    """(n,) account pseudonyms, ascending, distinct."""
    plan: tuple[str, ...]
    """"" where unknown."""
    signup_ms: NDArray[np.int64]
    """-1 where unknown."""
    purpose: tuple[str, ...]
    """"" where none."""
    reseller: NDArray[np.int8]
    """1, 0 or -1 where unknown."""
    organisation: NDArray[np.int64]
    """Organisation pseudonym, 0 where unknown."""
    payment: NDArray[np.int64]
    """Pseudonym of the means of payment, 0 where unknown; joined by campaigns, weighed by no single account."""
    card_bin: NDArray[np.int64]
    """Pseudonym of the card's issuer number, 0 where unknown; campaigns only."""
    email_domain: NDArray[np.int64]
    """Pseudonym of the sign-up domain, 0 where unknown; campaigns only."""
    email_class: NDArray[np.int64]
    """Pseudonym of the kind of domain, 0 where unknown; campaigns only."""
    referral: NDArray[np.int64]
    """Pseudonym of the promotion or referrer, 0 where unknown; campaigns only."""
    disposable: NDArray[np.bool_]
    """Whether the sign-up domain is a throw-away one; campaigns only."""
    closed_ms: NDArray[np.int64]
    """When the provider closed the account, -1 where it did not; campaigns only."""

    def known_columns(self) -> frozenset[str]:
        """Name the columns that hold something for at least one account."""
        filled = {
            "plan": any(self.plan),
            "signup": (self.signup_ms >= 0).any(),
            "payment_fingerprint": self.payment.any(),
            "declared_purpose": any(self.purpose),
            "reseller": (self.reseller >= 0).any(),
            "organisation": self.organisation.any(),
            "card_bin": self.card_bin.any(),
            "email_domain": self.email_domain.any(),
            "email_class": self.email_class.any(),
            "referral": self.referral.any(),
            "closed": (self.closed_ms >= 0).any(),
        }
        return frozenset(name for name, some in filled.items() if some)

    def facts(self, account: NDArray[np.int64]) -> AccountFacts:
        """Line the file up with some accounts, given ascending."""
        at = np.searchsorted(self.account, account)
        at[at == self.account.shape[0]] = 0
        known = self.account[at] == account if self.account.shape[0] else np.zeros(account.shape[0], bool)
        rows = np.where(known, at, -1)
        return AccountFacts(
            label=tuple(pseudonym_text(int(a)) for a in account),
            plan=tuple(self.plan[r] if r >= 0 else "" for r in rows),
            signup_ms=np.where(known, self.signup_ms[at], -1) if self.account.shape[0] else rows,
            declared_purpose=tuple(self.purpose[r] if r >= 0 else "" for r in rows),
            reseller=(np.where(known, self.reseller[at], -1) if self.account.shape[0] else rows).astype(np.int8),
        )

    def registered(self, account: NDArray[np.int64]) -> Registered:
        """Line up what campaigns join by with some accounts, in any order."""
        if not self.account.shape[0]:
            return unregistered(account.shape[0])
        at = np.minimum(np.searchsorted(self.account, account), self.account.shape[0] - 1)
        known = self.account[at] == account
        numbers = {name: number for number, name in enumerate(sorted(set(self.plan) - {""}), start=1)}
        plan = np.array([numbers.get(name, 0) for name in self.plan], np.int64)
        declared = np.array([bool(name) for name in self.purpose], np.bool_)

        def of(column: NDArray[np.int64], unknown: int = 0) -> NDArray[np.int64]:
            return np.where(known, column[at], unknown)

        return Registered(
            plan=of(plan),
            signup_ms=of(self.signup_ms, -1),
            closed_ms=of(self.closed_ms, -1),
            organisation=of(self.organisation),
            payment=of(self.payment),
            card_bin=of(self.card_bin),
            email_domain=of(self.email_domain),
            email_class=of(self.email_class),
            referral=of(self.referral),
            disposable=known & self.disposable[at],
            declared=known & declared[at],
            reseller=known & (self.reseller[at] == 1),
        )

    def owner_of(self, account: NDArray[np.int64], org: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give who owns each account: the log's organisation, else the file's, else 0."""
        if not self.account.shape[0]:
            return org
        at = np.minimum(np.searchsorted(self.account, account), self.account.shape[0] - 1)
        filed = np.where(self.account[at] == account, self.organisation[at], 0)
        return np.where(org != 0, org, filed)


_NONE: Final = np.zeros(0, np.int64)
EMPTY: Final = AccountFile(
    account=_NONE,
    plan=(),
    signup_ms=_NONE,
    purpose=(),
    reseller=np.zeros(0, np.int8),
    organisation=_NONE,
    payment=_NONE,
    card_bin=_NONE,
    email_domain=_NONE,
    email_class=_NONE,
    referral=_NONE,
    disposable=np.zeros(0, np.bool_),
    closed_ms=_NONE,
)
"""No account file."""


def _moment(text: str, name: str, path: Path, row: int) -> int:
    if not text:
        return -1
    written = (text if len(text) > _DATE else f"{text}T00:00:00Z").encode()
    ms, is_time = date_time(np.frombuffer(written, np.uint8), 0, len(written))
    if not is_time:
        raise FormatError(f"{path}: row {row}: {name} is neither RFC 3339 nor YYYY-MM-DD")
    return int(ms)


def read_accounts(path: Path, door: Door) -> AccountFile:
    """Read an account file.

    Raises
    ------
    ForbiddenField
        It has a column of class P4.
    FormatError
        It has no ``account_id``, a value makes no sense, or an account stands twice.
    """
    texts = account_texts(path, COLUMNS)
    n = len(texts["account_id"])
    account = np.array([door.account(value) for value in texts["account_id"]], np.int64)
    order = np.argsort(account, kind="stable")
    account = account[order]
    if n > 1 and (account[1:] == account[:-1]).any():
        raise FormatError(f"{path}: an account_id stands in more than one row")
    words = {"true": 1, "1": 1, "yes": 1, "false": 0, "0": 0, "no": 0, "": -1}
    unknown = [row + 2 for row, value in enumerate(texts["reseller"]) if value.lower() not in words]
    if unknown:
        raise FormatError(f"{path}: row {unknown[0]}: reseller is neither true nor false")
    long = [row + 2 for row, value in enumerate(texts["card_bin"]) if len(value) > _BIN]
    if long:
        raise ForbiddenField(
            f"{path}: row {long[0]}: card_bin is longer than an issuer number; cut it to {_BIN} digits"
        )
    mails = [row + 2 for row, value in enumerate(texts["email_domain"]) if "@" in value]
    if mails:
        raise ForbiddenField(f"{path}: row {mails[0]}: email_domain is an address (class P4); keep what follows the @")

    def moments(name: str) -> NDArray[np.int64]:
        found = [_moment(text, name, path, row + 2) for row, text in enumerate(texts[name])]
        return np.array(found, np.int64)[order]

    def keyed(name: str, of: Callable[[str], int]) -> NDArray[np.int64]:
        return np.array([of(value) if value else 0 for value in texts[name]], np.int64)[order]

    return AccountFile(
        account,
        tuple(texts["plan"][row] for row in order),
        moments("signup"),
        tuple(texts["declared_purpose"][row] for row in order),
        np.array([words[value.lower()] for value in texts["reseller"]], np.int8)[order],
        keyed("organisation", door.organisation),
        keyed("payment_fingerprint", door.payment),
        keyed("card_bin", door.signup("card_bin")),
        keyed("email_domain", door.signup("email_domain")),
        keyed("email_class", door.signup("email_class")),
        keyed("referral", door.signup("referral")),
        np.array([value.lower() == "disposable" for value in texts["email_class"]], np.bool_)[order],
        moments("closed"),
    )


def account_names(path: Path) -> list[str]:
    """List the account ids of an account file, as the file writes them.

    Raises
    ------
    FormatError
        It has no column ``account_id``.
    """
    return [name for name in texts_of(_table(path), "account_id", path) if name]


def account_texts(path: Path, names: Iterable[str]) -> dict[str, list[str]]:
    """Read ``account_id`` and some more columns as the file writes them, "" where there is nothing.

    Raises
    ------
    ForbiddenField
        It has a column of class P4.
    FormatError
        It has no ``account_id``, or a row has none.
    """
    table = _table(path)
    forbidden = [name for name in table.column_names if name.lower() in FORBIDDEN]
    if forbidden:
        raise ForbiddenField(f"{path}: column {forbidden[0]} is direct personal data (class P4); drop it first")
    texts = {name: texts_of(table, name, path) for name in ("account_id", *names)}
    if "" in texts["account_id"]:
        raise FormatError(f"{path}: row {texts['account_id'].index('') + 2}: account_id is empty")
    return texts


def _table(path: Path) -> pa.Table:
    table = read_table(path, COLUMNS, "account file")
    if "account_id" not in table.column_names:
        raise FormatError(f"{path}: no column account_id; columns are: {', '.join(COLUMNS)}")
    return table
