"""A campaign as STIX objects: the essentials in standard fields, what these cannot say in our extension.

Every object is made as the bytes that are sent and logged. Ids of what belongs to a campaign follow from the
campaign's own random UUID, so that telling it again makes new versions and no second objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from stillwatch.sharing.markings import KNOWN, refs
from stillwatch.sharing.stix.extension import EXTENSION_ID, TECHNIQUE_ID, definition, technique
from stillwatch.sharing.stix.ids import ACCOUNT_TYPE, account_id, derived, timestamp

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from stillwatch.sharing.stix.extension import (
        CampaignPart,
        GroupingPart,
        IndicatorPart,
        OpinionPart,
        SightingPart,
    )

VALID_MS: Final = 90 * 86_400_000
"""How long an indicator holds unless it is told again (ms)."""
LABEL: Final = "adversarial-distillation"
"""Label of everything about model copying."""
OBJECTIVE: Final = "Copy a model's capabilities by training on its answers"
"""What such a campaign is for."""
_OPINIONS: Final = {"negative": "strongly-disagree", "seed": "neutral", "positive": "agree"}


@dataclass(frozen=True, slots=True)
class Source:
    """Who tells, and how what is told is marked."""

    identity: str
    """Pseudonymous ``identity--…`` of the member, or of the hub."""
    tlp: str
    """Level of TLP 2.0, such as ``amber``."""
    purposes: tuple[str, ...] = ("detect",)
    """What it may be used for."""
    now_ms: int = 0
    """When it is told (ms since 1970): time of the version."""


@dataclass(frozen=True, slots=True)
class Template:
    """Signature of a template of prompts."""

    name: str
    """Short name; no words of the prompt."""
    pattern: str
    """``minhash:v1:n=5,k=128,b=32:BASE64``."""
    part: IndicatorPart
    """How it is compared."""


@dataclass(frozen=True, slots=True)
class Told:
    """A campaign as it is told to others, found alone or together."""

    uuid: uuid.UUID
    """Random (version 4), drawn once for the campaign."""
    name: str
    """Stable short name."""
    description: str
    """A few sentences; no content, no raw identifier."""
    created_ms: int
    """When it was first told (ms since 1970)."""
    first_ms: int
    """First seen (ms since 1970)."""
    last_ms: int
    """Last seen (ms since 1970)."""
    confidence: int
    """0 to 100."""
    part: CampaignPart
    """What the extension says of it."""
    group: GroupingPart
    """What the extension says of its accounts."""
    tags: tuple[str, ...] = ()
    """``oprf1:EPOCH:KIND:TAG`` of accounts that at least k members have matched, never of others."""
    templates: tuple[Template, ...] = ()
    """Signatures of its templates."""
    seen: SightingPart | None = None
    """Where it was matched by several: bounds and noise of ``count``."""
    count: int = 0
    """Sightings, with noise."""

    @property
    def ref(self) -> str:
        """Give its id."""
        return f"campaign--{self.uuid}"


def campaign(told: Told, source: Source) -> list[bytes]:
    """Build the objects of a campaign, those they refer to first.

    Returns
    -------
    list of bytes
        Markings, extension definition, technique, campaign, accounts and their grouping, indicators, a sighting, and
        what relates them. The source's identity is told once, by :func:`identity`.
    """
    made = _Maker(told, source)
    made.add(
        "campaign",
        "",
        name=told.name,
        description=told.description,
        objective=OBJECTIVE,
        first_seen=timestamp(told.first_ms),
        last_seen=timestamp(told.last_ms),
        confidence=told.confidence,
        labels=[LABEL],
        extensions=_extension(told.part),
    )
    made.relate(told.ref, "uses", TECHNIQUE_ID)
    if told.tags:
        accounts = [made.account(tag) for tag in sorted(set(told.tags))]
        grouping = made.add(
            "grouping",
            "accounts",
            context="suspicious-activity",
            name=f"Accounts of {told.name}",
            description="Accounts that several members have matched, by their tags.",
            object_refs=accounts,
            labels=[LABEL],
            extensions=_extension(msgspec.structs.replace(told.group, tags=sorted(set(told.tags)))),
        )
        made.relate(grouping, "related-to", told.ref)
    for template in told.templates:
        made.relate(made.template(template), "indicates", told.ref)
    if told.seen:
        made.add(
            "sighting",
            "matched",
            sighting_of_ref=told.ref,
            where_sighted_refs=[source.identity],
            first_seen=timestamp(told.first_ms),
            last_seen=timestamp(told.last_ms),
            count=max(told.count, 0),
            summary=True,
            extensions=_extension(told.seen),
        )
    return [*(KNOWN[ref] for ref in made.markings), *definition(), technique(), *made.objects]


def opinion(about: str, part: OpinionPart, explanation: str, source: Source, own: uuid.UUID) -> bytes:
    """Build what a member thinks of an object.

    Parameters
    ----------
    about
        Id of the object.
    part
        Stance, docket and outcome; the stance in the standard field is ``strongly-disagree``, ``neutral`` or ``agree``.
    explanation
        Why; no content, no raw identifier.
    source
        Who, and when.
    own
        Random UUID of this opinion, drawn once.
    """
    return _object(
        "opinion",
        f"opinion--{own}",
        source,
        source.now_ms,
        opinion=_OPINIONS[part.stance],
        explanation=explanation,
        object_refs=[about],
        extensions=_extension(part),
    )


def identity(ref: str, name: str, source: Source) -> bytes:
    """Build the identity under which a member or the hub tells: a pseudonym and nothing to reach it by."""
    return _object("identity", ref, source, source.now_ms, name=name, identity_class="organization")


def revoked(content: bytes, now_ms: int) -> bytes:
    """Withdraw an object: its next version, which says that it no longer holds.

    Raises
    ------
    ValueError
        It has no versions, is withdrawn already, or ``now_ms`` (ms since 1970) is not later than what it replaces.
    """
    found: dict[str, Any] = msgspec.json.decode(content)
    modified = timestamp(now_ms)
    if "modified" not in found or found.get("revoked") or modified <= found["modified"]:
        raise ValueError("only the latest version of a versioned object is withdrawn, once, and later than it was made")
    return msgspec.json.encode(found | {"modified": modified, "revoked": True})


def bundle(objects: Sequence[bytes], own: uuid.UUID) -> bytes:
    """Put objects into one bundle, their bytes unchanged."""
    return b'{"type":"bundle","id":"bundle--%s","objects":[%s]}' % (str(own).encode(), b",".join(objects))


class _Maker:
    """Collects the objects of one campaign."""

    def __init__(self, told: Told, source: Source) -> None:
        self.objects: list[bytes] = []
        self.markings = refs(source.tlp, source.purposes)
        self._told, self._source = told, source

    def add(self, kind: str, own: str, /, **rest: object) -> str:
        """Make an object that ``own`` tells from others of its type; gives its id."""
        ref = derived(self._told.uuid, kind, own) if own else self._told.ref
        self.objects.append(_object(kind, ref, self._source, self._told.created_ms, **rest))
        return ref

    def relate(self, source: str, how: str, target: str) -> None:
        """Relate two objects."""
        own = f"{source} {how} {target}"
        self.add("relationship", own, relationship_type=how, source_ref=source, target_ref=target)

    def account(self, tag: str) -> str:
        """Make an account known by its tag."""
        ref = account_id(tag)
        part = {"type": "user-account", "spec_version": "2.1", "id": ref, "account_type": ACCOUNT_TYPE, "user_id": tag}
        self.objects.append(msgspec.json.encode(part | {"object_marking_refs": self.markings}))
        return ref

    def template(self, template: Template) -> str:
        """Make the indicator of a template."""
        now = self._source.now_ms
        return self.add(
            "indicator",
            template.pattern,
            name=template.name,
            description="Prompts made of one template: compare MinHash signatures as the extension says.",
            pattern=template.pattern,
            pattern_type="prompt-minhash",
            indicator_types=["malicious-activity"],
            valid_from=timestamp(self._told.first_ms),
            valid_until=timestamp(now + VALID_MS),
            confidence=self._told.confidence,
            labels=[LABEL],
            extensions=_extension(template.part),
        )


def _object(kind: str, ref: str, source: Source, created_ms: int, /, **rest: object) -> bytes:
    head = {
        "type": kind,
        "spec_version": "2.1",
        "id": ref,
        "created_by_ref": source.identity,
        "created": timestamp(created_ms),
        "modified": timestamp(max(created_ms, source.now_ms)),
    }
    return msgspec.json.encode(head | rest | {"object_marking_refs": refs(source.tlp, source.purposes)})


def _extension(part: msgspec.Struct) -> dict[str, object]:
    return {EXTENSION_ID: part}
