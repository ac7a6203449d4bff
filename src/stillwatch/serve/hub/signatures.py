"""Requests signed after RFC 9421 with Ed25519, their bodies bound by Content-Digest (RFC 9530).

Covered: ``@method`` and ``@target-uri``; with a body ``content-digest`` and ``content-type``, too. Parameters:
``created``, ``nonce``, ``keyid``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)
from http_message_signatures.digests import ContentDigest
from http_message_signatures.exceptions import HTTPMessageSignaturesException

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

COVERED: Final = ("@method", "@target-uri")
"""What every signature covers."""
COVERED_BODY: Final = ("content-digest", "content-type")
"""What it covers besides where there is a body."""
HEADERS: Final = ("signature-input", "signature", "content-digest", "content-type")
"""Headers that a signature is looked for in."""
MOST_HEADER: Final = 2_048
"""Longest of these headers (bytes)."""
_NONCE: Final = (16, 128)


class Unsigned(Exception):  # noqa: N818 - named after what it is
    """A request without a good signature."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a good signature says."""

    key_id: str
    """Whose key."""
    created_us: int
    """When (us since 1970), by the member's clock."""
    nonce: bytes
    """What makes it one of a kind."""


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, find: Callable[[str], Any]) -> None:
        self._find = find

    def resolve_public_key(self, key_id: str) -> Any:  # noqa: ANN401 - the library's
        return self._find(key_id)

    def resolve_private_key(self, key_id: str) -> Any:  # noqa: ANN401 - the library's
        return self._find(key_id)


class _Verifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:  # noqa: ANN401
        """Leave time to the caller, whose clock is an argument."""


def verified(
    method: str, target: str, headers: Mapping[str, str], find: Callable[[str], bytes | None], *, body: bool
) -> Signed:
    """Check the signature of a request.

    Parameters
    ----------
    method, target
        Method, and absolute URL as the member wrote it.
    headers
        Those of ``HEADERS`` that are there.
    find
        Key id -> public key (32 bytes), None where there is none.
    body
        Whether the request has a body, which must then be covered.

    Raises
    ------
    Unsigned
        It is not good; the text says nothing of keys.
    """
    if any(len(one) > MOST_HEADER for one in headers.values()):
        raise Unsigned("a header is too long")

    def key(identity: str) -> Ed25519PublicKey | None:
        found = find(identity)
        return Ed25519PublicKey.from_public_bytes(found) if found is not None else None

    message = SimpleNamespace(method=method, url=target, headers=dict(headers))
    verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=_Keys(key))
    needed = COVERED + COVERED_BODY if body else COVERED
    try:
        [result] = verifier.verify(message, max_age=None, require_components=[f'"{one}"' for one in needed])
    except (HTTPMessageSignaturesException, ValueError, TypeError, KeyError) as error:
        raise Unsigned("the signature is not good, or does not cover " + ", ".join(needed)) from error
    named = result.parameters
    created, nonce, key_id = named.get("created"), named.get("nonce"), named.get("keyid")
    if not isinstance(created, int) or not isinstance(nonce, str) or not isinstance(key_id, str):
        raise Unsigned("a signature has created, nonce and keyid")
    if not _NONCE[0] <= len(nonce) <= _NONCE[1]:
        raise Unsigned(f"a nonce has {_NONCE[0]} to {_NONCE[1]} characters")
    return Signed(key_id, created * 1_000_000, nonce.encode())


def body_matches(digest: str, body: bytes) -> bool:
    """Say whether a body is the one that Content-Digest names."""
    try:
        ContentDigest.verify(digest, body)
    except (InvalidSignature, HTTPMessageSignaturesException, ValueError, TypeError):
        return False
    return True


def sign(
    key: Ed25519PrivateKey,
    key_id: str,
    nonce: str,
    at_us: int,
    method: str,
    target: str,
    body: bytes | None = None,
    content_type: str = "",
) -> dict[str, str]:
    """Sign a request; gives the headers to add.

    Parameters
    ----------
    key, key_id
        The member's key.
    nonce
        16 to 128 characters, never used before.
    at_us
        Now (us since 1970).
    method, target
        Method, absolute URL.
    body, content_type
        The body, None where there is none, and its type.
    """
    headers = {} if body is None else {"Content-Type": content_type, "Content-Digest": ContentDigest.create(body)}
    message = SimpleNamespace(method=method, url=target, headers=headers)
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Keys(lambda _: key))
    signer.sign(
        message,
        key_id=key_id,
        created=datetime.fromtimestamp(at_us // 1_000_000, UTC),
        nonce=nonce,
        label="sig1",
        covered_component_ids=COVERED + (COVERED_BODY if body is not None else ()),
        use_existing_digest=body is not None,
    )
    return headers
