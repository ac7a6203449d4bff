"""The third hall: from what detectors and campaigns say to dossiers, which is all a clause ever reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from stillwatch.detectors.registry import DETECTORS
from stillwatch.model.decision import moment
from stillwatch.model.dossier import Belonging, Dossier, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stillwatch.model.campaign import Campaign, Campaigns
    from stillwatch.model.dossier import Agreement, EvidenceClass
    from stillwatch.model.finding import Examined, Ranking
    from stillwatch.model.scan import Looked
    from stillwatch.store.member.inbox import JointFinding

CLASS_OF_GROUP: Final[Mapping[str, EvidenceClass]] = {
    "provenance": "artefacts",
    "probing": "probing",
    "content": "content",
    "asked": "asked",
    "habits": "habits",
    "manner": "habits",
    "purpose": "habits",
}
"""Group of detectors -> class of evidence."""
_CLASS: Final = {detector.name: CLASS_OF_GROUP[detector.group] for detector in DETECTORS}
_LEAST_BITS: Final = 0.05


def belonging(campaigns: Campaigns) -> dict[int, Belonging]:
    """Say of every member which campaign it belongs to."""
    found: dict[int, Belonging] = {}
    for one in campaigns.found:
        chance = 1.0 / (1.0 + np.exp2(-one.members.total_bits))
        made = _campaign(one)
        for account, belongs in zip(one.members.account.tolist(), chance.tolist(), strict=True):
            found[account] = made(belongs)
    return found


def joint_belonging(
    findings: Iterable[JointFinding], now_ms: int, *, on_one_word: bool = False
) -> dict[int, Belonging]:
    """Say of own accounts which joint campaign they belong to: those that count now, the strongest one of each.

    Parameters
    ----------
    findings
        What was received.
    now_ms
        When (ms since 1970): what is over or disputed is left out.
    on_one_word
        Whether an account counts as extracting that is so with the word of some one other member and not without it.
    """
    found: dict[int, Belonging] = {}
    for one in sorted(findings, key=lambda each: (each.told["extracting"], each.told["extraction"])):
        if not one.counts(now_ms):
            continue
        told, own = one.told, one.account.shape[0]
        sentence = (
            f"{one.members} providers or more see a part of one campaign (epoch {one.epoch} of the exchange, "
            f"ln e {told['log_e']:.1f}, {told['log_e_without_the_loudest']:.1f} without the loudest); "
            f"counts until {moment(one.until_ms)}"
        )
        harvest = sum(line["bits"] for line in told["lines"] if line["says"] == "harvest")
        own_accounts = zip(one.account.tolist(), one.belongs.tolist(), one.stands.tolist(), strict=True)
        for account, belongs, stands in own_accounts:
            if account in found and found[account].extracting and not stands:
                continue
            found[account] = Belonging(
                name=one.subject,
                accounts=own,
                belongs=belongs,
                one_operator=told["one_operator"],
                extraction=told["extraction"],
                harvest_bits=harvest,
                log_p_rest=-told["log_e_without_the_loudest"],
                extracting=told["extracting"] and (stands or on_one_word),
                sentence=sentence,
            )
    return found


def strongest(own: Mapping[int, Belonging], joint: Mapping[int, Belonging]) -> dict[int, Belonging]:
    """Put both together: of an account in both, what the provider found itself, unless only the joint one extracts."""
    kept = {account: one for account, one in joint.items() if account not in own or not own[account].extracting}
    return {**joint, **own, **{account: one for account, one in kept.items() if one.extracting}}


def _campaign(one: Campaign) -> _Belonging:
    strongest = min((layer for layer in one.layers if layer.tested), key=lambda layer: layer.log_p, default=None)
    return _Belonging(one, strongest.sentence if strongest else "")


class _Belonging:
    """What all members of one campaign have in common."""

    def __init__(self, one: Campaign, sentence: str) -> None:
        self._one, self._sentence = one, sentence
        self._harvest = sum(line.bits for line in one.lines if line.says == "harvest")

    def __call__(self, belongs: float) -> Belonging:
        """Give the membership of an account that belongs with this chance."""
        one = self._one
        return Belonging(
            name=one.name,
            accounts=len(one.members),
            belongs=belongs,
            one_operator=one.one_operator,
            extraction=one.extraction,
            harvest_bits=self._harvest,
            log_p_rest=one.log_p_rest,
            extracting=one.extracting,
            sentence=self._sentence,
        )


def _seen(row: int, examined: Sequence[Examined], ranking: Ranking) -> tuple[Seen, ...]:
    found = []
    for one in examined:
        bits = float(ranking.contributions[one.detector][row])
        if not one.reason[row] and abs(bits) >= _LEAST_BITS:
            found.append(Seen(one.detector, _CLASS[one.detector], bits, one.sentence(row)))
    return tuple(sorted(found, key=lambda seen: (-seen.bits, seen.detector)))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of accounts beside what was seen of them."""

    campaigns: Mapping[int, Belonging] = field(default_factory=dict)
    """Account -> campaign it belongs to."""
    agreements: Mapping[int, tuple[Agreement, ...]] = field(default_factory=dict)
    """Account or organisation -> what was agreed."""
    organisation: Mapping[int, int] = field(default_factory=dict)
    """Account -> organisation, as the account file says."""


def dossiers(rows: Iterable[int], looked: Looked, known: Known, now_ms: int) -> tuple[Dossier, ...]:
    """Put together the dossiers of some accounts.

    Parameters
    ----------
    rows
        Rows of the profile; only those that a clause could speak of, since each becomes an object.
    looked
        What was seen, one row an account.
    known
        What is known beside it.
    now_ms
        When (ms since 1970).

    Returns
    -------
    tuple of Dossier
        One an account, in the order of the rows.
    """
    return tuple(_dossier(int(row), looked, known, now_ms) for row in rows)


def _dossier(row: int, looked: Looked, known: Known, now_ms: int) -> Dossier:
    profile, ranking = looked.profile, looked.ranking
    account = int(profile.account[row])
    org = known.organisation.get(account, 0)
    return Dossier(
        account=account,
        at_ms=now_ms,
        plan=profile.facts.plan[row],
        signup_ms=int(profile.facts.signup_ms[row]),
        organisation=org,
        events=int(profile.column("events")[row]),
        first_ms=int(profile.column("first_ms")[row]),
        last_ms=int(profile.column("last_ms")[row]),
        tokens_out=_whole(profile.column("tokens_out")[row]),
        total_bits=float(ranking.total_bits[row]),
        probability=float(looked.assurance.probability[row]),
        q_value=float(looked.assurance.q_value[row]),
        seen=_seen(row, looked.examined, ranking),
        cannot_tell={one.detector: one.reasons[int(one.reason[row])] for one in looked.examined if one.reason[row]},
        campaign=known.campaigns.get(account),
        attributed_share=float(profile.column("end_user_share")[row]),
        agreements=tuple(one for name in (account, org) if name for one in known.agreements.get(name, ())),
    )


def _whole(value: float) -> int:
    return 0 if np.isnan(value) else int(value)
