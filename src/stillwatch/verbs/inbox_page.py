"""What an inbox shows beside joint campaigns of own groups: warnings, what others told, dockets that are due."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
from rich.text import Text

from stillwatch.model.decision import moment
from stillwatch.reports.words import counted
from stillwatch.sharing.stix.extension import EXTENSION_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillwatch.store.member.identifiers import Matched
    from stillwatch.store.member.judged import Docket
    from stillwatch.store.member.objects import Received, Warned

SHOWN: Final = 12
"""Campaigns and warnings shown one by one in a terminal; ``--json`` shows all."""
_MOST: Final = 160
"""Longest text of somebody else's that is shown (characters)."""


class _Part(msgspec.Struct):
    account_count_bucket: str = ""
    member_count_at_least: int = 0
    evidence_kinds: list[str] = []


class _Campaign(msgspec.Struct):
    name: str = ""
    description: str = ""
    confidence: int | None = None
    first_seen: str = ""
    extensions: dict[str, msgspec.Raw] = {}


_CAMPAIGN: Final = msgspec.json.Decoder(_Campaign)
_PART: Final = msgspec.json.Decoder(_Part)


def told_of(body: bytes) -> dict[str, Any]:
    """Read what somebody tells of a campaign; what is not in form is left out.

    Parameters
    ----------
    body
        STIX campaign, from anybody.
    """
    try:
        one = _CAMPAIGN.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return {}
    try:
        part = _PART.decode(one.extensions.get(EXTENSION_ID, b"{}"))
    except (msgspec.DecodeError, RecursionError):
        part = _Part()
    return {
        "name": _plain(one.name),
        "description": _plain(one.description),
        "confidence": one.confidence,
        "first_seen": _plain(one.first_seen),
        "accounts": _plain(part.account_count_bucket),
        "members_at_least": part.member_count_at_least,
        "evidence": [_plain(kind) for kind in part.evidence_kinds[:16]],
    }


def _plain(text: str) -> str:
    """Cut a stranger's words, and keep what a terminal does not act on."""
    return "".join(one for one in text[:_MOST] if one.isprintable())


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is beside joint campaigns of own groups."""

    warned: Sequence[Warned]
    """Own groups that carry what others told of."""
    campaigns: Sequence[Received]
    """Campaigns that others told of."""
    due: Sequence[Docket]
    """Dockets that this member has yet to review."""
    opinions: dict[str, str]
    """Subject -> what opinions add up to."""
    identified: Sequence[Matched] = ()
    """Identifiers of own groups that others hold, too."""

    def told(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "warnings": [
                {"object": one.object, "group": one.group, "accounts": one.accounts, "tags": one.tags,
                 "told": moment(one.told_ms), "after_s": round((one.at_ms - one.told_ms) / 1000, 1)}
                for one in self.warned
            ],
            "campaigns": [
                {"id": one.id, "until": moment(one.until_ms), "opinion": self.opinions.get(one.id)} | told_of(one.body)
                for one in self.campaigns
            ],
            "identifiers": [asdict(one) for one in self.identified],
            "dockets_due": [{"docket": one.id, "subject": one.subject} for one in self.due],
        }  # fmt: skip

    def parts(self) -> list[Text]:
        """Give it as lines."""
        lines = [
            f"warning: your group {one.group} ({counted(one.accounts, 'account')}) carries {counted(one.tags, 'tag')}\n"
            f"  of {one.object}, told {moment(one.told_ms)}"
            for one in self.warned[:SHOWN]
        ]
        lines += [
            f"docket on {one.subject} is due: review what you did, then say what came of it:\n"
            f"  stillwatch docket review {one.id} upheld|overturned|not-acted"
            for one in self.due
        ]
        lines += [
            f"your group {one.group}: {counted(one.tags, 'identifier')} ({one.kind})\n"
            f"  known to {one.members} members or more"
            for one in self.identified[:SHOWN]
        ]
        lines += [self._line(one) for one in self.campaigns[:SHOWN]]
        more = max(len(self.warned) - SHOWN, 0) + max(len(self.campaigns) - SHOWN, 0)
        more += max(len(self.identified) - SHOWN, 0)
        return [Text(line) for line in [*lines, *([f"and {more} more; --json shows all"] if more else [])]]

    def _line(self, one: Received) -> str:
        told = told_of(one.body)
        state = self.opinions.get(one.id, "")
        return (
            f"others tell of {told.get('name') or 'a campaign'}: {told.get('accounts') or 'some'} accounts, until "
            f"{moment(one.until_ms)}{', ' + state.lower() if state else ''}\n  {one.id}"
        )
