"""Spans of OpenTelemetry, as OTLP/HTTP carries them (JSON or protobuf), to the records that the reader ``otel`` reads.

Only spans with an attribute ``gen_ai.*`` are model calls; others are passed over and counted. Attributes of a span's
events (input and output messages stand there, too) are taken where the span has none of that name.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from stillwatch.model.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_GENAI: Final = "gen_ai."
_DEPTH: Final = 20
"""Deepest value of an attribute."""


def lines_of_json(body: bytes) -> tuple[bytes, int]:
    """Read an export in JSON: records, one a line, and how many spans were no model calls.

    Raises
    ------
    FormatError
        It is no OTLP export.
    """
    try:
        request = json.loads(body)
        spans = [
            _span(span, _of_json)
            for resource in request["resourceSpans"]
            for scope in resource.get("scopeSpans", ())
            for span in scope.get("spans", ())
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(
            "the body is no OTLP/HTTP export of spans in JSON (resourceSpans, scopeSpans, spans)"
        ) from error
    return _lines(spans)


def lines_of_protobuf(body: bytes) -> tuple[bytes, int]:
    """Read an export in protobuf: records, one a line, and how many spans were no model calls.

    Raises
    ------
    FormatError
        It is no OTLP export.
    """
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
        spans = [
            {
                "traceId": span.trace_id.hex(),
                "spanId": span.span_id.hex(),
                "parentSpanId": span.parent_span_id.hex(),
                "startTimeUnixNano": str(span.start_time_unix_nano),
                "endTimeUnixNano": str(span.end_time_unix_nano),
                "attributes": _merged(
                    {one.key: _of_proto(one.value, 0) for one in span.attributes},
                    ({one.key: _of_proto(one.value, 0) for one in event.attributes} for event in span.events),
                ),
            }
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
    except (DecodeError, RecursionError, ValueError) as error:
        raise FormatError("the body is no OTLP/HTTP export of spans in protobuf") from error
    return _lines(spans)


def _span(span: dict[str, Any], value: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON holds
    names = ("traceId", "spanId", "parentSpanId", "startTimeUnixNano", "endTimeUnixNano")
    kept = {name: span[name] for name in names if name in span}
    own = {one["key"]: value(one["value"], 0) for one in span.get("attributes", ())}
    events = (
        {one["key"]: value(one["value"], 0) for one in event.get("attributes", ())} for event in span.get("events", ())
    )
    return {**kept, "attributes": _merged(own, events)}


def _merged(own: dict[str, Any], events: Iterable[dict[str, Any]]) -> dict[str, Any]:
    for event in events:
        own |= {name: value for name, value in event.items() if name.startswith(_GENAI) and name not in own}
    return own


def _of_json(value: dict[str, Any], depth: int) -> Any:  # noqa: ANN401 - whatever JSON holds
    if depth > _DEPTH:
        raise ValueError("too deep")
    (kind, held), *_ = value.items()
    if kind == "arrayValue":
        return [_of_json(one, depth + 1) for one in held.get("values", ())]
    if kind == "kvlistValue":
        return {one["key"]: _of_json(one["value"], depth + 1) for one in held.get("values", ())}
    return int(held) if kind == "intValue" else held


def _of_proto(value: Any, depth: int) -> Any:  # noqa: ANN401 - generated types
    if depth > _DEPTH:
        raise ValueError("too deep")
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    held = getattr(value, kind)
    if kind == "array_value":
        return [_of_proto(one, depth + 1) for one in held.values]
    if kind == "kvlist_value":
        return {one.key: _of_proto(one.value, depth + 1) for one in held.values}
    return held.hex() if isinstance(held, bytes) else held


def _lines(spans: list[dict[str, Any]]) -> tuple[bytes, int]:
    calls = [span for span in spans if any(name.startswith(_GENAI) for name in span["attributes"])]
    return b"".join(_encoded(calls)), len(spans) - len(calls)


def _encoded(spans: list[dict[str, Any]]) -> Iterator[bytes]:
    for span in spans:
        yield json.dumps(span, separators=(",", ":")).encode()
        yield b"\n"
