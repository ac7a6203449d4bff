"""Few prompts asked over and over while tokens are biased and their probabilities read: a model's last layer."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.weights.alike import alike
from stillwatch.detectors.weights.kinds import Kind, kind_bits
from stillwatch.detectors.weights.likelihood import Beta, log_beta_binomial, log_normal, wilson
from stillwatch.detectors.weights.words import percent, rounded, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "logit_probing"
_HLL_ERROR: Final = 0.065
_ANY: Final = Beta(1.0, 1.0)
_STRAY: Final = Beta(0.05, 200.0)


class _Cause(NamedTuple):
    extraction: float
    honest: float
    probes: Beta
    per_prompt: tuple[float, float]


CAUSES: Final = (
    _Cause(0.01, 1e-4, _ANY, (log(500.0), 1.5)),
    _Cause(5e-4, 5e-4, _ANY, (log(8.0), 1.3)),
    _Cause(0.004, 0.005, _ANY, (log(1.15), 0.3)),
    _Cause(0.93, 0.94, _STRAY, (log(1.5), 1.2)),
    _Cause(0.0555, 0.0544, _STRAY, (log(30.0), 2.0)),
)
"""Sweeps, labels chosen by bias on a kept set, such labels, everybody else, and those who repeat themselves.

Each with its share of extracting and of honest accounts, and with how its probes and (as a log-normal)
its requests a different prompt are spread.
"""


def _per_prompt(distinct_share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1.0 / np.maximum(distinct_share, 1e-9))


def sweep_bits(probes: Mapping[Beta, NDArray[np.float64]], per_prompt: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh probes and repeats.

    Parameters
    ----------
    probes
        Spread of the causes -> log probability of the probes seen, each of shape (n,).
    per_prompt
        Requests a different prompt, shape (n,), > 0.
    """
    at = np.log(per_prompt)
    return kind_bits(*(Kind(c.extraction, c.honest, probes[c.probes] + log_normal(at, *c.per_prompt)) for c in CAUSES))


def _probe_fits(share: NDArray[np.float64], params: NDArray[np.float64]) -> list[dict[Beta, NDArray[np.float64]]]:
    """Give log probabilities of the share of probes and of both ends of its interval."""
    found = np.rint(share * params)
    rows, kind = alike(found, params)
    k, n = found[rows], params[rows]
    points = (k, *(end * n for end in wilson(k / n, n)))
    return [{spread: log_beta_binomial(at, n, spread)[kind] for spread in (_ANY, _STRAY)} for at in points]


def _weigh(profile: Profile, able: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    probes = _probe_fits(profile.column("logit_probe_share")[able], profile.column("params_known")[able])
    repeats = _per_prompt(profile.column("distinct_share")[able])
    wide = np.exp(1.6449 * _HLL_ERROR)
    weight = sweep_bits(probes[0], repeats)
    corners = [sweep_bits(end, repeats) for end in probes[1:]]
    corners += [sweep_bits(probes[0], repeats / wide), sweep_bits(probes[0], repeats * wide)]
    return [weight, np.minimum.reduce([weight, *corners]), np.maximum.reduce([weight, *corners])]


def _sentence(profile: Profile) -> Callable[[int], str]:
    def say(row: int) -> str:
        at = {name: float(profile.column(name)[row]) for name in DETECTOR.reads}
        per_prompt = float(_per_prompt(np.array([at["distinct_share"]]))[0])
        return (
            f"{percent(at['logit_probe_share'])} of {whole(at['params_known'])} requests bias tokens and read "
            f"probabilities or a token or four ({percent(at['logit_bias_share'])} bias, "
            f"{percent(at['logprobs_share'])} read probabilities, {percent(at['short_max_tokens_share'])} allow at "
            f"most 4 tokens); {rounded(per_prompt)} requests a different prompt over {whole(at['prompts_known'])} "
            f"prompts, median {whole(at['samples_per_prompt'])}"
        )

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh biased requests on few prompts; one answer an account."""
    least = config.min_events
    gate = Gate(
        (
            (missing(profile, "params_known", "logit_probe_share"), "the log gives no sampling parameters"),
            (
                missing(profile, "prompts_known", "distinct_share"),
                "without prompt text a sweep of one prompt cannot be told from a classifier that biases its labels",
            ),
            (fewer(profile.column("params_known"), least), f"fewer than {least} requests with known parameters"),
            (fewer(profile.column("prompts_known"), least), f"fewer than {least} prompts, too few to see repeats"),
        )
    )
    facts = {name: profile.column(name) for name in DETECTOR.reads}
    return answer(NAME, gate, _weigh(profile, gate.reason == 0), _sentence(profile), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="token biases swept over few prompts while probabilities are read",
    group="probing",
    needs=("logit_bias_n", "logprobs_requested", "max_tokens", "prompt"),
    reads=(
        *("params_known", "logit_probe_share", "logit_bias_share", "logprobs_share", "short_max_tokens_share"),
        *("prompts_known", "distinct_share", "samples_per_prompt"),
    ),
    requires=("params_known", "logit_probe_share", "prompts_known", "distinct_share"),
    weight_model=(
        "Causes with a beta-binomial for the share of probes (a token bias together with log-probabilities or at most "
        "4 answer tokens) and a log-normal number of requests a different prompt; every rate is a judgement. Sweeps "
        "of one prompt, probes at any share, around 500 requests a prompt: 1 % of extracting accounts, 1 in 10,000 "
        "honest ones (calibration, studies of token bias, hourly checks of a classifier): at most 6.6 bits. Labels "
        "chosen by bias, around 1.15 requests a prompt: 0.4 % against 0.5 %. The same evaluated on a kept set, around "
        "8: 5 in 10,000 of both. All others probe at Beta(0.05, 200), 1 in 4,000, with around 1.5 requests a prompt, "
        "or around 30 where they repeat themselves (5.5 %). Low and high: 90 % Wilson interval of the share and 6.5 % "
        "sketch error of the number."
    ),
    blind_spot=(
        "Whether the biases differ from request to request is not counted, so a monitor that sends one biased prompt "
        "for weeks looks like a sweep. A sweep inside cover traffic of many prompts, sweeps over many prompts, reading "
        "probabilities without a bias, long answers harvested with their probabilities. Logs without prompts or "
        "parameters."
    ),
    benign_twins=(
        "Classification by log-probability, with short answers and many different prompts and no bias: no probe at "
        "all. Labels forced by a bias: many different prompts. Calibration and studies of token bias: rare, and why "
        "this stays below 7 bits, far under the threshold by itself."
    ),
    would_change=(
        "The classifier or calibration study that reads these numbers; a log that shows the biases do not change from "
        "request to request."
    ),
    references=(
        "Carlini et al. (2024), Stealing part of a production language model (arXiv 2403.06634)",
        "Finlayson et al. (2024), Logits of API-protected LLMs leak proprietary information (arXiv 2403.09539)",
        "OpenAI cookbook: logit bias and log-probabilities for classification, the ordinary use",
    ),
    examine=examine,
)
