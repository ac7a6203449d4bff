"""Read what a request asks for. Everything in it is a stranger's: what is not of its type is left out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

from stillwatch.enforcement.barriers.carried import artefacts_of
from stillwatch.enforcement.barriers.logprobs import INCLUDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stillwatch.enforcement.barriers.base import Shape
    from stillwatch.serve.gateway.ports import Record

MOST_TEXT: Final = 1 << 20
"""Most characters of prompt or system text in a record."""
_OPERATION: Final = {
    "chat": "chat",
    "responses": "responses",
    "completion": "completion",
    "messages": "messages",
    "embeddings": "embeddings",
    "other": "other",
}
_MARKERS: Final = (b'"thinking"', b'"redacted_thinking"', b'"reasoning"', b'"compaction"')
_USER: Final = ("user", "human")
_SYSTEM: Final = ("system", "developer")
_TEXTS: Final = ("text", "input_text", "output_text")
_NONE: Final = msgspec.Raw()


class _Asked(msgspec.Struct):
    model: Any = None
    stream: Any = None
    store: Any = None
    n: Any = None
    seed: Any = None
    user: Any = None
    safety_identifier: Any = None
    previous_response_id: Any = None
    metadata: Any = None
    max_tokens: Any = None
    max_completion_tokens: Any = None
    max_output_tokens: Any = None
    temperature: Any = None
    top_p: Any = None
    logprobs: Any = None
    top_logprobs: Any = None
    include: Any = None
    logit_bias: Any = None
    reasoning_effort: Any = None
    reasoning: Any = None
    effort: Any = None
    response_format: Any = None
    text: Any = None
    messages: msgspec.Raw = _NONE
    input: msgspec.Raw = _NONE
    prompt: msgspec.Raw = _NONE
    system: msgspec.Raw = _NONE
    instructions: msgspec.Raw = _NONE
    tools: msgspec.Raw = _NONE
    functions: msgspec.Raw = _NONE


class _Turn(msgspec.Struct):
    role: Any = None
    type: Any = None
    content: msgspec.Raw = _NONE


_FIELDS: Final = msgspec.json.Decoder(_Asked)
_TURNS: Final = msgspec.json.Decoder(list[_Turn])
_COUNTED: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ANY: Final = msgspec.json.Decoder()
_ERRORS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_asked(shape: Shape, body: bytes) -> Record:
    """Read the fields of a request.

    Parameters
    ----------
    shape
        Form of the body.
    body
        The body as it came.

    Returns
    -------
    Record
        Fields of RAW_SCHEMA that the request says; those it does not say are missing.

    Notes
    -----
    Texts that are not needed are skipped, not decoded. Blind spot: a request that is no JSON object says nothing but
    its operation; the upstream will refuse it.
    """
    record: Record = {"operation": _OPERATION[shape]}
    if shape == "other" or not body:
        return record
    try:
        asked = _FIELDS.decode(body)
    except _ERRORS:
        return record
    _plain(record, asked)
    _texts(record, asked, shape)
    carried = _carried(body)
    if carried:
        record["artefacts_carried"] = carried
    return {name: value for name, value in record.items() if value is not None}


def _plain(record: Record, asked: _Asked) -> None:
    logprobs = asked.top_logprobs if asked.top_logprobs is not None else asked.logprobs
    if logprobs is None and isinstance(asked.include, list) and INCLUDED in asked.include:
        logprobs = 0
    if logprobs is False:
        logprobs = None
    metadata = asked.metadata if isinstance(asked.metadata, dict) else {}
    reasoning = asked.reasoning if isinstance(asked.reasoning, dict) else {}
    shaped = asked.text.get("format") if isinstance(asked.text, dict) else asked.response_format
    record["model_requested"] = text(asked.model)
    record["stream"] = asked.stream is True
    record["store"] = asked.store if isinstance(asked.store, bool) else None
    record["n_choices"] = small(whole_number(asked.n))
    record["seed"] = whole_number(asked.seed, 1 << 62)
    ceilings = (asked.max_completion_tokens, asked.max_tokens, asked.max_output_tokens)
    record["max_tokens"] = next((n for n in map(whole_number, ceilings) if n is not None), None)
    record["temperature"] = number(asked.temperature)
    record["top_p"] = number(asked.top_p)
    record["logprobs_requested"] = small(int(logprobs) * (logprobs is not True)) if isinstance(logprobs, int) else None
    record["logit_bias_n"] = small(len(asked.logit_bias)) if isinstance(asked.logit_bias, dict) else None
    record["reasoning_effort"] = text(asked.reasoning_effort) or text(reasoning.get("effort")) or text(asked.effort)
    record["response_format"] = text(shaped.get("type")) if isinstance(shaped, dict) else None
    record["end_user_id"] = text(asked.safety_identifier) or text(asked.user) or text(metadata.get("user_id"))
    record["parent_event_id"] = text(asked.previous_response_id)
    try:
        offered = [len(_COUNTED.decode(tools)) for tools in (asked.tools, asked.functions) if tools]
        record["n_tools"] = small(sum(offered)) if offered else None
    except _ERRORS:
        record["n_tools"] = None


def _texts(record: Record, asked: _Asked, shape: Shape) -> None:
    said = asked.messages or (asked.input if shape != "completion" else asked.prompt)
    system = [*_pieces(asked.system), *_pieces(asked.instructions)]
    try:
        turns = _TURNS.decode(said) if said else []
    except _ERRORS:
        turns = None  # a plain text, or a list of texts
    if turns is None or shape in {"embeddings", "completion"}:
        record["prompt"] = _joined(_pieces(said))
        record["n_messages"] = record["n_turns"] = 1
    elif turns:
        users = [turn for turn in turns if turn.role in _USER]
        record["n_messages"] = small(len(turns))
        record["n_turns"] = small(len(users))
        # A turn that only brings results of tools is no prompt: the one before it was.
        for turn in reversed(users):
            if prompt := _joined(_pieces(turn.content)):
                record["prompt"] = prompt
                break
        system += [piece for turn in turns if turn.role in _SYSTEM for piece in _pieces(turn.content)]
    record["system"] = _joined(system) or None


def _pieces(raw: msgspec.Raw) -> list[str]:
    """Give the texts of a content: a string, or a list of strings and of parts that say text."""
    if not raw:
        return []
    try:
        given = _ANY.decode(raw)
    except _ERRORS:
        return []
    if isinstance(given, str):
        return [given]
    if not isinstance(given, list):
        return []
    parts = (part if isinstance(part, str) else _part(part) for part in given)
    return [part for part in parts if part]


def _part(part: Any) -> str | None:  # noqa: ANN401
    return text(part.get("text")) if isinstance(part, dict) and part.get("type", "text") in _TEXTS else None


def _joined(pieces: list[str]) -> str:
    return "\n".join(pieces)[:MOST_TEXT]


def _carried(body: bytes) -> list[str]:
    if not any(marker in body for marker in _MARKERS):
        return []
    try:
        tree = _ANY.decode(body)
    except _ERRORS:
        return []
    return carried_in(tree)


def carried_in(tree: Any) -> list[str]:  # noqa: ANN401
    """Give the reasoning artefacts that a decoded request carries.

    Examples
    --------
    >>> carried_in({"input": [{"type": "reasoning", "encrypted_content": "c2ln"}]})
    ['c2ln']
    """
    return [artefact for block in _blocks(tree) for artefact in artefacts_of(block)]


def _blocks(tree: Any) -> Iterator[Any]:  # noqa: ANN401
    if not isinstance(tree, dict):
        return
    for name in ("messages", "input"):
        items = tree.get(name)
        for item in items if isinstance(items, list) else ():
            yield item
            for inner in ("content", "thinking_blocks", "reasoning_details"):
                blocks = item.get(inner) if isinstance(item, dict) else None
                yield from blocks if isinstance(blocks, list) else ()


def text(value: Any) -> str | None:  # noqa: ANN401
    """Give a value that is a text, else None."""
    return value if isinstance(value, str) else None


def whole_number(value: Any, most: int = 1 << 31) -> int | None:  # noqa: ANN401
    """Give a value that is a whole number within bounds, else None."""
    return value if type(value) is int and -most < value < most else None


def small(value: int | None) -> int | None:
    """Give a count as a record holds it: more than 32,767 is 32,767."""
    return value if value is None else min(value, 32_767)


def number(value: Any) -> float | None:  # noqa: ANN401
    """Give a value that is a finite number, else None."""
    return float(value) if type(value) in {int, float} and math.isfinite(value) and abs(value) < 1e38 else None
