"""Our one property-extension: what standard fields cannot say, in buckets, never in exact volumes.

The schema that is published beside this file is made of these structs; a test holds the two together. New fields may
be added under the same major version, so unknown ones are passed over.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from stillwatch.sharing.stix.ids import TAG

EXTENSION_ID: Final = "extension-definition--fac06d65-601d-4a88-a4d3-448cea7da4da"
"""Id of the extension."""
AUTHOR_ID: Final = "identity--2bc0101b-66c6-4153-a880-a4903e66d439"
"""Identity under which extension and its schema are published."""
TECHNIQUE_ID: Final = "attack-pattern--f051332d-4909-4058-9d9c-18713b80c68a"
"""The technique that campaigns use, told under one id by everybody."""
VERSION: Final = "1.0.0"
"""Version of the extension (SemVer)."""
SCHEMA_URL: Final = "urn:stillwatch:stix:extension:1.0.0"
"""Name of the schema; its text is :func:`schema`."""
SINCE: Final = "2026-11-01T00:00:00.000Z"
"""When this version was published."""

Bucket: TypeAlias = Literal["1", "2-9", "10-99", "100-999", "1000-9999", "10000+"]
"""How many, in powers of ten."""
Word: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._+-]{0,63}\Z")]
"""A short name."""
Digest: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""SHA-256 in hexadecimal digits."""
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
"""A share or a chance."""
Tag: TypeAlias = Annotated[str, Meta(pattern=TAG)]
"""Tag of an account."""
Words: TypeAlias = Annotated[list[Word], Meta(max_length=32)]
"""Short names."""


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    extension_type: Literal["property-extension"]


class Link(msgspec.Struct, frozen=True):
    """What holds accounts together."""

    kind: Word
    """Layer."""
    bits: Annotated[float, Meta(ge=0, le=1000)]
    """Evidence (bits)."""


class CampaignPart(_Part, frozen=True, kw_only=True):
    """Of a campaign."""

    targeted_capabilities: Words = []
    """What is asked for."""
    exchange_count_bucket: Bucket | None = None
    """Requests."""
    account_count_bucket: Bucket | None = None
    """Accounts."""
    evidence_kinds: Words = []
    """Kinds of evidence that speak for it."""
    member_count_at_least: Annotated[int, Meta(ge=1, le=1000)] | None = None
    """Members that see it, as a lower bound."""


class GroupingPart(_Part, frozen=True, kw_only=True):
    """Of a group of accounts."""

    size_bucket: Bucket | None = None
    """Accounts."""
    linkage: Annotated[list[Link], Meta(max_length=32)] = []
    """What holds them together."""
    detector: Word | None = None
    """Which detector found it."""
    detector_sha256: Digest | None = None
    """Digest of the detector, as the hub knows it."""
    precision_lower_bound: Share | None = None
    """Lower bound of the detector's precision."""
    tags: Annotated[list[Tag], Meta(max_length=2_000)] = []
    """Tags of the accounts that the group refers to, so that plain patterns can be made of the group alone."""


class IndicatorPart(_Part, frozen=True, kw_only=True):
    """Of the signature of a template of prompts."""

    scheme: Literal["minhash"]
    """How it is compared."""
    normalizer: Word
    """How texts are written before."""
    shingle: Annotated[int, Meta(ge=1, le=64)]
    """Words in a shingle."""
    permutations: Annotated[int, Meta(ge=1, le=4096)]
    """Hashes of a signature."""
    bands: Annotated[int, Meta(ge=1, le=4096)]
    """Bands of a signature."""
    match_threshold: Share
    """Bands that must coincide, as a share."""
    min_requests: Annotated[int, Meta(ge=1, le=1_000_000)]
    """Requests that must be alike before it counts."""
    benign_rate_upper: Share
    """Upper bound of honest accounts that match."""


class Noise(msgspec.Struct, frozen=True):
    """What was added to a count."""

    mechanism: Literal["discrete-laplace"]
    """How."""
    epsilon: Annotated[float, Meta(gt=0, le=100)]
    """Privacy loss."""


class SightingPart(_Part, frozen=True, kw_only=True):
    """Of a sighting."""

    member_count_at_least: Annotated[int, Meta(ge=1, le=1000)] | None = None
    """Members that saw it, as a lower bound."""
    noise: Noise | None = None
    """Noise in its count."""


class OpinionPart(_Part, frozen=True, kw_only=True):
    """Of an opinion."""

    stance: Literal["negative", "seed", "positive"]
    """No abuse here; worth a look; abuse here."""
    docket: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,64}\Z")] | None = None
    """Shared docket of the appeal."""
    outcome: Literal["upheld", "overturned"] | None = None
    """How the appeal ended."""


PARTS: Final[dict[str, type[_Part]]] = {
    "campaign": CampaignPart,
    "grouping": GroupingPart,
    "indicator": IndicatorPart,
    "sighting": SightingPart,
    "opinion": OpinionPart,
}
"""Type of an object -> what the extension says of it."""


def made_schema() -> dict[str, Any]:
    """Make the JSON Schema of the extension out of the structs."""
    parts, components = msgspec.json.schema_components(PARTS.values(), ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_URL,
        "title": "Stillwatch: campaigns that copy models",
        "description": "What this extension says of an object, by the object's type.",
        "allOf": [
            {
                "if": {"properties": {"type": {"const": kind}}},
                "then": {"properties": {"extensions": {"properties": {EXTENSION_ID: part}}}},
            }
            for kind, part in zip(PARTS, parts, strict=True)
        ],
        "$defs": components,
    }


def schema() -> bytes:
    """Give the published JSON Schema."""
    return files("stillwatch.sharing.stix").joinpath("extension.schema.json").read_bytes()


def definition() -> list[bytes]:
    """Give the extension's definition and its author as objects."""
    head = {"spec_version": "2.1", "created": SINCE, "modified": SINCE}
    author = {"type": "identity", "id": AUTHOR_ID, "name": "Stillwatch", "identity_class": "system"}
    extension = {
        "type": "extension-definition",
        "id": EXTENSION_ID,
        "created_by_ref": AUTHOR_ID,
        "name": "Campaigns that copy models",
        "description": "Buckets, linkage, template signatures, noise and stances of model-copying campaigns.",
        "schema": SCHEMA_URL,
        "version": VERSION,
        "extension_types": ["property-extension"],
    }
    return [msgspec.json.encode(author | head | {"created_by_ref": AUTHOR_ID}), msgspec.json.encode(extension | head)]


def technique() -> bytes:
    """Give the technique as an object, with its place in MITRE ATLAS."""
    return msgspec.json.encode(
        {
            "type": "attack-pattern",
            "spec_version": "2.1",
            "id": TECHNIQUE_ID,
            "created_by_ref": AUTHOR_ID,
            "created": SINCE,
            "modified": SINCE,
            "name": "Exfiltration via AI Inference API",
            "description": "Query a model so that its answers can train another one.",
            "kill_chain_phases": [{"kill_chain_name": "mitre-atlas", "phase_name": "exfiltration"}],
            "external_references": [{"source_name": "mitre-atlas", "external_id": "AML.T0024"}],
        }
    )
