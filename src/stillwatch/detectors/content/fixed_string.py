"""One fixed text in nearly every request that some other accounts send as well. Weak: tutorials and teams do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.weights.kinds import over
from stillwatch.detectors.weights.likelihood import BITS, Beta, log_beta_binomial, wilson
from stillwatch.detectors.weights.words import counted, percent, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "fixed_string"
FEW: Final = 3.0
"""Accounts from which a text is shared; fewer are one customer's (accounts)."""
MANY: Final = 10.0
"""Accounts from which it is more than one team's (accounts)."""
POPULAR: Final = 5_000.0
"""Accounts beyond which it is a framework's default (accounts)."""
POPULAR_SHARE: Final = 0.05
"""Share of all accounts beyond which it is one as well, 0 to 1."""
LARGE: Final = 1_000
"""Fewest accounts in a log of which a share says how popular a text is (accounts)."""
_MOST: Final = 64.0
_FIXED, _LOOSE = Beta(19.0, 1.0), Beta(1.0, 2.0)
_KINDS: Final = ("nobody else", "a few accounts", "many accounts", "so many that it is a common default")
_EXTRACTION: Final = np.array([0.13, 0.06, 0.26, 0.11])
_HONEST: Final = np.array([0.17, 0.04, 0.065, 0.11])
_LOOSE_KINDS: Final = np.array([0.7, 0.1, 0.1, 0.1])


def kind_of_sharing(accounts: NDArray[np.float64], everybody: int) -> NDArray[np.int64]:
    """Say who else sends the text: 0 nobody, 1 a few, 2 many, 3 everybody.

    Parameters
    ----------
    accounts
        Accounts whose commonest text is the same, shape (n,).
    everybody
        Accounts in the log; a share of a small log, or of a part of one, says nothing.
    """
    share = accounts / max(everybody, 1)
    popular = (accounts > POPULAR) | ((everybody >= LARGE) & (share > POPULAR_SHARE) & (share <= 1.0))
    return np.where(popular, 3, (accounts >= FEW).astype(np.int64) + (accounts >= MANY))


def fixed_bits(
    share: NDArray[np.float64], requests: NDArray[np.float64], kind: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Weigh the share of requests with the text and who else sends it."""
    n = np.minimum(requests, _MOST)
    fixed, loose = (log_beta_binomial(share * n, n, rate) for rate in (_FIXED, _LOOSE))
    sides = [
        np.logaddexp(np.log(table[kind]) + fixed, np.log((1 - table.sum()) * _LOOSE_KINDS[kind]) + loose)
        for table in (_EXTRACTION, _HONEST)
    ]
    return np.asarray(BITS * (sides[0] - sides[1]))


def _weigh(
    share: NDArray[np.float64], requests: NDArray[np.float64], kind: NDArray[np.int64]
) -> list[NDArray[np.float64]]:
    def bits(at: NDArray[np.float64]) -> NDArray[np.float64]:
        return fixed_bits(at, requests, kind)

    return over(bits, (share,), *((end,) for end in wilson(share, np.minimum(requests, _MOST))))


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        kind = int(kind_of_sharing(np.array([at["template_accounts"]]), len(profile))[0])
        return (
            f"{percent(at['template_share'])} of {whole(at['events'])} requests hold one fixed text, which is the "
            f"commonest of {counted(at['template_accounts'], 'account')}: shared with {_KINDS[kind]}"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh a fixed text and who else sends it; one answer an account."""
    gate = Gate(
        (
            (
                missing(profile, *DETECTOR.requires),
                "the log holds no prompt or system text, so no fixed text can be seen",
            ),
            (
                fewer(profile.column("events"), config.min_events),
                f"fewer than {config.min_events} requests, too few to tell a fixed text from chance",
            ),
        )
    )
    able = gate.reason == 0
    kind = kind_of_sharing(profile.column("template_accounts")[able], len(profile))
    weights = _weigh(profile.column("template_share")[able], profile.column("events")[able], kind)
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, weights, _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="one fixed text in every request, shared with other accounts",
    group="content",
    needs=("prompt", "system"),
    reads=("events", "template_share", "template_accounts"),
    requires=("events", "template_share", "template_accounts"),
    weight_model=(
        "A fixed text is in nearly every request (Beta(19, 1)) or in some (Beta(1, 2)); at most 64 requests count; "
        "every rate is a judgement. Fixed and shared by 10 to 5,000 accounts: 26 % of extracting, 6.5 % of honest "
        "accounts (tutorials, classes, agencies, small frameworks): +2 bits; by 3 to 9: 6 % against 4 % (one team's "
        "accounts): +0.6; alone: 13 % against 17 %: -0.4; by more than 5,000, or by more than 5 % of a log of 1,000 "
        "accounts or more: 11 % of both, a framework's default: 0. Without a fixed text: 44 % against 61.5 %: -0.5. "
        "Low and high: the same over the 90 % Wilson interval of the share."
    ),
    blind_spot=(
        "Texts that vary by a word, or that stand in the middle of a prompt; one text of several that rotate; whether "
        "the accounts that share a text are one customer's; a common default that a campaign hides behind."
    ),
    benign_twins=(
        "SDK boilerplate, a framework's default, a prompt from a tutorial, classes, one firm's accounts. How rare the "
        "text is, and what else links the accounts that send it, is for campaigns to judge; alone it stays at 2 bits."
    ),
    would_change=(
        "The public source of the text (a framework's default, a course, a vendor's prompt); an owner who stands "
        "behind all accounts that share it."
    ),
    references=(
        "Anthropic, threat report of September 2026: GTG-16005, one fixed prompt injected into every request",
        "Advisory AA26-251A (2026): the same template in many accounts",
    ),
    examine=examine,
)
