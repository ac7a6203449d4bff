"""Talk about distillation is not distillation: what prompts are about weighs nothing, whatever the words."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from stillwatch.config import DEFAULT
from stillwatch.detectors import combine, examine_all
from stillwatch.engine.local import LocalEngine
from stillwatch.looking import profile_engine
from stillwatch.model.event import EVENT_SCHEMA, Clock, EventBatch, Identity, Provenance
from stillwatch.sketches.state import Keys

PLACE = Provenance("test", Identity.KEY, Clock.LOG)
START_MS = 1_793_577_600_000
QUESTIONS = (
    "How does knowledge distillation transfer what a teacher model knows to a student?",
    "Summarise the news about model extraction attacks on language model providers.",
    "Which licence lets me fine-tune an open model on the outputs of my own model?",
    "Write a training loop that distils our own large model into a small one.",
    "Why did the provider accuse somebody of distilling its reasoning traces?",
    "Draft a blog post on defending an API against distillation and model stealing.",
    "Was ist Modelldestillation, und wann ist sie erlaubt?",
    "什么是知识蒸馏,老师模型和学生模型有什么区别",
)
OTHER = {
    "distillation": "photography",
    "distilling": "rehearsing",
    "distils": "adapts",
    "extraction": "decoration",
    "stealing": "painting",
    "teacher": "gardener",
    "student": "visitor",
    "reasoning": "furniture",
    "traces": "shelve",
}


def totals(texts: tuple[str, ...]) -> tuple[np.ndarray, dict[str, float]]:
    """Fold one account that asks these again and again with small changes, as a person or a script would."""
    n = 240
    rng = np.random.default_rng(3)
    prompts = [f"{texts[k % len(texts)]} ({k})".encode() for k in range(n)]
    made: dict[str, object] = {
        "event_id": np.arange(1, n + 1),
        "account_id": np.full(n, 7),
        "ts_ms": START_MS + np.cumsum(rng.integers(20_000, 9_000_000, n)),
        "prompt": pa.array(prompts, pa.large_binary()),
        "tokens_out": np.full(n, 300, np.int32),
        "n_turns": np.full(n, 1, np.int16),
    }
    arrays = [pa.array(made[f.name]).cast(f.type) if f.name in made else pa.nulls(n, f.type) for f in EVENT_SCHEMA]
    engine = LocalEngine(Keys(1, 2), DEFAULT)
    engine.fold(EventBatch(pa.RecordBatch.from_arrays(arrays, schema=EVENT_SCHEMA), PLACE))
    examined = examine_all(profile_engine(engine), DEFAULT)
    asked = {one.detector: float(one.weight_bits[0]) for one in examined}
    return combine(examined, DEFAULT).total_bits, asked


def test_talk_about_distillation_weighs_what_other_talk_of_the_same_shape_weighs() -> None:
    pattern = re.compile("|".join(OTHER), re.IGNORECASE)
    plain = tuple(pattern.sub(lambda found: OTHER[found.group().lower()], text) for text in QUESTIONS)

    about, by = totals(QUESTIONS)
    other, other_by = totals(plain)

    assert plain != QUESTIONS
    assert abs(about[0] - other[0]) < 0.25
    for detector in ("reasoning_elicitation", "prompt_factory", "judging", "safety_rewrite", "identity_override"):
        assert by[detector] <= 0.0, detector
        assert abs(by[detector] - other_by[detector]) < 0.05, detector
