"""Context edited before carried reasoning: edits in nearly every carried request, each in a session of its own.

Agents that compact their context edit it as often as anybody, so an edit alone weighs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.base import Detector, Gate, answer, fewer, missing
from stillwatch.detectors.weights.kinds import Kind, kind_bits, log_beta_share
from stillwatch.detectors.weights.likelihood import Beta, log_beta_binomial, wilson
from stillwatch.detectors.weights.words import percent, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stillwatch.config import Config
    from stillwatch.model.finding import Examined
    from stillwatch.model.profile import Profile

NAME: Final = "context_edit"
MIN_CARRIED: Final = 10.0
"""Fewest requests with carried reasoning from which a rate of edits is read (requests)."""
_MOST: Final = 100.0
_ALWAYS, _SOMETIMES, _HARDLY = Beta(8.0, 2.0), Beta(1.0, 4.0), Beta(0.3, 6.0)
_FRESH, _LASTING = Beta(5.0, 1.5), Beta(1.0, 6.0)
_STRAY_BLOCK, _ANY_SHARE = Beta(0.05, 50.0), Beta(1.0, 1.0)
_SESSION_ERROR: Final = 1.6449 * 0.18


def fresh_bits(
    edited: NDArray[np.float64], carried: NDArray[np.float64], fresh: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weigh edits together with sessions of their own; 0 where sessions are unknown."""
    n = np.minimum(carried, _MOST)
    known = ~np.isnan(fresh)
    own = np.where(known, fresh, 0.0)
    always, sometimes, hardly = (log_beta_binomial(edited * n, n, rate) for rate in (_ALWAYS, _SOMETIMES, _HARDLY))
    new, old = log_beta_share(own, _FRESH), log_beta_share(own, _LASTING)
    bits = kind_bits(
        Kind(0.08, 0.01, always + new),
        Kind(0.15, 0.16, always + old),
        Kind(0.47, 0.50, sometimes + old),
        Kind(0.30, 0.33, hardly + new),
    )
    return np.where(known, bits, 0.0)


def foreign_bits(
    edited: NDArray[np.float64],
    carried: NDArray[np.float64],
    foreign: NDArray[np.float64],
    blocks: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Weigh edits around another owner's blocks, those blocks given; 0 where they are unknown, at least 0."""
    n = np.minimum(carried, _MOST)
    known = (blocks >= 1) & ~np.isnan(foreign)
    some, distinct = np.where(known, np.minimum(foreign, blocks), 0.0), np.where(known, blocks, 1.0)
    stray, any_share = (log_beta_binomial(some, distinct, rate) for rate in (_STRAY_BLOCK, _ANY_SHARE))
    always, sometimes, flat = (log_beta_binomial(edited * n, n, rate) for rate in (_ALWAYS, _SOMETIMES, _ANY_SHARE))
    bits = kind_bits(
        Kind(0.90, 0.90, stray + flat), Kind(0.05, 0.025, any_share + always), Kind(0.05, 0.075, any_share + sometimes)
    )
    return np.where(known, np.maximum(bits, 0.0), 0.0)


def _measures(profile: Profile) -> dict[str, NDArray[np.float64]]:
    """Give the edited share of carried requests, and the least share of them with a session of their own."""
    events, carried = profile.column("events"), np.maximum(profile.column("carried_events"), 1.0)
    worst = np.maximum(profile.column("mismatch_prefix_share"), profile.column("mismatch_turn_boundary_share"))
    # Every request without carried reasoning may have had a session to itself.
    least = profile.column("sessions") - np.maximum(events - carried, 0.0)
    foreign = np.where(profile.column("owner_known") > 0, profile.column("foreign_distinct"), np.nan)
    return {
        "edited_share": np.clip(worst * events / carried, 0.0, 1.0),
        "own_session_share": np.clip(least / carried, 0.0, 1.0),
        "foreign_of_known_owner": foreign,
    }


def _weigh(
    profile: Profile, able: NDArray[np.bool_], measured: dict[str, NDArray[np.float64]]
) -> list[NDArray[np.float64]]:
    carried, blocks = (profile.column(name)[able] for name in ("carried_events", "artefacts_distinct"))
    edited, fresh, foreign = (values[able] for values in measured.values())
    corners = [
        (edited, fresh),
        *((share, fresh) for share in wilson(edited, carried)),
        *((edited, np.minimum(fresh * (1 + side * _SESSION_ERROR), 1.0)) for side in (-1, 1)),
    ]
    parts = [fresh_bits(share, carried, own) + foreign_bits(share, carried, foreign, blocks) for share, own in corners]
    return [parts[0], np.minimum.reduce(parts), np.maximum.reduce(parts)]


def _sentence(profile: Profile, measured: dict[str, NDArray[np.float64]]) -> Callable[[int], str]:
    def say(row: int) -> str:
        carried = float(profile.column("carried_events")[row])
        edited, own, foreign = (float(values[row]) for values in measured.values())
        text = (
            f"of {whole(carried)} requests that carried reasoning {percent(edited)} had an edited context before it; "
        )
        sessions = "sessions unknown" if np.isnan(own) else f"at least {percent(own)} had a session of their own"
        blocks = whole(float(profile.column("artefacts_distinct")[row]))
        owners = "owners of the blocks unknown" if np.isnan(foreign) else f"{whole(foreign)} of {blocks} blocks foreign"
        return f"{text}{sessions}; {owners}"

    return say


def examine(profile: Profile, config: Config) -> Examined:
    """Weigh edits before carried reasoning by the sessions and owners around them; one answer an account."""
    gate = Gate(
        (
            (
                missing(profile, "events", "carried_events", "carried_share"),
                "the log does not show which requests carried reasoning (artefacts_carried)",
            ),
            (
                fewer(profile.column("events"), config.min_events),
                f"fewer than {config.min_events} requests, too few for a rate of edits",
            ),
            (
                fewer(profile.column("carried_events"), MIN_CARRIED),
                f"fewer than {MIN_CARRIED:.0f} requests carried reasoning, too few for a rate of edits",
            ),
            (
                missing(profile, *DETECTOR.requires),
                "no binding check of the provider ever failed for this account, or the log does not show them",
            ),
        )
    )
    measured = _measures(profile)
    facts = {name: profile.column(name) for name in DETECTOR.reads} | {
        name: measured[name] for name in ("edited_share", "own_session_share")
    }
    return answer(NAME, gate, _weigh(profile, gate.reason == 0, measured), _sentence(profile, measured), facts)


DETECTOR: Final = Detector(
    name=NAME,
    title="context edited before carried reasoning",
    group="provenance",
    needs=("binding_mismatch", "artefacts_carried", "session_id"),
    reads=(
        *("events", "carried_events", "carried_share", "mismatch_prefix_share", "mismatch_turn_boundary_share"),
        *("sessions", "artefacts_distinct", "foreign_distinct", "owner_known"),
    ),
    requires=("events", "carried_events", "carried_share", "mismatch_prefix_share", "mismatch_turn_boundary_share"),
    weight_model=(
        "Two mixtures of kinds, added. Edits and sessions: 8 % of extracting accounts edit most carried requests "
        "(Beta(8, 2), mean 80 %) and give nearly each a session of its own (Beta(5, 1.5)), and 1 honest account with "
        "carried reasoning in 100 does too (agents that fork sub-agents from an edited context): at most +3.0 bits. "
        "Pruning at every turn, compaction now and then (Beta(1, 4)) and stateless agents without edits make up the "
        "rest in nearly equal shares: about -0.1 bits, whatever the rate of edits. Only the least possible number of "
        "sessions of carried requests counts: all other requests may have had one each. Blocks of other owners were "
        "weighed by artefact_replay; given them, most of their requests are edited in half of extracting and a quarter "
        "of honest cases (migration, merger): at most +1.0, and no credit where no edit was found, since a provider "
        "may report the other owner instead. Together at most +4. Low and high: over the 90 % Wilson interval of the "
        "rate and the 18 % error of the session count. None of these rates is measured."
    ),
    blind_spot=(
        "Campaigns that replay inside one long session, keep birth and replay unedited, or whose provider forbids such "
        "edits; logs without binding checks or sessions. A finer test would compare hashes of the messages before a "
        "block with those it was born after; no supported log gives them. Conservative for both reasons."
    ),
    benign_twins=(
        "Context compaction, pruning of old tool results, moved turn boundaries in coding agents: edits as frequent, "
        "in few sessions, about 0 bits. Stateless agents: many sessions, hardly an edit. Sub-agents forked from an "
        "edited context have both: the 1 in 100 that bounds the weight. A key shared with many one-shot requests: its "
        "sessions are not counted."
    ),
    would_change=(
        "The client's own settings that show a fork of sub-agents or compaction at each edit; the messages around a "
        "block, which show whether it stands where it was born."
    ),
    references=(
        "Anthropic, threat report of September 2026: new accounts may not edit context before preserved reasoning",
        "anthropic SDK 2.12: input_transformations, reasoning dropped for prefix or turn boundary",
        "Panfilov et al. (2026), Stealing reasoning traces, arXiv 2608.09867: blocks decode in another context",
    ),
    examine=examine,
)
