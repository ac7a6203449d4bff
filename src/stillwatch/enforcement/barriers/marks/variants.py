"""Keyed wording variants (F1): of two equal wordings the one that a secret key picks.

A student of marked answers prefers the picked wordings; under the hypothesis that it never saw them the picks are
coin tosses of ours, so a test of it is exact. About four edits in a hundred words.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

from stillwatch.enforcement.barriers.base import Barrier
from stillwatch.enforcement.barriers.marks.prose import Stream, whole
from stillwatch.model.decision import Action

if TYPE_CHECKING:
    from collections.abc import Callable

    from stillwatch.enforcement.barriers.base import Body, Call, Changed, Rewrite

SLOTS: Final[tuple[tuple[str, str], ...]] = (
    ("for example", "for instance"),
    ("however,", "nevertheless,"),
    ("additionally,", "in addition,"),
    ("therefore,", "consequently,"),
    ("usually", "typically"),
    ("often", "frequently"),
    ("perhaps", "maybe"),
    ("nearly", "almost"),
    ("in general,", "generally,"),
    ("make sure that", "ensure that"),
    ("a large number of", "a great number of"),
    ("in order to", "so as to"),
    ("entirely", "completely"),
    ("approximately", "roughly"),
    ("quickly", "rapidly"),
    ("sometimes", "occasionally"),
    ("mainly", "primarily"),
    ("especially", "particularly"),
    ("anyone", "anybody"),
    ("everyone", "everybody"),
    ("someone", "somebody"),
    ("no one", "nobody"),
    ("toward", "towards"),
    ("among", "amongst"),
    ("afterward", "afterwards"),
    ("above all,", "most importantly,"),
    ("for this reason,", "because of this,"),
    ("as a result,", "as a consequence,"),
    ("in other words,", "put differently,"),
    ("first of all,", "to begin with,"),
    ("in the end,", "ultimately,"),
    ("a variety of", "a range of"),
)
"""Pairs that can stand for each other either way, 32: with fewer a test cannot reach small p-values."""
_WORD: Final = r"(?<![\w-])(?<!\ba )(?<!\ban )({})(?![\w-])"
"""A wording of its own; after an article an exchange might ask for the other article."""


@dataclass(frozen=True, slots=True)
class Variants(Barrier):
    """Picks by key; the level names whose key it is: provider epoch, campaign or account."""

    used: bool = False
    """Whether it is used at all."""
    least: Action = Action.NOTIFY
    """Mildest standing it applies to."""
    key: bytes = field(default=b"", repr=False)
    """Secret that picks; set by the gateway from its key file, never written in a configuration."""

    name: ClassVar[str] = "variants"
    stops: ClassVar[str] = "nothing: it proves that a model was trained on marked answers"
    costs: ClassVar[str] = "Four words in a hundred are exchanged for equals; style suffers a little."
    owns: ClassVar[tuple[str, ...]] = ("content", "text")

    def bits(self, call: Call) -> tuple[bool, ...]:
        """Give the pick of every slot; the whole campaign shares one, so that spreading dilutes nothing."""
        level = f"campaign/{call.standing.campaign}" if call.standing.campaign else f"account/{call.standing.account}"
        return tuple(
            hmac.digest(self.key, f"variants/{level}/{i}".encode(), "sha256")[0] & 1 == 1 for i in range(len(SLOTS))
        )

    def applies(self, call: Call) -> bool:
        """Whether it is on, may edit, and applies to the standing."""
        return self.used and bool(self.key) and call.plain_prose and call.standing.action >= self.least

    def answer(self, body: Body, call: Call) -> Changed:
        """Exchange wordings in a whole answer."""
        edits: list[str] = []
        changed = whole(body, call, self._change(call, edits))
        return changed, tuple(edits) if changed is not body else ()

    def stream(self, call: Call) -> Rewrite | None:
        """Exchange wordings in single events."""
        if call.shape not in {"chat", "messages"}:
            return None
        edits: list[str] = []
        return Stream(call, self._change(call, edits), edits)

    def _change(self, call: Call, edits: list[str]) -> Callable[[str], str]:
        wanted = {
            there.lower(): here
            for pair, bit in zip(SLOTS, self.bits(call), strict=True)
            for here, there in [pair if bit else pair[::-1]]
        }
        pattern = re.compile(
            _WORD.format("|".join(map(re.escape, sorted(wanted, key=len, reverse=True)))), re.IGNORECASE
        )

        def exchanged(found: re.Match[str]) -> str:
            old = found.group()
            new = wanted[old.lower()]
            edits.append(f"{old.lower()} -> {new}")
            return new[0].upper() + new[1:] if old[0].isupper() else new

        return lambda prose: pattern.sub(exchanged, prose)
