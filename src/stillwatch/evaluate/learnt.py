"""A learnt model on the same features, judged the same way: gradient boosting with isotonic calibration.

Not shipped: on sources it has not seen it ranks worse than the rules. Kept so that the comparison can be run
again when there are more sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stillwatch.evaluate.peers.base import need

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.evaluate.accounts import AccountSet
    from stillwatch.evaluate.unseen import Examination

READS: Final = (
    *("distinct_share", "topic_entropy", "topics_effective", "template_share", "template_topic_entropy"),
    *("single_turn_share", "system_share", "prompt_log2", "prompt_spread_log2", "answer_log2", "answer_spread_log2"),
    *("draw_log2", "length_tie", "long_answer_share", "repeated_share", "samples_per_prompt", "system_texts"),
    *("prompt_generation_share", "prompt_evolution_share", "rubric_grading_share", "reasoning_elicitation_share"),
)
"""Features it sees: no language, no country, no text, no volume."""


def _matrix(accounts: AccountSet) -> NDArray[np.float64]:
    return np.stack([accounts.profile.column(name) for name in READS], axis=1)


def learnt_weigher(exam: Examination, training: AccountSet) -> Callable[[tuple[int, ...]], NDArray[np.float64]]:
    """Give a weigher that trains without the sources left out and answers log-odds in bits.

    Raises
    ------
    InputError
        scikit-learn is not installed.
    """
    ensemble: Any = need("sklearn.ensemble")
    calibration: Any = need("sklearn.calibration")
    threads: Any = need("threadpoolctl")
    x, of, cls = _matrix(training), training.source, training.cls
    asked = _matrix(exam.accounts)

    def weigher(left_out: tuple[int, ...]) -> NDArray[np.float64]:
        kept = ~np.isin(of, left_out)
        # Every source weighs the same within its class, and the classes weigh the same.
        many = np.bincount(of[kept], minlength=len(training.sources))
        sources_of = {k: len(set(of[kept & (cls == k)].tolist())) for k in "ABC"}
        weight = np.array([1.0 / (many[s] * sources_of[c]) for s, c in zip(of[kept], cls[kept], strict=True)])
        model = calibration.CalibratedClassifierCV(
            ensemble.HistGradientBoostingClassifier(
                max_depth=3, learning_rate=0.1, max_iter=40, l2_regularization=5.0, random_state=0
            ),
            method="isotonic",
            cv=2,
        )
        # A few thousand rows: threads would wait for each other longer than they work.
        with threads.threadpool_limits(1):
            model.fit(x[kept], cls[kept] == "A", sample_weight=weight * kept.sum())
        chance = np.clip(model.predict_proba(asked)[:, 1], 1e-4, 1 - 1e-4)
        return np.asarray(np.log2(chance / (1 - chance)))

    return weigher
