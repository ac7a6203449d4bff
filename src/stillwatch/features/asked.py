"""What prompts ask for, as far as families of phrases and public prompt sets tell: shares, never a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.features.shares import count, ratio
from stillwatch.model.profile import Feature
from stillwatch.sketches.layout import PHRASES

if TYPE_CHECKING:
    from stillwatch.features.shares import Columns
    from stillwatch.sketches.layout import Arrays

_MEANING: Final = {
    "reasoning_elicitation": "ask for hidden or earlier reasoning to be written out",
    "thinking_format": "force reasoning into tags or a set language before the answer",
    "memory_translation": "ask for working memory to be translated",
    "anti_filter": "argue with a filter: do not flag, this is expected and safe",
    "prompt_generation": "ask for batches of new tasks or prompts",
    "prompt_evolution": "ask for a prompt to be made harder or more complex",
    "rubric_grading": "ask for answers to be graded or compared",
    "critique_repair": "ask for answers or reasoning to be criticised, cleaned or normalised",
    "safety_rewrite": "ask for answers that a censor would pass",
    "identity_override": "tell the model that it is another vendor's",
}

ASKED: Final = (
    *(Feature(f"{name}_share", "share, 0 to 1", f"Prompts that {_MEANING[name]}.") for name in PHRASES),
    Feature("corpus_share", "share, 0 to 1", "Prompts that stand in a public prompt set; unknown without a filter."),
)


def asked(rows: Arrays, *, corpus: bool) -> Columns:
    """Measure what is asked for; one value an account. ``corpus`` says whether a filter was given."""
    prompts = count(rows, "prompt_known")
    known = ratio(count(rows, "corpus_found"), prompts)
    return {
        **{f"{name}_share": ratio(count(rows, f"phrase_{name}"), prompts) for name in PHRASES},
        "corpus_share": known if corpus else np.full(prompts.shape[0], np.nan),
    }
