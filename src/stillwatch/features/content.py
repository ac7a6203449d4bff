"""What the prompts look like from outside: how many differ, how they recur, how far they range.

No word of a prompt is a feature, and neither is its language; only how prompts relate to each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.features.shares import (
    FULL16,
    count,
    distinct,
    entropy_nats,
    only_where,
    ratio,
    unsaturated,
)
from stillwatch.model.profile import Feature
from stillwatch.sketches.layout import SLOT_TOPICS, SLOTS, TOPICS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stillwatch.features.shares import Columns
    from stillwatch.sketches.layout import Arrays

MIN_TOPICS_KNOWN: Final = 10
"""Fewest prompts with a topic from which a spread of topics is read (prompts)."""

CONTENT: Final = (
    Feature("prompts_known", "prompts", "Requests whose prompt text the log held; 0 where it keeps no prompts."),
    Feature("distinct_prompts", "prompts", "Different prompts, estimated within about 7 %."),
    Feature("distinct_share", "share, 0 to 1", "Different prompts over prompts: low repeats a finite set."),
    Feature("topic_known_share", "share, 0 to 1", "Prompts whose topic the word table could tell."),
    Feature("topic_entropy", "1, 0 to 1", "Spread over the topics, bias-corrected: 0 one topic, 1 all alike."),
    Feature("topics_effective", "topics", "Topics an even spread of the same entropy would have."),
    Feature("template_share", "share, 0 to 1", "Requests with the commonest fixed beginning, ending or system text."),
    Feature("template_topic_entropy", "1, 0 to 1", "Spread of coarse topics under the commonest prompt template."),
    Feature("system_share", "share, 0 to 1", "Requests with a system or developer text."),
    Feature("turns_known", "requests", "Requests whose number of user turns the log gave."),
    Feature("single_turn_share", "share, 0 to 1", "Requests without earlier turns; low is a conversation or an agent."),
)


def _topics(rows: Arrays) -> Columns:
    cells = unsaturated(rows.topics)
    enough = cells.sum(axis=1) >= MIN_TOPICS_KNOWN
    nats = only_where(entropy_nats(cells), enough)
    return {"topic_entropy": nats / np.log(TOPICS), "topics_effective": np.exp(nats)}


def template_share(rows: Arrays) -> NDArray[np.float64]:
    """Estimate the share of requests with the commonest template key.

    Notes
    -----
    Keys fall into eight slots by hash, so every slot also holds an eighth of all the rare keys. The
    median of the other slots estimates that floor; unlike their mean it stays a floor when an
    account has two or three fixed texts (system, beginning, ending). Blind spot: below about 50
    requests chance alone makes 0.1 to 0.2.
    """
    slots = np.sort(rows.slot_count.astype(np.float64), axis=1)
    excess = slots[:, -1] - np.median(slots[:, :-1], axis=1)
    share = np.clip(ratio(excess, count(rows, "events")), 0.0, 1.0)
    return only_where(share, slots[:, -1] > 0)


def _template_topics(rows: Arrays) -> NDArray[np.float64]:
    cells = rows.slot_topics.reshape(-1, SLOTS, SLOT_TOPICS)
    largest = cells.sum(axis=2, dtype=np.int64).argmax(axis=1)
    kept = cells[np.arange(cells.shape[0]), largest].astype(np.float64)
    kept[(kept == FULL16).any(axis=1)] = np.nan
    enough = kept.sum(axis=1) >= MIN_TOPICS_KNOWN
    return only_where(entropy_nats(kept) / np.log(SLOT_TOPICS), enough)


def content(rows: Arrays) -> Columns:
    """Measure the shape of the prompts; one value an account."""
    prompts = count(rows, "prompt_known")
    different = only_where(distinct(rows.hll), prompts > 0)
    system = count(rows, "system_present")
    turns = count(rows, "turns_known")
    return {
        "prompts_known": prompts,
        "distinct_prompts": np.minimum(different, np.maximum(prompts, 1.0)),
        "distinct_share": np.minimum(ratio(different, prompts), 1.0),
        "topic_known_share": ratio(prompts - count(rows, "topic_unknown"), prompts),
        **_topics(rows),
        "template_share": template_share(rows),
        "template_topic_entropy": _template_topics(rows),
        # Without any text the log cannot show a system text either.
        "system_share": only_where(ratio(system, count(rows, "events")), (prompts > 0) | (system > 0)),
        "turns_known": turns,
        "single_turn_share": ratio(count(rows, "single_turn"), turns),
    }
