"""The objects that the exchange takes, typed: what a standard field must be, and bounds for everything.

This is a profile of STIX 2.1, narrower than the standard: types that carry raw identifiers (addresses, e-mail) are not
in it, nor is anything the hub would have to redact. Unknown fields are passed over here and kept in the stored bytes.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from stillwatch.sharing.stix.ids import TAG, TIMESTAMP, UUID

Time: TypeAlias = Annotated[str, Meta(pattern=TIMESTAMP)]
"""A time with ``Z``."""
Ref: TypeAlias = Annotated[str, Meta(pattern=rf"^[a-z][a-z0-9-]{{1,63}}--{UUID}\Z")]
"""Id of an object."""
IdentityRef: TypeAlias = Annotated[str, Meta(pattern=rf"^identity--{UUID}\Z")]
"""Id of an identity."""
MarkingRef: TypeAlias = Annotated[str, Meta(pattern=rf"^marking-definition--{UUID}\Z")]
"""Id of a marking."""
Short: TypeAlias = Annotated[str, Meta(min_length=1, max_length=512)]
"""A name."""
Long: TypeAlias = Annotated[str, Meta(max_length=16_384)]
"""A text."""
Labels: TypeAlias = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=128)]], Meta(min_length=1, max_length=64)
]
"""Words of a vocabulary."""
Refs: TypeAlias = Annotated[list[Ref], Meta(min_length=1, max_length=2_000)]
"""Ids of objects."""
Count: TypeAlias = Annotated[int, Meta(ge=0, le=999_999_999)]
"""A count of sightings (STIX 2.1, 5.2)."""


class Reference(msgspec.Struct, frozen=True):
    """An external reference."""

    source_name: Short
    description: Long | UnsetType = UNSET
    url: Annotated[str, Meta(max_length=2_048)] | UnsetType = UNSET
    external_id: Annotated[str, Meta(max_length=256)] | UnsetType = UNSET


class Common(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every object may have."""

    id: Ref
    spec_version: Literal["2.1"] | UnsetType = UNSET
    object_marking_refs: Annotated[list[MarkingRef], Meta(min_length=1, max_length=32)] | UnsetType = UNSET
    extensions: dict[str, msgspec.Raw] | UnsetType = UNSET
    granular_markings: msgspec.Raw | UnsetType = UNSET


class Versioned(Common, frozen=True, kw_only=True):
    """What every domain and relationship object has."""

    spec_version: Literal["2.1"]
    created: Time
    modified: Time
    created_by_ref: IdentityRef | UnsetType = UNSET
    revoked: bool = False
    labels: Labels | UnsetType = UNSET
    confidence: Annotated[int, Meta(ge=0, le=100)] | UnsetType = UNSET
    lang: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    external_references: Annotated[list[Reference], Meta(min_length=1, max_length=64)] | UnsetType = UNSET


class Named(Versioned, frozen=True, kw_only=True):
    """What has a name."""

    name: Short
    description: Long | UnsetType = UNSET


class AttackPattern(Named, frozen=True, kw_only=True, tag="attack-pattern"):
    """How something is done."""


class Campaign(Named, frozen=True, kw_only=True, tag="campaign"):
    """A campaign."""

    aliases: Labels | UnsetType = UNSET
    first_seen: Time | UnsetType = UNSET
    last_seen: Time | UnsetType = UNSET
    objective: Long | UnsetType = UNSET


class ExtensionDefinition(Named, frozen=True, kw_only=True, tag="extension-definition"):
    """An extension."""

    created_by_ref: IdentityRef
    schema: Annotated[str, Meta(min_length=1, max_length=65_536)]
    version: Short
    extension_types: Labels


class Grouping(Versioned, frozen=True, kw_only=True, tag="grouping"):
    """Objects that belong together."""

    context: Short
    object_refs: Refs
    name: Short | UnsetType = UNSET
    description: Long | UnsetType = UNSET


class Identity(Named, frozen=True, kw_only=True, tag="identity"):
    """A member under its pseudonym, or the hub."""

    identity_class: Short | UnsetType = UNSET
    contact_information: UnsetType = UNSET


class Indicator(Versioned, frozen=True, kw_only=True, tag="indicator"):
    """What can be recognised."""

    pattern: Annotated[str, Meta(min_length=1, max_length=32_768)]
    pattern_type: Short
    valid_from: Time
    valid_until: Time | UnsetType = UNSET
    name: Short | UnsetType = UNSET
    description: Long | UnsetType = UNSET
    indicator_types: Labels | UnsetType = UNSET


class IntrusionSet(Named, frozen=True, kw_only=True, tag="intrusion-set"):
    """Whoever is behind."""

    first_seen: Time | UnsetType = UNSET
    last_seen: Time | UnsetType = UNSET


class MarkingDefinition(Common, frozen=True, kw_only=True, tag="marking-definition"):
    """A marking."""

    spec_version: Literal["2.1"]
    created: Time
    created_by_ref: IdentityRef | UnsetType = UNSET
    name: Short | UnsetType = UNSET
    definition_type: Short | UnsetType = UNSET
    definition: dict[str, Long] | UnsetType = UNSET


class Note(Versioned, frozen=True, kw_only=True, tag="note"):
    """A note."""

    content: Annotated[str, Meta(min_length=1, max_length=16_384)]
    object_refs: Refs
    abstract: Long | UnsetType = UNSET


class Opinion(Versioned, frozen=True, kw_only=True, tag="opinion"):
    """What a member thinks of an object."""

    opinion: Literal["strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"]
    object_refs: Refs
    explanation: Long | UnsetType = UNSET


class Relationship(Versioned, frozen=True, kw_only=True, tag="relationship"):
    """How two objects belong together."""

    relationship_type: Annotated[str, Meta(pattern=r"^[a-z0-9-]{3,250}\Z")]
    source_ref: Ref
    target_ref: Ref
    description: Long | UnsetType = UNSET
    start_time: Time | UnsetType = UNSET
    stop_time: Time | UnsetType = UNSET


class Report(Named, frozen=True, kw_only=True, tag="report"):
    """A report."""

    published: Time
    object_refs: Refs
    report_types: Labels | UnsetType = UNSET


class Sighting(Versioned, frozen=True, kw_only=True, tag="sighting"):
    """That something was seen."""

    sighting_of_ref: Ref
    where_sighted_refs: Refs | UnsetType = UNSET
    observed_data_refs: Refs | UnsetType = UNSET
    first_seen: Time | UnsetType = UNSET
    last_seen: Time | UnsetType = UNSET
    count: Count | UnsetType = UNSET
    summary: bool = False
    description: Long | UnsetType = UNSET


class Software(Common, frozen=True, kw_only=True, tag="software"):
    """A model that may be a copy."""

    name: Short
    vendor: Short | UnsetType = UNSET
    version: Short | UnsetType = UNSET


class UserAccount(Common, frozen=True, kw_only=True, tag="user-account", forbid_unknown_fields=True):
    """An account under its tag: it has no other field, so that no name or credential travels along."""

    account_type: Literal["x-oprf-tag"]
    user_id: Annotated[str, Meta(pattern=TAG)]
    defanged: Literal[False] = False


Object: TypeAlias = (
    AttackPattern
    | Campaign
    | ExtensionDefinition
    | Grouping
    | Identity
    | Indicator
    | IntrusionSet
    | MarkingDefinition
    | Note
    | Opinion
    | Relationship
    | Report
    | Sighting
    | Software
    | UserAccount
)
"""Whatever the exchange takes."""
DECODER: Final = msgspec.json.Decoder(Object)
"""Reads one object."""
