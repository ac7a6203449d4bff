"""Langfuse ``observations_v2`` export: observations of type GENERATION; others are refused by name.

``model_parameters`` and ``input`` are JSON inside strings, or, from its interface, objects and lists;
times are UTC without a zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stillwatch.ingest.readers.base import Reader
from stillwatch.model.event import Identity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stillwatch.ingest.json.paths import Path


def _recognise(record: Mapping[str, Any]) -> bool:
    return "provided_model_name" in record or ("trace_id" in record and "usage_details" in record)


_ASKED: Final = ("model_parameters",)
_PARAMETERS: Final[dict[str, tuple[Path, ...]]] = {
    "max_tokens": (("max_tokens",), ("max_completion_tokens",)),
    "temperature": (("temperature",),),
    "top_p": (("top_p",),),
    "n_choices": (("n",),),
    "seed": (("seed",),),
    "logit_bias_n": (("logit_bias",),),
    "logprobs_requested": (("top_logprobs",), ("logprobs",)),
    "reasoning_effort": (("reasoning_effort",),),
}

LANGFUSE: Final = Reader(
    name="langfuse",
    title="Langfuse observations export",
    recognise=_recognise,
    scale={"latency_ms": 1000.0, "ttft_ms": 1000.0},
    identity=Identity.HEADER,
    fields={
        **{name: tuple((*_ASKED, *path) for path in paths) for name, paths in _PARAMETERS.items()},
        "event_id": (("id",),),
        "ts_ms": (("start_time",),),
        "account_id": (("user_id",), ("project_id",)),
        "org_id": (("project_id",),),
        "end_user_id": (("user_id",),),
        "session_id": (("session_id",),),
        "parent_event_id": (("parent_observation_id",),),
        "operation": (("type",),),
        "model_requested": (("provided_model_name",),),
        "model_served": (("provided_model_name",),),
        "tokens_in": (("usage_details", "input"),),
        "tokens_out": (("usage_details", "output"),),
        "tokens_reasoning": (("usage_details", "reasoning_tokens"), ("usage_details", "output_reasoning_tokens")),
        "tokens_cached_in": (("usage_details", "input_cached_tokens"),),
        "latency_ms": (("latency",),),
        "ttft_ms": (("time_to_first_token",),),
        "cost_usd": (("cost_details", "total"),),
    },
    nested=_PARAMETERS,
    nested_in=_ASKED,
    only=("type", ("GENERATION",)),
    unwrap=True,
    request=(("input",),),
    answer=(("output",),),
)
