"""Make tags with both key holders: the epoch that is open, its keys, one batch after the other."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from stillwatch.model.errors import NotNow, PeerError
from stillwatch.serve.member.peer import BYTES
from stillwatch.sharing.oblivious.cascade import CUSTODIAN, HolderKeys, Question, answered, batches, begin
from stillwatch.sharing.oblivious.epochs import OPEN, Epoch, agreed
from stillwatch.sharing.oblivious.with_voprf import Voprf
from stillwatch.sharing.transparency.checkpoint import Trust
from stillwatch.sharing.transparency.note import read_verifier
from stillwatch.sharing.transparency.receipt import check_receipt, read_receipt
from stillwatch.store.member.journal import noted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stillwatch.serve.member.membership import Membership
    from stillwatch.serve.member.peer import Peer
    from stillwatch.sharing.oblivious.cascade import Tags
    from stillwatch.store.member.file import MemberFile

EPOCHS: Final = "/v1/oprf/epochs"


class _Epoch(msgspec.Struct):
    epoch: Annotated[int, msgspec.Meta(ge=1, le=999_999_999)]
    state: str
    opens_ms: int
    closes_ms: int
    ends_ms: int
    public_key: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    log_index: Annotated[int, msgspec.Meta(ge=0, le=1 << 60)] | None = None


class _Told(msgspec.Struct):
    epochs: Annotated[list[_Epoch], msgspec.Meta(max_length=1_024)]


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
    InputError
        They do not have the same calendar, or show one key.
    PeerError
        One does not answer, or in a form that is not ours.
    """
    (hub, hub_key, entry), (custodian, custodian_key, _) = _open(member.hub), _open(member.custodian)
    epoch = agreed(hub, custodian)
    _check_logged(member, epoch.number, hub_key, entry)
    return OpenEpoch(HolderKeys(epoch.number, custodian_key, hub_key), epoch.closes_ms, epoch.ends_ms)


def _check_logged(member: Membership, epoch: int, key: bytes, entry: int | None) -> None:
    """See that the hub's key is the one that its log shows to everybody: one of their own would set a member apart."""
    if entry is None:
        raise NotNow(f"the hub's log does not show the key of epoch {epoch} yet; try again in a minute")
    content = member.hub.ask("GET", f"/log/proof?index={entry}", accept="*/*").content
    record, _ = check_receipt(read_receipt(content), Trust(read_verifier(member.verifier)))
    if record.kind != "epoch-key" or record.body != {"epoch": epoch, "holder": "hub", "public_key": key.hex()}:
        raise PeerError(
            f"the hub shows this member another key of epoch {epoch} than its log shows everybody; nothing was sent"
        )


def _open(peer: Peer) -> tuple[Epoch, bytes, int | None]:
    """Ask a key holder for its open epoch and the public key of it."""
    try:
        told = msgspec.json.decode(peer.ask("GET", EPOCHS).content, type=_Told)
    except (msgspec.DecodeError, RecursionError) as error:
        raise PeerError(f"the {peer.name} describes its epochs in a form that is not ours") from error
    found = [one for one in told.epochs if one.state == OPEN]
    if not found:
        raise NotNow(f"the {peer.name} has no epoch open; its operator settles them")
    one = found[-1]
    return Epoch(one.epoch, one.opens_ms, one.closes_ms, one.ends_ms), bytes.fromhex(one.public_key), one.log_index


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
