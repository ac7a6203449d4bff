"""The one normalised request event: its fields, their units and their privacy classes.

Readers turn nine log formats into batches of the *raw* schema (identifiers still as text); the
door (``ingest.door``) turns those into batches of the *event* schema, in which every identifier is
a keyed 64-bit pseudonym. Both are columns of one Arrow record batch. Nothing here reads or keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

import pyarrow as pa


class Privacy(Enum):
    """What may happen to a field. The order is the order of sensitivity."""

    P0 = "operational; may be shared as counts"
    P1 = "pseudonymous identifier; keyed before storage, never leaves"
    P2 = "network or payment identifier; keyed, only blinded tokens may leave"
    P3 = "content; never stored by default, becomes sketches"
    P4 = "direct personal data; refused by name at ingest"


@dataclass(frozen=True, slots=True)
class EventField:
    """One column of an event batch."""

    name: str
    """Column name, unit included where one exists."""
    raw: pa.DataType
    """Arrow type as a reader delivers it."""
    keyed: pa.DataType
    """Arrow type after the door; equal to ``raw`` where nothing is keyed."""
    privacy: Privacy
    """Privacy class."""
    unit: str
    """Unit, or what the value counts."""
    meaning: str
    """One sentence: what it says and where it comes from."""


_STR, _I64, _I32, _I16 = pa.string(), pa.int64(), pa.int32(), pa.int16()
_F32, _U8, _BOOL = pa.float32(), pa.uint8(), pa.bool_()
_TEXT = pa.large_binary()
_HASHES = pa.list_(pa.int64())
_STRINGS = pa.list_(pa.string())


def _plain(name: str, kind: pa.DataType, unit: str, meaning: str) -> EventField:
    return EventField(name, kind, kind, Privacy.P0, unit, meaning)


def _coded(name: str, meaning: str) -> EventField:
    return EventField(name, _STR, _U8, Privacy.P0, "code", meaning)


def _keyed(name: str, privacy: Privacy, meaning: str) -> EventField:
    return EventField(name, _STR, _I64, privacy, "keyed 64-bit id", meaning)


OPERATIONS: Final = ("chat", "responses", "messages", "completion", "embeddings", "batch", "tool", "other")
"""Codes of ``operation``: what kind of call it was."""

FINISH_REASONS: Final = ("stop", "length", "tool_use", "refusal", "content_filter", "error", "other")
"""Codes of ``finish_reason``: why the model stopped."""

REFUSAL_CATEGORIES: Final = (
    "frontier_llm",
    "reasoning_extraction",
    "cyber",
    "bio",
    "general_harms",
    "other",
)
"""Codes of ``refusal_category``: the provider's own reason for refusing (anthropic 2.12 ``stop_details``)."""

BINDING_MISMATCHES: Final = ("organization", "end_user", "model", "prefix", "turn_boundary")
"""Bits of ``binding_mismatch``: why carried reasoning was dropped by the provider (``input_transformations``)."""

REASONING_EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh")
"""Codes of ``reasoning_effort``."""

RESPONSE_FORMATS: Final = ("text", "json_object", "json_schema")
"""Codes of ``response_format``."""

CODES: Final[dict[str, tuple[str, ...]]] = {
    "operation": OPERATIONS,
    "finish_reason": FINISH_REASONS,
    "refusal_category": REFUSAL_CATEGORIES,
    "reasoning_effort": REASONING_EFFORTS,
    "response_format": RESPONSE_FORMATS,
}
"""Field name -> its words; the code of a word is its index."""

P1, P2, P3 = Privacy.P1, Privacy.P2, Privacy.P3

EVENT_FIELDS: Final[tuple[EventField, ...]] = (
    _keyed(
        "event_id", P1, "Identity of the call, for counting each call once; the source position where the log has none."
    ),
    _plain("ts_ms", _I64, "ms since 1970-01-01 UTC", "When the request arrived."),
    _keyed(
        "account_id",
        P1,
        "Who is billed: team, consumer, organisation or key, whichever the log or the account map names.",
    ),
    _keyed("credential_id", P1, "The API key used (already a hash in most logs)."),
    _keyed("org_id", P1, "The organisation the account belongs to; the same-owner test of replay rests on it."),
    _keyed("end_user_id", P1, "The customer's own user, as the customer declared it."),
    _keyed("session_id", P1, "Conversation or session."),
    _keyed("parent_event_id", P1, "The earlier call this one continues."),
    _coded("operation", "Kind of call, one of OPERATIONS."),
    _plain("model_requested", _STR, "name", "Model named in the request."),
    _plain("model_served", _STR, "name", "Model that answered."),
    _plain("status", _I16, "HTTP status", "Outcome of the call; 200 where the log only says success."),
    _coded("finish_reason", "Why the answer ended, one of FINISH_REASONS."),
    _coded("refusal_category", "The provider's own refusal category, one of REFUSAL_CATEGORIES."),
    EventField(
        "binding_mismatch",
        _STRINGS,
        _U8,
        Privacy.P0,
        "bit set",
        "Reasons the provider gave for dropping carried reasoning; bits of BINDING_MISMATCHES.",
    ),
    _plain("tokens_in", _I32, "tokens", "Prompt tokens billed."),
    _plain("tokens_out", _I32, "tokens", "Completion tokens billed."),
    _plain("tokens_reasoning", _I32, "tokens", "Reasoning tokens inside the completion."),
    _plain("tokens_cached_in", _I32, "tokens", "Prompt tokens served from a cache."),
    _plain("max_tokens", _I32, "tokens", "Ceiling the caller asked for."),
    _plain("temperature", _F32, "1", "Sampling temperature."),
    _plain("top_p", _F32, "1", "Nucleus sampling mass."),
    _plain("n_choices", _I16, "answers", "Answers asked for per prompt."),
    _plain("seed", _I64, "1", "Sampling seed, where the caller fixed one."),
    _plain(
        "logprobs_requested",
        _I16,
        "log-probabilities a token",
        "0 where log-probabilities were asked for without alternatives.",
    ),
    _plain("logit_bias_n", _I16, "tokens", "Number of tokens biased."),
    _coded("reasoning_effort", "Effort asked for, one of REASONING_EFFORTS."),
    _coded("response_format", "Shape asked for, one of RESPONSE_FORMATS."),
    _plain("n_tools", _I16, "tools", "Tools offered to the model."),
    _plain("stream", _BOOL, "yes or no", "Whether the answer was streamed."),
    _plain("store", _BOOL, "yes or no", "Whether the caller asked the provider to keep the exchange."),
    _plain("batch", _BOOL, "yes or no", "Whether the call came through a batch interface."),
    _plain("latency_ms", _F32, "ms", "Request to last byte."),
    _plain("ttft_ms", _F32, "ms", "Request to first token."),
    _plain("cost_usd", _F32, "US dollars", "List cost of the call."),
    EventField("client_ip", _STR, _I64, P2, "keyed 64-bit id", "Caller's address."),
    EventField(
        "client_net",
        _STR,
        _I64,
        P2,
        "keyed 64-bit id",
        "Caller's network, /24 or /48; derived from client_ip where absent.",
    ),
    _plain("asn", _I32, "AS number", "Autonomous system of the caller, where the log was enriched."),
    _keyed("user_agent", P2, "Client software as it calls itself."),
    _plain("client_lib", _STR, "name", "SDK family taken from the user agent, such as openai-python."),
    _keyed("ja4", P2, "TLS client fingerprint (JA4)."),
    _plain("n_messages", _I16, "messages", "Messages in the request."),
    _plain("n_turns", _I16, "turns", "User turns in the request; 1 is a single-turn request."),
    EventField("prompt", _TEXT, _TEXT, P3, "UTF-8 bytes", "Text of the last user turn. Dropped after the fold."),
    EventField("system", _TEXT, _TEXT, P3, "UTF-8 bytes", "System or developer text. Dropped after the fold."),
    EventField("completion", _TEXT, _TEXT, P3, "UTF-8 bytes", "Text of the answer. Dropped after the fold."),
    _plain("completion_chars", _I32, "bytes of UTF-8", "Length of the answer text."),
    EventField(
        "artefacts_carried",
        _STRINGS,
        _HASHES,
        P1,
        "keyed 64-bit ids",
        "Signatures or encrypted reasoning blocks sent back in the request.",
    ),
    EventField(
        "artefacts_born",
        _STRINGS,
        _HASHES,
        P1,
        "keyed 64-bit ids",
        "Signatures or encrypted reasoning blocks in the answer.",
    ),
)
"""Every column, in order. The reference page of the docs is checked against it."""

RAW_SCHEMA: Final = pa.schema([pa.field(f.name, f.raw) for f in EVENT_FIELDS])
"""What a reader delivers: identifiers as the log wrote them."""

EVENT_SCHEMA: Final = pa.schema([pa.field(f.name, f.keyed) for f in EVENT_FIELDS])
"""What the fold takes: identifiers keyed, words coded."""

FORBIDDEN: Final = (
    "user_email",
    "email",
    "e_mail",
    "phone",
    "phone_number",
    "full_name",
    "first_name",
    "last_name",
    "street_address",
    "card_number",
    "pan",
    "iban",
    "ssn",
    "passport",
    "date_of_birth",
    "dob",
)
"""Names of class P4: a native file or account map with such a column is refused; other formats never read them."""


class Identity(Enum):
    """How an event's account was found."""

    KEY = "the gateway authenticated it"
    HEADER = "a header or body field the caller controls"
    ABSENT = "the log does not say"


class Clock(Enum):
    """Where an event's time comes from."""

    LOG = "the log's own arrival time"
    RESPONSE = "the provider's creation time of the answer"
    INGEST = "the time of reading; rhythm cannot be judged"


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a source can and cannot say, the same for every event of one reader."""

    reader: str
    """Name of the reader, such as ``litellm``."""
    identity: Identity
    """How accounts are known."""
    clock: Clock
    """How times are known."""


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Some events of one source, in columns."""

    columns: pa.RecordBatch
    """Columns of EVENT_SCHEMA; a value that the source cannot give is null."""
    provenance: Provenance
    """Where they come from."""

    def __len__(self) -> int:
        """Count the events."""
        return int(self.columns.num_rows)


@dataclass(frozen=True, slots=True)
class Reject:
    """One record that could not become an event, and why."""

    file: str
    """Path as given, or ``-`` for standard input."""
    line: int
    """1-based line or record number."""
    field: str
    """Field that was wrong, or ``record`` for the whole of it."""
    reason: str
    """What was wrong, without any of the record's content."""
