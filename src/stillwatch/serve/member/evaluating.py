"""Make tags with both key holders: the epoch that is open, its keys, one batch after the other."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stillwatch.model.errors import NotNow, PeerError
from stillwatch.serve.member.peer import BYTES
from stillwatch.sharing.oblivious.cascade import CUSTODIAN, HolderKeys, Question, answered, batches, begin
from stillwatch.sharing.oblivious.epochs import OPEN
from stillwatch.sharing.oblivious.suite import ELEMENT
from stillwatch.sharing.oblivious.with_voprf import Voprf
from stillwatch.store.member.journal import noted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stillwatch.serve.member.membership import Membership
    from stillwatch.serve.member.peer import Peer
    from stillwatch.sharing.oblivious.cascade import Tags
    from stillwatch.store.member.file import MemberFile

EPOCHS: Final = "/v1/oprf/epochs"


@dataclass(frozen=True, slots=True)
class OpenEpoch:
    """The epoch that tags are taken under, as both key holders say alike."""

    keys: HolderKeys
    """Number and public keys."""
    closes_ms: int
    """Until when (ms since 1970)."""
    ends_ms: int
    """Until when offers of matched groups are taken (ms since 1970)."""

    @property
    def number(self) -> int:
        """Give its number."""
        return self.keys.epoch


def open_epoch(member: Membership) -> OpenEpoch:
    """Ask both key holders which epoch is open; nothing is sent before they agree.

    Raises
    ------
    NotNow
        None is open.
    PeerError
        They disagree, or show one key.
    """
    hub, custodian = _open(member.hub), _open(member.custodian)
    if any(hub[name] != custodian[name] for name in ("epoch", "opens_ms", "closes_ms", "ends_ms")):
        raise PeerError(
            f"hub and custodian disagree on when epoch {hub['epoch']} is; nothing was sent, tell their operators"
        )
    keys = HolderKeys(hub["epoch"], _key(custodian, "custodian"), _key(hub, "hub"))
    return OpenEpoch(keys, hub["closes_ms"], hub["ends_ms"])


def _open(peer: Peer) -> dict[str, Any]:
    told = peer.ask("GET", EPOCHS).told().get("epochs")
    found = (
        [one for one in told if isinstance(one, dict) and one.get("state") == OPEN] if isinstance(told, list) else []
    )
    if not found:
        raise NotNow(f"the {peer.name} has no epoch open; its operator settles them")
    one = found[-1]
    if any(not isinstance(one.get(name), int) for name in ("epoch", "opens_ms", "closes_ms", "ends_ms")):
        raise PeerError(f"the {peer.name} describes its epochs in a form that is not ours")
    return one


def _key(told: dict[str, Any], name: str) -> bytes:
    try:
        key = bytes.fromhex(told["public_key"])
    except (KeyError, ValueError, TypeError) as error:
        raise PeerError(f"the {name} shows no public key") from error
    if len(key) != ELEMENT:
        raise PeerError(f"the {name} shows no public key")
    return key


def tags_of(
    file: MemberFile,
    member: Membership,
    epoch: OpenEpoch,
    kind: str,
    inputs: Sequence[bytes],
    told: Callable[[int], None] = lambda _: None,
) -> Iterator[tuple[Sequence[bytes], Tags]]:
    """Make the tags of different inputs of one kind; gives each batch with its inputs.

    Parameters
    ----------
    file
        The member's file; its journal tells what left, blinded as it was.
    member
        Who asks.
    epoch
        Under which keys.
    kind
        Name of the kind.
    inputs
        Different inputs, as ``Kind.input`` writes them.
    told
        Called with the number of inputs done.
    """
    suite, done = Voprf(), 0
    peers = {CUSTODIAN: member.custodian, "hub": member.hub}
    for some in batches(inputs):
        asked: Question | Tags = begin(suite, kind, some, epoch.keys, secrets.token_bytes)
        while isinstance(asked, Question):
            path = f"/v1/oprf/{epoch.number}/evaluate"
            got = peers[asked.to].ask("POST", path, asked.body, BYTES, accept="*/*")
            with file.writing() as connection:
                noted(connection, "out", asked.to, f"{kind}: blinded elements", asked.body, member.now_ms)
                noted(connection, "in", asked.to, f"{kind}: evaluated elements", got.content, member.now_ms)
            asked = answered(suite, asked, got.content)
        done += len(some)
        told(done)
        yield some, asked
