"""Whose call it is: a credential or a trusted header to an account, and the account to its pseudonym."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import yaml

from stillwatch.enforcement.barriers.base import Refusal
from stillwatch.ingest.addresses import caller, host_of, trusted_networks
from stillwatch.ingest.pseudonyms import hash_texts, pseudonym
from stillwatch.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stillwatch.ingest.keys import PseudonymKey
    from stillwatch.serve.gateway.proxy.heads import Head
    from stillwatch.serve.gateway.settings import Settings

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_REMEMBERED: Final = 1 << 17
"""Most pseudonyms remembered; past it the memory starts afresh."""
_MOST_NAME: Final = 256


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call."""

    name: str
    """Account, as the record names it."""
    account: int
    """Pseudonym of the account."""
    credential: str
    """Keyed hash of the credential, "" without one; the credential itself is nowhere kept."""
    address: str
    """Address, "" where it is not known."""


class Callers:
    """Tells who makes a call."""

    def __init__(self, settings: Settings, key: PseudonymKey) -> None:
        accounts = settings.accounts
        self._known = read_accounts(Path(accounts.keys_file)) if accounts.keys_file else {}
        self._unknown, self._anonymous = accounts.unknown, accounts.anonymous
        self.header = accounts.header.lower().encode()
        """Header in which a proxy names the account, b"" for none."""
        self._proxies = trusted_networks(accounts.proxies)
        self._forwarded_by = trusted_networks(settings.forwarded_by)
        # The door of ingest keys accounts under the same label: both must give one pseudonym.
        self._mac = hmac.new(key.derive("field/account_id"), digestmod="sha256")
        self._credentials = key.derive("gateway/credential")
        artefact = key.derive("hash/artefact")
        self._sip = (np.uint64(int.from_bytes(artefact[:8])), np.uint64(int.from_bytes(artefact[8:16])))
        self._pseudonyms: dict[str, int] = {}

    def account(self, name: str) -> int:
        """Give the pseudonym of an account, as every other part of Stillwatch does."""
        found = self._pseudonyms.get(name)
        if found is None:
            if len(self._pseudonyms) >= _REMEMBERED:
                self._pseudonyms.clear()
            found = self._pseudonyms[name] = pseudonym(self._mac, name)
        return found

    def artefacts(self, texts: Iterable[str]) -> dict[str, int]:
        """Give the keyed hashes of reasoning artefacts, as the event columns hold them."""
        given = list(texts)
        hashed = hash_texts(pa.array(given, pa.string()), self._sip).view(np.int64)
        return dict(zip(given, hashed.tolist(), strict=True))

    def find(self, head: Head, peer: str) -> Caller | Refusal:
        """Tell who makes a call.

        Parameters
        ----------
        head
            The request's head.
        peer
            Address of the connection.
        """
        address = caller(peer, head.forwarded, self._forwarded_by) if self._forwarded_by else host_of(peer)
        secret = _secret(head)
        if isinstance(secret, Refusal):
            return secret
        credential = hmac.digest(self._credentials, secret, "sha256").hex()[:32] if secret else ""
        if head.named is not None:
            return self._by_header(head.named, peer, credential, address)
        if not secret:
            if self._anonymous == "refuse":
                return _unauthorised("give a credential in Authorization or x-api-key")
            name = f"anonymous:{address}"
        else:
            known = self._known.get(hashlib.sha256(secret).digest())
            if known is None and self._unknown == "refuse":
                return _unauthorised("this credential is not known here")
            name = known or f"credential:{credential}"
        return Caller(name, self.account(name), credential, address)

    def _by_header(self, named: bytes, peer: str, credential: str, address: str) -> Caller | Refusal:
        # Believing it from anywhere else would let everybody choose whose standing they have.
        if caller(peer, "0.0.0.0", self._proxies) != "0.0.0.0":  # noqa: S104
            return Refusal(400, "bad_request", f"{self.header.decode()} may only be set by the proxy in front")
        name = named.decode("utf-8", "replace").strip()
        if not name or len(name) > _MOST_NAME:
            return Refusal(400, "bad_request", f"{self.header.decode()} names no account")
        return Caller(name, self.account(name), credential, address)


def _secret(head: Head) -> bytes | Refusal:
    kind, _, rest = head.authorization.partition(b" ")
    bearer = rest.strip() if kind.lower() == b"bearer" else head.authorization.strip()
    other = head.x_api_key.strip()
    if bearer and other and not hmac.compare_digest(bearer, other):
        # Judged by the one and billed by the other would be a way around every barrier.
        return Refusal(400, "bad_request", "Authorization and x-api-key name two credentials; send one")
    return bearer or other


def _unauthorised(sentence: str) -> Refusal:
    return Refusal(401, "invalid_api_key", sentence)


def read_accounts(file: Path) -> dict[bytes, str]:
    """Read accounts by the SHA-256 of their credentials.

    Parameters
    ----------
    file
        YAML: ``sha256:<64 hexadecimal digits>: account``, one a credential.

    Raises
    ------
    InputError
        The file cannot be read, or a line is of another form.
    """
    try:
        tree: Any = yaml.safe_load(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file}: the account keys cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"{file}: this is no YAML") from error
    if not isinstance(tree, dict):
        raise InputError(f"{file}: expected lines such as `sha256:...: team-17`")
    known = {}
    for number, (digest, name) in enumerate(tree.items(), 1):
        # The digest is not told: it may be a credential that was written here by mistake.
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise InputError(f"{file}: entry {number} does not begin with sha256: and 64 hexadecimal digits")
        if not isinstance(name, str) or not name or len(name) > _MOST_NAME:
            raise InputError(f"{file}: entry {number} names no account")
        known[bytes.fromhex(digest[7:])] = name
    return known
