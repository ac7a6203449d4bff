"""What the description of the hub's routes says of matching: holders of keys, tags, offers, joint campaigns."""

from __future__ import annotations

from typing import Any, Final

from stillwatch.serve.hub.described import BYTES, EPOCH, HEX16, HEX32, act, given, only, record, rows, sent
from stillwatch.sharing.joint.wire import MOST_OFFERS
from stillwatch.sharing.oblivious.kinds import KINDS
from stillwatch.store.exchange.tags import MEMBER_BUCKETS

_SENDS: Final = "408 409 413 415"
_IN_EPOCH: Final = [given("epoch", EPOCH)]
_MEMBERS: Final = {"enum": list(MEMBER_BUCKETS)}
_NUMBERS: Final = {"type": "object", "additionalProperties": {"type": "number"}}
_HELD: Final = record(
    epoch=EPOCH,
    state={"enum": ["planned", "open", "overlap", "ended", "destroyed"]},
    opens_ms={"type": "integer"},
    closes_ms={"type": "integer"},
    ends_ms={"type": "integer"},
    public_key=HEX32,
    destroyed_ms={"type": ["integer", "null"]},
    log_index={"type": ["integer", "null"]},
)
_EPOCHS: Final = record(
    holder={"enum": ["hub", "custodian"]},
    suite={"const": "ristretto255-SHA512"},
    mode={"const": "VOPRF"},
    most_elements={"type": "integer"},
    budget={"type": "integer"},
    epochs=rows(_HELD),
)
_ELEMENTS: Final = {"type": "string", "format": "binary"}
OPRF: Final[dict[str, Any]] = {
    "/v1/oprf/epochs": {"get": act("Epochs of this holder's keys.", _EPOCHS, "", public=True)},
    "/v1/oprf/{epoch}/evaluate": {
        "post": act(
            "Proof (64 bytes) and evaluated elements (32 bytes each).",
            _ELEMENTS,
            f"{_SENDS} 404",
            kind=BYTES,
            parameters=[
                given("epoch", EPOCH, "path"),
                given("stillwatch-created", {"type": "string", "pattern": "^[0-9]{1,12}$"}, "header"),
                given("stillwatch-nonce", {"type": "string", "pattern": "^[0-9a-f]{32}$"}, "header"),
            ],
            requestBody=sent(_ELEMENTS, BYTES),
        )
    },
}
"""What a key holder answers, hub and custodian alike."""
_MATCH: Final = record(
    handle=HEX16, kind={"type": "string"}, tags={"type": "integer", "minimum": 1}, members_at_least=_MEMBERS
)
_MATCHES: Final = record(
    epoch=EPOCH,
    closed_ms={"type": "integer"},
    submissions_digest=HEX32,
    deleted={"type": "boolean"},
    matches=rows(_MATCH),
    answers=rows(_MATCH),
    too_common={"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}},
)
_RECEIPT: Final = record(digest=HEX32, tags={"type": "integer"}, again={"type": "boolean"})
_TAGS: Final = act(
    "A receipt: these very tags had been taken before.",
    _RECEIPT,
    _SENDS,
    parameters=[
        given("epoch", EPOCH),
        given("kind", {"enum": [one.name for one in KINDS]}),
        given("asks", {"const": "1"}, needed=False),
    ],
    requestBody=sent(_ELEMENTS, BYTES),
)
_TAGS["responses"]["201"] = {
    **_TAGS["responses"]["200"],
    "description": "A receipt: these tags were taken now.",
}
_OFFER: Final = only(
    group=HEX16,
    salt=HEX16,
    accounts={"type": "integer", "minimum": 1, "maximum": 1 << 24},
    operator_bits={"type": "number"},
    tags=rows(only(kind={"type": "string"}, value=HEX16, log_e={"type": "number"}, layers=_NUMBERS), 256),
    lines=rows(only(name={"type": "string"}, says={"type": "string"}, bits={"type": "number"}), 32),
    sketch={"type": "object", "additionalProperties": {"type": "string", "contentEncoding": "base64"}},
)
_COMMITTED: Final = only(
    detector=HEX32,
    commitments={
        "type": "object",
        "propertyNames": HEX16,
        "additionalProperties": HEX32,
        "minProperties": 1,
        "maxProperties": MOST_OFFERS,
    },
)
_HANDLES: Final = only(handles={**rows(HEX16, MOST_OFFERS), "minItems": 1})
_COUNT: Final = {"type": "integer", "minimum": 0}
_CAMPAIGN: Final = record(
    name={"type": "string"},
    members_at_least=_MEMBERS,
    handles=rows(HEX16),
    standing=rows(HEX16),
    one_operator={"type": "number"},
    extraction={"type": "number"},
    extracting={"type": "boolean"},
    log_e={"type": "number"},
    log_e_without_the_loudest={"type": "number"},
    first_seen_ms={"type": "integer"},
    layers=_NUMBERS,
    lines=rows(record(name={"type": "string"}, says={"type": "string"}, bits={"type": "number"})),
)
_JOINT: Final = record(epoch=EPOCH, joined_ms={"type": "integer"}, offers_digest=HEX32, campaigns=rows(_CAMPAIGN))
MATCHING: Final[dict[str, Any]] = {
    "/v1/tags": {"post": _TAGS},
    "/v1/matches": {
        "get": act(
            "What matched of one's own groups, and the answers to what one asked.",
            _MATCHES,
            "409",
            parameters=_IN_EPOCH,
        )
    },
    "/v1/commitments": {
        "post": act(
            "Groups that the member is bound to now.",
            record(epoch=EPOCH, groups=_COUNT),
            _SENDS,
            parameters=_IN_EPOCH,
            requestBody=sent(_COMMITTED),
        )
    },
    "/v1/offers": {
        "post": act(
            "How many offers were new.",
            record(epoch=EPOCH, taken=_COUNT),
            _SENDS,
            parameters=_IN_EPOCH,
            requestBody=sent(rows(_OFFER, MOST_OFFERS)),
        )
    },
    "/v1/withdraw": {
        "post": act(
            "Groups of which something was there, and is gone.",
            record(epoch=EPOCH, withdrawn=_COUNT),
            _SENDS,
            parameters=_IN_EPOCH,
            requestBody=sent(_HANDLES),
        )
    },
    "/v1/joint": {"get": act("Joint campaigns that one's own groups are in.", _JOINT, "409", parameters=_IN_EPOCH)},
}
"""Tags in, matches out; evidence in, joint campaigns out."""
