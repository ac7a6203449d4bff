"""What an account took away: answer lengths, reasoning, sampling, refusals and carried reasoning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.features.shares import count, distinct, only_where, ratio, total, unsaturated
from stillwatch.model.event import BINDING_MISMATCHES, REFUSAL_CATEGORIES
from stillwatch.model.profile import Feature
from stillwatch.sketches.layout import OUT_BINS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.features.shares import Columns
    from stillwatch.sketches.layout import Arrays

LONG_BIN: Final = 8
"""First answer-length bin that counts as long: 2^8 = 256 tokens."""

_SHARES: Final = (
    ("tools_share", "tools_offered", "Requests that offered tools; high in agents."),
    ("logprobs_share", "logprobs", "Requests for log-probabilities: logit probing, calibrated classifiers."),
    ("logit_bias_share", "logit_bias", "Requests that bias tokens; a sweep of them reads a model's last layer."),
    ("many_choices_share", "many_choices", "Requests for several answers to one prompt."),
    ("temperature_zero_share", "temperature_zero", "Requests without sampling noise: evaluation, field extraction."),
    ("seeded_share", "seeded", "Requests with a fixed seed."),
    ("short_max_tokens_share", "short_max_tokens", "Requests that allow at most 4 answer tokens."),
    ("logit_probe_share", "logit_probe", "Requests that bias tokens and read log-probabilities or a token or four."),
    ("effort_high_share", "effort_high", "Requests for high reasoning effort."),
)

HARVEST: Final = (
    Feature("answers_known", "requests", "Requests whose answer tokens the log gave."),
    Feature("tokens_out_mean", "tokens", "Answer tokens a request."),
    Feature("tokens_out_median", "tokens", "Median answer, read from bins that double; right within a factor 1.5."),
    Feature("long_answer_share", "share, 0 to 1", "Answers of 256 tokens or more; low in classifiers."),
    Feature("tokens_out_per_in", "tokens a token", "Answer over prompt tokens; low feeds much, high draws much."),
    Feature("reasoning_share", "share, 0 to 1", "Reasoning tokens over answer tokens, where the log gives both."),
    Feature("length_stop_share", "share, 0 to 1", "Answers cut off by the length limit."),
    Feature("refused_share", "share, 0 to 1", "Requests the provider refused, for whatever reason."),
    Feature("refused_distinct_share", "share, 0 to 1", "Different refused prompts over refused; 1 tries, low retries."),
    Feature("refused_lead", "share, -1 to 1", "How much earlier refusals came than requests, of the active time."),
    *(
        Feature(f"refusal_{name}_share", "share, 0 to 1", f"Requests refused with the provider's category {name}.")
        for name in REFUSAL_CATEGORIES
    ),
    *(
        Feature(
            f"mismatch_{name}_share", "share, 0 to 1", f"Requests whose carried reasoning was dropped: {name} differed."
        )
        for name in BINDING_MISMATCHES
    ),
    Feature("carried_events", "requests", "Requests that sent reasoning signatures or encrypted reasoning back."),
    Feature("carried_share", "share, 0 to 1", "The same over all requests; high in agents."),
    Feature("born_events", "requests", "Requests whose answer held a reasoning signature."),
    Feature("params_known", "requests", "Requests for which the log gave any sampling parameter."),
    *(Feature(name, "share, 0 to 1", meaning) for name, _, meaning in _SHARES),
)


def median_bin_tokens(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the geometric middle of the bin that holds the median answer; NaN where none is known."""
    seen = cells.sum(axis=1)
    half = np.cumsum(cells, axis=1) >= (seen / 2)[:, None]
    return only_where(2.0 ** (half.argmax(axis=1) + 0.5), seen > 0)


def _lengths(rows: Arrays) -> Columns:
    cells = unsaturated(rows.out_hist)
    known = count(rows, "tokens_out_known")
    out, tokens_in = total(rows, "tokens_out"), total(rows, "tokens_in")
    reasoning = (count(rows, "reasoning_known") > 0) & (out > 0)
    return {
        "answers_known": known,
        "tokens_out_mean": ratio(out, known),
        "tokens_out_median": median_bin_tokens(cells),
        "long_answer_share": ratio(cells[:, LONG_BIN:OUT_BINS].sum(axis=1), cells.sum(axis=1)),
        "tokens_out_per_in": only_where(ratio(out, tokens_in), known > 0),
        "reasoning_share": only_where(np.minimum(ratio(total(rows, "tokens_reasoning"), out), 1.0), reasoning),
        "length_stop_share": ratio(count(rows, "finish_length"), count(rows, "finish_known")),
    }


def _provider(rows: Arrays) -> Columns:
    events = count(rows, "events")
    refused = count(rows, "refused")
    by_category = {name: count(rows, f"refusal_{name}") for name in REFUSAL_CATEGORIES}
    # A log without the category field shows zero of each; only an account with one is known to have it.
    categorised = np.sum(list(by_category.values()), axis=0) > 0
    bound = count(rows, "mismatch_events") > 0
    columns = {
        "refused_share": only_where(ratio(refused, events), (count(rows, "finish_known") > 0) | (refused > 0)),
    }
    for name, found in by_category.items():
        columns[f"refusal_{name}_share"] = only_where(ratio(found, events), categorised)
    for name in BINDING_MISMATCHES:
        columns[f"mismatch_{name}_share"] = only_where(ratio(count(rows, f"mismatch_{name}"), events), bound)
    return columns


def _refusals(rows: Arrays) -> Columns:
    events, refused, prompts = count(rows, "events"), count(rows, "refused"), count(rows, "refused_prompts")
    span_s = (rows.last_ms - rows.first_ms) / 1000.0
    lead_s = ratio(total(rows, "ts_s"), events) - ratio(total(rows, "refused_ts_s"), refused)
    return {
        "refused_distinct_share": np.minimum(ratio(distinct(rows.refused), prompts), 1.0),
        "refused_lead": np.clip(ratio(lead_s, span_s), -1.0, 1.0),
    }


def harvest(rows: Arrays) -> Columns:
    """Measure what was taken away; one value an account."""
    events, params = count(rows, "events"), count(rows, "params_known")
    carried = count(rows, "carried_events")
    return {
        **_lengths(rows),
        **_provider(rows),
        **_refusals(rows),
        "carried_events": carried,
        "carried_share": ratio(carried, events),
        "born_events": count(rows, "born_events"),
        "params_known": params,
        **{name: ratio(count(rows, source), params) for name, source, _ in _SHARES},
    }
