"""Tell the others of a joint campaign, or that it has moved: STIX objects into a collection, and taking them back.

What is told are tags of groups whose accounts are in a campaign that several members have matched already, and buckets;
of nothing else is anything published.
"""

from __future__ import annotations

import math
import uuid
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.model.errors import InputError
from stillwatch.serve.member.intelligence import collections, pseudonym, submit
from stillwatch.serve.member.sharing import NOBODY
from stillwatch.sharing.oblivious.kinds import TRAIT
from stillwatch.sharing.stix.build import Source, Told, campaign, identity, revoked
from stillwatch.sharing.stix.extension import Bucket, CampaignPart, GroupingPart, Link
from stillwatch.store.member import inbox, objects, shares

if TYPE_CHECKING:
    from stillwatch.serve.member.intelligence import Collection
    from stillwatch.serve.member.membership import Membership
    from stillwatch.sharing.policy import SharingPolicy
    from stillwatch.store.member.file import MemberFile
    from stillwatch.store.member.inbox import JointFinding

MOST_TAGS: Final = 1_000
"""Tags that one object tells of."""
_BUCKETS: Final[tuple[tuple[Bucket, int], ...]] = (
    ("10000+", 10_000),
    ("1000-9999", 1_000),
    ("100-999", 100),
    ("10-99", 10),
    ("2-9", 2),
)


def bucket(count: int) -> Bucket:
    """Say how many, as a power of ten.

    Examples
    --------
    >>> bucket(1), bucket(9), bucket(100)
    ('1', '2-9', '100-999')
    """
    return next((name for name, least in _BUCKETS if count >= least), "1")


def collection_of(member: Membership, title: str) -> Collection:
    """Find a collection that this member may write to, by its title or id; the only one where none is named.

    Raises
    ------
    InputError
        There is none, or more than one.
    """
    found = [one for one in collections(member) if one.writes and title in ("", one.title, one.id)]
    if len(found) != 1:
        known = ", ".join(one.title for one in collections(member) if one.writes) or "none"
        raise InputError(f"name one collection that this member may write to with --collection; there are: {known}")
    return found[0]


def publish(file: MemberFile, member: Membership, finding: JointFinding, where: Collection, tlp: str = "amber") -> str:
    """Tell of a joint campaign, or tell it anew with what it carries now; gives the id of its campaign.

    Parameters
    ----------
    file
        The member's file.
    member
        Who tells.
    finding
        The joint campaign.
    where
        Collection.
    tlp
        Level of TLP 2.0.

    Raises
    ------
    InputError
        It does not count any more, or is not reported as extraction: of such nothing is told.
    """
    now_ms = member.now_ms
    if not finding.counts(now_ms) or not finding.told["extracting"]:
        raise InputError(f"{finding.subject}: over, disputed or not reported as extraction; nothing of it is told")
    with file.writing() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO published VALUES (?, ?, ?)", (finding.subject, uuid.uuid4().bytes, now_ms)
        )
        drawn, created_ms = connection.execute(
            "SELECT uuid, created_ms FROM published WHERE subject = ?", (finding.subject,)
        ).fetchone()
        rows = connection.execute(
            "SELECT DISTINCT epoch, tag, handle FROM own_tags ORDER BY epoch DESC, tag"
        ).fetchall()
        inside = {
            (one.handle, epoch)
            for epoch in {epoch for epoch, _, _ in rows}
            for one in shares.of_epoch(connection, epoch)
            if np.isin(one.account, finding.account).any()
        }
    tags = [f"oprf1:{epoch}:{TRAIT}:{tag.hex()}" for epoch, tag, handle in rows if (handle, epoch) in inside]
    source = Source(pseudonym(member), tlp, ("detect", "enforce"), now_ms)
    told = Told(
        uuid=uuid.UUID(bytes=drawn),
        name=f"Joint campaign {finding.name}",
        description=f"Accounts at {finding.members} providers or more that look like one operator who copies a model.",
        created_ms=created_ms,
        first_ms=finding.told["first_seen_ms"],
        last_ms=max(now_ms, finding.told["first_seen_ms"]),
        confidence=round(100 * finding.told["extraction"] * finding.told["one_operator"]),
        part=CampaignPart(
            extension_type="property-extension",
            account_count_bucket=bucket(finding.account.shape[0]),
            evidence_kinds=sorted({name.replace(" ", "-") for name in finding.told["layers"]}),
            member_count_at_least=finding.members,
        ),
        group=GroupingPart(
            extension_type="property-extension",
            size_bucket=bucket(finding.account.shape[0]),
            linkage=[
                Link(name.replace(" ", "-"), min(max(value / math.log(2.0), 0.0), 1_000.0))
                for name, value in finding.told["layers"].items()
            ],
        ),
        tags=tuple(dict.fromkeys(tags))[:MOST_TAGS],
    )
    made = [identity(source.identity, "A member of the exchange", source), *campaign(told, source)]
    submit(file, member, where.id, made, finding.subject)
    return told.ref


def tell_moved(file: MemberFile, member: Membership, policy: SharingPolicy, number: int) -> list[str]:
    """Tell others at once where a share carries tags of a joint campaign that counts; gives the subjects told anew.

    Parameters
    ----------
    file
        The member's file.
    member
        Who tells.
    policy
        Where it is told, and how it is marked.
    number
        The share that was just sent.
    """
    with file.reading() as connection:
        found = inbox.findings(connection)
        account = np.concatenate([NOBODY, *(one.account for one in shares.groups(connection, number))])
    moved = [
        one for one in found
        if one.counts(member.now_ms) and one.told["extracting"] and np.isin(one.account, account).any()
    ]  # fmt: skip
    if moved:
        where = collection_of(member, policy.collection)
        for one in moved:
            publish(file, member, one, where, policy.tlp)
    return [one.subject for one in moved]


def take_back(file: MemberFile, member: Membership, subject: str) -> int:
    """Revoke everything that was told of a joint campaign, or one own object; gives how many objects.

    Raises
    ------
    InputError
        Nothing of it was told by this member.
    """
    with file.reading() as connection:
        standing = objects.told_about(connection, subject)
    if not standing:
        raise InputError(f"{subject}: this member has told nothing of it that stands")
    for place in sorted({one.collection for one in standing}):
        made = [revoked(one.body, member.now_ms) for one in standing if one.collection == place]
        submit(file, member, place, made, subject)
    return len(standing)
